"""A finished film as slides for `manim-slides present` and `convert`: a clip for each section, and a list of them.

The clips are the film's own frames as they were encoded, and nothing is drawn or encoded again, unless another
height is asked for. They run forwards only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from scenes.exports.clips import write_clip
from scenes.exports.finished import Film, Section
from scenes.exports.formats import Wish
from scenes.theme import THEMES
from scenes.whole import written_whole


def export(wish: Wish) -> list[Path]:
    """Write `slides/NAME.json` and the clips that it names; returns the path of the former.

    In the folder that was written to: `manim-slides present NAME`.
    """
    film, place = wish.film, Path("slides") / "files" / wish.film.name
    clips = [place / f"{number:02}-{section.slug}.mp4" for number, section in enumerate(wish.sections, 1)]
    for section, start, clip in zip(wish.sections, starts(wish.sections), clips, strict=True):
        cut(film, start, section.end, wish.height, wish.folder / clip)
    height = wish.height or film.height
    note = {
        # It has to name a clip for going backwards.
        "slides": [
            {"file": clip.as_posix(), "rev_file": clip.as_posix(), "notes": section.notes}
            for section, clip in zip(wish.sections, clips, strict=True)
        ],
        "resolution": [2 * round(film.width * height / film.height / 2), height],
        "background_color": THEMES[film.theme].paper,
    }
    made = wish.folder / "slides" / f"{film.name}.json"
    with written_whole(made) as whole:
        whole.write_text(json.dumps(note, indent=1, ensure_ascii=False), encoding="utf-8")
    return [made]


def starts(sections: Sequence[Section]) -> list[float]:
    """When each slide begins, in seconds: at the last picture of the one before, if that is on a slide as well."""
    ends = [0.0, *(section.end for section in sections)]
    return [
        section.start if section.start == end else section.opens
        for section, end in zip(sections, ends[:-1], strict=True)
    ]


def cut(film: Film, start: float, end: float, height: int | None, target: Path) -> None:
    """Write a clip of the film, which starts and ends with beats; its very frames where no height is given."""
    if height is None or height == film.height:
        copy_clip(film.path, target, start, end, film.provenance)
    else:
        write_clip(film.path, target, start, end, height, comment=film.provenance)


def copy_clip(film: Path, target: Path, start: float, end: float, comment: str) -> None:
    """Copy a film's frames from `start` until before `end` (seconds) as they were encoded.

    Both have to lie between two of the segments that Manim made the film of, as the ends of beats do: each begins
    with a key frame, and none needs a frame of another.
    """
    with written_whole(target) as whole, av.open(str(film)) as source, av.open(str(whole), mode="w") as made:
        made.metadata["comment"] = comment
        stream = source.streams.video[0]
        copied = made.add_stream_from_template(stream)
        half = Fraction(1, 2) / Fraction(stream.average_rate)
        first = round(start / stream.time_base)
        source.seek(int((start + float(half)) * av.time_base))
        for packet in source.demux(stream):
            if packet.pts is None or packet.pts * stream.time_base < start - half:
                continue
            if packet.pts * stream.time_base >= end - half:
                break
            packet.pts -= first
            packet.dts = None  # those of neighbouring segments overlap; the library finds new ones
            packet.stream = copied
            made.mux(packet)
