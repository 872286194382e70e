"""Straight lines from one moving place to many fixed points, each as thick as its weight says."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from manim.utils.color import ParsableManimColor
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.arrows import Part, Place, Points, Redrawn, polygon, window_corners
from scenes.mobjects.fingerprint import SealedArray, seal
from scenes.mobjects.raster import WHOLE
from scenes.mobjects.weighted_points import checked_weights

THINNEST: Final = 1e-4
"""Width in units of the scene below which a line is left out: a seventieth of a pixel at 1080p."""


class Rays(Redrawn):
    """Lines from `starts`, (records, 2), to the points `ends`, (k, 2), by their `weights`, (records, k).

    The weights of a record are shares: none is below 0, and their sum is 1. A line's width is `widest` times the
    square root of its weight, in units of the scene, so that its square is the weight. All lines are one outline:
    where they cross they are no darker. `place` says where data lie in the scene now: the whole of it, by its
    `window` if it has one, is the frame of this mobject, so both may be moved alike. `fingerprint` is the hash of
    what the arrays come from; without it all are hashed here.

    Between two records the lines are those of the earlier one; if `eased`, start and weights are blended.

    >>> from scenes.mobjects.particle_cloud import ParticleCloud
    >>> plane = ParticleCloud(np.zeros((1, 2)))
    >>> one = Rays(np.zeros((1, 2)), np.array([[2.0, 0.0]]), np.ones((1, 1)), place=plane, widest=0.1)
    >>> one.lines.get_corner((1, 1, 0)).round(6).tolist()
    [2.0, 0.05, 0.0]

    Raises:
        ValueError: shapes do not fit, or weights are no shares.
    """

    def __init__(
        self,
        starts: NDArray[np.floating],
        ends: NDArray[np.floating],
        weights: NDArray[np.floating],
        *,
        place: Place,
        color: ParsableManimColor | None = None,
        widest: float = 0.07,
        fingerprint: str | None = None,
    ) -> None:
        starts, ends = np.asarray(starts, dtype=np.float64), np.asarray(ends, dtype=np.float64)
        if not (starts.ndim == ends.ndim == 2 and starts.shape[1] == ends.shape[1] == 2 and len(starts)):
            raise ValueError(f"Rays go from (records, 2) to (k, 2), not from {starts.shape} to {ends.shape}.")
        shares = checked_weights(weights, len(ends))
        if len(shares) != len(starts):
            raise ValueError(f"{len(starts)} starts take as many records of weights; got {len(shares)}.")
        self.widest = float(widest)
        self.ends = seal(np.asarray(place.coords_to_point(ends)))
        records = np.column_stack([np.asarray(place.coords_to_point(starts))[:, :2], shares])
        # The same records towards other ends are other data: no transform may mix them.
        super().__init__(SealedArray(records, f"{seal(records, fingerprint)}{self.ends}"))
        self.frame_by(place.coords_to_point(window_corners(place, starts, ends)))
        color = theme.theme().exact if color is None else color
        self.lines = Part("Rays.lines", fill_color=color, fill_opacity=1, stroke_width=0)
        self.add(self.lines)
        self.show(0)

    def redraw(self) -> None:
        """Draw the lines of the moment shown."""
        record = self.current()
        self.put(self.lines, _strips(record[:2], self.ends.array[:, :2], self.widest * np.sqrt(record[2:])))

    def take_over(self, other: Any) -> None:
        """Take the data of other rays, and the way they are drawn."""
        super().take_over(other)
        self.ends, self.widest = other.ends, other.widest


def _strips(start: NDArray[np.float64], ends: NDArray[np.float64], widths: NDArray[np.float64]) -> Points:
    """Outlines of lines from one place to ends (k, 2), in one piece.

    All turn the same way: Cairo fills what outlines wind around, and opposite turns would cancel where they cross.
    """
    way = ends - start
    lengths = np.hypot(way[:, 0], way[:, 1])
    seen = (widths >= THINNEST) & (lengths > WHOLE)
    way, ends, lengths = way[seen], ends[seen], lengths[seen, None]
    aside = np.column_stack([-way[:, 1], way[:, 0]]) / lengths * widths[seen, None] / 2
    corners = np.zeros((len(ends), 4, 3))
    corners[..., :2] = np.stack([start + aside, start - aside, ends - aside, ends + aside], axis=1)
    return polygon(corners)
