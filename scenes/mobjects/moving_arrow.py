"""An arrow whose both ends move from record to record."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim.utils.color import ParsableManimColor
from numpy.typing import NDArray

from scenes.mobjects.arrows import SHAFT, Part, Place, Redrawn, arrow_outline, window_corners
from scenes.mobjects.fingerprint import seal


class MovingArrow(Redrawn):
    """An arrow from `starts` to its tip at `ends`, both (records, 2) in data coordinates.

    `place` says where data lie in the scene now: the whole of it, by its `window` if it has one, is the frame of
    this mobject, so both may be moved alike. `width` is the shaft's, in units of the scene. An arrow of no length
    is not drawn. `fingerprint` is the hash of what the arrays come from; without it they are hashed here.

    Between two records the arrow is that of the earlier one; if `eased`, both ends are blended.

    >>> from scenes.mobjects.particle_cloud import ParticleCloud
    >>> ends = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> one = MovingArrow(np.zeros((2, 2)), ends, place=ParticleCloud(ends), color="#FFFFFF").show(1)
    >>> round(float(one.arrow.get_top()[1]), 6)
    2.0

    Raises:
        ValueError: the two arrays have other shapes, or no records.
    """

    def __init__(
        self,
        starts: NDArray[np.floating],
        ends: NDArray[np.floating],
        *,
        place: Place,
        color: ParsableManimColor,
        width: float = SHAFT,
        fingerprint: str | None = None,
    ) -> None:
        starts, ends = np.asarray(starts, dtype=np.float64), np.asarray(ends, dtype=np.float64)
        if not (starts.ndim == 2 and starts.shape == ends.shape and starts.shape[1] == 2 and len(starts)):
            raise ValueError(f"An arrow takes two arrays (records, 2), not {starts.shape} and {ends.shape}.")
        self.shaft = float(width)
        pairs = np.stack([starts, ends], axis=1)  # (records, 2, 2)
        super().__init__(seal(np.asarray(place.coords_to_point(pairs)), fingerprint))
        self.frame_by(place.coords_to_point(window_corners(place, pairs)))
        self.arrow = Part("MovingArrow.arrow", fill_color=color, fill_opacity=1, stroke_width=0)
        self.add(self.arrow)
        self.show(0)

    def redraw(self) -> None:
        """Draw the arrow of the moment shown."""
        self.put(self.arrow, arrow_outline(*self.current(), self.shaft))

    def take_over(self, other: Any) -> None:
        """Take the data of another arrow, and the way it is drawn."""
        super().take_over(other)
        self.shaft = other.shaft
