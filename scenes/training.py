"""What a network is given and asked, and what it makes of it: plain DDPM on the spiral, checkpoint by checkpoint.

`manim -pqh scenes/training.py SpiralTrainingScene`; the network is trained on first use.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scenes.storyboard import Storyboard
from scenes.training_sections.batch import BatchSection
from scenes.training_sections.checkpoints import CheckpointsSection
from scenes.training_sections.one_place import OnePlaceSection
from scenes.training_sections.one_point import OneNoisyPointSection
from scenes.training_sections.samples import SamplesSection
from scenes.training_sections.still_wrong import StillWrongSection


class SpiralTrainingScene(
    OneNoisyPointSection, BatchSection, OnePlaceSection, CheckpointsSection, StillWrongSection, SamplesSection
):
    """How a network that is only asked to name noise comes to know which way is up.

    Attributes to change: `target`, `particles`, `iterations`, `checkpoints`, `schedule`, and those of every film.
    """

    def storyboard(self) -> Storyboard:
        """The sections."""
        return {
            "question": self.ask,
            "one point": self.hide_one_noise,
            "batch": self.draw_a_batch,
            "one place": self.average_at_one_place,
            "training": self.train,
            "still wrong": self.find_what_is_wrong,
            "samples": self.draw_samples,
        }

    def runs(self) -> Collection[Any]:
        """The training; at which t points become noisy is known only once it is there."""
        return (self.training,)
