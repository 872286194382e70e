"""How often a chain was where: a histogram of the plane that fills as the chain walks."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim.utils.color import ParsableManimColor
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.density_map import LEVELS, DensityMap, PixelBox, part_of_extent
from scenes.mobjects.raster import STAGE, Window, compiled


class Histogram2D(DensityMap):
    """Counts of the cells of a grid, as crisp squares from the paper to one colour.

    `counts` has shape (rows, columns), or (records, rows, columns) for the counts up to each moment; row 0 is
    the lowest. `extent` holds the outer edges of the outer cells, by default the window; outside it nothing is
    drawn. A record is shown as shares of its own total, so that moments with few and with many counts compare;
    `peak` is the share that takes the full colour, by default the largest one of the last record. `color` is
    that of chance unless told otherwise. `fingerprint` is the hash of the trajectory the counts come from.

    >>> visits = Histogram2D(np.arange(12).reshape(3, 2, 2))
    >>> visits.records, round(visits.peak, 3)
    (3, 0.289)

    Raises:
        ValueError: `counts` has another shape or less than two rows or columns.
    """

    def __init__(
        self,
        counts: NDArray[np.number],
        window: Window = STAGE,
        *,
        extent: Window | None = None,
        fingerprint: str | None = None,
        peak: float | None = None,
        color: ParsableManimColor | None = None,
        opacity: float = 1.0,
        **kwargs: Any,
    ) -> None:
        if peak is None and np.ndim(counts) in (2, 3):
            last = np.asarray(counts, dtype=np.float64).reshape(-1, *np.shape(counts)[-2:])[-1:]
            peak = float(last.max(initial=0.0) / max(last.sum(), 1.0))
        look = theme.theme()
        ramp = (look.paper, look.chance if color is None else color)
        super().__init__(
            counts, window, extent=extent, fingerprint=fingerprint, peak=peak, ramp=ramp, opacity=opacity, **kwargs
        )  # fmt: skip

    def current(self) -> NDArray[np.float64]:
        """The shares drawn now, (rows, columns); all 0 if nothing has been counted yet."""
        counts = super().current()
        return counts / max(counts.sum(), 1.0)

    def place(self, places: NDArray[np.float64], box: PixelBox) -> None:
        """Give each pixel the colour of the cell that its centre lies in."""
        _look_up(places, self.levels() * (LEVELS - 1), part_of_extent(self.window, self.extent), *box)


@compiled
def _look_up(
    places: NDArray[np.float64],
    cells: NDArray[np.float64],
    part: NDArray[np.float64],
    to_window: NDArray[np.float64],
    corner: NDArray[np.float64],
    lengths: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> None:
    rows, columns = cells.shape
    # A pixel half outside the window is still of the cell at its border.
    room_x, room_y = 0.5 / lengths[0], 0.5 / lengths[1]
    for row in range(low[1], high[1]):
        for column in range(low[0], high[0]):
            u, v = column + 0.5 - corner[0], row + 0.5 - corner[1]
            across = to_window[0, 0] * u + to_window[0, 1] * v
            up = to_window[1, 0] * u + to_window[1, 1] * v
            place = 0.0
            if -room_x < across < 1 + room_x and -room_y < up < 1 + room_y:
                x = part[0, 0] * min(max(across, 0.0), 1.0) + part[0, 1]
                y = part[1, 0] * min(max(up, 0.0), 1.0) + part[1, 1]
                if 0 <= x <= 1 and 0 <= y <= 1:
                    place = cells[min(int(y * rows), rows - 1), min(int(x * columns), columns - 1)]
            places[row - low[1], column - low[0]] = place
