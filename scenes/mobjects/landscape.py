"""−log p along a horizontal cut, as a landscape, with the particles near the cut lying in it."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
from manim import DOWN, DashedLine, Group, Line, VMobject
from numpy.typing import NDArray

from diffusion_core.trajectory import Grid
from scenes import theme
from scenes.mobjects.arrows import chain
from scenes.mobjects.fingerprint import drawing_fingerprint, seal
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Raster, Window
from scenes.mobjects.words import words

SLAB: Final = 0.1
"""Half the thickness of the slab around the cut from which particles are shown, in data units."""
DEPTH: Final = 7.0
"""So much of −log p above its least is shown."""
CURVE: Final = 4
"""Width of the curve's stroke."""


class Landscape(Group):
    """The potential U = −log p along the line y = `cut`, and the particles with |y − cut| < SLAB on it.

    A particle is drawn at its own x, on the curve, which is not its own U but that of the cut. `show(k)` shows
    particles as they are at record k; or, of a density that has moments, the curve of moment k, blended
    linearly in p between two.

    Args:
        density: (rows, columns), or (moments, rows, columns); the row nearest to the cut is taken.
        cut: in data units.
        positions: (records, particles, 2), beside a density without moments; or None.
        fingerprint: hash of the trajectory they come from; without it they are hashed here.
        width, height: in Manim units.

    Raises:
        ValueError: particles in a landscape that changes.

    >>> grid = Grid(np.exp(-np.linspace(-3, 3, 61) ** 2) * np.ones((61, 1)), (-3, 3, -3, 3))
    >>> Landscape(grid, 0.0, np.zeros((4, 10, 2))).show(3).cloud.record
    3.0
    """

    def __init__(
        self,
        density: Grid,
        cut: float,
        positions: NDArray[np.floating] | None = None,
        *,
        fingerprint: str | None = None,
        width: float = 6.0,
        height: float = 3.4,
    ) -> None:
        look = theme.theme()
        x0, x1, y0, y1 = density.window
        values = np.asarray(density.values, float)
        moments = values if values.ndim == 3 else values[None]
        if len(moments) > 1 and positions is not None:
            raise ValueError("Particles of a run do not belong to a landscape that changes: leave one out.")
        row = round((cut - y0) / (y1 - y0) * (moments.shape[1] - 1))
        self.along = seal(np.maximum(moments[:, row], np.finfo(float).tiny))  # (moments, columns)
        self.x = seal(np.linspace(x0, x1, moments.shape[2]))
        self.cut, self.drawing = cut, drawing_fingerprint(type(self))
        floor = float(-np.log(self.along.array.max()))
        window = Window(x0, x1, floor - 0.4, floor + DEPTH)
        places = np.full((1, 1, 2), np.nan)
        if positions is not None:
            places = on_curve(np.asarray(positions), cut, self.x.array, -np.log(self.along.array[0]))
        origin = fingerprint and f"{fingerprint} cut"
        self.cloud = ParticleCloud(places, fingerprint=origin, window=window, radius=0.05)
        self.cloud.stretch_to_fit_width(width).stretch_to_fit_height(height)
        self.curve = VMobject(stroke_color=look.exact, stroke_width=CURVE)
        corners = self.cloud.coords_to_point([[x0, window.y_min], [x1, window.y_min]])
        base = Line(*corners, color=look.mute, stroke_width=2)
        name = words("along the cut", color=look.mute).next_to(base, DOWN, buff=0.15)
        super().__init__(base, name, self.curve, self.cloud)
        self.show(0)

    def show(self, record: float) -> Self:  # type: ignore[override]
        """Show the particles of a record, or the curve of a moment.

        Raises:
            IndexError: there is no such record.
        """
        moments = self.along.array
        if len(moments) == 1:
            self.cloud.show(record)
        elif not 0 <= record <= len(moments) - 1 + 1e-9:
            raise IndexError(f"The landscape has moments 0 to {len(moments) - 1}, so it cannot show {record}.")
        first = min(int(record + 1e-9), len(moments) - 1) if len(moments) > 1 else 0
        rest = max(record - first, 0.0) if first + 1 < len(moments) else 0.0
        p = moments[first] if rest <= 1e-9 else (1 - rest) * moments[first] + rest * moments[first + 1]
        self.curve.set_points(self._outline(-np.log(p)))
        return self

    def _outline(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The curve where it lies in the window; its pieces are apart where it does not."""
        inside = u < self.cloud.window.y_max
        pieces = np.split(np.arange(len(u)), np.flatnonzero(np.diff(inside)) + 1)
        shown = [piece for piece in pieces if inside[piece[0]] and len(piece) > 1]
        at = self.cloud.coords_to_point(np.column_stack([self.x.array, u]))
        return np.concatenate([chain(at[piece]) for piece in shown]) if shown else np.zeros((0, 3))

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
