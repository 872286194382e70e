"""The noise left out, and put back."""

from __future__ import annotations

from functools import cached_property

from manim import FadeIn, ValueTracker

from diffusion_core.observation import verdict
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.formulas import denoising_rule
from scenes.mobjects.live_curve import LiveCurve
from scenes.sampling_sections.film import NOT_YET, SamplingFilm

COLLAPSE = 0.1
"""With less than this share of the true spread left, particles have collapsed."""


class NoiseSection(SamplingFilm):
    """What becomes of the same start with the noise left out, and with it."""

    def leave_out_the_noise(self) -> None:
        """The same start, the same network, the kicks left out.

        Only the kicks are left out: start, network and drift are those of the run before. DDPM's drift is made
        for a particle that is also kicked, so that without the kicks it contracts too much. Ask whether
        sampling without noise is impossible then. It is not: the probability flow of Song et al. (2021) and
        DDIM use another drift, which keeps the law without noise. What does not work is to take half of one
        rule.
        """
        self.leave()
        run, clock = self.silent, ValueTracker(0)
        cloud = self.cloud(run)
        formula = self.on_board(denoising_rule("ancestral-mean", self.look, theme.FONT_BODY), 0.8)
        live = [cloud, self.time_of(run), self.slider_of(run), self.spread_curve(run)]
        self.beat(
            "noise off: start",
            "The same start and network, the noise left out. Beneath: $p$.",
            FadeIn(self.data),
            FadeIn(*live, formula),
        )
        self.on_way(clock, run, *live)
        self.beat("noise off: half", self.half_way(run))
        self.go(clock, 0.5, 3, cloud)
        self.beat("noise off: end", self.collapse(run), poster=True)
        self.go(clock, 1, 3, cloud)
        self.release(*live)

    def spread_curve(self, run: Trajectory) -> LiveCurve:
        """The spread of the particles along the way, and that of true samples."""
        look = {"floor": (self.true_spread, 0.0), "floor_name": "of true samples", "height": 1.5}
        return self.curve(run.steps, run.series["spread"].values, "spread of the particles", 2.3, **look)

    @cached_property
    def true_spread(self) -> float:
        """That of as many true samples."""
        return float(self.truth(self.seed).series["spread"].values[0])

    def half_way(self, run: Trajectory) -> str:
        """What becomes of the spread on the first half of the way."""
        spread = run.series["spread"].values.ravel()
        half = spread[round(self.way_of(run)(0.5))]
        drawn = "At first all are drawn together: the spread goes" if half < spread[0] else "The spread goes"
        return f"{drawn} from {spread[0]:.2f} to {half:.2f}."

    def collapse(self, run: Trajectory) -> str:
        """What is left of the spread, in words that it bears out."""
        share = float(run.series["spread"].values[-1]) / self.true_spread
        return f"They end with {share:.0%} of the true spread{': collapse' if share < COLLAPSE else ''}."

    def moral(self) -> str:
        """What the two runs have shown, if they have."""
        if not self.settled(self.noisy):
            return NOT_YET
        spread = float(self.silent.series["spread"].values[-1])
        if spread < COLLAPSE * self.true_spread:
            return "DDPM's drift alone collapses. With its noise it samples."
        if verdict(self.silent).settled:
            return "With its noise, DDPM has made a sample."
        return "DDPM's drift alone makes no sample. With its noise it does."

    def compare(self) -> None:
        """The last picture: with noise.

        The same start once more, and the kicks are back. Compare the spread with the one of the run before:
        the noise is not an imperfection but the half of the rule that keeps the particles apart. Ask where the
        students have seen this before: it is the lesson of Langevin's rule, where climbing alone finds peaks
        and only climb and kick together sample.
        """
        self.leave(self.data)
        run, clock = self.noisy, ValueTracker(0)
        cloud, rule = self.cloud(run), denoising_rule(self.sampler, self.look, theme.FONT_BODY)
        live = [cloud, self.time_of(run), self.slider_of(run), self.spread_curve(run)]
        self.beat(
            "noise on: spread",
            "Noise on, from the same start.",
            self.bring(self.data, self.look.dimmed, theme.FADE),
            FadeIn(*live, self.on_board(rule, 0.8)),
        )
        self.on_way(clock, run, *live)
        self.go(clock, 1, 5, cloud)
        self.release(*live)
        self.beat("noise on: moral", self.moral())
