"""As many noisy points as one iteration takes."""

from __future__ import annotations

import numpy as np
from manim import FadeIn, ValueTracker
from numpy.typing import NDArray

from scenes import theme
from scenes.mobjects.moving_arrow import MovingArrow
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.training_sections.film import TrainingFilm
from scenes.training_sections.one_point import INSIDE

PARTS, ARROWS = 24, 12
"""A batch goes to its t in so many parts, and so many of its points show their noise."""


class BatchSection(TrainingFilm):
    """Each of a batch's points goes to a t of its own."""

    def draw_a_batch(self) -> None:
        """As many points as one iteration takes, each on its way to its t.

        An iteration takes a batch of data points, each with a random t and a random noise, and moves the
        weights a little downhill on the mean loss. There are no trajectories in this training, only single
        jumps, which is what makes it cheap. Ask why t is drawn anew for each point: one network has to serve
        all levels of noise, and each batch should speak for all of them.
        """
        self.leave()
        run, clock, (paths, clean) = self.jumps, ValueTracker(0), self.ways_of_batch()
        batch = self.hero(paths, f"{run.hash}-batch", radius=0.5 * theme.HERO_RADIUS)
        arrows = self.noises_of_batch(batch, paths, clean)
        self.beat(
            "batch: own t",
            f"Each iteration takes {paths.shape[1]} such points, each with a $t$ of its own.",
            FadeIn(batch, self.learning("noising", 1.2), self.learning("mean loss", 2.0)),
        )
        self.add(*arrows)
        for thing in (batch, *arrows):
            thing.eased = True
        self.clocked(clock, batch, *arrows)
        self.run_clock(clock, PARTS, 3)
        self.release(batch, *arrows)

    def noises_of_batch(
        self, batch: ParticleCloud, paths: NDArray[np.float64], clean: NDArray[np.float64]
    ) -> list[MovingArrow]:
        """The noises of some that stay well on the stage."""
        inside = np.flatnonzero(np.abs(paths[-1]).max(axis=1) < INSIDE)[:ARROWS]
        color = self.look.chance
        return [MovingArrow(clean[:, i], paths[:, i], place=batch, color=color, width=0.03) for i in inside]

    def ways_of_batch(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Noisy points from t = 0 to their own t, and α_t x₀ beside, (PARTS + 1, batch, 2) each."""
        run, each = self.jumps, np.arange(min(self.recipe.batch, self.jumps.positions.shape[1]))
        own = np.random.default_rng(self.seed).integers(1, run.steps[-1] + 1, len(each))  # as in training
        t = np.round(np.linspace(0, 1, PARTS + 1)[:, None] * own).astype(int)
        alpha = run.series["levels"].values[t, 1]
        return np.asarray(run.positions[t, each], float), alpha[..., None] * run.positions[0, each]
