"""GIFs: one palette for all of a film, chosen from all of it, in memory that does not grow with its length.

Manim runs both steps at once and so holds every frame of the film: 8 MB each at 1080p, 90 GB for three minutes.
And it asks the encoder for `rgb8`, for which the palette is given up for eight reds, eight greens and four blues,
all dithered: four to twelve times the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from io import BytesIO
from itertools import chain
from pathlib import Path

import av
from av.filter import Graph
from av.filter.context import FilterContext
from manim._config.video_encoder import VideoEncoderSpec

DITHER = "dither=bayer:bayer_scale=5:diff_mode=rectangle"
"""Manim's: a fixed pattern, so that what stands still does not flicker."""
LONGEST = 255
"""Bytes of one block of a comment."""

Reader = Callable[[], Iterator[av.VideoFrame]]
"""Begins anew with every call: a palette is chosen from all frames before the first is painted."""


def write_gif(manifest: bytes, target: Path, spec: VideoEncoderSpec) -> None:
    """Make a GIF of a film's segments.

    Args:
        manifest: a list of them, as ffmpeg's format "concat" reads it.
        target: the file to write.
        spec: of the segments: size and frame rate.
    """
    encode_gif(lambda: _frames(manifest), target, Fraction(spec.frame_rate))


def encode_gif(read: Reader, target: Path, rate: Fraction, comment: str = "") -> None:
    """Make a GIF of frames.

    Args:
        read: begins to give them; it is called twice.
        target: the file to write.
        rate: frames a second; the format counts in hundredths of a second.
        comment: goes into the file, for those who ask where it comes from.
    """
    palette = _palette(read())
    with av.open(str(target), mode="w") as container:
        stream = container.add_stream("gif", rate=rate)
        stream.pix_fmt = "pal8"
        for number, frame in enumerate(_painted(read(), palette)):
            if not number:
                stream.width, stream.height = frame.width, frame.height
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    if comment:
        _add_comment(target, comment)


def _add_comment(gif: Path, comment: str) -> None:
    """Put a comment into a GIF, behind its colours and before its first picture: FFmpeg writes none."""
    words, written = comment.encode("ascii", "replace"), gif.read_bytes()
    blocks = [words[begin : begin + LONGEST] for begin in range(0, len(words), LONGEST)]
    said = b"\x21\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
    about = written[10]  # its first bit: whether colours for all pictures follow; its last three: how many
    head = 13 + (3 * 2 ** (about % 8 + 1) if about & 0x80 else 0)
    gif.write_bytes(written[:head] + said + written[head:])


def _palette(frames: Iterator[av.VideoFrame]) -> av.VideoFrame:
    """The 256 colours that serve all frames best."""
    first = next(frames)
    graph = Graph()
    film, choose, sink = _source(graph, first), graph.add("palettegen", "stats_mode=diff"), graph.add("buffersink")
    film.link_to(choose)
    choose.link_to(sink)
    graph.configure()
    for frame in chain([first], frames, [None]):
        film.push(frame)
    return graph.pull()


def _painted(frames: Iterator[av.VideoFrame], palette: av.VideoFrame) -> Iterator[av.VideoFrame]:
    """All frames in the palette's colours."""
    first = next(frames)
    graph = Graph()
    film, colours = _source(graph, first), _source(graph, palette, first.time_base)
    paint, sink = graph.add("paletteuse", DITHER), graph.add("buffersink")
    film.link_to(paint, 0, 0)
    colours.link_to(paint, 0, 1)
    paint.link_to(sink)
    graph.configure()
    palette.pts = 0
    colours.push(palette)
    colours.push(None)
    for frame in chain([first], frames, [None]):
        film.push(frame)
        yield from _pulled(graph)


def _source(graph: Graph, frame: av.VideoFrame, time_base: Fraction | None = None) -> FilterContext:
    """Where frames like this one enter a graph."""
    return graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=time_base or frame.time_base
    )


def _frames(manifest: bytes) -> Iterator[av.VideoFrame]:
    with av.open(BytesIO(manifest), options={"safe": "0", "an": "1"}, format="concat") as film:
        yield from film.decode(video=0)


def _pulled(graph: Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
