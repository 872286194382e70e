"""Diffusion runs: particles from noise to data along a denoiser, exact or learned, with p_t and scores beside."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from diffusion_core.compute import load_or_compute
from diffusion_core.diffusion import Denoiser, exact_denoiser, sampler, score_of, start
from diffusion_core.diffusion_recipes import DiffusionRecipe, TrainingRecipe
from diffusion_core.distributions import Array, Distribution, GaussianMixture, PointSet
from diffusion_core.errors import SamplerError
from diffusion_core.fields import COARSE, diffused_grids, grid_on, levels_series, plane
from diffusion_core.npz import TrajectoryWriter
from diffusion_core.observation import Observer
from diffusion_core.posteriors import posterior_series
from diffusion_core.recipe import parameters_of, versions
from diffusion_core.recording import record
from diffusion_core.schedules import Level, Schedule, schedule
from diffusion_core.shapes import find_target
from diffusion_core.simulation import RUNAWAY, Step, simulate
from diffusion_core.trajectory import Grid, Series

_LOG = logging.getLogger(__name__)


def compute(recipe: DiffusionRecipe, path: Path, folder: Path, progress: bool = True, device: str = "cpu") -> None:
    """Run a recipe and write its trajectory, training the network first where there is none in `folder` yet.

    Record k has the time t of `times`; the series "levels" holds α and σ there, "moments" those of the grids, and
    "guess" x̂₀ of the detailed particles at each record, x and y of each in turn.

    Raises:
        DistributionError, ScheduleError: the target or the schedule cannot be built.
        NetworkError: the network cannot be trained.
        SamplerError: there is no such sampler, or no exact denoiser for this target.
    """
    target, noise = find_target(recipe.target, **recipe.options), _schedule(recipe)
    sampler(recipe.sampler, lambda x, level: x, noise, **recipe.sampler_options)  # before anything is trained
    denoise = _denoiser(recipe, target, folder, progress, device)
    start_rng, run_rng, truth_rng, points_rng = np.random.default_rng(recipe.seed).spawn(4)
    way = sampler(recipe.sampler, denoise, noise, **recipe.sampler_options)
    if fault := noise.prior_fault(float((target.sample(10_000, truth_rng) ** 2).mean())):
        _LOG.warning(fault)

    recorded = records_of(way.times, noise, recipe.records)
    moments = records_of(way.times, noise, recipe.moments + 1)[:-1]  # all but t = 0, where there is no noise
    detailed = np.arange(min(recipe.detailed, recipe.particles))
    state, observer = start(noise, recipe.particles, start_rng), Observer(target, recipe.particles, truth_rng)
    writer = TrajectoryWriter(
        path, steps=recorded, times=noise.times[way.times[recorded]].astype(float),
        particles=recipe.particles, detailed=detailed, step_size=recipe.steps / noise.steps,
        recipe=recipe.name, seed=recipe.seed, parameters=parameters_of(recipe),
        versions=versions() | _torch_version(recipe),
    )  # fmt: skip
    limit = RUNAWAY * (target.extent + float(noise.sigma[-1]))
    remedy = "take more steps" if recipe.training is None else "train the network for more iterations"
    run = simulate(way.kernel, state, way.iterations, run_rng, limit, remedy)
    bar = tqdm(run, recipe.name, way.iterations, disable=not progress, delay=0.5, unit=" steps", leave=False)
    ways = [state.position[detailed]]
    with writer, _fixed_threads(recipe):
        record(_noting(bar, ways, detailed), state, writer, observer, recorded, detailed)
        levels = [noise.level(int(t)) for t in way.times[recorded]]
        followed = np.array(ways)[recorded]  # (records, detailed, 2)
        series = observer.series(recorded) | {
            "levels": levels_series(noise, way.times[recorded], recorded),
            "moments": levels_series(noise, way.times[moments], moments),
        }
        if len(detailed):
            series["guess"] = _guesses(denoise, followed, levels, recorded)
        if recipe.points:
            points = PointSet(target.sample(recipe.points, points_rng))
            series |= posterior_series(points, followed[:, 0], levels, recorded)
        writer.finish(_grids(target, denoise, noise, way.times[moments]) | observer.grids(), series)


def _noting(run: Iterable[Step], ways: list[Array], detailed: NDArray[np.int64]) -> Iterator[Step]:
    """Hand a run on, and note where the detailed particles come by."""
    for step in run:
        ways.append(step.state.position[detailed])
        yield step


def _guesses(denoise: Denoiser, ways: Array, levels: Sequence[Level], recorded: NDArray[np.int64]) -> Series:
    """x̂₀ at places (records, detailed, 2); without noise the place itself."""
    pairs = zip(ways, levels, strict=True)
    guesses = [denoise(x, level) if level.sigma > 0 else x / level.alpha for x, level in pairs]
    names = tuple(f"{axis} of particle {i}" for i in range(ways.shape[1]) for axis in "xy")
    return Series(recorded, np.array(guesses).reshape(len(ways), -1), names)


def _schedule(recipe: DiffusionRecipe) -> Schedule:
    whole = schedule(recipe.schedule, recipe.steps)
    return whole if recipe.taken is None else whole.respaced(recipe.taken)


def _torch_version(recipe: DiffusionRecipe) -> dict[str, str]:
    return {} if recipe.training is None else {"torch": version("torch")}


def _fixed_threads(recipe: DiffusionRecipe) -> AbstractContextManager[None]:
    """As many threads for sampling as the network was trained with, so that every machine gets the same bytes."""
    if recipe.training is None:
        return nullcontext()
    from diffusion_core.network import threads

    return threads(recipe.training.threads)


def _denoiser(
    recipe: DiffusionRecipe, target: Distribution, folder: Path, progress: bool, device: str
) -> Denoiser:
    if recipe.training is not None:
        return trained_denoiser(recipe.training, folder, progress, device)
    if not isinstance(target, GaussianMixture):
        raise SamplerError(
            f"there is no exact denoiser of '{recipe.target}': train a network, or choose a mixture"
        )
    return exact_denoiser(target)


def trained_denoiser(
    recipe: TrainingRecipe, folder: Path, progress: bool = True, device: str = "cpu", checkpoint: int = -1
) -> Denoiser:
    """The denoiser of a training recipe, trained if that has not been done: that of its moving average.

    Args:
        recipe: of the training.
        folder: where trajectories lie.
        progress: whether long work shows a bar.
        device: of torch, to train on.
        checkpoint: which of the record's; the last by default.

    Raises:
        NetworkError: the weights are none of this architecture's.
        TrajectoryError: the record is damaged.
    """
    record = load_or_compute(recipe, folder, progress, device)
    from diffusion_core.network import denoiser, set_weights  # PyTorch, which exact denoisers do without
    from diffusion_core.training import new_network

    weights = np.zeros(0) if record.weights is None else record.weights[checkpoint]
    return denoiser(set_weights(new_network(recipe), weights), recipe.prediction)


def records_of(times: np.ndarray, noise: Schedule, count: int) -> np.ndarray:
    """Iterations to record, about so many, evenly in log-SNR: the first, the last, and what lies between.

    Args:
        times: t before each iteration and after the last.
        noise: its schedule.
        count: of iterations; all of them if there are no more.
    """
    last = len(times) - 1
    if last < count:
        return np.arange(last + 1)
    log_snr = noise.log_snr[np.maximum(times, 1)][:-1]  # t = 0 has an infinite one
    found = np.searchsorted(log_snr, np.linspace(log_snr[0], log_snr[-1], count - 1))
    # Where a sampler stays at a level, it is done there only with the last iteration at it.
    settled = np.searchsorted(log_snr, log_snr[found], side="right") - 1
    return np.unique(np.concatenate([[0], settled, [last]]))


def _grids(target: Distribution, denoise: Denoiser, noise: Schedule, times: np.ndarray) -> dict[str, Grid]:
    """The data's density, and at each of the times p_t, its score and the score that was followed."""
    levels = [noise.level(int(t)) for t in times]
    followed = np.stack([score_of(denoise)(plane(COARSE), level) for level in levels])
    return diffused_grids(target, target, levels) | {"followed": grid_on(COARSE, followed)}
