"""The one loop: it runs any step, hands out what each iteration did, and stops a run that has exploded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np

from diffusion_core.distributions import Array
from diffusion_core.errors import SamplerError

RUNAWAY = 1e3  # a run whose |x| passes so many times the extent of what it moves in has exploded


class State(NamedTuple):
    """Where the particles are, and their momenta for a sampler that has any."""

    position: Array  # (particles, 2)
    momentum: Array | None = None  # (particles, 2)


class Step(NamedTuple):
    """What one iteration did to every particle.

    Without rejection the new position is the old one + drift + noise. A rejected particle stays where it
    was; drift + noise then lead to the proposal that it refused.
    """

    state: State
    drift: Array  # (particles, 2) displacement without this iteration's noise
    noise: Array  # (particles, 2) displacement by this iteration's noise
    accepted: np.ndarray | None = None  # (particles,) bool; None where nothing is ever rejected


Kernel: TypeAlias = Callable[[int, State, np.random.Generator], Step]
"""One iteration of a sampler: (number of iterations done, state, generator) → what happened."""


def simulate(
    kernel: Kernel,
    start: State,
    steps: int,
    rng: np.random.Generator,
    limit: float = np.inf,
    remedy: str = "choose a smaller step size",
) -> Iterator[Step]:
    """Yield what each of `steps` iterations did, in order.

    Args:
        kernel: one iteration, see `langevin.kernel`.
        start: the state before the first iteration; it is not yielded.
        steps: number of iterations.
        rng: the only source of randomness.
        limit: largest distance from the origin that is still believed, in stage units.
        remedy: what the error says to do, for example the largest stable step size.

    Raises:
        SamplerError: a particle has gone beyond `limit`, or is not a number any more.
    """
    state = start
    for done in range(steps):
        step = kernel(done, state, rng)
        if not np.abs(step.state.position).max() <= limit:  # also true for NaN
            raise SamplerError(
                f"the particles left the target at step {done + 1} (|x| passed {limit:g}): {remedy}"
            )
        yield step
        state = step.state
