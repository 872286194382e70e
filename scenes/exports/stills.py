"""Single pictures of a film: as it is at a moment, and the one that stands best for a section."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from scenes.exports.clips import frames
from scenes.exports.finished import Film, Section


def still_at(film: Film, end: float) -> Image.Image:
    """The last picture before `end` (seconds), such as the one on which a beat ends, at the film's size."""
    last = None
    for last in frames(film.path, max(end - 2 / film.rate, 0.0), end):  # noqa: B007 (the last one is meant)
        pass
    assert last is not None, f"{film.path} has no picture before {end}"
    return last.to_image()


def poster_of(film: Film, section: Section) -> Image.Image:
    """The picture at the end of one of a section's beats that shows the most."""
    return max((still_at(film, end) for end in ends_of(section)), key=richness)


def ends_of(section: Section) -> list[float]:
    """When its beats end, with all that they have to show on screen; in seconds."""
    return [beat.end for beat in section.beats]


def richness(picture: Image.Image) -> int:
    """Bytes that a small picture of it takes: the more there is to see, the more."""
    small = picture.convert("L").resize((320, 180), Image.Resampling.BOX)
    return len(zlib.compress(np.asarray(small).tobytes(), 6))


def save_png(picture: Image.Image, target: Path, comment: str) -> None:
    """Save a picture with a comment on where it comes from."""
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_itxt("Comment", comment)
    picture.save(target, pnginfo=about, optimize=True)
