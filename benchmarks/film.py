"""Films against their encoder: `python -m benchmarks.film [SCENE …] [--quality NAME] [--every N] [--no-drafts]`.

A stretch of film, some plays in a row, is rendered as `manim` does it, and then its very frames, still in memory,
are encoded again alone, play by play, as Manim does by default: libx264 at crf 23. Film over encoder is the ratio;
1 would mean that drawing costs nothing. Where `manim.cfg` has other settings, the frames are encoded a third time
with these. "Work" is all cores' time for this process, which others hardly change; `ms drawing` is the main
thread's share of it. `--every 8` measures one stretch of eight, evenly spread, and skips the rest.

Drafts are what the command line does at -ql into an empty folder: the whole film over its duration, once more from
the cache, and the longest section alone (`only`), which is what one waits for after a change in it.
"""

import argparse
import dataclasses
import importlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from manim import config, tempconfig
from manim.scene.scene import Scene
from manim.scene.video_segment_encoder import VideoSegmentEncoder

from benchmarks.drafts import draft_row
from benchmarks.tables import Row, Tables
from scenes.films import films, usual_films

FILMS: Final = {name: kind.__module__ for name, kind in films().items()}
YARDSTICK: Final = (("crf", "23"),)
"""Manim's own options for libx264."""
STRETCH: Final = 100
"""Pictures after which a stretch ends: 0.8 GB of them at 1080p, besides what its last play has more."""
TOUCHED: Final = 500
"""Pictures whose memory is touched before a stretch. A virtual machine may be given it only when that is touched,
16 ms a picture at 1080p where it later takes 1.2; and that of pictures that are kept is no part of the film."""
TRAJECTORIES: Final = Path("media/trajectories").resolve()

Play = list[tuple[np.ndarray, int]]


class Meter:
    """What stretches of a film have cost so far."""

    def __init__(self, every: int) -> None:
        self.every, self.stretch, self.pictures = every, every - 1, 0  # the first is a title
        self.plays: list[Play] = []
        self.frames, self.drawing = 0, 0.0
        self.film, self.yardstick, self.ours = np.zeros(2), np.zeros(2), np.zeros(2)
        self.peak, self.held = 0.0, 0.0
        self.start, self.worked = clocks(), 0.0

    @property
    def measured(self) -> bool:
        """Whether the present stretch is one of those."""
        return self.stretch % self.every == 0

    def begin(self) -> None:
        """Start the clocks: of the film, and of what the main thread computes."""
        if self.measured:
            np.ones((TOUCHED, config.pixel_height, config.pixel_width), np.uint32)
        self.start, self.worked = clocks(), time.thread_time()

    def keep(self, pixels: np.ndarray, repeat: int) -> None:
        """Keep a frame of the present play, and see what memory the film has taken without those kept."""
        self.plays[-1].append((pixels, repeat))
        self.held += pixels.nbytes / 1e6
        if len(self.plays[-1]) % 16 == 1:
            self.peak = max(self.peak, resident_mb() - self.held)

    def end(self, writer: Any) -> None:
        """End a stretch: wait for its last encoder, and encode its frames again."""
        writer.join_all_encode_jobs()
        self.film += clocks() - self.start
        self.drawing += time.thread_time() - self.worked
        self.frames += sum(repeat for play in self.plays for _, repeat in play)
        spec = writer.video_encoder
        self.yardstick += seconds_alone(self.plays, dataclasses.replace(spec, options=YARDSTICK))
        if spec.options != YARDSTICK:
            self.ours += seconds_alone(self.plays, spec)
        self.plays, self.held = [], 0.0


def clocks() -> np.ndarray:
    """Seconds on the wall, and of all cores' work for this process."""
    return np.array([time.perf_counter(), time.process_time()])


def seconds_alone(plays: list[Play], spec: Any) -> np.ndarray:
    """Seconds to encode frames in memory, each play into a file of its own."""
    start = clocks()
    with tempfile.TemporaryDirectory() as folder:
        for play in plays:
            encoder = VideoSegmentEncoder(target=Path(folder) / "again.mp4", spec=spec)
            for pixels, repeat in play:
                encoder.write_frame(pixels, repeat=repeat)
            encoder.finish()
    return clocks() - start


