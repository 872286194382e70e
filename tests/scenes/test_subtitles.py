"""Captions beside a film: in players, in a browser, to read; their times are the beats'."""

import base64
import re

import pytest
import srt
from finished_films import NAME, rendered
from manim import tempconfig
from markdown_it import MarkdownIt
from PIL import Image

from scenes.exports.captions import _plain, transcript_of, vtt_of
from scenes.exports.finished import Section, finished
from scenes.exports.formats import Piece, export
from scenes.record import Beat
from scenes.rendering import Order

ORDER = Order(NAME, quality="l")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("film"))


@pytest.fixture
def film(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with tempconfig({"media_dir": str(folder / "media")}):
        yield finished(ORDER)


def test_subtitles_say_what_the_beats_say_when_they_say_it(film, tmp_path):
    made = export(ORDER, ["captions"], None, None, tmp_path)
    assert [path.name for path in made] == ["Dots.srt", "Dots.vtt", "Dots.md"]
    cues = list(srt.parse(made[0].read_text()))
    assert [cue.content for cue in cues] == [beat.caption for beat in film.beats]
    for cue, beat in zip(cues, film.beats, strict=True):
        assert cue.start.total_seconds() == pytest.approx(beat.start, abs=6e-4)
        assert cue.end.total_seconds() == pytest.approx(beat.end, abs=6e-4)


def test_subtitles_of_a_clip_count_from_its_first_frame(film, tmp_path):
    made = export(ORDER, ["captions"], ["two, too"], None, tmp_path)
    assert made[0].name == "Dots-02-two-too.srt"
    section, cues = film.sections[1], list(srt.parse(made[0].read_text()))
    assert len(cues) == 2
    assert cues[0].start.total_seconds() == 0.0
    assert cues[1].end.total_seconds() == pytest.approx(section.end - section.opens, abs=1e-3)
    assert made[2].read_text().count("![") == 1


CUES = """async ([source, captions]) => {
  document.body.innerHTML = '<video muted><track default kind="captions"></video>';
  const film = document.querySelector('video'), track = document.querySelector('track');
  const both = Promise.all([
    new Promise(done => { film.onloadeddata = done; }),
    new Promise((done, fail) => { track.onload = done; track.onerror = () => fail('no track'); }),
  ]);
  [film.src, track.src] = [source, captions];
  track.track.mode = 'hidden';
  await both;
  const cues = [...track.track.cues], plain = cue => cue.getCueAsHTML().textContent;
  const active = [];
  for (const cue of cues) {
    await new Promise(done => { film.onseeked = done; film.currentTime = (cue.startTime + cue.endTime) / 2; });
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    active.push([...track.track.activeCues].map(plain));
  }
  return [cues.map(cue => [cue.startTime, cue.endTime, plain(cue)]), active];
}"""


def address(path, kind):
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


@pytest.mark.parametrize("form", ["mp4", "webm"])
def test_a_browser_shows_each_caption_while_its_beat_lasts(film, tmp_path, page, form):
    clip, _, captions, _ = export(ORDER, [form, "captions"], None, None, tmp_path)
    sources = [address(clip, f"video/{form}"), address(captions, "text/vtt")]
    cues, active = page.evaluate(CUES, sources)
    assert [words for _, _, words in cues] == [beat.caption for beat in film.beats]
    assert cues[0][2] == "A dot <comes> & goes."
    for (start, end, _), beat in zip(cues, film.beats, strict=True):
        assert (start, end) == pytest.approx((beat.start, beat.end), abs=6e-4)
    assert active == [[beat.caption] for beat in film.beats]
    assert page.complaints == []


def test_a_note_says_where_subtitles_come_from_and_ends_nothing():
    beats = (Beat("a: b", 3661.5, 3662.0004, " two\n  lines ", (), ()),)
    text = vtt_of(Piece("film", 0.0, 9.0, (Section("a", 0.0, 0.0, 9.0, beats, ""),)), "made --> so")
    assert text.split("\n\n")[1:] == ["NOTE made → so", "01:01:01.500 --> 01:01:02.000\ntwo lines\n"]


def test_a_transcript_has_headings_words_stills_notes_and_an_origin(film, tmp_path):
    text = export(ORDER, ["captions"], None, None, tmp_path)[2].read_text()
    tokens = MarkdownIt().parse(text)
    headings = [tokens[k + 1].content for k, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == ["Two dots and a rule", "One", "Two, too", "Three"]
    shown = MarkdownIt().render(text)
    for beat in film.beats:
        escaped = beat.caption.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert re.search(rf"<li>\d:\d\d {re.escape(escaped)}</li>", shown), beat
    quoted = re.findall(r"<blockquote>\s*(.*?)\s*</blockquote>", shown, re.DOTALL)
    assert quoted == ["<p>Say that it is one, and that it moves.</p>", "<p>Ask who it is.</p>\n<p>Then wait.</p>"]
    stills = re.findall(r'<img src="(.*?)" alt="(.+?)"', shown)
    assert [alt.partition(":")[0] for _, alt in stills] == ["One", "Two, too", "Three"]
    for source, _ in stills:
        with Image.open(tmp_path / source) as still:
            assert still.size == (854, 480)
            assert still.info["Comment"] == film.provenance
    assert film.provenance in re.sub(r"\\(.)", r"\1", text.splitlines()[-1])


@pytest.mark.parametrize("words", ["x_(k+1) = x_k * 2_a_", "<b> & [a](b) `c` $p$ #1 | ~~no~~", "- none", r"a\_b"])
def test_words_in_a_transcript_stay_as_they_are(words):
    inline = MarkdownIt("gfm-like", {"linkify": False}).parse(_plain(words))[1]
    assert [(token.type, token.content) for token in inline.children if token.content] == [("text", words)]


def test_times_in_a_transcript_count_minutes(film):
    beats = (Beat("a: b", 65.4, 66.0, "Late.", (), ()),)
    piece = Piece("film", 0.0, 66.0, (Section("a", 60.0, 65.4, 66.0, beats, ""),))
    assert "- 1:05 Late.\n" in transcript_of(piece, film, [("still.png", beats[0])])
