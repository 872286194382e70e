"""Forward runs: particles from data to noise, with p_t and its score beside, and what a place says of the data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from diffusion_core.diffusion import exact_denoiser, forward_kick
from diffusion_core.distributions import Array, Distribution, GaussianMixture, PointSet
from diffusion_core.fields import diffused_grids, levels_series
from diffusion_core.forward_recipes import ForwardRecipe
from diffusion_core.npz import TrajectoryWriter
from diffusion_core.observation import Observer
from diffusion_core.posteriors import posterior_series
from diffusion_core.recipe import parameters_of, versions
from diffusion_core.recording import record
from diffusion_core.schedules import Schedule, schedule
from diffusion_core.shapes import find_target
from diffusion_core.simulation import State, Step, simulate
from diffusion_core.trajectory import Series


def compute(recipe: ForwardRecipe, path: Path, folder: Path, progress: bool = True, device: str = "cpu") -> None:
    """Run a recipe and write its trajectory; `folder` and `device` are not used.

    The series "to_noise" is the distance to the noise of the end, N(0, σ_T² I): how much of the data is left. That
    of guesses is "to_data", the distance to the target. Each has its floor.

    Raises:
        DistributionError, ScheduleError: the target or the schedule cannot be built.
    """
    target = find_target(recipe.target, **recipe.options)
    noise = schedule(recipe.schedule, recipe.steps, **recipe.schedule_options)
    data_rng, run_rng, truth_rng = np.random.default_rng(recipe.seed).spawn(3)
    data = PointSet(target.sample(recipe.points, data_rng)) if recipe.points else None
    start = State(_start(recipe, target, data, data_rng))
    prior = GaussianMixture.isotropic([[0.0, 0.0]], float(noise.sigma[-1]))
    observer = Observer(target if recipe.process == "guesses" else prior, recipe.particles, truth_rng)
    recorded = np.arange(recipe.steps + 1)
    detailed = np.arange(0 if recipe.process == "guesses" else min(recipe.detailed, recipe.particles))
    writer = TrajectoryWriter(
        path, steps=recorded, times=recorded.astype(float), particles=recipe.particles, detailed=detailed,
        step_size=1.0, recipe=recipe.name, seed=recipe.seed, parameters=parameters_of(recipe), versions=versions(),
    )  # fmt: skip
    run = _run(recipe, start, noise, data, run_rng)
    bar = tqdm(run, recipe.name, recipe.steps, disable=not progress, delay=0.5, unit=" steps", leave=False)
    first = 0 if data is None else 1  # points without noise have no density
    moments = np.unique(np.round(np.linspace(first, recipe.steps, recipe.moments)).astype(np.int64))
    with writer:
        record(bar, start, writer, observer, recorded, detailed)
        series = _distance(recipe, observer, recorded) | {
            "levels": levels_series(noise, recorded, recorded),
            "moments": levels_series(noise, moments, moments),
        }
        if data is not None and recipe.place is not None:
            here, levels = np.broadcast_to(recipe.place, (len(recorded), 2)), map(noise.level, recorded.tolist())
            series |= posterior_series(data, here, list(levels), recorded)
        levels_kept = [noise.level(int(t)) for t in moments]
        writer.finish(diffused_grids(target, target if data is None else data, levels_kept), series)


def _start(recipe: ForwardRecipe, target: Distribution, data: PointSet | None, rng: np.random.Generator) -> Array:
    """True samples; of data that are points, each in turn."""
    if data is None:
        return target.sample(recipe.particles, rng)
    return data.means[np.arange(recipe.particles) % len(data.means)]


def _run(
    recipe: ForwardRecipe, start: State, noise: Schedule, data: PointSet | None, rng: np.random.Generator
) -> Iterator[Step]:
    """What leads to each t from 1 on."""
    if recipe.process == "kicks":

        def kick(done: int, state: State, rng: np.random.Generator) -> Step:
            return forward_kick(state, noise.level(done), noise.level(done + 1), rng)

        yield from simulate(kick, start, noise.steps, rng)
        return
    clean, epsilon = start.position, rng.standard_normal(start.position.shape)
    for t in range(1, noise.steps + 1):
        level = noise.level(t)
        drift, added = (level.alpha - 1) * clean, level.sigma * epsilon
        position = clean + drift + added
        if data is not None and recipe.process == "guesses":
            position = exact_denoiser(data)(position, level)
        yield Step(State(position), drift, added)


def _distance(recipe: ForwardRecipe, observer: Observer, recorded: np.ndarray) -> dict[str, Series]:
    """What the observer measured, under the name of what it is a distance to."""
    name, series = "to_data" if recipe.process == "guesses" else "to_noise", observer.series(recorded)
    return {name: series["distance"], f"{name}_floor": series["distance_floor"], "spread": series["spread"]}
