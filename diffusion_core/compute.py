"""Recipes become trajectories: each computed once, written whole or not at all, and verifiable."""

from __future__ import annotations

import dataclasses
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from filelock import FileLock
from tqdm import tqdm

from diffusion_core.distributions import Array, Distribution
from diffusion_core.errors import RecipeError
from diffusion_core.langevin import kernel, stability_advice
from diffusion_core.metrics import sliced_wasserstein
from diffusion_core.npz import TrajectoryWriter, load
from diffusion_core.observation import TOLERANCE, Observer, grids
from diffusion_core.recipes import FOLDER, LangevinRecipe
from diffusion_core.shapes import find_target
from diffusion_core.simulation import State, simulate
from diffusion_core.trajectory import Trajectory

RUNAWAY = 1e3  # a run whose |x| passes so many times the target's extent has exploded
BATCH, RAREST = 20_000, 10_000  # true samples drawn at a time; a place must hold one in so many of them


def load_or_compute(recipe: LangevinRecipe, folder: Path = FOLDER, progress: bool = True) -> Trajectory:
    """The recipe's trajectory, computed if it is not there yet; once, even if ten processes ask at a time.

    Raises:
        TrajectoryError: the file is there but damaged.
        DistributionError, RecipeError, SamplerError: what `compute` raises.
    """
    path = recipe.path(folder)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                for leftover in folder.glob(f".{path.name}.*.part"):  # of a run that was killed
                    leftover.unlink()
                compute(recipe, path, progress)
    return load(path)


def compute(recipe: LangevinRecipe, path: Path, progress: bool = True) -> None:
    """Run a recipe and write its trajectory; nothing is left under that name if the run fails or is killed.

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
        path, steps=recorded, times=recipe.step_size * recorded, particles=recipe.particles, dtype=np.float64,
        detailed=detailed, step_size=recipe.step_size, recipe=recipe.name, seed=recipe.seed,
        parameters=dataclasses.asdict(recipe), versions=versions(),
    )  # fmt: skip
    run = simulate(one_step, state, recipe.steps, run_rng, limit, advice)
    bar = tqdm(run, recipe.name, recipe.steps, disable=not progress, delay=0.5, unit=" steps", leave=False)
    with writer:
        nothing = np.zeros((len(detailed), 2))
        never = np.ones(len(detailed), bool) if recipe.sampler == "mala" else None
        writer.append(state.position, nothing, nothing, never)
        observer.follow(state.position)
        observer.look(state.position)
        wanted = set(recorded.tolist())
        for done, step in enumerate(bar, start=1):
            observer.follow(step.state.position)
            if done in wanted:
                accepted = None if step.accepted is None else step.accepted[detailed]
                writer.append(step.state.position, step.drift[detailed], step.noise[detailed], accepted)
                observer.look(step.state.position)
        writer.finish(grids=grids(target) | observer.grids(), series=observer.series(recorded))


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


def verify(path: Path) -> tuple[bool, str]:
    """Compute a file's recipe again and compare: bytes on equal versions, otherwise the laws.

    Returns:
        Whether it is the same, and a sentence that says in which sense.

    Raises:
        TrajectoryError: the file is damaged.
        RecipeError: it was not made by a recipe of this program.
    """
    stored = load(path)
    known = {f.name for f in dataclasses.fields(LangevinRecipe)}
    if set(stored.parameters) != known:
        raise RecipeError(f"'{path}' was not made by a recipe of this version: nothing to compare it with")
    recipe = LangevinRecipe(**stored.parameters)
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / path.name
        compute(recipe, again)
        fresh = load(again)
        if fresh.hash == stored.hash:
            return True, "computed again, equal to the last byte"
        if fresh.versions == stored.versions:
            return False, "computed again with the same versions, and not equal: the code or the file was changed"
        apart = sliced_wasserstein(np.asarray(fresh.positions[-1]), np.asarray(stored.positions[-1]))
    if "distance_floor" not in stored.series:
        return False, "made with other versions, and one particle is too few to compare laws"
    mean, deviation = stored.series["distance_floor"].values[0]
    alike = bool(apart <= mean + TOLERANCE * deviation)
    return alike, f"made with other versions; the last records are {apart:.4f} apart, two true samples {mean:.4f}"


def versions() -> dict[str, str]:
    """What, beside our code, decides the last digits: libraries and the processor's vector instructions."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": version("scipy"),
        "diffusion_core": version("diffusion-visualizations"),
        "machine": f"{platform.machine()} {' '.join(simd['baseline'] + simd.get('found', []))}",
    }
