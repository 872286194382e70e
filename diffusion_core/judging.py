"""What a network has learned, checkpoint after checkpoint, held against what is exactly known."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import nn

from diffusion_core.diffusion import (
    PREDICTIONS,
    Denoiser,
    exact_denoiser,
    forward_jump,
    noise_in,
    sampler,
    score_of,
    start,
)
from diffusion_core.diffusion_recipes import TrainingRecipe
from diffusion_core.distributions import Array, Distribution, GaussianMixture
from diffusion_core.fields import FINE, WINDOW, density_grid, diffused_score, grid_on, levels_series, plane
from diffusion_core.metrics import SlicedReference, noise_floor, sliced_wasserstein
from diffusion_core.network import Network, denoiser
from diffusion_core.schedules import Level, Schedule, schedule, signal_and_noise
from diffusion_core.simulation import RUNAWAY, simulate
from diffusion_core.training import Batch, draw
from diffusion_core.trajectory import Grid, Series

FIELDS, ERRORS = 6, 16  # noise levels at which fields are kept, and at which errors are measured
ARROWS = np.linspace(-WINDOW, WINDOW, 43)[1:-1]  # where the fields' arrows stand
JUDGED = 2000  # noisy points on which a loss is taken, and an error at each level
HEUN_STEPS = 40  # in which samples are made
RARE = 1e-3  # samples less likely than this share of true ones are strays
BLANK = -12.0  # log-SNR below which nothing can be told from noise
_APART = 1 << 32  # of the generator: no chunk of the training has this number


class Judge:
    """Measures networks of one recipe: samples from the same noise, fields, loss and errors at the same points.

    Samples are made with Heun's rule on EDM's schedule, in so many steps that hardly anything but the network
    decides how good they are; one that was trained at fewer levels than these has to extrapolate. The loss is
    that of the prediction, each noise level counting alike.
    """

    def __init__(self, recipe: TrainingRecipe, target: Distribution, noise: Schedule) -> None:
        rng = np.random.default_rng([recipe.seed, _APART])
        self._recipe, self._target = recipe, target
        self._way = schedule("edm", HEUN_STEPS)
        self._start = start(self._way, recipe.particles, rng)
        self._truth = SlicedReference(target.sample(recipe.particles, rng))
        self._floor = noise_floor(sliced_wasserstein, target.sample, recipe.particles, rng)
        self._true = target.log_prob(target.sample(20_000, rng))
        self._unlikely = float(np.quantile(self._true, RARE))
        self._field_times = evenly_in_log_snr(noise, FIELDS)
        self._fields: list[list[Array]] = [[] for _ in self._field_times]
        self._noise, self._error_times = noise, evenly_in_log_snr(noise, ERRORS)
        clean = target.sample(JUDGED, rng)
        self._noisy = [forward_jump(clean, noise.level(t), rng)[0] for t in self._error_times]
        self._held_out = _first(draw(recipe, target, rng), JUDGED)
        self._exact = exact_denoiser(target) if isinstance(target, GaussianMixture) else None
        self._measured: dict[str, list[float]] = {n: [] for n in ("loss", "distance", "log_prob", "strays")}
        self._errors: list[list[float]] = []

    def look(self, network: Network) -> Array:
        """Measure a checkpoint, and return its samples (particles, 2)."""
        denoise = denoiser(network, self._recipe.prediction)
        samples = self._samples(denoise)
        likely = self._target.log_prob(samples)
        with torch.no_grad():
            said = network(self._held_out.noisy, self._held_out.log_snr)
        measured = {
            "loss": float(nn.functional.mse_loss(said, self._held_out.wanted)),
            "distance": self._truth.distance(samples),
            "log_prob": float(np.maximum(likely, self._unlikely).mean()),
            "strays": float((likely < self._unlikely).mean()),
        }
        for name, value in measured.items():
            self._measured[name].append(value)
        for field, t in zip(self._fields, self._field_times, strict=True):
            field.append(score_of(denoise)(plane(ARROWS), self._noise.level(t)))
        if self._exact is not None:
            self._errors.append(self._errors_of(denoise, self._exact))
        return samples

    def _samples(self, denoise: Denoiser) -> Array:
        way, state = sampler("heun", denoise, self._way), self._start
        limit = RUNAWAY * (self._target.extent + float(self._way.sigma[-1]))
        unused, remedy = np.random.default_rng(0), "train for more iterations, or with a smaller learning_rate"
        for step in simulate(way.kernel, state, way.iterations, unused, limit, remedy):
            state = step.state
        return state.position

    def _errors_of(self, denoise: Denoiser, exact: Denoiser) -> list[float]:
        """Mean of (ε̂ − ε*)² a coordinate at each level: how far the network's noise is from the best guess."""
        errors = []
        for t, x in zip(self._error_times, self._noisy, strict=True):
            level = self._noise.level(t)
            apart = noise_in(x, denoise(x, level), level) - noise_in(x, exact(x, level), level)
            errors.append(float(np.mean(apart**2)))
        return errors

    def grids(self) -> dict[str, Grid]:
        """The target, and the learned and the exact score at some levels."""
        levels = [self._noise.level(t) for t in self._field_times]
        grids = {"density": density_grid(self._target, FINE)}
        exact = diffused_score(self._target, levels, ARROWS).astype(np.float32)
        for k, (field, right) in enumerate(zip(self._fields, exact, strict=True)):
            grids[f"learned_{k}"] = grid_on(ARROWS, np.array(field, np.float32))
            grids[f"exact_{k}"] = grid_on(ARROWS, right)
        return grids

    def series(self, ladder: Array) -> dict[str, Series]:
        """What was measured at each checkpoint, with the floors that a perfect network would reach."""
        first = ladder[:1]
        cut = np.maximum(self._true, self._unlikely)
        mean, deviation = float(cut.mean()), float(cut.std() / np.sqrt(self._recipe.particles))
        series = {name: Series(ladder, np.array(values), (name,)) for name, values in self._measured.items()}
        series |= {
            "distance_floor": _floor(first, self._floor.mean, self._floor.standard_deviation),
            "log_prob_floor": _floor(first, mean, deviation),
            "strays_floor": _floor(first, RARE, float(np.sqrt(RARE / self._recipe.particles))),
            "field_levels": levels_series(self._noise, self._field_times, np.arange(len(self._field_times))),
            "error_levels": levels_series(self._noise, self._error_times, np.arange(len(self._error_times))),
        }
        if self._exact is not None:
            series["error"] = Series(ladder, np.array(self._errors), tuple(f"t = {t}" for t in self._error_times))
            series["loss_floor"] = Series(first, np.array([self._best_loss(self._exact)]), ("loss",))
        return series

    def _best_loss(self, exact: Denoiser) -> float:
        """The loss of the exact denoiser on the points that were held out, each at its own level."""
        x, log_snr = (part.numpy().astype(float) for part in self._held_out[:2])
        alpha, sigma = signal_and_noise(log_snr)
        guesses = [exact(x[[i]], Level(float(alpha[i, 0]), float(sigma[i, 0])))[0] for i in range(len(x))]
        best = PREDICTIONS[self._recipe.prediction].of_clean(np.array(guesses), x, alpha, sigma)
        return float(np.mean((best - self._held_out.wanted.numpy()) ** 2))


def evenly_in_log_snr(noise: Schedule, count: int) -> list[int]:
    """Times from T down to 1, at most so many, whose log-SNRs are as even as the schedule has them.

    Some schedules end in a step that leaves nothing: what lies below BLANK is all alike, and gets one level.
    """
    wanted = np.linspace(noise.log_snr[1], max(noise.log_snr[-1], BLANK), count)
    nearest = np.abs(noise.log_snr[1:, None] - wanted).argmin(axis=0) + 1
    return sorted(set(nearest.tolist()), reverse=True)


def _first(batches: Iterable[Batch], count: int) -> Batch:
    return Batch(*(torch.cat(parts)[:count] for parts in zip(*batches, strict=True)))


def _floor(first: Array, mean: float, deviation: float) -> Series:
    return Series(first, np.array([[mean, deviation]]), ("mean", "standard deviation"))
