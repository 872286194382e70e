"""Posters, the origin of what is exported, and bad input: each ends in one sentence and leaves no half file."""

import re
import signal
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from finished_films import NAME, rendered
from manim import tempconfig
from PIL import Image, ImageDraw

from scenes.__main__ import EXPORTS, main
from scenes.exports.finished import Film, Section, best_there, finished
from scenes.exports.formats import MODULES, export
from scenes.exports.stills import poster_of, still_at, telling_beat
from scenes.record import Beat
from scenes.rendering import Order

ORDER = Order(NAME, quality="l")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("film"))


@pytest.fixture
def here(folder, monkeypatch):
    """In the folder of the tiny film, with its media."""
    monkeypatch.chdir(folder)
    with tempconfig({"media_dir": str(folder / "media")}):
        yield folder


@pytest.fixture
def film(here):
    return finished(ORDER)


# Posters.


def painted(folder, pictures):
    """A film whose beats end on these pictures."""
    path = folder / "film.mp4"
    with av.open(str(path), mode="w") as container:
        stream = container.add_stream("libx264", rate=1, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    beats = tuple(Beat(f"a: {k}", float(k), k + 1.0, str(k)) for k in range(len(pictures)))
    section = Section("a", 0.0, 0.0, float(len(beats)), beats, "")
    return Film("film", "", path, 320, 180, 1.0, section.end, (section,), {})


def cloud(dots):
    """Thousands of particles in one colour."""
    picture = Image.new("RGB", (320, 180), "#0a0c10")
    draw = ImageDraw.Draw(picture)
    for x, y in np.random.default_rng(0).uniform((0, 0), (320, 180), (dots, 2)):
        draw.point((x, y), "#ffe8a0")
    return picture


def board(colours):
    """Squares of all colours on a board."""
    picture = cloud(50)
    for k, colour in enumerate(colours):
        ImageDraw.Draw(picture).rectangle((20 * k, 60, 20 * k + 15, 100), colour)
    return picture


ALL = "#e0a040", "#4090f0", "#a080f0", "#50c0d0", "#f05060", "#60d070", "#f0f0f0", "#8090a0", "#205080", "#904020"


@pytest.mark.parametrize(
    ("pictures", "best"),
    [
        ([cloud(4000), board(ALL)], 1),
        ([board(ALL), cloud(4000)], 0),  # however much there is of it, a cloud is one thing
        ([board(ALL), board((*ALL[:-1], "#906020"))], 1),  # as much, and it is the end
        ([board(ALL), board(ALL[:-2])], 0),  # less
        ([board(ALL), Image.new("RGB", (320, 180), "#0a0c10")], 0),  # faded
    ],
)
def test_a_poster_shows_the_last_of_the_pictures_that_show_the_most(tmp_path, pictures, best):
    film = painted(tmp_path, pictures)
    assert telling_beat(film, film.sections[0]).caption == str(best)
    shown = np.asarray(poster_of(film, film.sections[0]), float)
    assert np.abs(shown - np.asarray(pictures[best], float)).mean() < 12


def test_a_film_may_say_which_beat_stands_for_a_section(tmp_path):
    film = painted(tmp_path, [cloud(50), board(ALL)])
    first, second = film.sections[0].beats
    section = replace(film.sections[0], beats=(first._replace(poster=True), second))
    assert telling_beat(film, section) is section.beats[0]


def test_posters_are_pictures_on_which_beats_end_in_the_films_size(film, tmp_path):
    made = export(ORDER, ["posters"], None, None, tmp_path)
    assert [path.name for path in made] == ["Dots-01-one.png", "Dots-02-two-too.png", "Dots-03-three.png"]
    for section, path in zip(film.sections, made, strict=True):
        with Image.open(path) as poster:
            ends = [still_at(film, beat.end).tobytes() for beat in section.beats]
            assert poster.tobytes() in ends
            assert poster.size == (film.width, film.height)
    [small] = export(ORDER, ["posters"], ["three"], 240, tmp_path)
    assert Image.open(small).size == (427, 240)


# Provenance.


def test_every_file_says_where_it_comes_from(film, tmp_path):
    made = export(ORDER, ["mp4", "webm", "gif", "posters"], ["three"], None, tmp_path)
    assert [path.suffix for path in made] == [".mp4", ".webm", ".gif", ".png"]
    for path in made[:2]:
        with av.open(str(path)) as container:
            said = {key.lower(): value for key, value in container.metadata.items()}
        assert said["comment"] == film.provenance
    for path in made[2:]:
        with Image.open(path) as picture:
            picture.load()
            said = picture.info.get("Comment") or picture.info["comment"].decode()
        assert said == film.provenance
    assert film.provenance.startswith("Dots; runs: none; python 3.")


# Bad input.


def said(capsys, *words):
    """The one sentence in which a command ends."""
    assert main(["export", *words]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    return sentence


def test_what_cannot_be_exported_ends_in_one_sentence(here, capsys, tmp_path):
    for words, answer in {
        ("LangvinScene", "--to", "mp4"): r"there is no scene 'LangvinScene': did you mean 'LangevinScene'\?",
        ("none.py:Dots", "--to", "mp4"): r"there is no file 'none.py'",
        (NAME, "--to", "mp4", "--quality", "h"): r"has not been rendered: .*python -m scenes render dots.py:Dots "
        r"--quality h --theme dark, or export --quality l, which is there",
        (NAME, "--to", "gif", "--quality", "l", "--sections", "tree"): "Dots has no section 'tree': did you mean "
        "'three'",
        (NAME, "--to", "gif", "--quality", "l", "--height", "720"): "720 pixels are more than the film's 480",
    }.items():
        assert re.search(answer, said(capsys, *words, "--output", str(tmp_path))), words
    assert list(tmp_path.iterdir()) == []


def test_without_a_quality_the_best_that_is_there_is_exported(here):
    assert best_there(Order(NAME)) == best_there(Order(NAME, quality="k")) == ORDER
    assert best_there(Order(NAME, theme="light")).quality == "h"


@pytest.mark.parametrize("form", ["mp4", "gif", "posters", "captions"])
def test_a_folder_that_cannot_be_written_to_is_named(here, capsys, tmp_path, form):
    (tmp_path / "file").touch()
    sentence = said(capsys, NAME, "--to", form, "--quality", "l", "--output", str(tmp_path / "file/below"))
    assert re.search(r"cannot write to '.*file/below' \(Not a directory\): choose another with --output", sentence)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "mp5"], "choose from mp4, webm, gif"),
        *[
            (["--to", "gif", "--height", height], "an even number from 90 to 2160")
            for height in ("x", "-2", "0", "361")
        ],
    ],
)
def test_what_no_export_takes_is_refused_with_what_it_takes(capsys, words, told):
    with pytest.raises(SystemExit):
        main(["export", NAME, *words])
    assert told in capsys.readouterr().err.replace("'", "")


