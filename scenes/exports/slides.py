"""A film as slides for PowerPoint and its kin: one for each section, its video embedded, with speaker's notes.

The next click plays a slide's video, whose last picture stays. Until then the slide shows the picture on which the
one before it ended, so that the audience sees one film, and the speaker has the new notes before its next part
starts. A slide that goes on from no other shows the still of its section. What is to be printed is the handout.
"""

from __future__ import annotations

import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten
from typing import Final

from PIL import Image

from scenes.exports.clips import frames, write_clip
from scenes.exports.cuts import can_be_cut, cut_clip
from scenes.exports.finished import Film, Section, clock
from scenes.exports.formats import ExportError, Wish
from scenes.exports.stills import poster_of
from scenes.theme import THEMES
from scenes.whole import written_whole

try:
    from pptx.presentation import Presentation
    from pptx.slide import Slide
    from pptx.util import Pt

    from scenes.exports.powerpoint import empty_deck, list_notes_master, play_on_click
except ImportError as missing:
    raise ExportError("slides need python-pptx: pip install 'diffusion-visualizations[lecture]'") from missing

HEIGHT: Final = 1080
"""Pixels that a lecture room's projector shows; a film of that size is only cut, not encoded again."""
NOTES: Final = Pt(12)
"""The size of speaker's notes, as in PowerPoint."""
TITLE_ONLY: Final = 5
"""The layout of python-pptx's template that has a title and nothing else."""


def export(wish: Wish) -> list[Path]:
    """Write one deck of the sections; returns its path."""
    film = wish.film
    deck = empty_deck(film.width, film.height, THEMES[film.theme])
    _describe(deck, film)
    before = None
    for section in wish.sections:
        slide = _add_slide(deck, wish, section, goes_on=before is not None and before.end == section.start)
        before = section
    _note(slide, f"Made from: {film.provenance}")
    list_notes_master(deck)
    target = wish.folder / f"{wish.name}.pptx"
    with written_whole(target) as whole:
        deck.save(str(whole))
    return [target]


def _describe(deck: Presentation, film: Film) -> None:
    about = deck.core_properties
    about.title, about.subject, about.author = _short(film.title), f"Slides of the film {film.name}", ""
    about.keywords = _short(", ".join(["diffusion models", *(run["recipe"] for run in film.origin["runs"])]))
    about.comments = _short(f"All that they are made from is in the last slide's notes. {film.provenance}")
    about.created = about.modified = datetime.now(UTC).replace(tzinfo=None)
    about.last_modified_by, about.revision = "", 1


def _short(text: str) -> str:
    return shorten(text, 255, placeholder=" …")  # the most that Office keeps of a property


def _add_slide(deck: Presentation, wish: Wish, section: Section, goes_on: bool) -> Slide:
    start = section.start if goes_on else section.opens
    height = min(wish.height or HEIGHT, wish.film.height)
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    _add_title(slide, section.title)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        _write_clip(wish.film, clip, start, section.end, height)
        poster = _first_picture(clip) if goes_on else poster_of(wish.film, section)
        size = (deck.slide_width, deck.slide_height)
        movie = slide.shapes.add_movie(str(clip), 0, 0, *size, _png(poster, height), "video/mp4")
    movie.name = section.title
    told = " ".join(beat.caption for beat in section.beats)
    movie.element.nvPicPr.cNvPr.set("descr", f"Film of {section.end - start:.0f} seconds: {told}")
    play_on_click(slide, movie, section.end - start)
    _write_notes(slide, section, start)
    return slide


def _add_title(slide: Slide, text: str) -> None:
    """A title for outlines and screen readers, above the edge of the slide."""
    title = slide.shapes.title
    box = (title.left, -title.height, title.width, title.height)
    title.text = text
    title.left, title.top, title.width, title.height = box


def _write_clip(film: Film, target: Path, start: float, end: float, height: int) -> None:
    if height == film.height and can_be_cut(film.path, start) and can_be_cut(film.path, end):
        cut_clip(film.path, target, start, end, film.provenance)
    else:
        write_clip(film.path, target, start, end, height, comment=film.provenance)


def _write_notes(slide: Slide, section: Section, start: float) -> None:
    """What a speaker may say, what the film says and when on this slide, and where it stands in the code."""
    told = [f"{clock(beat.start - start)}  {beat.caption}" for beat in section.beats]
    code = [f"In the code: {', '.join(f'diffusion_core.{name}' for name in section.code)}"] if section.code else []
    notes = section.notes.split("\n\n") if section.notes else []
    for text in [*notes, *told, *code]:
        _note(slide, text)


def _note(slide: Slide, text: str) -> None:
    frame = slide.notes_slide.notes_text_frame
    paragraph = frame.add_paragraph() if frame.text else frame.paragraphs[0]
    paragraph.text = text
    for run in paragraph.runs:
        run.font.size = NOTES  # which LibreOffice takes for 20 points otherwise


def _first_picture(clip: Path) -> Image.Image:
    return next(frames(clip, 0.0, 1.0)).to_image()


def _png(picture: Image.Image, height: int) -> io.BytesIO:
    picture.thumbnail((picture.width, height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    file.seek(0)
    return file
