"""The gallery: films, scenes and mobjects with what their own code says of them, and stills that it draws."""

from __future__ import annotations

import hashlib
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent.parent
DRAWN_BY = "gallery.py", "base.py", "theme.py", "zones.py", "mobjects/*.py"
"""Files of `scenes` on which the stills depend."""
STILLS = ROOT / "build/stills"
PICTURES = {"SpiralTrainingScene": "training", "SpiralSamplingScene": "sampling", "ScoreFieldScene": "score",
            "ForwardDiffusionScene": "forward", "LangevinScene": "_static/langevin", "DenoiserScene": "denoiser",
            "DinosaurScene": "dinosaur", "MillionScene": "million"}  # fmt: skip
"""The picture of each film, `docs/….webp`; the README's of the first moves, and would not stop."""


class Films(SphinxDirective):
    """Every film: its picture, what it says of itself, its sections, its scenes, the line that renders it."""

    def run(self) -> list[nodes.Node]:
        """Write them in the order of the story."""
        return self.parse_text_to_nodes("\n\n".join(map(_film, films().items())), allow_section_headings=True)


class Examples(SphinxDirective):
    """Every example of `scenes/gallery.py`: its still, its words, its code, what of `scenes.mobjects` is in it."""

    def run(self) -> list[nodes.Node]:
        """Write them in the order of the file, and beneath them what is in none."""
        found = examples()
        text = "\n\n".join(_example(kind) for kind in found)
        rest = [name for name in mobject_modules() if not any(name in modules_of(kind) for kind in found)]
        lines = [f"- {{py:mod}}`scenes.mobjects.{name}`: {first_line(f'scenes.mobjects.{name}')}" for name in rest]
        return self.parse_text_to_nodes(f"{text}\n\n## What they are built on\n\n" + "\n".join(lines),
                                        allow_section_headings=True)  # fmt: skip


def films() -> dict[str, type]:
    """The whole films by name."""
    from scenes.films import films as known

    return dict(known())


def scenes_of(film: type) -> list[type]:
    """The scenes of one section that stand beside a film in its file."""
    from scenes.base import FilmScene

    beside = vars(sys.modules[film.__module__]).values()
    return [kind for kind in beside if inspect.isclass(kind) and issubclass(kind, FilmScene)
            and kind.__module__ == film.__module__ and kind is not film]  # fmt: skip


def examples() -> list[type]:
    """The scenes of `scenes/gallery.py`."""
    from scenes import gallery

    all_of_it = vars(gallery).values()
    return [kind for kind in all_of_it if inspect.isclass(kind) and kind.__module__ == gallery.__name__]


def mobject_modules() -> list[str]:
    """The modules of `scenes.mobjects`."""
    return sorted(path.stem for path in (ROOT / "scenes/mobjects").glob("[!_]*.py"))


def modules_of(example: type) -> list[str]:
    """The modules of `scenes.mobjects` whose classes an example names."""
    return list(dict.fromkeys(kind.__module__.rpartition(".")[2] for kind in _made_of(example)))


def first_line(module: str) -> str:
    """What a module says of itself first."""
    return str(inspect.getdoc(import_module(module))).partition("\n")[0]


def _made_of(example: type) -> list[type]:
    used = example.construct.__code__.co_names  # type: ignore[attr-defined]
    named = (vars(sys.modules[example.__module__]).get(name) for name in used)
    return [kind for kind in named if inspect.isclass(kind) and kind.__module__.startswith("scenes.mobjects.")]


def _film(item: tuple[str, type]) -> str:
    name, kind = item
    from scenes.films import sections_of, source_of

    file = source_of(kind).relative_to(ROOT)
    picture = f"```{{image}} {PICTURES[name]}.webp\n:alt: {said_by(kind)}\n```\n"
    others = scenes_of(kind)
    alone = "".join(f"\n- `{other.__name__}`: {said_by(other)}" for other in others)
    return "\n".join([
        f"({name.lower()})=", f"### {name}", "", f"{inspect.getdoc(kind)}", "", picture,
        f"Sections: {', '.join(sections_of(kind))}.", "",
        "```", f".venv/bin/manim -pqh {file} {name}", "```",
        *(["", f"Sections as films of their own, in the same file:\n{alone}"] if others else []),
    ])  # fmt: skip


def _example(kind: type) -> str:
    names = [(part.__name__, f"{part.__module__}.{part.__name__}") for part in _made_of(kind)]
    made_of = ", ".join(f"{{py:obj}}`{short} <{full}>`" for short, full in names)
    return "\n".join([
        f"### {kind.__name__.removesuffix('Example')}", "", f"{said_by(kind)}", "",
        f"```{{image}} ../build/stills/{kind.__name__}.png", f":alt: {said_by(kind)}", "```", "",
        f"Made of {made_of}.", "",
        f":::{{folded}} {kind.__name__}", "```python", inspect.getsource(kind).rstrip(), "```", ":::",
    ])  # fmt: skip


def said_by(kind: type) -> str:
    """The first sentence of its docstring, in a line."""
    return " ".join(str(inspect.getdoc(kind)).partition("\n\n")[0].split())


class Folded(SphinxDirective):
    """Something folded under a line."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Write it as HTML's details."""
        opening = nodes.raw("", f"<details><summary>{self.arguments[0]}</summary>", format="html")
        return [opening, *self.parse_content_to_nodes(), nodes.raw("", "</details>", format="html")]


def draw_stills(app: Sphinx) -> None:
    """Render the last frame of every example, in one process, unless what draws them is as it was."""
    files = sorted(path for pattern in DRAWN_BY for path in (ROOT / "scenes").glob(pattern))
    made_from = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    note = STILLS / "made-from"
    if note.is_file() and note.read_text() == made_from:
        return
    command = [sys.executable, "-m", "manim", "-s", "-ql", "-a", "--media_dir", str(STILLS), "scenes/gallery.py"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        raise ExtensionError(f"the gallery's stills cannot be drawn: {run.stdout[-2000:]}{run.stderr[-2000:]}")
    for drawn in STILLS.glob("images/gallery/*_ManimCE_*.png"):
        drawn.replace(STILLS / f"{drawn.name.partition('_')[0]}.png")
    note.write_text(made_from)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directives known, and draw before anything is read."""
    app.add_directive("films", Films)
    app.add_directive("examples", Examples)
    app.add_directive("folded", Folded)
    app.connect("builder-inited", draw_stills)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
