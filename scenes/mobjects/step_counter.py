"""The clock of a run: "step 1,234", without setting new type for every frame."""

from __future__ import annotations

from typing import Self

import numpy as np
from manim import RIGHT, VGroup, VMobject
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.words import words


class StepCounter(VGroup):
    """The iteration number of a record; `show(k)` writes `steps[⌊k⌋]`.

    The ten digits are set once and moved to where they are needed, each in a cell of the same width, so that
    the number does not tremble. It follows the word beside it through shifts and scalings.

    >>> StepCounter(np.array([0, 10, 1200])).show(2).text
    '1,200'
    """

    def __init__(self, steps: NDArray[np.integer], font_size: float = theme.FONT_BODY) -> None:
        super().__init__()
        look = theme.theme()
        glyphs = words("0123456789,", font_size, look.ink)
        baseline = glyphs[1].get_bottom()[1]
        named = zip("0123456789,", glyphs, strict=True)
        self.glyphs = {name: glyph.points - [glyph.get_x(), baseline, 0] for name, glyph in named}
        self.cell = 1.06 * max(glyph.width for glyph in glyphs)
        self.steps = steps
        self.word = words("step", font_size, look.mute)
        self.text = ""
        slots = len(f"{int(np.max(steps)):,}")
        self.slots = VGroup(*(VMobject(fill_color=look.ink, fill_opacity=1, stroke_width=0) for _ in range(slots)))
        self.add(self.word, self.slots)
        self._size = self.word.width
        self.show(0)

    def show(self, record: float) -> Self:  # type: ignore[override]
        """Write the iteration number of a record; between two records, of the earlier one."""
        self.text = f"{self.steps[min(int(record + 1e-9), len(self.steps) - 1)]:,}"
        scale = self.word.width / self._size
        # The t stands on the line; the p hangs below it.
        line = np.array([self.word.get_right()[0], self.word[1].get_bottom()[1], 0.0]) + 0.2 * scale * RIGHT
        x = 0.0
        for slot, name in zip(self.slots, self.text.ljust(len(self.slots)), strict=True):
            width = self.cell * (0.5 if name == "," else 1.0)
            points = self.glyphs.get(name, np.zeros((0, 3)))
            slot.set_points(line + scale * (points + (x + width / 2) * RIGHT))
            x += width
        return self
