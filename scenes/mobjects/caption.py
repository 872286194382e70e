"""Lines of type: the caption that says what to see, and words that stand on a common line."""

from __future__ import annotations

from manim import Typst, VGroup
from manim.utils.color import ParsableManimColor
from numpy.typing import ArrayLike

from scenes import theme
from scenes.mobjects.words import plain, words


class Caption(VGroup):
    """One line of Typst markup, centred on `center`.

    It is scaled down only if it would be wider than `width`. `plain` is what it says, for subtitles.

    >>> Caption("The score $nabla log p(x)$ points uphill.", width=13.0, center=(0, -3.4, 0)).plain
    'The score ∇log p(x) points uphill.'
    """

    def __init__(self, text: str, *, width: float, center: ArrayLike) -> None:
        super().__init__()
        self.plain = plain(text)
        self.line = words(text, theme.FONT_BODY)
        if self.line.width > width:
            self.line.scale_to_fit_width(width)
        self.add(self.line)
        self.move_to(center)


def standing(text: str, font_size: float = theme.FONT_SMALL, color: ParsableManimColor | None = None) -> Typst:
    """Words whose base line is y = 0 and whose left end is x = 0.

    A mobject's corners know of ink alone: beside "ring", "mouth" would stand too low.

    >>> bool(standing("ring").get_bottom()[1] < -0.05), bool(abs(standing("mouth").get_bottom()[1]) < 0.01)
    (True, True)
    """
    written = words(f"x#h(0pt);{text}", font_size, color)
    mark = written[0]  # stands on the base line, whatever follows
    written.remove(mark)
    return written.shift((-written.get_left()[0], -mark.get_bottom()[1], 0.0))
