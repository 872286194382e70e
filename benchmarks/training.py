"""How fast the network learns, and how good its samples are.

    python -m benchmarks.training [--quick]

The truth is known in every detail: the dinosaur's 142 points, each axis brought to mean 0 and standard deviation
1, and blurred by N(0, 0.02²). All is trained and timed in one process, so that ratios hold on another machine.
`--quick` runs every line of it with tiny numbers, of which none means anything.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.baselines import BASELINES, Baseline
from benchmarks.judges import FAR, Judge, Verdict, samples_of, score_error, share_off_curve
from benchmarks.tables import Row, Tables
from diffusion_core.diffusion import Denoiser
from diffusion_core.diffusion_recipes import TrainingRecipe
from diffusion_core.distributions import Distribution, GaussianMixture
from diffusion_core.inputs import read_points
from diffusion_core.network import denoiser, set_weights
from diffusion_core.shapes import ASSETS, spiral
from diffusion_core.training import CHUNK, new_network, train

OURS = TrainingRecipe("benchmark", checkpoints=2)
SHORT = {"batch": 512, "levels": (-2.3, 1.0)}  # where there are seconds only: more iterations, no finest detail
PLAIN = {
    "prediction": "epsilon", "levels": None, "emphasis": 0.0, "group": 1, "waves": 0, "learning_rate": 0.001,
    "schedule": "linear", "steps": 1000,
}  # fmt: skip
STEPS = (  # from plain DDPM to ours: what is said of a step, and the setting that it takes from ours
    ("+ waves over the plane", "waves"),
    ("+ learning rate of the fast one", "learning_rate"),
    ("+ v instead of ε", "prediction"),
    ("+ levels drawn where the detail is", "levels"),
    ("+ little noise counts less", "emphasis"),
    ("+ mean of the group as the target", "group"),
)
LOG_SNRS = (9, 7, 5, 3, 1, -1, -3, -6)
THICKNESS = 0.1  # of the spiral


@dataclass(frozen=True)
class Effort:
    """How much of everything.

    Args:
        seeds: of the repeated trainings; the first one is also that of those which are not repeated.
        seconds: of our trainings on the dinosaur; a fortieth of (b)'s time comes besides.
        step_seconds: of each training on the way from plain DDPM to ours.
        spiral_seconds: of a training on the spiral.
        most: iterations of a baseline, where it would take more.
        samples: that are judged.
        draws: of true samples, from which the floor is taken.
        threads: of the processor.
    """

    seeds: tuple[int, ...] = (101, 102, 103)
    seconds: tuple[float, ...] = (3, 15, 30)
    step_seconds: float = 15
    spiral_seconds: float = 3
    most: int = 500_000
    samples: int = 20_000
    draws: int = 100
    threads: int = OURS.threads


QUICK = Effort(
    seeds=(101,), seconds=(0.3,), step_seconds=0.3, spiral_seconds=0.3, most=50, samples=500, draws=5,
    threads=1,  # two that wait for each other a thousand times a second crawl where tests keep all cores busy
)  # fmt: skip


class Trained(NamedTuple):
    """A network and what it took."""

    denoise: Denoiser
    iterations: int
    seconds: float


def ours(truth: Distribution, seconds: float, seed: int, **changes: object) -> Trained:
    """Train for about so many seconds: as many iterations as fit by the pace of the first ones.

    Args:
        truth: where clean points are drawn.
        seconds: of the training loop; what it really took is returned.
        seed: of initial weights, points and noise.
        changes: of the recipe.
    """
    shorter = SHORT if seconds < 5 else {}
    recipe = dataclasses.replace(OURS, seed=seed, **shorter | changes)
    one = pace(recipe, truth, chunks=3 if seconds >= 1 else 1)
    recipe = dataclasses.replace(recipe, iterations=max(1, round(seconds / one)))
    begin = time.perf_counter()
    for report in train(recipe, truth):
        last = report
    took = time.perf_counter() - begin
    network = set_weights(new_network(recipe), last.average)
    return Trained(denoiser(network, recipe.prediction), recipe.iterations, took)


def pace(recipe: TrainingRecipe, truth: Distribution, chunks: int) -> float:
    """Seconds an iteration takes, over so many chunks after one to warm up: a chunk's drawing is part of it."""
    trial = dataclasses.replace(recipe, iterations=(1 + chunks) * CHUNK)
    times = {report.step: time.perf_counter() for report in train(trial, truth)}
    return (times[trial.iterations] - times[CHUNK]) / (chunks * CHUNK)


def dinosaur() -> GaussianMixture:
    points = read_points(ASSETS / "dinosaur.csv")
    return GaussianMixture.isotropic((points - points.mean(axis=0)) / points.std(axis=0), 0.02)


# Tables.


def verdict_row(name: str, seed: int | None, iterations: int, seconds: float, verdict: Verdict) -> Row:
    columns = (
        f"beyond {FAR} sd, %", "mean distance", "law (KS)", "floor", "fewest", "most", "log-likelihood",
        "distinct, %",
    )  # fmt: skip
    effort = {"iterations": iterations or None, "seconds": seconds if iterations else None}
    return {"what": name, "seed": seed} | effort | dict(zip(columns, verdict, strict=True))


