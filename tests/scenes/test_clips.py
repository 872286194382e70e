"""Clips and GIFs: the very frames of the film, in its colours, in encodings that browsers play."""

import base64
import io
import re

import av
import numpy as np
import pytest
from finished_films import NAME, rendered
from manim import tempconfig
from numbered import PATCHES, RATE, numbered_film, numbers_in
from PIL import Image

from scenes.exports import clips
from scenes.exports.clips import VP9, frames, write_clip, write_gif_clip
from scenes.exports.finished import finished
from scenes.exports.formats import Wish
from scenes.rendering import Order


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("film"))


@pytest.fixture
def film(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with tempconfig({"media_dir": str(folder / "media")}):
        yield finished(Order(NAME, quality="l"))


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    return numbered_film(tmp_path_factory.mktemp("numbered") / "film.mp4", 100)


def decoded(path):
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def wish(film, form, folder, whole=False, height=None):
    return Wish(film, form, film.sections, whole, height, folder)


# Cutting.


@pytest.mark.parametrize(("first", "last"), [(0, 100), (0, 1), (11, 13), (12, 40), (37, 83), (83, 100), (99, 100)])
@pytest.mark.parametrize("off", [0.0, 4e-7, -4e-7])  # seconds are kept with six digits
def test_the_frames_of_an_interval_are_those_it_holds(numbered, first, last, off):
    assert numbers_in(frames(numbered, first / RATE + off, last / RATE - off)) == list(range(first, last))


@pytest.mark.parametrize(("suffix", "options"), [(".mp4", {}), (".webm", {"coding": VP9})])
def test_a_clip_has_the_frames_of_its_interval_one_after_the_other(numbered, tmp_path, suffix, options):
    clip = tmp_path / f"clip{suffix}"
    write_clip(numbered, clip, 13 / RATE, 47 / RATE, 90, **options)
    made = decoded(clip)
    assert numbers_in(made) == list(range(13, 47))
    assert (made[0].width, made[0].height) == (160, 90)
    assert [frame.time for frame in made] == pytest.approx([k / RATE for k in range(34)], abs=1e-3)


def test_clips_of_the_sections_show_what_the_film_shows_there(film, tmp_path):
    made = clips.export(wish(film, "mp4", tmp_path))
    assert [path.name for path in made] == ["Dots-01-one.mp4", "Dots-02-two-too.mp4", "Dots-03-three.mp4"]
    for section, path in zip(film.sections, made, strict=True):
        clip, shown = decoded(path), list(frames(film.path, section.opens, section.end))
        assert len(clip) == len(shown) == round((section.end - section.opens) * film.rate)
        for ours, theirs in zip(clip, shown, strict=True):
            assert np.abs(grey(ours) - grey(theirs)).mean() < 1.0


def grey(frame):
    return frame.to_ndarray(format="gray").astype(float)


def test_a_clip_of_the_whole_film_has_all_its_frames(film, tmp_path):
    [made] = clips.export(wish(film, "webm", tmp_path, whole=True))
    assert made.name == "Dots.webm"
    assert len(decoded(made)) == len(decoded(film.path)) == round(film.duration * film.rate)
    assert made.stat().st_size < film.path.stat().st_size


def test_a_clip_opens_before_all_of_it_is_there(numbered, tmp_path):
    write_clip(numbered, tmp_path / "clip.mp4", 0, 1, 90)
    written = (tmp_path / "clip.mp4").read_bytes()
    assert written.index(b"moov") < written.index(b"mdat")


def test_the_bar_counts_every_frame(numbered, tmp_path, monkeypatch):
    bars = []

    def watched(*arguments, **options):
        bars.append(bar(*arguments, **options | {"disable": False, "delay": 0, "file": io.StringIO()}))
        return bars[-1]

    bar = clips.tqdm
    monkeypatch.setattr(clips, "tqdm", watched)
    write_clip(numbered, tmp_path / "clip.mp4", 0.5, 2.5, 90)
    assert [(bar.n, bar.total, bar.desc) for bar in bars] == [(60, 60, "clip.mp4")]


# Playing.

WATCH = """async ([source, rate]) => {
  document.body.innerHTML = '<video muted></video>';
  const film = document.querySelector('video');
  film.src = source;
  await new Promise((done, fail) => {
    film.onloadedmetadata = done;
    film.onerror = () => fail(film.error.message);
  });
  film.playbackRate = rate;
  const ended = new Promise(done => { film.onended = done; });
  await film.play();
  await ended;
  return [film.duration, film.currentTime, film.videoHeight];
}"""
COLOURS = """async ([source, time]) => {
  document.body.innerHTML = '<video muted></video>';
  const film = document.querySelector('video');
  film.src = source;
  await new Promise(done => { film.onloadeddata = done; });
  await new Promise(done => { film.onseeked = done; film.currentTime = time; });
  const paper = document.createElement('canvas');
  [paper.width, paper.height] = [film.videoWidth, film.videoHeight];
  const ink = paper.getContext('2d');
  ink.drawImage(film, 0, 0);
  const at = k => [...ink.getImageData((k + 0.5) * paper.width / 4, 0.75 * paper.height, 1, 1).data].slice(0, 3);
  return [0, 1, 2, 3].map(at);
}"""


def address(path):
    kind = {".mp4": "video/mp4", ".webm": "video/webm"}[path.suffix]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


@pytest.mark.parametrize("form", ["mp4", "webm"])
def test_a_film_plays_to_its_end_in_a_browser(film, tmp_path, page, form):
    [made] = clips.export(wish(film, form, tmp_path, whole=True, height=240))
    duration, at, height = page.evaluate(WATCH, [address(made), 16])
    assert duration == pytest.approx(film.duration, abs=0.01)
    assert at == pytest.approx(duration, abs=1e-3)
    assert height == 240
    assert page.complaints == []


@pytest.mark.parametrize(("suffix", "options"), [(".mp4", {}), (".webm", {"coding": VP9})])
def test_a_browser_shows_the_colours_of_the_theme(tmp_path, page, suffix, options):
    large = numbered_film(tmp_path / "film.mp4", 4, height=720)  # less is taken for what it is
    write_clip(large, tmp_path / f"clip{suffix}", 0, 4 / RATE, 720, **options)
    shown = page.evaluate(COLOURS, [address(tmp_path / f"clip{suffix}"), 2 / RATE])
    assert np.abs(np.array(shown) - PATCHES).max() <= 4


# GIFs.


def test_a_gif_has_every_second_frame_in_the_films_colours(numbered, tmp_path):
    gif = tmp_path / "clip.gif"
    write_gif_clip(numbered, gif, 10 / RATE, 70 / RATE, 90)
    assert numbers_in(decoded(gif)) == list(range(10, 70, 2))  # 15 frames a second are nearest to 12
    with Image.open(gif) as made:
        assert made.info["loop"] == 0  # for ever
        assert made.size == (160, 90)
        made.seek(3)
        shown = np.asarray(made.convert("RGB"))[68, 20::40].astype(int)
    assert np.abs(shown - PATCHES).max() <= 8


def test_a_gif_lasts_as_long_as_its_interval(numbered, tmp_path):
    write_gif_clip(numbered, tmp_path / "clip.gif", 0, 3, 90)
    with Image.open(tmp_path / "clip.gif") as made:
        lasted = 0
        for k in range(made.n_frames):
            made.seek(k)
            lasted += made.info["duration"]
    assert lasted == pytest.approx(3000, abs=70)  # milliseconds, and one frame


def test_gifs_are_of_sections_even_where_the_whole_film_is_wished(film, tmp_path):
    made = clips.export(wish(film, "gif", tmp_path, whole=True))
    assert [path.name for path in made] == ["Dots-01-one.gif", "Dots-02-two-too.gif", "Dots-03-three.gif"]


def test_a_gif_too_large_for_a_page_is_told_of(numbered, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(clips, "GIF_LIMIT", 1000)
    write_gif_clip(numbered, tmp_path / "clip.gif", 0, 1, 90)
    assert re.search(r"^scenes: clip.gif: \d+ MB, .* --height below 90$", capsys.readouterr().err, re.MULTILINE)
