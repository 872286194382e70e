"""Everything written, through Typst, light enough to be copied and hashed for every animation."""

from __future__ import annotations

from typing import TypeVar

from manim import UL, MathTypst, SVGMobject, Typst
from manim.utils.color import ParsableManimColor

from scenes import theme

Drawn = TypeVar("Drawn", bound=SVGMobject)


def words(text: str, font_size: float = theme.FONT_SMALL, color: ParsableManimColor | None = None) -> Typst:
    """Prose in Typst markup, so that `$p(x)$` in it is mathematics; in the theme's ink unless told otherwise."""
    written = _lightened(Typst(text, font_size=font_size, color=color or theme.theme().ink))
    written.id_to_vgroup_dict = {}  # a second set of all glyphs, for `select`, which prose does not need
    return written


def mathematics(
    formula: str, font_size: float = theme.FONT_BODY, color: ParsableManimColor | None = None
) -> MathTypst:
    """A formula whose labelled terms, `{{ … : label }}`, can be taken with `select`."""
    return _lightened(MathTypst(formula, font_size=font_size, color=color or theme.theme().ink))


def _lightened(drawn: Drawn) -> Drawn:
    """Let go of the SVG paths that glyphs were made from, and forget how the import turned them.

    Manim copies a mobject three times for every fade and hashes it for every animation; of a caption's
    seventy milliseconds, sixty went into these paths, which nobody reads again. The direction of a sheen,
    which no glyph of ours has, comes out differently when a text is used again, and is part of the hash.
    """
    for glyph in drawn.get_family():
        if hasattr(glyph, "path_obj"):
            glyph.path_obj = None
        glyph.sheen_direction = UL
    return drawn
