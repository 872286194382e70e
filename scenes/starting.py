"""`python -m scenes new`: a file with a film of one's own, to change and render."""

from __future__ import annotations

import keyword
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from textwrap import wrap

from diffusion_core.errors import DiffusionError
from diffusion_core.shapes import find_target
from scenes.attributes import Attribute, attributes_of, explained
from scenes.films import find_film
from scenes.listing import about
from scenes.output import typed
from scenes.whole import written_whole

WIDTH = 100


class NewFilmError(DiffusionError):
    """A file that cannot be begun."""


def begin(file: Path, name: str, target: str | None) -> str:
    """Write a file with a subclass of a scene, its other attributes as comments; returns the new scene's name.

    Args:
        file: to write, my_film.py.
        name: of a scene of the collection.
        target: what it shall sample, or None for the scene's own.

    Raises:
        NewFilmError: the file is there already, or cannot be named so.
        UnknownFilmError: there is no scene of that name.
        DistributionError: the target is neither the name of a shape nor a file that can be read.
    """
    own = _name_for(file)
    kind = find_film(name)
    if own == kind.__name__:
        raise NewFilmError(f"'{file}' would hold another {own}: choose a name like my_film.py")
    if target is not None:
        if "target" not in attributes_of(kind):
            raise NewFilmError(f"{name} has no target to change: leave out --target")
        find_target(target)
    module = kind.__module__
    lines = [
        f"# A draft:  {typed(f'manim -ql {file} {own}')}",
        "",
        f"from {module} import {kind.__name__}",
        "",
        "",
    ]
    lines += [f"class {own}({kind.__name__}):", "    # The title of decks, slides and handouts:"]
    lines.append(f'    """{about(kind)}"""')
    if target is not None:
        lines += ["", f"    target = {target!r}"]
    for attribute in explained(kind):
        if attribute.name != "target" or target is None:
            lines += _commented(attribute)
    with written_whole(file) as whole:
        whole.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return own


def _commented(attribute: Attribute) -> list[str]:
    """An attribute with its default, to be uncommented."""
    about = [f"    # {line}" for line in wrap(attribute.meaning, WIDTH)]
    return ["", *about, f"    # {attribute.name} = {attribute.default!r}"]


def _name_for(file: Path) -> str:
    """The scene's name, MyFilm for my_film.py."""
    stem = file.stem
    if file.suffix != ".py" or not stem.isidentifier() or keyword.iskeyword(stem):
        raise NewFilmError(f"'{file}' cannot be imported: choose a name like my_film.py")
    if stem in sys.stdlib_module_names or stem in packages_distributions():
        raise NewFilmError(f"'{file}' would hide the library '{stem}': choose a name like my_film.py")
    if file.exists():
        raise NewFilmError(f"'{file}' is there already: choose another name, or remove it first")
    if not file.absolute().parent.is_dir():
        raise NewFilmError(f"there is no folder '{file.parent}': make it first, or choose another")
    return "".join(part.title() for part in stem.split("_")) or "MyFilm"
