"""Shares beside what they should be: bars that rise to meet their targets, or a histogram and its outline."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from manim import Line, VGroup, VMobject
from manim.utils.color import ParsableManimColor
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.arrows import Part, Points, Redrawn, polygon
from scenes.mobjects.caption import standing
from scenes.mobjects.fingerprint import seal

BAR: Final = 0.5
"""Width of a bar in widths of its slot; those of a histogram fill theirs."""
HISTOGRAM: Final = 0.75
"""Strength of a histogram's bars, over which an outline may run."""
TARGET: Final = 0.84
"""Width of a target's line in widths of the slot."""
LINE: Final = 0.045
"""Thickness of a target's line, in Manim units: 2.7 px at 480p."""
CUT: Final = 0.02
"""Thickness of the line of paper that goes on where a target meets its bar: less would not be seen."""
GAP: Final = 0.15
"""Between bars and what is written about them."""
ASCENT: Final = 0.2
"""Height of a tall letter of the smallest type."""
APART: Final = 0.12
"""The least room between two names."""
LEADING: Final = 0.3
"""From one line of a name to the next."""


class Bars(Redrawn):
    """`values` (records, m), or (m,) for a single record, as m bars on a line, each with its target.

    `targets` has shape (m,): a firm line at both sides of the bar, at the height that it should have; so that
    nothing hides where the bar ends, only a fine one crosses it. `labels` are
    m names below the bars; if one is wider than its slot, all are broken where they have spaces, and if one is
    too wide even so, only every second name is written, or every third, and so on. Without labels this is a
    histogram: bars without gaps, and the outline of the targets over them. `peak` is the value of the full
    `height`, by default 1.1 times the largest value or target of all; bars beyond it are cut. `value_name`
    and `target_name` stand above, in the colours of what they name; empty for none.

    Between two records the bars are those of the earlier one, or of a blend if `eased`.

    >>> bars = Bars(np.array([[0.2, 0.8], [0.5, 0.5]]), targets=np.array([0.5, 0.5]), peak=1.0).show(1)
    >>> bars.records, bars.top_of(0, 1)[1].round(6) == bars.height_of(0.5)[1].round(6)
    (2, np.True_)

    Raises:
        ValueError: shapes that do not fit one another.
    """

    def __init__(
        self,
        values: NDArray[np.floating],
        targets: NDArray[np.floating] | None = None,
        labels: Sequence[str] = (),
        *,
        width: float = 5.6,
        height: float = 2.0,
        peak: float | None = None,
        color: ParsableManimColor | None = None,
        target_color: ParsableManimColor | None = None,
        target_name: str = "target",
        value_name: str = "particles",
        fingerprint: str | None = None,
    ) -> None:
        records = np.atleast_2d(np.asarray(values, dtype=np.float64))
        _check(records, targets, labels)
        goals = None if targets is None else np.asarray(targets, dtype=np.float64)
        look = theme.theme()
        color = look.particles if color is None else color
        target_color = look.exact if target_color is None else target_color
        highest = max(records.max(), 0.0 if goals is None else goals.max())
        self.peak = float(peak if peak is not None else 1.1 * highest if highest > 0 else 1.0)
        self.size = (float(width), float(height))
        self.count = records.shape[1]
        self.share = BAR if labels else 1.0
        super().__init__(seal(records, fingerprint))
        self.bars = Part("Bars.bars", fill_color=color, fill_opacity=1, stroke_width=0)
        self.bars.strength = 1.0 if labels else HISTOGRAM
        base = Line((0, 0, 0), (width, 0, 0), stroke_color=look.mute, stroke_width=2)
        self.targets = VGroup() if goals is None else self._goals(goals, bool(labels), target_color)
        self.labels = VGroup(*_labels(labels, width / self.count))
        self.names = _names(value_name, color, "" if goals is None else target_name, target_color, height)
        self.frame_by([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
        self.add(self.bars, self.targets, base, self.labels, self.names)
        written = [piece.get_all_points() for piece in self.submobjects[1:] if len(piece.get_all_points())]
        fixed = np.concatenate([*written, [[0, 0, 0], [width, height, 0]]])
        self.enclose(fixed.min(axis=0), fixed.max(axis=0))
        self.show(0)

    def height_of(self, value: float) -> NDArray[np.float64]:
        """The point of the scene at the left end of the base line's row that lies as high as a value."""
        return self.carry((0.0, self._rise(value), 0.0))

    def top_of(self, bar: int, record: int) -> NDArray[np.float64]:
        """The point of the scene in the middle of a bar's upper edge at a record."""
        return self.carry(((bar + 0.5) * self.size[0] / self.count, self._rise(self.data.array[record, bar]), 0.0))

    def redraw(self) -> None:
        """Draw the bars of the moment shown."""
        slot = self.size[0] / self.count
        tops = np.clip(self.current() / self.peak, 0.0, 1.0) * self.size[1]
        left = (np.arange(self.count) + (1 - self.share) / 2) * slot
        self.put(self.bars, _boxes(left, tops, self.share * slot))

    def take_over(self, other: Any) -> None:
        """Take the values of other bars, and the way they are drawn."""
        super().take_over(other)
        self.peak, self.size, self.count, self.share = other.peak, other.size, other.count, other.share

    def _rise(self, value: float) -> float:
        return float(np.clip(value / self.peak, 0.0, 1.0)) * self.size[1]

    def _goals(self, goals: NDArray[np.float64], single: bool, color: ParsableManimColor) -> VGroup:
        """Two lines beside each bar and a cut through it; or one outline."""
        rises = [self._rise(value) for value in goals]
        slot = self.size[0] / self.count
        if not single:
            half = LINE / 2
            pieces = [box(i * slot - half, (i + 1) * slot + half, y - half, y + half) for i, y in enumerate(rises)]
            for i, (before, after) in enumerate(itertools.pairwise([0.0, *rises, 0.0])):
                low, high = min(before, after), max(before, after)
                pieces.append(box(i * slot - half, i * slot + half, low - half, high + half))
            outline = VMobject(fill_color=color, fill_opacity=1, stroke_width=0)
            outline.points = np.concatenate(pieces)
            return VGroup(outline)
        lines = VGroup()
        for i, rise in enumerate(rises):
            middle, inner, outer = (i + 0.5) * slot, BAR / 2 * slot, TARGET / 2 * slot
            beside = VMobject(fill_color=color, fill_opacity=1, stroke_width=0)
            low, high = rise - LINE / 2, rise + LINE / 2
            beside.points = np.concatenate(
                [box(middle - outer, middle - inner, low, high), box(middle + inner, middle + outer, low, high)]
            )
            across = VMobject(fill_color=theme.theme().paper, fill_opacity=1, stroke_width=0)
            across.points = box(middle - inner, middle + inner, rise - CUT / 2, rise + CUT / 2)
            lines.add(beside, across)
        return lines


def box(left: float, right: float, low: float, high: float) -> Points:
    """Outline of a rectangle."""
    return polygon([(left, low, 0), (right, low, 0), (right, high, 0), (left, high, 0)])


def _boxes(left: NDArray[np.float64], tops: NDArray[np.float64], width: float) -> Points:
    """Outlines of bars, in one piece; each keeps its points, whatever its height."""
    unit = box(0.0, 1.0, 0.0, 1.0)
    outlines = np.zeros((len(left), *unit.shape))
    outlines[..., 0] = left[:, None] + width * unit[:, 0]
    outlines[..., 1] = tops[:, None] * unit[:, 1]
    return outlines.reshape(-1, 3)


def _labels(labels: Sequence[str], slot: float) -> list[VMobject]:
    """Names below their slots, on common lines."""
    names = [[standing(label)] for label in labels]
    if max((lines[0].width for lines in names), default=0.0) > slot - APART:
        names = [[standing(word) for word in label.split()] for label in labels]
    widest = max((line.width for lines in names for line in lines), default=0.0)
    every = max(1, math.ceil((widest + APART) / slot))
    for i, lines in enumerate(names):
        for row, line in enumerate(lines):
            line.shift(((i + 0.5) * slot - line.get_x(), -GAP - ASCENT - row * LEADING, 0))
    return [VGroup(*lines) for lines in names[::every]]


def _names(
    value: str, color: ParsableManimColor, target: str, target_color: ParsableManimColor, height: float
) -> VGroup:
    """What bars and targets are, on one line above them."""
    row, across = VGroup(), 0.0
    for text, paint in ((value, color), (target, target_color)):
        if text:
            row.add(standing(text, color=paint).shift((across, height + GAP, 0)))
            across = row.get_right()[0] + 0.4
    return row


def _check(records: NDArray[np.float64], targets: NDArray[np.floating] | None, labels: Sequence[str]) -> None:
    if records.ndim != 2 or 0 in records.shape:
        raise ValueError(f"Bars take values (records, m) or (m,), not empty; got {records.shape}.")
    count = records.shape[1]
    if targets is not None and np.shape(targets) != (count,):
        raise ValueError(f"{count} bars take as many targets; got shape {np.shape(targets)}.")
    if labels and len(labels) != count:
        raise ValueError(f"{count} bars take as many labels, or none; got {len(labels)}.")
