"""How close ULA on the smiley comes to the least work it can do, and how its time grows.

    python benchmarks/langevin.py

The limit: one iteration must evaluate one exponential for every pair of particle and component, and draw two
normal numbers a particle. Everything else (products, sums, the softmax's maximum) could in principle hide
behind these. Limit and sampler are timed in turn in one process, and the median of the ratios is what counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from diffusion_core.langevin import kernel
from diffusion_core.shapes import smiley
from diffusion_core.simulation import State, simulate


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


def main() -> None:
    steps, pairs = 200, 9
    print("| ULA on the smiley, 5,000 particles | ms per iteration |\n|---|---|")
    sampler, least = ula(5000, steps), limit(5000, steps)
    sampler(), least()
    times = [(seconds(sampler), seconds(least)) for _ in range(pairs)]
    ours, bound = (1e3 * statistics.median(column) / steps for column in zip(*times, strict=True))
    ratio = statistics.median(a / b for a, b in times)
    print(f"| sampler | {ours:.2f} |\n| limit: exponentials and normal draws | {bound:.2f} |")
    print(f"| ratio, median of {pairs} pairs | {ratio:.2f} |")
    print(f"\n1,000 iterations take {1000 * ours / 1e3:.1f} s.\n")
    print("| particles | iterations | µs per particle and iteration |\n|---|---|---|")
    for particles, count in ((1000, 100), (1000, 1000), (10_000, 100), (100_000, 10)):
        run = ula(particles, count)
        run()
        per = statistics.median(seconds(run) for _ in range(3)) / (particles * count)
        print(f"| {particles:,} | {count:,} | {1e6 * per:.2f} |")


if __name__ == "__main__":
    main()
