"""What users bring: pictures (PNG, JPEG, SVG, …) as ink, tables of points as points.

Stage units: the drawn window is the square [−3.15, 3.15]², what is read fills |x|, |y| ≤ 2.4.
"""

from __future__ import annotations

import csv
import io
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image, ImageOps

from diffusion_core.distributions import Array
from diffusion_core.errors import DistributionError

HALF_SIDE = 2.4  # the longer side of what is read reaches from −2.4 to 2.4
PAPER = 0.05  # ink up to this counts as paper, so that a scan's or JPEG's grain makes no mass

_PIXELS = 1600  # a bigger picture's pixels are averaged until its longer side has at most so many
_SVG_PIXELS = 1000
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")  # what Pillow may open: no PostScript, no films
_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".svg")
_REC_709 = np.array([0.2126, 0.7152, 0.0722])  # lightness of R, G, B, taken on the stored values


def read_ink(path: str | Path, dark: bool = False) -> Array:
    """Ink of a picture file, (rows, columns) in [0, 1], top row first.

    Ink is alpha × darkness (of Rec. 709 luma, on the stored values): what is darker than white after the
    picture is laid on white paper. With `dark`, for pictures drawn light on dark, it is alpha × lightness.
    Pictures of more than 1600 pixels a side are averaged down by a whole factor; an SVG is drawn to fit 1000.
    A picture all of ink is a rectangle; one with holes whose border is all ink is taken for inverted.

    Raises:
        DistributionError: no such file, not a picture, damaged, oversized, without ink, or inverted.
    """
    file = _existing(path)
    suffix = file.suffix.lower()
    if suffix not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise DistributionError(f"'{file}' does not end like a picture: use {known}, or .csv for points")
    lightness, alpha = _decoded(file, suffix)
    ink = np.clip(alpha * (lightness if dark else 1 - lightness), 0, 1)
    drawn, instead = ("light on dark", "dark on light") if dark else ("dark on light", "light on dark")
    if ink.max() <= PAPER:
        raise DistributionError(
            f"'{file}' has no ink, drawn {drawn}: "
            f"if it is drawn {instead}, save it inverted (in the library: dark={not dark})"
        )
    if _looks_inverted(ink):
        raise DistributionError(
            f"'{file}' has ink all along its border, as if it were drawn {instead}: "
            f"save it inverted (in the library: dark={not dark}), or leave a margin without ink around the drawing"
        )
    return ink


def _looks_inverted(ink: Array) -> bool:
    """Whether ink fills the border and most of the picture, but not all of it."""
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    return bool(np.mean(border > 0.5) > 0.95 and ink.mean() > 0.5 and not np.all(ink > 0.5))


def _decoded(file: Path, suffix: str) -> tuple[Array, Array]:
    """Lightness and alpha of a picture file, (rows, columns) each, in [0, 1]."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            source = io.BytesIO(_drawn_svg(file)) if suffix == ".svg" else file
            with Image.open(source, formats=_FORMATS) as image:
                return _lightness_and_alpha(ImageOps.exif_transpose(image))
        except DistributionError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise DistributionError(f"'{file}' has too many pixels: save it at 4000 a side or less") from None
        except Exception as error:  # a decoder fed with garbage raises whatever it stumbles over
            raise DistributionError(
                f"'{file}' cannot be read as a {suffix[1:].upper()} picture: save it anew ({error})"
            ) from error


def _lightness_and_alpha(image: Image.Image) -> tuple[Array, Array]:
    factor = -(-max(image.size) // _PIXELS)
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip to 8
        grey = np.asarray(image.convert("I").convert("F").reduce(factor), float) / 65535
        return np.clip(grey, 0, 1), np.ones_like(grey)
    if image.mode == "CMYK":
        image = image.convert("RGB")
    rgba = np.asarray(image.convert("RGBA").reduce(factor), float) / 255
    return rgba[..., :3] @ _REC_709, rgba[..., 3]


def _drawn_svg(file: Path) -> bytes:
    """PNG bytes of an SVG, drawn to fit a square of 1000 pixels.

    Text in a font that the machine lacks is left out without a word: then hiding all text changes nothing.
    """
    has_text = b"<text" in file.read_bytes()
    draw = partial(
        resvg_py.svg_to_bytes,
        svg_path=str(file),
        width=_SVG_PIXELS,
        height=_SVG_PIXELS,
        skip_system_fonts=not has_text,
    )
    picture = draw()
    if has_text and picture == draw(style_sheet="text { display: none }"):
        raise DistributionError(
            f"the text in '{file}' is in a font that this machine lacks: convert it to paths, or name another font"
        )
    return bytes(picture)


def read_points(path: str | Path) -> Array:
    """Points of a CSV file of two columns x, y, with or without a header line, fitted to the stage, (n, 2).

    Their bounding box is centred and its longer side scaled to reach from −2.4 to 2.4, proportions kept.

    Raises:
        DistributionError: no such file, not text, a row that is not two finite numbers, fewer than 2
            distinct points.
    """
    file = _existing(path)
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DistributionError(f"'{file}' cannot be read as a CSV table: save it as UTF-8 text") from error
    if rows and not any(_is_number(cell) for cell in rows[0][1]):
        del rows[0]
    points = np.array([_point(file, line, row) for line, row in rows]).reshape(-1, 2)
    if len(np.unique(points, axis=0)) < 2:
        raise DistributionError(f"'{file}' needs at least 2 distinct points, one 'x,y' a line")
    low, high = points.min(axis=0) / 2, points.max(axis=0) / 2  # halved before they are added: no overflow
    return np.asarray(HALF_SIDE * ((points - (low + high)) / np.max(high - low)))


def _point(file: Path, line: int, row: list[str]) -> tuple[float, float]:
    if len(row) != 2 or not all(_is_number(cell) and np.isfinite(float(cell)) for cell in row):
        raise DistributionError(f"line {line} of '{file}' must be two numbers 'x,y', not {','.join(row)!r}")
    return float(row[0]), float(row[1])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _existing(path: str | Path) -> Path:
    file = Path(path)
    if file.is_dir():
        raise DistributionError(f"'{file}' is a folder: name a file in it")
    if not file.is_file():
        raise DistributionError(f"there is no file '{file}': check its name and folder")
    return file
