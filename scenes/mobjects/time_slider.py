"""A ruler of time, or of any quantity that only grows or only falls, and a handle on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from manim import LEFT, Line
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.arrows import Part, Points, Redrawn, disc
from scenes.mobjects.caption import standing
from scenes.mobjects.fingerprint import seal

HANDLE: Final = 0.11
"""Radius of the handle, in Manim units."""
TICK: Final = 0.1
"""Half the length of a tick."""
TEXT: Final = 0.42
"""How far below the ruler the numbers stand."""


class TimeSlider(Redrawn):
    """A ruler of `values`, (records,), with a handle at the value of a record.

    It goes from the least to the greatest of them, or between the two ends of `span`. Values that fall move the
    handle from right to left; between two records it is between their values. `ticks` are texts to stand at
    values, by default the numbers at both ends; an empty mapping for none. `width` is the ruler's; `label`
    stands at its left. `fingerprint` is the hash of the trajectory.

    >>> slider = TimeSlider(np.array([0.0, 1.0, 4.0]), width=4.0).show(1.5)
    >>> bool(np.allclose(slider.handle.get_center(), slider.handle_point(1.5)))
    True

    Raises:
        ValueError: values that neither only grow nor only fall; values or a tick beyond the ruler; a span whose
            second end is not the greater one.
    """

    def __init__(
        self,
        values: NDArray[np.floating],
        *,
        width: float = 5.6,
        label: str = "$t$",
        ticks: Mapping[float, str] | None = None,
        span: tuple[float, float] | None = None,
        fingerprint: str | None = None,
    ) -> None:
        values = np.asarray(values, dtype=np.float64)
        signs = set(np.sign(np.diff(values)).ravel().tolist()) - {0.0}
        if values.ndim != 1 or signs not in ({1.0}, {-1.0}):
            raise ValueError("A slider takes two values or more, (records,), that only grow or only fall.")
        self.span = _span(values, span)
        self.length = float(width)
        super().__init__(seal(values, fingerprint))
        look = theme.theme()
        self.add(Line((0, 0, 0), (width, 0, 0), stroke_color=look.mute, stroke_width=2))
        for value, text in (ticks if ticks is not None else {end: f"{end:g}" for end in self.span}).items():
            if not self.span[0] <= value <= self.span[1]:
                raise ValueError(f"A tick at {value:g} is off the slider, which goes from {self.span[0]:g} to "
                                 f"{self.span[1]:g}.")  # fmt: skip
            x = self._across(value)
            self.add(Line((x, -TICK, 0), (x, TICK, 0), stroke_color=look.mute, stroke_width=2))
            written = standing(text, color=look.mute)
            self.add(written.shift((x - written.get_x(), -TEXT, 0)))
        if label:
            name = standing(label, theme.FONT_BODY, look.ink)
            self.add(name.next_to((-HANDLE, 0, 0), LEFT, buff=0.15))
        self.handle = Part("TimeSlider.handle", fill_color=look.ink, fill_opacity=1, stroke_width=0)
        fixed = np.concatenate([self.get_all_points(), [[-HANDLE, -HANDLE, 0], [width + HANDLE, HANDLE, 0]]])
        self.enclose(fixed.min(axis=0), fixed.max(axis=0))
        self.add(self.handle)
        self.show(0)

    def handle_point(self, record: float) -> Points:
        """Where the handle is at a record, as a point of the scene."""
        value = np.interp(record, np.arange(self.records), self.data.array)
        return self.carry((self._across(value), 0.0, 0.0))

    def redraw(self) -> None:
        """Move the handle to the moment shown."""
        first, rest = self.moment()
        value = self.data.array[first]
        if rest > 0:
            value = (1 - rest) * value + rest * self.data.array[first + 1]
        self.put(self.handle, disc((self._across(value), 0.0, 0.0), HANDLE))

    def take_over(self, other: Any) -> None:
        """Take the values of another slider, and its ruler."""
        super().take_over(other)
        self.span, self.length = other.span, other.length

    def _across(self, value: float) -> float:
        low, high = self.span
        return self.length * (value - low) / (high - low)


def _span(values: NDArray[np.float64], span: tuple[float, float] | None) -> tuple[float, float]:
    """The ruler's ends."""
    least, greatest = float(values.min()), float(values.max())
    if span is None:
        return least, greatest
    low, high = map(float, span)
    if not low < high:
        raise ValueError(f"A slider goes from a number to a greater one, not from {low:g} to {high:g}.")
    if not (low <= least and greatest <= high):
        raise ValueError(f"Values from {least:g} to {greatest:g} leave the slider, which goes from {low:g} to "
                         f"{high:g}.")  # fmt: skip
    return low, high
