"""How long a frame with particles takes: `python -m benchmarks.render [--repeats N] [--most N]`."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from manim import Camera, Dot, Mobject, VGroup

from benchmarks.tables import Row, Tables
from scenes.mobjects.density_cloud import DensityCloud
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.theme import DOT_OPACITY, DOT_RADIUS, theme

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
COMPARED = 5_000
MANY = (1_000, 10_000, 100_000, 1_000_000)


def median_ms(draw: Callable[[], object], repeats: int) -> float:
    """Median time of a call in milliseconds; the first call, which may compile, is not counted."""
    draw()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        draw()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def frame_ms(mobject: Mobject, repeats: int) -> float:
    """Time to draw one mobject at 1080p, as Manim's renderer asks for it."""
    camera = Camera(pixel_width=1920, pixel_height=1080)
    return median_ms(lambda: camera.capture_mobjects([mobject]), repeats)


def positions(particles: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, (particles, 2)).clip(-3.1, 3.1)


def dots(particles: int) -> VGroup:
    look = {"radius": DOT_RADIUS, "color": theme().particles, "fill_opacity": DOT_OPACITY}
    return VGroup(*(Dot((*x, 0), **look) for x in positions(particles)))


def walk_on_disk(folder: Path, particles: int, records: int = 8) -> np.ndarray:
    """A run of so many particles as a map of a file, (records, particles, 2), as a film finds it."""
    rng, shape = np.random.default_rng(0), (records, particles, 2)
    file = np.lib.format.open_memmap(folder / "walk.npy", "w+", np.float32, shape)
    for record in file:
        record[:] = rng.normal(0, 1.2, shape[1:])
    file.flush()
    return np.load(folder / "walk.npy", mmap_mode="r")


def compared_row(repeats: int) -> Row:
    """A cloud against the mobjects of which Manim itself would make it."""
    slow = frame_ms(dots(COMPARED), min(5, repeats))
    fast = frame_ms(ParticleCloud(positions(COMPARED)), 2 * repeats)
    return {"particles": COMPARED, "VGroup of Dots, ms": slow, "ParticleCloud, ms": fast, "ratio": slow / fast}


def density_rows(sizes: tuple[int, ...], repeats: int) -> Iterator[Row]:
    """DensityCloud for each number of particles, between two records of a file: one row a number."""
    with tempfile.TemporaryDirectory() as folder:
        walk = walk_on_disk(Path(folder), max(sizes))
        cloud = DensityCloud(walk, fingerprint="walk")
        cloud.eased = True
        for particles in sizes:
            cloud.set_count(particles)
            took = [frame_ms(cloud.show(record), repeats) for record in (0.0, 2.5)]
            yield {"particles": particles, "ms on a record": took[0], "ms between two": took[1]}


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measure and print; the rows of all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=21, help="frames of each size")
    parser.add_argument("--most", type=int, default=max(MANY), help="particles")
    chosen = parser.parse_args(arguments)
    tables = Tables()
    tables.add("render", compared_row(chosen.repeats))
    for particles in (size for size in SIZES if size <= chosen.most):
        took = frame_ms(ParticleCloud(positions(particles)), chosen.repeats)
        row = {"particles": particles, "ms a frame": took, "µs a particle": 1e3 * took / particles}
        tables.add("render-growth", row)
    y, x = np.mgrid[-3:3:256j, -3:3:256j]
    took = frame_ms(DensityMap(np.exp(-x * x - y * y)), chosen.repeats)
    tables.add("render-map", {"DensityMap, values": "256 × 256", "ms a frame": took})
    for row in density_rows(tuple(size for size in MANY if size <= chosen.most), chosen.repeats):
        tables.add("render-density", row)
    return tables


if __name__ == "__main__":
    main()
