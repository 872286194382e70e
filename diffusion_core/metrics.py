"""Distances between samples of the plane, and the floor that two true samples of the same size give.

A distance between finite samples is never 0, not even between two samples of one law: it says something
only beside its `noise_floor`. Samples are (n, 2), in stage units; every point counts the same.
An argument that is no sample (another shape, no points, NaN or infinity) raises ValueError everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist, pdist
from scipy.special import rel_entr

from diffusion_core.distributions import Array

Metric: TypeAlias = Callable[[Array, Array], float]
"""A distance between two samples, (n, 2) and (m, 2)."""

Edges: TypeAlias = tuple[ArrayLike, ArrayLike]
"""Rising edges of a grid's cells along x (columns + 1,) and along y (rows + 1,), in stage units."""

_BLOCK = 1 << 18  # entries of a table of pairs that are held at a time: 2 MB, which stays in cache
_MEDIAN_POINTS = 2000  # half a million distances: more would not change a bandwidth that anyone can see
_ROUNDING = 1e-6  # by how much quadrature may overshoot a total mass of 1


def _points(sample: ArrayLike) -> Array:
    points = np.asarray(sample, float)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"a sample is an array (n, 2) of at least one point, not {points.shape}")
    if not np.all(np.isfinite(points)):
        raise ValueError("a sample must be finite: look for NaN and infinity in it")
    return points


def sliced_wasserstein(x: ArrayLike, y: ArrayLike, directions: int = 64) -> float:
    """Sliced Wasserstein-2: the root mean square, over directions, of W2 between the projections.

    The angles are πj/directions, so the value is deterministic. In one dimension W2² is the integral of
    (F⁻¹ − G⁻¹)², computed exactly for any two sizes. Cost O(directions · n log n), memory O(directions · m).

    Args:
        x: sample (n, 2).
        y: sample (m, 2).
        directions: 2 or more, otherwise ValueError: along a single one, some shifts go unseen.

    Source: Bonneel, Rabin, Peyré and Pfister (2015), "Sliced and Radon Wasserstein barycenters of
    measures", with the average over directions.

    >>> round(sliced_wasserstein([[0.0, 0.0]], [[3.0, 4.0]]) ** 2, 9)  # |c|²/2 for a shift by c
    12.5
    """
    return SlicedReference(y, directions).distance(x)


class SlicedReference:
    """A sample that others are held against by `sliced_wasserstein`: its projections are sorted only once.

    Args:
        y: sample (m, 2).
        directions: 2 or more, otherwise ValueError: along a single one, some shifts go unseen.
    """

    def __init__(self, y: ArrayLike, directions: int = 64) -> None:
        sample = _points(y)
        if directions < 2:
            raise ValueError(f"sliced Wasserstein needs 2 directions or more, not {directions}")
        angles = np.pi * np.arange(directions) / directions
        self._axes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        self._projections = [np.sort(sample @ axis) for axis in self._axes]
        self._size = len(sample)

    def distance(self, x: ArrayLike) -> float:
        """`sliced_wasserstein` between the sample x (n, 2) and this one."""
        sample = _points(x)
        of_sample, of_reference, widths = _shared_quantiles(len(sample), self._size)
        squares = []
        for axis, reference in zip(self._axes, self._projections, strict=True):
            apart = np.sort(sample @ axis)[of_sample] - reference[of_reference]
            squares.append(widths @ apart**2)
        return float(np.sqrt(np.mean(squares)))


def _shared_quantiles(n: int, m: int) -> tuple[np.ndarray, np.ndarray, Array]:
    """The intervals on which both empirical quantile functions are constant.

    Returns the rank in either sorted sample and the interval's width, each (intervals,). Breakpoints i/n
    and j/m are compared as integers, in units of 1/(nm), so that none is doubled by rounding.
    """
    if n == m:
        return np.arange(n), np.arange(n), np.full(n, 1 / n)
    breaks = np.union1d(m * np.arange(n + 1), n * np.arange(m + 1))
    return breaks[:-1] // m, breaks[:-1] // n, np.diff(breaks) / (n * m)


