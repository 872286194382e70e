"""How grainy a sample is: its shares of the cells of the window against p's own, and what true samples have."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffusion_core import metrics
from diffusion_core.distributions import Array, Distribution
from diffusion_core.fields import WINDOW
from diffusion_core.trajectory import Series

SIDE = 100  # cells a side; a million particles are 100 a cell on average, and still grainy by some percent

_NODES = 8  # a side and cell: the mass of a Gaussian a fifth of a cell wide to 1e-5


class Cells:
    """A square grid over the window, and one more cell for everything outside it.

    Cells are counted row by row from the lowest y, in a row from the lowest x; the outside comes last.

    Args:
        target: p.
        side: cells a side.
    """

    def __init__(self, target: Distribution, side: int) -> None:
        self.side = side
        self.edges = np.linspace(-WINDOW, WINDOW, side + 1)
        inside = metrics.bin_masses(target.log_prob, (self.edges, self.edges), _NODES).T.ravel()
        self.masses = np.append(inside, max(0.0, 1 - inside.sum()))  # of p, (side² + 1,)

    def counts(self, points: Array) -> NDArray[np.int64]:
        """How many of the points (n, 2) lie in each cell, (side² + 1,)."""
        cell = np.floor((points + WINDOW) * (self.side / (2 * WINDOW)))
        inside = ((cell >= 0) & (cell < self.side)).all(axis=1)
        index = np.where(inside, cell[:, 1] * self.side + cell[:, 0], self.side**2).astype(np.int64)
        return np.bincount(index, minlength=self.side**2 + 1)

    def gap(self, counts: NDArray[np.int64]) -> float:
        """Total variation ½ Σ |share − mass| between counts (side² + 1,) and p: from 0 to 1."""
        shares = counts / max(1, counts.sum())
        return float(np.abs(shares - self.masses).sum() / 2)


def expected_gap(masses: ArrayLike, n: int) -> float:
    """½ Σ E|X/n − m| with X from Binomial(n, m): the gap that n independent draws of p have on average.

    De Moivre's mean absolute deviation, E|X − nm| = 2 ν (1 − m) b(ν; n, m) with ν = ⌊nm⌋ + 1 and b the binomial
    probabilities. Source: De Moivre (1730), "Miscellanea Analytica"; Diaconis and Zabell (1991), "Closed form
    summation for classical distributions: variations on a theme of De Moivre".

    Args:
        masses: m of all cells, summing to 1.
        n: number of draws.

    >>> expected_gap([0.5, 0.5], 2)  # half the pairs lie in one cell: 1/2 off; the others are right
    0.25
    """
    from scipy.stats import binom  # half a second, which only runs of many particles pay

    m = np.asarray(masses, float)
    above = np.floor(n * m) + 1
    return float((above * (1 - m) * binom.pmf(above, n, m)).sum() / n)


def sizes_up_to(particles: int) -> list[int]:
    """10, 100, … as far as there are particles, and their whole number."""
    powers = 10 ** np.arange(1, 19)
    return [*powers[powers < particles].tolist(), particles]


def grain_series(target: Distribution, points: Array, step: NDArray[np.int64]) -> dict[str, Series]:
    """How far the first 10, 100, … of the points (n, 2) are from p, cell by cell: "grain", and "grain_floor".

    The floor is what as many true samples have on average. What lies above it no further particle mends: it is the
    sampler's own error, and the network's.

    Args:
        target: p.
        points: all particles, which are independent.
        step: number of the iteration that led there, (1,).
    """
    cells, sizes = Cells(target, SIDE), sizes_up_to(len(points))
    counts = np.cumsum([cells.counts(points[a:b]) for a, b in pairwise([0, *sizes])], axis=0)
    gaps = [[cells.gap(some) for some in counts]]
    floors = [[expected_gap(cells.masses, size) for size in sizes]]
    labels = tuple(map(str, sizes))
    return {"grain": Series(step, np.array(gaps), labels), "grain_floor": Series(step, np.array(floors), labels)}