def our_row(name: str, judge: Judge, seconds: float, seed: int, **changes: object) -> tuple[Row, Denoiser]:
    trained = ours(judge.truth, seconds, seed, **changes)
    samples = samples_of(trained.denoise, judge.count, sampling_rng(seed))
    return verdict_row(name, seed, trained.iterations, trained.seconds, judge(samples)), trained.denoise


def baseline_row(baseline: Baseline, judge: Judge, seed: int, most: int) -> tuple[Row, float]:
    """Train and judge a baseline; its row, and the seconds that its training took."""
    iterations = min(baseline.iterations, most)
    begin = time.perf_counter()
    sample = baseline.train(judge.truth, iterations, seed)
    took = time.perf_counter() - begin
    samples = sample(judge.count, int(sampling_rng(seed).integers(1 << 32)))
    return verdict_row(baseline.name, seed, iterations, took, judge(samples)), took


def sampling_rng(seed: int) -> np.random.Generator:
    """Other numbers than those of the training with this seed."""
    return np.random.default_rng([seed, 1 << 32])


def comparison(tables: Tables, judge: Judge, effort: Effort) -> dict[float, Denoiser]:
    """Ours beside the baselines and the truth; our denoisers of the first seed by the seconds they were given."""
    print(f"\n## The dinosaur, {judge.count:,} samples")
    first, repeated, others = effort.seeds[0], BASELINES[0], BASELINES[1:]
    true = judge.truth.sample(judge.count, sampling_rng(0))
    tables.add("training", verdict_row("the truth itself", None, 0, 0, judge(true)))
    repeated.train(judge.truth, 1, first)  # the first optimizer of a process loads much of PyTorch, for seconds
    kept = {}
    for seed in effort.seeds:
        row, took = baseline_row(repeated, judge, seed, effort.most)
        tables.add("training", row)
        tables.add("training", our_row("ours, a fortieth of (b)'s time", judge, took / 40, seed)[0])
        for seconds in effort.seconds:
            row, denoise = our_row(f"ours, {seconds:g} s", judge, seconds, seed)
            tables.add("training", row)
            if seed == first:
                kept[seconds] = denoise
    for baseline in others:
        tables.add("training", baseline_row(baseline, judge, first, effort.most)[0])
    return kept


def error_table(tables: Tables, truth: GaussianMixture, ours: dict[float, Denoiser], samples: int) -> None:
    """By noise level, how far the predicted noise is from the best guess, on the same noisy points for all."""
    print("\n## Mean of (ε̂ − ε*)² by noise level")
    for log_snr in LOG_SNRS:
        row: Row = {"log-SNR": log_snr, "σ/α": float(np.exp(-log_snr / 2))}
        for seconds, one in ours.items():
            rng = sampling_rng(log_snr + 100)
            row[f"after {seconds:g} s"] = score_error(one, truth, log_snr, samples, rng)
        tables.add("training-errors", row)


def steps_table(tables: Tables, judge: Judge, effort: Effort) -> None:
    """From plain DDPM to ours, one setting after the other, each for the same time."""
    print(f"\n## From plain DDPM to ours, {effort.step_seconds:g} s each")
    changes = dict(PLAIN)
    for name, setting in (("plain DDPM", None), *STEPS):
        changes.pop(setting, None)
        tables.add("training-steps", our_row(name, judge, effort.step_seconds, effort.seeds[0], **changes)[0])


def spiral_table(tables: Tables, effort: Effort) -> None:
    """Strays of the spiral: samples farther from its centre line than true ones nearly ever are."""
    truth, far = spiral(width=THICKNESS), 3.5 * THICKNESS
    print(f"\n## The spiral, {effort.samples:,} samples")
    columns = "what", "seed", "iterations", "seconds", "beyond 3.5 thicknesses, %"
    true = truth.sample(20 * effort.samples, sampling_rng(0))
    cells = f"the truth itself, {len(true):,} samples", None, None, None, share_off_curve(true, truth.means, far)
    tables.add("training-spiral", dict(zip(columns, cells, strict=True)))
    for seed in effort.seeds:
        trained = ours(truth, effort.spiral_seconds, seed, levels=(-1.6, 1.3))
        samples = samples_of(trained.denoise, effort.samples, sampling_rng(seed))
        strays = share_off_curve(samples, truth.means, far)
        cells = f"ours, {effort.spiral_seconds:g} s", seed, trained.iterations, trained.seconds, strays
        tables.add("training-spiral", dict(zip(columns, cells, strict=True)))


def main(arguments: list[str] | None = None) -> list[Row]:
    """Train, judge and print; the rows of all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny numbers, to see that it runs")
    effort = QUICK if parser.parse_args(arguments).quick else Effort()
    torch.set_num_threads(effort.threads)
    judge = Judge.of(dinosaur(), effort.samples, effort.draws, np.random.default_rng(0))
    tables = Tables()
    kept = comparison(tables, judge, effort)
    error_table(tables, judge.truth, kept, effort.samples)
    steps_table(tables, judge, effort)
    spiral_table(tables, effort)
    return tables


if __name__ == "__main__":
    main()
