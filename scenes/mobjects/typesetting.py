"""Words and formulas are laid out once for all renders.

Typst takes a few milliseconds for a line, but to read its SVG takes Manim a tenth of a second, the half of what a
film costs beside its frames. Therefore the outlines are kept as well.

Manim writes Typst's files as it goes, and as it reads one it writes another beside it, which it then removes. Two
renders that begin at the same moment take each other's files away, and one that is killed leaves half a formula,
which every later one takes for the whole. Here files appear when they are whole, and each process reads its own
copies.
"""

from __future__ import annotations

import functools
import hashlib
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeVar

import typst
from manim import SVGMobject, config, logger, tempconfig
from manim.mobject.text import typst_mobject

from scenes.whole import written_whole

Drawn = TypeVar("Drawn", bound=SVGMobject)

MADE_BY: Final = tuple(map(version, ("manim", "numpy", "typst")))
AT_HAND: Final = 512
"""So many are kept in memory; a film has about a quarter of that."""

_at_hand: dict[str, Any] = {}


def typeset(make: Callable[[], Drawn], *asked: Any) -> Drawn:
    """What `make` makes of what is asked for, made once and copied ever after.

    What is kept lies beside Typst's files. It is a pickle, to be trusted as far as the compiled Python beside it.

    Args:
        make: sets it.
        asked: all that its result depends on, beside the size of a pixel.
    """
    scale = config.pixel_width / config.frame_width  # which strokes depend on
    key = hashlib.sha256(repr((MADE_BY, scale, _sources(), asked)).encode()).hexdigest()[:32]
    if key not in _at_hand:
        if len(_at_hand) >= AT_HAND:
            del _at_hand[next(iter(_at_hand))]
        _at_hand[key] = _found(key) or _kept(make(), key)
    copy: Drawn = _at_hand[key].copy()
    return copy


def _file(name: str) -> Path:
    return Path(config.get_dir("tex_dir")) / name


@functools.cache
def _sources() -> str:
    """Of the code that sets type."""
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f).read_bytes() for f in ("typesetting.py", "words.py"))).hexdigest()


def _found(key: str) -> Any:
    """What is kept under a key; None if there is nothing that can be read."""
    try:
        return pickle.loads(_file(f"{key}.outlines").read_bytes())
    except Exception:  # a damaged pickle may raise anything, and is made anew
        return None


def _kept(made: Drawn, key: str) -> Drawn:
    """Keep something under a key; where nothing can be written, films are only slower."""
    file = _file(f"{key}.outlines")
    try:
        with written_whole(file) as whole:
            whole.write_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
    except OSError:
        pass
    return made


def _teach_typst() -> None:
    """Let all of Manim's Typst mobjects share whole files, and read their own copies of them."""
    original = typst_mobject.typst_to_svg_file
    if getattr(original, "is_whole", False):
        return

    @functools.wraps(original)
    def own_copy(*source: Any, **options: Any) -> Path:
        asked = repr((typst.__version__, source, sorted(options.items())))
        kept = _file(f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.svg")
        if not kept.exists():
            with written_whole(kept) as whole, tempconfig({"tex_dir": str(whole.parent)}), _quiet():
                Path(original(*source, **options)).replace(whole)
        return Path(shutil.copy(kept, _own_folder().name))

    own_copy.is_whole = True  # type: ignore[attr-defined]
    typst_mobject.typst_to_svg_file = own_copy


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the lines that Manim writes for each text that it sets: they name a file that is gone by then."""
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@functools.cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    """Of this process; it goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="typst-")


_teach_typst()
