"""The clock of a run: "step 1,234"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.readout import Readout


class StepCounter(Readout):
    """The iteration number of a record, after `label`; `show(k)` writes `steps[⌊k⌋]`.

    >>> StepCounter(np.array([0, 10, 1200])).show(2).text
    '1,200'
    """

    def __init__(
        self, steps: NDArray[np.integer], font_size: float = theme.FONT_BODY, *, label: str = "step"
    ) -> None:
        super().__init__(steps, label, font_size=font_size)
