"""Particles as round dots, from one to a hundred thousand, drawn in one pass over their pixels."""

import math
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


class ParticleCloud(Raster):
    """Particles at recorded positions.

    `positions` has shape (records, particles, 2), or (particles, 2) for a single record; a memory map is
    read one record at a time. `fingerprint` is the hash of the trajectory they come from; without it they
    are hashed here, which reads them all. `radius` is in units of data and scales with the cloud and the
    camera; dots stay round. A dot dims over the last radius before the window's border, and positions
    outside it, or not finite, are not drawn. `color` and `opacity` hold for all particles; `set_colors`
    gives each its own.

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
        **kwargs: Any,
    ) -> None:
        shape = np.shape(positions)
        if len(shape) not in (2, 3) or shape[-1] != 2 or 0 in shape:
            raise ValueError(
                f"Positions have shape (records, particles, 2) or (particles, 2), not empty; got {shape}."
            )
        color = ManimColor(theme.theme().particles if color is None else color)
        records = positions if len(shape) == 3 else positions[None]
        self.radius = float(radius)
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

    def interpolate_color(self, mobject1: Mobject, mobject2: Mobject, alpha: float) -> Self:
        """As for every raster; the radius is mixed too."""
        super().interpolate_color(mobject1, mobject2, alpha)
        self.radius = (1 - alpha) * mobject1.radius + alpha * mobject2.radius
        return self

    def draw(self, pixels: NDArray[np.uint8], to_pixels: PixelMap) -> None:
        """Paint the dots over `pixels`, in the order of the particles."""
        radius = self.radius * to_pixels.scale
        ink = min(1.0, radius / SMALLEST) ** 2
        radius = max(radius, SMALLEST)
        # The edge's ink averages π(core² + EDGE²/20) over where the grid lies: this core gives it πr².
        core = math.sqrt(radius**2 - EDGE**2 / 20)
        rgba = np.clip(self.paint.array, 0.0, 1.0)
        rgba = rgba * (255.0, 255.0, 255.0, ink * min(self.opacity, 1.0))
        _splat(pixels, self.current(), *to_pixels, self.window, self.radius, core, EDGE, rgba)


@compiled
def _splat(
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
