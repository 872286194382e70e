"""What many processes gain: `python -m benchmarks.processes [SCENE …] [--quality LETTER] [--jobs N]`.

Films are made by `python -m scenes render` with one process and with several, each time in a fresh folder, where
only their runs are there already. Work is the time of all cores for all processes; work over wall is how many
cores were busy. The encoder has threads of its own, so that one process keeps more than a core busy, and a second
cannot double that. What processes gain where the encoder takes no other's core is told by one process that has,
with its encoder, a single core. Rounds alternate between these, and medians are told.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tables import Row, Tables
from diffusion_core.recipe import parameters_of
from scenes.films import find_film, usual_films
from scenes.storyboard import recipes_of

ROOT = Path(__file__).resolve().parent.parent
TRAJECTORIES = ROOT / "media" / "trajectories"


def compute_missing(scene: str) -> None:
    """Let all runs be there, so that the first film does not pay for them."""
    for recipe in recipes_of(find_film(scene)):
        if not recipe.path(TRAJECTORIES).exists():
            words = ["diffusion_core", "compute", json.dumps(parameters_of(recipe)), f"--folder={TRAJECTORIES}"]
            subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=True)


def rendered(names: Sequence[str], quality: str, jobs: int, cores: int) -> tuple[float, float | None]:
    """Make films with so many processes on so many cores: seconds on the wall, and of the machine's work."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "media").mkdir()
        (folder / "media" / "trajectories").symlink_to(TRAJECTORIES)
        (folder / "manim.cfg").symlink_to(ROOT / "manim.cfg")  # which puts `media` where one stands
        words = ["scenes", "render", *names, "--quality", quality, "--jobs", str(jobs)]
        before, start = worked(), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", *words], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True,
            preexec_fn=lambda: bind(cores),
        )  # fmt: skip
        wall = time.perf_counter() - start
        return wall, None if before is None else worked() - before


def bind(cores: int) -> None:
    """Keep this process, and those that it begins, on the first so many of its cores; Linux alone can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def worked() -> float | None:
    """Seconds that all cores have worked since the machine started, whoever for; Linux alone tells."""
    told = Path("/proc/stat")
    if not told.exists():
        return None
    user, nice, system = map(int, told.read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measure and print; a row for one process on one core, one on all, and several."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help="default: all but MillionScene")
    parser.add_argument("--quality", choices="lmhk", default="l", help="default: %(default)s")
    parser.add_argument("--jobs", type=int, default=2, help="processes, beside one (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    chosen = parser.parse_args(arguments)
    names = chosen.scenes or usual_films()
    for name in names:
        compute_missing(name)
    every = os.cpu_count() or 1
    settings = (1, 1), (1, every), (chosen.jobs, every)
    rounds = [
        [rendered(names, chosen.quality, jobs, cores) for jobs, cores in settings] for _ in range(chosen.rounds)
    ]
    tables = Tables()
    for number, (jobs, cores) in enumerate(settings):
        wall = statistics.median(one[number][0] for one in rounds)
        works = [one[number][1] for one in rounds]
        work = None if None in works else statistics.median(works)
        row = {"films": len(names), "quality": chosen.quality, "processes": jobs, "cores": cores}
        row |= {"wall s": wall, "work s": work, "cores busy": None if work is None else work / wall}
        for name, other in (("over one on one core", 0), ("over one on all", 1)):
            gained = statistics.median(one[other][0] / one[number][0] for one in rounds)
            row[name] = gained if jobs > 1 else None
        tables.add("processes", row)
    return tables


if __name__ == "__main__":
    main()
