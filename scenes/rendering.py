"""One film in several processes: each draws some of its sections, then their segments are joined as they are.

Every process goes through the film in the same way and writes the same segments into the same folder as `manim`
does, so that none is drawn twice, whoever began it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from manim import config, logger, tempconfig
from manim._config.video_encoder import video_encoder_fingerprint

import diffusion_core
import scenes
from diffusion_core.recipe import hash_of_sources
from scenes import theme as looks
from scenes.base import FilmScene
from scenes.film_writer import PartError, is_drawn
from scenes.films import find_film, sections_of, source_of
from scenes.storyboard import recipes_of

QUALITY: Final = {"l": "low_quality", "m": "medium_quality", "h": "high_quality", "k": "fourk_quality"}
"""Manim's names of the sizes that films are made in, by Manim's letters."""
FORMATS: Final = ("mp4", "webm", "gif")
WARNED: Final = "warning: "
WHOLE: Final = "whole"
"""Stands for the one section of a scene that is told in one go."""


@dataclass(frozen=True)
class Order:
    """A film to make.

    Args:
        scene: a name for `films.find_film`.
        theme: a name of `theme.THEMES`.
        quality: a letter of QUALITY.
        format: one of FORMATS.
    """

    scene: str
    theme: str = "dark"
    quality: str = "h"
    format: str = "mp4"

    @property
    def name(self) -> str:
        """As in "LangevinScene-dark-h-mp4", for messages and folders."""
        return f"{self.scene.rpartition(':')[2]}-{self.theme}-{self.quality}-{self.format}"

    @property
    def sections(self) -> list[str]:
        """All that there is to draw, in order."""
        return sections_of(find_film(self.scene)) or [WHOLE]

    @property
    def drawn(self) -> Order:
        """The film whose sections this one is made of: a GIF is made of the segments of an MP4."""
        return replace(self, format="mp4") if self.format == "gif" else self

    @property
    def arguments(self) -> list[str]:
        """By which the command line finds this order again."""
        return [self.scene, f"--theme={self.theme}", f"--quality={self.quality}", f"--format={self.format}"]


@contextmanager
def opened(order: Order, share: Sequence[str] | None = None, **options: Any) -> Iterator[FilmScene]:
    """The film as a scene that Manim can render, with the configuration that it needs as long as it is open.

    Args:
        order: which film.
        share: names of the sections that are drawn; None for all.
        options: further settings of Manim's.
    """
    kind = find_film(order.scene)
    settings = {
        "input_file": str(source_of(kind)),
        "quality": QUALITY[order.quality],
        "format": order.format,
        "max_files_cached": -1,  # what others draw meanwhile must stay
        "progress_bar": "none",
        "verbosity": "WARNING",
    }
    with tempconfig(settings | options):
        # Named like the film, so that all that is written lies where Manim puts it.
        named = {"theme": order.theme, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
        film = type(kind.__name__, (_Reporting, kind), named)()
        film.share = None if share is None or list(share) == [WHOLE] else share
        yield film


class _Reporting:
    """Tells whoever reads its output which beat it is at."""

    def beat(self: Any, name: str, *arguments: Any, **options: Any) -> None:
        if self._draws:
            print(name, flush=True)
        super().beat(name, *arguments, **options)  # type: ignore[misc]


class _Printed(logging.Handler):
    """Prints warnings in a line each, for those who look for them in a log."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"{WARNED}{' '.join(record.getMessage().split())}", flush=True)


@contextmanager
def warnings_printed() -> Iterator[None]:
    """Print what a film warns of so that `warnings_in` finds it."""
    handler = _Printed(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def warnings_in(log: Path) -> list[str]:
    """What a film warned of, each once, in the log of a process that drew it."""
    if not log.exists():
        return []
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return list(dict.fromkeys(line.removeprefix(WARNED) for line in lines if line.startswith(WARNED)))


def draw(order: Order, share: Sequence[str]) -> Path:
    """Draw neighbouring sections of a film, and leave a note of their segments; returns where."""
    part = part_of(order, share, key_of(order))
    with opened(order, share) as film, warnings_printed():
        film.renderer.file_writer.part = part
        film.render()
    return part


def join(order: Order, shares: Sequence[Sequence[str]]) -> Path:
    """Make the film of sections that have been drawn, and say where it is.

    Raises:
        PartError: one is missing, or damaged; then it is removed, for those who go by what is there.
    """
    key = key_of(order)
    parts = [part_of(order, share, key) for share in shares]
    with opened(order) as film:
        try:
            film.renderer.file_writer.join(parts)
        except PartError:
            for part in parts:
                if not is_drawn(part, film.renderer.file_writer.partial_movie_directory):
                    part.unlink(missing_ok=True)
            raise
        return Path(film.renderer.file_writer.movie_file_path)


def make(order: Order) -> Path:
    """Draw a film in this process alone, unless that is done, and say where it is."""
    whole = order.sections
    if missing(order, [whole], key_of(order)):
        draw(order, whole)
    return join(order, [whole])


def film_of(order: Order) -> Path:
    """Where the film lies once it is made."""
    with opened(order) as film:
        return Path(film.renderer.file_writer.movie_file_path)


def shares_of(order: Order, longest: int) -> list[list[str]]:
    """A film's sections in runs of neighbours, none longer than so many."""
    names = order.sections
    count = -(-len(names) // max(longest, 1))
    borders = [round(i * len(names) / count) for i in range(count + 1)]
    return [names[first:last] for first, last in pairwise(borders)]


def part_of(order: Order, share: Sequence[str], key: str) -> Path:
    """Where the note about sections lies; its name changes with all that they are made from.

    Args:
        order: which film.
        share: names of the sections.
        key: `key_of` the order.
    """
    slug = re.sub(r"\W+", "-", "+".join(share))
    return Path(config.get_dir("media_dir")) / "parts" / order.drawn.name / f"{slug}-{key}.json"


def missing(order: Order, shares: Sequence[list[str]], key: str) -> list[list[str]]:
    """Those of a film's sections that are not there, as its code and runs are by this key."""
    with opened(order) as film:
        segments = film.renderer.file_writer.partial_movie_directory
    return [share for share in shares if not is_drawn(part_of(order, share, key), segments)]


def key_of(order: Order, memory: dict[Any, Any] | None = None) -> str:
    """Hex digits that change with the film's code, its runs, what draws it and how it is encoded.

    Args:
        order: which film.
        memory: what was found for other films a moment ago, and holds for this one; an empty one at first.
    """
    kind, known = find_film(order.scene), {} if memory is None else memory
    source, encoded = source_of(kind), (order.quality, order.drawn.format)
    if source not in known:
        packages = [Path(str(package.__file__)).parent for package in (scenes, diffusion_core)]
        known[source] = hash_of_sources(source, packages)
    if encoded not in known:
        with opened(order.drawn) as film:
            known[encoded] = video_encoder_fingerprint(film.session_spec.video_encoder)
    parts = [
        asdict(order.drawn), known[source], [recipe.key for recipe in recipes_of(kind)],
        known[encoded], [version(library) for library in ("manim", "numpy", "typst")],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def chosen_themes(scene: str, asked: str | None) -> list[str]:
    """The themes that an option names for a film; without one, its own, that of the environment, or dark."""
    if asked == "both":
        return list(looks.THEMES)
    return [looks.choose(asked or find_film(scene).theme)]
