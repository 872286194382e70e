"""A run to play with: a page of its own, or a widget in a notebook.

Both run one ES module, made of the files in `explorer_page/`. It needs no server and no network.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Final

import numpy as np

from diffusion_core.distributions import GaussianMixture
from diffusion_core.errors import DiffusionError
from diffusion_core.explored import Run, components, explored
from diffusion_core.fields import WINDOW
from diffusion_core.shapes import TARGETS, find_target
from diffusion_core.trajectory import Trajectory

PAGE: Final = Path(__file__).with_name("explorer_page")
SCRIPTS: Final = (
    "packing", "mixture", "langevin", "run", "colours", "density", "cloud", "marks", "controls", "view",
    "recorded", "live", "explorer",
)  # fmt: skip
"""The files of the module, each after those that it imports from."""
ROLES: Final = ("paper", "ink", "mute", "exact", "chance", "particles", "ramp", "dimmed")
PALETTES: Final[Mapping[str, Mapping[str, Any]]] = {
    "dark": {
        "paper": "#0A0C10", "ink": "#ECEFF4", "mute": "#8A93A3", "exact": "#58C4DD", "chance": "#FF9F43",
        "particles": "#FFE8A3", "ramp": ("#0A0C10", "#0E2133", "#144B68", "#2A86A8", "#7CCBE0"), "dimmed": 0.45,
    },
    "light": {
        "paper": "#FAFAF7", "ink": "#111B1E", "mute": "#525862", "exact": "#0A7E88", "chance": "#BC5400",
        "particles": "#663800", "ramp": ("#FAFAF7", "#E3F0F1", "#BBDDE1", "#7FBFC7", "#3F9AA5"), "dimmed": 0.7,
    },
}  # fmt: skip
"""Colours by role in each theme, those of the films; the roles are `ROLES`."""
PARTICLES, STEPS = 1000, 200
LARGEST: Final = 5_000_000  # positions in a page: about 14 MB, as much as a phone is glad to open


class ExplorerError(DiffusionError):
    """A run that cannot be explored, or not in this way."""


@dataclass(frozen=True)
class NamedMixture:
    """A target for live runs."""

    name: str
    mixture: str  # see `explored.components`


@dataclass(frozen=True)
class Exploration:
    """All that a page shows."""

    title: str
    theme: str
    palettes: Mapping[str, Mapping[str, Any]]
    window: float  # half-side of the square that live runs are drawn on
    half_side: float  # and recorded ones
    runs: tuple[Run, ...]
    targets: tuple[NamedMixture, ...]


def exploration(
    trajectory: Trajectory,
    other: Trajectory | None = None,
    particles: int = PARTICLES,
    steps: int = STEPS,
    theme: str = "dark",
    palettes: Mapping[str, Mapping[str, Any]] = PALETTES,
) -> Exploration:
    """What a page shows of a run, or of two from one start.

    Args:
        trajectory: the run.
        other: a second run, which starts from the same places.
        particles: so many of them at most, the first ones.
        steps: so many recorded moments at most, beside the start.
        theme: a key of `palettes`.
        palettes: colours by role, see `PALETTES`.

    Raises:
        ExplorerError: nothing to show, more than a page can hold, or two runs from different places.
    """
    if particles < 1 or steps < 1:
        raise ExplorerError(f"{particles} particles and {steps} steps show nothing: choose 1 or more of each")
    if theme not in palettes:
        raise ExplorerError(f"there is no theme '{theme}': choose {' or '.join(palettes)}")
    both = [trajectory] if other is None else [trajectory, other]
    for run in both:
        shown = min(particles, run.positions.shape[1]) * min(steps + 1, len(run.steps))
        if shown > LARGEST:
            raise ExplorerError(
                f"{shown:,} positions of '{run.recipe}' are more than a page can hold ({LARGEST:,}): choose fewer "
                "particles or steps"
            )
    shared = min(particles, *(run.positions.shape[1] for run in both))
    if other is not None:
        _require_one_start(trajectory, other, shared)
    runs = tuple(explored(run, shared, steps) for run in both)
    return Exploration(
        title=" and ".join(run.recipe for run in both),
        theme=theme,
        palettes=palettes,
        window=WINDOW,
        half_side=_half_side(runs),
        runs=runs,
        targets=_mixtures(),
    )


def _half_side(runs: tuple[Run, ...]) -> float:
    """That of the films' window; less where the particles never come near its border."""
    packs = [run.positions for run in runs]
    reach = max(max(abs(pack.low), abs(pack.high)) for pack in packs)
    return 1.1 * reach if reach < 0.75 * WINDOW else WINDOW


def page(shown: Exploration) -> str:
    """One HTML file that holds everything it needs."""
    run = shown.runs[0]
    # In a script element only "</" and "<!--" would be taken for something else.
    data = json.dumps(asdict(shown), separators=(",", ":")).replace("<", "\\u003c")
    return Template((PAGE / "page.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(f"{shown.title} · explorer"),
        generator=html.escape(f"diffusion_core; {run.name}, seed {run.seed}, {run.hash}"),
        paper=shown.palettes[shown.theme]["paper"],
        style=style(),
        exploration=data,
        module=module(),
    )


def widget(shown: Exploration) -> Any:
    """The same as an `anywidget.AnyWidget`, for notebooks.

    Raises:
        ExplorerError: anywidget is not installed.
    """
    try:
        import anywidget
        import traitlets
    except ModuleNotFoundError as error:
        raise ExplorerError(
            "a notebook's explorer needs anywidget: `pip install anywidget`, or make a page with "
            "`python -m scenes explore`"
        ) from error

    class Explorer(anywidget.AnyWidget):
        _esm = module()
        _css = style()
        exploration = traitlets.Dict().tag(sync=True)

    return Explorer(exploration=json.loads(json.dumps(asdict(shown))))


@cache
def module() -> str:
    """The ES module: its files one after another, without the lines by which they import from each other."""
    sources = "\n".join((PAGE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    return re.sub(r'^import \{[^}]*\} from "\./\w+\.js";\n', "", sources, flags=re.M)


@cache
def style() -> str:
    """The style sheet."""
    return (PAGE / "explorer.css").read_text(encoding="utf-8")


def _require_one_start(one: Trajectory, other: Trajectory, particles: int) -> None:
    starts = [np.asarray(run.positions[0, :particles], np.float64) for run in (one, other)]
    if not np.allclose(starts[0], starts[1], rtol=0, atol=1e-6):
        raise ExplorerError(
            f"'{one.recipe}' and '{other.recipe}' do not start from the same places: choose runs of one seed, "
            "target and start, such as eye-ula-large and eye-mala-large"
        )


@cache
def _mixtures() -> tuple[NamedMixture, ...]:
    """The named targets that are mixtures: the page can compute with these."""
    targets = {name: find_target(name) for name in TARGETS}
    return tuple(
        NamedMixture(name, components(p)) for name, p in targets.items() if isinstance(p, GaussianMixture)
    )
