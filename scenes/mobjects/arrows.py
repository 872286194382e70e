"""Outlines that are drawn anew for every moment (arrows, dashes, discs), and the group that carries them along."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, Final, Protocol, Self

import numpy as np
from manim import Circle, Mobject, VGroup, VMobject, straight_path
from manim.utils.color import ParsableManimColor
from numpy.typing import ArrayLike, NDArray

from scenes.mobjects.fingerprint import SealedArray, drawing_fingerprint
from scenes.mobjects.raster import WHOLE

Points = NDArray[np.float64]  # (n, 3), in Manim's order: four to a cubic curve

HEAD: Final = 4.2
"""Length of an arrow's head in widths of its shaft, while the arrow is long enough for it."""
HEAD_SHARE: Final = 0.45
"""The largest share of an arrow's length that the head takes."""
HALF_HEAD: Final = 0.4
"""Half the head's breadth in lengths of the head."""
NECK: Final = 0.35
"""The largest share of the head's breadth that the shaft takes: the head of a short arrow is still one."""
SHAFT: Final = 0.05
"""Width of an arrow's shaft, in Manim units."""
_CIRCLE: Final = Circle(radius=1.0).points.copy()
_NOTHING: Final = np.zeros((0, 3))
_STRAIGHT: Final = straight_path()


class Place(Protocol):
    """Where a plane of data lies in the scene: a raster on the stage, an inset."""

    def coords_to_point(self, coords: ArrayLike) -> Points:
        """Points of the scene, (…, 3), of data coordinates (…, 2)."""


def window_corners(place: Place, *drawn: ArrayLike) -> NDArray[np.float64]:
    """The four data corners (4, 2) for `frame_by`: of a place's window; if it has none, around what is drawn."""
    window = getattr(place, "window", None)
    if window is None:
        every = np.concatenate([np.reshape(coords, (-1, 2)) for coords in drawn])
        low, high = every.min(axis=0) - 0.1, every.max(axis=0) + 0.1
        window = (low[0], high[0], low[1], high[1])
    left, right, bottom, top = window
    return np.array([[left, bottom], [right, bottom], [left, top], [right, top]])


def chain(corners: ArrayLike) -> Points:
    """Straight lines from corner to corner, (n, 3) to 4(n − 1) points; of many chains, (…, n, 3), one by one."""
    corners = np.asarray(corners, dtype=np.float64)
    start, end = corners[..., :-1, :], corners[..., 1:, :]
    points = np.stack([start, (2 * start + end) / 3, (start + 2 * end) / 3, end], axis=-2)
    return points.reshape(-1, 3)


def polygon(corners: ArrayLike) -> Points:
    """A closed outline through corners (n, 3); through (…, n, 3) as many outlines, one after the other."""
    corners = np.asarray(corners, dtype=np.float64)
    return chain(np.concatenate([corners, corners[..., :1, :]], axis=-2))


def arrow_outline(start: ArrayLike, end: ArrayLike, width: float = SHAFT) -> Points:
    """Outline of an arrow in the plane whose tip is `end`; no points if it has no length.

    The head is `HEAD` shafts long, but never more than `HEAD_SHARE` of the arrow; a shorter head is narrower
    in proportion and so is, in the end, the shaft. So the shortest arrow is a long one seen from afar.

    >>> arrow_outline((0, 0, 0), (1, 0, 0)).max(axis=0).round(3).tolist()
    [1.0, 0.084, 0.0]
    """
    start, end = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    length = math.hypot(*(end - start)[:2])
    if length < WHOLE:
        return _NOTHING
    head = min(HEAD * width, HEAD_SHARE * length)
    breadth = HALF_HEAD * head
    half = min(width / 2, NECK * breadth)
    neck = length - head
    along = (end - start) / length
    across = np.array([-along[1], along[0], 0.0])
    shape = ((0, half), (neck, half), (neck, breadth), (length, 0), (neck, -breadth), (neck, -half), (0, -half))
    return polygon([start + x * along + y * across for x, y in shape])


def disc(center: ArrayLike, radius: float) -> Points:
    """Outline of a disc."""
    return np.asarray(center) + radius * _CIRCLE


