"""Everything written, through Typst, light enough to be copied and hashed for every animation."""

from __future__ import annotations

from typing import TypeVar

from manim import MathTypst, SVGMobject, Typst
from manim.utils.color import ParsableManimColor

from scenes import theme

Drawn = TypeVar("Drawn", bound=SVGMobject)


# Manim's own copy of a text set before is drawn with other stroke widths, and has another hash, than the first.
_ANEW = {"use_svg_cache": False}


def words(text: str, font_size: float = theme.FONT_SMALL, color: ParsableManimColor | None = None) -> Typst:
    """Prose in Typst markup, so that `$p(x)$` in it is mathematics; in the theme's ink unless told otherwise."""
    written = _lightened(Typst(text, font_size=font_size, color=color or theme.theme().ink, **_ANEW))
    written.id_to_vgroup_dict = {}  # a second set of all glyphs, for `select`, which prose does not need
    return written


def mathematics(
    formula: str, font_size: float = theme.FONT_BODY, color: ParsableManimColor | None = None
) -> MathTypst:
    """A formula whose labelled terms, `{{ … : label }}`, can be taken with `select`."""
    return _lightened(MathTypst(formula, font_size=font_size, color=color or theme.theme().ink, **_ANEW))


def _lightened(drawn: Drawn) -> Drawn:
    """Let go of the SVG paths that glyphs were made from.

    Manim copies a mobject three times for every fade and hashes it for every animation; of a caption's
    seventy milliseconds, sixty went into these paths, which nobody reads again.
    """
    for glyph in drawn.get_family():
        if hasattr(glyph, "path_obj"):
            glyph.path_obj = None
    return drawn
