"""What a million particles take: time in proportion to them and to the steps, and memory whatever the steps.

    python -m benchmarks.million [Langevin] [DDPM] [--most N]

Each run is a process of its own, as `python -m diffusion_core precompute` is one, and its memory is the largest
resident set that the system saw. Libraries, densities and noise floors take a time that no step changes: what a
particle and step take is told by two runs that differ in their steps alone. It includes measuring, which takes
longer than the rest for 100,000 particles, the most that are all measured; of more, 20,000 are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import Row, Tables
from diffusion_core.recipe import FOLDER
from diffusion_core.recipes import find_recipe

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"Langevin": "smiley-million", "DDPM": "dinosaur-million"}
PARTICLES = (10_000, 100_000, 200_000, 1_000_000)
STEPS = (20, 200)
NETWORK = find_recipe("dinosaur-net")
RUN = """
import dataclasses, sys
from pathlib import Path
from diffusion_core.compute import compute
from diffusion_core.recipes import find_recipe

name, particles, steps, path, folder = sys.argv[1:]
recipe = find_recipe(name)
length = {"taken" if hasattr(recipe, "taken") else "steps": int(steps)}
recipe = dataclasses.replace(recipe, particles=int(particles), **length)
compute(recipe, Path(path), Path(folder), progress=False)
"""


def main(arguments: list[str] | None = None) -> list[Row]:
    """Print the table, and return its rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; default: both")
    parser.add_argument("--most", type=int, default=max(PARTICLES), help="particles")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.kinds) - set(KINDS):
        parser.error(f"no sampler {', '.join(unknown)}: choose of {', '.join(KINDS)}")
    tables = Tables()
    with tempfile.TemporaryDirectory() as temporary:
        networks = FOLDER if NETWORK.path(FOLDER).exists() else Path(temporary)
        for kind in chosen.kinds or KINDS:
            if kind == "DDPM":
                train(networks)
            for particles in (size for size in PARTICLES if size <= chosen.most):
                before: Row | None = None
                for steps in STEPS:
                    before = measured(kind, particles, steps, Path(temporary) / "run.npz", networks, before)
                    tables.add("million", before)
    return tables


def train(folder: Path) -> None:
    """Let the network be there, so that no run pays for it."""
    command = ["-m", "diffusion_core", "precompute", NETWORK.name, "--folder", str(folder)]
    subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)


def measured(kind: str, particles: int, steps: int, path: Path, networks: Path, before: Row | None) -> Row:
    """One run, held against the one before it, of as many particles and fewer steps."""
    arguments = [KINDS[kind], str(particles), str(steps), str(path), str(networks.resolve())]
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", RUN, *arguments], cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the run of {particles:,} particles failed: see above")
    size = path.stat().st_size
    path.unlink()
    work = usage.ru_utime + usage.ru_stime  # which another program's load does not change
    further = before and (work - before["CPU s"]) / (particles * (steps - before["steps"]))
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return {
        "sampler": kind,
        "particles": particles,
        "steps": steps,
        "seconds": seconds,
        "CPU s": work,
        "µs per particle and step": 1e6 * further if further else None,
        "largest memory, MB": round(kilobytes * 1024 / 1e6),
        "file, MB": round(size / 1e6),
    }


if __name__ == "__main__":
    main()
