"""What the sections of the training film share: attributes, runs, noise levels, fields, errors, checkpoints."""

from __future__ import annotations

import dataclasses
import math
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from manim import MathTypst, ValueTracker
from numpy.typing import NDArray

from diffusion_core.recipes import find_recipe
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.diffusion_film import DiffusionFilm
from scenes.formulas import LEARNING, coloured
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Window
from scenes.mobjects.readout import Readout
from scenes.mobjects.score_field import ScoreField

NETWORK = "spiral-plain-net"
"""The recipe of the training: plain DDPM."""
POINTS = 2000
"""So many noisy points are shown at a time."""
BLURRED = 1.5
"""The log-SNR near which fields are shown: with the shape, but blurred."""
STRONG, WORST = 0.15, 3.0
"""From so much of σ_t times the score on, an arrow is opaque; from so large an error on, its glow is full."""
NOTHING = 1e-5
"""Scores below it are but rounding errors, of a network that says 0."""
SLOW = 30
"""Up to this iteration the checkpoints go slowly."""
HELD = 0.6
"""The share of its time that a checkpoint stands before it turns into the next."""


class Level(NamedTuple):
    """A noise level at which fields were kept: which of them it is, and its t, α_t and σ_t."""

    number: int
    t: int
    alpha: float
    sigma: float


class TrainingFilm(DiffusionFilm):
    """A film of a network that learns to name noise."""

    particles: ClassVar[int] = find_recipe(NETWORK).particles
    """Samples that are made at each checkpoint."""
    iterations: ClassVar[int] = find_recipe(NETWORK).iterations
    """Of the training."""
    checkpoints: ClassVar[int] = find_recipe(NETWORK).checkpoints
    """At most so many, on a geometric ladder."""

    # Runs, computed when a beat first asks for them, and the noise levels at which fields are shown.

    @property
    def recipe(self) -> Any:
        """Of the training: plain DDPM."""
        changes = {"iterations": self.iterations, "checkpoints": self.checkpoints, "particles": self.particles}
        return self.recipe_of(NETWORK, **changes)

    @cached_property
    def training(self) -> Trajectory:
        """The network's checkpoints."""
        return self.trajectory(self.recipe)

    @cached_property
    def jumps(self) -> Trajectory:
        """Points that become noisy at all t of the training; p_t is kept at the blurred level."""
        whole, t = self.recipe.steps, self.blurred.t
        moments = next(n for n in range(2, whole + 2) if t in np.round(np.linspace(0, whole, n)))
        recipe = self.recipe_of("spiral-jumps", particles=POINTS)
        return self.trajectory(dataclasses.replace(recipe, steps=whole, moments=moments))

    @cached_property
    def blurred(self) -> Level:
        """The level at which the shape is there, but blurred."""
        return self.level_near(BLURRED)

    def level_near(self, log_snr: float) -> Level:
        """The level nearest to this one at which fields were kept."""
        levels = self.training.series["field_levels"].values
        k = int(np.abs(2 * np.log(levels[:, 1] / levels[:, 2]) - log_snr).argmin())
        return Level(k, int(levels[k, 0]), *map(float, levels[k, 1:]))

    # What is shown in more than one section.

    @cached_property
    def points(self) -> ParticleCloud:
        """The data, and what becomes of them at each t."""
        return self.cloud(self.jumps)

    @cached_property
    def data(self) -> DensityMap:
        """p."""
        return self.density_of(self.training)

    def learning(self, name: str, top: float) -> MathTypst:
        """A formula of `LEARNING`, on the board."""
        written = coloured(LEARNING[name], self.look, 1.2 * theme.FONT_BODY)
        self.on_board(written, top)
        return written

    def field(self, which: str, level: Level) -> ScoreField:
        """The "learned" or "exact" scores at a level times σ_t, at every second point of their grid."""
        values, window = self.training.grids[f"{which}_{level.number}"]
        thinned = np.asarray(values[..., ::2, ::2, :])
        return ScoreField(
            np.where(np.abs(thinned) < NOTHING, 0, thinned) * level.sigma, Window(*window), strong=STRONG,
            fingerprint=f"{self.training.hash}-{which}_{level.number}", color=getattr(self.look, which),
        ).set_z_index(-1)  # fmt: skip

    def errors(self, level: Level) -> NDArray[np.float64]:
        """How far the learned noise is from the best guess, at each checkpoint: (checkpoints, rows, columns)."""
        learned, exact = (self.training.grids[f"{which}_{level.number}"].values for which in ("learned", "exact"))
        return np.asarray(level.sigma * np.linalg.norm(np.asarray(learned, float) - exact, axis=-1))

    def error_map(self, level: Level) -> DensityMap:
        """The same as a glow, on one scale for all checkpoints."""
        return DensityMap(
            self.errors(level), extent=Window(*self.training.grids[f"exact_{level.number}"].window), peak=WORST,
            fingerprint=f"{self.training.hash}-error_{level.number}", ramp=(self.look.paper, self.look.learned),
        ).set_z_index(-1)  # fmt: skip

    # The clock: its value counts checkpoints.

    @property
    def slow(self) -> int:
        """The checkpoint up to which all go slowly."""
        return int(np.argmax(self.training.steps >= min(SLOW, self.training.steps[-1])))

    def counter(self) -> Readout:
        """The iteration of a checkpoint."""
        made: Readout = self.at_top_right(Readout(self.training.steps, "iteration"))
        return made

    def follow(self, clock: ValueTracker, *shown: Any) -> None:
        """Let things show checkpoints, each of which stands before it turns into the next."""
        for thing in shown:
            thing.eased = True
        self.clocked(clock, *shown, moment=held)


def held(record: float) -> float:
    """The moment to show when a clock is at a record: each stands, and then turns into the next.

    >>> held(3.5), round(held(3.8), 9), held(4.0)
    (3.0, 3.5, 4.0)
    """
    whole = math.floor(record + 1e-9)
    turn = max((record - whole - HELD) / (1 - HELD), 0.0)
    return whole + turn * turn * (3 - 2 * turn)
