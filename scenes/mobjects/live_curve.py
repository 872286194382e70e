"""A measured quantity along a run, drawn up to the record that is shown, over the floor it can reach."""

from __future__ import annotations

from typing import Self

import numpy as np
from manim import DOWN, LEFT, RIGHT, UP, Axes, DashedLine, Dot, Rectangle, VGroup, VMobject
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.words import words


class LiveCurve(VGroup):
    """`values` over `steps`, both (records,); `show(k)` draws the curve from the first record to record k.

    `floor` is what two samples of the truth give, as (mean, half the width of the band around it): a dashed
    line in a band. What is drawn depends on k alone.

    >>> curve = LiveCurve(np.arange(5), np.array([4.0, 3.0, 2.0, 1.0, 1.0]), floor=(1.0, 0.1)).show(2)
    >>> curve.head.get_center().round(6).tolist() == curve.point(2).round(6).tolist()
    True
    """

    def __init__(
        self,
        steps: NDArray[np.integer],
        values: NDArray[np.floating],
        floor: tuple[float, float],
        *,
        name: str = "distance to $p$",
        floor_name: str = "two true samples",
        width: float = 5.6,
        height: float = 2.2,
    ) -> None:
        super().__init__()
        look = theme.theme()
        top = 1.05 * float(np.max(values))
        line = {"include_ticks": False, "include_tip": False, "stroke_color": look.mute, "stroke_width": 2}
        self.axes = Axes(
            x_range=[0, float(steps[-1])], y_range=[0, top], x_length=width, y_length=height, axis_config=line
        )
        self.values = [(float(step), float(value)) for step, value in zip(steps, values, strict=True)]
        self.curve = VMobject(stroke_color=look.particles, stroke_width=3)
        self.head = Dot(radius=0.05, color=look.particles)
        mean, spread = floor
        low, high = self.axes.c2p(0, max(mean - spread, 0)), self.axes.c2p(steps[-1], mean + spread)
        band = Rectangle(width=high[0] - low[0], height=high[1] - low[1], stroke_width=0)
        band.set_fill(look.exact, 0.25).move_to((low + high) / 2)
        line_ends = self.axes.c2p(0, mean), self.axes.c2p(steps[-1], mean)
        self.floor = DashedLine(*line_ends, color=look.exact, stroke_width=2, dash_length=0.08)
        title = words(name, color=look.particles)
        title.next_to(self.axes.c2p(0, top), UP, buff=0.15).align_to(self.axes, LEFT)
        label = words(floor_name, color=look.exact)
        label.next_to(self.axes.c2p(0, 0), DOWN, buff=0.15).align_to(self.axes, LEFT)  # no curve comes there
        below = words(f"step {steps[-1]:,}", color=look.mute)
        below.next_to(self.axes.c2p(steps[-1], 0), DOWN, buff=0.15).align_to(self.axes, RIGHT)
        self.add(self.axes, band, self.floor, self.curve, self.head, title, label, below)
        self.show(0)

    def point(self, record: int) -> NDArray[np.float64]:
        """Where the curve is at a record, as a point of the scene."""
        return np.asarray(self.axes.c2p(*self.values[record]))

    def _corners(self) -> NDArray[np.float64]:
        return np.asarray(self.axes.c2p(np.array(self.values)))

    def show(self, record: float) -> Self:  # type: ignore[override]
        """Draw the curve from the first record to this one; between two records, part of the line there."""
        last = len(self.values) - 1
        record = min(max(record, 0.0), float(last))
        whole = min(int(record), last - 1)
        start, end = self.point(whole), self.point(whole + 1)
        self.head.move_to(start + (record - whole) * (end - start))
        path = VMobject().set_points_as_corners(self._corners())
        self.curve.pointwise_become_partial(path, 0, record / last)
        return self