def test_the_command_line_knows_every_format():
    assert set(EXPORTS) == set(MODULES)


def in_another_process(folder, *lines):
    """Run lines of Python in a folder."""
    return subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("form", ["mp4", "webm", "gif", "posters", "captions"])
def test_a_full_disk_leaves_no_half_file(here, tmp_path, form):
    room = 100  # bytes that a file may have, in place of a disk that is full
    run = in_another_process(
        here,
        "import resource; from scenes.__main__ import main",
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))",
        f"words = ['export', '{NAME}', '--to', '{form}', '--quality', 'l', '--output', '{tmp_path}']",
        "raise SystemExit(main(words))",
    )
    whole = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert (run.returncode, whole) == (2, 0)
    assert "Traceback" not in run.stderr
    assert re.search(r"scenes: cannot write to '.*' \(File too large\): choose another", run.stderr)


def test_a_killed_export_leaves_the_old_file(here, film, tmp_path):
    (tmp_path / "Dots.mp4").write_text("old")
    run = in_another_process(
        here,
        "import os, signal; from scenes.__main__ import main; from scenes.exports import clips",
        "whole = clips.frames",
        "def some(*where):",
        "    for number, frame in enumerate(whole(*where)):",
        "        if number == 20: os.kill(os.getpid(), signal.SIGKILL)",
        "        yield frame",
        "clips.frames = some",
        f"main(['export', '{NAME}', '--to', 'mp4', '--quality', 'l', '--output', '{tmp_path}'])",
    )
    assert run.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["Dots.mp4"]
    assert (tmp_path / "Dots.mp4").read_text() == "old"
