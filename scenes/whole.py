"""Files that appear under their names when they are whole, or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Where to write a file that is to be called `target`: it takes that name, and its old bearer's, at the end.

    A process that is killed, or two that write the same file, leave nobody half of one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder:
        whole = Path(folder) / target.name
        yield whole
        whole.replace(target)
