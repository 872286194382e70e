"""The README's pictures, from a rendered film: `python docs/moving_picture.py FILM OUT.webp START [END]`.

Without an end it is a still.
"""

import argparse

import av

WIDTH, EVERY = 640, 2
"""Width in pixels, and one frame in so many is kept, of a film at 15 frames a second."""


def main() -> None:
    """Cut, shrink and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", help="an .mp4 rendered with -ql")
    parser.add_argument("out", help="the .webp to write")
    parser.add_argument("start", type=float, help="seconds")
    parser.add_argument("end", type=float, nargs="?", help="seconds")
    chosen = parser.parse_args()
    with av.open(chosen.film) as container:
        rate = float(container.streams.video[0].average_rate)
        end = chosen.start + EVERY / rate if chosen.end is None else chosen.end
        frames = [
            frame.to_image().resize((WIDTH, round(WIDTH * frame.height / frame.width)))
            for i, frame in enumerate(container.decode(video=0))
            if chosen.start <= i / rate < end and i % EVERY == 0
        ]
    frames[0].save(
        chosen.out, save_all=True, append_images=frames[1:], duration=round(1000 * EVERY / rate), loop=0,
        quality=55, method=4,
    )  # fmt: skip


if __name__ == "__main__":
    main()
