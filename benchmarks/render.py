"""How long a frame with particles takes: `python benchmarks/render.py` prints the tables."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from manim import Camera, Dot, Mobject, VGroup

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


def density_rows(repeats: int = 21) -> list[dict[str, float]]:
    """DensityCloud for each number of particles, between two records of a file: one row a number."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        walk = walk_on_disk(Path(folder), max(MANY))
        cloud = DensityCloud(walk, fingerprint="walk")
        cloud.eased = True
        for particles in MANY:
            cloud.set_count(particles)
            took = [frame_ms(cloud.show(record), repeats) for record in (0.0, 2.5)]
            rows.append({"particles": particles, "on a record": took[0], "between two": took[1]})
    return rows


def main() -> list[dict[str, float]]:
    """Print the tables; the rows of the last one are handed back."""
    slow, fast = frame_ms(dots(COMPARED), 5), frame_ms(ParticleCloud(positions(COMPARED)), 51)
    print(f"| {COMPARED:,} particles, 1920 × 1080 | ms a frame |\n|---|---|")
    print(f"| VGroup of Dots | {slow:.0f} |\n| ParticleCloud | {fast:.2f} |\n| ratio | {slow / fast:.0f} |\n")
    print("| particles | ms a frame | µs a particle |\n|---|---|---|")
    for particles in SIZES:
        took = frame_ms(ParticleCloud(positions(particles)), 21)
        print(f"| {particles:,} | {took:.2f} | {1e3 * took / particles:.3f} |")
    y, x = np.mgrid[-3:3:256j, -3:3:256j]
    took = frame_ms(DensityMap(np.exp(-x * x - y * y)), 11)
    print(f"\nDensityMap, 256 × 256 values: {took:.1f} ms a frame.\n")
    rows = density_rows()
    print("| particles of a mapped file, DensityCloud | ms on a record | ms between two |\n|---|---|---|")
    for row in rows:
        print(f"| {row['particles']:,} | {row['on a record']:.1f} | {row['between two']:.1f} |")
    return rows


if __name__ == "__main__":
    main()
