"""Training runs: from a recipe to a record of checkpoints, with the samples, fields and errors of each of them.

In the record a checkpoint is a moment: the positions are samples that its network makes, always from the same
noise. A killed training goes on where it was: its state lies beside the trajectory, written every few seconds.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from diffusion_core.diffusion_recipes import TrainingRecipe
from diffusion_core.distributions import Distribution
from diffusion_core.errors import NetworkError
from diffusion_core.judging import Judge
from diffusion_core.network import set_weights, threads
from diffusion_core.npz import TrajectoryWriter
from diffusion_core.recipe import parameters_of, seconds_file, versions
from diffusion_core.schedules import schedule
from diffusion_core.shapes import find_target
from diffusion_core.training import CHUNK, Progress, Weights, new_network, train

SAVED_EVERY = 5.0  # seconds between two states


def compute(recipe: TrainingRecipe, path: Path, folder: Path, progress: bool = True, device: str = "cpu") -> None:
    """Train, judge every checkpoint, and write the record; `folder` is not used.

    Raises:
        DistributionError: the target cannot be built.
        NetworkError: PyTorch knows no such device.
        ScheduleError: the schedule cannot be built.
    """
    _refuse_device(device)
    target = find_target(recipe.target, **recipe.options)
    made_with = versions() | {"torch": torch.__version__, "device": device}
    state = State(path.with_name(f".{path.name}.state"), recipe, made_with)
    with threads(recipe.threads):
        judge = Judge(recipe, target, schedule(recipe.schedule, recipe.steps))
        kept = _trained(recipe, target, state, progress, device)
        _judge(recipe, judge, kept, path, progress, made_with)
    seconds_file(path).write_text(json.dumps({"seconds": round(state.seconds, 1), "device": device}))
    state.path.unlink(missing_ok=True)


def _refuse_device(device: str) -> None:
    try:
        torch.zeros(1, device=device).item()
    except Exception as error:  # each backend has its own
        said = str(error).splitlines()[0]
        raise NetworkError(f"PyTorch cannot work on the device '{device}' ({said}): choose cpu") from error


class State:
    """A training on its way, in a file: its last report, and the averages at the rungs of the ladder so far."""

    def __init__(self, path: Path, recipe: TrainingRecipe, made_with: dict[str, str]) -> None:
        self.path, self.seconds, self._made_with = path, 0.0, json.dumps(made_with, sort_keys=True)
        self.last: Progress | None = None
        count = sum(parameter.numel() for parameter in new_network(recipe).parameters())
        self.rungs = np.zeros((0, count), np.float32)
        if path.exists():
            self._read(recipe, count)

    def _read(self, recipe: TrainingRecipe, count: int) -> None:
        """Take over what is there; a file that was damaged, or made with other versions, is passed over."""
        try:
            with np.load(self.path, allow_pickle=False) as file:
                if str(file["made_with"]) != self._made_with:
                    return
                vectors = [np.asarray(file[name], np.float32) for name in Progress._fields[2:]]
                step, rungs, seconds = int(file["step"]), file["rungs"], float(file["seconds"])
        except Exception:  # a damaged archive raises whatever its parts stumble over
            return
        passed = int((recipe.ladder <= step).sum())
        if step % CHUNK == 0 and rungs.shape == (passed, count) and {v.shape for v in vectors} == {(count,)}:
            self.last, self.rungs, self.seconds = Progress(step, float("nan"), *vectors), rungs, seconds

    def write(self, last: Progress, rungs: Sequence[Weights], seconds: float) -> None:
        """Replace the file at once, or not at all."""
        temporary = self.path.with_name(f"{self.path.name}.part")
        with temporary.open("wb") as file:
            vectors = dict(zip(Progress._fields[2:], last[2:], strict=True))
            about = {"step": last.step, "seconds": seconds, "made_with": self._made_with}
            np.savez(file, rungs=np.array(rungs), **about, **vectors)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)


def _trained(recipe: TrainingRecipe, target: Distribution, state: State, progress: bool, device: str) -> Weights:
    """The averages at each rung of the ladder, (checkpoints, parameters)."""
    rungs, ladder = list(state.rungs), set(recipe.ladder.tolist())
    done = 0 if state.last is None else state.last.step
    before, saved = time.monotonic() - state.seconds, time.monotonic()
    with tqdm(
        desc=f"{recipe.name}: training", total=recipe.iterations, initial=done, disable=not progress,
        unit=" iterations", delay=0.5, leave=False,
    ) as bar:  # fmt: skip
        for report in train(recipe, target, state.last, device):
            bar.update(report.step - bar.n)
            bar.set_postfix(loss=f"{report.loss:.4f}", refresh=False)
            if report.step in ladder:
                rungs.append(report.average)
            state.seconds = time.monotonic() - before
            if report.step % CHUNK == 0 and time.monotonic() - saved > SAVED_EVERY:
                state.write(report, rungs, state.seconds)
                saved = time.monotonic()
    return np.array(rungs)


def _judge(
    recipe: TrainingRecipe, judge: Judge, kept: Weights, path: Path, progress: bool, made_with: dict[str, str]
) -> None:
    """Write what each checkpoint's network does: its samples, fields, loss and errors."""
    network = new_network(recipe)
    writer = TrajectoryWriter(
        path, steps=recipe.ladder, times=recipe.ladder.astype(float), particles=recipe.particles,
        step_size=recipe.learning_rate, recipe=recipe.name, seed=recipe.seed,
        parameters=parameters_of(recipe), versions=made_with,
    )  # fmt: skip
    with writer:
        bar = tqdm(
            kept, f"{recipe.name}: judging", disable=not progress, unit=" checkpoints", delay=0.5, leave=False
        )
        for weights in bar:
            writer.append(judge.look(set_weights(network, weights)))
        writer.finish(judge.grids(), judge.series(recipe.ladder), weights=kept)
