"""The record that leaves the library: what one run did. `npz.py` writes it to a file and reads it back.

What a file holds is decided here, so that a record in memory and the file made of it have one hash.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffusion_core.errors import TrajectoryError

Array: TypeAlias = NDArray[Any]

FORMAT, VERSION = "diffusion_core trajectory", 1
ARRAYS = ("positions", "steps", "times", "detailed", "drift", "noise", "accepted", "weights")
PLAIN = ("recipe", "parameters", "seed", "versions", "step_size")
FLOATS = (np.dtype("<f4"), np.dtype("<f8"))
INTEGER, TRUTH = np.dtype("<i8"), np.dtype("?")
_FLOAT = np.dtype("<f8")


class Grid(NamedTuple):
    """A quantity on the drawn window; row 0 is the lowest y, column 0 the lowest x."""

    values: Array  # (rows, columns), (rows, columns, 2), or either with a leading axis of moments; floats
    window: tuple[float, float, float, float]  # x0, x1, y0, y1: centres of the outer cells, stage units


class Series(NamedTuple):
    """A quantity, or several of one kind, along the run."""

    steps: Array  # (n,) int64 iteration numbers, increasing
    values: Array  # (n,) or (n, m) float64
    labels: tuple[str, ...] = ()  # m names; for values (n,) one name or none


@dataclass(frozen=True, eq=False, kw_only=True)
class Trajectory:
    """What one run did. Two trajectories are equal where their `hash` is.

    Raises:
        TrajectoryError: types, shapes or values that contradict the comments below.
    """

    positions: Array  # (records, particles, 2) float32 or float64, stage units; a read-only map if loaded.
    # That the positions are finite is checked where they are written and read, not here.
    steps: Array  # (records,) int64 iteration number of each record, increasing
    times: Array  # (records,) float64 algorithmic time of each record
    step_size: float  # τ > 0
    detailed: Array  # (m,) int64 indices of the particles whose single steps are kept
    drift: Array  # (records, m, 2) float64 what the iteration that led to the record did; 0 at iteration 0
    noise: Array  # (records, m, 2) float64 likewise
    accepted: Array | None = None  # (records, m) bool; None for samplers that never refuse
    weights: Array | None = None  # (records, parameters) float32 of the network at each record of a training
    grids: Mapping[str, Grid] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    recipe: str  # name of the experiment
    parameters: dict[str, Any]  # of the recipe: JSON values (tuples become lists)
    seed: int  # of the run's generator
    versions: dict[str, str]  # of the software that computed it
    path: Path | None = None  # the file that it was read from

    def __post_init__(self) -> None:
        for name in PLAIN:
            object.__setattr__(self, name, _plain_json(name, getattr(self, name)))
        _check_run(self)
        for name, grid in self.grids.items():
            _check_grid(name, grid)
        for name, series in self.series.items():
            _check_series(name, series)
        for name, array in arrays_of(self).items():
            require(name == "positions" or np.isfinite(array).all(), f"there is NaN or infinity in {name}")

    @cached_property
    def hash(self) -> str:
        """SHA-256, in hex, over everything but `path`: that of the metadata, which hold the members' own."""
        return sha256_of(metadata_of(self, {name: digest_of(array) for name, array in arrays_of(self).items()}))

    def explore(
        self,
        other: Trajectory | None = None,
        *,
        particles: int = 1000,
        steps: int = 200,
        theme: str = "dark",
    ) -> Any:
        """A widget to play with this run in a notebook, see `explorer.exploration` for the arguments.

        Raises:
            ExplorerError: anywidget is not installed, or what `explorer.exploration` raises.
        """
        # Not imported above: the source of all that is enters the keys of runs, and the explorer changes none.
        explorer = importlib.import_module("diffusion_core.explorer")
        return explorer.widget(explorer.exploration(self, other, particles, steps, theme))


def arrays_of(trajectory: Trajectory) -> dict[str, Array]:
    """All arrays by their names in the file, in the file's order."""
    named = {name: getattr(trajectory, name) for name in ARRAYS}
    arrays = {name: array for name, array in named.items() if array is not None}
    for name, grid in sorted(trajectory.grids.items()):
        arrays[f"grid.{name}"] = grid.values
    for name, series in sorted(trajectory.series.items()):
        arrays |= {f"series.{name}": series.values, f"series.{name}.steps": series.steps}
    return arrays


