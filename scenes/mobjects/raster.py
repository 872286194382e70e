"""Mobjects that draw themselves into the camera's pixels in one batch, and how Manim comes to know them.

A cloud of 5,000 particles as a group of `Dot`s costs Cairo a third of a second a frame; one loop over its
pixels costs a millisecond. A `Raster` is such a loop with a place in the scene: its `points` are the
corners of its data window, so every affine transform of Manim acts on it, and data are mapped to pixels as
it is drawn.
"""

import functools
import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Self, TypeVar

import numpy as np
from manim import Camera, ManimColor, Mobject
from numba import njit
from numpy.typing import ArrayLike, NDArray

from scenes.mobjects.fingerprint import SealedArray, drawing_fingerprint


class Window(NamedTuple):
    """The rectangle of data coordinates that a raster shows; nothing outside is drawn."""

    x_min: float = -3.15
    x_max: float = 3.15
    y_min: float = -3.15
    y_max: float = 3.15


STAGE: Final = Window()
"""The data that fill the stage; one unit of data is one of Manim's."""

WHOLE: Final = 1e-9
"""How far from k a float may lie and still mean record k."""


class PixelMap(NamedTuple):
    """Affine map from data to pixels, `matrix @ x + offset`: x to the right, y down, centres at +0.5."""

    matrix: NDArray[np.float64]  # (2, 2)
    offset: NDArray[np.float64]  # (2,)

    @property
    def scale(self) -> float:
        """Pixels per unit of data: the geometric mean over directions."""
        return math.sqrt(abs(np.linalg.det(self.matrix)))


class Raster(Mobject):
    """Base of the mobjects that draw records of data, one at a time, straight into the camera's pixels.

    Shifts, scalings, rotations and stretches act on the four corners that are its `points`; so do
    `.animate`, `save_state`, and `Transform` between two rasters of one kind. `show(k)` chooses the record by
    its index alone, so a frame does not depend on what was shown before. Copies share the data.
    """

    def __init__(
        self, data: SealedArray, paint: SealedArray, window: Window, opacity: float, **kwargs: Any
    ) -> None:
        self.data = data
        self.paint = paint
        self.window = Window(*map(float, window))
        self.opacity = float(opacity)
        self.record = 0.0
        self.eased = False
        self.drawing = drawing_fingerprint(type(self))
        super().__init__(**kwargs)

    @abstractmethod
    def draw(self, pixels: NDArray[np.uint8], to_pixels: PixelMap) -> None:
        """Paint the current record over `pixels`, (rows, columns, 4) premultiplied RGBA as Cairo writes it."""

    def generate_points(self) -> Self:
        """Put the corners where the window's data lie, in the order of Manim's images: top row first."""
        x_min, x_max, y_min, y_max = self.window
        self.points = np.array(
            [[x_min, y_max, 0.0], [x_max, y_max, 0.0], [x_min, y_min, 0.0], [x_max, y_min, 0.0]]
        )
        return self

    def zoomed(self, window: Window) -> Self:
        """A copy that shows another part of the plane, where the data themselves would lie in the scene.

        >>> from scenes.mobjects.particle_cloud import ParticleCloud
        >>> near = ParticleCloud(np.zeros((5, 2))).shift((3, 0, 0)).zoomed(Window(-1, 1, -0.5, 0.5))
        >>> float(near.width), float(near.height), near.get_center().tolist()
        (2.0, 1.0, [0.0, 0.0, 0.0])
        """
        copy = self.copy()
        copy.window = Window(*map(float, window))
        return copy.generate_points()

    @property
    def records(self) -> int:
        """How many records there are to show."""
        return len(self.data.array)

    def show(self, record: float) -> Self:  # type: ignore[override]
        """Choose the record to draw. Between two indices the earlier one is drawn, or a blend if `eased`.

        Raises:
            IndexError: there is no such record.
        """
        if not -WHOLE <= record <= self.records - 1 + WHOLE:  # a tracker overshoots by a rounding error
            raise IndexError(f"{self} has records 0 to {self.records - 1}, so it cannot show {record}.")
        self.record = float(record)
        return self

    @property
    def moment(self) -> float:
        """The k drawn now: a record's index, or between two of them if `eased`."""
        # An overshooting rate function may carry an animation past the ends.
        k = min(max(self.record, 0.0), self.records - 1.0)
        whole = math.floor(k + WHOLE)
        return k if self.eased and k - whole > WHOLE else float(whole)

    def current(self) -> NDArray[np.float64]:
        """The data drawn now: record ⌊k⌋, or the blend of its neighbours if `eased`."""
        return self.at(self.moment)

    def at(self, moment: float) -> NDArray[np.float64]:
        """The data of a record, or the blend of its neighbours."""
        first = math.floor(moment)
        rest = moment - first
        now = np.asarray(self.data.array[first], dtype=np.float64)
        if rest == 0:
            return now
        return (1 - rest) * now + rest * np.asarray(self.data.array[first + 1], dtype=np.float64)

    def coords_to_point(self, coords: ArrayLike) -> NDArray[np.float64]:
        """Where data coordinates (…, 2) lie in the scene now, as points (…, 3)."""
        x_min, x_max, y_min, y_max = self.window
        top_left, _, origin, bottom_right = self.points
        x, y = np.moveaxis(np.asarray(coords, dtype=np.float64), -1, 0)[..., None]
        across, up = (x - x_min) / (x_max - x_min), (y - y_min) / (y_max - y_min)
        return origin + across * (bottom_right - origin) + up * (top_left - origin)

    def set_color(self, color: Any, alpha: Any = None, family: bool = True) -> Self:
        """Give all data one colour, and the opacity `alpha` unless None."""
        super().set_color(color, family=family)
        self.paint = self.paint_of(self.color)
        return self if alpha is None else self.set_opacity(alpha, family=False)

    @abstractmethod
    def paint_of(self, color: ManimColor) -> SealedArray:
        """The `paint` that draws everything in one colour."""

    def set_opacity(self, opacity: float, family: bool = True) -> Self:
        """Set the opacity of the whole, 0 to 1."""
        self.opacity = float(opacity)
        for submobject in self.submobjects if family else ():
            submobject.set_opacity(opacity)
        return self

    def get_opacity(self) -> float:
        """The opacity of the whole, 0 to 1."""
        return self.opacity

    def fade(self, darkness: float = 0.5, family: bool = True) -> Self:
        """Take the share `darkness` of the opacity away."""
        super().fade(darkness, family)
        return self.set_opacity(self.opacity * (1 - darkness), family=False)

    def interpolate_color(self, mobject1: Mobject, mobject2: Mobject, alpha: float) -> Self:
        """Become the mixture of two rasters in all but corners: colours, opacity and, on equal data, record.

        Different data are not mixed, because no sampler made what would lie between: they change at the end.
        """
        if not isinstance(mobject1, type(self)) or not isinstance(mobject2, type(self)):
            raise TypeError(f"{self} cannot turn into another kind of mobject: fade one out, the other in.")
        same = mobject1.data == mobject2.data
        before = mobject2 if alpha >= 1 else mobject1
        self.record = _mix(mobject1.record, mobject2.record, alpha) if same else before.record
        self.data, self.window, self.eased = before.data, before.window, before.eased
        self.opacity = _mix(mobject1.opacity, mobject2.opacity, alpha)
        self.color = mobject1.color.interpolate(mobject2.color, alpha)
        self.paint = _mixed_paint(mobject1.paint, mobject2.paint, alpha)
        return self

    def pixel_map(self, camera: Camera) -> PixelMap | None:
        """The map from data to this camera's pixels; None if it is flat, and there is nothing to see."""
        if not np.isfinite(self.points).all():
            return None
        top_left, _, origin, bottom_right = camera.points_to_subpixel_coords(self, self.points)
        x_min, x_max, y_min, y_max = self.window
        columns = ((bottom_right - origin) / (x_max - x_min), (top_left - origin) / (y_max - y_min))
        matrix = np.stack(columns, axis=1)
        if abs(np.linalg.det(matrix)) < WHOLE:
            return None
        return PixelMap(matrix, origin - matrix @ (x_min, y_min))


