"""What leaves a render: frames with straight alpha, and errors in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import numpy as np
from numpy.typing import NDArray

from diffusion_core.errors import DiffusionError


@contextmanager
def in_one_line() -> Iterator[None]:
    """Let our own errors end the `manim` command in one line.

    Manim prints fifty lines for every exception but one for SystemExit. In notebooks and tests nobody has typed
    a command, and the exception is of more use.
    """
    try:
        yield
    except DiffusionError as error:
        if click.get_current_context(silent=True) is None:
            raise
        raise SystemExit(f"manim: {error}") from error


def straight(pixels: NDArray[np.uint8], paper: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Straight RGBA of premultiplied RGBA, (rows, columns, 4), over a paper (3,) of no opacity."""
    alpha = pixels[..., 3:] / 255.0
    colour = np.divide(
        pixels[..., :3] - (1 - alpha) * paper, alpha, out=np.zeros(pixels[..., :3].shape), where=alpha > 0
    )
    return np.concatenate([np.clip(np.rint(colour), 0, 255).astype(np.uint8), pixels[..., 3:]], axis=2)