def ring(center: ArrayLike, radius: float, width: float) -> Points:
    """Outline of a ring: the disc of this radius less the one inside."""
    return np.concatenate([disc(center, radius), disc(center, radius - width)[::-1]])


def dashes(start: ArrayLike, end: ArrayLike, width: float, dash: float = 0.09) -> Points:
    """Outlines of dashes from `start` towards `end`, as long as the gaps; the first and the last may be cut."""
    start, end = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    length = math.hypot(*(end - start)[:2])
    if length < WHOLE:
        return _NOTHING
    along = (end - start) / length
    across = width / 2 * np.array([-along[1], along[0], 0.0])
    outlines = []
    for first in np.arange(0.0, length, 2 * dash):
        a, b = start + first * along, start + min(first + dash, length) * along
        outlines.append(polygon([a + across, b + across, b - across, a - across]))
    return np.concatenate(outlines)


class Arrow2D(VMobject):
    """An arrow in the plane, shaft and head in one outline; `put` moves its ends.

    >>> one = Arrow2D((0, 0, 0), (1, 0, 0), "#FFFFFF").put((0, 0, 0), (0, 0.1, 0))
    >>> one.get_top().round(9).tolist()
    [0.0, 0.1, 0.0]
    """

    def __init__(
        self,
        start: ArrayLike,
        end: ArrayLike,
        color: ParsableManimColor,
        width: float = SHAFT,
        opacity: float = 1.0,
    ) -> None:
        super().__init__(fill_color=color, fill_opacity=opacity, stroke_width=0)
        self.width_of_shaft = width
        self.put(start, end)

    def put(self, start: ArrayLike, end: ArrayLike) -> Self:
        """Draw the arrow anew from `start` to its tip `end`, both points of the scene."""
        self.points = arrow_outline(start, end, self.width_of_shaft)
        return self


def arrow(
    start: ArrayLike, end: ArrayLike, color: ParsableManimColor, width: float = SHAFT, opacity: float = 1.0
) -> Arrow2D:
    """An arrow from `start` to its tip `end`; without points if these are one place."""
    return Arrow2D(start, end, color, width, opacity)


def set_ends(arrow: Arrow2D, start: ArrayLike, end: ArrayLike) -> Arrow2D:
    """Move the ends of an arrow."""
    return arrow.put(start, end)


class Part(VMobject):
    """A piece of a `Redrawn`, which alone gives it its points; `strength` weakens the opacity it has."""

    def __init__(self, role: str, **style: Any) -> None:
        self.role, self.strength = role, 1.0
        super().__init__(**style)

    def get_fill_rgbas(self) -> NDArray[np.float64]:
        """What the camera draws: the fill's opacity is weakened."""
        return np.asarray(super().get_fill_rgbas() * (1.0, 1.0, 1.0, self.strength))

    def get_fill_opacities(self) -> NDArray[np.float64]:
        """The opacity that was set, which `fade` and the like go by."""
        return np.asarray(self.fill_rgbas[:, 3])

    def align_points(self, vmobject: Mobject) -> Self:
        """Leave the points of two moments as they are: what lies between them is drawn, not mixed."""
        return self.align_rgbas(vmobject) if self._is_like(vmobject) else super().align_points(vmobject)

    def interpolate(self, mobject1: Mobject, mobject2: Mobject, alpha: float, path_func: Any = _STRAIGHT) -> Self:
        """Mix colours alone, between two moments."""
        if self._is_like(mobject1) and self._is_like(mobject2):
            return self.interpolate_color(mobject1, mobject2, alpha)
        return super().interpolate(mobject1, mobject2, alpha, path_func)

    def _is_like(self, other: Mobject) -> bool:
        return isinstance(other, Part) and other.role == self.role


