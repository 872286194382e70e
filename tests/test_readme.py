import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)


def test_the_tweak_is_three_lines_that_work(tmp_path):
    namespace = {}
    exec(compile(BLOCKS[0], "README.md", "exec"), namespace)
    assert namespace["Mine"].target == "my_logo.png"
    assert namespace["Mine"].particles == 2000


def test_the_librarys_example_runs(capsys):
    exec(compile(BLOCKS[1], "README.md", "exec"), {})
    assert capsys.readouterr().out == "(1000, 2) True\n"


def test_the_diffusion_example_runs(capsys):
    exec(compile(BLOCKS[2], "README.md", "exec"), {})
    shape, likely = capsys.readouterr().out.rsplit(" ", 1)
    assert shape == "(1000, 2)"
    from diffusion_core.shapes import find_target

    p = find_target("spiral")
    true = p.log_prob(p.sample(20_000, np.random.default_rng(1)))
    assert float(likely) == pytest.approx(true.mean(), abs=0.05 + 4 * true.std() / np.sqrt(1000))


def test_the_table_lists_the_attributes_with_their_defaults():
    from scenes.langevin import LangevinScene

    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (.*?) \|", README, re.M)
    assert len(rows) == 9
    for names, defaults in rows:
        for name, default in zip(re.findall(r"\w+", names), defaults.split(", "), strict=True):
            assert str(getattr(LangevinScene, name)) == default.strip('`"'), name


def test_every_film_is_shown_with_the_line_that_renders_it():
    from scenes.films import films, source_of

    lines = re.findall(r"manim -pqh (scenes/\w+\.py) (\w+)", README)
    assert dict(map(reversed, lines)) == {
        name: str(source_of(kind).relative_to(ROOT)) for name, kind in films().items()
    }


def test_what_the_readme_points_to_exists():
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / link).exists(), link
