"""What of a trajectory a page shows: some records of some particles, quantised, and the score that moved them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from diffusion_core.distributions import Array, Distribution, GaussianMixture
from diffusion_core.errors import DistributionError, RecipeError
from diffusion_core.fields import WINDOW, plane
from diffusion_core.langevin_recipes import LangevinRecipe
from diffusion_core.packing import COARSE, Packed, as_read, pack, pack_doubles
from diffusion_core.recipes import RECIPES, recipe_of
from diffusion_core.shapes import find_target
from diffusion_core.trajectory import Trajectory

FOLLOWED: Final = ("ascent", "ula", "mala")  # samplers whose drift is τ ∇ log p at the place they leave
COMPONENTS: Final = 2000  # of a mixture that a page computes with; of more, it gets a grid
NODES: Final = 301  # a side, of that grid
MOSTLY: Final = 0.99  # the share of all drifts for which a grid's error is stated
RESOLUTION: Final = 1e-4  # of positions, in stage units: a sixtieth of a pixel on a stage of 1000


@dataclass(frozen=True)
class Scenery:
    """A density or a score at one moment or several, for drawing."""

    values: Packed  # (rows, …), moments one below the other
    sides: tuple[int, ...]  # (moments, rows, columns) or (moments, rows, columns, 2)
    window: tuple[float, ...]
    moments: tuple[int, ...]  # the record from which on each holds


@dataclass(frozen=True)
class Score:
    """∇ log p where the page needs it: a mixture's components, or values on a grid."""

    mixture: str | None  # rows of weight, mean and covariance xx, xy, yy: see `pack_doubles`
    values: Packed | None  # (n, n, 2)
    window: tuple[float, ...]


@dataclass(frozen=True)
class Run:
    """What a page holds of a trajectory; fields that are not explained are those of `Trajectory`."""

    name: str
    about: str
    sampler: str
    target_name: str
    step_size: float
    seed: int
    versions: dict[str, str]
    hash: str
    particles_in_file: int
    records_in_file: int
    steps: tuple[int, ...]
    times: tuple[float, ...]
    positions: Packed
    detailed: tuple[int, ...]
    drift: Packed | None  # None where the page computes it, or nothing is detailed
    noise: Packed | None  # to within half of the positions' quantum
    accepted: Packed | None
    density: Scenery | None
    field: Scenery | None
    score: Score | None  # None where the drift is not τ times a score that can be had
    drift_from: str  # a sentence: where the drift comes from, and how exact it is