def timed(film: type[Scene], meter: Meter) -> type[Scene]:
    """The film, whose plays are metered."""

    class Timed(film):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            super().setup()
            write = self.renderer.file_writer.write_frame

            def write_frame(pixels: np.ndarray, *, repeat: int = 1) -> None:
                meter.keep(pixels, repeat)
                write(pixels, repeat=repeat)

            self.renderer.file_writer.write_frame = write_frame
            meter.begin()

        def trajectory(self, recipe: Any) -> Any:
            with tempconfig({"media_dir": str(TRAJECTORIES.parent)}):  # not computed anew in a folder for one run
                return super().trajectory(recipe)

        def play(self, *animations: Any, **options: Any) -> None:
            self.renderer._original_skipping_status = not meter.measured
            meter.plays.append([])
            before = self.renderer.time
            super().play(*animations, **options)
            meter.pictures += len(meter.plays[-1]) or self.pictures_of(self.renderer.time - before)
            if not meter.measured:
                meter.plays.clear()
            if meter.pictures >= STRETCH:
                self.end_stretch()

        def pictures_of(self, seconds: float) -> int:
            """Of a play that was skipped: one, if it stood still."""
            return 1 if self.is_current_animation_frozen_frame() else round(seconds * self.camera.frame_rate)

        def end_stretch(self) -> None:
            if meter.measured:
                meter.end(self.renderer.file_writer)
            meter.stretch += 1
            meter.pictures = 0
            meter.begin()

        def tear_down(self) -> None:
            super().tear_down()
            self.end_stretch()

    Timed.__name__ = film.__name__
    return Timed


def resident_mb() -> float:
    """Memory that this process holds now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def rendering(**settings: Any) -> Iterator[None]:
    """Manim's settings for a film that is drawn anew, into a folder that is thrown away."""
    quiet = {"disable_caching": True, "progress_bar": "none", "verbosity": "WARNING"}
    with tempfile.TemporaryDirectory() as folder, tempconfig(quiet | settings | {"media_dir": folder}):
        yield


def film_row(name: str, every: int, only: str | None = None, **settings: Any) -> dict[str, Any]:
    """A film's drawing and encoding."""
    film = getattr(importlib.import_module(FILMS[name]), name)
    meter = Meter(every)
    with rendering(**settings):
        timed(type(name, (film,), {"only": only}), meter)().render()
    if not meter.frames:
        raise ValueError(f"{name} has no play in the sample: choose a smaller --every")
    a_frame = 1e3 / meter.frames
    (film_s, film_work), (encoder_s, encoder_work) = meter.film, meter.yardstick
    return {
        "film": name,
        "frames": meter.frames,
        "film s": float(film_s),
        "encoder s": float(encoder_s),
        "ratio": float(film_s / encoder_s),
        "ratio of work": float(film_work / encoder_work),
        "ms film": float(a_frame * film_s),
        "ms drawing": a_frame * meter.drawing,
        "ms encoder": float(a_frame * encoder_s),
        "work, film": float(a_frame * film_work),
        "work, encoder": float(a_frame * encoder_work),
        "work, our encoder": float(a_frame * (meter.ours[1] or encoder_work)),
        "peak MB": meter.peak,
    }


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measure films and print; the rows of both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"of {', '.join(FILMS)}; default: the usual")
    parser.add_argument("--quality", default="high_quality")
    parser.add_argument("--every", type=int, default=1, help="measure one stretch of so many")
    parser.add_argument("--inflight", type=int, help="Manim's max_inflight_encoders; default: that of manim.cfg")
    parser.add_argument("--only", help="one section")
    parser.add_argument("--no-drafts", action="store_true", help="leave out what -ql takes")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.scenes) - set(FILMS):
        parser.error(f"no film {', '.join(unknown)}: choose of {', '.join(FILMS)}")
    settings = {"quality": chosen.quality}
    settings |= {"max_inflight_encoders": chosen.inflight} if chosen.inflight else {}
    tables = Tables()
    names = chosen.scenes or usual_films()
    # Drafts first: a process counts as its own the memory of the one that it was forked off, which later is large.
    for name in () if chosen.no_drafts else names:
        tables.add("film-drafts", draft_row(name, FILMS[name]))
    for name in names:
        tables.add("film", film_row(name, chosen.every, chosen.only, **settings))
    return tables


if __name__ == "__main__":
    main()
