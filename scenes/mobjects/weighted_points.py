"""Fixed points as dots that grow and shrink with their weights."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
from manim import Mobject
from manim.utils.color import ParsableManimColor
from numpy.typing import ArrayLike, NDArray

from scenes import theme
from scenes.mobjects.fingerprint import SealedArray, seal
from scenes.mobjects.particle_cloud import EDGE, SMALLEST, ParticleCloud, core_of, splat
from scenes.mobjects.raster import STAGE, PixelMap, Window

SUM_TOLERANCE: Final = 1e-3
"""How far from 1 the weights of a record may add up: what float32 loses over thousands of them."""


def checked_weights(weights: ArrayLike, points: int) -> NDArray[np.float64]:
    """Weights as float64, (records, points).

    Raises:
        ValueError: another shape, a weight below 0 or not a number, or a record whose sum is not 1.
    """
    shares = np.asarray(weights, dtype=np.float64)
    if shares.ndim != 2 or shares.shape[1] != points or 0 in shares.shape:
        raise ValueError(f"{points} points take weights (records, {points}), not empty; got {shares.shape}.")
    if not (shares >= 0).all():
        raise ValueError(f"Weights are shares, 0 or more; the least here is {shares.min():g}.")
    wrong = np.abs(shares.sum(axis=1) - 1) > SUM_TOLERANCE
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ValueError(f"The weights of a record sum to 1; those of record {k} sum to {shares[k].sum():g}.")
    return shares


class WeightedPoints(ParticleCloud):
    """Points at `positions`, (k, 2), whose dots have areas in proportion to `weights`, (records, k).

    The weights of a record are shares: none is below 0, and their sum is 1. A dot's radius is `largest` times the
    square root of its weight, in units of data: a dot of weight 1 has the radius `largest`, which is kept as
    `radius`. Dots under `SMALLEST` pixels are drawn first and fainter, with the ink they should have; the others
    over them, in the order of the points. A dot dims over the last radius before the window's border. Colours
    are those of the points, as for particles. `fingerprint` is the hash of what the weights come from; without
    it all are hashed here.

    Between two records the weights are those of the earlier one, or blended if `eased`.

    >>> points = WeightedPoints(np.zeros((3, 2)), np.array([[1.0, 0.0, 0.0], [0.25, 0.25, 0.5]])).show(1)
    >>> points.records, points.particles, points.radii().round(3).tolist()
    (2, 3, [0.08, 0.08, 0.113])

    Raises:
        ValueError: shapes do not fit, or weights are no shares.
    """

    def __init__(
        self,
        positions: NDArray[np.floating],
        weights: NDArray[np.floating],
        *,
        fingerprint: str | None = None,
        largest: float = 0.16,
        color: ParsableManimColor | None = None,
        opacity: float = theme.DOT_OPACITY,
        window: Window = STAGE,
        **kwargs: Any,
    ) -> None:
        places = np.array(positions, dtype=np.float64)
        if places.ndim != 2 or places.shape[1] != 2:
            raise ValueError(f"Weighted points have positions (k, 2), not {places.shape}.")
        shares = checked_weights(weights, len(places))
        self.positions = seal(places)
        color = theme.theme().exact if color is None else color
        super().__init__(places, radius=largest, color=color, opacity=opacity, window=window, **kwargs)
        # The same weights at other positions are other data: no transform may mix them.
        self.data = SealedArray(shares, f"{seal(shares, fingerprint)}{self.positions}")

    def radii(self) -> NDArray[np.float64]:
        """Radii of the dots drawn now, (k,), in units of data."""
        return np.asarray(self.radius * np.sqrt(self.current()))

    def interpolate_color(self, mobject1: Mobject, mobject2: Mobject, alpha: float) -> Self:
        """As for every cloud: positions change with the weights, at the end."""
        super().interpolate_color(mobject1, mobject2, alpha)
        self.positions = (mobject2 if alpha >= 1 else mobject1).positions
        return self

    def draw(self, pixels: NDArray[np.uint8], to_pixels: PixelMap) -> None:
        """Paint the dots over `pixels`: the smallest in one go, each of the others by itself."""
        places, radii = self.positions.array, self.radii()
        sizes = radii * to_pixels.scale
        rgba = np.clip(self.paint.array, 0.0, 1.0) * (255.0, 255.0, 255.0, min(self.opacity, 1.0))
        rgba = np.repeat(rgba, len(places), axis=0) if len(rgba) == 1 else rgba
        small = sizes <= SMALLEST
        faint = rgba[small]
        faint[:, 3] *= (sizes[small] / SMALLEST) ** 2
        margin, core = SMALLEST / to_pixels.scale, core_of(SMALLEST)
        splat(pixels, places[small], *to_pixels, self.window, margin, core, EDGE, faint)
        for i in np.flatnonzero(~small):
            one, margin, core = slice(i, i + 1), float(radii[i]), core_of(sizes[i])
            splat(pixels, places[one], *to_pixels, self.window, margin, core, EDGE, rgba[one])
