"""Section 6, the pay-off: the same rule with its noise turns lines into a sample of p."""

from __future__ import annotations

import numpy as np
from manim import DOWN, LEFT, FadeIn, ValueTracker, VGroup

from diffusion_core.observation import TOLERANCE
from scenes import theme
from scenes.charts import OVERHANG, distance_curve
from scenes.clocks import late
from scenes.formulas import rule
from scenes.langevin_sections.film import LangevinFilm
from scenes.mobjects.bars import Bars
from scenes.mobjects.live_curve import LiveCurve

SINGLE_STEPS = 12
"""So many iterations are shown one by one before the clock speeds up."""


KICKS = {
    "ula": "Noise on: climb, then a kick.",
    "mala": "Noise on: climb, then a kick, unless the step is refused.",
    "underdamped": "Noise on: particles have momentum now, and it is kicked.",
    "annealed": "Noise on: big steps on a blurred $p$ first, then ever smaller ones.",
}
"""What the first steps with noise are, for each sampler."""


class NoiseOnSection(LangevinFilm):
    """From the collapsed state, all particles, with the distance to p and the masses of its parts."""

    def turn_noise_on(self) -> None:
        """Section 6.

        The rule is the one of the two sections before, on all particles, from where climbing had left them.
        Watch two things that do not happen at the same speed: a line finds its width within few steps, but for
        the shares to be right particles have to cross the places where p is low. The distance is a sliced
        Wasserstein distance to p. Ask why the band below it is not at zero: two finite samples of one density
        always differ, and a perfect sampler is on average no closer.
        """
        self.leave(self.density)
        self.recall_the_lines()
        self.kick_them_all()
        self.let_them_spread()
        self.let_them_settle()
        self.compare_with_target()

    def recall_the_lines(self) -> None:
        """Where climbing ended."""
        self.cloud_on, self.clock = self.cloud(self.sampling), ValueTracker(0)
        self.beat(
            "noise on: start",
            f"Now all {self.particles:,}, where climbing left them.",
            self.bring(self.density, self.look.dimmed, theme.FADE),
            FadeIn(self.cloud_on),
        )

    def kick_them_all(self) -> None:
        """The first steps, one by one."""
        formula = self.on_board(rule(self.sampler, self.look, theme.FONT_BODY), 1.0)
        tau = self.tau(self.sampling).next_to(formula, DOWN, buff=0.3, aligned_edge=LEFT)
        self.rule_shown, self.count = VGroup(formula, tau), self.counter(self.sampling)
        self.beat("noise on: kick", KICKS[self.sampler], FadeIn(self.rule_shown, self.count))
        self.clocked(self.clock, self.cloud_on, self.count)
        self.run_singly(self.clock, min(SINGLE_STEPS, self.cloud_on.records - 1), 3, self.cloud_on)

    def let_them_spread(self) -> None:
        """The single iterations that were recorded, faster, measured from here on."""
        thicken = self.has_parts and self.sampler != "annealed"
        caption = "Faster: the lines thicken to the width of $p$." if thicken else "Faster: the first steps."
        self.charts = self.distance_and_masses()
        self.clocked(self.clock, *self.charts)
        self.beat(
            "noise on: spread",
            caption,
            self.fade_away(self.rule_shown, theme.FADE / 2),
            late(FadeIn, *self.charts),
        )
        dense = min(self.sampling.parameters["dense"], self.cloud_on.records - 1)
        self.run_clock(self.clock, dense, 2.6, 4)

    def let_them_settle(self) -> None:
        """The whole run in time-lapse."""
        ending = "change parts until the shares fit." if self.has_settled and self.has_parts else "move on."
        self.beat("noise on: time-lapse", f"Thousands of steps: particles {ending}")
        self.run_clock(self.clock, self.cloud_on.records - 1, 6, 25)
        self.release(self.cloud_on, self.count, *self.charts)

    def compare_with_target(self) -> None:
        """What was reached, in numbers that were measured."""
        self.beat(
            "noise on: sample",
            f"After {self.steps:,} steps {self.arrival()}",
            self.bring(self.density, 1.0, 1.2),
            self.bring(self.cloud_on, 0.0, 1.2),
            FadeIn(self.credit(f"langevin.{self.sampler}")),
            poster=True,
        )
        self.play(
            self.bring(self.density, self.look.dimmed, 1.2), self.bring(self.cloud_on, theme.DOT_OPACITY, 1.2)
        )

    def arrival(self) -> str:
        """How the run ended, in words that its measurements bear out."""
        distance = self.sampling.series["distance"].values.ravel()
        mean, deviation = self.sampling.series["distance_floor"].values[0]
        largest = mean + TOLERANCE * deviation
        if not self.has_settled:
            return f"they have not reached $p$: look at the {'distance' if distance[-1] > largest else 'shares'}."
        if distance[0] <= largest:
            return "the distance says little: it was small at once."
        return "they are as close to $p$ as a true sample."

    def distance_and_masses(self) -> list[LiveCurve | Bars]:
        """The distance to p over its floor; where p has parts, their masses beside their targets."""
        series, top = self.sampling.series, 0.75
        curve = distance_curve(self.sampling, self.zones.board_width, height=1.5)
        charts: list[LiveCurve | Bars] = [self.on_board(curve, top)]
        if "part_mass" in series:
            mass, target = series["part_mass"], series["part_mass_target"].values[0]
            peak = 1.1 * max(target.max(), mass.values[-1].max())  # what goes beyond it on the way is cut
            names = {"value_name": "share of the particles", "target_name": "what $p$ says"}
            width = self.zones.board_width - OVERHANG
            bars = Bars(np.asarray(mass.values), target, mass.labels, width=width, height=1.4, peak=peak, **names)
            charts.append(self.on_board(bars, top + curve.height + 0.35))
        return charts
