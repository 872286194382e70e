"""What the colours and forms of a picture mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Final, Literal

import numpy as np
from manim import VGroup, VMobject

from diffusion_core.errors import suggestion
from scenes import theme
from scenes.mobjects.arrows import Arrow2D, Points, dashes, disc, polygon
from scenes.mobjects.caption import standing

SAMPLE: Final = 0.5
"""Width of the place for a sample, in Manim units."""
THICKNESS: Final = 0.045
"""Thickness of a line in it."""
ROW: Final = 0.45
"""From one entry of a column to the next."""
MIDDLE: Final = 0.075
"""How far above its base line the middle of a text seems to be."""
ROLES: Final = tuple(field.name for field in fields(theme.Theme) if field.type is str)


def _box(width: float, height: float) -> Points:
    x, y = width / 2, height / 2
    return polygon([(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0)])


_LEFT, _RIGHT = np.array([-SAMPLE / 2, 0, 0]), np.array([SAMPLE / 2, 0, 0])
KINDS: Final[dict[str, Callable[[], Points]]] = {
    "dot": lambda: disc((0, 0, 0), theme.HERO_RADIUS),
    "line": lambda: _box(SAMPLE, THICKNESS),
    "dashed": lambda: dashes(_LEFT, _RIGHT, THICKNESS, dash=SAMPLE / 7),
    "square": lambda: _box(0.2, 0.2),
    "arrow": lambda: Arrow2D(_LEFT, _RIGHT, theme.theme().ink).points,
}
"""Outlines of the samples."""


class Legend(VGroup):
    """Entries (text, role, kind): a sample of that kind in the colour of a role of the theme, then the text.

    `role` is a field of `scenes.theme.Theme`, such as "exact"; `kind` is one of `KINDS`. They stand in a
    "column" or in one "row". `samples` and `texts` hold the pieces in the order of the entries.

    >>> legend = Legend([("a particle", "particles", "dot"), ("its climb", "exact", "arrow")])
    >>> len(legend.samples), len(legend.texts)
    (2, 2)

    Raises:
        ValueError: there is no such role, kind or arrangement.
    """

    def __init__(
        self, entries: Sequence[tuple[str, str, str]], *, arrangement: Literal["column", "row"] = "column"
    ) -> None:
        super().__init__()
        if arrangement not in ("column", "row"):
            raise ValueError(
                f"A legend has no arrangement '{arrangement}': {suggestion(arrangement, ('column', 'row'))}."
            )
        self.samples, self.texts = VGroup(), VGroup()
        across = 0.0
        for i, (text, role, kind) in enumerate(entries):
            sample, written = _sample(role, kind), standing(text)
            origin = np.array([across, 0.0, 0.0] if arrangement == "row" else [0.0, -i * ROW, 0.0])
            sample.shift(origin + (SAMPLE / 2, MIDDLE, 0.0))
            written.shift(origin + (SAMPLE + 0.2, 0.0, 0.0))
            across = written.get_right()[0] + 0.5
            self.samples.add(sample)
            self.texts.add(written)
        self.add(self.samples, self.texts)
        self.center()


def _sample(role: str, kind: str) -> VMobject:
    if role not in ROLES:
        raise ValueError(f"A theme has no role '{role}': {suggestion(role, ROLES)}.")
    if kind not in KINDS:
        raise ValueError(f"A legend has no sample '{kind}': {suggestion(kind, KINDS)}.")
    sample = VMobject(fill_color=getattr(theme.theme(), role), fill_opacity=1, stroke_width=0)
    sample.points = KINDS[kind]()
    return sample
