"""Which benchmarks there are, what a quick try of each is, and which tables README.md has of it."""

from __future__ import annotations

import importlib
from typing import Final, NamedTuple

from benchmarks.tables import Row


class Benchmark(NamedTuple):
    """One script.

    Args:
        tables: that README.md has of it; the JSON has all its rows.
        quick: the arguments for its smallest run, which only shows that it works.
    """

    tables: tuple[str, ...]
    quick: tuple[str, ...]


BENCHMARKS: Final = {
    "langevin": Benchmark(("langevin", "langevin-growth"), ("--pairs=2", "--most=1000")),
    "training": Benchmark(("training", "training-errors", "training-steps", "training-spiral"), ("--quick",)),
    "sampling": Benchmark(("sampling", "sampling-growth"), ("--quick",)),
    "render": Benchmark(
        ("render", "render-growth", "render-density", "render-map"), ("--repeats=2", "--most=3000")
    ),
    "encoder": Benchmark(
        ("encoder",),
        ("--pictures=2", "--rounds=1", "--settings", "preset=medium,crf=23", "preset=veryfast,crf=19,threads=2"),
    ),
    "film": Benchmark(
        ("film", "film-drafts"), ("DenoiserScene", "--quality=low_quality", "--every=5", "--no-drafts")
    ),
    "explorer": Benchmark(("explorer",), ("--particles=500", "--seconds=1")),
    "processes": Benchmark(("processes",), ("DenoiserScene", "--quality=l", "--rounds=1")),
    "million": Benchmark(("million",), ("Langevin", "--most=10000")),
}
"""In the order in which they run, that of README.md."""


def run(name: str, arguments: list[str]) -> list[Row]:
    """Run one here and now; it is imported only now, for some take seconds and gigabytes."""
    rows: list[Row] = importlib.import_module(f"benchmarks.{name}").main(arguments)
    return rows
