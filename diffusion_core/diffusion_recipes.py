"""The experiments of the diffusion story: networks that are trained, and runs that follow a denoiser."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from diffusion_core.errors import RecipeError, suggestion
from diffusion_core.recipe import Recipe, finite_numbers

PREDICTED = ("epsilon", "x0", "v", "score")  # the keys of `diffusion.PREDICTIONS`


@dataclass(frozen=True)
class TrainingRecipe(Recipe):
    """A network that learns to denoise samples of the target, with checkpoints from the first iteration on.

    The defaults are the fast ones; plain DDPM is the recipe "spiral-plain-net".

    Args:
        schedule: of the noise levels t = 1 … T, a name of `schedules.SCHEDULES`.
        steps: T.
        iterations: of training.
        batch: noisy points an iteration, a multiple of `group`.
        learning_rate: at the start; it falls linearly to 0.
        width: of the network's hidden layers.
        depth: their number.
        waves: over the plane, that the network is shown besides x_t; 0 for none.
        prediction: what the network says: "epsilon", "x0", "v" or "score".
        levels: mean and standard deviation of ln σ/α, normally drawn; None draws t uniformly.
        emphasis: the loss of a level of less noise than signal counts by σ/α to this power; 0 for alike. Most of
            it, for v, is what nobody can know, and its gradients disturb the rest.
        group: so many noisy points share their clean ones, of which each is to guess the mean; 1 for its own.
        checkpoints: about so many, on a geometric ladder.
        particles: samples that are made at each checkpoint, all from the same noise.
        threads: of the processor; with another number the last digits change.

    Raises:
        RecipeError: a parameter out of range.
    """

    computed_by: ClassVar[str] = "training_run"

    target: str = "spiral"
    schedule: str = "linear"
    steps: int = 1000
    iterations: int = 6000
    batch: int = 1024
    learning_rate: float = 0.016
    width: int = 96
    depth: int = 4
    waves: int = 64
    prediction: str = "v"
    levels: tuple[float, float] | None = (-2.3, 1.3)
    emphasis: float = 0.5
    group: int = 256
    checkpoints: int = 24
    particles: int = 2000
    threads: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need_whole(steps=1, iterations=1, batch=1, width=1, depth=1, waves=0, group=1)
        self._need_whole(checkpoints=2, particles=2, threads=1)
        self._need_positive(learning_rate=0.01)
        if not (isinstance(self.emphasis, (int, float)) and 0 <= self.emphasis <= 4):
            raise RecipeError(f"emphasis = {self.emphasis!r} weighs no loss: choose a number from 0 to 4")
        if self.prediction not in PREDICTED:
            hint = suggestion(str(self.prediction), PREDICTED)
            raise RecipeError(f"there is no prediction '{self.prediction}': {hint}")
        if self.batch % self.group:
            raise RecipeError(f"a batch of {self.batch} has no whole groups of {self.group}: choose a multiple")
        if self.levels is not None:
            object.__setattr__(self, "levels", _mean_and_deviation(self.levels))  # JSON makes a list of it

    @property
    def ladder(self) -> np.ndarray:
        """Iterations whose weights are kept: 0, 1, …, ever farther apart, and the last."""
        rungs = np.geomspace(1, self.iterations, max(self.checkpoints - 1, 1))
        return np.unique(np.concatenate([[0], np.round(rungs), [self.iterations]])).astype(np.int64)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.ladder), self.particles


def _training_of(parameters: Mapping[str, Any]) -> TrainingRecipe:
    try:
        return TrainingRecipe(**parameters)
    except TypeError as error:
        raise RecipeError(f"training is no recipe of this version ({error}): give a TrainingRecipe") from None


def _mean_and_deviation(levels: object) -> tuple[float, float]:
    mean, deviation = finite_numbers(levels, 2) or (0.0, 0.0)
    if not 0 < deviation <= 5:
        raise RecipeError(f"levels = {levels!r} draw no noise: choose (mean, deviation) of ln σ/α, or None")
    return mean, deviation


@dataclass(frozen=True)
class DiffusionRecipe(Recipe):
    """Particles on their way from N(0, σ_T² I) to the data, following a denoiser.

    Args:
        training: the network to follow, which fixes `target` and `options`; None for the exact denoiser.
        schedule: a name of `schedules.SCHEDULES`.
        steps: T.
        taken: the steps that are taken, evenly spaced ones of T; None for all.
        sampler: a name of `diffusion.SAMPLERS`.
        sampler_options: what it takes, for example {"eta": 0.5}.
        particles: number of independent particles.
        records: so many iterations are recorded, evenly in log-SNR; all if there are fewer.
        moments: at so many of them p_t and the scores are kept.
        detailed: so many particles, the first ones, keep drift and noise of each recorded iteration, and what the
            denoiser guesses for them.
        points: the first particle's way is held against so many points of the target, as if these were the data:
            which of them it can come from, and their mean; 0 for none.

    Raises:
        RecipeError: a parameter out of range.
    """

    computed_by: ClassVar[str] = "diffusion_run"

    target: str = "spiral"
    training: TrainingRecipe | None = None
    schedule: str = "linear"
    steps: int = 1000
    taken: int | None = None
    sampler: str = "ancestral"
    sampler_options: Mapping[str, float] = field(default_factory=dict)
    particles: int = 5000
    records: int = 480
    moments: int = 48
    detailed: int = 8
    points: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need_whole(steps=1, particles=2, records=2, moments=2, detailed=0, points=0)
        if self.points and not self.detailed:
            raise RecipeError("detailed = 0 follows no particle to hold against points: choose 1 or more")
        if self.taken is not None:
            self._need_whole(taken=1)
        if isinstance(self.training, Mapping):  # as JSON makes it
            object.__setattr__(self, "training", _training_of(self.training))
        if not (self.training is None or isinstance(self.training, TrainingRecipe)):
            raise RecipeError(f"training = {self.training!r} is no recipe: give a TrainingRecipe, or None")
        if self.training is not None:
            object.__setattr__(self, "target", self.training.target)
            object.__setattr__(self, "options", self.training.options)

    @property
    def shape(self) -> tuple[int, int]:
        return min(self.records, (self.taken or self.steps) + 1), self.particles

    def _made_from(self) -> tuple[str, ...]:
        return () if self.training is None else (self.training.key,)


def on_target(recipe: Any, target: str, **options: float) -> Any:
    """The same experiment on another target, its network included."""
    changed: dict[str, Any] = {"target": str(target), "options": options}
    if isinstance(recipe, DiffusionRecipe) and recipe.training is not None:
        changed["training"] = dataclasses.replace(recipe.training, **changed)
    return dataclasses.replace(recipe, **changed)
