"""What a film looks like: one colour per meaning, and the sizes and durations that all scenes share.

Nothing else decides a look: whoever wants a bigger dot or another orange changes it here. A scene chooses among
`THEMES` by its attribute `theme`, otherwise the environment variable `DIFFUSION_THEME` does ("dark" when unset).
"""

import os
from dataclasses import dataclass
from typing import Final

from diffusion_core.errors import DiffusionError


class ThemeError(DiffusionError):
    """A theme that does not exist."""


@dataclass(frozen=True)
class Theme:
    """One colour per meaning, as hexadecimal sRGB.

    The roles stay apart for normal, deuteranope, protanope and tritanope sight: a test measures their
    distances in CAM02-UCS.
    """

    paper: str
    """Background."""
    ink: str
    """Text, boxes, the whole step."""
    mute: str
    """Axes, rulers, past and future."""
    exact: str
    """What p says: density, exact score, drift, floors."""
    chance: str
    """Noise, kicks, histograms of visits."""
    particles: str
    """Particles, samples, paths."""
    learned: str
    """Whatever a network says: its score, its error, its loss."""
    ramp: tuple[str, ...]
    """Colours of a density from none (the paper) to its maximum."""
    dimmed: float
    """Opacity of a density while particles speak."""


THEMES: Final[dict[str, Theme]] = {
    "dark": Theme(
        paper="#0A0C10",
        ink="#ECEFF4",
        mute="#8A93A3",
        exact="#58C4DD",
        chance="#FF9F43",
        particles="#FFE8A3",
        learned="#9B7BFF",
        ramp=("#0A0C10", "#0E2133", "#144B68", "#2A86A8", "#7CCBE0"),
        dimmed=0.45,
    ),
    "light": Theme(
        paper="#FAFAF7",
        ink="#111B1E",
        mute="#525862",
        exact="#0A7E88",
        chance="#BC5400",
        particles="#663800",
        learned="#702EDB",
        ramp=("#FAFAF7", "#E3F0F1", "#BBDDE1", "#7FBFC7", "#3F9AA5"),
        dimmed=0.7,
    ),
}


_chosen: str | None = None


def choose(name: str | None) -> str:
    """Let this theme hold for everything that is made from now on, and return its name.

    Args:
        name: a key of `THEMES`; None for that of the environment.

    Raises:
        ThemeError: there is no theme of that name.
    """
    global _chosen
    _chosen = name
    theme()
    return theme_name()


def theme_name() -> str:
    """The name of the theme that holds now."""
    return _chosen or os.environ.get("DIFFUSION_THEME") or "dark"


def theme() -> Theme:
    """The theme that holds now: the one chosen last, or that of `DIFFUSION_THEME`.

    Raises:
        ThemeError: there is no theme of that name.

    >>> theme().paper in {"#0A0C10", "#FAFAF7"}
    True
    """
    name = theme_name()
    try:
        return THEMES[name]
    except KeyError:
        known = " or ".join(THEMES)
        source = "DIFFUSION_THEME" if _chosen is None else "the scene's `theme`"
        raise ThemeError(f"There is no theme {name!r}: set {source} to {known}.") from None


DOT_RADIUS: Final = 0.0145
"""Radius of a particle among thousands, in Manim units: 2 px at 1080p, 0.9 px at 480p."""
DOT_OPACITY: Final = 0.85
"""Opacity of a particle among thousands: where they crowd, the count still shows."""
HERO_RADIUS: Final = 0.06
"""Radius of a particle that is followed alone."""
TRACE: Final = 0.3
"""Opacity of what has spoken and stays as a trace."""

FONT_SMALL: Final = 28
"""Font size of labels; in Typst an em of it is 1/28 of the frame's height, the least that 480p can show."""
FONT_BODY: Final = 34
"""Font size of formulas and captions."""
FONT_TITLE: Final = 48
"""Font size of titles."""

MOVE: Final = 2.0
"""Seconds that a beat moves (1 to 3)."""
FADE: Final = 0.8
"""Seconds in which something comes or goes."""
READING_SPEED: Final = 15.0
"""Characters per second of a comfortable reader."""
SHORTEST_PAUSE: Final = 1.5
"""Seconds that any picture stands still."""


def reading_time(text: str) -> float:
    """Seconds that `text` has to stand still to be read.

    >>> reading_time("p(x)")
    1.5
    >>> reading_time("x" * 60)
    4.0
    """
    return max(SHORTEST_PAUSE, len(text) / READING_SPEED)
