"""What leaves a render: frames with straight alpha, errors in one line, and few words."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np
from manim import logger
from numpy.typing import NDArray

from diffusion_core.errors import DiffusionError


def _worth_saying(record: logging.LogRecord) -> bool:
    """Not where each of a film's hundred segments went: nobody would find where the film is."""
    segment = record.levelno == logging.INFO and str(record.msg).startswith("Animation ")
    return not segment or logger.isEnabledFor(logging.DEBUG)


logger.addFilter(_worth_saying)


def typed(command: str) -> str:
    """A command as it is typed here: by its path, where the shell would not find this environment's."""
    program, _, rest = command.partition(" ")
    own = Path(sys.executable).parent / program
    if not own.exists() or shutil.which(program) == str(own):
        return command
    here = Path.cwd()
    return f"{own.relative_to(here) if own.is_relative_to(here) else own} {rest}"


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
