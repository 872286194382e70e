"""Run benchmarks, and hold what they measured against the goals: `python -m benchmarks [NAME …] [--quick]`.

Each runs in a process of its own, so that none finds another's threads, memory or settings. Figures are written
when a benchmark is done: JSON, and the tables and curves of benchmarks/README.md, unless the run is a quick one,
of which no figure means anything.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from benchmarks import catalogue
from benchmarks.catalogue import BENCHMARKS
from benchmarks.goals import judged
from benchmarks.report import machine, publish, write_json
from benchmarks.tables import Row, markdown

Run: TypeAlias = Callable[[str, list[str]], list[Row]]
"""(name, its arguments) → rows."""


def in_own_process(name: str, arguments: list[str]) -> list[Row]:
    """A benchmark's rows, from a fresh process; whatever ends that one is raised here."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return list(pool.submit(catalogue.run, name, arguments).result())


def run_all(names: Sequence[str], quick: bool, output: Path, run: Run = in_own_process) -> int:
    """Run benchmarks one after the other; the exit code: 1 if one failed, whatever the figures are."""
    about = {"when": datetime.now().astimezone().isoformat(timespec="seconds"), "quick": quick} | machine()
    results: dict[str, list[Row]] = {}
    seconds: dict[str, float] = {}
    failed: dict[str, str] = {}
    for name in names:
        print(f"\n# {name}", flush=True)
        start = time.perf_counter()
        try:
            results[name] = run(name, list(BENCHMARKS[name].quick if quick else ()))
            seconds[name] = round(time.perf_counter() - start, 1)
            if not quick:
                publish(results[name], BENCHMARKS[name].tables)
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            failed[name] = f"{type(error).__name__}: {error}"
        goals = list(judged(results))
        told = {"about": about, "seconds": seconds, "failed": failed, "goals": goals, "rows": results}
        write_json(output, told)
    if goals:
        note = ", of which none means anything in a quick run" if quick else ""
        print(f"\n# Goals{note}\n\n{markdown(goals)}")
    print(f"\nAll figures: {output}")
    for name, cause in failed.items():
        print(f"benchmarks: {name} FAILED: {cause}", file=sys.stderr)
    return 1 if failed else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="the smallest sizes, to see that all works")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks.json"), help="default: %(default)s")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}: choose of {', '.join(BENCHMARKS)}")
    return run_all(chosen.names or list(BENCHMARKS), chosen.quick, chosen.output)


if __name__ == "__main__":
    sys.exit(main())
