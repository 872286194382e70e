"""What a film can be exported to: `python -m scenes export SCENE --to …`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import av
from manim import config

from diffusion_core.errors import DiffusionError
from scenes.exports.finished import Film, Section, finished
from scenes.rendering import Order

MODULES: Final = {
    "mp4": "clips", "webm": "clips", "gif": "clips", "posters": "stills", "captions": "captions",
    "html": "deck", "pptx": "slides", "pdf": "handout", "manim-slides": "manim_slides",
}  # fmt: skip
"""Of each format, the module of this package whose `export(wish)` makes it."""


class ExportError(DiffusionError):
    """Something that cannot be made of a film."""


class Piece(NamedTuple):
    """A stretch of a film that becomes files of its own; times in seconds from the film's start."""

    name: str  # of its files
    start: float
    end: float
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Wish:
    """What to make of a film.

    Args:
        film: that is finished.
        form: a key of `MODULES`.
        sections: of the film, in its order.
        whole: whether these are all of them, wanted as one film rather than one by one.
        height: in pixels, or None for what suits the format.
        folder: to write to.
    """

    film: Film
    form: str
    sections: tuple[Section, ...]
    whole: bool
    height: int | None
    folder: Path

    @property
    def pieces(self) -> list[Piece]:
        """The whole film, or the sections one by one."""
        if self.whole:
            return [Piece(self.film.name, 0.0, self.film.duration, self.sections)]
        return self.by_section

    @property
    def by_section(self) -> list[Piece]:
        """The sections one by one, each from when what is left of the one before is gone."""
        return [Piece(self.name_of(section), section.opens, section.end, (section,)) for section in self.sections]

    @property
    def name(self) -> str:
        """Of one file about all of them."""
        if self.whole:
            return self.film.name
        return "-".join([self.film.name, *(section.slug for section in self.sections)])

    def name_of(self, section: Section) -> str:
        """Of files about a section: with its number, so that they lie in the film's order."""
        return f"{self.film.name}-{self.film.sections.index(section) + 1:02}-{section.slug}"


def export(
    order: Order, forms: Sequence[str], sections: Sequence[str] | None, height: int | None, folder: Path | None
) -> list[Path]:
    """Make files of a finished film; returns their paths.

    Args:
        order: the film as it was rendered.
        forms: keys of `MODULES`.
        sections: names of those that are wanted, each as a clip of its own; None for the whole film.
        height: in pixels; None for what suits each format.
        folder: to write to; None for `exports/` in Manim's folder of media.

    Raises:
        NotRenderedError, UnknownSectionError, UnknownFilmError: see `finished`.
        ExportError: the folder cannot be written to, the film is smaller than that, or a format needs something
            that is not there.
    """
    film = finished(order)
    if (only := film.origin["attributes"].get("only")) is not None:
        print(f"scenes: {film.name} was rendered with only = {only!r}: a draft of that alone", file=sys.stderr)
    chosen = film.chosen(sections)
    if height is not None and height > film.height:
        raise ExportError(
            f"{height} pixels are more than the film's {film.height}: render it with a higher --quality"
        )
    folder = folder or Path(config.get_dir("media_dir")) / "exports" / film.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made: list[Path] = []
        for form in dict.fromkeys(forms):
            module = importlib.import_module(f"scenes.exports.{MODULES[form]}")
            made += module.export(Wish(film, form, chosen, sections is None, height, folder))
    except OSError as error:
        why = error.strerror or error
        raise ExportError(f"cannot write to '{folder}' ({why}): choose another with --output") from error
    except av.FFmpegError as error:
        raise ExportError(f"'{film.path}' cannot be read or encoded ({error}): render it again") from error
    return made