def wasserstein(x: ArrayLike, y: ArrayLike) -> float:
    """Wasserstein-2 between two samples of equal size, exact: the cheapest assignment of points to points.

    Cost grows like n³ and memory like 8n² bytes: about a second and 32 MB at n = 2,000, a sensible
    limit; beyond, take `sliced_wasserstein`. Source: Villani (2009), "Optimal Transport", definition 6.1.

    Args:
        x: sample (n, 2).
        y: sample (n, 2); another size raises ValueError.
    """
    first, second = _points(x), _points(y)
    if len(first) != len(second):
        raise ValueError(f"wasserstein needs samples of one size, not {len(first)} and {len(second)} points")
    costs = cdist(first, second, "sqeuclidean")
    return float(np.sqrt(costs[linear_sum_assignment(costs)].mean()))


def energy_distance(x: ArrayLike, y: ArrayLike) -> float:
    """2 E|X − Y| − E|X − X′| − E|Y − Y′| over all pairs of the two samples: the V-statistic, never below 0.

    It is a squared metric, and in one dimension the square of `scipy.stats.energy_distance`. Cost O(nm).

    Args:
        x: sample (n, 2).
        y: sample (m, 2).

    Source: Székely and Rizzo (2013), "Energy statistics: a class of statistics based on distances".
    """
    first, second = _points(x), _points(y)
    between = _mean_distance(first, second)
    within = _mean_distance(first, first) + _mean_distance(second, second)
    return max(0.0, 2 * between - within)  # the difference of equal sums may round to below 0


def _mean_distance(x: Array, y: Array) -> float:
    return sum(float(cdist(rows, y).sum()) for rows in _row_blocks(x, len(y))) / (len(x) * len(y))


