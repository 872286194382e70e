"""Where figures go: a JSON file with all of them, and the marked tables of README.md."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from benchmarks.growth import CURVES, plot
from benchmarks.tables import Row, markdown, rows_of

README: Final = Path(__file__).parent / "README.md"
PACKAGES: Final = ("manim", "av", "numpy", "scipy", "numba", "torch")


class MarkerError(ValueError):
    """README.md has no place for a table."""


def begin(name: str) -> str:
    return f"<!-- begin {name} -->\n"


def end(name: str) -> str:
    return f"<!-- end {name} -->"


def replaced(text: str, name: str, content: str) -> str:
    """The text with this between a table's markers, and nothing else changed.

    Raises:
        MarkerError: the markers are not there just once, in order.
    """
    before, found, rest = text.partition(begin(name))
    _, closed, after = rest.partition(end(name))
    if not found or not closed or begin(name) in rest or end(name) in before + after:
        raise MarkerError(f"there must be one '{begin(name).strip()}' and one '{end(name)}' after it")
    return f"{before}{found}\n{content}\n\n{closed}{after}"


def publish(rows: Sequence[Row], tables: Sequence[str], readme: Path = README) -> None:
    """Write a benchmark's tables and curves into README.md; bytes, so that line ends stay as they are."""
    text = readme.read_bytes().decode()
    for name in tables:
        own = rows_of(rows, name)
        if not own:
            raise ValueError(f"the benchmark has no rows for the table '{name}' of {readme.name}")
        content = markdown(own)
        if name in CURVES:
            content += "\n\n" + plot(CURVES[name], own, readme.parent)
        text = replaced(text, name, content)
    readme.write_bytes(text.encode())


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)
    return {
        "processor": model or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := installed(name))},
    }


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def write_json(path: Path, told: dict[str, Any]) -> None:
    """All that is known so far; numbers of NumPy become plain ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False, default=float) + "\n")
