"""Our way to the encoder leaves the same bytes as Manim's, and always the same ones."""

import dataclasses
import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from filming import frames_in, shoot
from manim import Dot, FadeIn, tempconfig
from manim._config.video_encoder import VideoEncoderSpec
from manim.scene.video_segment_encoder import VideoSegmentEncoder

from scenes.encoding import OURS, TREELESS, SegmentEncoder, encoder_options
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
    assert dict(encoder.spec.options) == TREELESS  # 854 pixels are 54 macroblocks
    encoder.abort()


def test_only_whole_eights_of_macroblocks_have_a_tree():
    for width in (256, 1280, 1914, 1920, 2560, 3840):
        with tempconfig({"pixel_width": width}):
            assert encoder_options() == OURS
    for width in (854, 848, 1080, 1288):
        with tempconfig({"pixel_width": width}):
            assert encoder_options() == TREELESS


def test_a_users_options_and_other_encoders_are_left_alone():
    assert encoder_options() == OURS
    with tempconfig({"video_encoder_options": {"crf": "30"}}):
        assert encoder_options() == {"crf": "30"}
    for other in ({"format": "webm"}, {"format": "mov"}, {"transparent": True}, {"video_codec": "libx265"}):
        with tempconfig(other):
            assert encoder_options() == {}


CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


@pytest.mark.skipif(len(CORES) < 2, reason="there is one core, or nobody tells")
def test_a_film_does_not_depend_on_the_number_of_cores(tmp_path):
    def made(options):
        spec = dataclasses.replace(X264, width=854, height=480, options=tuple(options.items()))
        encoder = SegmentEncoder(target=tmp_path / "one.mp4", spec=spec)
        noise = np.random.default_rng(3).integers(0, 256, (60, 107, 4), dtype=np.uint8)
        for k in range(12):
            encoder.write_frame(np.ascontiguousarray(np.roll(noise, k, 1).repeat(8, 0).repeat(8, 1)[:, :854]))
        encoder.finish()
        return (tmp_path / "one.mp4").read_bytes()

    alone = {name: value for name, value in OURS.items() if name != "threads"}
    on_all = made(OURS), made(alone)
    os.sched_setaffinity(0, {min(CORES)})
    try:
        on_one = made(OURS), made(alone)
    finally:
        os.sched_setaffinity(0, CORES)
    assert on_one[0] == on_all[0]
    assert on_one[1] != on_all[1]  # left to itself, it does


DRAFT = """
import hashlib, sys, tempfile
from fractions import Fraction
from pathlib import Path
import numpy as np
from manim import tempconfig
from manim._config.video_encoder import VideoEncoderSpec
from scenes.encoding import SegmentEncoder, encoder_options

with tempconfig({"quality": "low_quality"}):
    options = tuple(sorted(encoder_options().items()))
spec = VideoEncoderSpec("mp4", "libx264", "yuv420p", 854, 480, Fraction(15), options)
generator = np.random.default_rng(3)
places, speeds = generator.normal((240, 427), (80, 140), (3000, 2)), generator.normal(0, 1.5, (3000, 2))
with tempfile.TemporaryDirectory() as folder:
    target = Path(folder) / "draft.mp4"
    encoder = SegmentEncoder(target=target, spec=spec)
    for k in range(40):
        picture = np.zeros((480, 854, 4), np.uint8)
        rows, columns = np.clip((places + k * speeds).astype(int), 0, (479, 853)).T
        picture[rows, columns] = 255
        encoder.write_frame(picture)
    encoder.finish()
    print(hashlib.sha256(target.read_bytes()).hexdigest())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc fills memory where it is asked to")
def test_a_film_does_not_depend_on_what_memory_held():
    """libx264's macroblock tree reads past the rows of a picture that is no multiple of 128 wide."""
    hashes = {
        subprocess.run(
            [sys.executable, "-c", DRAFT], capture_output=True, text=True, check=True,
            env=os.environ | {"MALLOC_PERTURB_": filler},
        ).stdout
        for filler in ("1", "85", "170")
    }  # fmt: skip
    assert len(hashes) == 1


def test_an_encoder_that_fails_says_where(tmp_path):
    encoder = SegmentEncoder(target=tmp_path / "one.mp4", spec=X264)
    with pytest.raises(ValueError, match="must have shape"):
        encoder.write_frame(np.zeros((4, 4, 4), np.uint8))
    encoder.abort()
