"""Which films there are, and how a user names them."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

from diffusion_core.errors import DiffusionError, suggestion
from scenes.base import FilmScene
from scenes.storyboard import recipes_of

MODULES: Final = ("langevin", "forward", "score", "training", "sampling", "denoiser", "dinosaur", "million")
"""In the order of the story."""


class UnknownFilmError(DiffusionError):
    """A film that is not there."""


def films() -> dict[str, type[FilmScene]]:
    """All whole films of the collection by their names, in the order of the story."""
    return {name: kind for name, kind in _collection().items() if is_told_in_sections(kind)}


def usual_films() -> list[str]:
    """The names of the films that are made where nobody names any: not those whose runs take gigabytes."""
    return [name for name, kind in films().items() if not any(recipe.many for recipe in recipes_of(kind))]


def find_film(name: str) -> type[FilmScene]:
    """The scene of that name.

    Args:
        name: of a film or of a scene of one section; or "my_film.py:MyScene" for one of a user's own.

    Raises:
        UnknownFilmError: there is no such file or scene.
    """
    file, colon, own = name.rpartition(":")
    known = _scenes_in(_loaded(Path(file))) if colon else _collection()
    if own not in known:
        raise UnknownFilmError(f"there is no scene '{name}': {suggestion(own, known)}")
    return known[own]


def is_told_in_sections(kind: type[FilmScene]) -> bool:
    """Whether several processes may share a film."""
    return kind.storyboard is not FilmScene.storyboard and kind.construct is FilmScene.construct


def sections_of(kind: type[FilmScene]) -> list[str]:
    """The names of a film's sections; none for a scene that is told in one go."""
    return list(kind.storyboard(kind.__new__(kind))) if is_told_in_sections(kind) else []


def source_of(kind: type[FilmScene]) -> Path:
    """The file that Manim would be given for a scene."""
    return Path(str(sys.modules[kind.__module__].__file__))


def scenes_beside(kind: type[FilmScene]) -> list[str]:
    """The names of the other scenes in a scene's file."""
    return [name for name, other in _scenes_in(sys.modules[kind.__module__]).items() if other is not kind]


def _collection() -> dict[str, type[FilmScene]]:
    found: dict[str, type[FilmScene]] = {}
    for name in MODULES:
        found |= _scenes_in(importlib.import_module(f"scenes.{name}"))
    return found


def _scenes_in(module: ModuleType) -> dict[str, type[FilmScene]]:
    """The scenes that a module defines."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, FilmScene) and value.__module__ == module.__name__
    }


def _loaded(file: Path) -> ModuleType:
    """A user's file, loaded as a module named after it, as Manim does."""
    if file.suffix != ".py" or not file.is_file():
        raise UnknownFilmError(f"there is no file '{file}': name one as in my_film.py:MyScene")
    about = file.stat()
    module = _executed(file.resolve(), about.st_mtime_ns, about.st_size)
    sys.modules[file.stem] = module
    return module


@cache
def _executed(file: Path, changed: int, size: int) -> ModuleType:
    """A file as it was then: a set of films may ask for the same one thousands of times."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module
