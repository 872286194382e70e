"""What lies beside a film: when each beat was told, in which words and formulas, and what the film was made from.

Everything that is made of a film (subtitles, decks, handouts) goes by it, and so fits the very file beside it.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple
from zipfile import BadZipFile

import numpy as np

from scenes import theme as looks
from scenes.attributes import attributes_of
from scenes.whole import written_whole

VERSION: Final = 2
_CREDIT: Final = re.compile(r'#raw\("([\w.]+)"\)')


class Beat(NamedTuple):
    """A beat as it was told; times in seconds from the film's start."""

    name: str  # "section: beat"
    start: float
    end: float
    caption: str  # what it said, as plain text
    formulas: tuple[str, ...] = ()  # that stood there at its end, as Manim hands them to Typst
    code: tuple[str, ...] = ()  # names of what was shown, below `diffusion_core`
    poster: bool = False  # whether its end stands for the section

    @property
    def section(self) -> str:
        """The section that it belongs to."""
        return self.name.partition(":")[0]


def beat_of(
    name: str, start: float, end: float, caption: str, written: Iterable[str], poster: bool = False
) -> Beat:
    """The beat at whose end all this was written; what is no formula or credit is left out."""
    distinct = list(dict.fromkeys(written))
    formulas = tuple(text[1:-1].strip() for text in distinct if text.startswith("$ ") and text.endswith(" $"))
    credits = tuple(found[1] for text in distinct if (found := _CREDIT.fullmatch(text)))
    return Beat(name, start, end, caption, formulas, credits, poster)


def beats_from(notes: Sequence[dict[str, Any]]) -> list[Beat]:
    """Beats from what `Beat._asdict` and JSON made of them; KeyError or TypeError where they are none."""
    return [
        Beat(
            str(note["name"]), float(note["start"]), float(note["end"]), str(note["caption"]),
            tuple(note["formulas"]), tuple(note["code"]), bool(note["poster"]),
        )
        for note in notes
    ]  # fmt: skip


def origin_of(kind: type[Any], runs: Iterable[tuple[Any, Path]]) -> dict[str, Any]:
    """What a film is made from, in JSON: its scene and attributes, its runs with their hashes, versions.

    Args:
        kind: the scene.
        runs: its recipes, and where their trajectories lie.
    """
    return {
        "scene": kind.__name__,
        "theme": getattr(kind, "theme", None) or looks.theme_name(),
        "attributes": {name: _plain(value) for name, value in attributes_of(kind).items() if name != "theme"},
        "runs": [
            {
                "recipe": recipe.name,
                "target": recipe.target,
                "seed": recipe.seed,
                "key": recipe.key,
                "sha256": hash_of(path),
            }
            for recipe, path in runs
        ],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("diffusion-visualizations", "manim", "numpy", "typst")},
        },
    }


def hash_of(path: Path) -> str | None:
    """The hash that a trajectory's file says of itself; None where there is no such file, or a damaged one."""
    try:
        with np.load(path) as members:
            return str(members["hash"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def path_of_record(film: Path) -> Path:
    """Where the record of a film lies."""
    return film.with_suffix(".json")


def read_record(film: Path) -> tuple[list[Beat], dict[str, Any]]:
    """The beats and the origin that a film's record holds.

    Raises:
        OSError, ValueError, KeyError, TypeError: it is not there, or damaged.
    """
    note = json.loads(path_of_record(film).read_text(encoding="utf-8"))
    if note["version"] != VERSION:
        raise ValueError("it was written by another version")
    beats, origin = beats_from(note["beats"]), dict(note["origin"])
    if missing := {"scene", "theme", "runs", "versions"} - origin.keys():
        raise ValueError(f"it has no {', '.join(sorted(missing))}")
    if any(earlier.end > later.start for earlier, later in pairwise(beats)):
        raise ValueError("its beats overlap")
    return beats, origin


def write_record(film: Path, beats: Iterable[Beat], origin: dict[str, Any]) -> None:
    """Leave a record beside a film."""
    note = {"version": VERSION, "origin": origin, "beats": [beat._asdict() for beat in beats]}
    with written_whole(path_of_record(film)) as whole:
        whole.write_text(json.dumps(note, indent=1, ensure_ascii=False), encoding="utf-8")


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
