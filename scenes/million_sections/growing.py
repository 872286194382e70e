"""One particle becomes a million while the run goes on; then all of them from the start."""

from __future__ import annotations

import math
from typing import Final

from manim import DOWN, FadeIn, ValueTracker

from scenes import theme
from scenes.charts import distance_curve
from scenes.million_sections.film import MillionFilm
from scenes.mobjects.step_counter import StepCounter
from scenes.mobjects.words import words

ALONE: Final = 0.12
"""Of the run's records, the share that one particle walks alone."""
STAGES: Final = ((100, 0.26), (10_000, 0.46))
"""So many particles at a time, before all of them, and the share of the records that is over by then."""
END: Final = 0.7
"""The share that is over when all are drawn."""
GROWTH: Final = 10 / 3
"""Seconds from one number of particles to the next, a hundred times as large."""
BREATH: Final = 0.8
"""Seconds that the picture stands between two numbers."""
APART, SEEN = 0.5, 5.0
"""Dots over a point of the densest part, up to which there is room between them, and single ones are seen."""


class GrowingSection(MillionFilm):
    """The same cloud throughout: what changes is how much of it is drawn."""

    def grow(self) -> None:
        """One, a hundred, ten thousand, all of them, on one clock of iterations.

        One run throughout; what changes is how many of its particles are drawn, and when. A single particle
        says nearly nothing about p, a hundred hint at it, and in the end the dots have melted into what looks
        like a density. The dots shrink by the rule on the board, more slowly than their number grows. Ask what
        a density is, then: what so many particles have in common, although no two of them know of each other.
        """
        self.leave()
        run, clock, number = self.walk, ValueTracker(0), ValueTracker(0)
        cloud, last = self.million(run, count=1), len(run.steps) - 1
        one = self.hero(run.positions[:, :1], f"{run.hash}-one", trail=round(ALONE * last))
        ruler, step = self.number_ruler(), self.at_top_right(StepCounter(run.steps))
        read = self.number_read(theme.FONT_TITLE).shift(2.2 * DOWN)
        smaller = f"100 times as many: each dot {100 ** (1 / 6):.1f} times smaller"
        rule = self.on_board(words(smaller, color=self.look.mute), 3.2)
        question = "One particle climbs, and is kicked. What does it say about $p$?"
        self.beat("growing: one", question, *map(FadeIn, (cloud, one, read, rule, ruler, step)))
        self.clocked(clock, cloud, one, step)
        self.run_singly(clock, round(ALONE * last), 3, cloud, one)
        self.counted(number, cloud)
        self.on_rungs(number, read, ruler)
        for count, share in self.stages():
            gone = [self.fade_away(one)] if one in self.mobjects else []
            self.beat(f"growing: {count:,}", self.look_of(count), *gone, pause=BREATH)
            cloud.eased = True
            grow = number.animate(run_time=GROWTH).set_value(min(math.log10(count), self.whole))
            self.run_clock(clock, round(share * last), GROWTH, None, grow)
        self.release(cloud, read, ruler, step)

    def stages(self) -> list[tuple[int, float]]:
        """Numbers of particles, the last one that of all, and the share of the records that is over by then."""
        return [stage for stage in STAGES if stage[0] < self.particles] + [(self.particles, END)]

    def look_of(self, count: int) -> str:
        """What so many particles look like, by the very rule by which they are drawn."""
        crowd = self.crowd(count)
        if crowd <= APART:
            return f"{count:,}: single dots, with room between them."
        if crowd <= SEEN:
            return f"{count:,}: where they are many, dots cover each other."
        return f"{count:,}: the dots have melted into a density."

    def start_again(self) -> None:
        """All of them from the start, and p itself.

        The same run from its start, with all particles drawn. Watch how it comes to rest, and compare the last
        picture with p itself, which takes its place for a moment. The distance has a floor: what a true sample
        of this size would have. Ask why one needs so many particles to see a small error: the floor falls with
        the number of particles, and the error of the sampler does not.
        """
        self.leave()
        run, clock = self.walk, ValueTracker(0)
        cloud, step = self.million(run), self.at_top_right(StepCounter(run.steps))
        curve = self.on_board(distance_curve(run, self.zones.board_width, height=2.2), 0.9)
        caption = f"Once more from the start, all {self.particles:,} at once."
        self.beat("again: start", caption, *map(FadeIn, (cloud, step, curve)))
        cloud.eased = True
        self.clocked(clock, cloud, step, curve)
        self.run_clock(clock, len(run.steps) - 1, 5, 10)
        self.release(cloud, step, curve)
        p = self.density_of(run).set_opacity(0)
        self.add(p)
        self.beat("again: p", self.beside_p(), self.bring(p, 1.0, 1.2), self.bring(cloud, 0.0, 1.2))
        self.play(self.bring(p, 0.0, 1.2), self.bring(cloud, 1.0, 1.2))
        self.remove(p)

    def beside_p(self) -> str:
        """How far the run's end is from p, as measured."""
        distance = float(self.walk.series["distance"].values[-1])
        floor = float(self.walk.series["distance_floor"].values[0, 0])
        return f"This is $p$ itself. The cloud is {distance:.2f} from it, a true sample {floor:.2f}."
