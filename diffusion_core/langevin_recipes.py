"""Langevin's named experiments: runs that climb, sample, follow one particle or show what a step size costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diffusion_core.errors import RecipeError
from diffusion_core.recipe import Recipe, finite_numbers


@dataclass(frozen=True)
class LangevinRecipe(Recipe):
    """A Langevin run from N(0, start_width² I) or from a place, with everything that a film says about it.

    Args:
        sampler: a name of `langevin.SAMPLERS`.
        step_size: τ.
        steps: number of iterations.
        particles: number of independent particles.
        climb: iterations of gradient ascent before the run, which then starts from the collapsed state.
        climb_step_size: τ of these.
        start_width: standard deviation of the starting points, in stage units.
        near: (x, y, radius) of a disc: the particles then start as true samples of p in it.
        dense: the first so many iterations are all recorded …
        every: … and after them one in so many, and the last.
        detailed: so many particles, the first ones, keep drift and noise of each recorded iteration.

    Raises:
        RecipeError: a parameter out of range.
    """

    computed_by: ClassVar[str] = "langevin_run"

    sampler: str = "ula"
    step_size: float = 0.001
    steps: int = 6000
    particles: int = 5000
    climb: int = 0
    climb_step_size: float = 0.005
    start_width: float = 1.2
    near: tuple[float, float, float] | None = None
    dense: int = 60
    every: int = 20
    detailed: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need_whole(steps=1, particles=1, every=1, climb=0, dense=0, detailed=0)
        self._need_positive(step_size=0.001, climb_step_size=0.001, start_width=1.2)
        if self.near is not None:
            object.__setattr__(self, "near", _disc(self.near))  # JSON makes a list of it

    @property
    def recorded(self) -> np.ndarray:
        """Iteration numbers that are recorded, 0 (the start) first, `steps` last."""
        dense = np.arange(min(self.dense, self.steps) + 1)
        return np.unique(np.concatenate([dense, np.arange(self.dense, self.steps, self.every), [self.steps]]))

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.recorded), self.particles


def _disc(near: object) -> tuple[float, float, float]:
    """A place (x, y, radius), checked."""
    x, y, radius = finite_numbers(near, 3) or (0.0, 0.0, 0.0)
    if radius <= 0:
        raise RecipeError(f"near = {near!r} is no disc: choose (x, y, radius), with a radius above 0")
    return x, y, radius


def _eye(name: str, about: str, sampler: str, step_size: float, detailed: int = 8) -> LangevinRecipe:
    """One of the smiley's eyes alone, from true samples on: everything about it is known in closed form."""
    return LangevinRecipe(
        name, about, target="gaussian", options={"width": 0.2}, start_width=0.2, sampler=sampler,
        step_size=step_size, steps=200, dense=200, particles=1000, detailed=detailed,
    )  # fmt: skip


LANGEVIN: dict[str, LangevinRecipe] = {
    recipe.name: recipe
    for recipe in (
        LangevinRecipe(
            "smiley-ascent", "noise off: particles climb onto lines and points", sampler="ascent",
            step_size=0.005, steps=1200, dense=60, every=6,
        ),
        LangevinRecipe("smiley-ula", "noise on, from the collapsed state: ULA spreads to p", climb=1200),
        LangevinRecipe("smiley-mala", "the same with MALA, which has no bias", sampler="mala", climb=1200),
        LangevinRecipe(
            "smiley-underdamped", "the same with momentum: BAOAB", sampler="underdamped",
            climb=1200, step_size=0.002, steps=3000, every=10,
        ),
        LangevinRecipe(
            "smiley-annealed", "the same over falling noise levels", sampler="annealed",
            climb=1200, step_size=0.0005, steps=2400, every=8,
        ),
        LangevinRecipe(
            "smiley-near", "noise off: true samples around an eye climb onto one point", sampler="ascent",
            step_size=0.005, steps=300, dense=300, particles=1000, near=(-0.75, 0.65, 0.5),
        ),
        LangevinRecipe(
            "smiley-chain", "one particle for a long time, recorded thinned",
            step_size=0.003, steps=300_000, particles=1, dense=200, every=250, detailed=1,
        ),
        LangevinRecipe(
            "smiley-without-face", "thin separate parts: ULA stays in the part where it started",
            options={"face": 0.0, "width": 0.1, "eye_width": 0.14}, climb=1200,
            particles=2000, steps=3000, every=25,
        ),
        LangevinRecipe(
            "smiley-million", "a million particles under ULA, every one of 200 steps",
            step_size=0.004, steps=200, dense=200, particles=1_000_000,
        ),
        _eye("eye-ula-small", "one Gaussian eye, small steps: ULA is hardly too wide", "ula", 0.004),
        _eye("eye-ula-medium", "one Gaussian eye, larger steps: ULA is too wide", "ula", 0.02),
        _eye("eye-ula-large", "one Gaussian eye, the largest steps: ULA is far too wide", "ula", 0.05),
        _eye("eye-mala-large", "one Gaussian eye, the largest steps: MALA is exact", "mala", 0.05, detailed=1000),
    )
}  # fmt: skip
