"""Where things stand in a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MARGIN: Final = 0.4
"""What stays free on every side of the frame."""


@dataclass(frozen=True)
class Zones:
    """Where things stand in a frame of 14.22 × 8: the square stage at the left, the board beside it, a caption."""

    stage_side: float
    stage_center: NDArray[np.float64]
    board_left: float
    board_right: float
    board_top: float
    board_bottom: float
    caption_center: NDArray[np.float64]

    @property
    def board_width(self) -> float:
        """From the board's left to its right edge."""
        return self.board_right - self.board_left

    @property
    def board_center(self) -> NDArray[np.float64]:
        """The middle of the board."""
        across, up = self.board_left + self.board_right, self.board_top + self.board_bottom
        return np.array([across / 2, up / 2, 0.0])


def zones(captions: bool) -> Zones:
    """The frame's zones; without captions the stage takes their room too."""
    side = 6.3 if captions else 8 - 2 * MARGIN
    left, top = -64 / 9 + MARGIN, 4 - MARGIN
    return Zones(
        stage_side=side,
        stage_center=np.array([left + side / 2, top - side / 2, 0.0]),
        board_left=left + side + 0.6,
        board_right=64 / 9 - MARGIN,
        board_top=top,
        board_bottom=top - side,
        caption_center=np.array([0.0, -3.35, 0.0]),
    )
