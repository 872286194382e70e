"""One noisy point, many guesses: what a denoiser can say, why one jump is no sample, and many small steps are.

`manim -pqh scenes/denoiser.py DenoiserScene`; the network is trained and the particles are computed on first use.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scenes.denoiser_sections.many import ManyGuessesSection
from scenes.denoiser_sections.mean import MeanSection
from scenes.denoiser_sections.one_jump import OneJumpToTheGuessSection
from scenes.denoiser_sections.posterior import PosteriorSection
from scenes.denoiser_sections.steps import STEPS, MoreStepsSection
from scenes.storyboard import Storyboard


class DenoiserScene(PosteriorSection, MeanSection, OneJumpToTheGuessSection, MoreStepsSection, ManyGuessesSection):
    """What a noisy point says of the clean one, what a network can say of it, and how that becomes a sample.

    Attributes to change: `target`, `particles`, `schedule`, `seed`, and those of every film.
    """

    def storyboard(self) -> Storyboard:
        """The sections."""
        return {
            "posterior": self.weigh_the_data,
            "mean": self.ask_for_one_answer,
            "one jump": self.jump_at_once,
            "steps": self.take_more_steps,
            "many": self.ask_again_and_again,
        }

    def runs(self) -> Collection[Any]:
        """All of the film's."""
        return (self.way, *map(self.jump, STEPS))
