"""One step of Langevin's rule taken apart: the climb, the kick, their sum, and what becomes of the particle."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from manim import VGroup
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.arrows import (
    SHAFT,
    Part,
    Place,
    Points,
    Redrawn,
    arrow_outline,
    dashes,
    disc,
    ring,
    window_corners,
)
from scenes.mobjects.fingerprint import seal
from scenes.mobjects.raster import WHOLE

DRIFT_END: Final = 0.4
"""The share of a step after which the drift's arrow is whole."""
NOISE_END: Final = 0.8
"""The share of a step after which the noise's arrow is whole; in the rest the particle moves, or does not."""
FADED: Final = 0.35
"""The share of a step in which the arrows of the one before it fade away."""
GHOST: Final = 0.45
"""Strength of the arrows of a proposal that was rejected, and of the place that the particle left."""
ORIGIN_SHARE: Final = 0.7
"""Radius of the faint dot that marks where the particle came from, in radii of the particle."""
LINE_SHARE: Final = 0.4
"""Width of the dashed line in shafts of the arrows."""


def ease(share: float) -> float:
    """From 0 to 1 with a soft start and end."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


class StepAnatomy(Redrawn):
    """The steps of one particle, drawn as they happen: x + drift + noise.

    `positions`, `drift` and `noise` have shape (records, 2), `accepted` (records,) or is None; a row holds
    what the iteration did that led to the record, so row 0 counts for nothing. Consecutive records must be
    consecutive iterations. `place` says where data lie in the scene now: the whole of it, by its `window` if
    it has one, is the frame of this mobject, so both may be moved alike. `fingerprint` is the hash of the
    trajectory; without it the arrays are hashed here. Of steps that led to record `since` or an earlier one
    nothing is left to be seen when the next begins. `dot_radius` and `width`, of the arrows, are in units of
    the scene.

    `show(k + f)`, 0 < f ≤ 1, is the step from record k to k + 1, grown to the share f: the drift's arrow
    until `DRIFT_END`, the noise's from its tip until `NOISE_END`, then the particle moves along the dashed
    sum; the arrows of the step before fade until `FADED`. If the proposal was rejected, it stays behind as a
    hollow ghost, the arrows fade and the particle stays. `show(0)` is the particle alone; every other whole k
    is the finished step that led to record k.

    >>> from scenes.mobjects.particle_cloud import ParticleCloud
    >>> x = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> drift, noise = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 1.0]])
    >>> step = StepAnatomy(x, drift, noise, place=ParticleCloud(x)).show(1)
    >>> step.dot.get_center().round(9).tolist(), abs(step.ends(0)[1].round(9)).tolist()
    ([1.0, 1.0, 0.0], [1.0, 0.0, 0.0])

    Raises:
        ValueError: shapes do not fit, or a record is not the one before plus drift plus noise.
    """

    def __init__(
        self,
        positions: NDArray[np.floating],
        drift: NDArray[np.floating],
        noise: NDArray[np.floating],
        accepted: NDArray[np.bool_] | None = None,
        *,
        place: Place,
        fingerprint: str | None = None,
        since: int = 0,
        dot_radius: float = theme.HERO_RADIUS,
        width: float = SHAFT,
    ) -> None:
        x, drift, noise = (np.array(array, dtype=np.float64) for array in (positions, drift, noise))
        if not (x.ndim == 2 and x.shape == drift.shape == noise.shape and x.shape[1] == 2 and len(x)):
            raise ValueError(f"Steps are three arrays (records, 2), not {x.shape}, {drift.shape}, {noise.shape}.")
        moved = np.ones(len(x), dtype=bool) if accepted is None else np.array(accepted, dtype=bool)
        if moved.shape != x.shape[:1]:
            raise ValueError(f"{len(x)} records take as many acceptances; got {moved.shape}.")
        drift[0] = noise[0] = 0
        before = x[np.maximum(np.arange(len(x)) - 1, 0)]
        climbed = before + drift
        ends = np.stack([before, climbed, climbed + noise, x], axis=1)  # (records, 4, 2)
        _check(ends, moved)
        self.since = since
        self.dot_radius, self.shaft = float(dot_radius), float(width)
        self.moved = seal(moved)
        super().__init__(seal(np.asarray(place.coords_to_point(ends)), fingerprint))
        self.frame_by(place.coords_to_point(window_corners(place, ends)))
        look = theme.theme()
        self.origin = _part("origin", look.particles)
        self.origin.strength = GHOST
        self.past = VGroup(_part("past drift", look.exact), _part("past noise", look.chance))
        self.sum_line = _part("sum", look.ink)
        self.drift_arrow = _part("drift", look.exact)
        self.noise_arrow = _part("noise", look.chance)
        self.ghost = _part("ghost", look.particles)
        self.dot = _part("dot", look.particles)
        self.add(self.past, self.origin, self.sum_line, self.drift_arrow, self.noise_arrow, self.ghost, self.dot)
        self.show(0)

    def ends(self, record: int) -> tuple[Points, Points, Points]:
        """Points of the scene of the step that leaves a record: x, x + drift, x + drift + noise."""
        x, climbed, kicked, _ = self.carry(self.data.array[record + 1])
        return x, climbed, kicked

    def step(self) -> tuple[int, float]:
        """The record that the step shown leads to, and the share of the step that is done; (0, 1) at first."""
        k = min(max(self.record, 0.0), self.records - 1.0)
        end = math.ceil(k - WHOLE)
        return end, min(k - end + 1, 1.0) if end else 1.0

    def redraw(self) -> None:
        """Draw the step shown, as far as it is done."""
        end, share = self.step()
        x, climbed, kicked, new = self.data.array[end]
        drift = ease(share / DRIFT_END)
        noise = ease((share - DRIFT_END) / (NOISE_END - DRIFT_END))
        done = ease((share - NOISE_END) / (1 - NOISE_END))
        moved = bool(self.moved.array[end])
        here = x + done * (new - x)
        self.put(self.drift_arrow, arrow_outline(x, x + drift * (climbed - x), self.shaft))
        self.put(self.noise_arrow, arrow_outline(climbed, climbed + noise * (kicked - climbed), self.shaft))
        self.put(self.sum_line, dashes(x, here, LINE_SHARE * self.shaft))
        self.put(self.origin, disc(x, ORIGIN_SHARE * self.dot_radius))
        self.put(self.dot, disc(here, self.dot_radius))
        self._fade_the_past(end, share)
        refused = done if not moved and end else 0.0
        self.put(self.ghost, ring(kicked, self.dot_radius, 0.3 * self.dot_radius))
        self.ghost.strength = refused
        self.drift_arrow.strength = self.noise_arrow.strength = 1 - (1 - GHOST) * refused

    def _fade_the_past(self, end: int, share: float) -> None:
        """Let the arrows of the step before go gently."""
        before = max(end - 1, 0)
        x, climbed, kicked, _ = self.data.array[before]
        full = 1.0 if self.moved.array[before] else GHOST
        for part, start, tip in zip(self.past, (x, climbed), (climbed, kicked), strict=True):
            self.put(part, arrow_outline(start, tip, self.shaft) if before > self.since else np.zeros((0, 3)))
            part.strength = full * (1 - ease(share / FADED))

    def take_over(self, other: Any) -> None:
        """Take the steps of another anatomy."""
        super().take_over(other)
        self.moved, self.since = other.moved, other.since


def _part(role: str, color: str) -> Part:
    return Part(f"StepAnatomy.{role}", fill_color=color, fill_opacity=1, stroke_width=0)


def _check(ends: NDArray[np.float64], moved: NDArray[np.bool_]) -> None:
    """Records may be float32, and the sum of three numbers rounds."""
    expected = np.where(moved[:, None], ends[:, 2], ends[:, 0])
    wrong = np.abs(ends[:, 3] - expected).max(axis=1) > 1e-5 * (1 + np.abs(ends[:, 3]).max(axis=1))
    wrong[0] = False
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ValueError(
            f"Record {k} is not what drift and noise make of record {k - 1}: "
            "the anatomy of a step needs records of consecutive iterations, of one particle."
        )
