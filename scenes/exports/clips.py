"""Pieces of a film as files of their own: cut at any frame, smaller, and encoded for where they are shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final

import av
from tqdm import tqdm

from scenes.exports.formats import Wish
from scenes.gif import encode_gif
from scenes.whole import written_whole


@dataclass(frozen=True)
class Coding:
    """How a clip is encoded.

    Attributes:
        codec: FFmpeg's name of an encoder.
        options: of the encoder.
        container: options of the container.
    """

    codec: str
    options: Mapping[str, str]
    container: Mapping[str, str] = field(default_factory=dict)


H264: Final = Coding("libx264", {"preset": "medium", "crf": "27"}, {"movflags": "+faststart"})
"""What every browser, PowerPoint and Keynote play; `faststart` lets a page play it before all of it is there.
Mailboxes take 20 MB: at 720p60 LangevinScene has 18.5, at crf 23 it would have about 24. `slow` saves 2 % more."""
VP9: Final = Coding("libvpx-vp9", {"crf": "52", "b": "0", "row-mt": "1", "cpu-used": "5"})
"""For pages: where particles swarm, as close to the film (33 dB) as H264 above in 0.95 of its bytes; half of them
where it is calm, in twice the time."""
COLORS: Final = 6
"""FFmpeg's number of the matrix, primaries and transfer of SMPTE 170M, in which Manim writes films without saying
so. Chromium takes an H.264 of 720 lines or more that says nothing for BT.709, and shows other colours."""
HEIGHT: Final = 720
"""Of films for pages and mailboxes, in pixels."""
GIF_HEIGHT: Final = 360
"""For a README, whose column is about as wide as such a picture."""
GIF_RATE: Final = 12
"""Frames a second, about: each stands for a whole number of the film's."""
GIF_LIMIT: Final = 10_000_000
"""Bytes of the largest picture that GitHub shows."""


def export(wish: Wish) -> list[Path]:
    """The film, or its sections one by one; GIFs are always of sections, for nobody loads one of minutes."""
    height, write = _WRITERS[wish.form]
    pieces = wish.by_section if wish.form == "gif" else wish.pieces
    made = []
    for piece in pieces:
        target = wish.folder / f"{piece.name}.{wish.form}"
        size = wish.height or min(height, wish.film.height)
        write(wish.film.path, target, piece.start, piece.end, size, comment=wish.film.provenance)
        made.append(target)
    return made


def write_clip(
    film: Path, target: Path, start: float, end: float, height: int, coding: Coding = H264, comment: str = ""
) -> None:
    """Write the frames of a film from `start` until before `end` (seconds) as a film of this height.

    Args:
        film: a video.
        target: the file to write.
        start: of the first frame, in seconds.
        end: of the last frame, in seconds.
        height: in pixels; the width follows, and both are even.
        coding: how it is encoded.
        comment: goes into the file, for those who ask where it comes from.
    """
    width, rate = _width(film, height), rate_of(film)
    with (
        written_whole(target) as whole,
        av.open(str(whole), mode="w", container_options=dict(coding.container)) as container,
    ):
        container.metadata["comment"] = comment
        made = container.add_stream(coding.codec, rate=rate, options=dict(coding.options))
        made.width, made.height, made.pix_fmt = width, height, "yuv420p"
        about = made.codec_context
        about.colorspace = about.color_primaries = about.color_trc = COLORS
        for number, frame in enumerate(_shown(film, start, end, target.name)):
            small = frame.reformat(width, height, "yuv420p", dst_colorspace="ITU601", interpolation="LANCZOS")
            small.pts, small.time_base = number, 1 / rate
            container.mux(made.encode(small))
        container.mux(made.encode())


def write_gif_clip(film: Path, target: Path, start: float, end: float, height: int, comment: str = "") -> None:
    """Write a piece of a film as a GIF, with fewer frames a second; see `write_clip`."""
    width, rate = _width(film, height), rate_of(film)
    step = max(round(rate / GIF_RATE), 1)

    def read() -> Iterator[av.VideoFrame]:
        for number, frame in enumerate(_shown(film, start, end, target.name)):
            if number % step == 0:
                yield frame.reformat(width, height, "rgb24", interpolation="LANCZOS")

    with written_whole(target) as whole:
        encode_gif(read, whole, rate / step, comment)
    if (size := target.stat().st_size) > GIF_LIMIT:
        much = f"{target.name}: {size / 1e6:.0f} MB, and GitHub shows up to 10: give a --height below {height}"
        print(f"scenes: {much}", file=sys.stderr)


def frames(film: Path, start: float, end: float) -> Iterator[av.VideoFrame]:
    """The frames of a film that are shown from `start` until before `end`, in seconds."""
    with av.open(str(film)) as source:
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        half = 0.5 / float(stream.average_rate)
        source.seek(int(max(start - half, 0) * av.time_base))  # to the key frame before it
        for frame in source.decode(stream):
            if frame.time >= end - half:
                return
            if frame.time >= start - half:
                yield frame


def rate_of(film: Path) -> Fraction:
    """Frames a second of a film."""
    with av.open(str(film)) as source:
        return Fraction(source.streams.video[0].average_rate)


def _width(film: Path, height: int) -> int:
    """The even number of pixels that keeps a film's shape at this height."""
    with av.open(str(film)) as source:
        stream = source.streams.video[0]
        return 2 * round(stream.width * height / stream.height / 2)


def _shown(film: Path, start: float, end: float, name: str) -> Iterator[av.VideoFrame]:
    """Frames of a film, behind a bar where somebody looks on."""
    count = round((end - start) * rate_of(film))
    bar = tqdm(frames(film, start, end), name, count, delay=0.5, unit=" frames", leave=False, disable=None)
    return iter(bar)


_WRITERS: Final[Mapping[str, tuple[int, Callable[..., None]]]] = {
    "mp4": (HEIGHT, write_clip),
    "webm": (HEIGHT, partial(write_clip, coding=VP9)),
    "gif": (GIF_HEIGHT, write_gif_clip),
}
"""Of each format its height and what writes it."""
