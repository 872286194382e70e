"""A density as a glow: nothing where there is no mass, the ramp's last colour at the maximum."""

import math
from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np
from manim import ManimColor, Mobject
from manim.utils.color import ParsableManimColor
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.fingerprint import SealedArray, seal
from scenes.mobjects.raster import STAGE, PixelMap, Raster, Window, compiled

LEVELS: Final = 256
"""Entries of a colour table; between two of them colours are mixed."""


class DensityMap(Raster):
    """A non-negative function on a grid, in the colours of a ramp; equal steps of it look equally large.

    `values` has shape (rows, columns), or (records, rows, columns) for several moments. Row 0 lies on the
    window's lower border and the last row on the upper one, column 0 on the left border and the last on the
    right one, as in `np.linspace(x_min, x_max, columns)`; between them the function is interpolated.
    `fingerprint` is the hash of the trajectory they come from; without it the values are hashed here.
    `peak` is the value that takes the ramp's last colour, by default each record's own maximum. `ramp` runs
    from the paper, which is drawn as nothing at all, to the maximum.

    >>> DensityMap(np.ones((4, 64, 64))).records
    4

    Raises:
        ValueError: `values` has another shape or less than two rows or columns.
    """

    def __init__(
        self,
        values: NDArray[np.floating],
        window: Window = STAGE,
        *,
        fingerprint: str | None = None,
        peak: float | None = None,
        ramp: Sequence[ParsableManimColor] | None = None,
        opacity: float = 1.0,
        **kwargs: Any,
    ) -> None:
        shape = np.shape(values)
        if len(shape) not in (2, 3) or min(shape[-2:]) < 2 or shape[0] == 0:
            raise ValueError(
                f"A density has shape (rows, columns) or (records, rows, columns), 2 × 2 or more; got {shape}."
            )
        colors = [ManimColor(color) for color in (theme.theme().ramp if ramp is None else ramp)]
        self.paper = colors[0]
        self.peak = peak
        records = values if len(shape) == 3 else values[None]
        paint = seal(color_table(colors))
        super().__init__(seal(records, fingerprint), paint, window, opacity, color=colors[-1], **kwargs)

    def paint_of(self, color: ManimColor) -> SealedArray:
        """The colour table from the paper to one colour."""
        return seal(color_table([self.paper, color]))

    def interpolate_color(self, mobject1: Mobject, mobject2: Mobject, alpha: float) -> Self:
        """As for every raster; the peak changes at the end."""
        super().interpolate_color(mobject1, mobject2, alpha)
        before = mobject2 if alpha >= 1 else mobject1
        self.paper, self.peak = before.paper, before.peak
        return self

    def draw(self, pixels: NDArray[np.uint8], to_pixels: PixelMap) -> None:
        """Paint the glow over `pixels`."""
        values = self.current()
        peak = values.max() if self.peak is None else self.peak
        levels = np.clip(values / peak, 0.0, 1.0) if peak > 0 else np.zeros_like(values)
        x_min, x_max, y_min, y_max = self.window
        # From pixels to the unit square of the window.
        sides = to_pixels.matrix * (x_max - x_min, y_max - y_min)
        corner = to_pixels.matrix @ (x_min, y_min) + to_pixels.offset
        box = np.array([corner, corner + sides[:, 0], corner + sides[:, 1], corner + sides.sum(axis=1)])
        low = np.clip(np.floor(box.min(axis=0)) - 1, 0, None).astype(int)
        high = np.minimum(np.ceil(box.max(axis=0)) + 1, pixels.shape[1::-1]).astype(int)
        lengths = np.hypot(*sides)
        levels = np.pad(levels, 1, mode="reflect", reflect_type="odd")
        table = self.paint.array * (255.0 * min(self.opacity, 1.0))
        _shade(pixels, levels, table, np.linalg.inv(sides), corner, lengths, low, high)


