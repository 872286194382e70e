"""All particles jump to their first guess at once."""

from __future__ import annotations

from typing import Final

import numpy as np
from manim import FadeIn, ValueTracker

from diffusion_core.observation import WINDOW
from diffusion_core.trajectory import Trajectory
from scenes.charts import OVERHANG
from scenes.denoiser_sections.film import DATA, MEAN, DenoiserFilm, spread_of
from scenes.mobjects.bars import Bars
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.readout import Readout

NEARLY_ONE: Final = 0.1
"""With less than this share of the data's spread, particles count as nearly one point."""
BINS = 25
"""Of the histogram along x."""


class OneJumpToTheGuessSection(DenoiserFilm):
    """One guess each is no sample: all of them say the same."""

    def jump_at_once(self) -> None:
        """All particles go to the first guess in one step.

        In pure noise a point says next to nothing about where it came from, so all candidates count nearly
        alike and the best guess is the same for everybody: the mean of the data. The particles land where they
        were told to, and it is the right answer to the wrong question. Ask what would have to change for one
        step to work: the network would have to answer another question than for the mean, and that is what
        distillation trains (Salimans and Ho, 2022).
        """
        self.leave()
        clock, run = ValueTracker(0), self.jump(1)
        cloud, data = self.cloud(run), self.on_stage(ParticleCloud(self.points, **DATA))
        spread = self.on_board(Readout(run.series["spread"].values.ravel(), "spread", ".2f"))
        live = [cloud, self.time_of(run), spread]
        bars = self.on_board(self.histogram(run), 1.2)
        said = f"Let {run.positions.shape[1]:,} points of noise jump to their guess at once."
        self.beat("one jump: start", said, FadeIn(data, *live, bars))
        self.clocked(clock, *live, bars)
        self.beat("one jump: go", self.landing(run))
        self.go(clock, 1, 2.4, cloud)
        self.release(*live, bars)
        mean = self.on_stage(ParticleCloud(self.means[:1, None], radius=MEAN, color=self.look.exact, opacity=1.0))
        mean.set_z_index(-1)
        self.beat("one jump: why", "In pure noise all data count nearly alike: one mean for all.", FadeIn(mean))

    def landing(self, run: Trajectory) -> str:
        """Where one jump has led, in words that its spread bears out."""
        left, true = float(run.series["spread"].values[-1]), spread_of(self.points)
        where = "on nearly one point:" if left < NEARLY_ONE * true else "with a"
        return f"They land {where} spread {left:.2f}. The data's is {true:.2f}."

    def histogram(self, run: Trajectory) -> Bars:
        """Shares of the particles along x before and after their jump, and those of the data."""
        start, end = np.asarray(run.positions[:, :, 0], float)
        edges = np.linspace(-WINDOW, WINDOW, BINS + 1)
        *ends, true = (np.histogram(x, edges)[0] / len(x) for x in (start, end, self.points[:, 0]))
        bars = Bars(
            np.array(ends), np.asarray(true), width=self.zones.board_width - OVERHANG, height=4.4, peak=1.0,
            value_name="particles along $x$", target_name="data",
        )  # fmt: skip
        bars.eased = True
        return bars
