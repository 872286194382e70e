"""How close sampling along our network comes to its matrix products, and how its time grows; for `training.py`.

The limit: each step must multiply all particles by each of the network's matrices. Everything else (waves,
activations, the step itself, checks) could in principle hide behind these. Limit and sampler are timed in turn in
one process, and the median of the ratios is what counts.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from diffusion_core.diffusion import sampler, start
from diffusion_core.diffusion_recipes import TrainingRecipe
from diffusion_core.network import denoiser
from diffusion_core.schedules import schedule
from diffusion_core.simulation import simulate
from diffusion_core.training import new_network

COUNTS, STEPS, WIDTHS = (1000, 5000, 20_000), (50, 200), (48, 96, 192, 384)

Growth = Mapping[str, Sequence[tuple[int, float]]]
"""What grows → its sizes, each with the µs that a particle and step take."""


def head(*names: str) -> None:
    """The head of a Markdown table."""
    print(f"\n| {' | '.join(names)} |\n|{'---|' * len(names)}", flush=True)


def row(*cells: object) -> None:
    """A row of it, printed at once: some take minutes."""
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


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


def limit_table(recipe: TrainingRecipe, particles: int, steps: int, pairs: int) -> None:
    """The sampler against its limit."""
    whole, least = ancestral(recipe, particles, steps), products(recipe, particles, steps)
    whole(), least()
    times = [(seconds(whole), seconds(least)) for _ in range(pairs)]
    ours, bound = (statistics.median(column) for column in zip(*times, strict=True))
    head(f"ancestral sampling, {particles:,} particles × {steps} steps", "seconds")
    row("sampler", f"{ours:.2f}")
    row("limit: the network's matrix products", f"{bound:.2f}")
    row(f"ratio, median of {pairs} pairs", f"{statistics.median(a / b for a, b in times):.2f}")


def growth_table(recipe: TrainingRecipe, counts: Sequence[int], steps: Sequence[int]) -> Growth:
    """µs per particle and step where one of particles, steps and width grows, and the others stay small."""
    head("particles", "steps", "width", "µs per particle and step")
    particles, few = counts[len(counts) // 2], steps[0]
    return {
        "particles": [(count, growth_row(recipe, count, few)) for count in counts],
        "steps": [(count, growth_row(recipe, particles, count)) for count in steps],
        "width": [
            (width, growth_row(dataclasses.replace(recipe, width=width), particles, few)) for width in WIDTHS
        ],
    }


def growth_row(recipe: TrainingRecipe, particles: int, steps: int) -> float:
    run = ancestral(recipe, particles, steps)
    run()
    micros = 1e6 * statistics.median(seconds(run) for _ in range(3)) / (particles * steps)
    row(f"{particles:,}", steps, recipe.width, f"{micros:.2f}")
    return micros


def plot(growth: Growth, png: Path) -> None:
    """A panel for each thing that grows; flat is time in proportion to particles and steps."""
    from matplotlib.figure import Figure  # a third of a second, only here

    figure = Figure(figsize=(9, 3), layout="constrained")
    for axes, (name, points) in zip(figure.subplots(1, len(growth), sharey=True), growth.items(), strict=True):
        axes.plot(*zip(*points, strict=True), "o-", color="#702EDB")
        axes.set(xscale="log", xlabel=name)
        axes.set_xticks([size for size, _ in points], [f"{size:,}" for size, _ in points])
        axes.minorticks_off()
    figure.axes[0].set(ylabel="µs per particle and step", ylim=(0, None))  # of all panels, which share it
    png.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(png, dpi=120)
