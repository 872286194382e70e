"""Numbers small enough for a page: quantised, as differences of neighbours, deflated, in base64.

`explorer_page/packing.js` reads what is written here.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FINE, COARSE = 1 << 16, 1 << 8  # codes that 16 and 8 bits tell apart


@dataclass(frozen=True)
class Packed:
    """Numbers that are `low + quantum * code`, codes from 0 to `levels` − 1.

    `data` holds, for the differences of each row to the one before (along the first axis, modulo `levels`), all
    low bytes and then all high bytes.
    """

    data: str
    shape: tuple[int, ...]
    levels: int
    low: float
    high: float
    quantum: float


def pack(array: ArrayLike, levels: int = FINE, quantum: float | None = None) -> Packed:
    """Quantise an array, each number to within half a quantum.

    Args:
        array: finite numbers of any shape with at least one axis.
        levels: how many codes there are, a power of two up to `FINE`.
        quantum: the distance between two codes, if it is to be larger than the array's span needs.
    """
    values = np.asarray(array, np.float64)
    low, span = float(values.min()), float(np.ptp(values))
    quantum = max(quantum or 0.0, span / (levels - 1)) or 1.0
    codes = np.rint((values - low) / quantum).astype(np.int64)
    rows = codes.reshape(len(codes), -1)
    differences = (np.diff(rows, axis=0, prepend=0) % levels).astype("<u2").ravel()
    planes = np.concatenate([differences & 0xFF, differences >> 8]).astype(np.uint8)
    return Packed(_text(planes), values.shape, levels, low, low + span, quantum)


def as_read(array: ArrayLike, packed: Packed) -> NDArray[np.float64]:
    """An array as the page reads what was packed of it."""
    codes = np.rint((np.asarray(array, np.float64) - packed.low) / packed.quantum)
    return np.asarray(packed.low + packed.quantum * codes)


def pack_doubles(array: ArrayLike) -> str:
    """An array as it is, in double precision."""
    return _text(np.asarray(array, "<f8"))


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(zlib.compress(array.tobytes(), 9)).decode()
