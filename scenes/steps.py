"""Which of a run's single steps to take apart on screen, and how close to look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from manim import DOWN, LEFT, RIGHT, MathTypst, Mobject, VGroup
from numpy.typing import ArrayLike, NDArray

from scenes import theme
from scenes.base import FilmError
from scenes.mobjects.raster import Window
from scenes.mobjects.words import mathematics
from scenes.zones import Zones

LEAST = 0.12
"""Least length of the drift and of the noise, as a share of the inset's side."""
FILL = 0.55
"""How much of the inset's side the step's longest arrow takes."""


SMALL = 0.025
"""Radius of a particle on the stage, which must not hide the square around it."""
NUMBERS = 3.5
"""Width of the board's part beside the inset, where the numbers stand."""


class Telling(NamedTuple):
    """A recorded step, and the square around it that makes its arrows legible."""

    record: int
    window: Window


def most_legible(start: ArrayLike, drift: ArrayLike, noise: ArrayLike, *wishes: ArrayLike) -> Telling | None:
    """Of single steps (n, 2) the one whose two arrows are the most legible; None if there is none.

    The square is scaled to the step's longest side, in which both arrows must have the share LEAST; of the steps
    that do, the rule takes the one with the longest shorter arrow, times its share of the longer one, times the
    sine of the angle between them. `wishes`, (n,) each, are true of the steps that are wanted; if none fulfils
    them, the last wish is dropped first.
    """
    drift, noise = np.asarray(drift, float), np.asarray(noise, float)
    sides = np.linalg.norm([drift, noise, drift + noise], axis=-1)  # (3, steps)
    with np.errstate(all="ignore"):  # a step without drift or noise is worth nothing
        shares = np.nan_to_num(FILL * sides[:2].min(axis=0) / sides.max(axis=0))
        bend = np.abs(drift[:, 0] * noise[:, 1] - drift[:, 1] * noise[:, 0]) / (sides[0] * sides[1])
    worth = np.where(shares >= LEAST, sides[:2].min(axis=0) * shares * np.nan_to_num(bend), 0.0)
    for count in range(len(wishes), -1, -1):
        wanted = worth * np.prod([np.ones(len(worth)), *wishes[:count]], axis=0)
        if wanted.any():
            best = int(np.argmax(wanted))
            corners = np.asarray(start)[best] + np.array([[0, 0], drift[best], drift[best] + noise[best]])
            return Telling(best + 1, around(corners, FILL))
    return None


def beside_numbers(zones: Zones, top: float | None = None) -> dict[str, Any]:
    """Side and centre of an inset at the board's left, below `top` or its edge, that leaves room for numbers."""
    side = zones.board_width - NUMBERS
    upper = zones.board_top if top is None else top
    return {"side": side, "center": np.array([zones.board_left + side / 2, upper - side / 2, 0.0])}


def places_in_words(
    names: Sequence[str], values: Iterable[NDArray[np.floating]], colors: Sequence[str], beside: Mobject
) -> list[MathTypst]:
    """Lines "name = (x, y)" in their colours, one below the other, at the right of something."""
    rows = [
        mathematics(f"{name} = ({x:.3f}, {y:.3f})", theme.FONT_SMALL, color)
        for name, (x, y), color in zip(names, values, colors, strict=True)
    ]
    VGroup(*rows).arrange(DOWN, buff=0.28, aligned_edge=LEFT).next_to(beside, RIGHT, buff=0.2)
    return rows


def around(points: NDArray[np.floating], fill: float) -> Window:
    """The square around points (n, 2) of whose side the larger of their extents takes the share `fill`."""
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    (x, y), half = (low + high) / 2, max(high - low) / fill / 2
    return Window(x - half, x + half, y - half, y + half)


def refuse_illegible(told: Telling | None, recipe: str) -> Telling:
    """That step.

    Raises:
        FilmError: there is none.
    """
    if told is None:
        raise FilmError(
            f"in no single step of '{recipe}' are climb and kick both long enough to be seen: "
            "choose another seed, or leave out the section of one step"
        )
    return told
