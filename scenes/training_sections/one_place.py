"""Many noises lead to one place; what can be said of them there is their mean, and that is the score."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from manim import DOWN, LEFT, Circle, FadeIn, ValueTracker, VGroup
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.moving_arrow import MovingArrow
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.words import words
from scenes.mobjects.zoom_inset import ZoomInset
from scenes.steps import around
from scenes.training_sections.film import TrainingFilm

NEAR, COMPANY, INNER = 0.6, 12, 2.0
"""Points within so many σ_t of a place are near it; so many should be; how far out it may lie along an axis."""


class OnePlaceSection(TrainingFilm):
    """The best answer at a place is the mean of the noises that lead there."""

    def average_at_one_place(self) -> None:
        """The noises that lead near a place, then their mean.

        Many different noises lead to the neighbourhood of one place, and the network has to give a single
        answer there. The answer with the least squared error is their mean. Up to the factor −1/σ_t, the mean
        over all of them is the score of p_t, so the arrow turned round points uphill. Compare the two numbers,
        and do not ask for more agreement than the mean of so few noises can give. This is denoising score
        matching: nobody has told the network the score, and yet it learns it.
        """
        self.leave()
        run, t = self.jumps, self.blurred.t
        cloud, time = self.cloud(run).show(t), self.time_of(run).show(t)
        starts, ends = self.ends_near()
        self.inset, density = self.open_inset(cloud, starts, ends), self.diffused()
        self.beat(
            "one place: noises",
            "Many noisy points land near one place, each by a different noise.",
            FadeIn(cloud, self.inset, self.ring(), time),
        )
        fan = [self.growing(*both, "chance", 0.025) for both in zip(starts, ends, strict=True)]
        self.grow(fan)
        self.show_mean(fan, density, np.mean(ends - starts, axis=0))

    @property
    def radius(self) -> float:
        """Of what is near a place."""
        return NEAR * self.blurred.sigma

    @cached_property
    def place(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """A point (2,) of the fields' grid, its exact score, and which noisy points are near it.

        Of the inner ones with enough company, the one with the largest score.
        """
        values, (left, right, *_) = self.training.grids[f"exact_{self.blurred.number}"]
        axis = np.linspace(left, right, values.shape[1])
        grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        scores = np.asarray(values, float).reshape(-1, 2)
        points = self.jumps.positions[self.blurred.t]
        near = np.linalg.norm(grid[:, None] - points, axis=-1) < self.radius
        counts = near.sum(axis=1) * (np.abs(grid).max(axis=1) < INNER)
        enough = counts >= min(COMPANY, counts.max())
        i = int(np.argmax(np.where(enough, np.linalg.norm(scores, axis=1), -1)))
        return grid[i], scores[i], np.flatnonzero(near[i])

    def ends_near(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of the noises that led near the place, where they began, α_t x₀, and ended, x_t: (n, 2) each."""
        run, near, level = self.jumps, self.place[2], self.blurred
        return level.alpha * run.positions[0, near].astype(float), run.positions[level.t, near].astype(float)

    def open_inset(self, cloud: ParticleCloud, *shown: NDArray[np.float64]) -> ZoomInset:
        """The square around what is shown; p_t is in it, and not yet seen."""
        place, side = self.place[0], self.zones.board_width - 1.9
        window = around(np.concatenate([*shown, [place - self.radius, place + self.radius]]), 0.85)
        center = np.array([self.zones.board_left + side / 2, self.zones.board_top - side / 2, 0.0])
        inset = ZoomInset(cloud, window, self.diffused(), cloud, side=side, center=center)
        inset.content(0).set_opacity(0)
        inset.content(1).set_radius_in_scene(0.5 * theme.HERO_RADIUS)
        return inset

    def diffused(self) -> DensityMap:
        """p_t at the blurred level, dimmed."""
        moments = self.jumps.series["moments"].values[:, 0]
        made = self.diffused_of(self.jumps)
        return made.show(int(np.flatnonzero(moments == self.blurred.t)[0]))

    def ring(self) -> Circle:
        """What is near, in the inset."""
        center, edge = self.inset.coords_to_point([self.place[0], self.place[0] + [self.radius, 0]])
        return Circle(np.linalg.norm(edge - center), color=self.look.ink, stroke_width=2).move_to(center)

    def show_mean(self, fan: list[MovingArrow], density: DensityMap, mean: NDArray[np.float64]) -> None:
        """The mean of the noises, and the exact score, which is its opposite."""
        (place, score, near), sigma = self.place, self.blurred.sigma
        found = words(f"mean of these {len(near)} noises: {pair(mean / sigma)}", color=self.look.chance)
        exact = words(f"exact $sigma_t nabla log p_t$: {pair(sigma * score)}", color=self.look.exact)
        rows = VGroup(found, exact).arrange(DOWN, buff=0.3, aligned_edge=LEFT)
        self.on_board(rows, self.inset.frame.height + 0.4)
        kick = self.growing(place - mean, place, "chance")
        climb = self.growing(place, place + sigma**2 * score, "exact")
        self.beat(
            "one place: mean",
            "The best answer is their mean." + " Turned round, it points uphill." * bool(mean @ score < 0),
            *(arrow.animate.set_opacity(theme.TRACE) for arrow in fan),
            FadeIn(found),
        )
        self.grow([kick])
        brighter = self.inset.content(0).animate(run_time=1.5).set_opacity(self.look.dimmed)
        gone = (arrow.animate(run_time=1.5).set_opacity(0) for arrow in (*fan, kick))
        self.grow([climb], brighter, FadeIn(density, exact, run_time=1.5), *gone)

    def growing(self, start: Any, end: Any, role: str, width: float = 0.06) -> MovingArrow:
        """An arrow in the inset that grows from record 0 to record 1."""
        ends, color = np.stack([start, end]), getattr(self.look, role)
        arrow = MovingArrow(np.stack([start, start]), ends, place=self.inset, color=color, width=width)
        arrow.eased = True
        return arrow

    def grow(self, arrows: list[MovingArrow], *others: Any) -> None:
        """Let arrows grow, while other animations play."""
        clock = ValueTracker(0)
        self.add(*arrows)
        self.clocked(clock, *arrows)
        self.run_clock(clock, 1, 1.5, None, *others)
        self.release(*arrows)


def pair(vector: NDArray[np.floating]) -> str:
    """Two numbers, as mathematics."""
    return f"$({vector[0]:.2f}, {vector[1]:.2f})$"
