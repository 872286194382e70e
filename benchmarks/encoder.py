"""What libx264's settings cost and keep: `python -m benchmarks.encoder [--pictures N] [--rounds N]`.

Stretches of real frames at 1080p60 (dots that move, glyphs that fade, a density, a still, light paper) are kept in
memory, and each is encoded with every setting as Manim does it, one segment a stretch. Rounds alternate between
settings, and the least of their times counts, so that another program's load weighs on all alike. What comes back
is decoded and compared with the frames: SSIM of luma (Wang et al. 2004) over windows of 8 × 8 pixels, its mean and
its worst frame, and PSNR of all three planes, all against the frames in the film's own 4:2:0, so that what chroma
subsampling loses, alike for all settings, is left out.
"""

import argparse
import dataclasses
import importlib
import tempfile
import time
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from manim import tempconfig
from manim._config.video_encoder import VideoEncoderSpec
from manim.scene.video_segment_encoder import VideoSegmentEncoder
from numba import njit

from benchmarks.film import FILMS, TRAJECTORIES, rendering
from benchmarks.tables import Row, Tables

STRETCHES: Final = (
    ("SpiralSamplingScene", "all", None),
    ("LangevinScene", "noise on", None),
    ("ScoreFieldScene", "field", None),
    ("DenoiserScene", "posterior", None),
    ("ForwardDiffusionScene", "one jump", "light"),
    ("DinosaurScene", "noise", None),
)
"""Film, section, theme."""
SETTINGS: Final = (
    "preset=medium,crf=23",
    "preset=veryfast,crf=19,threads=2",
    "preset=veryfast,crf=21,threads=2,mbtree=0",
    "preset=fast,crf=22",
    "preset=veryfast,crf=21,threads=2,mbtree=0,tune=animation",
    "preset=superfast,crf=24",
    "preset=superfast,crf=26,tune=animation",
    "preset=ultrafast,crf=20",
)
"""The first is Manim's own, the next two those of `scenes/encoding.py`."""

Play = list[tuple[np.ndarray, int]]


class EnoughError(Exception):
    """There are as many pictures as were wanted."""


def stretch(name: str, section: str, theme: str | None, wanted: int) -> list[Play]:
    """The first so many pictures of a film's section, as plays."""
    film = getattr(importlib.import_module(FILMS[name]), name)
    plays: list[Play] = []

    class Kept(film):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            super().setup()

            def write_frame(pixels: np.ndarray, *, repeat: int = 1) -> None:
                plays[-1].append((pixels, repeat))
                if sum(map(len, plays)) >= wanted:
                    raise EnoughError

            writer = self.renderer.file_writer
            writer.write_frame = write_frame
            writer.begin_animation = writer.end_animation = lambda *_, **__: None  # no encoder waits for them

        def trajectory(self, recipe: Any) -> Any:
            with tempconfig({"media_dir": str(TRAJECTORIES.parent)}):
                return super().trajectory(recipe)

        def play(self, *animations: Any, **options: Any) -> None:
            plays.append([])
            super().play(*animations, **options)

    with rendering(quality="high_quality"):
        scene = type(name, (Kept,), {"only": section, "theme": theme})()
        with suppress(EnoughError):
            scene.render()
    return [play for play in plays if play]


