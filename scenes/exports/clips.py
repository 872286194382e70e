"""Pieces of a film as files of their own: cut at any frame, smaller, and encoded for where they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

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


H264: Final = Coding("libx264", {"preset": "slow", "crf": "23"}, {"movflags": "+faststart"})
"""What every browser, PowerPoint and Keynote play; `faststart` lets a page play it before all of it is there."""
VP9: Final = Coding("libvpx-vp9", {"crf": "34", "b": "0", "row-mt": "1", "cpu-used": "4"})
"""Of half the size, for pages."""


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
    with written_whole(target) as whole, av.open(str(film)) as source:
        stream = source.streams.video[0]
        width = 2 * round(stream.width * height / stream.height / 2)
        with av.open(str(whole), mode="w", container_options=dict(coding.container)) as container:
            container.metadata["comment"] = comment
            made = container.add_stream(coding.codec, rate=stream.average_rate, options=dict(coding.options))
            made.width, made.height, made.pix_fmt = width, height, "yuv420p"
            for number, frame in enumerate(frames(film, start, end)):
                small = frame.reformat(width=width, height=height, format="yuv420p", interpolation="LANCZOS")
                small.pts, small.time_base = number, 1 / Fraction(stream.average_rate)
                container.mux(made.encode(small))
            container.mux(made.encode())


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
