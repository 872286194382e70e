"""Everything written, through Typst, light enough to be copied and hashed for every animation."""

from __future__ import annotations

import re
from typing import Final, TypeVar

from manim import ManimColor, MathTypst, SVGMobject, Typst
from manim.utils.color import ParsableManimColor

from scenes import theme
from scenes.mobjects.typesetting import typeset

Drawn = TypeVar("Drawn", bound=SVGMobject)


BENEATH: Final = -10
"""The layer of all that is written: below whatever moves, so that it need not be drawn for every frame.

Manim draws anew what lies above the lowest thing that moves, and nothing written stands over anything else.
"""

# Manim's own copy of a text set before is drawn with other stroke widths, and has another hash, than the first.
_ANEW = {"use_svg_cache": False}


def words(text: str, font_size: float = theme.FONT_SMALL, color: ParsableManimColor | None = None) -> Typst:
    """Prose in Typst markup, so that `$p(x)$` in it is mathematics; in the theme's ink unless told otherwise."""
    ink = ManimColor(color or theme.theme().ink)

    def make() -> Typst:
        written = _lightened(Typst(text, font_size=font_size, color=ink, **_ANEW))
        written.id_to_vgroup_dict = {}  # a second set of all glyphs, for `select`, which prose does not need
        return _measured(written, font_size)

    return typeset(make, "words", text, font_size, ink.to_hex(with_alpha=True))


def mathematics(
    formula: str, font_size: float = theme.FONT_BODY, color: ParsableManimColor | None = None
) -> MathTypst:
    """A formula whose labelled terms, `{{ … : label }}`, can be taken with `select`."""
    ink = ManimColor(color or theme.theme().ink)

    def make() -> MathTypst:
        return _measured(_lightened(MathTypst(formula, font_size=font_size, color=ink, **_ANEW)), font_size)

    return typeset(make, "mathematics", formula, font_size, ink.to_hex(with_alpha=True))


def size_on_screen(written: SVGMobject) -> float:
    """The font size at which something written now appears, after all scalings."""
    return float(written.set_at * _last_glyph_height(written) / written.height_as_set)


def _measured(written: Drawn, font_size: float) -> Drawn:
    written.set_z_index(BENEATH)
    written.set_at, written.height_as_set = font_size, _last_glyph_height(written)
    return written


def _last_glyph_height(written: SVGMobject) -> float:
    heights = [float(glyph.height) for glyph in written.family_members_with_points()]
    return next(height for height in reversed(heights) if height > 0)


def _lightened(drawn: Drawn) -> Drawn:
    """Let go of the SVG paths that glyphs were made from.

    Manim copies a mobject three times for every fade and hashes it for every animation; of a caption's
    seventy milliseconds, sixty went into these paths, which nobody reads again.
    """
    for glyph in drawn.get_family():
        if hasattr(glyph, "path_obj"):
            glyph.path_obj = None
    return drawn


_SPOKEN = {
    r"\bnabla ?": "∇", r"\btau(?![a-z])": "τ", r"\bsigma(?![a-z])": "σ", r"\bepsilon(?![a-z])": "ε",
    r"\bsqrt\((.*?)\)": r"√(\1)", r"\bthin\b ?": "", r"\\": "", r"\s+": " ",
}  # fmt: skip


def plain(text: str) -> str:
    """What a line of Typst markup says, for subtitles.

    >>> plain("The score $nabla log p(x)$ points uphill.")
    'The score ∇log p(x) points uphill.'
    """
    pieces = text.split("$")
    for i in range(1, len(pieces), 2):
        for markup, spoken in _SPOKEN.items():
            pieces[i] = re.sub(markup, spoken, pieces[i])
    return "".join(pieces)
