"""A deck: one page that needs no network, and pauses where a section ends.

What the page does is in `deck/`: its elements, their looks and its script. Each section is a clip of its own, so
that it stops on its last picture by itself, to the frame, in every browser.
"""

from __future__ import annotations

import base64
import json
import math
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Any, Final

import av
from PIL import Image
from tqdm import tqdm

from scenes.exports.clips import H264, Coding, write_clip
from scenes.exports.finished import Film, Section, clock
from scenes.exports.formats import ExportError, Wish
from scenes.exports.stills import poster_of
from scenes.theme import THEMES
from scenes.whole import written_whole

HEIGHT: Final = 720
"""Of the clips, in pixels, where nobody asks for another; what was rendered smaller stays as it is."""
BOUND: Final = 25_000_000
"""Bytes of the page: what mail and a course's platform take."""
USUAL: Final = 101_000
"""Bytes that a second of LangevinScene takes at `HEIGHT`, encoded as any clip of ours."""
COARSEST: Final = 36
"""The crf above which particles become blots."""
ROLES: Final = ("paper", "ink", "mute", "exact")
"""Of the film's theme that the page uses."""
TEMPLATES: Final = Path(__file__).with_name("deck")
SCRIPTS: Final = ("talk.js", "clips.js", "speaker.js", "hands.js")
"""Of the page, in their order: the last one begins."""


@dataclass(frozen=True)
class Slide:
    """A section as the deck has it.

    Attributes:
        section: of the film.
        start: of its clip, in seconds from the film's start.
        poster: at the clips' height.
    """

    section: Section
    start: float
    poster: Image.Image

    @property
    def duration(self) -> float:
        """Of its clip, in seconds."""
        return self.section.end - self.start


def export(wish: Wish) -> list[Path]:
    """Write the deck of a film; returns its path.

    Raises:
        ExportError: the film cannot be encoded, or is too long for a page of `BOUND` bytes.
    """
    height = min(wish.height or HEIGHT, wish.film.height)
    try:
        slides = slides_of(wish, height)
        rest = len(page_of(wish.film, slides, ()).encode())
        room = (BOUND - rest) * 3 // 4 - 100 * len(slides)  # base64 takes four letters for three bytes, tags a few
        page = page_of(wish.film, slides, fitting(wish.film, slides, height, room))
    except (av.error.FFmpegError, av.codec.codec.UnknownCodecError) as error:
        raise ExportError(f"'{wish.film.path}' cannot be encoded ({error}): render it again") from error
    target = wish.folder / f"{wish.film.name}.html"
    with written_whole(target) as whole:
        whole.write_text(page, encoding="utf-8")
    return [target]


def slides_of(wish: Wish, height: int) -> list[Slide]:
    """The sections that are wanted.

    A clip goes on from the picture on which the one before it ended, or opens with its own where that is missing.
    """
    slides: list[Slide] = []
    for section in wish.sections:
        goes_on = section.start == (slides[-1].section.end if slides else 0.0)
        poster = poster_of(wish.film, section)
        poster = poster.resize((round(poster.width * height / poster.height), height), Image.Resampling.LANCZOS)
        slides.append(Slide(section, section.start if goes_on else section.opens, poster))
    return slides


def fitting(film: Film, slides: Sequence[Slide], height: int, room: int) -> list[bytes]:
    """The clips of all slides, encoded as finely as this many bytes allow.

    The first try is as fine as any clip of ours, or as much coarser as `USUAL` lets expect; what is too large is
    encoded again, as much coarser as its size asks for.

    Raises:
        ExportError: they do not fit.
    """
    expected = USUAL * sum(slide.duration for slide in slides) * (height / HEIGHT) ** 2
    crf = coarser(int(H264.options["crf"]), expected, room)
    while True:
        clips = encoded(film, slides, height, replace(H264, options={**H264.options, "crf": str(crf)}))
        size = sum(map(len, clips))
        if size <= room:
            return clips
        if crf == COARSEST:
            raise ExportError(
                f"a deck of {film.name} takes more than {BOUND / 1e6:.0f} MB at {height} pixels: choose fewer "
                "--sections or a smaller --height"
            )
        crf = coarser(crf, size, room)


