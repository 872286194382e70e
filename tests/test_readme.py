"""README and pages of the documentation: their examples run, their tables and links are true."""

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
FILMS, LIBRARY, TUTORIAL = ((ROOT / f"docs/{name}.md").read_text() for name in ("films", "library", "tutorial"))


def blocks(page):
    return re.findall(r"```python\n(.*?)```", page, re.S)


@pytest.mark.parametrize("page", [README, FILMS], ids=["README", "films"])
def test_the_tweak_is_three_lines_that_work(page):
    namespace = {}
    exec(compile(blocks(page)[0], "page", "exec"), namespace)
    assert namespace["Mine"].target == "my_logo.png"
    assert namespace["Mine"].particles == 2000


def test_the_librarys_example_runs(capsys):
    exec(compile(blocks(LIBRARY)[0], "library.md", "exec"), {})
    assert capsys.readouterr().out == "(1000, 2) True\n"


def test_the_diffusion_example_runs(capsys):
    exec(compile(blocks(LIBRARY)[1], "library.md", "exec"), {})
    shape, likely = capsys.readouterr().out.rsplit(" ", 1)
    assert shape == "(1000, 2)"
    from diffusion_core.shapes import find_target

    p = find_target("spiral")
    true = p.log_prob(p.sample(20_000, np.random.default_rng(1)))
    assert float(likely) == pytest.approx(true.mean(), abs=0.05 + 4 * true.std() / np.sqrt(1000))


def test_the_librarys_page_has_no_example_that_nobody_runs():
    assert len(blocks(LIBRARY)) == 2
    assert len(blocks(README)) == len(blocks(FILMS)) == 1


def test_the_table_lists_the_attributes_with_their_defaults():
    from scenes.langevin import LangevinScene

    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (.*?) \|", FILMS, re.M)
    assert len(rows) == 10
    for names, defaults in rows:
        for name, default in zip(re.findall(r"\w+", names), defaults.split(", "), strict=True):
            assert str(getattr(LangevinScene, name)) == default.strip('`"'), name


@pytest.mark.parametrize("page", [README, FILMS, TUTORIAL], ids=["README", "films", "tutorial"])
def test_every_line_that_renders_names_a_scene_in_its_file(page):
    from scenes.films import find_film

    lines = re.findall(r"manim .*?(scenes/\w+\.py) (\w+)", page)
    assert lines
    for file, name in lines:
        assert find_film(f"{ROOT / file}:{name}").__name__ == name


def test_the_readme_fits_one_screen():
    assert len(README.splitlines()) <= 80


def test_what_the_readme_points_to_exists():
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert len(links) > 10
    for link in links:
        assert (ROOT / link).exists(), link


def test_the_tutorials_logo_is_a_density_and_its_film_takes_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    logo, film, only, captions = blocks(TUTORIAL)
    exec(compile(logo, "tutorial.md", "exec"), {})
    from diffusion_core.shapes import find_target

    assert find_target("my_logo.png").sample(100, np.random.default_rng(0)).shape == (100, 2)
    namespace = {}
    exec(compile(film + only + captions, "tutorial.md", "exec"), namespace)
    kind = namespace["MyFilm"]
    assert kind.target == "my_logo.png"
    assert kind.only in kind.storyboard(kind.__new__(kind))
    told = "".join(path.read_text() for path in (ROOT / "scenes/langevin_sections").glob("*.py"))
    assert set(kind.captions) <= set(re.findall(r'self\.beat\(\s*"([^"]+)"', told))
    commented = re.findall(r"# (\w+) = (.+)", film)
    assert commented
    for name, value in commented:
        assert repr(getattr(kind, name)) == value.replace('"', "'"), name


def test_the_tutorials_commands_are_known():
    from scenes.__main__ import _parser

    lines = re.findall(r"^\.venv/bin/python -m scenes (.+)$", TUTORIAL + "\n" + README, re.M)
    assert len(lines) >= 6
    for line in lines:
        words = re.sub(r" +#.*", "", line).split()
        assert callable(_parser().parse_args(words).run), line
