"""`python -m scenes doctor`: whether all is there that films need, and the line that mends what is missing.

It imports nothing heavy before it is asked for, so that it can speak where Manim cannot be loaded.
"""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

OLDEST: Final = (3, 11)
GIGABYTE: Final = 1e9
LEAST_DISK: Final = 5 * GIGABYTE
"""Room for all films at 1080p with their segments and runs, but MillionScene's."""


DISTRIBUTIONS: Final = {"cairo": "pycairo", "pptx": "python-pptx", "manim_slides": "manim-slides"}
"""Under which name a module is installed, where that is another."""


class MissingError(Exception):
    """Something is not there; the message says what mends it."""


class Check(NamedTuple):
    """Something that may be missing."""

    name: str
    look: Callable[[], str]
    """Returns what is there, or raises MissingError."""
    needed: bool
    """Whether films cannot be made without it."""


def examine(checks: tuple[Check, ...] | None = None) -> int:
    """Print a line for each check; the exit code: 1 if something is missing that films cannot be made without."""
    ill = 0
    for check in CHECKS if checks is None else checks:
        try:
            mark, said = "✓", check.look()
        except MissingError as missing:
            mark, said = ("✗" if check.needed else "○"), str(missing)
            ill += check.needed
        except Exception as error:  # a broken library may raise anything, and the patient wants to hear of it
            mark, said = ("✗" if check.needed else "○"), f"broken: {type(error).__name__}: {error}; ./setup"
            ill += check.needed
        print(f"{mark} {check.name:<12} {said}")
    print("\n✗ has to be mended." if ill else "\nFilms can be made; ○ is for exports, notebooks and players.")
    return 1 if ill else 0


def _python() -> str:
    if sys.version_info < OLDEST:
        raise MissingError(f"{platform.python_version()}: install 3.11 or newer, then ./setup")
    return platform.python_version()


def _package(name: str, remedy: str = "./setup") -> Callable[[], str]:
    def look() -> str:
        try:
            importlib.import_module(name)
            return version(DISTRIBUTIONS.get(name, name))
        except (ImportError, PackageNotFoundError, OSError) as error:
            raise MissingError(f"cannot be imported ({error}): {remedy}") from error

    return look


def _manim() -> str:
    found = _package("manim")()
    if not found.startswith("0.22."):
        raise MissingError(f"{found} is not 0.22, with which films are tested: ./setup")
    return found


def _cairo() -> str:
    _package("cairo", "install cairo with its headers, then ./setup")()
    import cairo

    surface = cairo.ImageSurface(cairo.FORMAT_ARGB32, 4, 4)
    cairo.Context(surface).paint()
    return str(cairo.cairo_version_string())


def _encoder(codec: str) -> Callable[[], str]:
    """Encodes three frames: that a codec has a name says little."""

    def look() -> str:
        _package("av")()
        import av
        import numpy as np

        try:
            with av.open(BytesIO(), "w", format="matroska") as container:
                stream = container.add_stream(codec, rate=30)
                stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
                for _ in range(3):
                    frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
                    container.mux(stream.encode(frame))
                container.mux(stream.encode())
        except Exception as error:  # PyAV's own kinds differ from version to version
            raise MissingError(f"PyAV cannot encode with {codec} ({error}): ./setup") from error
        return f"PyAV {version('av')} encodes"

    return look


def _typst() -> str:
    _package("typst")()
    import typst

    typst.compile(b"#set page(width: auto)\n$ nabla log p(x) $", format="svg")
    return f"{version('typst')} sets formulas, with fonts of its own"


def _disk() -> str:
    free = shutil.disk_usage(Path.cwd()).free
    if free < LEAST_DISK:
        raise MissingError(f"{free / GIGABYTE:.1f} GB free here, all films take 5: remove media/, or go elsewhere")
    return f"{free / GIGABYTE:.0f} GB free here"


def _folder() -> str:
    try:
        with tempfile.TemporaryFile(dir=Path.cwd()):
            return "can be written to"
    except OSError as error:
        why = f"'{Path.cwd()}' cannot be written to ({error.strerror})"
        raise MissingError(f"{why}: go to another folder") from error


def _torch() -> str:
    found = _package("torch", "./setup, or pip install torch; only films with a network need it")()
    import torch

    return f"{found}, {'CUDA' if torch.cuda.is_available() else 'CPU'}"


def _program(names: tuple[str, ...], remedy: str) -> Callable[[], str]:
    def look() -> str:
        found = next(filter(None, map(shutil.which, names)), None)
        if found is None:
            raise MissingError(f"not found: {remedy}")
        return found

    return look


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _install(linux: str, mac: str) -> str:
    """The line that installs something here."""
    return f"brew install {mac}" if sys.platform == "darwin" else f"sudo apt-get install {linux}"


_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_OPENER: Final = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
_EXTRA: Final = ".venv/bin/pip install -e '.[{}]' -c constraints.txt"

CHECKS: Final = (
    Check("machine", _machine, True),
    Check("Python", _python, True),
    Check("cairo", _cairo, True),
    Check("pango", _package("manimpango", "install pango with its headers, then ./setup"), True),
    Check("manim", _manim, True),
    Check("H.264", _encoder("libx264"), True),
    Check("VP9", _encoder("libvpx-vp9"), False),
    Check("Typst", _typst, True),
    Check("folder", _folder, True),
    Check("disk", _disk, False),
    Check("PyTorch", _torch, False),
    Check("player", _program((_OPENER,), f"leave out the p of `manim -p`, or {_install('xdg-utils', '')}"), False),
    Check("python-pptx", _package("pptx", _EXTRA.format("lecture")), False),
    Check("manim-slides", _package("manim_slides", _EXTRA.format("lecture")), False),
    Check("Jupyter", _package("ipykernel", _EXTRA.format("notebook")), False),
    Check("anywidget", _package("anywidget", _EXTRA.format("notebook")), False),
    Check("LibreOffice", _program(("soffice",), _install("libreoffice-impress", "--cask libreoffice")), False),
    Check("Chromium", _program(_BROWSERS, _install("chromium", "--cask chromium")), False),
)  # fmt: skip
"""In the order in which one needs the other."""
