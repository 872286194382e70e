"""What lies beside a film: the beats as it tells them, however it was rendered, and what it was made from."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from finished_films import FILM, NAME, rendered, scenes
from manim import tempconfig

from scenes.exports.clips import frames
from scenes.exports.finished import NotRenderedError, UnknownSectionError, finished, notes_of
from scenes.films import find_film
from scenes.record import hash_of, read_record
from scenes.rendering import Order
from scenes.theme import FADE

OTHERS = '''
    class Alone(Dots):
        """One section."""

        def construct(self):
            self.one()


    class Draft(Dots):
        only = "one: come"


    class Late(Dots):
        def storyboard(self):
            return {"three": self.three}

        def three(self):
            """Only a clause, and no notes."""
            self.beat("three: go", "It goes.")
            self.end_beat()
            self.play(FadeIn(Dot(self.zones.stage_center)))
'''
ORDER = Order(NAME, quality="l")
RECORD = "media/videos/dots/480p15/Dots.json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = rendered(tmp_path_factory.mktemp("film"))
    (folder / "others.py").write_text(textwrap.dedent(FILM) + textwrap.dedent(OTHERS))
    manim(folder, "others.py", "Alone", "Draft", "Late")
    return folder


@pytest.fixture
def here(folder, monkeypatch):
    """In the folder of the films, with its media."""
    monkeypatch.chdir(folder)
    with tempconfig({"media_dir": str(folder / "media")}):
        yield folder


def manim(folder, *words):
    """Render as `manim` does, in one process."""
    command = [sys.executable, "-m", "manim", "render", "-ql", *words]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]


# The beats.


def test_beats_say_what_was_said_shown_and_credited(here):
    beats = finished(ORDER).beats
    assert [beat.name for beat in beats] == ["one: come", "two, too: rise", "two, too: other", "three: go"]
    assert beats[0].caption == "A dot <comes> & goes."
    assert beats[1].caption == "It rises: x_(k+1) = x_k."  # formulas as text
    assert "sqrt(2 tau)" in beats[0].formulas[0]
    assert [beat.code for beat in beats] == [(), *3 * [("langevin.ula",)]]
    assert [beat.poster for beat in beats] == [False, True, False, False]


def test_captions_change_in_the_film_when_its_beats_begin_and_at_no_other_time(here):
    film = finished(ORDER)
    shown = frames(film.path, 0, film.duration)
    lines = np.array([frame.to_ndarray(format="gray")[400:480] for frame in shown], float)
    changes = np.abs(np.diff(lines, axis=0)).mean(axis=(1, 2)) > 0.08  # a keyframe alone makes 0.06
    changed = (1 + np.flatnonzero(changes)) / film.rate
    begun = [(beat.start - 1e-3 <= changed) & (changed < beat.start + 2 * FADE) for beat in film.beats]
    assert all(now.any() for now in begun)
    assert np.any(begun, axis=0).all()


def test_the_record_is_the_same_in_one_process_in_several_and_from_the_cache(folder, tmp_path):
    (tmp_path / "dots.py").write_text(textwrap.dedent(FILM))
    record = tmp_path / RECORD
    manim(tmp_path, "dots.py", "Dots")
    assert record.read_text() == (folder / RECORD).read_text()  # whose sections were drawn apart
    record.unlink()
    manim(tmp_path, "dots.py", "Dots")  # every play lies in the cache
    assert record.read_text() == (folder / RECORD).read_text()
    record.unlink()
    run = scenes(tmp_path, "render", NAME, "--quality=l", "--theme=dark", "--jobs=2", "--format=webm")
    assert run.returncode == 0, run.stderr
    assert record.read_text() == (folder / RECORD).read_text()


# Sections.


def test_sections_follow_each_other_without_a_gap_to_the_films_end(here):
    film = finished(ORDER)
    one, two, three = film.sections
    assert (one.start, one.opens) == (0.0, 0.0)
    assert (two.start, three.start, three.end) == (one.end, two.end, film.duration)
    assert three.opens == pytest.approx(three.start + 1.0, abs=1e-3)  # what was left fades for a second
    assert (two.title, two.slug, len(two.beats)) == ("Two, too", "two-too", 2)
    assert len(list(frames(film.path, 0, 1e9))) == round(film.duration * film.rate)


def test_what_a_section_shows_twice_is_listed_once(here):
    two = finished(ORDER).sections[1]
    assert (len(two.formulas), two.code) == (1, ("langevin.ula",))


def test_notes_are_the_paragraphs_that_follow_a_sections_first_line(here):
    assert [section.notes for section in finished(ORDER).sections] == [
        "Say that it is one, and that it moves.", "", "Ask who it is.\n\nThen wait.",
    ]  # fmt: skip
    assert notes_of(find_film("others.py:Late")) == {"three": ""}


def test_a_scene_of_one_section_and_a_draft_of_one_beat_are_films_too(here):
    alone = finished(Order("others.py:Alone", quality="l"))
    assert [(section.name, section.end) for section in alone.sections] == [("one", alone.duration)]
    draft = finished(Order("others.py:Draft", quality="l"))
    assert [beat.name for beat in draft.beats] == ["one: come"]
    assert draft.sections[0].opens == 0.0


def test_the_last_section_lasts_to_the_films_end_though_its_last_beat_does_not(here):
    late = finished(Order("others.py:Late", quality="l"))
    assert late.beats[-1].end == pytest.approx(late.duration - 1.0, abs=1e-3)
    assert late.sections[-1].end == late.duration


def test_sections_are_found_by_name_in_the_films_order(here):
    film = finished(ORDER)
    assert [section.name for section in film.chosen(["three", "one"])] == ["one", "three"]
    assert film.chosen(None) == film.sections
    with pytest.raises(UnknownSectionError, match="Dots has no section 'two': "):
        film.chosen(["one", "two"])


# Where it comes from.


def test_the_origin_of_a_film_with_runs_names_each_with_its_hash():
    origin = find_film("OneStepScene")(renderer=None).origin()
    assert origin["scene"] == "OneStepScene"
    assert (origin["attributes"]["target"], origin["attributes"]["seed"]) == ("smiley", 0)
    assert {"manim", "numpy", "typst", "python"} <= origin["versions"].keys()


def test_the_hash_of_a_damaged_run_is_unknown(tmp_path):
    path = tmp_path / "run.npz"
    assert hash_of(path) is None
    np.savez(path, hash="abc")
    assert hash_of(path) == "abc"
    for damaged in (path.read_bytes()[:40], b"", b"PK\3\4" + b"x" * 400):
        path.write_bytes(damaged)
        assert hash_of(path) is None


# Damage.


def altered(note, **changes):
    return json.dumps(note | changes)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda note: "", r"is damaged \(.*\): .*python -m scenes render dots.py:Dots --quality l --theme dark$"),
        (lambda note: "[]", "is damaged"),
        (lambda note: altered(note, version=0), "it was written by another version"),
        (lambda note: altered(note, origin={"scene": "Dots"}), "it has no runs, theme, versions"),
        (lambda note: altered(note, beats=[]), "a film of no beats"),
        (lambda note: altered(note, beats=[{"name": "one"}]), "is damaged"),
        (lambda note: altered(note, beats=note["beats"][::-1]), "its beats overlap"),
        (lambda note: altered(note, beats=[note["beats"][0] | {"end": 1e3}]), "is of a longer film"),
        (None, "has no record of its beats beside it: .*python -m scenes render"),
    ],
)
def test_a_damaged_record_is_told_of(here, damage, told):
    record = here / RECORD
    whole = record.read_text()
    try:
        if damage is None:
            record.unlink()
        else:
            record.write_text(damage(json.loads(whole)))
        with pytest.raises(NotRenderedError, match=told):
            finished(ORDER)
    finally:
        record.write_text(whole)
    assert finished(ORDER).beats == read_record(here / "media/videos/dots/480p15/Dots.mp4")[0]


@pytest.mark.parametrize("damage", [lambda film: b"", lambda film: film[: len(film) // 2], lambda _: b"x" * 5000])
def test_a_damaged_film_is_told_of(here, damage):
    film = here / "media/videos/dots/480p15/Dots.mp4"
    whole = film.read_bytes()
    try:
        film.write_bytes(damage(whole))
        with pytest.raises(NotRenderedError, match="is damaged"):
            finished(ORDER)
    finally:
        film.write_bytes(whole)
