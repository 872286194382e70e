"""A density as a glow: nothing where there is no mass, the ramp's last colour at the maximum."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any, Final, NamedTuple, Self

import numpy as np
from manim import ManimColor, Mobject
from manim.utils.color import ParsableManimColor
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.fingerprint import SealedArray, seal
from scenes.mobjects.raster import STAGE, PixelMap, Raster, Window, compiled

LEVELS: Final = 256
"""Entries of a colour table; between two of them colours are mixed."""
KEPT: Final = 4
"""So many densities are kept as pixels: while one only fades or changes colour, it is not interpolated anew."""

_PLACES: dict[tuple[Hashable, ...], NDArray[np.float64]] = {}


class DensityMap(Raster):
    """A non-negative function on a grid, in the colours of a ramp; equal steps of it look equally large.

    `values` has shape (rows, columns), or (records, rows, columns) for several moments. They fill `extent`, by
    default the window: row 0 lies on its lower border and the last row on the upper one, column 0 on the left
    border and the last on the right one, as in `np.linspace(x_min, x_max, columns)`; between them the
    function is interpolated, beyond them it is that of the border. `window` is the part that is drawn.
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
        extent: Window | None = None,
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
        self.extent = Window(*map(float, window if extent is None else extent))
        records = values if len(shape) == 3 else values[None]
        paint = seal(color_table(colors))
        super().__init__(seal(records, fingerprint), paint, window, opacity, color=colors[-1], **kwargs)

    def paint_of(self, color: ManimColor) -> SealedArray:
        """The colour table from the paper to one colour."""
        return seal(color_table([self.paper, color]))

    def interpolate_color(self, mobject1: Mobject, mobject2: Mobject, alpha: float) -> Self:
        """As for every raster; peak and extent change at the end."""
        super().interpolate_color(mobject1, mobject2, alpha)
        before = mobject2 if alpha >= 1 else mobject1
        self.paper, self.peak, self.extent = before.paper, before.peak, before.extent
        return self

    def draw(self, pixels: NDArray[np.uint8], to_pixels: PixelMap) -> None:
        """Paint the glow over `pixels`."""
        box = PixelBox.of(self.window, to_pixels, pixels.shape)
        key = (*self.look_key(), *(part.tobytes() for part in to_pixels), pixels.shape)
        if (places := _PLACES.pop(key, None)) is None:
            places = np.empty(tuple(box.high - box.low)[::-1])
            self.place(places, box)
            while len(_PLACES) >= KEPT:
                del _PLACES[next(iter(_PLACES))]
        _PLACES[key] = places  # the one used last stands last
        table = self.paint.array * (255.0 * min(self.opacity, 1.0))
        _blend(pixels, places, table, *box)

    def look_key(self) -> tuple[Hashable, ...]:
        """All that the shares of the table depend on, short of the pixels."""
        return type(self), self.data, self.moment, self.peak, self.window, self.extent

    def levels(self) -> NDArray[np.float64]:
        """The current record in shares of the peak, 0 to 1: (rows, columns)."""
        values = self.current()
        peak = values.max() if self.peak is None else self.peak
        return np.clip(values / peak, 0.0, 1.0) if peak > 0 else np.zeros_like(values)

    def place(self, places: NDArray[np.float64], box: PixelBox) -> None:
        """Find each pixel's place in the colour table, 0 to `LEVELS` − 1: (rows, columns) of the box."""
        levels = np.pad(self.levels(), 1, mode="reflect", reflect_type="odd")
        _interpolate(places, levels, part_of_extent(self.window, self.extent), *box)


