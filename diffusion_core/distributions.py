"""Target densities p(x) on the plane: three methods each, `log_prob`, `score` and `sample`.

Shapes: x is (..., 2); `log_prob` gives (...), `score` = ∇ log p gives (..., 2), `sample` gives (n, 2).
Named shapes made from these classes stand in `shapes.py`, pictures in `pictures.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, logsumexp

from diffusion_core.errors import DistributionError

Array: TypeAlias = NDArray[np.float64]

_BLOCK = 1 << 16  # entries of the (particles, components) table kept in cache at a time
_LARGE = 1 << 12  # entries from which on it pays to look which exponentials are needed at all
_NEGLIGIBLE = -45.0  # logarithm of 3e-20: a thousand such shares do not change a double of 1
_LOG_2PI = float(np.log(2 * np.pi))


class Distribution(Protocol):
    """What a sampler needs of a target, and what a film needs to judge the sample.

    `smoothness` is an upper bound of the largest eigenvalue of −∇² log p, where one is known: it bounds
    the stable step sizes. `extent` is a radius around the origin that holds practically all the mass.
    """

    @property
    def smoothness(self) -> float | None: ...
    @property
    def extent(self) -> float: ...

    def log_prob(self, x: ArrayLike) -> Array: ...
    def score(self, x: ArrayLike) -> Array: ...
    def sample(self, n: int, rng: np.random.Generator) -> Array: ...


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """p(x) = Σ_k w_k N(x; μ_k, Σ_k) with full covariances, and named parts for the films.

    Args:
        weights: (components,), positive; normalised to sum to 1.
        means: (components, 2).
        covariances: (components, 2, 2), positive definite.
        parts: names of the groups of components that a film speaks of; empty for none.
        part_of: (components,) index into `parts` of each component.

    Raises:
        DistributionError: shapes that do not fit, weights ≤ 0, a covariance that is not positive definite.

    >>> p = GaussianMixture.isotropic([[0.0, 0.0]], width=2.0)
    >>> p.score([2.0, 0.0]).round(12).tolist()  # −x/σ²
    [-0.5, 0.0]
    """

    weights: Array
    means: Array
    covariances: Array
    parts: tuple[str, ...] = ()
    part_of: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        weights, means = np.asarray(self.weights, float), np.asarray(self.means, float)
        covariances = np.asarray(self.covariances, float)
        count = len(weights)
        if weights.shape != (count,) or means.shape != (count, 2) or covariances.shape != (count, 2, 2):
            raise DistributionError(
                f"a mixture of {count} weights needs means ({count}, 2) and covariances ({count}, 2, 2), "
                f"not {means.shape} and {covariances.shape}"
            )
        if not (count and np.all(weights > 0) and np.isfinite(weights.sum())):
            raise DistributionError("a mixture's weights must be positive and finite: drop the other parts")
        if not (np.all(np.isfinite(means)) and np.all(np.isfinite(covariances))):
            raise DistributionError("a mixture's means and covariances must be finite: look for NaN in them")
        symmetric = np.allclose(covariances, covariances.swapaxes(1, 2))
        if not symmetric or not np.all(np.linalg.eigvalsh(covariances) > 0):
            raise DistributionError("a mixture's covariances must be symmetric and positive definite")
        if self.parts and (self.part_of is None or np.shape(self.part_of) != (count,)):
            raise DistributionError("a mixture with named parts needs `part_of`, one index per component")
        object.__setattr__(self, "weights", weights / weights.sum())
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "covariances", covariances)

    @classmethod
    def isotropic(cls, means: ArrayLike, width: float, weights: ArrayLike | None = None) -> GaussianMixture:
        """Equal round Gaussians of standard deviation `width` at the points `means` (components, 2)."""
        if not (np.isfinite(width) and width > 0):
            raise DistributionError(f"a width of {width} makes no density: choose one above 0, such as 0.1")
        points = np.atleast_2d(np.asarray(means, float))
        count = len(points)
        shares = np.full(count, 1 / count) if weights is None else np.asarray(weights, float)
        return cls(shares, points, np.broadcast_to(width**2 * np.eye(2), (count, 2, 2)))

    @classmethod
    def of_parts(cls, parts: dict[str, tuple[float, GaussianMixture]]) -> GaussianMixture:
        """One mixture of named mixtures: name → (mass, mixture). The masses need not sum to 1."""
        mixtures = [mixture for _, mixture in parts.values()]
        return cls(
            np.concatenate([mass * mixture.weights for mass, mixture in parts.values()]),
            np.concatenate([mixture.means for mixture in mixtures]),
            np.concatenate([mixture.covariances for mixture in mixtures]),
            tuple(parts),
            np.repeat(np.arange(len(parts)), [len(mixture.weights) for mixture in mixtures]),
        )

    @cached_property
    def smoothness(self) -> float:
        """−∇² log p = Σ r_k P_k − Cov_r(P_k(μ_k − x)) ≤ max_k P_k, with responsibilities r and P = Σ⁻¹."""
        return float(1 / np.linalg.eigvalsh(self.covariances).min())

    @cached_property
    def extent(self) -> float:
        """Four standard deviations beyond the farthest mean, where its component matters."""
        reach = np.linalg.norm(self.means, axis=1)
        return float(np.max(reach + 4 * np.sqrt(np.linalg.eigvalsh(self.covariances).max(axis=1))))

    @cached_property
    def part_masses(self) -> Array:
        """Mass of each named part, (parts,)."""
        if self.part_of is None:
            return np.ones(0)
        return np.asarray(np.bincount(self.part_of, self.weights, len(self.parts)), float)

    @cached_property
    def _precisions(self) -> Array:
        return np.asarray(np.linalg.inv(self.covariances), float)

    @cached_property
    def _centre(self) -> Array:
        return self.weights @ self.means

    @cached_property
    def _reference(self) -> Array:
        """The broadest component's precision, (2, 2).

        Its quadratic form is taken out of all logits: far out, what is left is small or decides nothing,
        so that the differences between components keep their digits.
        """
        return np.asarray(self._precisions[np.argmin(np.trace(self._precisions, axis1=1, axis2=2))])

    @cached_property
    def _coefficients(self) -> Array:
        """Each component's log-density less the reference's form, as a polynomial: (components, 6)."""
        centred = self.means - self._centre
        slopes = np.einsum("kij,kj->ki", self._precisions, centred)
        excess = self._precisions - self._reference
        constant = (
            np.log(self.weights)
            - _LOG_2PI
            - np.linalg.slogdet(self.covariances)[1] / 2
            - np.einsum("ki,ki->k", centred, slopes) / 2
        )
        quadratic = [-excess[:, 0, 0] / 2, -excess[:, 0, 1], -excess[:, 1, 1] / 2]
        return np.stack([constant, slopes[:, 0], slopes[:, 1], *quadratic], axis=1)

    @cached_property
    def _pulls(self) -> Array:
        """What the score sums over components: 1, Σ_k⁻¹ μ_k and the entries of Σ_k⁻¹, (6, components).

        The row of ones adds up the shares in the same product, so that nobody has to divide all of them.
        """
        precision = self._precisions
        entries = [precision[:, 0, 0], precision[:, 0, 1], precision[:, 1, 1]]
        return np.stack([np.ones(len(self.weights)), *self._coefficients[:, 1:3].T, *entries])

    def _logits(self, y: Array) -> Array:
        """log(w_k N_k) less the reference's quadratic form, for centred points y (2, n): (components, n)."""
        features = np.empty((6, y.shape[1]))
        features[0], features[1:3] = 1, y
        np.multiply(y, y[0], out=features[3:5])
        np.multiply(y[1], y[1], out=features[5])
        return np.asarray(self._coefficients @ features)

    def _blocks(self, x: Array) -> Iterator[tuple[slice, Array]]:
        """Rows of the points x (n, 2) that are worked on together, and these points centred, (2, rows)."""
        rows = max(1, _BLOCK // len(self.weights))
        for start in range(0, len(x), rows):
            block = slice(start, start + rows)
            yield block, np.ascontiguousarray((x[block] - self._centre).T)

    def log_prob(self, x: ArrayLike) -> Array:
        """log p(x): (..., 2) → (...)."""
        points = np.asarray(x, float)
        flat, out = points.reshape(-1, 2), np.empty(points.size // 2)
        for block, y in self._blocks(flat):
            common = np.einsum("in,ij,jn->n", y, self._reference, y) / 2
            logits = self._logits(y)
            largest = logits.max(axis=0)
            out[block] = largest + np.log(_shares(logits).sum(axis=0)) - common
        return out.reshape(points.shape[:-1])

    def score(self, x: ArrayLike) -> Array:
        """∇ log p(x) = Σ_k r_k(x) Σ_k⁻¹ (μ_k − x), with r_k the responsibilities: (..., 2) → (..., 2)."""
        points = np.asarray(x, float)
        flat, out = points.reshape(-1, 2), np.empty((points.size // 2, 2))
        for block, y in self._blocks(flat):
            sums = self._pulls @ _shares(self._logits(y))
            means = sums[1:] / sums[0]  # of Σ⁻¹ μ along x and y, then of the entries xx, xy, yy of Σ⁻¹
            out[block] = (means[:2] - means[2:4] * y[0] - means[3:5] * y[1]).T
        return out.reshape(points.shape)

    def responsibilities(self, x: ArrayLike) -> Array:
        """Posterior probability of each named part at x: (..., 2) → (..., parts).

        Its mean over p is exactly `part_masses`, so its mean over particles estimates the mass a part has.
        """
        if self.part_of is None:
            raise DistributionError("this mixture has no named parts: build it with GaussianMixture.of_parts")
        points = np.asarray(x, float)
        flat, out = points.reshape(-1, 2), np.empty((points.size // 2, len(self.parts)))
        member = np.eye(len(self.parts))[:, self.part_of]
        for block, y in self._blocks(flat):
            shares = member @ _shares(self._logits(y))
            out[block] = (shares / shares.sum(axis=0)).T
        return out.reshape(*points.shape[:-1], len(self.parts))

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """n independent draws, (n, 2)."""
        component = rng.choice(len(self.weights), size=n, p=self.weights)
        roots = np.linalg.cholesky(self.covariances)[component]
        return np.asarray(self.means[component] + np.einsum("nij,nj->ni", roots, rng.standard_normal((n, 2))))

    def diffused(self, alpha: float, sigma: float) -> GaussianMixture:
        """The law of αx + σε for x from this mixture and ε from N(0, I): again a mixture, parts kept.

        With α = √ᾱ_t, σ = √(1 − ᾱ_t) this is the marginal p_t of DDPM (Ho, Jain and Abbeel 2020, eq. 4).
        """
        return GaussianMixture(
            self.weights,
            alpha * self.means,
            alpha**2 * self.covariances + sigma**2 * np.eye(2),
            self.parts,
            self.part_of,
        )

    def marginal(self, direction: ArrayLike, u: ArrayLike) -> Array:
        """Density of the projection ⟨direction, x⟩ at the values u: (...) → (...), in closed form."""
        axis = np.asarray(direction, float)
        centres, spreads = self.means @ axis, np.sqrt(np.einsum("i,kij,j->k", axis, self.covariances, axis))
        z = (np.asarray(u, float)[..., None] - centres) / spreads
        return np.asarray(np.exp(-(z**2) / 2) @ (self.weights / spreads) / np.sqrt(2 * np.pi))


def _shares(logits: Array) -> Array:
    """Softmax over the first axis up to its sum, which is left to the caller; in place.

    Most components are far from most points, and exponentials are most of a run's cost: in a large table,
    shares that would be lost in the rounding of their sum are 0.
    """
    logits -= logits.max(axis=0)
    if logits.size > _LARGE:
        flat = logits.reshape(-1)
        counted = np.flatnonzero(~(flat < _NEGLIGIBLE))  # NaN counts: it has to come out again
        if counted.size < flat.size / 2:
            shares = np.exp(flat[counted])
            flat.fill(0)
            flat[counted] = shares
            return logits
    return np.asarray(np.exp(logits, out=logits))


@dataclass(frozen=True, eq=False)
class PointSet:
    """Data that are points, each with its weight: no density of their own, but one as soon as they are noisy.

    Args:
        points: (components, 2).
        shares: (components,), positive; equal by default.

    Raises:
        DistributionError: what a mixture at these points raises.
    """

    points: ArrayLike
    shares: ArrayLike | None = None

    @cached_property
    def _unit(self) -> GaussianMixture:
        return GaussianMixture.isotropic(self.points, 1.0, self.shares)

    @property
    def weights(self) -> Array:
        """(components,), summing to 1."""
        return self._unit.weights

    @property
    def means(self) -> Array:
        """The points, (components, 2)."""
        return self._unit.means

    @property
    def covariances(self) -> Array:
        """(components, 2, 2), all 0."""
        return np.zeros((len(self.weights), 2, 2))

    def diffused(self, alpha: float, sigma: float) -> GaussianMixture:
        """The law of αx + σε for x from these points and ε from N(0, I), for σ > 0."""
        return GaussianMixture.isotropic(alpha * self.means, sigma, self.weights)


@dataclass(frozen=True)
class Banana:
    """x₁ ~ N(0, spread²), x₂ given x₁ ~ N(bend·(x₁² − spread²), width²): a twisted Gaussian.

    After Haario, Saksman and Tamminen (1999), "Adaptive proposal distribution for random walk Metropolis
    algorithm". Its curvature is unbounded, so no step size is stable everywhere.
    """

    spread: float = 1.1
    bend: float = 0.45
    width: float = 0.3

    smoothness = None

    def __post_init__(self) -> None:
        if not (self.spread > 0 and self.width > 0 and np.isfinite(self.bend)):
            raise DistributionError("a banana needs spread > 0, width > 0 and a finite bend")

    @property
    def extent(self) -> float:
        """The radius at four standard deviations along the bend."""
        return float(np.hypot(4 * self.spread, self.bend * 15 * self.spread**2 + 4 * self.width))

    def _residual(self, x: Array) -> Array:
        return np.asarray(x[..., 1] - self.bend * (x[..., 0] ** 2 - self.spread**2))

    def log_prob(self, x: ArrayLike) -> Array:
        """log p(x): (..., 2) → (...)."""
        points = np.asarray(x, float)
        squares = (points[..., 0] / self.spread) ** 2 + (self._residual(points) / self.width) ** 2
        return np.asarray(-squares / 2 - _LOG_2PI - np.log(self.spread * self.width))

    def score(self, x: ArrayLike) -> Array:
        """∇ log p(x): (..., 2) → (..., 2)."""
        points = np.asarray(x, float)
        across = self._residual(points) / self.width**2
        along = -points[..., 0] / self.spread**2 + 2 * self.bend * points[..., 0] * across
        return np.stack([along, -across], axis=-1)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """n independent draws, (n, 2)."""
        first = self.spread * rng.standard_normal(n)
        second = self.bend * (first**2 - self.spread**2) + self.width * rng.standard_normal(n)
        return np.stack([first, second], axis=1)


@dataclass(frozen=True)
class Checkerboard:
    """Uniform on every other field of a board, blurred by a Gaussian of standard deviation `width`.

    The sharp board has no score: p is constant inside and 0 outside. Blurred, each field's density is a
    product of differences of the normal distribution function.

    Raises:
        DistributionError: width ≤ 0, fewer than two fields a side, half-side ≤ 0.
    """

    width: float = 0.08
    fields: int = 4
    half_side: float = 2.2

    def __post_init__(self) -> None:
        if not (np.isfinite(self.width) and self.width > 0):
            raise DistributionError(
                f"a checkerboard of width {self.width} has no score: blur it, for example with width=0.08"
            )
        if self.fields < 2 or self.half_side <= 0:
            raise DistributionError("a checkerboard needs at least 2 fields a side and half_side > 0")

    @property
    def smoothness(self) -> float:
        """A convolution with N(0, w²I): −∇² log p = I/w² − Cov(x₀ | x)/w⁴ ≤ I/w²."""
        return self.width**-2

    @property
    def extent(self) -> float:
        """Half the board's diagonal, and four widths."""
        return float(np.sqrt(2) * self.half_side + 4 * self.width)

    @cached_property
    def _corners(self) -> Array:
        """Lower left corner of every inked field, (inked, 2)."""
        edges = np.linspace(-self.half_side, self.half_side, self.fields + 1)[:-1]
        column, row = np.meshgrid(np.arange(self.fields), np.arange(self.fields))
        inked = (column + row) % 2 == 0
        return np.stack([edges[column[inked]], edges[row[inked]]], axis=1)

    @property
    def _side(self) -> float:
        return 2 * self.half_side / self.fields

    def _log_fields(self, points: Array) -> tuple[Array, Array]:
        """Per field and axis: log of the blurred indicator, and its derivative, (..., inked, 2)."""
        low = (points[..., None, :] - self._corners) / self.width
        high = low - self._side / self.width
        # Φ(b) − Φ(a) = Φ(−a) − Φ(−b): take the side on which both terms are small, where digits are kept.
        flip = low + high > 0
        upper, lower = np.where(flip, -high, low), np.where(flip, -low, high)
        log_mass = log_ndtr(upper) + np.log1p(-np.exp(log_ndtr(lower) - log_ndtr(upper)))
        slopes = [np.exp(-(z**2) / 2 - _LOG_2PI / 2 - log_mass) / self.width for z in (low, high)]
        return log_mass, slopes[0] - slopes[1]

    def log_prob(self, x: ArrayLike) -> Array:
        """log p(x): (..., 2) → (...)."""
        log_mass, _ = self._log_fields(np.asarray(x, float))
        norm = np.log(len(self._corners) * self._side**2)
        return np.asarray(logsumexp(log_mass.sum(axis=-1), axis=-1) - norm)

    def score(self, x: ArrayLike) -> Array:
        """∇ log p(x): (..., 2) → (..., 2)."""
        log_mass, slope = self._log_fields(np.asarray(x, float))
        logits = log_mass.sum(axis=-1, keepdims=True)
        shares = np.exp(logits - logsumexp(logits, axis=-2, keepdims=True))
        return np.asarray((shares * slope).sum(axis=-2))

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """n independent draws, (n, 2)."""
        corner = self._corners[rng.integers(len(self._corners), size=n)]
        sharp = corner + self._side * rng.random((n, 2))
        return np.asarray(sharp + self.width * rng.standard_normal((n, 2)))