class Redrawn(VGroup):
    """Base of the mobjects of vectors that show records: each moment is drawn from its record's index alone.

    Pieces are drawn where they were made, at `home`, and carried to where the mobject is now. What carries
    them are the corners of the group's frame, its own four points: nobody sees them, but every transform of
    Manim acts on them. They alone are the group's size and centre, which therefore are those of all records.
    """

    def __init__(self, data: SealedArray) -> None:
        self.data = data
        self.record = 0.0
        self.eased = False
        self.drawing = drawing_fingerprint(type(self))
        super().__init__()

    @abstractmethod
    def redraw(self) -> None:
        """Put the parts of the present record where they belong."""

    def enclose(self, low: ArrayLike, high: ArrayLike) -> None:
        """Make the rectangle between two corners, at least, the frame."""
        (x0, y0), (x1, y1) = np.asarray(low, dtype=np.float64)[:2], np.asarray(high, dtype=np.float64)[:2]
        self.frame_by([[x0, y0, 0.0], [x1, y0, 0.0], [x0, y1, 0.0], [x1, y1, 0.0]])

    def frame_by(self, corners: ArrayLike) -> None:
        """Make four corners the frame: lower left, lower right, upper left, upper right."""
        self.points = np.array(corners, dtype=np.float64)
        self.home = self.points[0, :2].copy()
        self.shares = np.linalg.inv((self.points[1:3] - self.points[0])[:, :2])

    def carry(self, points: ArrayLike) -> Points:
        """Where points (…, 3) of the plane at home lie in the scene now."""
        shares = (np.asarray(points, dtype=np.float64)[..., :2] - self.home) @ self.shares
        return np.asarray(self.points[0] + shares @ (self.points[1:3] - self.points[0]))

    def put(self, part: Part, outline: Points) -> None:
        """Give a part its outline at home. Manim cannot fade what has no points: nothing is a point there."""
        part.points = self.carry(outline) if len(outline) else np.repeat(self.points[:1], 4, axis=0)

    @property
    def records(self) -> int:
        """How many records there are to show."""
        return len(self.data.array)

    def moment(self) -> tuple[int, float]:
        """The record shown, and the way to the next one, 0 to 1."""
        k = min(max(self.record, 0.0), self.records - 1.0)
        first = math.floor(k + WHOLE)
        rest = k - first
        return first, rest if rest > WHOLE else 0.0

    def current(self) -> NDArray[Any]:
        """The data of the moment shown: those of the earlier record, or a blend of two if `eased`."""
        first, rest = self.moment()
        now = self.data.array[first]
        return (1 - rest) * now + rest * self.data.array[first + 1] if self.eased and rest > 0 else now

    def show(self, record: float) -> Self:  # type: ignore[override]
        """Draw the moment of a record.

        Raises:
            IndexError: there is no such record.
        """
        if not -WHOLE <= record <= self.records - 1 + WHOLE:  # a tracker overshoots by a rounding error
            raise IndexError(f"{self} has records 0 to {self.records - 1}, so it cannot show {record}.")
        self.record = float(record)
        self.redraw()
        return self

    def interpolate(self, mobject1: Mobject, mobject2: Mobject, alpha: float, path_func: Any = _STRAIGHT) -> Self:
        """Draw what lies between two moments or places of one mobject."""
        super().interpolate(mobject1, mobject2, alpha, path_func)
        if type(mobject1) is type(mobject2) is type(self):
            self.redraw()
        return self

    def interpolate_color(self, mobject1: Mobject, mobject2: Mobject, alpha: float) -> Self:
        """Become the moment between two; those of different data are not mixed, but change at the end."""
        super().interpolate_color(mobject1, mobject2, alpha)
        if type(mobject1) is type(mobject2) is type(self):
            before = mobject2 if alpha >= 1 else mobject1
            same = mobject1.data == mobject2.data
            self.record = (1 - alpha) * mobject1.record + alpha * mobject2.record if same else before.record
            self.take_over(before)
        return self

    def take_over(self, other: Self) -> None:
        """Take the data of another mobject of this kind, and whether it is eased."""
        self.data, self.home, self.shares, self.eased = other.data, other.home, other.shares, other.eased

    def get_points_defining_boundary(self) -> Points:
        """The frame."""
        return self.points

    def reduce_across_dimension(self, reduce_func: Any, dim: int) -> float:
        """Least or greatest coordinate of the frame."""
        return float(reduce_func(self.points[:, dim]))

    def get_fill_rgbas(self) -> NDArray[np.float64]:
        """The frame is not drawn."""
        return np.zeros((1, 4))

    def get_stroke_width(self, background: bool = False) -> float:
        """The frame is not drawn."""
        return 0.0

    def pointwise_become_partial(self, vmobject: VMobject, a: float, b: float) -> Self:
        """The frame stays whole, while `Create` draws the rest."""
        return self
