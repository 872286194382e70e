"""Formulas are laid out once for all renders: what Typst made of them is kept in files that are whole.

Manim writes these files as it goes, and as it reads one it writes another beside it, which it then removes. Two
renders that begin at the same moment take each other's files away, and one that is killed leaves half a formula,
which every later one takes for the whole. Here each process reads from copies of its own.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import typst
from manim import config, tempconfig
from manim.mobject.text import typst_mobject


def _teach_typst() -> None:
    """Let all of Manim's Typst mobjects share whole files, and read their own copies of them."""
    original = typst_mobject.typst_to_svg_file
    if getattr(original, "is_whole", False):
        return

    @functools.wraps(original)
    def own_copy(*source: Any, **options: Any) -> Path:
        asked = repr((typst.__version__, source, sorted(options.items())))
        kept = Path(config.get_dir("tex_dir")) / f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.svg"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".", dir=kept.parent) as folder:
                with tempconfig({"tex_dir": folder}):
                    made = Path(original(*source, **options))
                made.replace(kept)
        return Path(shutil.copy(kept, _own_folder().name))

    own_copy.is_whole = True  # type: ignore[attr-defined]
    typst_mobject.typst_to_svg_file = own_copy


@functools.cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    """Of this process; it goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="typst-")


_teach_typst()
