"""Our way to the encoder leaves the same bytes as Manim's."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from filming import frames_in, shoot
from manim import Dot, FadeIn, tempconfig
from manim._config.video_encoder import VideoEncoderSpec
from manim.scene.video_segment_encoder import VideoSegmentEncoder

from scenes.encoding import OURS, SegmentEncoder, encoder_options
from scenes.storyboard import StoryboardScene

X264 = VideoEncoderSpec("mp4", "libx264", "yuv420p", 64, 48, Fraction(15), (("crf", "23"), ("threads", "1")))
QTRLE = dataclasses.replace(X264, container_format="mov", codec="qtrle", pixel_format="argb", options=())
VP9 = dataclasses.replace(X264, container_format="webm", codec="libvpx-vp9", pixel_format="yuva420p")


def segment(kind, spec, target):
    pictures = np.random.default_rng(3).integers(0, 256, (6, 48, 64, 4), dtype=np.uint8)
    encoder = kind(target=target, spec=spec)
    for picture, repeat in zip(pictures, (1, 5, 1, 2, 1, 30), strict=True):
        encoder.write_frame(picture, repeat=repeat)
    encoder.finish()
    return target


@pytest.mark.parametrize("spec", [X264, QTRLE, VP9], ids=lambda spec: spec.codec)
def test_segments_are_manims_byte_by_byte(tmp_path, spec):
    name = f"segment.{spec.container_format}"
    ours, theirs = (
        segment(kind, spec, tmp_path / kind.__name__ / name) for kind in (SegmentEncoder, VideoSegmentEncoder)
    )
    strip = slice(None) if spec is not VP9 else slice(1000, None)  # a WebM file's head holds a random number
    assert ours.read_bytes()[strip] == theirs.read_bytes()[strip]
    assert frames_in(ours) == 40


def test_films_are_encoded_this_way(tmp_path):
    class Dotted(StoryboardScene):
        def construct(self):
            self.play(FadeIn(Dot()))
            self.wait()

    writer = shoot(Dotted, tmp_path).renderer.file_writer
    encoder = writer._create_segment_encoder(tmp_path / "one.mp4")
    assert isinstance(encoder, SegmentEncoder)
    assert encoder.spec == writer.video_encoder
    assert dict(encoder.spec.options) == OURS
    encoder.abort()


def test_a_users_options_and_other_encoders_are_left_alone():
    assert encoder_options() == OURS
    with tempconfig({"video_encoder_options": {"crf": "30"}}):
        assert encoder_options() == {"crf": "30"}
    for other in ({"format": "webm"}, {"format": "mov"}, {"transparent": True}, {"video_codec": "libx265"}):
        with tempconfig(other):
            assert encoder_options() == {}


def test_an_encoder_that_fails_says_where(tmp_path):
    encoder = SegmentEncoder(target=tmp_path / "one.mp4", spec=X264)
    with pytest.raises(ValueError, match="must have shape"):
        encoder.write_frame(np.zeros((4, 4, 4), np.uint8))
    encoder.abort()
