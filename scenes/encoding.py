"""Frames on their way to the encoder: its settings, one copy less, and one conversion a picture.

A frame at 1080p is 8 MB. Manim copies it for the encoder, which converts it to 4:2:0, and does both anew for each
of a still's hundred frames. Here the encoder reads the frame where it lies, and converts it once. Segments are
the same to the last byte.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from manim import config
from manim.scene.video_segment_encoder import VideoSegmentEncoder
from numpy.typing import NDArray

OURS: Final = {"preset": "veryfast", "crf": "19", "threads": "2"}
"""For libx264; `python -m benchmarks.encoder` measures it. Over Manim's own (medium, crf 23), on six stretches of
our films: half to nine tenths of the time, SSIM no worse on any, its worst frame included, 1.1 to 1.5 times the
bytes. `superfast` mostly keeps less with more bytes.

Left alone, libx264 takes the more threads the more cores there are, and other threads make other pictures: a film
would not be the same on another machine. Two keep up with drawing at 1080p, and leave cores to other processes."""
TREELESS: Final = OURS | {"crf": "21", "mbtree": "0"}
"""For widths that are not whole eights of macroblocks, as the 854 pixels of a draft: up to 1.7 times OURS' bytes.

With AVX-512, libx264 (build 165, `mbtree_propagate_list_internal_avx512`) takes the macroblocks of a row eight by
eight, past its end too, so that what memory happened to hold there changed pictures: rarely, and more often while
other encoders worked. Without the macroblock tree it cannot; at crf 21 no SSIM is worse than by Manim's own."""
MACROBLOCK: Final = 16
"""Pixels."""


class SegmentEncoder(VideoSegmentEncoder):
    """Manim's, which reads a frame where it lies, and converts one that is repeated only once."""

    def __init__(self, *, target: Path, spec: Any) -> None:
        super().__init__(target=target, spec=spec)
        self._converter = VideoReformatter()

    def write_frame(self, pixels: NDArray[np.uint8], *, repeat: int = 1) -> None:
        """Encode a picture as so many frames."""
        self._validate_frame(pixels, repeat)
        rate = self.spec.frame_rate
        try:
            frame = self._converter.reformat(
                av.VideoFrame.from_numpy_buffer(pixels, format="rgba"), format=self.spec.pixel_format
            )
            frame.time_base = Fraction(rate.denominator, rate.numerator)
            for _ in range(repeat):
                frame.pts = self._next_pts
                self._next_pts += 1
                for packet in self._stream.encode(frame):
                    self._container.mux(packet)
        except BaseException as error:
            raise self._operation_error("encode", error) from error


def encoder_options() -> dict[str, str]:
    """What a film is encoded with: the options of the user's `manim.cfg`, or else ours where libx264 encodes."""
    chosen = dict(config.video_encoder_options)
    others = config.transparent or config.format in ("webm", "mov") or config.video_codec != "auto"
    if chosen or others:
        return chosen
    macroblocks = math.ceil(config.pixel_width / MACROBLOCK)
    return dict(TREELESS if macroblocks % 8 else OURS)
