"""Densities and scores where films draw them: on the square window, clean or at a noise level.

Exact for mixtures and for points. For other targets p_t is an integral over the clean points, taken by the
trapezoid rule with nodes no farther apart than the noise is wide; noise too narrow to be seen is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffusion_core.distributions import Array, Distribution, GaussianMixture, PointSet
from diffusion_core.schedules import Level, Schedule
from diffusion_core.trajectory import Grid, Series

WINDOW = 3.15  # half-side of the drawn square, in data units
SHARP = np.linspace(-WINDOW, WINDOW, 421)  # where the pixels of a density that stands still are
FINE = np.linspace(-WINDOW, WINDOW, 211)  # where the pixels of a density that changes stand
COARSE = np.linspace(-WINDOW, WINDOW, 23)[1:-1]  # where arrows stand

_SPACING = 0.03  # of the nodes, at most: as far apart as the narrowest picture is wide
_NARROWEST = 0.012  # σ/α below which noise is left out; a picture of that width would be blurred by a twelfth
_BROADEST = 1.6  # σ/α beyond which the clean points' own reach matters more than the window


def plane(axis: Array) -> Array:
    """The points of the square grid of an axis, (n,) → (n, n, 2)."""
    return np.stack(np.meshgrid(axis, axis), axis=-1)


def density_at(target: Distribution, axis: Array) -> Array:
    """p on the square grid of an axis, (n,) → (n, n)."""
    return np.asarray(np.exp(target.log_prob(plane(axis))))


def grid_on(axis: Array, values: Array) -> Grid:
    """Values on the square grid of an axis, (…, n, n) or (…, n, n, 2), and the window that they fill."""
    return Grid(values, (float(axis[0]), float(axis[-1])) * 2)


def density_grid(target: Distribution, axis: Array) -> Grid:
    """p as it is drawn, in single precision."""
    return grid_on(axis, density_at(target, axis).astype(np.float32))


def levels_series(noise: Schedule, times: ArrayLike, steps: NDArray[np.integer]) -> Series:
    """t, α and σ at some times of a schedule, (n,); `steps` are what the series counts, (n,)."""
    at = np.asarray(times, np.int64)
    values = np.stack([noise.times[at], noise.alpha[at], noise.sigma[at]], axis=1)
    return Series(steps, values, ("t", "alpha", "sigma"))


def diffused_density(target: Distribution | PointSet, levels: Sequence[Level], axis: Array = FINE) -> Array:
    """Density of αx + σε, ε from N(0, I), on the square grid of an axis: (levels, n, n)."""
    if isinstance(target, (GaussianMixture, PointSet)):
        return np.stack([density_at(target.diffused(*level), axis) for level in levels])
    return np.stack([_Quadrature(target, level, axis).density() for level in levels])


def diffused_score(target: Distribution | PointSet, levels: Sequence[Level], axis: Array = COARSE) -> Array:
    """Score of αx + σε on the square grid of an axis: (levels, n, n, 2)."""
    if isinstance(target, (GaussianMixture, PointSet)):
        return np.stack([target.diffused(*level).score(plane(axis)) for level in levels])
    return np.stack([_Quadrature(target, level, axis).score() for level in levels])


def diffused_grids(target: Distribution, law: Distribution | PointSet, levels: Sequence[Level]) -> dict[str, Grid]:
    """What films draw: the target as it is, and at some levels the density and score of a law made noisy."""
    return {
        "density": density_grid(target, SHARP),
        "diffused": grid_on(FINE, diffused_density(law, levels).astype(np.float32)),
        "score": grid_on(COARSE, diffused_score(law, levels)),
    }


class _Quadrature:
    """∫ p(x₀) N(x; αx₀, σ²I) f(x₀) dx₀ on a grid of x, one axis after the other."""

    def __init__(self, target: Distribution, level: Level, axis: Array) -> None:
        self._target, self._level, self._axis = target, level, axis
        self._ratio = level.sigma / level.alpha
        if self._ratio >= _NARROWEST:
            spacing = min(_SPACING, self._ratio)
            reach = np.clip(target.extent, WINDOW, WINDOW + 4 * _BROADEST)
            self._nodes = spacing * np.arange(-np.ceil(reach / spacing), np.ceil(reach / spacing) + 1)
            apart = (axis[:, None] - level.alpha * self._nodes) / level.sigma
            self._kernel = np.exp(-(apart**2) / 2) * spacing / (np.sqrt(2 * np.pi) * level.sigma)
            self._p = density_at(target, self._nodes)

    def density(self) -> Array:
        """p_t, (n, n)."""
        if self._ratio < _NARROWEST:
            return density_at(self._target, self._axis / self._level.alpha) / self._level.alpha**2
        return np.asarray(self._kernel @ self._p @ self._kernel.T)

    def score(self) -> Array:
        """(α E[x₀ | x_t] − x_t)/σ², (n, n, 2); 0 where p_t is 0 to the last digit."""
        x, (alpha, sigma) = plane(self._axis), self._level
        if self._ratio < _NARROWEST:
            return self._target.score(x / alpha) / alpha
        along_x = self._kernel @ self._p @ (self._kernel * self._nodes).T
        along_y = (self._kernel * self._nodes) @ self._p @ self._kernel.T
        density = self.density()[..., None]
        sums = np.stack([along_x, along_y], axis=-1)
        guess = np.divide(sums, density, out=x / alpha, where=density > 0)
        return np.asarray((alpha * guess - x) / sigma**2)
