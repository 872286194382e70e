"""How often a film flashes in a second, by WCAG 2.3.1: more than three times a second can cause a seizure.

A flash is a pair of opposing changes of relative luminance by 0.1 or more, the darker picture below 0.8; or, to
or from a saturated red, R/(R + G + B) ≥ 0.8, of 320 (R − G − B) by more than 20 (WCAG 2.1, stricter than 2.2). It
counts where more than a quarter of some field of 10° flashes: 341 × 256 pixels of a film that fills a screen of
1024 pixels' width, the viewers' distance that WCAG assumes.

Simplified:
- Fine balanced patterns, such as noise or squares below 0.1°, are exempt, and a cloud of particles, dots of 0.06°,
  is one. Colours are therefore averaged, in linear light, over cells of 0.5°; coarser patterns than those of WCAG
  that balance within a cell are not seen either.
- Cells that flash in the same second are taken together, also if they do so one after the other. That is stricter.
- Nothing is known of what is between two pictures: a film should be measured at its own frame rate.
"""

from collections import deque
from typing import NamedTuple

import av
import numpy as np

CELLS = 60
"""Columns of cells of 0.5° in a screen of 1024 pixels, 341 of which are 10°."""
FIELD = (15, 20)
"""Rows and columns of cells in a field of 10°."""
SHARE = 0.25
"""Of a field, that has to flash."""
LEAST = np.array([0.1, 20.0])[:, None, None]
"""Change of luminance, of red."""
DARKER = np.array([0.8, np.inf])[:, None, None]
"""What the darker picture is below."""

_BYTES = np.arange(256) / 255
LINEAR = np.where(_BYTES <= 0.04045, _BYTES / 12.92, ((_BYTES + 0.055) / 1.055) ** 2.4).astype(np.float32)


class Flashes(NamedTuple):
    """The most flashes in any second, and when that second ends."""

    general: int
    red: int
    general_at: float  # seconds
    red_at: float

    @property
    def most(self):
        """Of either kind."""
        return max(self.general, self.red)


def pictures(path):
    """The frames of a film, (rows, columns, 3)."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def rate_of(path):
    """Frames a second."""
    with av.open(str(path)) as container:
        return float(container.streams.video[0].average_rate)


def flashes(frames, rate):
    """The most flashes in a second of frames (rows, columns, 3) at a rate."""
    turns = signals = shown = None
    most, at = np.zeros(2, int), np.zeros(2)
    for number, frame in enumerate(frames):
        if frame is not shown:  # a picture that stands still is measured once
            signals, shown = signals_of(frame), frame
        turns = turns or Turns(signals, round(rate))
        if turns.take(signals):
            for kind in range(2):
                while flashing(turns.count[kind], most[kind] + 1):
                    most[kind], at[kind] = most[kind] + 1, (number + 1) / rate
    return Flashes(*map(int, most), *map(float, at))


class Turns:
    """How often each cell went up or down within the last second, (kinds, rows, columns)."""

    def __init__(self, signals, frames):
        self.low, self.high = signals.copy(), signals.copy()  # since the last turn
        self.direction = np.zeros(signals.shape, np.int8)
        self.recent = deque(maxlen=frames)
        self.count = np.zeros(signals.shape, np.int16)

    def take(self, signals):
        """Take the next frame's; whether any cell turned."""
        np.minimum(self.low, signals, out=self.low)
        np.maximum(self.high, signals, out=self.high)
        rose = (self.direction <= 0) & (signals - self.low >= LEAST) & (self.low < DARKER)
        fell = (self.direction >= 0) & (self.high - signals >= LEAST) & (signals < DARKER)
        turned = rose | fell
        self.direction[rose], self.direction[fell] = 1, -1
        self.low[turned] = self.high[turned] = signals[turned]
        if len(self.recent) == self.recent.maxlen:
            self.count -= self.recent[0]
        self.recent.append(turned)
        self.count += turned
        return turned.any()


def flashing(count, times):
    """Whether more than a quarter of some field turned up and down so many times, (rows, columns)."""
    cells = count >= 2 * times
    rows, columns = np.minimum(FIELD, cells.shape)
    if cells.sum() <= SHARE * rows * columns:
        return False
    sums = np.pad(cells.astype(int), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    fields = sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
    return bool(fields.max() > SHARE * rows * columns)


def signals_of(frame):
    """Relative luminance of a frame's cells, and how red those are that are saturated, (2, rows, columns)."""
    r, g, b = cells_of(LINEAR[frame]).transpose(2, 0, 1)
    saturated = r >= 0.8 * (r + g + b)
    return np.stack([0.2126 * r + 0.7152 * g + 0.0722 * b, np.where(saturated, np.maximum(r - g - b, 0), 0) * 320])


def cells_of(colours):
    """Means of colours (rows, columns, 3) over cells, or the colours where there are fewer pixels than cells."""
    columns = min(CELLS, colours.shape[1])
    rows = round(colours.shape[0] * columns / colours.shape[1])
    for axis, number in ((0, rows), (1, columns)):
        edges = np.linspace(0, colours.shape[axis], number, endpoint=False).astype(int)
        sizes = np.diff(np.append(edges, colours.shape[axis]))
        shape = [-1 if other == axis else 1 for other in range(3)]
        colours = np.add.reduceat(colours, edges, axis=axis) / sizes.reshape(shape).astype(np.float32)
    return colours
