"""The explorer as a file, as a widget, and as a command."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from explorer_pages import PICKED, palette_of
from explorer_runs import SMALL, in_module

from diffusion_core.explorer import PALETTES, ExplorerError, exploration, module, page
from diffusion_core.langevin_recipes import LangevinRecipe
from diffusion_core.recipe import hash_of_sources
from diffusion_core.recipes import RECIPES
from scenes.__main__ import main
from scenes.theme import THEMES

PACKAGE = Path(__file__).resolve().parent.parent / "diffusion_core"


def test_a_page_of_1000_particles_and_200_steps_is_below_2_mb(trajectory_of):
    # Single steps far apart in their digits, and every proposal kept: nothing that a page holds takes more.
    full = LangevinRecipe("full", target="gaussian", sampler="mala", steps=200, dense=200, particles=1000,
                          step_size=0.05, options={"width": 0.2}, detailed=1000)  # fmt: skip
    shown = exploration(trajectory_of(full))
    assert shown.runs[0].positions.shape == (201, 1000, 2)
    assert len(page(shown).encode()) < 2_000_000


def test_a_widget_has_the_colours_of_the_films():
    assert {name: {**palette} for name, palette in PALETTES.items()} == {
        name: palette_of(look) for name, look in THEMES.items()
    }


def test_runs_from_different_places_are_refused(trajectory_of):
    with pytest.raises(ExplorerError, match="do not start from the same places"):
        exploration(trajectory_of(SMALL), trajectory_of(replace(SMALL, seed=1)))


def test_names_in_a_page_cannot_become_code(opened, trajectory_of):
    wicked = "</script><img src=x onerror=\"document.title='broken'\">"
    made = opened(replace(trajectory_of(SMALL), recipe=wicked))
    assert made.locator("h1").inner_text() == wicked
    assert made.title() == f"{wicked} · explorer"
    assert made.locator("img").count() == 0


def test_the_widget_runs_the_same_module(page, trajectory_of):
    made = trajectory_of(SMALL).explore(particles=40)
    assert made.exploration["runs"][0]["positions"]["shape"][1] == 40
    assert made._esm == module()
    body = """
        document.body.innerHTML = "<div id=cell></div><div id=beside tabindex=0></div>";
        const el = document.getElementById("cell");
        const end = await m.default.render({ model: { get: (name) => argument[name] }, el });
        await new Promise((done) => setTimeout(done, 200));
        const clock = () => el.querySelector(".clock strong").textContent;
        const press = async (where) => {
            where.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
            await new Promise((done) => setTimeout(done, 200));
            return clock();
        };
        const [beside, figure] = [document.getElementById("beside"), el.querySelector("figure")];
        const clocks = [clock(), await press(beside), await press(figure)];
        end();
        return [...clocks, await press(figure)];
    """
    assert in_module(page, body, {"exploration": made.exploration}) == ["0", "0", "1", "1"]


def test_without_anywidget_a_sentence_says_what_to_install(trajectory_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ExplorerError, match="pip install anywidget"):
        trajectory_of(SMALL).explore()


def test_the_explorer_is_no_part_of_a_runs_key(tmp_path):
    copy = shutil.copytree(PACKAGE, tmp_path / "diffusion_core")

    def key_after(change):
        with open(copy / change, "a") as file:
            file.write("# changed\n")
        return hash_of_sources(copy / "langevin_run.py", [copy])

    assert key_after("explorer.py") == key_after("explored.py") == key_after("packing.py")
    assert key_after("packing.py") != key_after("langevin.py")


def test_the_command_writes_a_page_in_the_films_colours(page_of_file, trajectory_of, tmp_path, capsys):
    file = tmp_path / "new" / "page.html"
    some = ["--theme", "light", "--particles", "50", "--steps", "9"]
    assert main(["explore", str(trajectory_of(SMALL).path), "--output", str(file), *some]) == 0
    assert capsys.readouterr().out.strip() == str(file)
    made = page_of_file(file)
    assert made.locator(PICKED).get_attribute("max") == "50"
    assert made.get_by_label("Step", exact=True).get_attribute("max") == "9"
    assert made.get_by_role("button", name="Dark theme").count() == 1
    made.locator("summary").click()
    about = made.locator(".about").inner_text()
    for origin in ("small-ula", trajectory_of(SMALL).hash, "numpy", "50 of 300 particles"):
        assert origin in about


def test_a_recipe_is_computed_where_it_is_not_yet(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(RECIPES, "small-ula", replace(SMALL, particles=20, steps=3))
    assert main(["explore", "small-ula"]) == 0
    assert capsys.readouterr().out.strip() == "media/explorers/small-ula.html"
    assert (tmp_path / "media/explorers/small-ula.html").stat().st_size > 20_000
    assert len(list(tmp_path.glob("media/trajectories/small-ula-*.npz"))) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["smiley-ulla"], "did you mean 'smiley-ula'"),
        (["nowhere.npz"], "nowhere.npz does not exist"),
        (["RUN", "--particles", "0"], "choose 1 or more"),
        (["RUN", "--steps", "-3"], "choose 1 or more"),
        (["RUN", "--other", "OTHER"], "do not start from the same places"),
        (["BROKEN"], "broken.npz: the file is truncated"),
        (["RUN", "--output", "FILE/page.html"], "choose another with --output"),
    ],
)
def test_mistakes_end_in_one_sentence(words, sentence, trajectory_of, tmp_path, capsys):
    run, other = trajectory_of(SMALL).path, trajectory_of(replace(SMALL, seed=1)).path
    broken = tmp_path / "broken.npz"
    broken.write_bytes(run.read_bytes()[:-1000])
    (tmp_path / "file").write_text("")
    files = {"RUN": run, "OTHER": other, "BROKEN": broken, "FILE": tmp_path / "file"}
    given = [re.sub("|".join(files), lambda found: str(files[found[0]]), word) for word in words]
    assert main(["explore", *given]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    assert sentence in said.err
    assert list(tmp_path.glob("**/*.html")) == []


def test_more_than_a_page_can_hold_is_refused(trajectory_of):
    known = trajectory_of(SMALL)
    crowd = np.broadcast_to(known.positions[:, :1], (len(known.steps), 400_000, 2))
    with pytest.raises(ExplorerError, match="choose fewer particles or steps"):
        exploration(replace(known, positions=crowd), particles=400_000)


def test_help_has_an_example():
    run = subprocess.run([sys.executable, "-m", "scenes", "explore", "--help"], capture_output=True, text=True)
    assert run.returncode == 0
    assert re.search(r"example:\s+python\s+-m\s+scenes\s+explore", run.stdout)
