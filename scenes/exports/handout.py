"""A film as a handout: of each section a still, what it says, its formulas, notes and names in the code, as PDF.

Set by Typst, as the formulas on screen are; tagged for screen readers (PDF/UA-1), and the same file each time.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import typst
from PIL import Image

from scenes.exports.finished import Film, Section, clock
from scenes.exports.formats import ExportError, Wish
from scenes.exports.stills import still_at, telling_beat
from scenes.formulas import colours_of
from scenes.mobjects.words import plain
from scenes.record import Beat
from scenes.theme import THEMES
from scenes.whole import written_whole

WIDTH: Final = 1280
"""Pixels of a still, which is 9.4 cm wide: 346 an inch."""
LOOK: Final = THEMES["light"]
"""Whatever the film's, the paper is white."""
_RELATION: Final = re.compile(r"=|[<>≤≥≈∝∼]|\b(tilde(?!\()|prop|approx)\b")
_READ_OUT: Final = re.compile(r"=[-−\d.,() ]*\d\.\d[-−\d.,() ]*$")


def export(wish: Wish) -> list[Path]:
    """Write one PDF of the sections; returns its path.

    Raises:
        ExportError: a formula of the film's is none for a document, as it needs a preamble that only the film has.
    """
    film, sections = wish.film, wish.sections
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(Path(__file__).with_name("handout.typ"), root)
        shown = [telling_beat(film, section) for section in sections]
        for number, beat in enumerate(shown):
            _save_still(still_at(film, beat.end), root / _still(number))
        (root / "film.json").write_text(json.dumps(_contents(film, sections, shown)))
        try:
            document = typst.compile(root / "handout.typ", root=root, format="pdf", pdf_standards="ua-1")
        except typst.TypstError as error:
            raise ExportError(f"Typst cannot set the handout of {film.name}: {error.message}") from error
    target = wish.folder / f"{wish.name}.pdf"
    with written_whole(target) as whole:
        whole.write_bytes(document)
    return [target]


def worth_printing(formula: str) -> bool:
    """Whether a formula states something: it relates two sides, and is no number read out at that moment.

    >>> worth_printing("x_(k+1) = x_k + tau nabla log p(x_k)"), worth_printing("x tilde p")
    (True, True)
    >>> worth_printing("nabla log p(x)"), worth_printing("x_k = (1.534, -1.417)")
    (False, False)
    """
    return bool(_RELATION.search(formula)) and not _READ_OUT.search(formula)


def spoken(formula: str) -> str:
    """A formula in one line of plain text, for those who do not see it.

    >>> spoken('x_k manimgrp("noise", + sqrt(2 tau) epsilon_k)')
    'x_k (+ √(2 τ) ε_k)'
    """
    return plain("$" + re.sub(r'manimgrp\("[^"]*", ', "(", formula) + "$")


def _contents(film: Film, sections: Sequence[Section], shown: Sequence[Beat]) -> dict[str, Any]:
    """What `handout.typ` reads."""
    versions = film.origin["versions"]
    return {
        "title": film.title,
        "footer": f"{film.origin['scene']}, diffusion-visualizations {versions['diffusion-visualizations']}",
        "provenance": film.provenance,
        "keywords": ["diffusion models", *dict.fromkeys(run["recipe"] for run in film.origin["runs"])],
        "colours": {"ink": LOOK.ink, "mute": LOOK.mute, **colours_of(LOOK)},
        "sections": [
            _section(section) | {"still": _still(number), "alt": f"Still of the film at “{beat.caption}”"}
            for number, (section, beat) in enumerate(zip(sections, shown, strict=True))
        ],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "time": f"{clock(section.opens)} – {clock(section.end)}",
        "captions": [beat.caption for beat in section.beats],
        "formulas": [
            {"written": formula, "spoken": spoken(formula)}
            for formula in section.formulas
            if worth_printing(formula)
        ],
        "notes": section.notes.split("\n\n") if section.notes else [],
        "code": [f"diffusion_core.{name}" for name in section.code],
    }


def _still(number: int) -> str:
    return f"{number}.png"


def _save_still(picture: Image.Image, target: Path) -> None:
    picture.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
    picture.save(target, optimize=True)
