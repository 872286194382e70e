"""A GIF of a film: one palette for all of it, chosen from all of it, in memory that does not grow with its length.

Manim runs both steps at once and so holds every frame of the film: 8 MB each at 1080p, 90 GB for three minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
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


def write_gif(manifest: bytes, target: Path, spec: VideoEncoderSpec, transparent: bool) -> None:
    """Make a GIF of a film's segments.

    Args:
        manifest: a list of them, as ffmpeg's format "concat" reads it.
        target: the file to write.
        spec: of the segments: size and frame rate.
        transparent: whether they are.
    """
    palette = _palette(manifest)
    with av.open(str(target), mode="w") as container:
        stream = container.add_stream("gif", rate=spec.frame_rate)
        stream.pix_fmt = "pal8" if transparent else "rgb8"
        stream.width, stream.height = spec.width, spec.height
        for number, frame in enumerate(_painted(manifest, palette)):
            frame.pts, frame.time_base = number, 1 / spec.frame_rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _palette(manifest: bytes) -> av.VideoFrame:
    """The 256 colours that serve all frames best."""
    frames = _frames(manifest)
    first = next(frames)
    graph = Graph()
    film, choose, sink = _source(graph, first), graph.add("palettegen", "stats_mode=diff"), graph.add("buffersink")
    film.link_to(choose)
    choose.link_to(sink)
    graph.configure()
    for frame in chain([first], frames, [None]):
        film.push(frame)
    return graph.pull()


def _painted(manifest: bytes, palette: av.VideoFrame) -> Iterator[av.VideoFrame]:
    """All frames in the palette's colours."""
    frames = _frames(manifest)
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
