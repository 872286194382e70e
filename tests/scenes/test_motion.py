"""Reduced motion: nothing travels; what is seen are stills, each of which is a record, fading into each other."""

import itertools

import numpy as np
import pytest
from filming import DRY, drawn_frames, shoot
from manim import (
    RIGHT,
    AnimationGroup,
    Create,
    Dot,
    FadeIn,
    FadeOut,
    Square,
    Transform,
    ValueTracker,
    Wait,
    tempconfig,
)

from scenes import theme
from scenes.base import FilmError, FilmScene
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.motion import Stills, mixed, moves

RECORDS = 43
WALK = np.random.default_rng(0).normal(scale=0.25, size=(RECORDS, 40, 2)).cumsum(axis=0)


class Streaming(FilmScene):
    """Particles that stream for six seconds, and a square that goes away."""

    def construct(self):
        self.cloud, clock = self.on_stage(ParticleCloud(WALK, radius=0.06)), ValueTracker(0)
        square = Square(1, color=self.look.chance, fill_opacity=1).move_to(self.zones.board_center)
        self.beat("one: go", "They stream.", FadeIn(self.cloud, square))
        self.clocked(clock, self.cloud, moment=lambda record: 0.99 * record)
        self.cloud.eased = True
        self.run_clock(clock, RECORDS - 1, 6)
        self.release(self.cloud)
        self.cloud.eased = False
        self.beat("two: gone", "It goes.", square.animate(run_time=1.2).shift(2 * RIGHT))
        self.square = square


class Calm(Streaming):
    motion = "reduced"


def watched(film, media):
    """The scene, its frames, and the moments of the cloud that were drawn while the clock ran."""
    frames, moments = [], []

    class Watched(film):
        def setup(self):
            super().setup()
            add, update = self.renderer.add_frame, self.renderer.update_frame

            def add_frame(frame, num_frames=1):
                frames.extend([frame[..., :3].astype(int)] * num_frames)
                add(frame, num_frames)

            def update_frame(scene, *args, **options):
                moments.append(self.cloud.moment)
                update(scene, *args, **options)

            self.renderer.add_frame, self.renderer.update_frame = add_frame, update_frame

    Watched.__name__ = film.__name__
    return shoot(Watched, media, **DRY | {"frame_rate": 15, "disable_caching": True}), frames, moments


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return watched(Streaming, tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    return watched(Calm, tmp_path_factory.mktemp("calm"))


def restless(frames):
    """The share of pairs of frames between which more than a pixel in a thousand changes by a quarter."""
    changes = [(np.abs(after - before).max(axis=2) > 64).mean() for before, after in itertools.pairwise(frames)]
    return np.mean(np.array(changes) > 1e-3)


def test_frames_change_a_fifth_as_often(full, calm):
    assert restless(full[1]) > 0.4
    assert restless(calm[1]) < restless(full[1]) / 5


def test_the_film_takes_the_same_time_and_says_the_same(full, calm):
    assert len(full[1]) == len(calm[1])
    told = [scene.renderer.file_writer.beats for scene, _, _ in (full, calm)]
    assert told[0] == told[1]
    np.testing.assert_array_equal(full[1][-1], calm[1][-1])  # both end on the same picture
    np.testing.assert_array_equal(full[0].square.points, calm[0].square.points)


def test_only_a_few_records_are_seen_and_nothing_between_them(full, calm):
    seen = sorted(set(calm[2]))
    assert seen == [0, 9, 20, 30, 41]  # of a clock at 0, 10, 21, 31 and 42, which is 99 % of it
    assert len(set(full[2])) > 60
    assert any(moment % 1 for moment in full[2])


def test_each_frame_is_a_still_or_a_mixture_of_two(calm):
    start = 15  # the cloud comes in a second
    going = calm[1][start : start + 15 * 6]
    stills = [going[0], *(going[round(15 * t)] for t in (1.5, 3.0, 4.5)), going[-1]]
    stands = [any(np.array_equal(frame, still) for still in stills) for frame in going]
    assert 0.3 < np.mean(stands) < 0.8
    for before, after, low in zip(stills, stills[1:], (0, 22, 45, 67), strict=False):
        for frame in going[low : low + 22]:
            assert (frame >= np.minimum(before, after) - 1).all()
            assert (frame <= np.maximum(before, after) + 1).all()


def test_what_fades_fades_as_ever(full, calm):
    steps = round(15 * theme.FADE)
    for before, after in zip(full[1][:steps], calm[1][:steps], strict=True):
        np.testing.assert_array_equal(before, after)


def test_what_moves_is_drawn_anew_when_motion_changes_and_what_does_not_is_kept(tmp_path):
    whole, _ = drawn_frames(Streaming, tmp_path, frame_rate=15)
    toggled = type("Streaming", (Streaming,), {"motion": "reduced"})
    _, anew = drawn_frames(toggled, tmp_path, frame_rate=15)
    assert {1, 3} <= {play for play, _ in anew} <= {1, 2, 3, 4}  # the clock and the square, not what fades first
    _, again = drawn_frames(toggled, tmp_path, frame_rate=15)
    _, back = drawn_frames(Streaming, tmp_path, frame_rate=15)
    assert again == back == []
    assert whole.renderer.num_plays > 4


def test_stills_are_spread_evenly_and_each_stands_for_as_long_as_a_picture_should():
    for seconds in (0.1, 0.8, 2.0, 5.4, 8.0):
        stills = Stills.of(seconds)
        assert stills.count == 1 or seconds / stills.count >= 0.8 * theme.SHORTEST_PAUSE
        assert stills.around(0.0) == (0.0, pytest.approx(seconds / stills.count), 0.0)
        before, after, share = stills.around(seconds)
        assert (after, share) == (pytest.approx(seconds), 1.0)
        path = [(1 - s) * b + s * a for b, a, s in map(stills.around, np.linspace(0, seconds, 200))]
        assert (np.diff(path) >= -1e-9).all()
        assert before < after


def test_only_what_changes_place_form_or_record_moves():
    dot, cloud = Dot(), ParticleCloud(WALK)
    with tempconfig(DRY):
        still = (
            FadeIn(dot),
            FadeOut(cloud),
            Wait(),
            dot.animate.set_opacity(0.3).build(),
            Transform(dot, dot.copy()),
        )
        moving = (
            FadeIn(dot, shift=RIGHT),
            FadeOut(dot, scale=2),
            Create(Square()),
            dot.animate.shift(RIGHT).build(),
            cloud.animate.show(3).build(),
            cloud.animate.scale(2).build(),
            ValueTracker(0).animate.set_value(1).build(),
            Transform(dot, Square()),
            AnimationGroup(FadeIn(Square()), Create(Dot())),
        )
    assert not any(map(moves, still))
    assert all(map(moves, moving))
    assert not moves(AnimationGroup(FadeIn(Square()), FadeIn(Dot())))


def test_a_mixture_has_the_share_of_each():
    black, white = np.zeros((2, 2, 4), np.uint8), np.full((2, 2, 4), 200, np.uint8)
    assert (mixed(black, white, 0.25) == 50).all()
    assert (mixed(white, black, 0.25) == 150).all()


def test_a_mistaken_motion_is_refused_in_one_sentence(tmp_path):
    wrong = type("Wrong", (Streaming,), {"motion": "reduce"})
    with tempconfig(DRY | {"media_dir": str(tmp_path)}), pytest.raises(FilmError, match="did you mean 'reduced'"):
        wrong()
    theme.choose(None)
