"""A number that changes from record to record, without setting new type for every frame."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from manim import VGroup
from manim.utils.color import ParsableManimColor
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.arrows import Part, Redrawn
from scenes.mobjects.caption import standing
from scenes.mobjects.fingerprint import seal
from scenes.mobjects.words import words

GLYPHS: Final = "0123456789,.−"
NARROW: Final = frozenset(",.")
GAP: Final = 0.2
"""Between the label and its number, in Manim units."""


class Readout(Redrawn):
    """A label and the value of a record beside it; `show(k)` writes `values[⌊k⌋]`.

    The digits are set once and moved to where they are needed, each in a cell of the same width, so that the
    number does not tremble. The readout is as wide as its longest number, whatever it shows.

    Args:
        values: (records,) numbers.
        label: Typst markup.
        form: how a value is written, as in `format`: digits, comma, point and minus only.
        font_size: of both.
        color: of the number; ink by default.

    >>> Readout(np.array([0.2, 0.01234]), "spread", ".3f").show(1).text
    '0.012'
    """

    def __init__(
        self,
        values: NDArray[Any],
        label: str,
        form: str = ",",
        *,
        font_size: float = theme.FONT_BODY,
        color: ParsableManimColor | None = None,
    ) -> None:
        super().__init__(seal(np.asarray(values)))
        look = theme.theme()
        ink = look.ink if color is None else color
        glyphs = words(GLYPHS, font_size, ink)
        baseline = glyphs[1].get_bottom()[1]
        self.form, self.text = form, ""
        self.glyphs = {
            name: glyph.points - [glyph.get_x(), baseline, 0] for name, glyph in zip(GLYPHS, glyphs, strict=True)
        }
        self.cell = 1.06 * float(max(glyph.width for glyph in glyphs[:10]))
        self.word = standing(label, font_size, look.mute)
        self.begin = float(self.word.get_right()[0]) + GAP
        extremes = {int(np.argmax(values)), int(np.argmin(values))}
        longest = max((self._written(record) for record in extremes), key=len)
        self.slots = VGroup(
            *(Part(f"Readout.{i}", fill_color=ink, fill_opacity=1, stroke_width=0) for i in range(len(longest)))
        )
        low, high = self.word.get_all_points().min(axis=0), self.word.get_all_points().max(axis=0)
        tall = np.concatenate([*self.glyphs.values()])[:, 1]
        right = self.begin + sum(map(self._breadth, longest))
        self.add(self.word, self.slots)
        self.enclose((0.0, min(low[1], tall.min())), (right, max(high[1], tall.max())))
        self.show(0)

    def redraw(self) -> None:
        """Write the number of the record shown; between two records, of the earlier one."""
        self.text = self._written(self.moment()[0])
        x = self.begin
        for slot, name in zip(self.slots, self.text.ljust(len(self.slots)), strict=False):
            breadth = self._breadth(name)
            self.put(slot, self.glyphs.get(name, np.zeros((0, 3))) + (x + breadth / 2, 0.0, 0.0))
            x += breadth

    def _written(self, record: int) -> str:
        return format(self.data.array[record], self.form).replace("-", "−")

    def _breadth(self, name: str) -> float:
        return self.cell * (0.5 if name in NARROW else 1.0)