def chosen_records(steps: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """Which records to show, at most `limit` beside the first: single steps from the start, then evenly spaced.

    Single steps, each one iteration after the last, take half of the room, and what the others leave of it.

    >>> chosen_records(np.array([0, 1, 2, 3, 13, 23, 33, 43]), 5).tolist()
    [0, 1, 2, 3, 5, 7]
    """
    if len(steps) <= limit + 1:
        return np.arange(len(steps))
    jumps = np.flatnonzero(np.diff(steps) != 1)
    single = int(jumps[0]) if len(jumps) else len(steps) - 1
    others = len(steps) - 1 - single
    single = min(single, max(limit // 2, limit - others if others else 0))
    rest = np.arange(len(steps) - 1, single, -1)
    stride = -(-len(rest) // (limit - single))
    return np.concatenate([np.arange(single + 1), rest[::stride][::-1]])


def explored(trajectory: Trajectory, particles: int, steps: int) -> Run:
    """The first particles of a trajectory, at most so many moments after the start."""
    records = chosen_records(trajectory.steps, steps)
    positions = np.stack([trajectory.positions[k, :particles] for k in records]).astype(np.float64)
    detailed = np.flatnonzero(trajectory.detailed < positions.shape[1])
    packed = pack(positions, quantum=RESOLUTION)
    score, drift_from = _score(trajectory, positions, as_read(positions, packed))
    computed = score is not None and bool((np.diff(trajectory.steps[records]) == 1).all())

    def detail(array: Array | None, **how: Any) -> Packed | None:
        return None if array is None or not len(detailed) else pack(array[records][:, detailed], **how)

    return Run(
        name=trajectory.recipe,
        about=_about(trajectory),
        sampler=str(trajectory.parameters.get("sampler", trajectory.parameters.get("process", "training"))),
        target_name=str(trajectory.parameters.get("target", "")),
        step_size=trajectory.step_size,
        seed=trajectory.seed,
        versions=trajectory.versions,
        hash=trajectory.hash,
        particles_in_file=trajectory.positions.shape[1],
        records_in_file=len(trajectory.steps),
        steps=tuple(trajectory.steps[records].tolist()),
        times=tuple(trajectory.times[records].tolist()),
        positions=packed,
        detailed=tuple(trajectory.detailed[detailed].tolist()),
        drift=None if computed else detail(trajectory.drift),
        noise=detail(trajectory.noise, quantum=packed.quantum),
        accepted=detail(trajectory.accepted, levels=COARSE, quantum=1.0),
        density=_scenery(trajectory, records, "diffused" if "diffused" in trajectory.grids else "density"),
        field=_scenery(trajectory, records, "score"),
        score=score,
        drift_from=drift_from,
    )


def _about(trajectory: Trajectory) -> str:
    """What the list of recipes says of it, if it is one of them."""
    try:
        recipe = recipe_of(trajectory.parameters)
    except (RecipeError, TypeError):
        return ""
    named = RECIPES.get(trajectory.recipe)
    return named.about if named == recipe and named is not None else f"{recipe.target}, with other parameters"


def _scenery(trajectory: Trajectory, records: NDArray[np.int64], name: str) -> Scenery | None:
    """A grid of the file; of a density, 8 bits are as many as there are colours, and of many every second row."""
    if name not in trajectory.grids:
        return None
    values, window = trajectory.grids[name]
    vectors = values.shape[-1] == 2
    moments = values if values.ndim == (4 if vectors else 3) else values[None]
    begins = trajectory.series["moments"].steps if "moments" in trajectory.series else np.zeros(1, np.int64)
    if len(moments) != len(begins):
        return None
    if len(moments) > 1 and not vectors:
        moments = moments[:, ::2, ::2]
    rows = moments.reshape(-1, *moments.shape[2:])
    return Scenery(
        values=pack(rows) if vectors else pack(rows / _peaks(moments), COARSE),
        sides=moments.shape,
        window=tuple(map(float, window)),
        moments=tuple(np.searchsorted(trajectory.steps[records], begins).tolist()),
    )


def _peaks(moments: Array) -> Array:
    """Each moment's maximum, for each of its rows: (moments · rows, 1)."""
    peaks = np.maximum(moments.max(axis=(1, 2)), np.finfo(np.float32).tiny)
    return np.repeat(peaks, moments.shape[1])[:, None]


def _score(trajectory: Trajectory, positions: Array, read: Array) -> tuple[Score | None, str]:
    """The score that moved the particles, and a sentence that says where the drift comes from.

    `read` are the positions (records, particles, 2) as the page reads them.
    """
    kept = f"kept for {len(trajectory.detailed):,} particles"
    try:
        recipe = recipe_of(trajectory.parameters)
        if not isinstance(recipe, LangevinRecipe) or recipe.sampler not in FOLLOWED:
            return None, kept
        target = find_target(recipe.target, **recipe.options)
    except (RecipeError, DistributionError, TypeError):  # of another version, or of a file that is elsewhere
        return None, kept
    if isinstance(target, GaussianMixture) and len(target.weights) <= COMPONENTS:
        return Score(components(target), None, ()), "computed in the page, in closed form"
    return _grid_score(target, positions, read, trajectory.step_size)


def components(mixture: GaussianMixture) -> str:
    """A mixture for the page: rows of weight, mean x and y, covariance xx, xy and yy."""
    covariances = mixture.covariances.reshape(-1, 4)[:, [0, 1, 3]]
    return pack_doubles(np.column_stack([mixture.weights, mixture.means, covariances]))


def _grid_score(target: Distribution, positions: Array, read: Array, step_size: float) -> tuple[Score, str]:
    """A target's score on a grid over all positions, and how far the drift from it is off at these."""
    reach = max(WINDOW, float(np.abs(read).max()))
    values = target.score(plane(np.linspace(-reach, reach, NODES)))
    packed = pack(values)
    nodes = (read[..., ::-1].reshape(-1, 2).T + reach) * (NODES - 1) / (2 * reach)  # row, column
    kept = as_read(values, packed)
    between = [map_coordinates(kept[..., axis], nodes, order=1, mode="nearest") for axis in range(2)]
    off = np.stack(between, axis=1) - target.score(positions.reshape(-1, 2))
    most = step_size * float(np.quantile(np.linalg.norm(off, axis=1), MOSTLY))
    how = f"from a grid of {NODES} × {NODES}; {MOSTLY:.0%} of it off by less than {most:.2g}"
    return Score(None, packed, (-reach, reach, -reach, reach)), how
