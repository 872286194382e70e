"""The pictures of README and pages, from a rendered film: `python docs/moving_picture.py FILM OUT [START [END]]`.

An OUT that ends with .webp is a picture that moves, or without an END a still; .mp4 is a film for the start page.
"""

import argparse
from pathlib import Path

import av
from PIL import Image

WIDTH, EVERY = 640, 2
"""Width in pixels, and one frame in so many is kept, of a film at 15 frames a second."""
RATE, HEIGHT = 30, 480
"""Frames a second and lines of the start page's film."""


def main() -> None:
    """Cut, shrink and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", help="an .mp4; rendered with -ql for a .webp")
    parser.add_argument("out", help="the .webp or .mp4 to write")
    parser.add_argument("start", type=float, help="seconds")
    parser.add_argument("end", type=float, nargs="?", help="seconds")
    chosen = parser.parse_args()
    if Path(chosen.out).suffix == ".mp4":
        write_film(chosen.film, chosen.out, chosen.start, chosen.end)
    else:
        write_picture(chosen.film, chosen.out, chosen.start, chosen.end)


def write_picture(film: str, out: str, start: float, end: float | None) -> None:
    """A .webp, of one frame if there is no end."""
    with av.open(film) as container:
        rate = float(container.streams.video[0].average_rate)
        end = start + EVERY / rate if end is None else end
        frames = [
            frame.to_image().resize((WIDTH, round(WIDTH * frame.height / frame.width)), Image.Resampling.LANCZOS)
            for i, frame in enumerate(container.decode(video=0))
            if start <= i / rate < end and i % EVERY == 0
        ]
    frames[0].save(
        out, save_all=True, append_images=frames[1:], duration=round(1000 * EVERY / rate), loop=0,
        quality=55, method=4,
    )  # fmt: skip


def write_film(film: str, out: str, start: float, end: float) -> None:
    """A film in a size that a page can hold: every particle moves in every frame, which no encoder likes."""
    with av.open(film) as container, av.open(out, "w", container_options={"movflags": "+faststart"}) as made:
        source = container.streams.video[0]
        stream = made.add_stream("libx264", rate=RATE, options={"preset": "slow", "crf": "33"})
        stream.height, stream.width = HEIGHT, 2 * round(HEIGHT * source.width / source.height / 2)
        stream.pix_fmt = "yuv420p"
        every, number = round(float(source.average_rate) / RATE), 0
        for i, frame in enumerate(container.decode(source)):
            if start <= frame.time < end and i % every == 0:
                small = frame.reformat(stream.width, stream.height, "yuv420p", interpolation="LANCZOS")
                small.pts, small.time_base, number = number, 1 / stream.codec_context.framerate, number + 1
                made.mux(stream.encode(small))
        made.mux(stream.encode())


if __name__ == "__main__":
    main()
