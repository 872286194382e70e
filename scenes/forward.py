"""The forward process: the spiral becomes noise, kick by kick and in one jump, and what its way back would take.

`manim -pqh scenes/forward.py ForwardDiffusionScene`; the particles are computed on first use.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scenes.forward_sections.all_points import AllPointsSection
from scenes.forward_sections.one_jump import OneJumpSection
from scenes.forward_sections.one_point import OnePointSection
from scenes.forward_sections.rewind import RewindSection
from scenes.forward_sections.schedules import SchedulesSection
from scenes.storyboard import Storyboard


class ForwardDiffusionScene(OnePointSection, AllPointsSection, OneJumpSection, SchedulesSection, RewindSection):
    """How a shape becomes noise, and why running the film backwards is no answer.

    Attributes to change: `target`, `particles`, `schedule`, `seed`, and those of every film.
    """

    def storyboard(self) -> Storyboard:
        """The sections."""
        return {
            "one point": self.hold_one_point,
            "all": self.dissolve_all,
            "one jump": self.jump_at_once,
            "schedules": self.compare_schedules,
            "rewind": self.rewind,
        }

    def runs(self) -> Collection[Any]:
        """All of the film's."""
        return (self.walk, self.jumps, *self.paced)