@njit(cache=True)
def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Structural similarity of two pictures, (rows, columns), over windows of 8 × 8 at every fourth pixel."""
    total, count = 0.0, 0
    for row in range(0, one.shape[0] - 7, 4):
        for column in range(0, one.shape[1] - 7, 4):
            a = b = aa = bb = ab = 0
            for i in range(row, row + 8):
                for j in range(column, column + 8):
                    x, y = int(one[i, j]), int(other[i, j])
                    a, b, aa, bb, ab = a + x, b + y, aa + x * x, bb + y * y, ab + x * y
            mean, mean_other = a / 64, b / 64
            varied = aa / 64 - mean * mean + bb / 64 - mean_other * mean_other
            together = ab / 64 - mean * mean_other
            light = (2 * mean * mean_other + 6.5025) / (mean * mean + mean_other * mean_other + 6.5025)
            total += light * (2 * together + 58.5225) / (varied + 58.5225)
            count += 1
    return total / count


def planes(frame: av.VideoFrame) -> np.ndarray:
    """A frame as 4:2:0, luma above chroma."""
    return frame.reformat(format="yuv420p").to_ndarray()


def encode(plays: list[Play], spec: Any, folder: Path) -> float:
    """Seconds to encode plays, each into a segment of its own."""
    start = time.perf_counter()
    for number, play in enumerate(plays):
        encoder = VideoSegmentEncoder(target=folder / f"{number}.mp4", spec=spec)
        for pixels, repeat in play:
            encoder.write_frame(pixels, repeat=repeat)
        encoder.finish()
    return time.perf_counter() - start


def likeness(plays: list[Play], folder: Path) -> tuple[list[float], list[float]]:
    """SSIM and mean squared error of each frame of film, as decoded."""
    alike, errors = [], []
    for number, play in enumerate(plays):
        with av.open(str(folder / f"{number}.mp4")) as container:
            decoded = container.decode(video=0)
            for pixels, repeat in play:
                true = planes(av.VideoFrame.from_ndarray(pixels, format="rgba"))
                rows = pixels.shape[0]
                for _ in range(repeat):
                    seen = planes(next(decoded))
                    alike.append(ssim(true[:rows], seen[:rows]))
                    errors.append(float(np.mean((true.astype(np.int16) - seen) ** 2)))
    return alike, errors


def options(setting: str) -> tuple[tuple[str, str], ...]:
    """Options as Manim sorts them; `:` stands within x264-params."""
    return tuple(sorted(tuple(part.split("=", 1)) for part in setting.split(",")))  # type: ignore[misc]


def measure(plays: list[Play], settings: tuple[str, ...], rounds: int) -> list[dict[str, Any]]:
    """One stretch with every setting."""
    spec = stretch_spec()
    seconds: dict[str, list[float]] = {setting: [] for setting in settings}
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for _ in range(rounds):
            for index, setting in enumerate(settings):
                folder = Path(place) / str(index)
                folder.mkdir(exist_ok=True)
                seconds[setting].append(encode(plays, dataclasses.replace(spec, options=options(setting)), folder))
        for index, setting in enumerate(settings):
            folder = Path(place) / str(index)
            alike, errors = likeness(plays, folder)
            rows.append(
                {
                    "setting": setting,
                    "frames": len(alike),
                    "seconds": min(seconds[setting]),
                    "bytes": sum(file.stat().st_size for file in folder.iterdir()),
                    "ssim": float(np.mean(alike)),
                    "worst": min(alike),
                    "error": float(np.mean(errors)),
                }
            )
    return rows


def stretch_spec() -> Any:
    """Manim's own at 1080p60."""
    return VideoEncoderSpec("mp4", "libx264", "yuv420p", 1920, 1080, Fraction(60), (("crf", "23"),))


def summary(rows: list[dict[str, Any]], settings: tuple[str, ...]) -> list[dict[str, Any]]:
    """All stretches together, a row a setting; ratios are over the first."""
    together = []
    for setting in settings:
        own = [row for row in rows if row["setting"] == setting]
        frames = sum(row["frames"] for row in own)
        together.append(
            {
                "setting": setting,
                "ms a frame": 1e3 * sum(row["seconds"] for row in own) / frames,
                "MB a minute": sum(row["bytes"] for row in own) / frames * 3600 / 1e6,
                "ssim": sum(row["ssim"] * row["frames"] for row in own) / frames,
                "worst stretch": min(row["ssim"] for row in own),
                "worst frame": min(row["worst"] for row in own),
                "psnr": float(10 * np.log10(255**2 / (sum(row["error"] * row["frames"] for row in own) / frames))),
            }
        )
    return together


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measure and print; the rows of every stretch and setting, and those of all stretches together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=120, help="of each stretch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--settings", nargs="+", default=SETTINGS)
    chosen = parser.parse_args(arguments)
    settings = tuple(chosen.settings)
    tables, rows = Tables(), []
    for name, section, theme in STRETCHES:
        plays = stretch(name, section, theme, chosen.pictures)
        where = {"film": name, "section": section, "pictures": sum(map(len, plays))}
        for row in measure(plays, settings, chosen.rounds):
            rows.append(row)
            tables.add("encoder-stretches", where | row)
    for row in summary(rows, settings):
        tables.add("encoder", row)
    return tables


if __name__ == "__main__":
    main()