def _row_blocks(x: Array, columns: int) -> Iterator[Array]:
    rows = max(1, _BLOCK // columns)
    return (x[i : i + rows] for i in range(0, len(x), rows))


def mmd(x: ArrayLike, y: ArrayLike, bandwidth: float | None = None) -> float:
    """Squared maximum mean discrepancy with the kernel exp(−|x − y|²/(2 bandwidth²)), unbiased.

    Its expected value is 0 between two samples of one law, so it may come out negative. Values compare
    only at one bandwidth: fix it for a curve and for its floor. Cost O((n + m)²).

    Args:
        x: sample (n, 2), n ≥ 2, otherwise ValueError.
        y: sample (m, 2), m ≥ 2.
        bandwidth: in stage units, positive, otherwise ValueError; by default `median_bandwidth(x, y)`.

    Source: Gretton, Borgwardt, Rasch, Schölkopf and Smola (2012), "A kernel two-sample test", eq. 3.
    """
    first, second = _points(x), _points(y)
    if min(len(first), len(second)) < 2:
        raise ValueError("the unbiased mmd needs two points or more in each sample")
    width = median_bandwidth(first, second) if bandwidth is None else bandwidth
    if not (np.isfinite(width) and width > 0):
        raise ValueError(f"a kernel needs a positive bandwidth, not {width}")
    between = _kernel_sum(first, second, width) / (len(first) * len(second))
    return _mean_off_diagonal(first, width) + _mean_off_diagonal(second, width) - 2 * between


def _mean_off_diagonal(x: Array, bandwidth: float) -> float:
    """E k(X, X′) over the pairs of different points; the diagonal adds k(x, x) = 1 for each point."""
    n = len(x)
    return (_kernel_sum(x, x, bandwidth) - n) / (n * (n - 1))


def _kernel_sum(x: Array, y: Array, bandwidth: float) -> float:
    blocks = (cdist(rows, y, "sqeuclidean") for rows in _row_blocks(x, len(y)))
    return sum(float(np.exp(squares / (-2 * bandwidth**2)).sum()) for squares in blocks)


def median_bandwidth(x: ArrayLike, y: ArrayLike) -> float:
    """Median distance between points of the pooled sample, the usual bandwidth of `mmd`.

    Of more than 2,000 points an even selection is taken, in order of position, so that neither the order
    of the points nor that of the samples matters. Source: Gretton et al. (2012), section 8.
    """
    pooled = np.concatenate([_points(x), _points(y)])
    stride = -(-len(pooled) // _MEDIAN_POINTS)
    return float(np.median(pdist(pooled[np.lexsort(pooled.T)][::stride])))


def bin_masses(log_prob: Callable[[Array], Array], edges: Edges, nodes: int = 24) -> Array:
    """Mass of a density in every cell of a grid, by Gauss–Legendre quadrature.

    Args:
        log_prob: log p, (..., 2) → (...).
        edges: of the cells, along x and along y.
        nodes: points a side of each cell; 24 integrate a Gaussian a sixteenth of a cell wide to 1e-6.

    Returns:
        (columns, rows): x first, as in `numpy.histogram2d`.
    """
    node, weight = np.polynomial.legendre.leggauss(nodes)
    (x, width), (y, height) = (_cell_nodes(np.asarray(along, float), node) for along in edges)
    points = np.stack(np.broadcast_arrays(x[:, None, :, None], y[None, :, None, :]), axis=-1)
    means = np.einsum("abij,i,j->ab", np.exp(log_prob(points)), weight / 2, weight / 2)
    return np.asarray(means * width[:, None] * height)


def _cell_nodes(edges: Array, node: Array) -> tuple[Array, Array]:
    """Nodes of [−1, 1] moved into every cell, (cells, nodes), and the cells' widths, (cells,)."""
    widths = np.diff(edges)
    return edges[:-1, None] + (node + 1) / 2 * widths[:, None], widths


def histogram_kl(x: ArrayLike, masses: ArrayLike, edges: Edges) -> float:
    """KL(f ‖ p) = Σ f_b log(f_b / p_b) in nats, of the share f of the points in each bin from p's bin masses.

    All that lies outside the grid is one more bin, of the mass that is left over. Between n independent
    draws of p and p itself it is about (bins − 1)/(2n), that bin included; it is infinite where a point
    lies in a bin without mass.

    Args:
        x: sample (n, 2).
        masses: (columns, rows), from `bin_masses`; ValueError if negative or of a sum above 1.
        edges: the same edges; ValueError if the masses do not fit them.

    Source: Kullback and Leibler (1951), "On information and sufficiency"; the mean is Wilks's (1938) χ².
    """
    points, inside = _points(x), np.asarray(masses, float)
    along_x, along_y = (np.asarray(along, float) for along in edges)
    if inside.shape != (len(along_x) - 1, len(along_y) - 1):
        raise ValueError(f"bin masses {inside.shape} do not fit {len(along_x)} by {len(along_y)} edges")
    if not (np.all(inside >= 0) and inside.sum() <= 1 + _ROUNDING):
        raise ValueError(f"bin masses must be 0 or more and sum to at most 1, not to {inside.sum():.6g}")
    counts = np.histogram2d(points[:, 0], points[:, 1], bins=(along_x, along_y))[0]
    shares = np.append(counts, len(points) - counts.sum()) / len(points)
    return float(rel_entr(shares, np.append(inside, max(0.0, 1 - inside.sum()))).sum())


class Masses(NamedTuple):
    """How much of a sample belongs to each part of p."""

    mass: Array  # (parts,)
    standard_error: Array  # (parts,)


def part_masses(responsibilities: ArrayLike) -> Masses:
    """A part's mass: the mean over particles of the posterior probability that the part produced them.

    Under p its expected value is exactly the part's weight. The standard errors hold for independent
    particles; a single one, which says nothing about the spread, has an infinite error.

    Args:
        responsibilities: (particles, parts), from `GaussianMixture.responsibilities`.
    """
    shares = np.asarray(responsibilities, float)
    if shares.ndim != 2 or len(shares) == 0:
        raise ValueError(f"responsibilities are an array (particles, parts), not {shares.shape}")
    count = len(shares)
    unknown = np.full(shares.shape[1], np.inf)
    return Masses(shares.mean(axis=0), shares.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else unknown)


def standard_errors_off(masses: Masses, targets: ArrayLike) -> Array:
    """Signed distance of each mass from its target, in standard errors: (parts,).

    Without any spread it is 0 where the mass is its target, and infinite elsewhere.
    """
    mass, error = masses
    off: Array = mass - np.asarray(targets, float)
    without_spread = np.where(off == 0, 0.0, np.copysign(np.inf, off))
    return np.asarray(np.divide(off, error, out=without_spread, where=error > 0))


def effective_sample_size(series: ArrayLike) -> float | Array:
    """How many independent draws would give the series' mean the same variance: n/τ, τ = 1 + 2 Σ ρ_k.

    The sum ends by Geyer's initial monotone sequence: pairs Γ_k = ρ_2k + ρ_2k+1 while they are positive,
    never rising, as they must for a reversible chain. At most n log₁₀ n is claimed for a series whose
    values alternate. A series that never changes counts 0: it cannot show what it has not visited.

    Args:
        series: (n,) or (n, m), one column a series; then the answer is a number or (m,).

    Source: Geyer (1992), "Practical Markov chain Monte Carlo", section 3.3; the limit n log₁₀ n is that of
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), "Rank-normalization, folding, and localization".
    """
    values = np.asarray(series, float)
    if values.ndim not in (1, 2) or len(values) == 0:
        raise ValueError(f"a series is an array (n,) or (n, m) of at least one value, not {values.shape}")
    if not np.all(np.isfinite(values)):
        raise ValueError("a series must be finite: look for NaN and infinity in it")
    n = len(values)
    covariance = _autocovariance(values)
    moves = (np.ptp(values, axis=0) > 0) & (covariance[0] > 0)  # a mean may round, a square underflow
    rho = covariance / np.where(moves, covariance[0], 1.0)
    pairs = rho[0 : n - 1 : 2] + rho[1:n:2]
    monotone = np.minimum.accumulate(pairs, axis=0)  # once it is not positive it stays so: nothing is added
    tau = 2 * np.maximum(monotone, 0.0).sum(axis=0) - 1
    smallest = 1 / max(1.0, np.log10(n))
    size: Array = np.where(moves, n / np.maximum(tau, smallest), 0.0)
    return size if size.ndim else float(size)


def _autocovariance(values: Array) -> Array:
    """Σ_i (x_i − x̄)(x_i+k − x̄)/n for lags k = 0 … n − 1, along the first axis."""
    n = len(values)
    padded = fft.next_fast_len(2 * n, real=True)  # zeros beyond the end, or the ends would correlate
    spectrum = fft.rfft(values - values.mean(axis=0), padded, axis=0)
    return np.asarray(fft.irfft(np.abs(spectrum) ** 2, padded, axis=0)[:n] / n)


class Floor(NamedTuple):
    """What a metric says of two independent samples of one law."""

    mean: float
    standard_deviation: float  # of a single value, not of the mean
    values: Array  # (repeats,)


def noise_floor(
    metric: Metric,
    sample: Callable[[int, np.random.Generator], Array],
    n: int,
    rng: np.random.Generator,
    repeats: int = 32,
    reference: int | None = None,
) -> Floor:
    """The values of a metric between independent true samples: what a perfect sampler would be told.

    Args:
        metric: such as `sliced_wasserstein`.
        sample: (n, generator) → (n, 2) independent draws, such as a distribution's `sample`.
        n: size of the sample that is judged.
        rng: the only source of randomness.
        repeats: 2 or more, otherwise ValueError; the deviation is known to about 1/√(2 repeats) of itself.
        reference: size of the sample it is held against; n by default.
    """
    if repeats < 2:
        raise ValueError(f"a noise floor needs 2 repeats or more to have a spread, not {repeats}")
    size = n if reference is None else reference
    values = np.array([metric(sample(n, rng), sample(size, rng)) for _ in range(repeats)])
    return Floor(float(values.mean()), float(values.std(ddof=1)), values)
