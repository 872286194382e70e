"""Particles as round dots, from one to a hundred thousand, drawn in one pass over their pixels."""

import math
from functools import lru_cache
from typing import Any, Final, Self

import numpy as np
from manim import ManimColor, Mobject
from manim.utils.color import ParsableManimColor
from numpy.typing import ArrayLike, NDArray

from scenes import theme
from scenes.mobjects.fingerprint import SealedArray, seal
from scenes.mobjects.raster import STAGE, PixelMap, Raster, Window, compiled

EDGE: Final = 1.5
"""Width in pixels of a dot's soft edge. Narrower edges are sharper, but a dot then flickers and sits up to a
tenth of a pixel off as it moves across the grid."""
SMALLEST: Final = 0.75
"""Radius in pixels below which a dot is not drawn smaller, but fainter, with the same amount of ink."""
TRAIL_WIDTH: Final = 0.5
"""Width of a trail, in radii of its dot."""
TRAIL_THINNEST: Final = 1.2
"""Width in pixels below which a trail is not drawn thinner, but fainter."""
TRAIL_OPACITY: Final = 0.7
"""Opacity of a trail where it meets its dot, as a share of the dot's."""
ATTACK: Final = 0.1
"""Share of the way between two records, the last one, in which a pulsing dot swells."""
RELEASE: Final = 1 / 3
"""Share of the way to the next record, the first one, in which it relaxes."""


