"""How close ULA on the smiley comes to the least work it can do, and how its time grows.

    python -m benchmarks.langevin [--pairs N] [--most N]

The limit: one iteration must evaluate one exponential for every pair of particle and component, and draw two
normal numbers a particle. Everything else (products, sums, the softmax's maximum) could in principle hide
behind these. Limit and sampler are timed in turn in one process, and the median of the ratios is what counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.tables import Row, Tables
from diffusion_core.langevin import kernel
from diffusion_core.shapes import smiley
from diffusion_core.simulation import State, simulate

GROWTH = (
    ("particles", 1000, 100),
    ("particles", 10_000, 100),
    ("particles", 100_000, 10),
    ("steps", 1000, 100),
    ("steps", 1000, 1000),
)
"""What grows, particles, steps."""


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def ula(particles: int, steps: int) -> Callable[[], object]:
    target, rng = smiley(), np.random.default_rng(0)
    start = State(target.sample(particles, rng))
    one = kernel("ula", target, 0.001, steps)
    return lambda: sum(1 for _ in simulate(one, start, steps, rng))


def limit(particles: int, steps: int) -> Callable[[], object]:
    components, rng = len(smiley().weights), np.random.default_rng(0)
    block = -rng.random(((1 << 16) // components, components))  # a piece that stays in cache, as in the sampler
    out = np.empty_like(block)
    blocks = particles / len(block)

    def run() -> None:
        for _ in range(round(steps * blocks)):
            np.exp(block, out=out)
        for _ in range(steps):
            rng.standard_normal((particles, 2))

    return run


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measure and print; the rows of both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=9, help="of timings, sampler and limit")
    parser.add_argument("--most", type=int, default=100_000, help="particles, of those whose growth is timed")
    chosen = parser.parse_args(arguments)
    tables = Tables()
    tables.add("langevin", limit_row(particles=5000, steps=200, pairs=chosen.pairs))
    for grows, particles, steps in GROWTH:
        if particles <= chosen.most:
            run = ula(particles, steps)
            run()
            pace = 1e6 * statistics.median(seconds(run) for _ in range(3)) / (particles * steps)
            sizes = {"grows": grows, "particles": particles, "steps": steps}
            tables.add("langevin-growth", sizes | {"µs per particle and step": pace})
    return tables


def limit_row(particles: int, steps: int, pairs: int) -> Row:
    """The sampler against its limit."""
    sampler, least = ula(particles, steps), limit(particles, steps)
    sampler(), least()
    times = [(seconds(sampler), seconds(least)) for _ in range(pairs)]
    ours, bound = (1e3 * statistics.median(column) / steps for column in zip(*times, strict=True))
    return {
        "particles": particles,
        "ms a step": ours,
        "limit, ms a step": bound,
        "ratio": statistics.median(a / b for a, b in times),
        "pairs": pairs,
        "1,000 steps, s": ours,  # milliseconds of one
    }


if __name__ == "__main__":
    main()
