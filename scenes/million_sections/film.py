"""What the sections of this film share: attributes, runs, the cloud that grows, and the clock of its number."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
from manim import ValueTracker
from numpy.typing import NDArray

from diffusion_core.trajectory import Trajectory
from scenes.base import FilmError
from scenes.diffusion_film import DiffusionFilm
from scenes.mobjects.density_cloud import DensityCloud, exposure
from scenes.mobjects.readout import Readout
from scenes.mobjects.time_slider import TimeSlider
from scenes.theme import FONT_BODY, HERO_RADIUS

WALK: Final = "smiley-million"
"""The Langevin run."""
DENOISED: Final = "dinosaur-million"
"""The run along a network."""
FINENESS: Final = 100
"""Numbers of particles to a factor of ten, on their way from one to all."""
FEW: Final = 100
"""The film tells of at least so many particles."""


class MillionFilm(DiffusionFilm):
    """A film of many particles, of which ever more are drawn."""

    target: ClassVar[str] = "smiley"
    """What Langevin's particles sample: a name of `diffusion_core.shapes.TARGETS`, or the path of a file."""
    encore: ClassVar[str | None] = "dinosaur"
    """The target of the last section, which trains a network; None leaves it out."""
    particles: ClassVar[int] = 1_000_000
    """Of the largest crowd; a million takes some minutes and 1.6 GB for each of two runs."""

    def _refuse_nonsense(self) -> None:
        super()._refuse_nonsense()
        if not (isinstance(self.particles, int) and self.particles >= FEW):
            raise FilmError(f"{self.particles!r} particles make no density: choose a whole number from {FEW} up")

    @cached_property
    def walk(self) -> Trajectory:
        """Langevin's run."""
        return self.run_of(WALK)

    @cached_property
    def denoised(self) -> Trajectory:
        """The encore's run."""
        return self.run_of(DENOISED, target=self.encore)

    def million(self, run: Trajectory, count: float | None = None, **look: Any) -> DensityCloud:
        """The run's first `count` particles on the stage, at its start; p's maximum is what takes full ink."""
        look = {"count": count, "peak": peak_of(run), "fingerprint": run.hash} | look
        made: DensityCloud = self.on_stage(DensityCloud(run.positions, **look))
        return made

    # The number of particles is a clock of its own: its value is its logarithm to base 10.

    @property
    def whole(self) -> float:
        """The clock's value when all are drawn."""
        return math.log10(self.particles)

    def counted(self, number: ValueTracker, *clouds: Any) -> None:
        """Let clouds draw as many particles as the clock of numbers says."""
        for cloud in clouds:
            cloud.add_updater(lambda shown: shown.set_count(min(10 ** number.get_value(), self.particles)))
            cloud.updaters[-1].only_shows = True

    @cached_property
    def rungs(self) -> NDArray[np.float64]:
        """Logarithms of the numbers of particles that readout and ruler show, (records,)."""
        return np.linspace(0.0, self.whole, round(self.whole * FINENESS) + 1)

    def on_rungs(self, number: ValueTracker, *mobjects: Any) -> None:
        """Let things that show one record to a rung follow the clock of numbers."""
        last = len(self.rungs) - 1
        self.clocked(number, *mobjects, moment=lambda value: min(value / self.whole, 1.0) * last)

    def number_read(self, font_size: float = FONT_BODY) -> Readout:
        """How many particles are drawn, at the left of the board's upper edge."""
        numbers = np.round(10**self.rungs).astype(int)
        made: Readout = self.on_board(Readout(numbers, "particles", font_size=font_size))
        return made

    def number_ruler(self) -> TimeSlider:
        """The same on a ruler, at the board's foot."""
        powers = [power for power in (0, 2, 4, 6, 8) if power < self.whole - 1]
        ticks = {float(power): f"{10**power:,}" for power in powers} | {self.whole: f"{self.particles:,}"}
        made = TimeSlider(self.rungs, width=self.zones.board_width - 3.0, label="particles", ticks=ticks)
        self.on_board(made, self.zones.board_top - self.zones.board_bottom - made.height)
        return made

    def crowd(self, count: int) -> float:
        """The dots expected over a point of the densest part when so many are drawn."""
        return exposure(count, peak_of(self.walk), HERO_RADIUS).crowd


def peak_of(run: Trajectory) -> float:
    """The largest value of p on its grid."""
    return float(run.grids["density"].values.max())
