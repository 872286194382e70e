"""A measured quantity along a run, drawn up to the record that is shown, over the floor it can reach."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from manim import DL, DOWN, LEFT, UR, Axes, DashedLine, Line, LinearBase, LogBase
from manim.utils.color import ParsableManimColor
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.arrows import Part, Points, Redrawn, chain, disc, polygon
from scenes.mobjects.caption import standing
from scenes.mobjects.fingerprint import SealedArray, seal

HEAD_RADIUS = 0.05
"""Radius of the dot at the curve's end, in Manim units."""
BAND = 0.25
"""Strength of the band around the floor."""
GAP = 0.15
"""Between the axes and what is written about them."""
ASCENT, LEADING = 0.2, 0.35
"""Height of a tall letter of the smallest type, and from one line of it to the next."""


class LiveCurve(Redrawn):
    """`values` over `steps`, both (records,); `show(k)` draws the curve from the first record to record k.

    Between two records it ends on the line between them. `floor` is what two samples of the truth give, as
    (mean, half the width of the band around it): a dashed line in a band, named `floor_name` with its value;
    None for none. A round number stands at the axis of values; with `log` equal ratios look equally large,
    and every value must be above 0. With `log_steps` equal ratios of 1 + step look equally large across, so that
    step 0 has its place and checkpoints on a geometric ladder are spread; no step may then be below 0. The last
    step stands below the axes, with the word `steps_name`. `width` is that of the whole, `height` that of the
    axes. `fingerprint` is the hash of the trajectory; without it all values are hashed.

    >>> curve = LiveCurve(np.arange(5), np.array([4.0, 3.0, 2.0, 1.0, 1.0]), floor=(1.0, 0.1)).show(2)
    >>> curve.head.get_center().round(6).tolist() == curve.point(2).round(6).tolist()
    True

    Raises:
        ValueError: not one value to a step, none at all, or a value or step that a logarithmic axis has no place
            for.
    """

    def __init__(
        self,
        steps: NDArray[np.integer],
        values: NDArray[np.floating],
        floor: tuple[float, float] | None = None,
        *,
        name: str = "distance to $p$",
        floor_name: str = "two true samples",
        width: float = 5.6,
        height: float = 2.2,
        color: ParsableManimColor | None = None,
        log: bool = False,
        log_steps: bool = False,
        steps_name: str = "step",
        fingerprint: str | None = None,
    ) -> None:
        steps, values = np.asarray(steps), np.asarray(values, dtype=np.float64)
        if steps.ndim != 1 or steps.shape != values.shape or not len(steps):
            raise ValueError(f"A curve takes one value to a step; got shapes {steps.shape} and {values.shape}.")
        if log and not values.min() > 0:
            raise ValueError(f"A logarithmic axis has no place for {values.min():g}: leave `log` out.")
        if log_steps and not steps.min() >= 0:
            raise ValueError(f"A logarithmic axis has no place for step {steps.min():g}: leave `log_steps` out.")
        super().__init__(seal(np.column_stack([steps, values]), fingerprint))
        look = theme.theme()
        color = look.particles if color is None else color
        below, above = _range(values, floor, log)
        ticks = _ticks(below, above, log)
        numbers = [standing(f"{tick:g}", color=look.mute) for tick in ticks]
        room = max(number.width for number in numbers) + GAP
        self.axes = _axes(float(max(steps[-1], 1)), (below, above), log, log_steps, width - room, height)
        self.corners = self._corners()
        self.band = Part("LiveCurve.band", fill_color=look.exact, fill_opacity=1, stroke_width=0)
        self.band.strength = BAND
        self.curve = Part("LiveCurve.curve", stroke_color=color, stroke_width=3)
        self.curve.strength = 0.0  # never filled, whatever opacity is set
        self.head = Part("LiveCurve.head", fill_color=color, fill_opacity=1, stroke_width=0)
        self.add(self.axes)
        for tick, number in zip(ticks, numbers, strict=True):
            mark = self.axes.c2p(0, tick)
            self.add(Line(mark, mark + 0.6 * GAP * LEFT, stroke_width=2, stroke_color=look.mute))
            self.add(number.next_to(mark, LEFT, buff=GAP))
        self.area = self._floor(floor, below, float(steps[-1]))
        self.add(self.band, self.curve, self.head)
        self._write(name, color, steps_name, floor_name, floor)
        self.enclose(*self._extent())
        self.show(0)

    def point(self, record: int) -> NDArray[np.float64]:
        """Where the curve is at a record, as a point of the scene."""
        return self.carry(self.corners.array[record])

    def redraw(self) -> None:
        """Draw the curve as far as the moment shown."""
        first, rest = self.moment()
        corners = self.corners.array
        head = corners[first] if rest == 0 else (1 - rest) * corners[first] + rest * corners[first + 1]
        self.put(self.curve, chain(np.concatenate([corners[: first + 1], head[None]])))
        self.put(self.head, disc(head, HEAD_RADIUS))
        self.put(self.band, self.area)

    def take_over(self, other: Any) -> None:
        """Take the values of another curve."""
        super().take_over(other)
        self.corners, self.area = other.corners, other.area

    def _corners(self) -> SealedArray:
        """The curve's corners where it was made, (records, 3); they follow from data and axes."""
        return SealedArray(np.asarray(self.axes.c2p(*self.data.array.T)).T.reshape(-1, 3), str(self.data))

    def _floor(self, floor: tuple[float, float] | None, below: float, last: float) -> Points:
        """Add the floor's line, and return the outline of its band."""
        if floor is None:
            return np.zeros((0, 3))
        mean, spread = floor
        ends = self.axes.c2p(0, mean), self.axes.c2p(last, mean)
        self.add(DashedLine(*ends, color=theme.theme().exact, stroke_width=2, dash_length=0.08))
        low, high = max(mean - spread, below), mean + spread
        return polygon([self.axes.c2p(x, y) for x, y in ((0, low), (last, low), (last, high), (0, high))])

    def _write(
        self,
        name: str,
        color: ParsableManimColor,
        steps_name: str,
        floor_name: str,
        floor: tuple[float, float] | None,
    ) -> None:
        """Add the name above, the floor and the last step below, where no curve comes."""
        look = theme.theme()
        (left, below), (right, above) = self.axes.get_corner(DL)[:2], self.axes.get_corner(UR)[:2]
        below -= GAP + ASCENT
        self.add(standing(name, color=color).shift((left, above + GAP, 0)))
        last = standing(f"{steps_name} {int(self.data.array[-1, 0]):,}", color=look.mute)
        last.shift((right - last.get_right()[0], below, 0))
        if floor is not None:
            label = standing(f"{floor_name}: {floor[0]:.2g}", color=look.exact).shift((left, below, 0))
            if label.get_right()[0] + GAP > last.get_left()[0]:
                last.shift(LEADING * DOWN)
            self.add(label)
        self.add(last)

    def _extent(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Opposite corners around all that is drawn at any moment."""
        corners = self.corners.array
        drawn = (self.get_all_points(), corners - HEAD_RADIUS, corners + HEAD_RADIUS, self.area)
        every = np.concatenate(drawn)
        return every.min(axis=0), every.max(axis=0)


class _FromZero(LinearBase):
    """The scale of an axis on which 1 + x is drawn by its logarithm."""

    def function(self, value: Any) -> Any:
        """The coordinate at a place of the axis."""
        return np.expm1(value)

    def inverse_function(self, value: Any) -> Any:
        """The place of a coordinate on the axis."""
        return np.log1p(value)


def _range(values: NDArray[np.float64], floor: tuple[float, float] | None, log: bool) -> tuple[float, float]:
    """The least and the largest value that the axis has room for."""
    highest = max(float(values.max()), sum(floor) if floor else 0.0)
    if not log:
        return 0.0, 1.05 * highest if highest > 0 else 1.0
    lowest = min(float(values.min()), floor[0] if floor else math.inf)
    return lowest / 1.2, 1.2 * highest


def _ticks(below: float, above: float, log: bool) -> list[float]:
    """The numbers at the axis of values: the largest of 1, 2 and 5 times a power of ten; with `log` the least too.

    >>> _ticks(0.0, 0.73, False), _ticks(0.0, 1.0, False), _ticks(0.012, 0.73, True)
    ([0.5], [1.0], [0.5, 0.02])
    """
    powers = range(math.floor(math.log10(above)) - (12 if log else 1), math.floor(math.log10(above)) + 1)
    round_numbers = [float(f"{m}e{power}") for power in powers for m in (1, 2, 5)]
    fitting = [number for number in round_numbers if below <= number <= above]
    return [fitting[-1], fitting[0]] if log and len(fitting) > 1 else fitting[-1:]


def _axes(last: float, span: tuple[float, float], log: bool, log_steps: bool, width: float, height: float) -> Axes:
    line = {"include_ticks": False, "include_tip": False, "stroke_color": theme.theme().mute, "stroke_width": 2}
    scaling = {"scaling": LogBase(10)} if log else {}
    span = (math.log10(span[0]), math.log10(span[1])) if log else span
    across = {"scaling": _FromZero()} if log_steps else {}
    last = math.log1p(last) if log_steps else last
    return Axes(
        x_range=[0, last, last],
        y_range=[*span, span[1] - span[0]],
        x_length=width,
        y_length=height,
        axis_config=line,
        x_axis_config=across,
        y_axis_config=scaling,
    )
