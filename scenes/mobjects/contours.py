"""Lines of equal density, as curves that Manim can draw, fade and move."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, Final, Self

import contourpy
import numpy as np
from manim import Mobject, VMobject, straight_path
from manim.utils.color import ParsableManimColor
from numpy.typing import ArrayLike, NDArray

from scenes import theme
from scenes.mobjects.fingerprint import SealedArray, drawing_fingerprint, seal
from scenes.mobjects.raster import STAGE, WHOLE, Window

STROKE: Final = 1.5
"""Stroke width of the lines."""

Points = NDArray[np.float64]

_STRAIGHT: Final = straight_path()


class Contours(VMobject):
    """Where a function on a grid has given shares of its peak.

    `values` has shape (rows, columns), or (records, rows, columns) for several moments; they lie on `extent` as
    in a `DensityMap`, by default the window: row 0 on its lower border, the last one on its upper. Lines end at
    the border of `window`. `levels` are shares of each record's own maximum. `fingerprint` is the hash of the
    trajectory the values come from; without it they are hashed here. The lines are those of a function that is
    linear along the grid's lines.

    All lines are sub-paths of this one curve. Its size is that of the window, whatever the lines are.

    >>> y, x = np.mgrid[-3.15:3.15:127j, -3.15:3.15:127j]
    >>> ring = Contours(np.exp(-x * x - y * y), levels=[np.exp(-1)])
    >>> round(float(np.linalg.norm(ring.points[0])), 2), round(float(ring.width), 2)
    (1.0, 6.3)

    Raises:
        ValueError: `values` has another shape, less than two rows or columns, or a level is not between 0 and 1.
    """

    def __init__(
        self,
        values: NDArray[np.floating],
        window: Window = STAGE,
        *,
        extent: Window | None = None,
        levels: Sequence[float] = (0.1, 0.3, 0.6),
        fingerprint: str | None = None,
        color: ParsableManimColor | None = None,
        opacity: float = 1.0,
        **kwargs: Any,
    ) -> None:
        shape = np.shape(values)
        if len(shape) not in (2, 3) or min(shape[-2:]) < 2 or shape[0] == 0:
            raise ValueError(
                f"Contours take (rows, columns) or (records, rows, columns), 2 × 2 or more; got {shape}."
            )
        if not all(0 < level < 1 for level in levels):
            raise ValueError(f"Levels are shares of the peak, between 0 and 1; got {list(levels)}.")
        self.data = seal(values if len(shape) == 3 else values[None], fingerprint)
        self.window = Window(*map(float, window))
        self.extent = Window(*map(float, window if extent is None else extent))
        self.levels = tuple(map(float, levels))
        self.record = 0.0
        self.drawing = drawing_fingerprint(type(self))
        color = theme.theme().exact if color is None else color
        super().__init__(color=color, stroke_width=STROKE, stroke_opacity=opacity, **kwargs)
        self.add(_Reference(self.window))
        self.show(0)

    @property
    def records(self) -> int:
        """How many records there are to show."""
        return len(self.data.array)

    @property
    def reference(self) -> _Reference:
        """The corners of the window, which every transform of Manim's takes along."""
        return self.submobjects[0]

    def show(self, record: float) -> Self:  # type: ignore[override]
        """Draw the lines of a record; between two, those of the earlier one.

        Raises:
            IndexError: there is no such record.
        """
        if not -WHOLE <= record <= self.records - 1 + WHOLE:
            raise IndexError(f"{self} has records 0 to {self.records - 1}, so it cannot show {record}.")
        self.record = float(record)
        return self._redraw()

    def _redraw(self) -> Self:
        k = min(max(math.floor(self.record + WHOLE), 0), self.records - 1)
        origin, right, top = self.reference.corners
        across, up = isolines(self.data, k, self.levels, self.extent, self.window).T[..., None]
        self.points = origin + across * (right - origin) + up * (top - origin)
        return self

    def zoomed(self, window: Window) -> Self:
        """A copy that shows another part of the plane, where the data themselves would lie in the scene."""
        copy = self.copy()
        copy.window = Window(*map(float, window))
        copy.reference.become_window(copy.window)
        return copy._redraw()

    def coords_to_point(self, coords: ArrayLike) -> NDArray[np.float64]:
        """Where data coordinates (…, 2) lie in the scene now, as points (…, 3)."""
        x_min, x_max, y_min, y_max = self.window
        origin, right, top = self.reference.corners
        x, y = np.moveaxis(np.asarray(coords, dtype=np.float64), -1, 0)[..., None]
        across, up = (x - x_min) / (x_max - x_min), (y - y_min) / (y_max - y_min)
        return origin + across * (right - origin) + up * (top - origin)

    def align_points(self, vmobject: VMobject) -> Self:
        """Leave the lines as they are: `interpolate` draws them anew."""
        return self if isinstance(vmobject, Contours) else super().align_points(vmobject)

    def interpolate(self, mobject1: Mobject, mobject2: Mobject, alpha: float, path_func: Any = _STRAIGHT) -> Self:
        """Mix place, style and, on equal data, record; the lines are those of a record and never invented."""
        if not (isinstance(mobject1, Contours) and isinstance(mobject2, Contours)):
            return super().interpolate(mobject1, mobject2, alpha, path_func)
        before = mobject2 if alpha >= 1 else mobject1
        same = mobject1.data == mobject2.data
        self.record = (1 - alpha) * mobject1.record + alpha * mobject2.record if same else before.record
        self.data, self.levels, self.extent, self.window = before.data, before.levels, before.extent, before.window
        self.reference.points = path_func(mobject1.reference.points, mobject2.reference.points, alpha)
        self.interpolate_color(mobject1, mobject2, alpha)
        return self._redraw()