def _mix(start: float, end: float, alpha: float) -> float:
    return (1 - alpha) * start + alpha * end


def _mixed_paint(start: SealedArray, end: SealedArray, alpha: float) -> SealedArray:
    if alpha <= 0 or start == end:
        return start
    if alpha >= 1:
        return end
    mixture = (1 - alpha) * start.array + alpha * end.array
    return SealedArray(mixture, f"{start:.64}~{end:.64}~{alpha}")


Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(kernel: Kernel) -> Kernel:
    """Compile a loop over pixels with numba and keep the machine code on disk where there is a place for it.

    A kernel must find everything it uses in its arguments or its own file: the stored machine code is
    replaced when that file changes, and only then.
    """
    try:
        return njit(cache=True)(kernel)
    except RuntimeError:  # a read-only installation under a read-only home
        return njit(kernel)


def _draw_batch(camera: Camera, batch: list[Raster], pixels: NDArray[np.uint8]) -> None:
    for raster in batch:
        to_pixels = raster.pixel_map(camera)
        if to_pixels is not None and raster.opacity > 0:
            raster.draw(pixels, to_pixels)


def _teach_cameras() -> None:
    """Let every Manim camera draw rasters.

    Manim looks a mobject's drawing function up in a table that `Camera.type_or_raise` makes anew at each
    call. A camera class of our own would leave rasters invisible in any scene that does not name it: a
    plain `Scene`, a `MovingCameraScene`, a notebook. Therefore the method itself is extended, once.
    """
    original = Camera.type_or_raise
    if getattr(original, "knows", None) is Raster:
        return

    kinds: dict[type[Mobject], type[Mobject]] = {}

    @functools.wraps(original)
    def type_or_raise(self: Camera, mobject: Mobject) -> type[Mobject]:
        known = kinds.get(type(mobject))
        # The table and the search through it take as long, a glyph and a frame, as drawing some of the glyphs.
        if known is not None and Raster in getattr(self, "display_funcs", ()):
            return known
        kind = original(self, mobject)
        self.display_funcs[Raster] = functools.partial(_draw_batch, self)
        kinds[type(mobject)] = Raster if isinstance(mobject, Raster) else kind
        return kinds[type(mobject)]

    type_or_raise.knows = Raster  # type: ignore[attr-defined]
    Camera.type_or_raise = type_or_raise


_teach_cameras()
