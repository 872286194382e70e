"""What noisy points say of the clean one they come from, where the data are points: p(x₀ | x_t) along a path."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import entropy

from diffusion_core.diffusion import posterior
from diffusion_core.distributions import Array, PointSet
from diffusion_core.schedules import Level
from diffusion_core.trajectory import Series


def weights_along(data: PointSet, path: Array, levels: Sequence[Level]) -> Array:
    """p(x₀ | x_t) over the data's points, at places (records, 2) and their levels: (records, points).

    Without noise it is the nearest point.
    """
    rows = []
    for place, level in zip(path, levels, strict=True):
        if level.sigma > 0:
            rows.append(posterior(data, place[None], level).weights[0])
        else:
            apart = np.linalg.norm(level.alpha * data.means - place, axis=1)
            rows.append(np.eye(len(apart))[apart.argmin()])
    return np.array(rows)


def posterior_series(
    data: PointSet, path: Array, levels: Sequence[Level], steps: NDArray[np.integer]
) -> dict[str, Series]:
    """The points (points, 2), and for each record their weights, their mean E[x₀ | x_t] and how many still count.

    That number is e to the entropy of the weights: k equal ones and the rest 0 give k.
    """
    weights = weights_along(data, path, levels)
    numbers = np.arange(len(data.means))
    return {
        "points": Series(numbers, data.means, ("x", "y")),
        "weights": Series(steps, weights, tuple(f"point {k}" for k in numbers)),
        "mean": Series(steps, weights @ data.means, ("x", "y")),
        "candidates": Series(steps, np.exp(entropy(weights, axis=1)), ("candidates",)),
    }
