"""A part of the stage magnified in a frame of its own, with the lines that say which part."""

from __future__ import annotations

import itertools
from typing import Final, Self

import numpy as np
from manim import ORIGIN, Group, Line, Polygon, VGroup
from numpy.typing import ArrayLike, NDArray

from scenes import theme
from scenes.mobjects.raster import Raster, Window

OUTLINE: Final = 2.0
"""Stroke width of frame and source."""
LINES_OPACITY: Final = 0.45
"""Opacity of the lines between them."""


class ZoomInset(Group):
    """What lies in `window` on the stage, magnified to a square of `side` at `center`.

    `stage` is any raster in its place on the stage; `window` is a square of its data. `contents` are the rasters
    to be magnified, in the order in which they are drawn: the copies share their data and show the very records
    that the originals show now. Dots grow with the magnification; `content(i).radius` is theirs to change.

    Parts: `source`, the outline on the stage; `frame`, that of the magnified part; `lines` between their
    corners; `contents`. All are one group, to be moved and faded as one.

    >>> from scenes.mobjects.particle_cloud import ParticleCloud
    >>> cloud = ParticleCloud(np.zeros((1, 2)))
    >>> inset = ZoomInset(cloud, Window(-0.5, 0.5, -0.5, 0.5), cloud, side=3.0, center=np.array([4.0, 0.0, 0.0]))
    >>> inset.coords_to_point([0.5, 0.5]).tolist()
    [5.5, 1.5, 0.0]

    Raises:
        ValueError: the window is no square.
    """

    def __init__(
        self,
        stage: Raster,
        window: Window,
        *contents: Raster,
        side: float = 3.6,
        center: NDArray[np.float64] = ORIGIN,
    ) -> None:
        self.window = Window(*map(float, window))
        x_min, x_max, y_min, y_max = self.window
        if not x_max - x_min > 0 or abs((x_max - x_min) - (y_max - y_min)) > 1e-9 * (x_max - x_min):
            raise ValueError(f"An inset magnifies a square, and {self.window} is none.")
        look = {"color": theme.theme().ink, "stroke_width": OUTLINE, "fill_opacity": 0}
        corners = np.array([[x_min, y_min], [x_max, y_min], [x_max, y_max], [x_min, y_max]])
        unit = (corners - corners.mean(axis=0)) / (x_max - x_min)
        self.source = Polygon(*stage.coords_to_point(corners), **look)
        self.frame = Polygon(*np.pad(side * unit, ((0, 0), (0, 1))), **look).shift(center)
        ends = _bridges(self.source.get_vertices(), self.frame.get_vertices())
        look = {"color": theme.theme().ink, "stroke_width": OUTLINE / 2, "stroke_opacity": LINES_OPACITY}
        self.lines = VGroup(*(Line(*pair, **look) for pair in ends))
        scale = side / (x_max - x_min)
        self.contents = Group(*(raster.zoomed(self.window).scale(scale).move_to(center) for raster in contents))
        super().__init__(self.contents, self.source, self.frame, self.lines)

    def content(self, i: int) -> Raster:
        """The magnified copy of the i-th content."""
        return self.contents[i]

    def show(self, record: float) -> Self:  # type: ignore[override]
        """Choose the record that all contents with more than one show.

        Raises:
            IndexError: one of them has no such record.
        """
        for raster in self.contents:
            if raster.records > 1:
                raster.show(record)
        return self

    def coords_to_point(self, coords: ArrayLike) -> NDArray[np.float64]:
        """Where data coordinates (…, 2) lie in the frame now, as points (…, 3) of the scene."""
        x_min, x_max, y_min, y_max = self.window
        origin, right, _, top = self.frame.get_vertices()
        x, y = np.moveaxis(np.asarray(coords, dtype=np.float64), -1, 0)[..., None]
        across, up = (x - x_min) / (x_max - x_min), (y - y_min) / (y_max - y_min)
        return origin + across * (right - origin) + up * (top - origin)


def _bridges(source: NDArray[np.float64], frame: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The two lines from corners (4, 3) of one square to those of another, counted from the lower left one on.

    Beside each other, squares are joined by the corners that face each other, so that nothing above or below them
    is crossed; otherwise by their outer tangents, of lines in one another the shortest. None, where one square
    lies in the other.
    """
    if frame[:, 0].min() > source[:, 0].max():
        return [np.array([source[2], frame[3]]), np.array([source[1], frame[0]])]
    if frame[:, 0].max() < source[:, 0].min():
        return [np.array([source[3], frame[2]]), np.array([source[0], frame[1]])]
    found: dict[int, NDArray[np.float64]] = {}
    corners = np.concatenate([source, frame])[:, :2]
    for start, end in itertools.product(source, frame):
        x, y = (end - start)[:2]
        sides = x * (corners[:, 1] - start[1]) - y * (corners[:, 0] - start[0])
        for sign in (-1, 1):
            shorter = sign not in found or np.hypot(x, y) < np.linalg.norm(found[sign][1] - found[sign][0])
            if (sign * sides >= -1e-9).all() and np.hypot(x, y) > 0 and shorter:
                found[sign] = np.array([start, end])
    return list(found.values())
