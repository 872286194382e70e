"""Section 3: climbing alone ends on lines and points."""

from __future__ import annotations

import numpy as np
from manim import DOWN, LEFT, FadeIn, Group, Mobject, ValueTracker, VGroup
from numpy.typing import NDArray

from scenes import theme
from scenes.formulas import rule
from scenes.langevin_sections.film import CLIMBERS, LangevinFilm
from scenes.mobjects.bars import Bars
from scenes.mobjects.caption import standing
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Window
from scenes.mobjects.readout import Readout
from scenes.mobjects.zoom_inset import ZoomInset

SINGLE_STEPS = 12
"""So many iterations are shown one by one before the clock speeds up."""
ROOM = 0.1
"""What the insets show around the disc, in data units."""
SIDE = 2.6
"""Side of each of the two insets."""
ALIKE = 0.05
"""Below this share of their spread at the start, particles are said to be on a peak."""
BINS = 15
"""Bins of the histograms along x."""


class NoiseOffSection(LangevinFilm):
    """A thousand particles climb; a close look at what is left of them."""

    def turn_noise_off(self) -> None:
        """Section 3.

        Let the students guess before it runs: where will the particles be at the end? All that start in the
        catchment of one peak run to that peak, and nothing holds them apart. The second half is the proof that
        the start is not to blame: these particles begin as true samples, and climbing alone destroys what was
        right. So plain ascent is an optimiser; it does not leave p as it is.
        """
        self.leave(self.density, self.field)
        self.scatter()
        self.climb()
        self.name_the_peaks()
        self.look_closely()
        self.judge_climbing()

    def scatter(self) -> None:
        """A start that knows nothing of p."""
        count = min(CLIMBERS, self.particles)
        self.climbers = self.cloud(self.climbing, count)
        self.beat(
            "noise off: start",
            f"{count:,} particles start in a broad cloud.",
            FadeIn(self.climbers),
            self.bring(self.field, theme.TRACE, theme.FADE),
            self.bring(self.density, self.look.dimmed, theme.FADE),
        )

    def climb(self) -> None:
        """Single steps, then ever more a second."""
        formula = self.on_board(rule("ascent", self.look, theme.FONT_BODY), 1.0)
        tau = self.tau(self.climbing).next_to(formula, DOWN, buff=0.3, aligned_edge=LEFT)
        self.rule_off, self.count_off, clock = VGroup(formula, tau), self.counter(self.climbing), ValueTracker(0)
        self.beat(
            "noise off: climb", "Noise off: every step climbs.", FadeIn(self.rule_off, self.count_off), pause=0.6
        )
        self.clocked(clock, self.climbers, self.count_off)
        self.run_singly(clock, min(SINGLE_STEPS, self.climbers.records - 1), 2.4, self.climbers)
        self.run_clock(clock, self.climbers.records - 1, 3, 5)
        self.release(self.climbers, self.count_off)

    def name_the_peaks(self) -> None:
        """Where climbing ends."""
        smiley = "They end on lines and points; the faint face has its peak, the nose."
        caption = smiley if self.has_parts else "They end where no way leads up."
        self.beat("noise off: peaks", caption, *map(self.fade_away, (self.field, self.rule_off, self.count_off)))

    def look_closely(self) -> None:
        """True samples in a small square, and the same points as they climb."""
        self.end_beat()
        self.play(self.fade_away(self.climbers))
        self.close, self.clock = self.cloud(self.near), ValueTracker(0)
        place = "one eye" if self.has_parts else "one spot"
        caption = f"Start again: {self.close.particles:,} true samples of {place}. Let them climb."
        self.beat("noise off: zoom", caption, FadeIn(self.close))
        inset, *truth = self.pair_of_insets()
        bars, true_bars = self.histograms()
        spread, true_spread = self.spreads()
        live = [self.close, inset, spread, bars]
        self.play(FadeIn(*live[1:], *truth, true_spread, true_bars))
        self.clocked(self.clock, *live)
        self.run_clock(self.clock, 40, 3.2)
        self.run_clock(self.clock, len(self.near.steps) - 1, 1.6, 12)
        self.release(*live)

    def judge_climbing(self) -> None:
        """What was seen, in a sentence."""
        spread = self.near.series["spread"].values.ravel()
        left = spread[-1] / spread[0]
        verdict = "Climbing finds the peaks." if left < ALIKE else f"Climbing leaves {left:.0%} of their spread."
        credit = self.credit("langevin.gradient_ascent")
        self.beat("noise off: verdict", f"{verdict} It does not sample.", FadeIn(credit))

    def pair_of_insets(self) -> list[Mobject]:
        """The square on the stage magnified, and beside it the true samples that the climbers started as."""
        x, y, half = self.near.parameters["near"] + np.array([0, 0, ROOM])
        window = Window(x - half, x + half, y - half, y + half)
        truth = ParticleCloud(self.near.positions[:1], fingerprint=self.near.hash)
        left, right = (
            ZoomInset(self.close, window, self.density, cloud, side=SIDE, center=self.inset_center(i))
            for i, cloud in enumerate((self.close, truth))
        )
        for inset in (left, right):
            inset.content(1).set_radius_in_scene(1.3 * theme.DOT_RADIUS)
        names = standing("climbing", color=self.look.particles), standing("true samples", color=self.look.exact)
        for name, inset in zip(names, (left, right), strict=True):
            name.shift([inset.frame.get_x() - name.get_x(), inset.frame.get_top()[1] + 0.2, 0.0])
        return [left, Group(right.frame, right.contents), *names]

    def inset_center(self, i: int) -> NDArray[np.float64]:
        """The middle of the left or the right inset."""
        left, right = self.zones.board_left + SIDE / 2, self.zones.board_right - SIDE / 2
        return np.array([(left, right)[i], self.zones.board_top - 0.55 - SIDE / 2, 0.0])

    def spreads(self) -> list[Mobject]:
        """The spread of the points in each inset, as a number."""
        spread = self.near.series["spread"].values.ravel()
        readouts = Readout(spread, "spread", ".3f"), Readout(spread[:1], "spread", ".3f")
        for i, readout in enumerate(readouts):
            readout.move_to(self.inset_center(i) + (SIDE / 2 + 0.35) * DOWN)
        return list(readouts)

    def histograms(self) -> list[Bars]:
        """Shares of the points along x, under each inset and on its scale: those that climb, and the true ones."""
        x, _, half = self.near.parameters["near"] + np.array([0, 0, ROOM])
        edges = np.linspace(x - half, x + half, BINS + 1)
        shares = np.array([np.histogram(record[:, 0], edges)[0] / len(record) for record in self.near.positions])
        charts = []
        for i, values in enumerate((shares, shares[:1])):
            bars = Bars(values, width=SIDE, height=1.3, peak=1.0, value_name="")
            charts.append(bars.move_to(self.inset_center(i) + (SIDE / 2 + 1.5) * DOWN))
        return charts
