"""What follows a clock, and that sparing words from every frame changes no frame."""

import numpy as np
from filming import drawn_frames, last_frame, shoot
from manim import FadeIn, Scene, ValueTracker
from test_langevin_scene import Fewer, SmallNoiseOff

from scenes.base import FilmScene
from scenes.clocks import ClockedScene
from scenes.langevin import NoiseOnScene
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.words import words

CURVE = np.array([4.0, 2.0, 1.0, 0.5])


class SmallNoiseOn(Fewer, NoiseOnScene):
    pass


def as_manim_has_it(scene_class):
    """The same film with Manim's own division into what moves and what does not."""

    class Whole(scene_class):
        def get_moving_and_static_mobjects(self, animations):
            return Scene.get_moving_and_static_mobjects(self, animations)

    Whole.__name__ = scene_class.__name__
    return Whole


def test_every_frame_is_the_one_that_manim_would_draw(tmp_path):
    for film in (SmallNoiseOff, SmallNoiseOn):
        _, spared = drawn_frames(film, tmp_path / "spared", disable_caching=True)
        _, whole = drawn_frames(as_manim_has_it(film), tmp_path / "whole", disable_caching=True)
        assert len(spared) > 30
        assert spared == whole


class Charted(FilmScene):
    """A chart that follows a clock, or somebody's own updater that moves it."""

    own = False

    def construct(self):
        chart, clock = LiveCurve(np.arange(4), CURVE).move_to([3, 0, 0]), ValueTracker(0)
        self.add(chart, words("beside").move_to([-3, 2, 0]))
        self.clocked(clock, chart)
        if self.own:
            chart.add_updater(lambda shown: shown.set_x(3 - clock.get_value()))
        self.run_clock(clock, 3, 1)
        self.chart = chart


def test_words_are_drawn_once_beside_a_clock_and_always_beside_an_updater_of_another_kind(tmp_path, monkeypatch):
    counts = {}
    for own in (False, True):
        film = type("Charted", (Charted,), {"own": own})
        drawn = []
        scene_class = type("Counted", (film,), {})
        monkeypatch.setattr(
            scene_class, "setup", lambda self, drawn=drawn: (FilmScene.setup(self), count(self, drawn))[0]
        )
        scene = shoot(scene_class, tmp_path, dry_run=True, frame_rate=15)
        counts[own] = np.median(drawn)
        low = last_frame(scene)
        assert (low != low[0, 0]).any()
    assert counts[False] < 10 < counts[True]


def count(scene, drawn):
    """Note how many things each frame draws."""
    update = scene.renderer.update_frame

    def counted(of, mobjects=None, **options):
        drawn.append(len(mobjects or []))
        update(of, mobjects, **options)

    scene.renderer.update_frame = counted


def test_a_charts_names_go_where_its_owner_takes_them(tmp_path):
    class Moved(Charted):
        own = True

    scene = shoot(Moved, tmp_path, dry_run=True, frame_rate=15)
    assert scene.chart.get_x() == np.float64(scene.chart.get_x())
    title = next(part for part in scene.chart.get_family() if type(part).__name__ == "Typst")
    assert title.get_x() < 2  # it went with the chart, three to the left


def test_an_ordinary_scene_can_have_a_clock(tmp_path):
    class Plain(ClockedScene):
        def construct(self):
            chart, clock = LiveCurve(np.arange(4), CURVE), ValueTracker(0)
            self.clocked(clock, chart)
            self.play(FadeIn(chart))
            self.run_clock(clock, 3, 1, 1)
            self.record = chart.record
            self.release(chart)
            assert not chart.updaters

    assert shoot(Plain, tmp_path, dry_run=True).record > 2.9
