"""What is measured along a run, and whether it has reached its target: the figures that films may quote."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffusion_core import metrics
from diffusion_core.distributions import Array, Distribution, GaussianMixture
from diffusion_core.errors import RecipeError
from diffusion_core.fields import COARSE, FINE, SHARP, density_grid, diffused_density, grid_on, plane
from diffusion_core.fields import WINDOW as WINDOW  # films take it from here
from diffusion_core.grain import Cells, grain_series
from diffusion_core.many import are_many, measured_of
from diffusion_core.schedules import Level
from diffusion_core.trajectory import Grid, Series, Trajectory

TOLERANCE = 3.0  # deviations, and standard errors, within which a run counts as having reached its target
CELLS = 42  # a side, of the histogram of a single particle's visits
BLURS = np.geomspace(0.05, 1.6, 8)  # σ of the blurred densities, in data units


def blur_series() -> dict[str, Series]:
    """The σ of the blurred densities."""
    return {"blur": Series(np.arange(len(BLURS)), BLURS, ("sigma",))}


def grids(target: Distribution) -> dict[str, Grid]:
    """The density where it is drawn as an image, blurred as well, and the score where arrows stand."""
    blurred = diffused_density(target, [Level(1.0, float(sigma)) for sigma in BLURS])
    return {
        "density": density_grid(target, SHARP),
        "blurred": grid_on(FINE, blurred.astype(np.float32)),
        "score": grid_on(COARSE, target.score(plane(COARSE))),
    }


class Visits:
    """Where a single particle has been: the iterations so far in each cell of the window, and how far from p.

    The gap is the total variation ½ Σ |share − mass| between the visits' shares and p's exact masses, with one
    more cell for everything outside the window.
    """

    def __init__(self, target: Distribution) -> None:
        self._cells = Cells(target, CELLS)
        self._counts = np.zeros(CELLS**2 + 1, np.int64)
        self._passed: list[Array] = []
        self._moments: list[NDArray[np.float32]] = []
        self._gaps: list[float] = []

    def follow(self, position: Array) -> None:
        """Take note of an iteration's position (1, 2); the counting waits for the next record."""
        self._passed.append(position)

    def look(self) -> None:
        """Count what has been passed since the last record, and keep the counts so far."""
        if self._passed:
            self._counts += self._cells.counts(np.concatenate(self._passed))
            self._passed.clear()
        self._moments.append(self._counts[:-1].astype(np.float32).reshape(CELLS, CELLS))
        self._gaps.append(self._cells.gap(self._counts))

    @property
    def grid(self) -> Grid:
        """Counts at each record, (records, rows, columns); float32 is exact up to 2²⁴ visits of a cell."""
        centre = float(self._cells.edges[1] + self._cells.edges[0]) / 2
        return Grid(np.stack(self._moments), (centre, -centre) * 2)

    def gaps(self, recorded: np.ndarray) -> Series:
        """The gap at each record."""
        return Series(recorded, np.array(self._gaps), ("total variation",))


class Observer:
    """Measures a run at every record: distance to a true sample, spread, and the masses of p's named parts.

    A single particle is no sample: its distance, spread and errors are left out. Instead, all its visits are
    counted, and the effective sample size of the part it is in is taken over the whole run.

    Of more than `many.MANY` particles only the first `many.MEASURED` are measured, against a floor for as many; in
    return it is counted how grainy all of them are where they end, see `grain.grain_series`.
    """

    def __init__(self, target: Distribution, particles: int, rng: np.random.Generator) -> None:
        self._parts = target if isinstance(target, GaussianMixture) and target.parts else None
        self._visits = Visits(target) if particles == 1 else None
        self._target, self._many, self._measured = target, are_many(particles), measured_of(particles)
        self._truth = metrics.SlicedReference(target.sample(self._measured, rng))
        if self._visits is None:
            self._floor = metrics.noise_floor(metrics.sliced_wasserstein, target.sample, self._measured, rng)
        self._distance: list[float] = []
        self._spread: list[float] = []
        self._masses: list[metrics.Masses] = []

    def follow(self, position: Array) -> None:
        """Be told of every iteration, recorded or not, the start included, before any `look` at it."""
        if self._visits is not None:
            self._visits.follow(position)

    def look(self, position: Array) -> None:
        """Measure a record."""
        self._last, position = position, position[: self._measured]
        if self._visits is not None:
            self._visits.look()
        else:
            self._distance.append(self._truth.distance(position))
            self._spread.append(float(np.sqrt(position.var(axis=0).mean())))
        if self._parts is not None:
            self._masses.append(metrics.part_masses(self._parts.responsibilities(position)))

    def grids(self) -> dict[str, Grid]:
        """What was counted in cells of the window."""
        return {} if self._visits is None else {"visits": self._visits.grid}

    def series(self, recorded: np.ndarray) -> dict[str, Series]:
        """What was measured, at the iterations that were recorded."""
        return {**self._run_series(recorded), **self._part_series(recorded)}

    def _run_series(self, recorded: np.ndarray) -> dict[str, Series]:
        if self._visits is not None:
            return {"visits_gap": self._visits.gaps(recorded)}
        floor = np.array([[self._floor.mean, self._floor.standard_deviation]])
        return {
            "distance": Series(recorded, np.array(self._distance), ("sliced W2",)),
            "distance_floor": Series(recorded[:1], floor, ("mean", "standard deviation")),
            "spread": Series(recorded, np.array(self._spread), ("spread",)),
            **(grain_series(self._target, self._last, recorded[-1:]) if self._many else {}),
        }

    def _part_series(self, recorded: np.ndarray) -> dict[str, Series]:
        if self._parts is None:
            return {}
        names = self._parts.parts
        masses = np.array([m.mass for m in self._masses])
        out = {
            "part_mass": Series(recorded, masses, names),
            "part_mass_target": Series(recorded[:1], self._parts.part_masses[None], names),
        }
        if self._visits is None:
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
        RecipeError: the trajectory is that of a single particle, or one that does not go to p.
    """
    series = trajectory.series
    if "visits_gap" not in series and "distance" not in series:
        raise RecipeError(f"'{trajectory.recipe}' does not go to p: there is nothing to judge")
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
    sentence = f"'{trajectory.recipe}' has not reached its target: {' and '.join(faults)}; {_advice(trajectory)}"
    return Verdict(False, sentence)


def _advice(trajectory: Trajectory) -> str:
    """What to change in a run that did not arrive."""
    if trajectory.weights is not None:
        return "train for more iterations, or a wider network"
    if "moments" in trajectory.series:
        return "take more steps, or train the network for more iterations"
    return "take more steps, a smaller step size, or a target whose parts are joined by a haze"
