"""What is measured along a run, and whether it has reached its target: the figures that films may quote."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffusion_core import metrics
from diffusion_core.distributions import Array, Distribution, GaussianMixture
from diffusion_core.errors import RecipeError
from diffusion_core.trajectory import Grid, Series, Trajectory

WINDOW = 3.15  # half-side of the drawn square, in data units
TOLERANCE = 3.0  # deviations, and standard errors, within which a run counts as having reached its target


def grids(target: Distribution) -> dict[str, Grid]:
    """The density where it is drawn as an image, and the score where arrows stand."""
    fine, coarse = np.linspace(-WINDOW, WINDOW, 421), np.linspace(-WINDOW, WINDOW, 23)[1:-1]
    at_pixels = np.stack(np.meshgrid(fine, fine), axis=-1)
    at_arrows = np.stack(np.meshgrid(coarse, coarse), axis=-1)
    return {
        "density": Grid(np.exp(target.log_prob(at_pixels)).astype(np.float32), (-WINDOW, WINDOW) * 2),
        "score": Grid(target.score(at_arrows), (coarse[0], coarse[-1]) * 2),
    }


class Observer:
    """Measures a run at every record: distance to a true sample, and the masses of p's named parts.

    A single particle is no sample: its distance and errors are left out, and the effective sample size of
    the part it is in is taken over the whole run instead.
    """

    def __init__(self, target: Distribution, particles: int, rng: np.random.Generator) -> None:
        self._parts = target if isinstance(target, GaussianMixture) and target.parts else None
        self._many = particles > 1
        self._truth = target.sample(particles, rng)
        if self._many:
            self._floor = metrics.noise_floor(metrics.sliced_wasserstein, target.sample, particles, rng)
        self._distance: list[float] = []
        self._masses: list[metrics.Masses] = []

    def look(self, position: Array) -> None:
        if self._many:
            self._distance.append(metrics.sliced_wasserstein(position, self._truth))
        if self._parts is not None:
            self._masses.append(metrics.part_masses(self._parts.responsibilities(position)))

    def series(self, recorded: np.ndarray) -> dict[str, Series]:
        out: dict[str, Series] = {}
        first = recorded[:1]
        if self._many:
            floor = np.array([[self._floor.mean, self._floor.standard_deviation]])
            out["distance"] = Series(recorded, np.array(self._distance), ("sliced W2",))
            out["distance_floor"] = Series(first, floor, ("mean", "standard deviation"))
        if self._parts is not None:
            names = self._parts.parts
            masses = np.array([m.mass for m in self._masses])
            out["part_mass"] = Series(recorded, masses, names)
            out["part_mass_target"] = Series(first, self._parts.part_masses[None], names)
            if self._many:
                errors = np.array([m.standard_error for m in self._masses])
                out["part_mass_error"] = Series(recorded, errors, names)
            else:
                gaps = np.diff(recorded)
                thinned = masses[1:][gaps == np.median(gaps)]  # evenly spaced, unlike the dense beginning
                size = np.atleast_1d(metrics.effective_sample_size(thinned))
                out["effective_sample_size"] = Series(recorded[-1:], size[None], names)
        return out


class Verdict(NamedTuple):
    """Whether a run has reached its target by its last step, and the sentence to say if not."""

    settled: bool
    sentence: str


def verdict(trajectory: Trajectory) -> Verdict:
    """Hold the last record against p: its distance against the floor, its part masses against p's.

    A film may say "in the right proportions" only of a run of which this is true.

    Raises:
        RecipeError: the trajectory is that of a single particle.
    """
    series = trajectory.series
    if "distance" not in series:
        raise RecipeError(f"'{trajectory.recipe}' follows one particle: a verdict needs two or more")
    distance = float(series["distance"].values[-1])
    mean, deviation = series["distance_floor"].values[0]
    faults = []
    if distance > mean + TOLERANCE * deviation:
        faults.append(f"its distance to p is {distance:.3f} where two true samples are {mean:.3f} apart")
    if "part_mass" in series:
        mass, error = series["part_mass"].values[-1], series["part_mass_error"].values[-1]
        target = series["part_mass_target"].values[0]
        worst = int(np.argmax(np.abs(mass - target) / np.maximum(error, 1e-12)))
        if abs(mass[worst] - target[worst]) > TOLERANCE * error[worst]:
            name = series["part_mass"].labels[worst]
            faults.append(f"the part '{name}' has {mass[worst]:.3f} of the mass instead of {target[worst]:.3f}")
    if not faults:
        return Verdict(True, "")
    advice = "take more steps, a smaller step size, or a target whose parts are joined by a haze"
    return Verdict(False, f"'{trajectory.recipe}' has not reached its target: {' and '.join(faults)}; {advice}")