def coarser(crf: int, size: float, room: int) -> int:
    """The crf at which clips that take `size` bytes at this one fit into `room`: eight steps halve ours.

    >>> coarser(23, 26e6, 18_000_000), coarser(23, 10e6, 18_000_000)
    (28, 23)
    """
    return min(COARSEST, crf + max(0, math.ceil(8 * math.log2(size / max(room, 1)))))


def encoded(film: Film, slides: Sequence[Slide], height: int, coding: Coding) -> list[bytes]:
    """The clips of all slides."""
    clips = []
    label = f"deck, crf {coding.options['crf']}"
    with (
        tempfile.TemporaryDirectory() as folder,
        tqdm(total=sum(round(slide.duration) for slide in slides), desc=label, unit=" s", leave=False) as bar,
    ):
        for slide in slides:
            clip = Path(folder) / "clip.mp4"
            write_clip(film.path, clip, slide.start, slide.section.end, height, coding, film.provenance)
            clips.append(clip.read_bytes())
            bar.update(round(slide.duration))
    return clips


def page_of(film: Film, slides: Sequence[Slide], clips: Iterable[bytes]) -> str:
    """The whole page, with these clips in it."""
    look, versions = THEMES[film.theme], film.origin["versions"]
    minutes = clock(sum(slide.duration for slide in slides))
    return Template((TEMPLATES / "index.html").read_text(encoding="utf-8")).substitute(
        title=escape(film.title),
        provenance=escape(film.provenance),
        generator=escape(f"diffusion-visualizations {versions['diffusion-visualizations']}"),
        theme=film.theme,
        contents=f"{len(slides)} section{'s' * (len(slides) > 1)}, {minutes} minutes",
        colours=":root { " + " ".join(f"--{role}: {getattr(look, role)};" for role in ROLES) + " }",
        style=(TEMPLATES / "deck.css").read_text(encoding="utf-8"),
        script="\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS),
        handout="\n".join(handout_of(number, slide) for number, slide in enumerate(slides, 1)),
        about=about(film),
        film=json.dumps(facts(film, slides), ensure_ascii=False).replace("<", "\\u003c"),
        clips="\n".join(
            f'<script type="text/plain" id="clip-{number}">{base64.b64encode(clip).decode()}</script>'
            for number, clip in enumerate(clips)
        ),
    )


def facts(film: Film, slides: Sequence[Slide]) -> dict[str, Any]:
    """What the script has to know, and what the film was made from; times in seconds from the clip's start."""
    return {
        "name": film.name,
        "title": film.title,
        "rate": film.rate,
        "shape": film.width / film.height,
        "captioned": film.origin["attributes"].get("captions") is not False,
        "sections": [
            {
                "title": slide.section.title,
                "slug": slide.section.slug,
                "duration": slide.duration,
                "notes": slide.section.notes,
                "beats": [
                    {"start": beat.start - slide.start, "caption": beat.caption} for beat in slide.section.beats
                ],
            }
            for slide in slides
        ],
        "origin": film.origin,
    }


def handout_of(number: int, slide: Slide) -> str:
    """A section on paper, and for browsers without JavaScript: its poster, notes and captions."""
    section = slide.section
    notes = "".join(f"<p>{escape(text)}</p>" for text in section.notes.split("\n\n") if text)
    captions = "".join(f"<li>{escape(beat.caption)}</li>" for beat in section.beats)
    width, height = slide.poster.size
    size = f'width="{width}" height="{height}"'
    return f"""<section>
<h2>{number}  {escape(section.title)}</h2>
<img src="{address_of(slide.poster)}" {size} alt="A picture of “{escape(section.title)}”">
<div class="notes">{notes}</div>
<ol>{captions}</ol>
</section>"""


def about(film: Film) -> str:
    """What the film was made from, for the page's help."""
    lines = [("film", film.name)]
    lines += [
        (f"run {run['recipe']}", f"target {run['target']}, seed {run['seed']}, SHA-256 {str(run['sha256'])[:12]}…")
        for run in film.origin["runs"]
    ]
    lines += [("versions", ", ".join(f"{name} {number}" for name, number in film.origin["versions"].items()))]
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in lines) + "</dl>"


def address_of(picture: Image.Image) -> str:
    """A picture as the address of itself."""
    with BytesIO() as file:
        picture.save(file, "webp", quality=82, method=6)
        return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