class PixelBox(NamedTuple):
    """The pixels around a window, and the way from them to its unit square."""

    to_window: NDArray[np.float64]
    corner: NDArray[np.float64]
    lengths: NDArray[np.float64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]

    @classmethod
    def of(cls, window: Window, to_pixels: PixelMap, shape: tuple[int, ...]) -> PixelBox:
        x_min, x_max, y_min, y_max = window
        sides = to_pixels.matrix * (x_max - x_min, y_max - y_min)
        corner = to_pixels.matrix @ (x_min, y_min) + to_pixels.offset
        corners = np.array([corner, corner + sides[:, 0], corner + sides[:, 1], corner + sides.sum(axis=1)])
        low = np.clip(np.floor(corners.min(axis=0)) - 1, 0, shape[1::-1]).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)) + 1, low, shape[1::-1]).astype(int)
        return cls(np.linalg.inv(sides), corner, np.hypot(*sides), low, high)


def part_of_extent(window: Window, extent: Window) -> NDArray[np.float64]:
    """From the unit square of the window to that of the extent: scale and shift along each axis, (2, 2)."""
    x_min, x_max, y_min, y_max = window
    left, right, bottom, top = extent
    return np.array(
        [
            [(x_max - x_min) / (right - left), (x_min - left) / (right - left)],
            [(y_max - y_min) / (top - bottom), (y_min - bottom) / (top - bottom)],
        ]
    )


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
def _across(t: float, levels: NDArray[np.float64], i: int, j: int) -> float:
    return _curve(t, levels[i, j], levels[i, j + 1], levels[i, j + 2], levels[i, j + 3])


@compiled
def _cover(
    column: int,
    row: int,
    to_window: NDArray[np.float64],
    corner: NDArray[np.float64],
    lengths: NDArray[np.float64],
) -> tuple[float, float, float]:
    """How far across and up the window a pixel lies, and how much of it lies in there."""
    u, v = column + 0.5 - corner[0], row + 0.5 - corner[1]
    across = to_window[0, 0] * u + to_window[0, 1] * v
    up = to_window[1, 0] * u + to_window[1, 1] * v
    border = min(min(across, 1 - across) * lengths[0], min(up, 1 - up) * lengths[1])
    return across, up, min(1.0, border + 0.5)