class ParticleCloud(Raster):
    """Particles at recorded positions.

    `positions` has shape (records, particles, 2), or (particles, 2) for a single record; a memory map is
    read one record at a time. `fingerprint` is the hash of the trajectory they come from; without it they
    are hashed here, which reads them all. `radius` is in units of data and scales with the cloud and the
    camera; dots stay round. A dot dims over the last radius before the window's border, and positions
    outside it, or not finite, are not drawn. `color` and `opacity` hold for all particles; `set_colors`
    gives each its own.

    `trail` is the number of past records through which each particle's path is drawn behind it, fading towards
    the oldest; it ends at the dot, between two records too if `eased`. An eased dot on a record is larger by the
    share `pulse` of its radius, swelling just before it lands and relaxing as it goes on.

    >>> cloud = ParticleCloud(np.zeros((3, 100, 2)))
    >>> cloud.records, cloud.particles
    (3, 100)

    Raises:
        ValueError: `positions` has another shape or no entries.
    """

    def __init__(
        self,
        positions: NDArray[np.floating],
        *,
        fingerprint: str | None = None,
        radius: float = theme.DOT_RADIUS,
        color: ParsableManimColor | None = None,
        opacity: float = theme.DOT_OPACITY,
        window: Window = STAGE,
        trail: int = 0,
        pulse: float = 0.0,
        **kwargs: Any,
    ) -> None:
        shape = np.shape(positions)
        if len(shape) not in (2, 3) or shape[-1] != 2 or 0 in shape:
            raise ValueError(
                f"Positions have shape (records, particles, 2) or (particles, 2), not empty; got {shape}."
            )
        color = ManimColor(theme.theme().particles if color is None else color)
        records = positions if len(shape) == 3 else positions[None]
        self.radius, self.trail, self.pulse = float(radius), int(trail), float(pulse)
        super().__init__(seal(records, fingerprint), self.paint_of(color), window, opacity, color=color, **kwargs)

    @property
    def particles(self) -> int:
        """How many particles a record holds."""
        return int(self.data.array.shape[1])

    def paint_of(self, color: ManimColor) -> SealedArray:
        """One row of straight RGBA for all particles."""
        return seal(color.to_rgba()[None])

    def set_colors(self, colors: ArrayLike) -> Self:
        """Give each particle its colour: (particles, 3) or (particles, 4), straight sRGB between 0 and 1.

        Raises:
            ValueError: `colors` has another shape.
        """
        rgba = np.asarray(colors, dtype=np.float64)
        if rgba.shape == (self.particles, 3):
            rgba = np.column_stack([rgba, np.ones(self.particles)])
        if rgba.shape != (self.particles, 4):
            raise ValueError(f"{self.particles} particles take as many rows of 3 or 4; got {rgba.shape}.")
        self.paint = seal(rgba)
        return self

    def set_radius_in_scene(self, radius: float) -> Self:
        """Give dots this radius in units of the scene, as large as the cloud is now.

        >>> round(ParticleCloud(np.zeros((1, 2))).scale(2).set_radius_in_scene(0.03).radius, 6)
        0.015
        """
        corner, right, up = self.coords_to_point([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        self.radius = radius / math.sqrt(np.linalg.norm(np.cross(right - corner, up - corner)))
        return self

    def interpolate_color(self, mobject1: Mobject, mobject2: Mobject, alpha: float) -> Self:
        """As for every raster; radius and pulse are mixed too."""
        super().interpolate_color(mobject1, mobject2, alpha)
        self.radius = (1 - alpha) * mobject1.radius + alpha * mobject2.radius
        self.pulse = (1 - alpha) * mobject1.pulse + alpha * mobject2.pulse
        self.trail = (mobject2 if alpha >= 1 else mobject1).trail
        return self

    def path(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The trails drawn now: records, whole but for the ends, (corners,); positions (corners, particles, 2)."""
        end = self.moment
        start = max(end - self.trail, 0.0)
        first, last = math.ceil(start), math.floor(end)
        inner = np.arange(first, last + 1)
        records = np.concatenate([[start] if start < first else [], inner, [end] if end > last else []])
        corners = np.asarray(self.data.array[first : last + 1], dtype=np.float64)
        if start < first:
            corners = np.concatenate([self.at(start)[None], corners])
        return records, np.concatenate([corners, self.at(end)[None]]) if end > last else corners

    def swelling(self) -> float:
        """How many times its radius a dot has now; a function of the fraction of k alone."""
        if not self.eased:
            return 1.0
        rest = self.moment % 1.0
        height = max(1 - rest / RELEASE, (rest - 1) / ATTACK + 1, 0.0)
        return 1 + self.pulse * height * height * (3 - 2 * height)

    def draw(self, pixels: NDArray[np.uint8], to_pixels: PixelMap) -> None:
        """Paint the trails and then the dots over `pixels`, in the order of the particles."""
        rgba = np.clip(self.paint.array, 0.0, 1.0) * (255.0, 255.0, 255.0, min(self.opacity, 1.0))
        if self.trail > 0:
            self._draw_trails(pixels, to_pixels, rgba)
        radius = self.radius * self.swelling() * to_pixels.scale
        rgba = rgba * (1.0, 1.0, 1.0, min(1.0, radius / SMALLEST) ** 2)
        radius = max(radius, SMALLEST)
        splat(pixels, self.current(), *to_pixels, self.window, self.radius, core_of(radius), EDGE, rgba)

    def _draw_trails(self, pixels: NDArray[np.uint8], to_pixels: PixelMap, rgba: NDArray[np.float64]) -> None:
        records, corners = self.path()
        width = TRAIL_WIDTH * self.radius * to_pixels.scale
        rgba = rgba * (1.0, 1.0, 1.0, TRAIL_OPACITY * min(1.0, width / TRAIL_THINNEST))
        freshness = 1 - (self.moment - records) / self.trail
        places = corners @ to_pixels.matrix.T + to_pixels.offset
        inverse, half = np.linalg.inv(to_pixels.matrix), max(width, TRAIL_THINNEST) / 2
        ink, touched = _slate(*pixels.shape[:2])
        _trace(pixels, places, freshness, inverse, to_pixels.offset, self.window, half, rgba, ink, touched)


@lru_cache(maxsize=2)
def _slate(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """What `_trace` works on, and leaves without ink; to ask for it anew takes 1 ms a picture at 1080p."""
    return np.zeros((height, width), dtype=np.float32), np.empty((height * width, 2), dtype=np.int32)


def core_of(radius: float) -> float:
    """The core with which `splat` gives a soft-edged dot the ink of a disc, both in pixels.

    The edge's ink averages π(core² + EDGE²/20) over where the grid lies: this core gives it πr².
    """
    return math.sqrt(radius**2 - EDGE**2 / 20)


@compiled
def _trace(
    pixels: NDArray[np.uint8],
    places: NDArray[np.float64],
    freshness: NDArray[np.float64],
    inverse: NDArray[np.float64],
    offset: NDArray[np.float64],
    window: tuple[float, float, float, float],
    half: float,
    rgba: NDArray[np.float64],
    ink: NDArray[np.float32],
    touched: NDArray[np.int32],
) -> None:
    """Draw each particle's path in one go, so that its corners and crossings are no darker than the rest.

    `ink`, (rows, columns) of zeros, which it leaves as zeros, and `touched`, (pixels, 2), are to work on.
    """
    x_min, x_max, y_min, y_max = window
    # Pixels across a unit of data, at right angles to the window's borders.
    per_x, per_y = 1 / math.hypot(inverse[0, 0], inverse[0, 1]), 1 / math.hypot(inverse[1, 0], inverse[1, 1])
    for i in range(places.shape[1]):
        count = 0
        for t in range(1, len(places)):
            u, v = places[t - 1, i, 0], places[t - 1, i, 1]  # a view of an array costs more than all the rest
            du, dv = places[t, i, 0] - u, places[t, i, 1] - v
            count = _stroke(u, v, du, dv, freshness[t - 1], freshness[t], half, ink, touched, count)
        red, green, blue, alpha = rgba[i if rgba.shape[0] > 1 else 0]
        for n in range(count):
            row, column = touched[n, 0], touched[n, 1]
            x = inverse[0, 0] * (column + 0.5 - offset[0]) + inverse[0, 1] * (row + 0.5 - offset[1])
            y = inverse[1, 0] * (column + 0.5 - offset[0]) + inverse[1, 1] * (row + 0.5 - offset[1])
            border = min(min(x - x_min, x_max - x) * per_x, min(y - y_min, y_max - y) * per_y) + 0.5
            cover = alpha * ink[row, column] * min(max(border, 0.0), 1.0)
            ink[row, column] = 0.0
            keep = 1 - cover
            pixels[row, column, 0] = int(red * cover + pixels[row, column, 0] * keep + 0.5)
            pixels[row, column, 1] = int(green * cover + pixels[row, column, 1] * keep + 0.5)
            pixels[row, column, 2] = int(blue * cover + pixels[row, column, 2] * keep + 0.5)
            pixels[row, column, 3] = int(255.0 * cover + pixels[row, column, 3] * keep + 0.5)


@compiled
def _stroke(
    u: float,
    v: float,
    du: float,
    dv: float,
    fresh: float,
    fresher: float,
    half: float,
    ink: NDArray[np.float32],
    touched: NDArray[np.int32],
    count: int,
) -> int:
    """Raise `ink` to what one straight piece needs, and return how many pixels are `touched` by now."""
    height, width = ink.shape
    length = math.hypot(du, dv)
    if not length < math.inf or not abs(u) + abs(v) < 1e9:  # not finite, or beyond all pixels
        return count
    reach = half + 0.5
    square = max(length * length, 1e-12)
    low, high = max(min(v, v + dv) - reach, 0.0), min(max(v, v + dv) + reach, height)
    for row in range(math.floor(low), math.ceil(high)):
        left, right = min(u, u + du) - reach, max(u, u + du) + reach
        if abs(dv) > 1e-6:  # only near the line
            middle, around = u + (row + 0.5 - v) * du / dv, reach * length / abs(dv)
            left, right = max(left, middle - around), min(right, middle + around)
        for column in range(max(math.floor(left), 0), min(math.ceil(right), width)):
            x, y = column + 0.5 - u, row + 0.5 - v
            t = min(max((x * du + y * dv) / square, 0.0), 1.0)
            aside = (x - t * du) ** 2 + (y - t * dv) ** 2
            if aside >= reach * reach:
                continue
            cover = min(reach - math.sqrt(aside), 1.0) * (fresh + t * (fresher - fresh))
            if cover > ink[row, column]:
                if ink[row, column] == 0:
                    touched[count, 0], touched[count, 1] = row, column
                    count += 1
                ink[row, column] = cover
    return count


@compiled
def splat(
    pixels: NDArray[np.uint8],
    positions: NDArray[np.float64],
    matrix: NDArray[np.float64],
    offset: NDArray[np.float64],
    window: tuple[float, float, float, float],
    margin: float,
    core: float,
    edge: float,
    rgba: NDArray[np.float64],
) -> None:
    """Paint dots at data positions (n, 2), in rows of straight RGBA, that dim within `margin` of the window."""
    height, width = pixels.shape[:2]
    x_min, x_max, y_min, y_max = window
    reach, inside = core + edge / 2, max(core - edge / 2, 0.0)
    for i in range(positions.shape[0]):
        x, y = positions[i, 0], positions[i, 1]
        border = min(min(x - x_min, x_max - x), min(y - y_min, y_max - y))
        if not border > 0:  # not a number: not drawn either
            continue
        u = matrix[0, 0] * x + matrix[0, 1] * y + offset[0]
        v = matrix[1, 0] * x + matrix[1, 1] * y + offset[1]
        if not (-reach < u < width + reach and -reach < v < height + reach):
            continue
        red, green, blue, alpha = rgba[i if rgba.shape[0] > 1 else 0]
        alpha *= min(1.0, border / margin)
        left, right = max(math.floor(u - reach), 0), min(math.ceil(u + reach), width)
        for row in range(max(math.floor(v - reach), 0), min(math.ceil(v + reach), height)):
            line, rise = pixels[row], (row + 0.5 - v) ** 2
            for column in range(left, right):
                square = (column + 0.5 - u) ** 2 + rise
                if square >= reach * reach:
                    continue
                cover = alpha
                if square > inside * inside:
                    t = (core - math.sqrt(square)) / edge + 0.5
                    cover *= t * t * (3 - 2 * t)
                keep = 1 - cover
                line[column, 0] = int(red * cover + line[column, 0] * keep + 0.5)
                line[column, 1] = int(green * cover + line[column, 1] * keep + 0.5)
                line[column, 2] = int(blue * cover + line[column, 2] * keep + 0.5)
                line[column, 3] = int(255.0 * cover + line[column, 3] * keep + 0.5)
