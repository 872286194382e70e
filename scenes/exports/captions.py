"""What a film says, to read: subtitles for players (`.srt`) and pages (`.vtt`), and a transcript with stills."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import srt

from scenes.exports.finished import Film, Section, clock
from scenes.exports.formats import Piece, Wish
from scenes.exports.stills import at_height, save_png, still_at, telling_beat
from scenes.record import Beat
from scenes.whole import written_whole

STILL_HEIGHT: Final = 720
"""Of the transcript's stills, in pixels."""
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>#|~&$]|^[-+=]")
"""What means something in Markdown, or in what GitHub and MyST add to it."""


def export(wish: Wish) -> list[Path]:
    """Three files for each clip that `mp4` would make; a player finds the subtitles by their name."""
    made = []
    for piece in wish.pieces:
        texts = {
            ".srt": srt_of(piece),
            ".vtt": vtt_of(piece, wish.film.provenance),
            ".md": transcript_of(piece, wish.film, stills(piece, wish)),
        }
        for suffix, text in texts.items():
            target = wish.folder / f"{piece.name}{suffix}"
            with written_whole(target) as whole:
                whole.write_text(text, encoding="utf-8")
            made.append(target)
    return made


def cues_of(piece: Piece) -> Iterator[tuple[float, float, str]]:
    """What is said when, in seconds from the piece's start."""
    for section in piece.sections:
        for beat in section.beats:
            if words := " ".join(beat.caption.split()):
                yield beat.start - piece.start, beat.end - piece.start, words


def srt_of(piece: Piece) -> str:
    """Subtitles for players; the format has no place for anything else."""
    cues = [srt.Subtitle(0, _moment(start), _moment(end), words) for start, end, words in cues_of(piece)]
    return str(srt.compose(cues))


def vtt_of(piece: Piece, provenance: str) -> str:
    """Subtitles for pages, as WebVTT, with a note on where they come from."""
    cues = [
        f"{_stamp(start)} --> {_stamp(end)}\n{html.escape(words, quote=False)}"
        for start, end, words in cues_of(piece)
    ]
    note = f"NOTE {provenance}".replace("-->", "→")
    return "\n\n".join(["WEBVTT", note, *cues]) + "\n"


def stills(piece: Piece, wish: Wish) -> list[tuple[str, Beat]]:
    """Save a picture of each section, and say where, seen from the transcript, and of which beat it is."""
    folder = f"{piece.name}-stills"
    made = []
    for section in piece.sections:
        beat, path = telling_beat(wish.film, section), f"{folder}/{wish.name_of(section)}.png"
        height = wish.height or min(STILL_HEIGHT, wish.film.height)
        save_png(at_height(still_at(wish.film, beat.end), height), wish.folder / path, wish.film.provenance)
        made.append((path, beat))
    return made


def transcript_of(piece: Piece, film: Film, shown: Sequence[tuple[str, Beat]]) -> str:
    """All that is said, in Markdown, with a still of each section and what a speaker may add.

    Args:
        piece: of the film.
        film: that it is of.
        shown: of each section its still's path, and the beat that the still is of.
    """
    lines = [f"# {_plain(film.title)}"]
    for section, (path, beat) in zip(piece.sections, shown, strict=True):
        lines += _told(section, piece.start, path, beat)
    return "\n\n".join([*lines, "---", f"Made from {_plain(film.provenance)}."]) + "\n"


def _told(section: Section, start: float, still: str, shown: Beat) -> Iterator[str]:
    """The paragraphs about a section; times count from `start`."""
    yield f"## {_plain(section.title)}"
    yield f"![{_plain(f'{section.title}: {shown.caption}')}](<{still}>)"
    yield "\n".join(f"- {clock(beat.start - start)} {_plain(beat.caption)}" for beat in section.beats)
    if section.notes:
        yield "\n>\n".join(f"> {_plain(paragraph)}" for paragraph in section.notes.split("\n\n"))


def _plain(text: str) -> str:
    """Text as Markdown that shows it as it is, in one line."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def _moment(seconds: float) -> timedelta:
    """Rounded to what subtitles count in; `srt` would cut off the rest."""
    return timedelta(milliseconds=round(1000 * seconds))


def _stamp(seconds: float) -> str:
    """As WebVTT has it, "00:01:05.067"."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"
