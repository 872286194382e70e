"""Langevin runs: from a recipe of that kind to a trajectory, with all that a film says about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from diffusion_core.distributions import Array, Distribution
from diffusion_core.errors import RecipeError
from diffusion_core.langevin import kernel, stability_advice
from diffusion_core.langevin_recipes import LangevinRecipe
from diffusion_core.many import position_type
from diffusion_core.npz import TrajectoryWriter
from diffusion_core.observation import Observer, blur_series, grids
from diffusion_core.recipe import parameters_of, versions
from diffusion_core.recording import record
from diffusion_core.shapes import find_target
from diffusion_core.simulation import RUNAWAY, State, simulate

BATCH, RAREST = 20_000, 10_000  # true samples drawn at a time; a place must hold one in so many of them


def compute(recipe: LangevinRecipe, path: Path, folder: Path, progress: bool = True, device: str = "cpu") -> None:
    """Run a recipe and write its trajectory; nothing is left under that name if the run fails or is killed.

    `folder` and `device` are not used; they are there so that all runs look alike.

    Raises:
        DistributionError: the target cannot be built.
        RecipeError: the particles should start near a place where the target has no mass.
        SamplerError: the sampler cannot run on it, or the run explodes.
    """
    target = find_target(recipe.target, **recipe.options)
    one_step = kernel(recipe.sampler, target, recipe.step_size, recipe.steps)
    start_rng, run_rng, truth_rng = np.random.default_rng(recipe.seed).spawn(3)
    state = State(start_of(recipe, target, start_rng))
    limit, advice = RUNAWAY * target.extent, stability_advice(recipe.sampler, target)
    ascent = kernel("ascent", target, recipe.climb_step_size, recipe.climb)
    for step in simulate(ascent, state, recipe.climb, run_rng, limit, stability_advice("ascent", target)):
        state = step.state

    recorded = recipe.recorded
    observer = Observer(target, recipe.particles, truth_rng)
    detailed = np.arange(min(recipe.detailed, recipe.particles))
    writer = TrajectoryWriter(
        path, steps=recorded, times=recipe.step_size * recorded, particles=recipe.particles,
        dtype=position_type(recipe.particles), detailed=detailed, step_size=recipe.step_size,
        recipe=recipe.name, seed=recipe.seed, parameters=parameters_of(recipe), versions=versions(),
    )  # fmt: skip
    run = simulate(one_step, state, recipe.steps, run_rng, limit, advice)
    bar = tqdm(run, recipe.name, recipe.steps, disable=not progress, delay=0.5, unit=" steps", leave=False)
    with writer:
        record(bar, state, writer, observer, recorded, detailed)
        writer.finish(grids(target) | observer.grids(), observer.series(recorded) | blur_series())


def start_of(recipe: LangevinRecipe, target: Distribution, rng: np.random.Generator) -> Array:
    """Where the particles start, (particles, 2): from N(0, start_width² I), or true samples near a place.

    Raises:
        RecipeError: hardly one in 10,000 true samples lies near that place.
    """
    if recipe.near is None:
        return np.asarray(recipe.start_width * rng.standard_normal((recipe.particles, 2)))
    *centre, radius = recipe.near
    drawn, found = 0, np.empty((0, 2))
    while len(found) < recipe.particles:
        samples = target.sample(BATCH, rng)
        drawn += BATCH
        found = np.concatenate([found, samples[np.hypot(*(samples - centre).T) <= radius]])
        if len(found) * RAREST < drawn:
            raise RecipeError(
                f"near = {recipe.near} is an empty place: '{recipe.target}' has hardly any of its mass there, "
                "choose a larger radius or another place"
            )
    return found[: recipe.particles]
