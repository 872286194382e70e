"""A density emerges from single particles: one, a hundred, ten thousand, a million of them.

`manim -pqh scenes/million.py MillionScene`; the runs, of 1.6 GB each, are computed on first use, in minutes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scenes.million_sections.dinosaur import MillionDinosaurSection
from scenes.million_sections.grain import GrainSection
from scenes.million_sections.growing import GrowingSection
from scenes.storyboard import Storyboard


class MillionScene(GrowingSection, GrainSection, MillionDinosaurSection):
    """What a million particles show that one does not, and what they cannot mend.

    Attributes to change: `target`, `encore`, `particles`, `schedule`, `seed`, and those of every film.
    """

    def storyboard(self) -> Storyboard:
        """The sections."""
        sections = {"growing": self.grow, "again": self.start_again, "grain": self.look_closer}
        encore = {"dinosaur": self.make_the_dinosaur, "beside": self.hold_against_p}
        return sections | (encore if self.encore else {})

    def runs(self) -> Collection[Any]:
        """All of the film's."""
        return (self.walk, self.denoised) if self.encore else (self.walk,)
