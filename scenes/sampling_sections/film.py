"""What the sections of the sampling film share: attributes, runs, the particle that is followed."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from diffusion_core.recipes import find_recipe
from diffusion_core.trajectory import Trajectory
from scenes.base import FilmError
from scenes.diffusion_film import DiffusionFilm
from scenes.formulas import NOISY
from scenes.mobjects.density_map import DensityMap

INSIDE = 2.95
"""No coordinate of a particle that stays on the stage is larger."""
NOT_YET = "They are not yet a sample of $p$: true ones are closer to it."
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

    @property
    def records(self) -> int:
        """So many that every step is one: a step that is taken apart must be a single one."""
        return max(self.steps + 1, find_recipe("spiral-noise-on").records)

    @cached_property
    def noisy(self) -> Trajectory:
        """With noise: DDPM."""
        return self.run_of("spiral-noise-on", sampler=self.sampler, taken=self.steps, records=self.records)

    @cached_property
    def silent(self) -> Trajectory:
        """The same start and the same network, and no noise."""
        return self.run_of("spiral-noise-off", taken=self.steps, records=self.records)

    @cached_property
    def data(self) -> DensityMap:
        """p, dimmed."""
        return self.density_of(self.noisy).set_opacity(self.look.dimmed)

    @cached_property
    def followed(self) -> int:
        """The first of the detailed particles whose way stays on the stage."""
        ways = np.abs(self.noisy.positions[:, self.noisy.detailed]).max(axis=(0, 2))
        return int(np.argmax(ways < INSIDE))
