"""What is written is laid out once, by whichever process comes first, and is the same for all others."""

import subprocess
import sys

import numpy as np
import pytest
from manim import Typst, tempconfig
from manim.utils.hashing import get_json

from scenes.mobjects import typesetting
from scenes.mobjects.words import mathematics, words

LINE, FORMULA = "A dot at $x_k$.", "{{ x_(k+1) : new }} = {{ x_k : old }} + tau"


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    """An empty folder, and a process that remembers nothing."""
    monkeypatch.setattr(typesetting, "_at_hand", {})
    with tempconfig({"media_dir": str(tmp_path), "pixel_width": 854}):
        yield tmp_path


def made_again(monkeypatch, make):
    """The same, from what is kept in files, and whether anything had to be set for it."""
    set_anew = []
    original = Typst.__init__
    monkeypatch.setattr(Typst, "__init__", lambda self, *a, **k: (set_anew.append(1), original(self, *a, **k))[1])
    monkeypatch.setattr(typesetting, "_at_hand", {})
    return make(), bool(set_anew)


@pytest.mark.parametrize("make", [lambda: words(LINE), lambda: mathematics(FORMULA)], ids=["words", "mathematics"])
def test_what_is_kept_is_what_was_made(make, monkeypatch):
    first, second = make(), make()
    assert first is not second
    first.shift((1, 0, 0))
    kept, set_anew = made_again(monkeypatch, make)
    assert not set_anew
    assert get_json(kept) == get_json(second) != get_json(first)
    np.testing.assert_array_equal(kept.get_all_points(), second.get_all_points())


def test_terms_of_what_is_kept_can_be_taken(monkeypatch):
    mathematics(FORMULA)
    kept, _ = made_again(monkeypatch, lambda: mathematics(FORMULA))
    kept.select("new").set_opacity(0.25)
    faint = [glyph for glyph in kept.family_members_with_points() if glyph.get_fill_opacity() == 0.25]
    assert 0 < len(faint) < len(kept.family_members_with_points())


def test_another_size_colour_or_number_of_pixels_is_set_anew(monkeypatch):
    words(LINE)
    for make in (lambda: words(LINE, font_size=20), lambda: words(LINE, color="#FF0000")):
        assert made_again(monkeypatch, make)[1]
    with tempconfig({"pixel_width": 1920}):
        assert made_again(monkeypatch, lambda: words(LINE))[1]


def test_what_is_damaged_is_made_anew(fresh, monkeypatch):
    right = get_json(words(LINE))
    for file in fresh.rglob("*.outlines"):
        file.write_bytes(file.read_bytes()[:100])
    kept, set_anew = made_again(monkeypatch, lambda: words(LINE))
    assert set_anew
    assert get_json(kept) == right


def test_many_processes_may_begin_in_one_empty_folder(fresh):
    code = (
        "from manim import tempconfig; from scenes.mobjects.words import words\n"
        f"with tempconfig({{'media_dir': {str(fresh)!r}}}): [words(f'Line ${{n}}_k$.') for n in range(12)]"
    )
    running = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0], running[0].stderr.read().decode()
    assert len(list(fresh.rglob("*.svg"))) == 12
    assert not list(fresh.rglob(".*"))
