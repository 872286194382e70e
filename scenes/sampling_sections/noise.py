"""The noise left out, and put back."""

from __future__ import annotations

from functools import cached_property

from manim import FadeIn, ValueTracker

from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.charts import OVERHANG
from scenes.formulas import denoising_rule
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.live_curve import LiveCurve
from scenes.sampling_sections.film import NOT_YET, SamplingFilm


class NoiseSection(SamplingFilm):
    """Without noise all collapse; with it they spread."""

    def leave_out_the_noise(self) -> None:
        """The same start, the same network, the kicks left out."""
        self.leave()
        run, clock = self.silent, ValueTracker(0)
        cloud = self.cloud(run)
        formula = self.on_board(denoising_rule("ancestral-mean", self.look, theme.FONT_BODY), 0.8)
        live = [cloud, self.time_of(run), self.slider_of(run), self.spread_curve(run)]
        self.beat(
            "noise off: start",
            "The same start, the same network, and the noise left out.",
            FadeIn(self.data),
            FadeIn(*live, formula),
        )
        self.on_way(clock, run, *live)
        self.beat("noise off: mean", "At first all are drawn to the mean of the data.")
        self.go(clock, 0.5, 3, cloud)
        self.beat("noise off: collapse", self.collapse(run))
        self.go(clock, 1, 3, cloud)
        self.release(*live)

    @cached_property
    def data(self) -> DensityMap:
        """p, dimmed."""
        return self.density_of(self.noisy).set_opacity(self.look.dimmed)

    def spread_curve(self, run: Trajectory) -> LiveCurve:
        """The spread of the particles along the way, over that with noise at the end."""
        end = float(self.noisy.series["spread"].values[-1])
        curve = LiveCurve(
            run.steps, run.series["spread"].values.ravel(), (end, 0.0), name="spread of the particles",
            floor_name="with noise, at the end", width=self.zones.board_width - OVERHANG, height=1.5,
        )  # fmt: skip
        self.on_board(curve, 2.3)
        return curve

    def collapse(self, run: Trajectory) -> str:
        """What became of the spread, in words that it bears out."""
        share = float(run.series["spread"].values[-1] / self.noisy.series["spread"].values[-1])
        if share < 0.1:
            return f"Then to the nearest data. {share:.0%} of the spread is left: collapse."
        return f"Then to the nearest data. {share:.0%} of the spread is left."

    def compare(self) -> None:
        """The last picture: with noise."""
        self.leave(self.data)
        run, clock = self.noisy, ValueTracker(0)
        cloud, rule = self.cloud(run), denoising_rule(self.sampler, self.look, theme.FONT_BODY)
        live = [cloud, self.time_of(run), self.slider_of(run), self.spread_curve(run)]
        self.beat(
            "noise on: spread",
            "Noise on: they spread over all of $p$.",
            self.bring(self.data, self.look.dimmed, theme.FADE),
            FadeIn(*live, self.on_board(rule, 0.8)),
        )
        self.on_way(clock, run, *live)
        self.go(clock, 1, 5, cloud)
        self.release(*live)
        last = "Drift alone finds the mean. With the noise it samples." if self.settled(run) else NOT_YET
        self.beat("noise on: moral", last)
