"""One answer only: the posterior's mean, a network's guess of it, and a moment at which it lies in a gap."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np
from manim import Circle, FadeIn, Group, Line, Mobject, ValueTracker
from numpy.typing import NDArray

from scenes import theme
from scenes.clocks import late
from scenes.denoiser_sections.film import GUESS, MEAN, DenoiserFilm
from scenes.diffusion_film import log_snr, shares
from scenes.mobjects.legend import Legend
from scenes.mobjects.raster import Window
from scenes.mobjects.readout import Readout
from scenes.mobjects.zoom_inset import ZoomInset

COMPARABLE: Final = 1.0
"""Signal and noise are comparable within this much of log-SNR 0."""
GAP, INSET = 1.6, 4.2
"""Half of what is magnified, in distances from the mean to the nearest of the data; and its side on the board."""


class MeanSection(DenoiserFilm):
    """The answer that errs the least on average, and is none of the data."""

    def ask_for_one_answer(self) -> None:
        """The posterior's mean, the network's guess beside it, and a moment at which the mean lies in a gap.

        A denoiser has to give one answer, and the one with the least squared error is the mean of the
        posterior. The violet dot is the guess of a trained network, which has never been told of this sum; see
        how close it comes. Then look at the gap: the mean of several candidates may lie where there is no
        candidate at all. Ask for other examples of a mean that nobody is: the average family, the blurred
        photograph.
        """
        self.leave()
        clock, run = ValueTracker(0), self.way
        rasters = [self.data(), self.weights(), self.mean(), self.guess(), self.one()]
        data, weights, mean, guess, one = rasters
        rays = self.rays(one).set_opacity(theme.TRACE)
        live = [self.time_of(run), self.slider_of(run), rays, weights, mean, one]
        said = "One answer only? The least-squares one is their mean."
        self.beat("mean: answer", said, FadeIn(data, *live))
        beside = self.ask_the_network(guess)
        live += [guess, beside[-1]]
        self.on_way(clock, run, *live)
        self.go(clock, float(shares(run)[self.frozen]), 3.8, rays, weights, mean, guess, one)
        self.release(*live)
        self.look_closely(rasters, *beside)

    def ask_the_network(self, guess: Any) -> list[Any]:
        """The network's guess; beside it which network, a legend, and how far its guess is from the mean."""
        card = self.network_card(self.recipe_of("spiral-net"), 0.8)
        entry = (f"the mean of the {len(self.points):,} points, by weight", "exact", "dot")
        legend = self.on_board(Legend([entry, ("a network's guess $hat(x)_0$", "learned", "dot")]), 2.3)
        apart = self.on_board(Readout(self.apart, "guess to mean", ".2f"), 3.7)
        within = np.ceil(100 * self.apart[: self.frozen + 1].max()) / 100
        said = f"Its guess for all of $p$ keeps within {within:.2f} of this mean of {len(self.points):,} points."
        self.beat("mean: network", said, FadeIn(guess, card, legend, apart))
        self.rest(0.6)
        return [card, legend, apart]

    def look_closely(self, rasters: list[Any], *gone: Mobject) -> None:
        """The gap around the mean, magnified."""
        mean, gap = self.means[self.frozen], float(self.gaps[self.frozen])
        low, high = mean - GAP * gap, mean + GAP * gap
        center = [self.zones.board_center[0], self.zones.board_top - 0.6 - INSET / 2, 0.0]
        window = Window(low[0], high[0], low[1], high[1])
        inset = ZoomInset(rasters[0], window, *rasters[:4], side=INSET, center=np.array(center))
        for i, size in ((2, MEAN), (3, GUESS)):
            inset.content(i).set_radius_in_scene(1.3 * size)
        said, measured = f"The mean need not be one of the data: the nearest is {gap:.2f} away.", self.reach(inset)
        self.beat("mean: empty", said, *map(self.fade_away, gone), late(FadeIn, Group(inset, *measured)))

    def reach(self, inset: ZoomInset) -> list[Mobject]:
        """A circle around the mean through the nearest of the data, and its radius."""
        mean = self.means[self.frozen]
        look: dict[str, Any] = {"color": self.look.ink, "stroke_width": 2}
        nearest = self.points[np.linalg.norm(self.points - mean, axis=1).argmin()]
        radius = Line(*inset.coords_to_point([mean, nearest]), **look)
        return [Circle(radius.get_length(), **look).move_to(radius.get_start()), radius]

    def mean(self) -> Any:
        """The mean of the data by weight."""
        return self.dots(self.means[:, None], 2, radius=MEAN, color=self.look.exact)

    def guess(self) -> Any:
        """What the network guesses for the noisy point."""
        return self.dots(self.guesses[:, :1], 3, radius=GUESS, color=self.look.learned)

    @property
    def apart(self) -> NDArray[np.float64]:
        """From the network's guess to the mean, (records,)."""
        return np.asarray(np.linalg.norm(self.guesses[:, 0] - self.means, axis=1))

    @property
    def gaps(self) -> NDArray[np.float64]:
        """From the mean to the nearest of the data, (records,)."""
        return np.asarray(np.linalg.norm(self.means[:, None] - self.points, axis=-1).min(axis=1))

    @cached_property
    def frozen(self) -> int:
        """Of the records of comparable signal and noise, the one whose mean is farthest from all data."""
        comparable = np.abs(log_snr(self.way)) <= COMPARABLE
        return int(np.argmax(np.where(comparable, self.gaps, self.gaps.min())))
