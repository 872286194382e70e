"""Any picture as a density: its ink, blurred, over a faint haze, as a spline with its exact score.

Stage units throughout: the drawn window is the square [−3.15, 3.15]².
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from scipy.ndimage import spline_filter
from scipy.special import ndtr

from diffusion_core.distributions import Array
from diffusion_core.errors import DistributionError
from diffusion_core.inputs import HALF_SIDE, PAPER, read_ink

HAZE_WIDTH = 1.2  # standard deviation of the haze
NARROWEST, WIDEST = 0.03, 0.5  # blurs for which the grid stays small and the haze owns the tails

_TRACE = 1e-9  # the least haze: the tail outside the grid needs one, a sample hardly ever shows it
_MARGIN = 12  # widths between the ink and the grid's border; the blurred ink has fallen to e^−72 there
_NODES_PER_WIDTH = 6  # resolves the kink where steep ink meets the haze; 4 would ring there
_BLOCK = 1 << 13  # points evaluated at a time, so that their 16 coefficients each stay in cache


class PictureDensity:
    """p ∝ exp(s) with s the C² bicubic spline through log((1−haze)·blurred ink + haze·N(0, 1.2² I)).

    The blurred ink is the picture, its pixels taken as squares, convolved exactly with N(0, width² I). Only
    the logarithm of (all / haze) is a spline; it is exactly 0 from a margin around the ink on, so that p is
    the haze's Gaussian there, arbitrarily far out and joined with two continuous derivatives. The grid
    depends on the width and on the ink's proportions, never on the number of pixels.

    Without haze, plain Langevin hardly crosses from one part of a picture to another. `haze=0` leaves 10⁻⁹.

    Args:
        ink: (rows, columns) in [0, 1], top row first; ink up to 0.05 counts as paper.
        width: standard deviation of the blur in stage units, 0.03 to 0.5.
        haze: mass of the haze, in [0, 1).

    Raises:
        DistributionError: no ink, ink outside [0, 1], a width or haze out of range.

    >>> square = PictureDensity(np.ones((8, 8)))
    >>> (square.score([[0.0, 0.0], [4.8, 0.0]]).round(6) + 0.0).tolist()  # flat inside; −x/1.2² far out
    [[0.0, 0.0], [-3.333333, 0.0]]
    """

    def __init__(self, ink: ArrayLike, width: float = 0.08, haze: float = 0.1) -> None:
        if not NARROWEST <= width <= WIDEST:
            raise DistributionError(
                f"a picture cannot be blurred by a width of {width}: choose {NARROWEST} to {WIDEST}"
            )
        if not 0 <= haze < 1:
            raise DistributionError(f"a haze of {haze} is no share of the mass: choose 0 <= haze < 1")
        cropped = _cropped(np.asarray(ink, float))
        self.width, self.haze = float(width), float(haze)
        self._half_sides = HALF_SIDE * np.array(cropped.shape[::-1]) / max(cropped.shape)
        self._spacing = width / _NODES_PER_WIDTH
        # Nodes stand symmetrically around the origin: cell k of an axis lies between nodes k + 1 and k + 2.
        reach = np.ceil((self._half_sides + _MARGIN * width) / self._spacing).astype(int)
        self._nodes_x, self._nodes_y = (self._spacing * np.arange(-count, count + 1) for count in reach)
        self._low = np.array([self._nodes_x[1], self._nodes_y[1]])
        self._cells = np.array([len(self._nodes_x), len(self._nodes_y)]) - 3
        self._coefficients = self._fit(cropped)
        self._log_normaliser = float(np.log(self._mass()))

    @classmethod
    def from_file(
        cls, path: str | Path, width: float = 0.08, haze: float = 0.1, dark: bool = False
    ) -> PictureDensity:
        """The density of the picture in a file; `dark` for one drawn light on dark. See `read_ink`."""
        return cls(read_ink(path, dark), width, haze)

    @cached_property
    def extent(self) -> float:
        """Four widths beyond the ink's farthest corner; with haze, at least four of its widths."""
        ink = float(np.hypot(*self._half_sides)) + 4 * self.width
        return max(ink, 4 * HAZE_WIDTH) if self.haze > 0 else ink

    @cached_property
    def smoothness(self) -> float:
        """Bound of the largest eigenvalue of −∇² log p: the largest among the Hessian's Bézier matrices.

        In a cell, the spline's three second derivatives are polynomials; written in one Bernstein basis,
        they make the Hessian a convex combination of 4 × 4 matrices, and its largest eigenvalue is convex.
        """
        value, slope, curvature = _bezier(_basis), _bezier(_slopes), _bezier(_curvatures)
        largest = 0.0
        for v in range(4):
            rows = [_contract(self._coefficients, part[v], axis=0) for part in (value, slope, curvature)]
            for u in range(4):
                xx, yy = _contract(rows[0], curvature[u], axis=1), _contract(rows[2], value[u], axis=1)
                xy = _contract(rows[1], slope[u], axis=1)
                largest = max(largest, float(np.max(np.hypot((xx - yy) / 2, xy) - (xx + yy) / 2)))
        return largest / self._spacing**2 + HAZE_WIDTH**-2

    def log_prob(self, x: ArrayLike) -> Array:
        """log p(x): (..., 2) → (...)."""
        points = np.asarray(x, float)
        flat = points.reshape(-1, 2)
        out = _log_haze(flat) - self._log_normaliser
        for start in range(0, len(flat), _BLOCK):
            block = slice(start, start + _BLOCK)
            local, u, v = self._local(flat[block])
            out[block] += np.einsum("jin,jn,in->n", local, _basis(v), _basis(u))
        return out.reshape(points.shape[:-1])

    def score(self, x: ArrayLike) -> Array:
        """∇ log p(x), the derivative of `log_prob` itself: (..., 2) → (..., 2)."""
        points = np.asarray(x, float)
        flat = points.reshape(-1, 2)
        out = -flat / HAZE_WIDTH**2
        for start in range(0, len(flat), _BLOCK):
            block = slice(start, start + _BLOCK)
            local, u, v = self._local(flat[block])
            out[block, 0] += np.einsum("jin,jn,in->n", local, _basis(v), _slopes(u)) / self._spacing
            out[block, 1] += np.einsum("jin,jn,in->n", local, _slopes(v), _basis(u)) / self._spacing
        return out.reshape(points.shape)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """n independent draws, (n, 2), exactly from p: rejection under `_envelope`."""
        drawn = [np.empty((0, 2))]
        missing = n
        while missing > 0:
            proposals, log_envelope = self._propose(missing + missing // 2 + 16, rng)
            keep = np.log1p(-rng.random(len(proposals))) < self.log_prob(proposals) - log_envelope
            drawn.append(proposals[keep])
            missing -= len(drawn[-1])
        return np.concatenate(drawn)[:n]

    def _fit(self, ink: Array) -> Array:
        """B-spline coefficients of log(1 + (1−haze)·blurred ink / (haze·N)), (nodes y, nodes x)."""
        side = 2 * self._half_sides[0] / ink.shape[1]
        edges_x, edges_y = (side * (np.arange(count + 1) - count / 2) for count in ink.shape[::-1])
        across = _smeared_steps(self._nodes_x, edges_x, self.width)
        along = _smeared_steps(self._nodes_y, edges_y, self.width)
        blurred = along @ ink[::-1] @ across.T / (ink.sum() * side**2)
        haze = max(self.haze, _TRACE)
        relative = (1 - haze) / haze * blurred / np.exp(_log_haze(self._grid(self._nodes_x, self._nodes_y)))
        coefficients = np.asarray(spline_filter(np.log1p(relative), order=3), float)
        frame = np.zeros_like(coefficients)  # three layers of zeros: value and slopes vanish at the border
        frame[3:-3, 3:-3] = coefficients[3:-3, 3:-3]
        return frame

    @staticmethod
    def _grid(x: Array, y: Array) -> Array:
        return np.stack(np.meshgrid(x, y), axis=-1)

    def _mass(self) -> float:
        """∫ N(x)·exp(spline) dx = 1 + ∫ N·(exp(spline) − 1) dx by 4 × 4 Gauss points in every cell."""
        abscissae, shares = np.polynomial.legendre.leggauss(4)
        offsets, shares = (abscissae + 1) / 2, shares * self._spacing / 2
        bases = _basis(offsets).T
        mass = 1.0
        for v, share_v, basis_v in zip(offsets, shares, bases, strict=True):
            rows = _contract(self._coefficients, basis_v, axis=0)
            y = self._nodes_y[1:-2] + v * self._spacing
            for u, share_u, basis_u in zip(offsets, shares, bases, strict=True):
                spline = _contract(rows, basis_u, axis=1)
                x = self._nodes_x[1:-2] + u * self._spacing
                haze = np.exp(_log_haze(self._grid(x, y)))
                mass += share_u * share_v * float(np.sum(haze * np.expm1(spline)))
        return mass

    def _local(self, flat: Array) -> tuple[Array, Array, Array]:
        """Of each point: its cell's coefficients (4 y, 4 x, n) and its place u, v ∈ [0, 1] in the cell.

        Points outside go to the border, where the spline is 0 (and NaN too: the haze's part keeps it).
        """
        place = np.fmin(np.fmax((flat - self._low) / self._spacing, 0.0), self._cells)
        cell = np.minimum(place.astype(np.intp), self._cells - 1)
        u, v = (place - cell).T
        columns = len(self._nodes_x)
        steps = columns * np.arange(4)[:, None] + np.arange(4)
        index = steps[:, :, None] + (columns * cell[:, 1] + cell[:, 0])
        return self._coefficients.take(index), u, v

    @cached_property
    def _envelope(self) -> tuple[Array, Array]:
        """Constant log bound of p in every cell, and cumulated masses of the cells and, last, of the tail.

        The haze's exponent is quadratic, hence a B-spline as well, with coefficients x² − h²/3; a B-spline
        nowhere exceeds the largest of its 4 × 4 coefficients. The tail's envelope is the haze itself.
        """
        haze = _log_haze(self._grid(self._nodes_x, self._nodes_y)) + self._spacing**2 / (3 * HAZE_WIDTH**2)
        bounds = _window_max(self._coefficients + haze - self._log_normaliser, (4, 4)).reshape(-1)
        masses = np.append(np.exp(bounds) * self._spacing**2, np.exp(-self._log_normaliser))
        return bounds, np.cumsum(masses)

    def _propose(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """n points from the envelope, (n, 2), and its logarithm there, (n,): infinite where none belongs."""
        bounds, cumulated = self._envelope
        cell = np.searchsorted(cumulated[:-1], rng.random(n) * cumulated[-1], side="right")
        tail = cell == len(bounds)
        row, column = np.divmod(cell, self._cells[0])
        points = self._low + self._spacing * (np.stack([column, row], axis=1) + rng.random((n, 2)))
        points[tail] = HAZE_WIDTH * rng.standard_normal((int(tail.sum()), 2))
        log_envelope = bounds[np.minimum(cell, len(bounds) - 1)]
        high = self._low + self._spacing * self._cells
        outside = np.any((points[tail] < self._low) | (points[tail] > high), axis=1)
        log_envelope[tail] = np.where(outside, _log_haze(points[tail]) - self._log_normaliser, np.inf)
        return points, log_envelope


def _log_haze(x: Array) -> Array:
    """log N(x; 0, 1.2² I): (..., 2) → (...)."""
    return np.asarray(-np.sum(x**2, axis=-1) / (2 * HAZE_WIDTH**2) - np.log(2 * np.pi * HAZE_WIDTH**2))


def _smeared_steps(nodes: Array, edges: Array, width: float) -> Array:
    """Indicators of the intervals between edges, convolved with N(0, width²): (nodes, intervals)."""
    z = (nodes[:, None] - edges) / width
    above, below = z[:, 1:], z[:, :-1]
    # Φ(b) − Φ(a) = Φ(−a) − Φ(−b): take the side on which both terms are small, where digits are kept.
    flip = above > 0
    return np.asarray(ndtr(np.where(flip, -above, below)) - ndtr(np.where(flip, -below, above)))


def _basis(t: Array) -> Array:
    """The four cubic B-splines that live on a unit cell, at t ∈ [0, 1]: (n,) → (4, n)."""
    s = 1 - t
    return np.stack([s**3, 4 - 3 * t**2 * (2 - t), 4 - 3 * s**2 * (2 - s), t**3]) / 6


def _slopes(t: Array) -> Array:
    """Derivatives of `_basis`: (n,) → (4, n)."""
    s = 1 - t
    return np.stack([-(s**2), t * (3 * t - 4), s * (4 - 3 * s), t**2]) / 2


def _curvatures(t: Array) -> Array:
    """Second derivatives of `_basis`: (n,) → (4, n)."""
    return np.stack([1 - t, 3 * t - 2, 1 - 3 * t, t])


def _bezier(pieces: Callable[[Array], Array]) -> Array:
    """The pieces' Bernstein coefficients of degree 3 on the unit cell, (4 coefficients, 4 pieces)."""
    t = np.arange(4) / 3
    bernstein = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    return np.asarray(np.linalg.solve(bernstein, pieces(t).T), float)


def _contract(values: Array, weights: Array, axis: int) -> Array:
    """Weighted sums of four neighbours along an axis, which gets shorter by three."""
    return np.asarray(sliding_window_view(values, len(weights), axis=axis) @ weights)


def _window_max(values: Array, shape: tuple[int, int]) -> Array:
    return np.asarray(sliding_window_view(values, shape).max(axis=(-2, -1)))


def _cropped(ink: Array) -> Array:
    """The bounding box of the ink, paper set to 0."""
    if ink.ndim != 2 or not np.all((ink >= 0) & (ink <= 1)):
        raise DistributionError("a picture's ink must be an array (rows, columns) of numbers from 0 to 1")
    inked = ink > PAPER
    if not inked.any():
        raise DistributionError(f"a picture needs ink above {PAPER} somewhere: this one is empty")
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return np.where(inked, ink, 0.0)[box]
