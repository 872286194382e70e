"""Reading a file that is larger than memory: pages that were read can be given back."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.typing import NDArray


def forget(array: NDArray[Any]) -> None:
    """Give back the memory of an array that is a map of a file, such as a record that has been drawn.

    A page of a mapped file counts as the process's memory once it was touched; who walks through all records of a
    large file forgets each after use. The array stays valid: touched again, it is read again. Nothing happens to
    arrays in memory, to maps that may be written to, and where the system knows no such advice (Windows).

    Args:
        array: of any shape and type; of a slice, the pages from its first byte to its last.
    """
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if not (array.size and isinstance(owner, mmap.mmap) and hasattr(owner, "madvise")):
        return
    whole = np.frombuffer(owner, np.uint8)
    if whole.flags.writeable:  # what was written to a private map would be lost
        return
    first, last = (bound - byte_bounds(whole)[0] for bound in byte_bounds(array))
    first -= first % mmap.PAGESIZE
    owner.madvise(mmap.MADV_DONTNEED, first, last - first)