@compiled
def _interpolate(
    places: NDArray[np.float64],
    levels: NDArray[np.float64],
    part: NDArray[np.float64],
    to_window: NDArray[np.float64],
    corner: NDArray[np.float64],
    lengths: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> None:
    # `levels` carries one more row and column on each side, for the curve beyond the border.
    if to_window[0, 1] == 0 and to_window[1, 0] == 0:
        _interpolate_upright(places, levels, part, to_window, corner, lengths, low, high)
        return
    rows, columns = levels.shape[0] - 2, levels.shape[1] - 2
    for row in range(low[1], high[1]):
        for column in range(low[0], high[0]):
            across, up, cover = _cover(column, row, to_window, corner, lengths)
            if cover <= 0:
                places[row - low[1], column - low[0]] = 0.0
                continue
            j, x = _cell(part[0, 0] * across + part[0, 1], columns)
            i, y = _cell(part[1, 0] * up + part[1, 1], rows)
            level = _curve(
                y,
                _across(x, levels, i, j),
                _across(x, levels, i + 1, j),
                _across(x, levels, i + 2, j),
                _across(x, levels, i + 3, j),
            )
            places[row - low[1], column - low[0]] = min(max(level, 0.0), 1.0) * (LEVELS - 1)


@compiled
def _cell(share: float, count: int) -> tuple[int, float]:
    """Between which two of so many values a share of their extent lies, and how far from the first."""
    x = min(max(share, 0.0), 1.0) * (count - 1)
    j = min(int(x), count - 2)
    return j, x - j


@compiled
def _interpolate_upright(
    places: NDArray[np.float64],
    levels: NDArray[np.float64],
    part: NDArray[np.float64],
    to_window: NDArray[np.float64],
    corner: NDArray[np.float64],
    lengths: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> None:
    """The same, where a column of pixels crosses every row of the grid at one place.

    The curves along the rows, four of a pixel's five, are drawn once a column; what is left runs in vectors.
    """
    rows, columns = levels.shape[0] - 2, levels.shape[1] - 2
    crossed = np.empty((levels.shape[0], high[0] - low[0]))
    first, end = high[0] - low[0], 0  # the columns that touch the window
    for column in range(low[0], high[0]):
        across = _cover(column, low[1], to_window, corner, lengths)[0]
        if min(across, 1 - across) * lengths[0] + 0.5 <= 0:
            continue
        first, end = min(first, column - low[0]), column - low[0] + 1
        j, x = _cell(part[0, 0] * across + part[0, 1], columns)
        for i in range(levels.shape[0]):
            crossed[i, column - low[0]] = _across(x, levels, i, j)
    for row in range(low[1], high[1]):
        up = _cover(low[0], row, to_window, corner, lengths)[1]
        line = places[row - low[1]]
        line[:] = 0.0
        if min(up, 1 - up) * lengths[1] + 0.5 <= 0:
            continue
        i, y = _cell(part[1, 0] * up + part[1, 1], rows)
        before, start, stop, after = crossed[i], crossed[i + 1], crossed[i + 2], crossed[i + 3]
        for k in range(first, end):
            level = _curve(y, before[k], start[k], stop[k], after[k])
            line[k] = min(max(level, 0.0), 1.0) * (LEVELS - 1)


@compiled
def _inside(
    row: int, to_window: NDArray[np.float64], corner: NDArray[np.float64], lengths: NDArray[np.float64]
) -> tuple[float, float]:
    """Between which columns the pixels of a row lie wholly in the window, and a pixel from its border."""
    low, high = -math.inf, math.inf
    for axis in range(2):
        slope = to_window[axis, 0]
        start = to_window[axis, 1] * (row + 0.5 - corner[1]) + slope * (0.5 - corner[0])
        margin = 1.5 / lengths[axis]
        if slope == 0:
            if not margin < start < 1 - margin:
                return 0.0, 0.0
            continue
        one, other = (margin - start) / slope, (1 - margin - start) / slope
        low, high = max(low, min(one, other)), min(high, max(one, other))
    return low, high


@compiled
def _blend(
    pixels: NDArray[np.uint8],
    places: NDArray[np.float64],
    table: NDArray[np.float64],
    to_window: NDArray[np.float64],
    corner: NDArray[np.float64],
    lengths: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> None:
    last = table.shape[0] - 1
    # Below this place, what the first colours would add is rounded away by every `noise`.
    quiet = 0.0015 / max(table[1, 3], 1e-12) if table[0, 3] == 0 else -1.0
    for row in range(low[1], high[1]):
        first, end = _inside(row, to_window, corner, lengths)
        line, line_places = pixels[row], places[row - low[1]]
        for column in range(low[0], high[0]):
            place = line_places[column - low[0]]
            if place < quiet:
                continue
            cover = 1.0
            if not first < column < end:
                cover = _cover(column, row, to_window, corner, lengths)[2]
                if cover <= 0:
                    continue
            k = min(int(place), last - 1)
            b = place - k
            a = 1 - b
            # Rounding up or down by a fixed pattern (interleaved gradient noise, Jimenez 2014) hides the
            # bands of 8-bit colour; strictly between 0 and 1, it leaves whole numbers as they are.
            noise = 0.06711056 * column + 0.00583715 * row
            noise = 52.9829189 * (noise - int(noise))
            noise = 0.002 + 0.996 * (noise - int(noise))
            veil = cover * (a * table[k, 3] + b * table[k + 1, 3])
            keep = 1 - veil / 255.0
            # Written out, for a loop over the channels takes a third longer.
            red = cover * (a * table[k, 0] + b * table[k + 1, 0])
            green = cover * (a * table[k, 1] + b * table[k + 1, 1])
            blue = cover * (a * table[k, 2] + b * table[k + 1, 2])
            line[column, 0] = int(red + keep * line[column, 0] + noise)
            line[column, 1] = int(green + keep * line[column, 1] + noise)
            line[column, 2] = int(blue + keep * line[column, 2] + noise)
            if line[column, 3] < 255:  # what is opaque stays so
                line[column, 3] = int(veil + keep * line[column, 3] + noise)
