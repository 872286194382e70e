"""Where a noisy point may come from: the exact posterior over the data, as the noise falls."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from manim import FadeIn, MathTypst, Mobject, ValueTracker
from numpy.typing import NDArray

from scenes import theme
from scenes.denoiser_sections.film import DATA, DenoiserFilm
from scenes.diffusion_film import log_snr, shares
from scenes.formulas import IDEAL, coloured
from scenes.mobjects.live_curve import LiveCurve

FAINT: Final = 0.22
"""Opacity of the data before they are spoken of."""


class PosteriorSection(DenoiserFilm):
    """From all of the data to one of them."""

    def weigh_the_data(self) -> None:
        """The exact posterior over the data, from all of them to one.

        Turn the question round: not where noise leads, but where a noisy point came from. Were these points
        all the data, Bayes' rule would give each a weight, and lines and dots show it. The number of points
        that still count is e to the entropy of the weights. Ask when a particle knows where it will end: in
        much noise nearly everything is possible, and the choice falls on the way down.
        """
        one, ruler = self.one(), [self.time_of(self.way), self.slider_of(self.way)]
        self.ask_where_from(one, *ruler)
        weighed = self.weigh_at_first(one)
        self.weigh_along([one, *weighed], *ruler)

    def ask_where_from(self, one: Any, *ruler: Mobject) -> None:
        """The noisy point, and the data that may have become it."""
        data = self.data().set_opacity(FAINT)
        self.add(data)  # so that the film's first picture is not empty
        self.beat("posterior: question", "One noisy point: where did it come from?", FadeIn(one, *ruler))
        said = f"Say these {len(self.points):,} points are all the data. Each may have become it."
        brighter = self.bring(data, DATA["opacity"], theme.FADE)
        self.beat("posterior: data", said, brighter, FadeIn(self.ideal("noisy", 0.8)))

    def ideal(self, name: str, top: float) -> MathTypst:
        """A formula of the ideal denoiser, on the board."""
        written = coloured(IDEAL[name], self.look, theme.FONT_BODY)
        self.on_board(written, top)
        return written

    def weigh_at_first(self, one: Any) -> list[Any]:
        """Bayes' rule in the largest noise: rays and weights."""
        rays, weights = self.rays(one), self.weights()
        said = f"Bayes' rule weighs them. In so much noise {self.candidates[0]:.0f} of {len(self.points)} count."
        self.beat("posterior: weights", said, FadeIn(rays, weights, self.ideal("posterior", 1.5)))
        return [weights, rays]

    def weigh_along(self, moving: list[Any], *ruler: Any) -> None:
        """The same in less and less noise, until none is left."""
        clock, run, curve = ValueTracker(0), self.way, self.candidates_curve()
        self.on_way(clock, run, *moving, *ruler, curve)
        said = f"In the end few count. Where signal and noise are equal: {self.candidates[self.even]:.0f}."
        self.beat("posterior: fewer", said, FadeIn(curve), pause=0.6)
        self.go(clock, float(shares(run)[self.even]), 4, *moving)
        self.beat("posterior: one", "Down to the end: without noise, one point is left.")
        self.go(clock, 1, 2.8, *moving)
        self.release(*moving, *ruler, curve)

    def candidates_curve(self) -> LiveCurve:
        """How many of the data still count, along the way."""
        return self.candidates_of(self.way.steps, self.candidates, 2.8, height=1.7)

    @property
    def candidates(self) -> NDArray[np.float64]:
        """How many of the data still count, (records,)."""
        return self.way.series["candidates"].values.ravel()

    @property
    def even(self) -> int:
        """The record at which signal and noise are the nearest to equal."""
        return int(np.argmin(np.abs(log_snr(self.way))))
