"""The how-to's: their code runs, and their commands are ones that our command lines take."""

import re
import shlex
from pathlib import Path

import pytest

from scenes.__main__ import _parser
from scenes.films import find_film, sections_of
from scenes.theme import THEMES

PAGES = sorted((Path(__file__).parent.parent / "docs/howto").glob("*.md"))


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)


def test_there_is_a_page_for_each_wish():
    wished = {"density", "sampler", "schedule", "network", "scene", "captions", "target", "embed"}
    assert wished <= {page.stem for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_from_top_to_bottom_and_its_laws_hold(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scenes.theme.THEMES", dict(THEMES))
    names = {"__name__": "page"}
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_are_understood(page):
    for line in "".join(blocks(page, "console")).splitlines():
        words = shlex.split(line)
        if words[:3] == ["python", "-m", "scenes"]:
            chosen = _parser().parse_args(words[3:])
            if getattr(chosen, "sections", None):
                assert set(chosen.sections) <= set(sections_of(find_film(chosen.scene)))
        else:
            assert words[0] == "manim", line


def test_the_scene_of_a_page_is_drawn_with_its_sections(tmp_path, monkeypatch):
    page = next(page for page in PAGES if page.stem == "scene")
    (tmp_path / "my_scene.py").write_text(blocks(page, "python")[0])
    monkeypatch.chdir(tmp_path)
    assert sections_of(find_film("my_scene.py:MyScene")) == ["start", "run"]


def test_the_density_of_a_page_has_a_key_that_follows_its_file(tmp_path, monkeypatch):
    from scenes.storyboard import recipes_of

    page = next(page for page in PAGES if page.stem == "density")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("\n".join(blocks(page, "python")[:2]))
    film = find_film("mine.py:Flower")
    film.near = None  # depends on a run


    def keys():
        return {recipe.key for recipe in recipes_of(film) if recipe.target == "flower.csv"}

    before = keys()
    with open("flower.csv", "a") as file:
        file.write("0,0\n")
    assert len(before) >= 3
    assert before.isdisjoint(keys())
