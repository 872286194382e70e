"""Pieces of a film that are cut out as they are, in a moment and without loss.

The film has to be H.264, and they to begin on key frames. Sections do: each play of a scene is encoded by itself.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.bitstream import BitStreamFilterContext

from scenes.exports.clips import COLORS, H264
from scenes.whole import written_whole

_TAGGED: Final = "h264_metadata=" + ":".join(
    f"{name}={COLORS}" for name in ("colour_primaries", "transfer_characteristics", "matrix_coefficients")
)
"""Says in the stream which colours its numbers mean, as `write_clip` does."""


def can_be_cut(film: Path, moment: float) -> bool:
    """Whether a film can be cut before the frame that is shown at a moment (seconds), or ends there."""
    with av.open(str(film)) as source:
        stream = source.streams.video[0]
        if stream.codec_context.name != "h264":
            return False
        half = 1 / (2 * stream.average_rate)
        if moment >= stream.duration * stream.time_base - half:
            return True
        source.seek(int((moment + half) / stream.time_base), stream=stream)
        found = next(source.demux(stream))
        return bool(found.pts is not None and abs(found.pts * stream.time_base - Fraction(moment)) < half)


def cut_clip(film: Path, target: Path, start: float, end: float, comment: str = "") -> None:
    """Copy the frames of a film from `start` until before `end` (seconds), at both of which it can be cut.

    Args:
        film: a video in H.264.
        target: the file to write.
        start: of the first frame, in seconds.
        end: of the last frame, in seconds.
        comment: goes into the file, for those who ask where it comes from.
    """
    with (
        av.open(str(film)) as source,
        written_whole(target) as whole,
        av.open(str(whole), mode="w", container_options=dict(H264.container)) as container,
    ):
        container.metadata["comment"] = comment
        stream = source.streams.video[0]
        made = container.add_stream_from_template(stream)
        tagged = BitStreamFilterContext(_TAGGED, stream, made)
        half = 1 / (2 * stream.average_rate)
        source.seek(int((start + half) / stream.time_base), stream=stream)
        first = None
        for packet in source.demux(stream):
            if packet.pts is None or (packet.is_keyframe and packet.pts * stream.time_base > end - half):
                break
            first = packet.pts if first is None else first
            packet.pts -= first
            packet.dts -= first
            for written in tagged.filter(packet):
                written.stream = made
                container.mux(written)