class _Reference(VMobject):
    """A rectangle that goes along with every transform and is never seen, whatever style it is given."""

    def __init__(self, window: Window) -> None:
        super().__init__(stroke_width=0, fill_opacity=0)
        self.become_window(window)

    def become_window(self, window: Window) -> Self:
        """Lie where the window's data lie in the scene: its diagonals, as two curves, have all four corners."""
        x_min, x_max, y_min, y_max = window
        diagonals = [(x_min, y_min), (x_max, y_max), (x_max, y_min), (x_min, y_max)]
        self.points = np.repeat(np.pad(np.array(diagonals), ((0, 0), (0, 1))), 2, axis=0)
        return self

    @property
    def corners(self) -> NDArray[np.float64]:
        """Of the window's lower left, lower right and upper left, (3, 3)."""
        return self.points[[0, 4, 7]]

    def set_stroke(self, *_: Any, background: bool = False, **__: Any) -> Self:  # type: ignore[override]
        """Stay without a stroke."""
        return super().set_stroke(width=0, opacity=0, background=background)

    def set_fill(self, *_: Any, **__: Any) -> Self:  # type: ignore[override]
        """Stay without a fill."""
        return super().set_fill(opacity=0)


@functools.lru_cache(maxsize=16)
def isolines(
    data: SealedArray, record: int, levels: tuple[float, ...], extent: Window, window: Window
) -> NDArray[np.float64]:
    """Cubic Bézier curves (4 · pieces, 2) of all lines, in the unit square of the window."""
    values = np.asarray(data.array[record], dtype=np.float64)
    rows, columns = values.shape
    left, right, bottom, top = extent
    maker = contourpy.contour_generator(
        np.linspace(left, right, columns), np.linspace(bottom, top, rows), values, line_type="Separate"
    )
    x_min, x_max, y_min, y_max = window
    starts, ends = [np.zeros((0, 2))], [np.zeros((0, 2))]
    for level in levels:
        for line in maker.lines(level * values.max()):
            line = (line - (x_min, y_min)) / (x_max - x_min, y_max - y_min)
            starts.append(line[:-1])
            ends.append(line[1:])
    start, end = _clipped(np.concatenate(starts), np.concatenate(ends))
    curves = np.stack([start + t / 3 * (end - start) for t in range(4)], axis=1).reshape(-1, 2)
    curves.flags.writeable = False
    return curves


def _clipped(start: Points, end: Points) -> tuple[Points, Points]:
    """What of the pieces from `start` to `end`, (pieces, 2) each, lies in the unit square (Liang and Barsky)."""
    enter, leave = np.zeros(len(start)), np.ones(len(start))
    step = end - start
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis in (0, 1):
            to_borders = np.sort([-start[:, axis] / step[:, axis], (1 - start[:, axis]) / step[:, axis]], axis=0)
            # Along the border itself, or beside it: all or nothing.
            still = step[:, axis] == 0
            inside = (start[:, axis] >= 0) & (start[:, axis] <= 1)
            enter = np.maximum(enter, np.where(still, np.where(inside, 0, 2), to_borders[0]))
            leave = np.minimum(leave, np.where(still, 1, to_borders[1]))
    kept = enter < leave
    start, step, enter, leave = start[kept], step[kept], enter[kept, None], leave[kept, None]
    return start + enter * step, start + leave * step
