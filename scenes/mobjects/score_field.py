"""A field of slopes as arrows of one length: the direction is read everywhere, the opacity says how steep."""

import math
from typing import Any, Final, Self

import numpy as np
from manim import DOWN, Group, ManimColor, Mobject
from manim.utils.color import ParsableManimColor
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.fingerprint import SealedArray, seal
from scenes.mobjects.raster import STAGE, PixelMap, Raster, Window, compiled
from scenes.mobjects.words import words

LENGTH: Final = 0.72
"""An arrow's length in grid spacings: neighbours that face each other do not touch."""
WIDTH: Final = 0.075
"""Width of its lines in grid spacings."""
THINNEST: Final = 1.3
"""Width in pixels below which lines are not drawn."""
BARB: Final = 0.36
"""A barb's length in lengths of its arrow: short enough to leave a shaft."""
SPREAD: Final = math.radians(30)
"""Angle between a barb and the shaft."""
FAINTEST: Final = 0.3
"""Opacity of the weakest arrow; its direction can still be read."""
STRONG_SHARE: Final = 90.0
"""Percentage of arrows that are weaker than the one from which on all are opaque."""


class ScoreField(Raster):
    """Vectors on a grid, as arrows of one length whose middles lie on their grid points.

    The middle and not the tail, because arrows that climb towards a ridge from both sides would cross there.
    `vectors` has shape (rows, columns, 2), or (records, rows, columns, 2) for several moments; row 0 is the
    lowest. `extent` holds the outer grid points, as `Grid.window` does; `window` is the part that is drawn.
    `fingerprint` is the hash of the trajectory the vectors come from; without it they are hashed here.

    An arrow's opacity rises linearly with the magnitude, from `FAINTEST` at 0 to 1 at `strong` and beyond; by
    default nine tenths of the first record's vectors are weaker than `strong`. A vector that is exactly zero is
    a dot, one that is not finite is not drawn. `spacing` is what lengths and widths are measured by, by default
    the least distance between grid points.

    >>> field = ScoreField(np.ones((21, 21, 2)), Window(-2.86, 2.86, -2.86, 2.86))
    >>> tail, tip = field.arrow(10, 10)
    >>> (tail + tip).round(9).tolist()
    [0.0, 0.0, 0.0]

    Raises:
        ValueError: `vectors` has another shape, or a single one came without `spacing`.
    """

    def __init__(
        self,
        vectors: NDArray[np.floating],
        extent: Window,
        window: Window = STAGE,
        *,
        fingerprint: str | None = None,
        color: ParsableManimColor | None = None,
        strong: float | None = None,
        spacing: float | None = None,
        opacity: float = 1.0,
        **kwargs: Any,
    ) -> None:
        shape = np.shape(vectors)
        if len(shape) not in (3, 4) or shape[-1] != 2 or 0 in shape:
            raise ValueError(
                f"Vectors have shape (rows, columns, 2) or (records, rows, columns, 2), not empty; got {shape}."
            )
        records = vectors if len(shape) == 4 else vectors[None]
        color = ManimColor(theme.theme().exact if color is None else color)
        self.extent = Window(*map(float, extent))
        self.spacing = _least_distance(shape[-3:-1], self.extent) if spacing is None else float(spacing)
        self.strong = _strong(records[0]) if strong is None else float(strong)
        super().__init__(seal(records, fingerprint), self.paint_of(color), window, opacity, color=color, **kwargs)

    def paint_of(self, color: ManimColor) -> SealedArray:
        """One row of straight RGBA."""
        return seal(color.to_rgba()[None])

    def interpolate_color(self, mobject1: Mobject, mobject2: Mobject, alpha: float) -> Self:
        """As for every raster; `strong` and the grid change at the end."""
        super().interpolate_color(mobject1, mobject2, alpha)
        before = mobject2 if alpha >= 1 else mobject1
        self.strong, self.extent, self.spacing = before.strong, before.extent, before.spacing
        return self

    def grid_points(self) -> NDArray[np.float64]:
        """Where the vectors are, in data coordinates: (rows, columns, 2)."""
        rows, columns = self.data.array.shape[1:3]
        left, right, bottom, top = self.extent
        across = np.linspace(left, right, columns) if columns > 1 else np.array([(left + right) / 2])
        up = np.linspace(bottom, top, rows) if rows > 1 else np.array([(bottom + top) / 2])
        return np.stack(np.meshgrid(across, up), axis=-1)

    def arrow(self, row: int, column: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Tail and tip of an arrow now, as points (3,) of the scene; both the same for a vector of zero."""
        vector = self.current()[row, column]
        magnitude = math.hypot(*vector)
        half = LENGTH * self.spacing / 2 * (vector / magnitude if magnitude > 0 else np.zeros(2))
        tail, tip = self.coords_to_point(self.grid_points()[row, column] + [-half, half])
        return tail, tip

    def legend(self) -> Group:
        """Three arrows as large as this field's now, from weak to strong, with their magnitudes below them."""
        weak, middle = (float(f"{share * self.strong:.1g}") for share in (0.1, 0.5))
        scale = 10.0 ** (1 - math.floor(math.log10(self.strong)))
        strong = math.ceil(self.strong * scale - 1e-9) / scale
        names = [words(text) for text in (f"{weak:g}", f"{middle:g}", f"$>=$ {strong:g}")]
        unit = np.linalg.norm(np.diff(self.coords_to_point([[0.0, 0.0], [1.0, 0.0]]), axis=0))
        step = float(max(name.width for name in names) + 0.4) / unit
        window = Window(-step / 2, 2.5 * step, -self.spacing / 2, self.spacing / 2)
        arrows = ScoreField(
            np.array([[[weak, 0.0], [middle, 0.0], [strong, 0.0]]]), Window(0, 2 * step, 0, 0), window,
            color=self.color, strong=self.strong, spacing=self.spacing, opacity=self.opacity,
        ).scale(unit)  # fmt: skip
        for place, name in zip(arrows.grid_points()[0], names, strict=True):
            name.next_to(arrows.coords_to_point(place), DOWN, buff=unit * self.spacing / 2 + 0.1)
        return Group(arrows, *names)

    def draw(self, pixels: NDArray[np.uint8], to_pixels: PixelMap) -> None:
        """Paint the arrows over `pixels`."""
        half = max(WIDTH * self.spacing * to_pixels.scale, THINNEST) / 2
        rgba = np.clip(self.paint.array[0], 0.0, 1.0) * (255.0, 255.0, 255.0, min(self.opacity, 1.0))
        places, vectors = self.grid_points().reshape(-1, 2), self.current().reshape(-1, 2)
        shape = np.array([LENGTH * self.spacing, half, BARB, SPREAD, FAINTEST, self.strong])
        _draw_arrows(
            pixels, places, vectors, *to_pixels, np.linalg.inv(to_pixels.matrix), self.window, shape, rgba
        )  # fmt: skip


def _least_distance(shape: tuple[int, ...], extent: Window) -> float:
    rows, columns = shape
    left, right, bottom, top = extent
    distances = [span / (n - 1) for span, n in ((right - left, columns), (top - bottom, rows)) if n > 1]
    if not distances or min(distances) <= 0:
        raise ValueError(f"Grid points of {rows} rows and {columns} columns on {extent} have no distance.")
    return float(min(distances))


def _strong(vectors: NDArray[np.floating]) -> float:
    """The magnitude that 90 % of the vectors do not reach; 1 where there is none to speak of."""
    magnitudes = np.hypot(vectors[..., 0], vectors[..., 1]).astype(np.float64)
    magnitudes = magnitudes[np.isfinite(magnitudes)]
    strong = float(np.percentile(magnitudes, STRONG_SHARE)) if magnitudes.size else 0.0
    return strong or float(magnitudes.max(initial=0.0)) or 1.0


@compiled
def _to_segment(x: float, y: float, end_x: float, end_y: float) -> float:
    """Squared distance from (x, y) to the segment from the origin to (end_x, end_y), which is longer than zero."""
    t = (x * end_x + y * end_y) / (end_x * end_x + end_y * end_y)
    t = min(max(t, 0.0), 1.0)
    return (x - t * end_x) ** 2 + (y - t * end_y) ** 2


@compiled
def _draw_arrows(
    pixels: NDArray[np.uint8],
    places: NDArray[np.float64],
    vectors: NDArray[np.float64],
    matrix: NDArray[np.float64],
    offset: NDArray[np.float64],
    inverse: NDArray[np.float64],
    window: tuple[float, float, float, float],
    shape: NDArray[np.float64],
    rgba: NDArray[np.float64],
) -> None:
    height, width = pixels.shape[:2]
    x_min, x_max, y_min, y_max = window
    length, half, barb, spread, faintest, strong = shape
    # Pixels across a unit of data, at right angles to the window's borders.
    per_x, per_y = 1 / math.hypot(inverse[0, 0], inverse[0, 1]), 1 / math.hypot(inverse[1, 0], inverse[1, 1])
    for i in range(places.shape[0]):
        magnitude = math.hypot(vectors[i, 0], vectors[i, 1])
        if not magnitude < math.inf:
            continue
        a, b = 0.0, 0.0
        if magnitude > 0:
            a, b = vectors[i, 0] / magnitude * length, vectors[i, 1] / magnitude * length
        # The middle in pixels, and the arrow from tail to tip.
        u = matrix[0, 0] * places[i, 0] + matrix[0, 1] * places[i, 1] + offset[0]
        v = matrix[1, 0] * places[i, 0] + matrix[1, 1] * places[i, 1] + offset[1]
        du, dv = matrix[0, 0] * a + matrix[0, 1] * b, matrix[1, 0] * a + matrix[1, 1] * b
        drawn = math.hypot(du, dv)
        reach = drawn / 2 + half + 1
        if not (-reach < u < width + reach and -reach < v < height + reach):
            continue
        alpha = rgba[3] * (faintest + (1 - faintest) * min(magnitude / strong, 1.0))
        if drawn > 0:
            du, dv = du / drawn, dv / drawn
        back, out = drawn * barb * math.cos(spread), drawn * barb * math.sin(spread)
        # Half the size of the box around shaft and barbs.
        wide = abs(du) * drawn / 2 + abs(dv) * out + half + 1
        high = abs(dv) * drawn / 2 + abs(du) * out + half + 1
        for row in range(max(math.floor(v - high), 0), min(math.ceil(v + high), height)):
            for column in range(max(math.floor(u - wide), 0), min(math.ceil(u + wide), width)):
                right, down = column + 0.5 - u, row + 0.5 - v
                # Seen from the tip: how far back along the shaft, and how far beside it.
                along, beside = drawn / 2 - (right * du + down * dv), abs(right * dv - down * du)
                if drawn > 0:
                    if beside > out + half + 0.5:
                        continue
                    square = min(_to_segment(along, beside, drawn, 0.0), _to_segment(along, beside, back, out))
                    cover = half - math.sqrt(square) + 0.5
                else:
                    cover = 1.5 * half - math.hypot(right, down) + 0.5
                if cover <= 0:
                    continue
                # How much of the pixel lies in the window.
                x = inverse[0, 0] * (column + 0.5 - offset[0]) + inverse[0, 1] * (row + 0.5 - offset[1])
                y = inverse[1, 0] * (column + 0.5 - offset[0]) + inverse[1, 1] * (row + 0.5 - offset[1])
                border = min(min(x - x_min, x_max - x) * per_x, min(y - y_min, y_max - y) * per_y) + 0.5
                cover = alpha * min(cover, 1.0) * min(max(border, 0.0), 1.0)
                keep = 1 - cover
                for channel in range(3):
                    old = pixels[row, column, channel]
                    pixels[row, column, channel] = int(rgba[channel] * cover + old * keep + 0.5)
                pixels[row, column, 3] = int(255.0 * cover + pixels[row, column, 3] * keep + 0.5)
