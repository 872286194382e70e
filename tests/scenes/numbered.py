"""A film whose frames carry their numbers, and a patch of a theme's colours, for tests of what is cut from it."""

from fractions import Fraction

import av
import numpy as np

BITS = 8
PATCHES = ((240, 160, 60), (90, 170, 250), (170, 130, 250), (80, 190, 200))
RATE = 30


def numbered_film(path, count, height=180):
    """Write a film of so many frames, in which a key frame comes every 12."""
    width = height * 16 // 9
    with av.open(str(path), mode="w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "10", "g": "12", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(_picture(number, width, height), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def numbers_in(frames):
    """The numbers that frames of such a film carry, in whatever size and encoding."""
    found = []
    for frame in frames:
        grey = frame.to_ndarray(format="gray")
        blocks = grey[: len(grey) // 4].reshape(len(grey) // 4, BITS, -1).mean(axis=(0, 2))
        found.append(int(sum(1 << bit for bit in range(BITS) if blocks[bit] > 128)))
    return found


def _picture(number, width, height):
    pixels = np.zeros((height, width, 3), np.uint8)
    for bit in range(BITS):
        pixels[: height // 3, bit * width // BITS : (bit + 1) * width // BITS] = 255 * (number >> bit & 1)
    for place, colour in enumerate(PATCHES):
        pixels[height // 2 :, place * width // 4 : (place + 1) * width // 4] = colour
    return pixels