def color_table(ramp: Sequence[ManimColor]) -> NDArray[np.float64]:
    """Premultiplied RGBA (LEVELS, 4) of a glow that, over the ramp's first colour, shows the whole ramp.

    Colours are mixed, and spaced, evenly in Oklab (Ottosson 2020). The opacity is the least that gives the
    colour over the paper, so that what lies beneath shines through where the density is low.
    """
    stops = _oklab(np.array([color.to_rgb() for color in ramp], dtype=np.float64))
    lengths = np.linalg.norm(np.diff(stops, axis=0), axis=1)
    places = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0.0, places[-1], LEVELS)
    rgb = _srgb(np.column_stack([np.interp(wanted, places, channel) for channel in stops.T]))
    rgb[0] = paper = np.asarray(ramp[0].to_rgb())
    room = np.where(rgb > paper, 1 - paper, paper)
    needed = np.divide(abs(rgb - paper), room, out=np.zeros_like(rgb), where=room > 0)
    alpha = needed.max(axis=1, keepdims=True)
    return np.hstack([rgb - paper * (1 - alpha), alpha])


_TO_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """SRGB (…, 3) in [0, 1] as Oklab."""
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(light @ _TO_CONES.T) @ _TO_LAB.T


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Oklab (…, 3) as sRGB in [0, 1]."""
    light = np.clip((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T, 0.0, 1.0)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


@compiled
def _curve(t: float, before: float, start: float, end: float, after: float) -> float:
    """Catmull–Rom: a smooth curve through the values, so that coarse grids show no facets."""
    slope = 0.5 * (end - before)
    bend = before - 2.5 * start + 2.0 * end - 0.5 * after
    twist = 1.5 * (start - end) + 0.5 * (after - before)
    return start + t * (slope + t * (bend + t * twist))


@compiled
def _shade(
    pixels: NDArray[np.uint8],
    levels: NDArray[np.float64],
    table: NDArray[np.float64],
    to_window: NDArray[np.float64],
    corner: NDArray[np.float64],
    lengths: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> None:
    # `levels` carries one more row and column on each side, for the curve beyond the border.
    rows, columns = levels.shape[0] - 2, levels.shape[1] - 2
    last = table.shape[0] - 1
    for row in range(low[1], high[1]):
        for column in range(low[0], high[0]):
            u, v = column + 0.5 - corner[0], row + 0.5 - corner[1]
            across = to_window[0, 0] * u + to_window[0, 1] * v
            up = to_window[1, 0] * u + to_window[1, 1] * v
            border = min(min(across, 1 - across) * lengths[0], min(up, 1 - up) * lengths[1])
            cover = min(1.0, border + 0.5)  # how much of the pixel lies in the window
            if cover <= 0:
                continue
            x, y = min(max(across, 0.0), 1.0) * (columns - 1), min(max(up, 0.0), 1.0) * (rows - 1)
            j, i = min(int(x), columns - 2), min(int(y), rows - 2)
            x, y = x - j, y - i
            a, b, c, d = levels[i], levels[i + 1], levels[i + 2], levels[i + 3]
            level = _curve(
                y,
                _curve(x, a[j], a[j + 1], a[j + 2], a[j + 3]),
                _curve(x, b[j], b[j + 1], b[j + 2], b[j + 3]),
                _curve(x, c[j], c[j + 1], c[j + 2], c[j + 3]),
                _curve(x, d[j], d[j + 1], d[j + 2], d[j + 3]),
            )
            place = min(max(level, 0.0), 1.0) * last
            k = min(int(place), last - 1)
            part = place - k
            # Rounding up or down by a fixed pattern (interleaved gradient noise, Jimenez 2014) hides the
            # bands of 8-bit colour; strictly between 0 and 1, it leaves whole numbers as they are.
            noise = 0.06711056 * column + 0.00583715 * row
            noise = 52.9829189 * (noise - math.floor(noise))
            noise = 0.002 + 0.996 * (noise - math.floor(noise))
            keep = 1 - cover * ((1 - part) * table[k, 3] + part * table[k + 1, 3]) / 255.0
            for channel in range(4):
                paint = cover * ((1 - part) * table[k, channel] + part * table[k + 1, channel])
                pixels[row, column, channel] = int(paint + keep * pixels[row, column, channel] + noise)
