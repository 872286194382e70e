"""A finished film: its file, its sections and what was said in them, read from the record beside it."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import av

from diffusion_core.errors import DiffusionError, suggestion
from scenes.films import find_film
from scenes.output import typed
from scenes.record import Beat, read_record
from scenes.rendering import QUALITY, Order, film_of


class NotRenderedError(DiffusionError):
    """A film that has to be rendered before anything can be made of it."""


class UnknownSectionError(DiffusionError):
    """A section that a film does not have."""


@dataclass(frozen=True)
class Section:
    """A section of a film. Times are seconds from the film's start, and lie on frames.

    Attributes:
        name: as the storyboard has it, "noise off".
        start: where the section before it ends: at the last picture of its last beat, which is still there.
        opens: when its first beat begins, and what the section before has left is gone.
        end: of its last beat, whose picture may stand as long as one likes; of the last section, the film's.
        beats: at least one.
        notes: what a speaker may say about it, in sentences; empty where nobody has written any.
    """

    name: str
    start: float
    opens: float
    end: float
    beats: tuple[Beat, ...]
    notes: str

    @property
    def title(self) -> str:
        """The name as a heading."""
        return self.name[:1].upper() + self.name[1:]

    @property
    def slug(self) -> str:
        """The name for files."""
        return re.sub(r"\W+", "-", self.name).strip("-")

    @property
    def alt(self) -> str:
        """What its last picture shows, in words, for those who cannot see it."""
        said = self.beats[-1].caption
        return f"{self.title}: {said}" if said.endswith((".", "?", "!")) else f"{self.title}: {said}."

    @property
    def formulas(self) -> tuple[str, ...]:
        """All that stood there, each once, as Typst's mathematics; terms are marked by `manimgrp("role", …)`."""
        return tuple(dict.fromkeys(formula for beat in self.beats for formula in beat.formulas))

    @property
    def code(self) -> tuple[str, ...]:
        """Names of what was shown, below `diffusion_core`, as in "langevin.ula"."""
        return tuple(dict.fromkeys(name for beat in self.beats for name in beat.code))


@dataclass(frozen=True)
class Film:
    """A finished film.

    Attributes:
        name: of its files, "LangevinScene" or "LangevinScene-light".
        title: one line that says what it is about.
        path: of the video; `width`, `height` in pixels, `rate` in frames a second, `duration` in seconds.
        sections: in order.
        origin: what it was made from, as `record.origin_of` has it: provenance for everything made of it.
    """

    name: str
    title: str
    path: Path
    width: int
    height: int
    rate: float
    duration: float
    sections: tuple[Section, ...]
    origin: dict[str, Any]

    @property
    def theme(self) -> str:
        """The name of its theme."""
        return str(self.origin["theme"])

    @property
    def beats(self) -> list[Beat]:
        """All of them, in order."""
        return [beat for section in self.sections for beat in section.beats]

    @property
    def provenance(self) -> str:
        """Where it comes from, in one line: scene, runs with seed and hash, versions."""
        runs = ", ".join(
            f"{run['recipe']} (seed {run['seed']}, {(run['sha256'] or 'unknown')[:12]})"
            for run in self.origin["runs"]
        )
        versions = ", ".join(f"{name} {number}" for name, number in self.origin["versions"].items())
        return f"{self.origin['scene']}; runs: {runs or 'none'}; {versions}"

    def chosen(self, names: Sequence[str] | None) -> tuple[Section, ...]:
        """The sections of these names, in the film's order; all for None.

        Raises:
            UnknownSectionError: there is none of a name.
        """
        known = [section.name for section in self.sections]
        for name in names or ():
            if name not in known:
                raise UnknownSectionError(f"{self.name} has no section '{name}': {suggestion(name, known)}")
        return tuple(section for section in self.sections if names is None or section.name in names)


def best_there(order: Order) -> Order:
    """The same film in the highest quality in which it has been rendered; as it is where it has in none."""
    made = [replace(order, quality=letter) for letter in reversed(QUALITY)]
    return next((one for one in made if film_of(one).exists()), order)


def finished(order: Order) -> Film:
    """The film that lies where this order's is made.

    Raises:
        NotRenderedError: it has not been rendered, or its files are damaged.
        UnknownFilmError: there is no such scene.
    """
    path, kind = film_of(order), find_film(order.scene)
    words = ["render", order.scene, "--quality", order.quality, "--theme", order.theme]
    again = typed(f"python -m scenes {shlex.join(words)}")
    if not path.exists():
        others = [letter for letter in QUALITY if film_of(replace(order, quality=letter)).exists()]
        there = f", or export --quality {' or '.join(others)}, which is there" if others else ""
        raise NotRenderedError(f"'{path}' has not been rendered: {again}{there}")
    try:
        beats, origin = read_record(path)
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            width, height, rate = stream.width, stream.height, float(stream.average_rate)
            duration = round(container.duration / av.time_base * rate) / rate  # else only its milliseconds
    except FileNotFoundError:
        raise NotRenderedError(f"'{path}' has no record of its beats beside it: {again}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, av.FFmpegError) as error:
        raise NotRenderedError(f"'{path}' or the record beside it is damaged ({error}): {again}") from error
    if not beats:
        raise NotRenderedError(f"'{path}' is a film of no beats: {again}")
    if beats[-1].end > duration + 1 / rate:
        raise NotRenderedError(f"the record beside '{path}' is of a longer film: {again}")
    about = (inspect.getdoc(kind) or kind.__name__).splitlines()[0].rstrip(".")
    sections = _sections(beats, duration, notes_of(kind))
    return Film(path.stem, about, path, width, height, rate, duration, sections, origin)


def notes_of(kind: type[Any]) -> dict[str, str]:
    """What a speaker may say about each section: the paragraphs that follow the first line of its docstring."""
    sections = kind.storyboard(kind.__new__(kind))
    texts = {name: (inspect.getdoc(tell) or "").partition("\n")[2].strip() for name, tell in sections.items()}
    return {name: re.sub(r"(?<!\n)\n(?!\n)", " ", text) for name, text in texts.items()}


def clock(seconds: float) -> str:
    """A time as players show it.

    >>> clock(64.9)
    '1:04'
    """
    minutes, rest = divmod(int(round(seconds, 2)), 60)  # 2.9999996 is 3
    return f"{minutes}:{rest:02}"


def _sections(beats: Sequence[Beat], duration: float, notes: dict[str, str]) -> tuple[Section, ...]:
    told = [tuple(group) for _, group in groupby(beats, key=lambda beat: beat.section)]
    ends = [group[-1].end for group in told[:-1]] + [duration]
    starts = [0.0, *ends[:-1]]
    return tuple(
        Section(group[0].section, start, group[0].start, end, group, notes.get(group[0].section, ""))
        for group, start, end in zip(told, starts, ends, strict=True)
    )
