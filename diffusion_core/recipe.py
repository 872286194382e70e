"""What all recipes have in common: a name, parameters that make sense, and a key that says what was computed.

A recipe is a named experiment, computed once: its key covers its parameters, its input file and the code that
computes it. The recipes themselves stand in `langevin_recipes.py` and `diffusion_recipes.py`.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from diffusion_core.errors import RecipeError
from diffusion_core.many import are_many

FOLDER = Path("media/trajectories")


@dataclass(frozen=True)
class Recipe:
    """An experiment on a target density.

    Args:
        name: of the file and of the record; letters, digits and dashes.
        about: one line for the list.
        target: a name of `shapes.TARGETS` or the path of a picture or CSV file.
        options: what the target's function takes, for example {"face": 0.0}.
        seed: of all randomness.

    Raises:
        RecipeError: a parameter out of range.
    """

    computed_by: ClassVar[str]
    """The module of this package whose `compute(recipe, path, folder, progress)` runs it."""

    name: str
    about: str = field(default="", compare=False)
    target: str = "smiley"
    options: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        self._need_whole(seed=0)

    def _need_whole(self, **least: int) -> None:
        """Refuse parameters that are no whole numbers from the named least ones up."""
        for name, smallest in least.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < smallest:
                raise RecipeError(f"{name} = {value!r} makes no run: choose a whole number from {smallest} up")

    def _need_positive(self, **example: float) -> None:
        """Refuse parameters that are no finite numbers above 0; the examples are what to choose instead."""
        for name, sensible in example.items():
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and np.isfinite(value) and value > 0):
                raise RecipeError(f"{name} = {value!r} makes no run: choose a number above 0, such as {sensible}")

    @property
    def key(self) -> str:
        """Hex digits that change with a parameter, with the target file's contents or with our own code."""
        file = Path(self.target)
        contents = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        parts = [parameters_of(self), contents, source_hash(self.computed_by), *self._made_from()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def shape(self) -> tuple[int, int]:
        """About how many records of how many particles it makes."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """About how many bytes its positions take in single precision, as those of many particles are kept."""
        return 2 * 4 * int(np.prod(self.shape))

    @property
    def many(self) -> bool:
        """Whether its particles are so many that it takes minutes and gigabytes, and is computed if named only."""
        return are_many(self.shape[1])

    def _made_from(self) -> tuple[str, ...]:
        """Keys of the recipes whose results this one uses."""
        return ()

    def path(self, folder: Path = FOLDER) -> Path:
        """Where this recipe's trajectory lies."""
        return folder / f"{self.name}-{self.key}.npz"


def finite_numbers(value: object, count: int) -> tuple[float, ...] | None:
    """So many finite numbers in a tuple, or in the list that JSON makes of it; None for anything else."""
    numbers = value if isinstance(value, (tuple, list)) else ()
    plain = all(isinstance(number, (int, float)) and np.isfinite(number) for number in numbers)
    return tuple(map(float, numbers)) if plain and len(numbers) == count else None


def parameters_of(recipe: Recipe) -> dict[str, Any]:
    """All parameters that decide what is computed, as JSON keeps them."""
    return _without_about(dataclasses.asdict(recipe))


def _without_about(parameters: dict[str, Any]) -> dict[str, Any]:
    """What a recipe, and the recipe of its network in it, say of themselves changes nothing."""
    within = {name: _without_about(value) for name, value in parameters.items() if isinstance(value, dict)}
    return parameters | within | ({"about": ""} if "about" in parameters else {})


@cache
def source_hash(module: str) -> str:
    """Hash of the source of a module of this package and of all those of the package that it imports."""
    package = Path(__file__).parent
    return hash_of_sources(package / f"{module}.py", [package])


def hash_of_sources(file: Path, packages: Sequence[Path]) -> str:
    """Hash of a file of Python and of all modules that it imports, directly or not, from packages (folders)."""
    seen: dict[str, bytes] = {}
    todo = [(file.name, file)]
    while todo:
        name, path = todo.pop()
        if name in seen or not path.is_file():
            continue
        seen[name] = path.read_bytes()
        imported = set()
        for node in ast.walk(ast.parse(seen[name])):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
        for package in packages:
            below = [module for module in imported if module.startswith(f"{package.name}.")]
            todo += [(module, package.parent / f"{module.replace('.', '/')}.py") for module in below]
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(f"{name} {len(seen[name])} ".encode() + seen[name])
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """What, beside our code, decides the last digits: libraries and the processor's vector instructions."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": version("scipy"),
        "diffusion_core": version("diffusion-visualizations"),
        "machine": f"{platform.machine()} {' '.join(simd['baseline'] + simd.get('found', []))}",
    }


def seconds_file(path: Path) -> Path:
    """Where it stands how long a training took: apart from its record, which is the same each time."""
    return path.with_suffix(".seconds.json")
