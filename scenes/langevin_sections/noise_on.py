"""Section 6, the pay-off: the same rule with its noise turns lines into a sample of p."""

from __future__ import annotations

import numpy as np
from manim import FadeIn, ValueTracker, rate_functions

from diffusion_core.observation import TOLERANCE
from scenes import theme
from scenes.formulas import rule
from scenes.langevin_sections.film import LangevinFilm
from scenes.mobjects.bars import Bars
from scenes.mobjects.live_curve import LiveCurve

SINGLE_STEPS = 12
"""So many iterations are shown one by one before the clock speeds up."""


OVERHANG = 0.2
"""So much wider than its axes a chart may be."""


class NoiseOnSection(LangevinFilm):
    """From the collapsed state, all particles, with the distance to p and the masses of its parts."""

    def turn_noise_on(self) -> None:
        """Section 6."""
        self.leave(self.density)
        self.recall_the_lines()
        self.kick_them_all()
        self.let_them_settle()
        self.compare_with_target()

    def recall_the_lines(self) -> None:
        """Where climbing ended."""
        self.cloud_on, self.clock = self.cloud(self.sampling), ValueTracker(0)
        self.beat(
            "noise on: start",
            f"Back to where climbing ended: {self.particles:,} particles on lines and points.",
            self.bring(self.density, theme.DIMMED, theme.FADE),
            FadeIn(self.cloud_on),
        )

    def kick_them_all(self) -> None:
        """The first steps, one by one."""
        self.rule_shown = self.on_board(rule(self.sampler, self.look, theme.FONT_BODY), 1.0)
        self.count = self.counter(self.sampling)
        self.beat("noise on: kick", "Noise on: climb, then a kick.", FadeIn(self.rule_shown, self.count))
        self.clocked(self.clock, self.cloud_on, self.count)
        self.run_singly(self.clock, min(SINGLE_STEPS, len(self.sampling.steps) - 1), 3, self.cloud_on)

    def let_them_settle(self) -> None:
        """The whole run in time-lapse, measured."""
        charts = self.charts()
        self.beat(
            "noise on: time-lapse",
            "Faster: the lines thicken to the width of $p$.",
            self.fade_away(self.rule_shown),
        )
        self.play(FadeIn(*charts))
        self.clocked(self.clock, *charts)
        self.run_clock(self.clock, len(self.sampling.steps) - 1, 8, rate_functions.ease_in_quad)
        self.release(self.cloud_on, self.count, *charts)

    def compare_with_target(self) -> None:
        """What was reached, in numbers that were measured."""
        reached = f"After {self.steps:,} steps they are as close to $p$ as a true sample."
        missed = f"After {self.steps:,} steps they have not reached $p$: look at the distance."
        self.beat(
            "noise on: sample",
            reached if self.has_settled else missed,
            self.bring(self.density, 1.0, 1.2),
            self.bring(self.cloud_on, 0.0, 1.2),
            FadeIn(self.credit(f"langevin.{self.sampler}")),
        )
        self.play(self.bring(self.density, theme.DIMMED, 1.2), self.bring(self.cloud_on, theme.DOT_OPACITY, 1.2))

    def charts(self) -> list[LiveCurve | Bars]:
        """The distance to p over its floor; where p has parts, their masses beside their targets."""
        run, series = self.sampling, self.sampling.series
        mean, deviation = series["distance_floor"].values[0]
        band = (mean, TOLERANCE * deviation)  # the very band by which the run is judged
        width, top = self.zones.board_width - OVERHANG, 0.75
        curve = LiveCurve(run.steps, series["distance"].values.ravel(), band, width=width, height=1.5)
        charts: list[LiveCurve | Bars] = [self.on_board(curve, top)]
        if "part_mass" in series:
            mass, target = series["part_mass"], series["part_mass_target"].values[0]
            bars = Bars(np.asarray(mass.values), target, mass.labels, width=width, height=1.4)
            charts.append(self.on_board(bars, top + curve.height + 0.35))
        return charts
