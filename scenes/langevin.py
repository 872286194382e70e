"""Langevin Monte Carlo on the smiley: climbing alone collapses, climbing with noise samples.

`manim -pqh scenes/langevin.py LangevinScene`; the sections that a teacher may want alone are scenes as well.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scenes.langevin_sections.noise_off import NoiseOffSection
from scenes.langevin_sections.noise_on import NoiseOnSection
from scenes.langevin_sections.one_chain import OneChainSection
from scenes.langevin_sections.one_step import OneStepSection
from scenes.langevin_sections.outlook import OutlookSection
from scenes.langevin_sections.score import ScoreSection
from scenes.langevin_sections.step_size import StepSizeSection
from scenes.langevin_sections.target import TargetSection
from scenes.storyboard import Storyboard


class LangevinScene(
    TargetSection,
    ScoreSection,
    NoiseOffSection,
    OneStepSection,
    OneChainSection,
    NoiseOnSection,
    StepSizeSection,
    OutlookSection,
):
    """How to draw from p when all you have is its slope.

    Attributes to change: `target`, `particles`, `steps`, `step_size`, `sampler`, `seed`, and those of every
    film: `theme`, `pace`, `captions`, `only`.
    """

    def storyboard(self) -> Storyboard:
        """The sections."""
        return {
            "cold open": self.open_cold,
            "target": self.introduce_target,
            "score": self.introduce_score,
            "noise off": self.turn_noise_off,
            "one step": self.take_one_step,
            "one chain": self.run_one_chain,
            "noise on": self.turn_noise_on,
            "step size": self.choose_step_size,
            "outlook": self.look_back_and_ahead,
        }

    def runs(self) -> Collection[Any]:
        """All of the film's; where it looks closely at a picture depends on a run, and is found as it is drawn."""
        near = (self.near,) if self.has_parts else ()
        return (self.climbing, self.sampling, self.chain, *near, *self.eyes, self.corrected, self.parted)


class ScoreScene(ScoreSection):
    """The score as a field, for a lecture of its own."""

    def construct(self) -> None:
        """One section."""
        self.introduce_score()


class NoiseOffScene(NoiseOffSection):
    """Climbing alone, for a lecture of its own."""

    def construct(self) -> None:
        """One section."""
        self.turn_noise_off()


class OneStepScene(OneStepSection):
    """One step magnified, for a lecture of its own."""

    def construct(self) -> None:
        """One section."""
        self.take_one_step()


class OneChainScene(OneChainSection):
    """One particle for a long time, for a lecture of its own."""

    def construct(self) -> None:
        """One section."""
        self.run_one_chain()


class NoiseOnScene(NoiseOnSection):
    """From lines and points to a sample, for a lecture of its own."""

    def construct(self) -> None:
        """One section."""
        self.turn_noise_on()


class StepSizeScene(StepSizeSection):
    """What the size of a step costs, for a lecture of its own."""

    def construct(self) -> None:
        """One section."""
        self.choose_step_size()
