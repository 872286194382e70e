"""From noise to the spiral along what a network has learned, with its noise and without.

`manim -pqh scenes/sampling.py SpiralSamplingScene`; the network is trained and the particles are computed on
first use.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scenes.sampling_sections.noise import NoiseSection
from scenes.sampling_sections.one_step import OneDenoisingStepSection
from scenes.sampling_sections.paths import PathsSection
from scenes.storyboard import Storyboard


class SpiralSamplingScene(PathsSection, OneDenoisingStepSection, NoiseSection):
    """How a particle of noise finds the spiral, and why it needs noise on its way.

    Attributes to change: `target`, `particles`, `steps`, `sampler`, `schedule`, `seed`, and those of every film.
    """

    def storyboard(self) -> Storyboard:
        """The sections."""
        return {
            "one path": self.follow_one_path,
            "one step": self.take_one_step,
            "ten paths": self.follow_ten_paths,
            "all": self.take_all,
            "noise off": self.leave_out_the_noise,
            "noise on": self.compare,
        }

    def runs(self) -> Collection[Any]:
        """All of the film's."""
        return (self.noisy, self.silent, self.truth(self.seed))
