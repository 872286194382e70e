"""The film against its encoder: `python benchmarks/film.py [--quality NAME] [--inflight N] [--only SECTION]`.

Each stretch of film is rendered as `manim` does it, and then the very frames of it, still in memory, are encoded
again alone: the same encoder, settings and threads, into a file beside it. Film over encoder is the ratio; 1 would
mean that drawing costs nothing. At 1080p60 the whole takes a quarter of an hour.
"""

import argparse
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from manim import tempconfig
from manim.scene.video_segment_encoder import VideoSegmentEncoder

from scenes.langevin import LangevinScene

TRAJECTORIES = Path("media/trajectories").resolve()


class Timed(LangevinScene):
    """The film, which keeps the frames of each play until they have been encoded a second time."""

    def setup(self):
        super().setup()
        self.frames, self.seconds = [], defaultdict(lambda: [0.0, 0.0, 0])
        self.memory = {}
        write = self.renderer.file_writer.write_frame

        def write_frame(pixels, *, repeat=1):
            self.frames.append((pixels, repeat))
            write(pixels, repeat=repeat)

        self.renderer.file_writer.write_frame = write_frame

    def trajectory(self, recipe):
        with tempconfig({"media_dir": str(TRAJECTORIES.parent)}):  # not computed anew in a folder for one run
            return super().trajectory(recipe)

    def play(self, *animations, **options):
        start = time.perf_counter()
        super().play(*animations, **options)
        middle = time.perf_counter()
        if not self.frames:
            return
        with tempfile.TemporaryDirectory() as folder:
            encoder = VideoSegmentEncoder(
                target=Path(folder) / "again.mp4", spec=self.renderer.file_writer.video_encoder
            )
            for pixels, repeat in self.frames:
                encoder.write_frame(pixels, repeat=repeat)
            encoder.finish()
        end = time.perf_counter()
        section = self.seconds[self.beats[-1].partition(":")[0] if self.beats else "start"]
        section[0] += middle - start
        section[1] += end - middle
        section[2] += sum(repeat for _, repeat in self.frames)
        self.frames.clear()
        self.memory[self.beats[-1].partition(":")[0] if self.beats else "start"] = resident_mb()


def resident_mb() -> float:
    """Memory that this process holds now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quality", default="high_quality")
    parser.add_argument("--inflight", type=int, default=1, help="Manim's max_inflight_encoders")
    parser.add_argument("--only", help="one section")
    chosen = parser.parse_args()
    settings = {"quality": chosen.quality, "max_inflight_encoders": chosen.inflight, "disable_caching": True}
    settings |= {"progress_bar": "none", "verbosity": "WARNING"}
    with tempfile.TemporaryDirectory() as folder, tempconfig(settings | {"media_dir": folder}):
        scene = type("Timed", (Timed,), {"only": chosen.only})()
        for run in ("climbing", "sampling", "chain", "near", "eyes", "corrected", "parted"):
            getattr(scene, run)  # computed before the clock starts
        scene.render()
    print("| section | frames | film s | encoder s | ratio | ms a frame | memory MB |")
    print("|---|---|---|---|---|---|---|")
    whole = [sum(column) for column in zip(*scene.seconds.values(), strict=True)]
    for name, (film, encoder, frames) in [*scene.seconds.items(), ("whole", whole)]:
        memory = scene.memory.get(name, 0)
        print(
            f"| {name} | {frames:,} | {film:.1f} | {encoder:.1f} | {film / encoder:.2f} "
            f"| {1e3 * film / frames:.1f} | {f'{memory:.0f}' if memory else ''} |"
        )


if __name__ == "__main__":
    main()
