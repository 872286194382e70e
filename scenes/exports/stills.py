"""Single pictures of a film: as it is at a moment, and the one that stands best for a section."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from scenes.exports.clips import frames
from scenes.exports.finished import Film, Section
from scenes.exports.formats import Wish
from scenes.record import Beat
from scenes.whole import written_whole

NEARLY: Final = 0.9
"""So rich a picture, of the richest, may stand for a section."""


def export(wish: Wish) -> list[Path]:
    """A poster of each section, in the film's size if no other is wished."""
    made = []
    for section in wish.sections:
        target = wish.folder / f"{wish.name_of(section)}.png"
        save_png(at_height(poster_of(wish.film, section), wish.height), target, wish.film.provenance)
        made.append(target)
    return made


def still_at(film: Film, end: float) -> Image.Image:
    """The last picture before `end` (seconds), such as the one on which a beat ends, at the film's size."""
    last = None
    for last in frames(film.path, max(end - 2 / film.rate, 0.0), end):  # noqa: B007 (the last one is meant)
        pass
    assert last is not None, f"{film.path} has no picture before {end}"
    return last.to_image()


def poster_of(film: Film, section: Section) -> Image.Image:
    """The picture on which the beat ends that stands for a section; see `telling_beat`."""
    return still_at(film, telling_beat(film, section).end)


def telling_beat(film: Film, section: Section) -> Beat:
    """The beat that stands for a section: the film says which, or it is the last that shows as much as any.

    Sections end with what they have to say, but some on a question, when all but that has faded.
    """
    if chosen := [beat for beat in section.beats if beat.poster]:
        return chosen[-1]
    seen = [richness(still_at(film, end)) for end in ends_of(section)]
    return next(
        beat for beat, rich in zip(section.beats[::-1], seen[::-1], strict=True) if rich >= NEARLY * max(seen)
    )


def ends_of(section: Section) -> list[float]:
    """When its beats end, with all that they have to show on screen; in seconds."""
    return [beat.end for beat in section.beats]


def richness(picture: Image.Image) -> int:
    """Colours of a small picture of it, of 512: each has a meaning, and thousands of particles have one."""
    small = np.asarray(picture.convert("RGB").resize((320, 180), Image.Resampling.BOX))
    return len(np.unique((small // 32).reshape(-1, 3), axis=0))


def at_height(picture: Image.Image, height: int | None) -> Image.Image:
    """A picture in this height, in pixels, or as it is for None."""
    if height in (None, picture.height):
        return picture
    return picture.resize((round(picture.width * height / picture.height), height), Image.Resampling.LANCZOS)


def save_png(picture: Image.Image, target: Path, comment: str) -> None:
    """Save a picture with a comment on where it comes from."""
    about = PngInfo()
    about.add_itxt("Comment", comment)
    with written_whole(target) as whole:
        picture.save(whole, pnginfo=about, optimize=True)