def metadata_of(trajectory: Trajectory, digests: Mapping[str, str]) -> str:
    """JSON text of all that is no array, and of the arrays' digests by name."""
    metadata = {name: getattr(trajectory, name) for name in PLAIN} | {
        "format": FORMAT,
        "version": VERSION,
        "windows": {name: list(map(float, grid.window)) for name, grid in trajectory.grids.items()},
        "labels": {name: list(map(str, series.labels)) for name, series in trajectory.series.items()},
        "sha256": digests,
    }
    return json.dumps(metadata, sort_keys=True)


def npy_bytes(array: Array) -> Iterator[bytes]:
    """The bytes of an array as an .npy of version 1.0: the header first, then the numbers row by row."""
    header = io.BytesIO()
    layout = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
    np.lib.format.write_array_header_1_0(header, layout)
    yield header.getvalue()
    for row in array if array.ndim > 1 else [array]:
        yield row.tobytes()


def digest_of(array: Array) -> str:
    """SHA-256, in hex, of an array as it stands in the file."""
    digest = hashlib.sha256()
    for part in npy_bytes(array):
        digest.update(part)
    return digest.hexdigest()


def sha256_of(text: str) -> str:
    """SHA-256, in hex, of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _check_run(run: Trajectory) -> None:
    shape, m = run.positions.shape, run.detailed.size
    well_shaped = len(shape) == 3 and shape[2] == 2 and 0 not in shape
    require(well_shaped, f"positions are of the shape {shape}, not (records, particles, 2)")
    records, particles, _ = shape
    _expect("positions", run.positions, shape, *FLOATS)
    _expect("steps", run.steps, (records,), INTEGER)
    _expect("times", run.times, (records,), _FLOAT)
    _expect("detailed", run.detailed, (m,), INTEGER)
    _expect("drift", run.drift, (records, m, 2), _FLOAT)
    _expect("noise", run.noise, (records, m, 2), _FLOAT)
    if run.accepted is not None:
        _expect("accepted", run.accepted, (records, m), TRUTH)
    if run.weights is not None:
        _expect("weights", run.weights, (records, *run.weights.shape[1:]), FLOATS[0])
        require(run.weights.ndim == 2, f"weights are of the shape {run.weights.shape}, not (records, parameters)")
    require((np.diff(run.steps) > 0).all(), "steps do not increase")
    require(np.unique(run.detailed).size == m, "detailed names a particle twice")
    known = ((run.detailed >= 0) & (run.detailed < particles)).all()
    require(known, f"detailed names a particle that is none of the {particles}")
    unmoved = not (run.drift[0].any() or run.noise[0].any())
    require(unmoved or run.steps[0] != 0, "drift or noise lead to iteration 0, where the run starts")
    require(run.step_size > 0, f"a step size of {run.step_size} goes nowhere: choose one above 0")


def _check_grid(name: str, grid: Grid) -> None:
    require(name.isidentifier(), f"the grid {name!r} needs a name like a variable's")
    shape, window = grid.values.shape, grid.window
    well_shaped = len(shape) in (2, 3) or (len(shape) == 4 and shape[3] == 2)
    require(well_shaped, f"the grid {name} is of the shape {shape}, not (…, rows, columns) or (…, 2)")
    _expect(f"the grid {name}", grid.values, shape, *FLOATS)
    spans = len(window) == 4 and np.isfinite(window).all() and window[0] < window[1] and window[2] < window[3]
    require(spans, f"the window {window} of the grid {name} is not x0 < x1, y0 < y1")


def _check_series(name: str, series: Series) -> None:
    require(name.isidentifier(), f"the series {name!r} needs a name like a variable's")
    shape, labels = series.values.shape, series.labels
    require(len(shape) in (1, 2), f"the series {name} is of the shape {shape}, not (n,) or (n, m)")
    _expect(f"the series {name}", series.values, shape, _FLOAT)
    _expect(f"the steps of the series {name}", series.steps, shape[:1], INTEGER)
    require((np.diff(series.steps) > 0).all(), f"the steps of the series {name} do not increase")
    fitting = shape[1:] or (0, 1)
    require(len(labels) in fitting, f"the series {name} is of the shape {shape} and has {len(labels)} labels")


def _expect(name: str, array: Array, shape: tuple[int, ...], *types: np.dtype[Any]) -> None:
    expected = f"{shape} {' or '.join(map(str, types))}"
    right = array.shape == shape and array.dtype in types
    require(right, f"{name} should be {expected}, not {array.shape} {array.dtype}")


def _plain_json(name: str, value: object) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TrajectoryError(f"{name} cannot be kept as JSON ({error}): use plain values") from error


def require(condition: bool | np.bool_, fault: str) -> None:
    """Raise TrajectoryError with that fault unless the condition holds."""
    if not condition:
        raise TrajectoryError(fault)
