"""What changes where a run has many particles: its file and its measurements are kept to a size that a film needs.

What changes depends on the number of particles alone, which every record holds, and on no further parameter: one
would be written into the records of all recipes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

MANY = 100_000  # particles; runs of more are written in single precision and measured on some of them
MEASURED = 20_000  # of many particles, the first ones, on which distance, spread and part masses are taken


def are_many(particles: int) -> bool:
    """Whether they are more than `MANY`."""
    return particles > MANY


def measured_of(particles: int) -> int:
    """On how many of the particles, the first ones, a run is measured: all of them, or `MEASURED` of many.

    Particles are independent and alike, so that the first ones are a sample of the same law, with a noise floor of
    their own size. All of a million would be sorted along 64 directions for each record and 4,096 times for the
    floor, which takes longer than the run, and half a gigabyte.
    """
    return min(particles, MEASURED) if are_many(particles) else particles


def position_type(particles: int) -> DTypeLike:
    """The type of a Langevin run's positions in its file: doubles, or singles for many particles.

    Computed is in double precision either way. What singles cost: within 4 units of the origin a position is
    rounded by at most 1.2e-7, less than a twenty-thousandth of a pixel of a film 2,160 pixels high.
    """
    return np.float32 if are_many(particles) else np.float64
