"""What Manim's cache sees of a mobject that draws arrays: short fingerprints of its data and of its code.

Manim names a stretch of film after the JSON of all mobjects' attributes. Big arrays would be read again at
every `play`, and the code that draws them would not be seen at all, so that a film could silently stay as it
was. Here an array enters as a string that stands for it, and so does the drawing code.
"""

import functools
import hashlib
import inspect
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from scenes import theme


class SealedArray(str):
    """A fingerprint that carries the array it stands for; copies of it share the array.

    For Manim's key, for `==` and for `hash` it is the fingerprint alone.

    >>> from manim.utils.hashing import get_json
    >>> get_json({"data": SealedArray(np.zeros((1000, 2)), "abc")})
    '{"data": "abc"}'
    """

    __slots__ = ("array",)

    array: NDArray[Any]

    def __new__(cls, array: NDArray[Any], fingerprint: str) -> Self:
        sealed = super().__new__(cls, fingerprint)
        sealed.array = array
        return sealed

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def seal(records: NDArray[Any], origin: str | None = None) -> SealedArray:
    """Seal an array (records, …), so that a mobject may keep it.

    `origin` is the hash of the file or trajectory that the array was cut from. With it only the first and
    the last record are read, to tell cuts of one origin apart; without it every record is.
    """
    digest = hashlib.sha256(f"{origin}|{records.dtype.str}|{records.shape}".encode())
    for record in records if origin is None else (records[0], records[-1]):
        digest.update(np.ascontiguousarray(record))
    return SealedArray(records, digest.hexdigest())


def drawing_sources(drawn: type) -> tuple[Path | None, ...]:
    """Files with the code that draws a class: its own, its ancestors' short of Manim's, and the theme.

    None stands for a class whose code is in no file, as in a notebook.
    """
    ours = (cls for cls in drawn.__mro__ if cls.__module__.partition(".")[0] not in {"manim", "builtins"})
    return (*dict.fromkeys(_source_file(cls) for cls in ours), Path(theme.__file__))


def _source_file(cls: type) -> Path | None:
    try:
        file = inspect.getsourcefile(cls)
    except TypeError:
        return None
    return Path(file) if file and os.path.exists(file) else None


def source_fingerprint(sources: Sequence[Path | None]) -> str:
    """SHA-256 of the files' contents; never the same twice if code is in no file, so that none goes stale."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(hashlib.sha256(source.read_bytes() if source else os.urandom(32)).digest())
    return digest.hexdigest()


@functools.cache
def drawing_fingerprint(drawn: type) -> str:
    """Fingerprint of the code that draws a class, read once a process."""
    return source_fingerprint(drawing_sources(drawn))
