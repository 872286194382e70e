"""What many processes gain: `python -m benchmarks.processes [SCENE] [--quality LETTER] [--jobs N]`.

A film is made by `python -m scenes render` with one process and with several, each time in a fresh folder, where
only its runs are there already. Work is the time of all cores for all processes. Work over wall is how many cores
were busy: the encoder has threads of its own, and where one process keeps most cores busy already, more of them
cannot gain much.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import Row, Tables
from diffusion_core.recipe import parameters_of
from scenes.films import find_film
from scenes.storyboard import recipes_of

ROOT = Path(__file__).resolve().parent.parent
TRAJECTORIES = ROOT / "media" / "trajectories"


def compute_missing(scene: str) -> None:
    """Let all runs be there, so that the first film does not pay for them."""
    for recipe in recipes_of(find_film(scene)):
        if not recipe.path(TRAJECTORIES).exists():
            words = ["diffusion_core", "compute", json.dumps(parameters_of(recipe)), f"--folder={TRAJECTORIES}"]
            subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=True)


def rendered(scene: str, quality: str, jobs: int) -> tuple[float, float]:
    """Make a film with so many processes: seconds on the wall, and of all cores' work."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "media").mkdir()
        (folder / "media" / "trajectories").symlink_to(TRAJECTORIES)
        (folder / "manim.cfg").symlink_to(ROOT / "manim.cfg")  # which puts `media` where one stands
        words = ["scenes", "render", scene, "--quality", quality, "--jobs", str(jobs)]
        before, start = children(), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", *words], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True
        )
        return time.perf_counter() - start, children() - before


def children() -> float:
    """Seconds that cores worked for this process's children that have ended, and for theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measure and print; the rows, one for each number of processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scene", nargs="?", metavar="SCENE", default="LangevinScene", help="default: %(default)s")
    parser.add_argument("--quality", choices="lmhk", default="h", help="default: %(default)s")
    parser.add_argument("--jobs", type=int, default=2, help="processes, beside one (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    compute_missing(chosen.scene)
    tables = Tables()
    alone: tuple[float, float] | None = None
    for jobs in (1, chosen.jobs):
        wall, work = rendered(chosen.scene, chosen.quality, jobs)
        row = {"film": chosen.scene, "quality": chosen.quality, "jobs": jobs, "cores": os.cpu_count()}
        row |= {"wall s": wall, "work s": work, "cores busy": work / wall}
        row |= {
            "times as fast": alone and alone[0] / wall,
            "cores busy with one": alone and f"{alone[1] / alone[0]:.2f} of {os.cpu_count()} cores",
        }
        tables.add("processes", row)
        alone = alone or (wall, work)
    return tables


if __name__ == "__main__":
    main()
