"""−log p along a horizontal cut, as a landscape with the particles near the cut lying in it."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
from manim import DashedLine, Group, Line, VMobject
from numpy.typing import NDArray

from diffusion_core.trajectory import Grid
from scenes import theme
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Raster, Window

SLAB: Final = 0.1
"""Half the thickness of the slab around the cut from which particles are shown, in data units."""
DEPTH: Final = 7.0
"""So much of −log p above its least is shown."""


class Landscape(Group):
    """The potential U = −log p along the line y = `cut`, and the particles with |y − cut| < SLAB on it.

    A particle is drawn at its own x, on the curve. `show(k)` shows them as they are at record k.

    Args:
        density: (rows, columns) on the drawn window; its row nearest to the cut is taken.
        positions: (records, particles, 2).
        cut: in data units.
        fingerprint: hash of the trajectory they come from; without it they are hashed here.
        width, height: in Manim units.

    >>> grid = Grid(np.exp(-np.linspace(-3, 3, 61) ** 2) * np.ones((61, 1)), (-3, 3, -3, 3))
    >>> Landscape(grid, np.zeros((4, 10, 2)), 0.0, fingerprint="a").show(3).cloud.record
    3.0
    """

    def __init__(
        self,
        density: Grid,
        positions: NDArray[np.floating],
        cut: float,
        *,
        fingerprint: str | None = None,
        width: float = 6.0,
        height: float = 3.4,
    ) -> None:
        look = theme.theme()
        x0, x1, y0, y1 = density.window
        rows, columns = density.values.shape
        row = round((cut - y0) / (y1 - y0) * (rows - 1))
        x = np.linspace(x0, x1, columns)
        u = -np.log(np.maximum(density.values[row].astype(float), np.finfo(float).tiny))
        floor = float(u.min())
        window = Window(x0, x1, floor - 0.4, floor + DEPTH)
        self.cut = cut
        places = on_curve(np.asarray(positions), cut, x, u)
        origin = fingerprint and f"{fingerprint} cut"
        self.cloud = ParticleCloud(places, fingerprint=origin, window=window, radius=0.05)
        self.cloud.stretch_to_fit_width(width).stretch_to_fit_height(height)
        inside = u < floor + DEPTH
        self.curve = VMobject(stroke_color=look.exact, stroke_width=4)
        for piece in np.split(np.arange(columns), np.flatnonzero(np.diff(inside)) + 1):
            if inside[piece[0]] and len(piece) > 1:
                points = self.cloud.coords_to_point(np.column_stack([x[piece], u[piece]]))
                self.curve.start_new_path(points[0]).add_points_as_corners(points[1:])
        corners = self.cloud.coords_to_point([[x0, window.y_min], [x1, window.y_min]])
        self.base = Line(*corners, color=look.mute, stroke_width=2)
        super().__init__(self.base, self.curve, self.cloud)

    def show(self, record: float) -> Self:  # type: ignore[override]
        """Show the particles of a record."""
        self.cloud.show(record)
        return self

    def line_on(self, stage: Raster) -> VMobject:
        """The cut, as a line across what a raster shows."""
        ends = stage.coords_to_point([[stage.window.x_min, self.cut], [stage.window.x_max, self.cut]])
        return DashedLine(*ends, color=theme.theme().mute, stroke_width=3)


def on_curve(
    positions: NDArray[Any], cut: float, x: NDArray[np.float64], u: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where particles near the cut lie on the curve (x, u), (records, particles, 2); NaN for the others."""
    near = np.abs(positions[..., 1] - cut) < SLAB
    across = np.where(near, positions[..., 0], np.nan)
    return np.stack([across, np.interp(across, x, u)], axis=-1)
