"""What a score is: from a noisy point towards the mean of all clean points that it may come from.

`manim -pqh scenes/score.py ScoreFieldScene`; everything is exact, for data that are 400 points.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from manim import DOWN, LEFT, FadeIn, MathTypst, ValueTracker, VGroup

from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.clocks import late
from scenes.diffusion_film import DiffusionFilm, shares
from scenes.formulas import IDEAL, coloured
from scenes.mobjects.legend import Legend
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.moving_arrow import MovingArrow
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.rays import Rays
from scenes.mobjects.readout import Readout
from scenes.mobjects.weighted_points import WeightedPoints
from scenes.mobjects.words import mathematics, words
from scenes.storyboard import Storyboard

TOLD = 0.6
"""σ at which a single place is looked at, in data units: two arms of the spiral are in reach."""
WELL = 1.3
"""σ at which the field is first shown: broad, and still inside the stage."""
ARMS = 0.12
"""σ at which the field is left: fine enough for arms, and still blind for single points."""
DOT = 0.035
"""Radius of a data point, in data units."""
MEAN = 0.1
"""Radius of the best guess."""


class ScoreFieldScene(DiffusionFilm):
    """The exact score of points under noise, at one place and everywhere, as the noise falls.

    Attributes to change: `target`, `place`, `points`, `particles`, `seed`, and those of every film.
    """

    particles: ClassVar[int] = 2000
    """Noisy points whose guesses are shown."""
    points: ClassVar[int] = 400
    """The data: so many points of the target."""
    place: ClassVar[tuple[float, float]] = (2.0, -1.8)
    """The noisy point that is looked at."""

    def storyboard(self) -> Storyboard:
        """The sections."""
        return {
            "one place": self.look_from_one_place,
            "less noise": self.take_noise_away,
            "score": self.name_the_score,
            "field": self.show_the_field,
            "guesses": self.guess_everywhere,
        }

    # Runs.

    def runs(self) -> Collection[Any]:
        """All of the film's."""
        return (self.run_shown, self.guessed)

    @cached_property
    def run_shown(self) -> Trajectory:
        """Points under noise, t = 0 … T, and what the place says of them."""
        return self.run_of("spiral-points", points=self.points, place=self.place)

    @cached_property
    def guessed(self) -> Trajectory:
        """The best guesses for the same noisy points."""
        return self.run_of("spiral-guesses", points=self.points, place=self.place)

    def record_at(self, sigma: float) -> int:
        """The record at which the noise is nearest to this width."""
        noise = self.run_shown.series["levels"].values[1:, 2]
        return 1 + int(np.abs(np.log(noise / sigma)).argmin())

    def share_at(self, sigma: float) -> float:
        """The clock's value at that record."""
        return float(shares(self.run_shown)[self.record_at(sigma)])

    # What is seen from the place.

    @cached_property
    def data(self) -> ParticleCloud:
        """The data points, faint."""
        points, run = self.run_shown.series["points"].values, self.run_shown
        cloud = ParticleCloud(points[None], fingerprint=f"{run.hash}-data", radius=DOT, opacity=0.4)
        return self.on_stage(cloud)

    @cached_property
    def here(self) -> ParticleCloud:
        """The place."""
        return self.hero(np.array([[self.place]]), f"{self.place}")

    @cached_property
    def rays(self) -> Rays:
        """Lines from the place to the points, thick where the weight is."""
        run = self.run_shown
        starts = np.broadcast_to(self.place, (len(run.steps), 2))
        made = Rays(
            starts, run.series["points"].values, run.series["weights"].values,
            place=self.data, color=self.look.exact, fingerprint=run.hash,
        )  # fmt: skip
        made.eased = True
        return made

    @cached_property
    def weights(self) -> WeightedPoints:
        """The points, as large as their weights."""
        run = self.run_shown
        made = WeightedPoints(
            run.series["points"].values, run.series["weights"].values,
            color=self.look.exact, fingerprint=run.hash,
        )  # fmt: skip
        made.eased = True
        return self.on_stage(made)

    @cached_property
    def mean(self) -> ParticleCloud:
        """The weighted mean: the best guess."""
        run = self.run_shown
        mean, look = run.series["mean"].values[:, None], {"color": self.look.exact, "radius": MEAN}
        made = self.hero(mean, f"{run.hash}-mean", **look)
        made.eased = True
        return made

    @cached_property
    def arrow(self) -> MovingArrow:
        """From the place to the guess."""
        run = self.run_shown
        starts = np.broadcast_to(self.place, (len(run.steps), 2))
        made = MovingArrow(
            starts, run.series["mean"].values, place=self.data, color=self.look.exact, fingerprint=run.hash
        )
        made.eased = True
        return made

    @cached_property
    def sigma(self) -> Readout:
        """How wide the noise is."""
        widths = self.run_shown.series["levels"].values[:, 2]
        made: Readout = self.at_top_right(Readout(widths, "$sigma =$", ".2f"))
        return made

    # Section 1.

    def look_from_one_place(self) -> None:
        """From one noisy point to all that it may come from.

        Everything here is exact, for data that consist of just these points. Bayes' rule gives each of them a
        weight that falls off as a Gaussian with its distance, as wide as the noise. The weighted mean is the
        guess with the least squared error. Ask: does the guess have to be a likely point itself? No: between
        two groups of points it may lie where there are none.
        """
        live = [self.rays, self.weights, self.mean, self.sigma]
        self.on_way(ValueTracker(self.share_at(TOLD)), self.run_shown, *live)
        question = f"A noisy point. Which of these {self.points} points did it come from?"
        noisy = self.on_board(self.formula("noise"), 0.2)
        seen = self.data, self.here, self.sigma, noisy
        self.beat("one place: question", question, *map(FadeIn, seen))
        likely = "The nearer a point, the likelier it is: the thicker the line."
        weight = self.on_board(self.formula("weights"), 1.1)
        self.beat("one place: weights", likely, FadeIn(self.rays), FadeIn(self.weights), FadeIn(weight))
        guess = self.on_board(self.formula("guess"), 2.3)
        best = "The least-squares guess is their mean: each counts by its weight."
        self.beat("one place: mean", best, FadeIn(self.mean), FadeIn(guess))

    def formula(self, name: str, font_size: float = theme.FONT_BODY) -> MathTypst:
        """A formula of the ideal denoiser."""
        return coloured(IDEAL[name], self.look, font_size)

    # Section 2.

    def take_noise_away(self) -> None:
        """The same place, as the noise falls.

        The place stays the same, only the width of the noise changes. In much noise all weights are nearly
        equal, and the guess is the mean of everything; in little noise the nearest point has all the weight.
        The curve is e to the entropy of the weights, which counts how many still matter. Ask: what would a
        network make that had learned this to perfection, down to no noise? Exactly the points that it was
        trained on.
        """
        run, seen = self.run_shown, [self.data, self.here, self.rays, self.weights, self.mean]
        self.leave(*seen)
        clock, curve, slider = ValueTracker(self.share_at(TOLD)), self.candidates(), self.slider_of(run)
        live = [self.rays, self.weights, self.mean, self.sigma, slider]
        self.on_way(clock, run, *live)
        everything = "With more noise it may come from any: nearly the mean of all."
        self.beat("less noise: much", everything, *self.enter(*seen, self.sigma, slider))
        self.run_clock(clock, 1, 3)
        self.clocked(clock, curve, moment=lambda share: len(run.steps) - 1 - self.way_of(run)(share))
        self.beat("less noise: fall", "With less noise, ever fewer points count.", FadeIn(curve))
        self.run_clock(clock, 0, 7)
        self.beat("less noise: one", "In the end a single one is left, the nearest.")
        self.release(*live, curve)

    def candidates(self) -> LiveCurve:
        """How many points still count, from much noise to none."""
        run = self.run_shown
        falling = run.series["candidates"].values[::-1]
        return self.candidates_of(run.steps, falling, 0.9, height=2.0, steps_name="level")

    # Section 3.

    def name_the_score(self) -> None:
        """Score = (guess − where you are)/σ², with the numbers that are drawn.

        The arrow from the noisy point to its best guess, divided by the variance of the noise, is the gradient
        of the logarithm of the blurred density. No approximation is involved, and it holds for any data; it is
        known as Tweedie's formula (Efron, 2011). So whoever can denoise knows the score, and the other way
        round. Ask for the third reading: where you are less the guess, over σ, is the best estimate of the
        noise itself.
        """
        self.leave(self.data, self.here)
        live = [self.mean, self.arrow]
        self.on_way(ValueTracker(self.share_at(TOLD)), self.run_shown, *live)
        formula, rows = self.on_board(self.formula("score", theme.FONT_TITLE), 0.4), self.numbers()
        entering = self.enter(self.data, self.here, *live, rows[0])
        self.beat("score: guess", "From where you are to the guess ...", *entering)
        self.release(*live)
        exactly, credit = "... over $sigma^2$: that is the score, exactly.", self.credit("diffusion.score_of")
        self.beat("score: divided", exactly, FadeIn(formula), FadeIn(rows[1]), FadeIn(credit))

    def numbers(self) -> list[Any]:
        """What is drawn, in numbers."""
        run = self.run_shown
        record, x = self.record_at(TOLD), np.array(self.place)
        guess, sigma = run.series["mean"].values[record], run.series["levels"].values[record, 2]
        score = (guess - x) / sigma**2
        texts = [
            f"x = ({x[0]:.2f}, {x[1]:.2f}), quad hat(x)_0 = ({guess[0]:.2f}, {guess[1]:.2f})",
            f"sigma = {sigma:.2f}, quad nabla log p_sigma (x) = ({score[0]:.2f}, {score[1]:.2f})",
        ]
        rows = VGroup(*(mathematics(text, theme.FONT_SMALL, self.look.exact) for text in texts))
        rows.arrange(DOWN, buff=0.35, aligned_edge=LEFT)
        self.on_board(rows, 2.2)
        return list(rows)

    # Section 4.

    def show_the_field(self) -> None:
        """The same at every place, as the noise falls.

        The same formula at every place of a grid. With much noise there is one broad hill, and arrows from
        everywhere lead to the middle; with less noise the field learns about ever finer shapes, one after the
        other. That is the reason for starting with much noise: from far away only the coarse field points the
        right way. Ask what the field looks like in the very end: each data point has its own basin.
        """
        self.leave()
        run, clock = self.run_shown, ValueTracker(self.share_at(WELL))
        field, density, slider = self.field_of(run, "score", "exact"), self.diffused_of(run), self.slider_of(run)
        self.over_moments(clock, run, field, density)
        self.on_way(clock, run, slider, self.sigma)
        legend = self.on_board(Legend([("the score, faint where weak at this $sigma$", "exact", "arrow")]), 0.9)
        entering = FadeIn(density), FadeIn(field), FadeIn(slider, self.sigma, legend)
        self.beat("field: well", "Everywhere at once. In much noise: broad and smooth.", *entering)
        self.beat("field: fall", "As the noise falls, the arrows turn to ever finer shapes.")
        self.run_clock(clock, self.share_at(ARMS), 8)
        self.release(field, density, slider, self.sigma)

    # Section 5.

    def guess_everywhere(self) -> None:
        """The best guesses of all noisy points: mean, blur, shape, points.

        Each dot is the best guess for one noisy point. Read it as one film of what a perfect denoiser would
        say at each level: first the mean of the data, the same for everybody, then a blur, then the shape, and
        in the end the data points themselves. Ask what that tells about one-step generation: from pure noise,
        the best guess is the mean, and a mean is no sample.
        """
        self.leave()
        run, clock = self.guessed, ValueTracker(1)
        cloud, slider = self.cloud(run, radius=1.5 * theme.DOT_RADIUS, color=self.look.exact), self.slider_of(run)
        self.on_way(clock, run, cloud, slider, self.sigma)
        text = words(f"best guesses of {self.particles:,} noisy points", color=self.look.exact)
        beside = FadeIn(slider, self.sigma, self.on_board(text, 0.9))
        entering = FadeIn(self.data.set_opacity(theme.TRACE)), FadeIn(cloud), beside
        self.beat("guesses: mean", "Guess for each noisy point: all guesses near one mean.", *entering)
        self.beat("guesses: shape", "Less noise: a blur, then a shape, then the points.")
        self.go(clock, 0, 8, cloud)
        self.release(cloud, slider, self.sigma)
        formula = self.on_board(self.formula("score", theme.FONT_TITLE), 1.9)
        change = self.fade_away(self.sigma), self.fade_away(slider), late(FadeIn, formula)
        self.beat("guesses: moral", "Whoever knows the best guess knows the score.", *change, poster=True)
