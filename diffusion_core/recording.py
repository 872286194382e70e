"""What all runs of particles write down: the start, then the iterations that are recorded, each measured."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from diffusion_core.npz import TrajectoryWriter
from diffusion_core.observation import Observer
from diffusion_core.simulation import State, Step


def record(
    run: Iterable[Step],
    start: State,
    writer: TrajectoryWriter,
    observer: Observer,
    recorded: NDArray[np.int64],
    detailed: NDArray[np.int64],
) -> None:
    """Go through a run, and hand each recorded iteration to the writer and to the observer.

    Args:
        run: its iterations, in order.
        start: the state before the first of them, which is record 0.
        writer: entered, and without records so far.
        observer: follows every iteration.
        recorded: numbers of the iterations to record, 0 first.
        detailed: the particles whose drift and noise are kept.
    """
    nothing, wanted = np.zeros((len(detailed), 2)), set(recorded.tolist())
    writer.append(start.position, nothing, nothing)
    observer.follow(start.position)
    observer.look(start.position)
    for done, step in enumerate(run, start=1):
        observer.follow(step.state.position)
        if done in wanted:
            accepted = None if step.accepted is None else step.accepted[detailed]
            writer.append(step.state.position, step.drift[detailed], step.noise[detailed], accepted)
            observer.look(step.state.position)
