"""Outlines, kept as Cairo has them, for the many frames in which the same glyph or line is drawn again.

While something written fades, Manim draws each of its glyphs for every frame, and most of a glyph's time goes into
finding where its outlines begin and handing over their curves one by one. Cairo rounds a path to 1/256 of a pixel
and gives it back as it took it, so that pictures are the same to the last bit.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import cairo
import numpy as np
from manim import Camera, VMobject

KEPT: Final = 1000
"""Outlines that are kept, of some ten kilobytes each: what is written in a scene, twice over."""
FINE: Final = 2.0**32
"""Steps of a unit of the scene within which points are one place: a fade mixes each point with itself, and its
last digits change. A step is a hundred-thousandth of what Cairo tells apart."""
LONGEST: Final = 1000
"""Points of the longest outline that is kept; what has more, such as a curve, grows from frame to frame."""


def keep_outlines() -> None:
    """Let Manim's camera keep outlines.

    It is the method that is extended, once, for the reason that `raster.py` gives.
    """
    original = Camera.set_cairo_context_path
    if hasattr(original, "kept"):
        return
    kept: dict[tuple[Any, ...], cairo.Path] = {}

    @functools.wraps(original)
    def set_cairo_context_path(self: Camera, ctx: cairo.Context, vmobject: VMobject) -> Camera:
        points = vmobject.points
        # Other cameras may move points on their way; what has none leaves the path as it is.
        if type(self) is not Camera or not 0 < len(points) <= LONGEST:
            return original(self, ctx, vmobject)
        key = (np.rint(FINE * points[:, :2]).tobytes(), tuple(ctx.get_matrix()))
        path = kept.pop(key, None)
        if path is None:
            original(self, ctx, vmobject)
            path = ctx.copy_path()
            if len(kept) >= KEPT:
                del kept[next(iter(kept))]
        else:
            ctx.new_path()
            ctx.append_path(path)
        kept[key] = path  # the one used last stands last
        return self

    set_cairo_context_path.kept = kept  # type: ignore[attr-defined]
    Camera.set_cairo_context_path = set_cairo_context_path
