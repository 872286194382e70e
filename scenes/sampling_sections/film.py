"""What the sections of the sampling film share: attributes, runs, the particle that is followed."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from diffusion_core.trajectory import Trajectory
from scenes.base import FilmError
from scenes.diffusion_film import DiffusionFilm
from scenes.formulas import NOISY

INSIDE = 2.95
"""No coordinate of a particle that stays on the stage is larger."""
NOT_YET = "They have come near $p$, and are not yet a sample of it."
"""What is said of a run that has not reached p."""


class SamplingFilm(DiffusionFilm):
    """A film of DDPM along a trained network, with its noise and without."""

    sampler: ClassVar[str] = "ancestral"
    """"ancestral" or "ancestral-wide"."""
    steps: ClassVar[int] = 200
    """Of the sampler, out of the 1,000 of the schedule."""

    def _refuse_nonsense(self) -> None:
        super()._refuse_nonsense()
        if self.sampler not in NOISY:
            known = " or ".join(NOISY)
            raise FilmError(f"this film has no noise to leave out of '{self.sampler}': choose {known}")

    @cached_property
    def noisy(self) -> Trajectory:
        """With noise: DDPM."""
        return self.run_of("spiral-noise-on", sampler=self.sampler, taken=self.steps)

    @cached_property
    def silent(self) -> Trajectory:
        """The same start and the same network, and no noise."""
        return self.run_of("spiral-noise-off", taken=self.steps)

    @cached_property
    def followed(self) -> int:
        """The first of the detailed particles whose way stays on the stage."""
        ways = np.abs(self.noisy.positions[:, self.noisy.detailed]).max(axis=(0, 2))
        return int(np.argmax(ways < INSIDE))
