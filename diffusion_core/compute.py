"""Recipes become trajectories: each computed once, written whole or not at all, and verifiable."""

from __future__ import annotations

import importlib
import os
import tempfile
from pathlib import Path

import numpy as np
from filelock import FileLock

from diffusion_core.errors import NetworkError, RecipeError
from diffusion_core.many import measured_of
from diffusion_core.metrics import sliced_wasserstein
from diffusion_core.npz import load
from diffusion_core.observation import TOLERANCE
from diffusion_core.recipe import FOLDER, Recipe
from diffusion_core.recipes import recipe_of
from diffusion_core.trajectory import Trajectory


def load_or_compute(
    recipe: Recipe, folder: Path = FOLDER, progress: bool = True, device: str = "cpu"
) -> Trajectory:
    """The recipe's trajectory, computed if it is not there yet; once, even if ten processes ask at a time.

    Args:
        recipe: what to compute; the networks that it needs are trained as well, and kept in the same folder.
        folder: where trajectories lie.
        progress: whether long work shows a bar.
        device: of torch, where a network is trained.

    Raises:
        TrajectoryError: the file is there but damaged.
        DistributionError, NetworkError, RecipeError, SamplerError, ScheduleError: what the run raises.
    """
    path = recipe.path(folder)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                for leftover in folder.glob(f".{path.name}.*.part"):  # of a run that was killed
                    leftover.unlink()
                compute(recipe, path, folder, progress, device)
    return load(path)


def compute(recipe: Recipe, path: Path, folder: Path, progress: bool = True, device: str = "cpu") -> None:
    """Run a recipe and write its trajectory to `path`, in the module that its kind names.

    That module is loaded here, so that PyTorch is only where a network is.

    Raises:
        NetworkError: PyTorch is not installed, and the run needs it; and what `load_or_compute` raises.
    """
    # Before PyTorch is loaded: threads that spin while they wait for one another take ten times as long as soon
    # as another program wants a core.
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    try:
        run = importlib.import_module(f"diffusion_core.{recipe.computed_by}")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise NetworkError(
            f"'{recipe.name}' needs a network, and PyTorch is not installed here: `./setup` installs it"
        ) from error
    run.compute(recipe, path, folder, progress, device)


def verify(path: Path) -> tuple[bool, str]:
    """Compute a file's recipe again and compare: bytes on equal versions, otherwise the laws.

    Returns:
        Whether it is the same, and a sentence that says in which sense.

    Raises:
        TrajectoryError: the file is damaged.
        RecipeError: it was not made by a recipe of this program.
    """
    stored = load(path)
    try:
        recipe = recipe_of(stored.parameters)
    except RecipeError as error:
        raise RecipeError(f"'{path}': {error}") from error
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / path.name
        compute(recipe, again, path.parent)
        fresh = load(again)
        if fresh.hash == stored.hash:
            return True, "computed again, equal to the last byte"
        if fresh.versions == stored.versions:
            return False, "computed again with the same versions, and not equal: the code or the file was changed"
        count = measured_of(stored.positions.shape[1])  # on as many, the floor was taken
        ends = [np.asarray(run.positions[-1, :count]) for run in (fresh, stored)]
        apart = sliced_wasserstein(ends[0], ends[1])
    floors = [name for name in ("distance_floor", "to_noise_floor", "to_data_floor") if name in stored.series]
    if not floors:
        return False, "made with other versions, and one particle is too few to compare laws"
    mean, deviation = stored.series[floors[0]].values[0]
    alike = bool(apart <= mean + TOLERANCE * deviation)
    return alike, f"made with other versions; the last records are {apart:.4f} apart, two true samples {mean:.4f}"
