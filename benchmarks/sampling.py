"""How close sampling along our network comes to its matrix products, and how its time grows.

    python -m benchmarks.sampling [--quick]

The limit: each step must multiply all particles by each of the network's matrices. Everything else (waves,
activations, the step itself, checks) could in principle hide behind these. Limit and sampler are timed in turn in
one process, and the median of the ratios is what counts.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import nn

from benchmarks.tables import Row, Tables
from diffusion_core.diffusion import sampler, start
from diffusion_core.diffusion_recipes import TrainingRecipe
from diffusion_core.network import denoiser
from diffusion_core.schedules import schedule
from diffusion_core.simulation import simulate
from diffusion_core.training import new_network

COUNTS, STEPS, WIDTHS = (1000, 5000, 20_000), (50, 200), (48, 96, 192, 384)
QUICK_COUNTS, QUICK_STEPS = (10, 50, 100), (25, 50)


def seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def ancestral(recipe: TrainingRecipe, particles: int, steps: int) -> Callable[[], object]:
    """DDPM's sampler along the untrained network: weights cost the same whatever they are."""
    noise, rng = schedule("linear", steps), np.random.default_rng(0)
    way = sampler("ancestral", denoiser(new_network(recipe), recipe.prediction), noise)
    begin = start(noise, particles, rng)
    return lambda: sum(1 for _ in simulate(way.kernel, begin, way.iterations, rng))


def products(recipe: TrainingRecipe, particles: int, steps: int) -> Callable[[], object]:
    """The matrix products of the same network's layers alone, as many times, into memory that is there."""
    weights = [layer.weight.detach().t() for layer in new_network(recipe).layers if isinstance(layer, nn.Linear)]
    generator = torch.Generator().manual_seed(0)
    shown = [torch.randn((particles, len(weight)), generator=generator) for weight in weights]
    out = [torch.empty((particles, weight.shape[1])) for weight in weights]

    def run() -> None:
        for _ in range(steps):
            for x, weight, into in zip(shown, weights, out, strict=True):
                torch.mm(x, weight, out=into)

    return run


def limit_row(recipe: TrainingRecipe, particles: int, steps: int, pairs: int) -> Row:
    """The sampler against its limit."""
    whole, least = ancestral(recipe, particles, steps), products(recipe, particles, steps)
    whole(), least()
    times = [(seconds(whole), seconds(least)) for _ in range(pairs)]
    ours, bound = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(a / b for a, b in times)
    sizes = {"particles": particles, "steps": steps}
    return sizes | {"sampler, s": ours, "limit, s": bound, "ratio": ratio, "pairs": pairs}


def growth_rows(recipe: TrainingRecipe, counts: Sequence[int], steps: Sequence[int]) -> Iterator[Row]:
    """µs per particle and step where one of particles, steps and width grows, and the others stay small."""
    particles, few = counts[len(counts) // 2], steps[0]
    for count in counts:
        yield growth_row("particles", recipe, count, few)
    for count in steps:
        yield growth_row("steps", recipe, particles, count)
    for width in WIDTHS:
        yield growth_row("width", dataclasses.replace(recipe, width=width), particles, few)


def growth_row(grows: str, recipe: TrainingRecipe, particles: int, steps: int) -> Row:
    run = ancestral(recipe, particles, steps)
    run()
    micros = 1e6 * statistics.median(seconds(run) for _ in range(3)) / (particles * steps)
    sizes = {"grows": grows, "particles": particles, "steps": steps, "width": recipe.width}
    return sizes | {"µs per particle and step": micros}


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measure and print; the rows of both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny numbers, to see that it runs")
    quick = parser.parse_args(arguments).quick
    counts, steps, pairs = (QUICK_COUNTS, QUICK_STEPS, 2) if quick else (COUNTS, STEPS, 5)
    recipe = TrainingRecipe("benchmark")
    torch.set_num_threads(1 if quick else recipe.threads)
    tables = Tables()
    tables.add("sampling", limit_row(recipe, counts[1], steps[-1], pairs))
    for row in growth_rows(recipe, counts, steps):
        tables.add("sampling-growth", row)
    return tables


if __name__ == "__main__":
    main()
