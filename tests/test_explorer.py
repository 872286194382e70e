"""The explorer's page in a real browser, its widget, and the command that writes it."""

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from browsing import barriers
from explorer_runs import REFUSING, SMALL, computed, in_module, opened, page_of_file  # noqa: F401

from diffusion_core.explorer import PALETTES, ROLES, ExplorerError, exploration, module, page, widget
from diffusion_core.langevin_recipes import LangevinRecipe
from diffusion_core.recipes import RECIPES
from scenes.__main__ import main
from scenes.theme import THEMES

PICKED = ".explorer input[type=number]"


def clock(page):
    return int(page.locator(".clock strong").inner_text().replace(",", ""))


def shows(page, step):
    page.wait_for_function("step => document.querySelector('.clock strong').textContent == step", arg=step)


def heard(page):
    return page.locator("[role=status]").inner_text()


def colour_at(page, place, half_side=3.15, stage=0):
    """The colour of the dots' canvas at a place of the data."""
    read = """([[x, y], half, stage]) => {
        const canvas = document.querySelectorAll("canvas.dots")[stage];
        const [u, v] = [(x + half) / (2 * half), (half - y) / (2 * half)].map((share) => share * canvas.width);
        return Array.from(canvas.getContext("2d").getImageData(u, v, 1, 1).data).slice(0, 3);
    }"""
    return np.array(page.evaluate(read, [list(map(float, place)), half_side, stage]))


def on_screen(page, place, half_side=3.15):
    """Where a place of the data is on the page."""
    box = page.locator(".square").bounding_box()
    x, y = place
    return (
        box["x"] + box["width"] * (x + half_side) / (2 * half_side),
        box["y"] + box["height"] * (half_side - y) / (2 * half_side),
    )


def of_hex(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def test_a_page_of_1000_particles_and_200_steps_is_below_2_mb(computed):  # noqa: F811
    # Single steps far apart in their digits, and every proposal kept: nothing that a page holds takes more.
    full = LangevinRecipe("full", target="gaussian", sampler="mala", steps=200, dense=200, particles=1000,
                          step_size=0.05, options={"width": 0.2}, detailed=1000)  # fmt: skip
    shown = exploration(computed(full))
    assert shown.runs[0].positions.shape == (201, 1000, 2)
    assert len(page(shown).encode()) < 2_000_000


def test_a_page_asks_no_network_and_complains_of_nothing(opened, computed):  # noqa: F811
    made = opened(computed(SMALL))
    made.keyboard.press("End")
    made.get_by_label("score field").check()
    made.get_by_label("Live", exact=True).check()
    made.get_by_role("button", name="One step").click()
    shows(made, 1)
    assert made.asked == made.complaints == []
    assert not re.search(r"(src|href)=[\"'](?!data:)|url\(|@import|https?://", made.content().split("<script")[0])


def test_keys_scrub_pick_and_play(opened, computed):  # noqa: F811
    made = opened(computed(SMALL))
    for key, step in [("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10), ("End", 60), ("ArrowRight", 60),
                      ("Home", 0), ("ArrowLeft", 0)]:  # fmt: skip
        made.keyboard.press(key)
        shows(made, step)
    made.keyboard.press("PageDown")
    assert made.locator(PICKED).input_value() == "2"
    made.keyboard.press("PageUp")
    made.keyboard.press("PageUp")
    assert made.locator(PICKED).input_value() == "1"
    made.keyboard.press("Space")
    made.get_by_role("button", name="Pause").wait_for()
    made.wait_for_function("document.querySelector('.clock strong').textContent > 2")
    made.keyboard.press("Space")
    made.get_by_role("button", name="Play").wait_for()
    stopped = clock(made)
    assert heard(made).startswith(f"Particle 1, step {stopped}.")


def test_a_focused_control_keeps_its_own_keys(opened, computed):  # noqa: F811
    made = opened(computed(SMALL))
    made.get_by_label("Step", exact=True).press("ArrowRight")
    shows(made, 1)
    made.get_by_label("density").press("Space")
    assert not made.get_by_label("density").is_checked()
    made.get_by_label("Speed").press("End")
    assert made.get_by_label("Speed").input_value() == "4"
    assert clock(made) == 1
    made.get_by_role("button", name="One step on").press("Space")
    shows(made, 2)
    assert made.get_by_role("button", name="Play").count() == 1


def test_playing_ends_at_the_last_step_and_starts_again_there(opened, computed):  # noqa: F811
    made = opened(computed(SMALL))
    made.get_by_label("Speed").select_option("4")
    made.keyboard.press("Space")
    made.get_by_role("button", name="Pause").wait_for()
    made.get_by_role("button", name="Play").wait_for()
    assert clock(made) == 60
    made.keyboard.press("Space")
    made.wait_for_function("document.querySelector('.clock strong').textContent < 60")


def test_a_click_picks_the_particle_beneath(opened, computed):  # noqa: F811
    trajectory = computed(SMALL)
    made = opened(trajectory)
    made.keyboard.press("End")
    last = trajectory.positions[-1]
    apart = np.linalg.norm(last[:, None] - last, axis=2) + 10 * np.eye(len(last))
    inside = np.abs(last).max(axis=1) < 3
    lonely = int(np.argmax(np.where(inside, apart.min(axis=1), 0)))
    made.mouse.click(*on_screen(made, last[lonely]))
    assert made.locator(PICKED).input_value() == str(lonely + 1)
    made.mouse.click(*on_screen(made, (3.1, 3.1)))  # nobody is there
    assert made.locator(PICKED).input_value() == str(lonely + 1)


def test_the_figures_are_those_of_the_record_and_are_heard(opened, computed):  # noqa: F811
    trajectory = computed(SMALL)
    made = opened(trajectory)
    for _ in range(7):
        made.keyboard.press("ArrowRight")
    made.locator(PICKED).fill("4")
    made.locator(PICKED).press("Enter")
    made.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('Particle 4, step 7.')")
    said = heard(made).replace("−", "-")
    for name, exact in [("position", trajectory.positions[7, 3]), ("drift", trajectory.drift[7, 3]),
                        ("noise", trajectory.noise[7, 3])]:  # fmt: skip
        pair = re.search(rf"{name} \((-?[\d.]+), (-?[\d.]+)\)\.", said)
        np.testing.assert_allclose([float(number) for number in pair.groups()], exact, atol=6e-4)
    shown = dict(zip(made.locator(".readout dt").all_inner_texts(), made.locator(".readout dd").all_inner_texts()))
    assert all(f"{name} {value}." in heard(made) for name, value in shown.items())
    assert set(shown) == {"position", "drift", "noise", "step"}


def test_dots_are_where_the_particles_are(opened, computed):  # noqa: F811
    trajectory = computed(SMALL)
    made = opened(trajectory)
    made.get_by_label("trails").uncheck()
    made.keyboard.press("End")
    shows(made, 60)
    dot, paper = of_hex(THEMES["dark"].particles), of_hex(THEMES["dark"].paper)
    near = [place for place in trajectory.positions[-1] if np.abs(place).max() < 3]
    reds = np.array([colour_at(made, place)[0] for place in near[:40]])
    assert (reds > 0.7 * dot[0]).mean() > 0.9  # between pixels, a small dot's middle is fainter
    empty = (3.0, -3.0)
    assert np.abs(np.array(trajectory.positions[-1]) - empty).max(axis=1).min() > 0.1
    np.testing.assert_allclose(colour_at(made, empty), paper, atol=3)


def test_density_and_field_can_be_hidden(opened, computed):  # noqa: F811
    made = opened(computed(SMALL))
    inked = """() => {
        const canvas = document.querySelector("canvas.field");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, i) => i % 4 === 3 && value > 0).length / (data.length / 4);
    }"""
    eye, paper = (-0.75, 0.45), of_hex(THEMES["dark"].paper)
    assert np.abs(colour_at(made, eye) - paper).max() > 30
    assert made.evaluate(inked) == 0
    made.get_by_label("density").uncheck()
    made.get_by_label("score field").check()
    made.wait_for_timeout(100)
    np.testing.assert_array_equal(colour_at(made, eye), paper)
    assert 0.02 < made.evaluate(inked) < 0.4


def test_two_runs_stand_side_by_side_on_one_clock(opened, computed):  # noqa: F811
    ula = replace(SMALL, steps=20, step_size=0.02)
    made = opened(computed(ula), computed(REFUSING))
    assert made.locator("figure").count() == 2
    assert made.locator("canvas.dots").count() == 2
    places = made.locator(".readout dd").all_inner_texts()
    assert places[0] == places[1]  # they start together
    refused = int(np.argmin(computed(REFUSING).accepted[5]))
    made.locator(PICKED).fill(str(refused + 1))
    made.locator(PICKED).press("Enter")
    made.locator("h1").click()
    for _ in range(5):
        made.keyboard.press("ArrowRight")
    shows(made, 5)
    first, second = made.locator(".readout").all_inner_texts()
    assert "refused" not in first.lower()
    assert "Refused: it stays where it is." in second
    assert "small-ula, step 5" in heard(made)
    assert "small-mala, step 5" in heard(made)


def test_runs_of_two_step_sizes_are_compared_at_equal_times(page, computed):  # noqa: F811
    from dataclasses import asdict

    coarse = replace(SMALL, name="coarse", step_size=0.008, steps=30)
    shown = exploration(computed(SMALL), computed(coarse))
    body = """
        const runs = await Promise.all(argument.map(m.Run.of));
        const both = new m.Recorded(runs, 3.15, () => {}, () => {});
        return runs[0].steps.map((step, k) => { both.go(k); return [step, runs[1].steps[both.momentOf(runs[1])]]; });
    """
    pairs = np.array(in_module(page, body, [asdict(run) for run in shown.runs]))
    known = np.isin(pairs[:, 0] / 2, shown.runs[1].steps)
    assert known.sum() > 10
    np.testing.assert_array_equal(pairs[known, 1], pairs[known, 0] / 2)


def test_runs_from_different_places_are_refused(computed):  # noqa: F811
    with pytest.raises(ExplorerError, match="do not start from the same places"):
        exploration(computed(SMALL), computed(replace(SMALL, seed=1)))


def test_the_theme_changes_all_colours(opened, computed):  # noqa: F811
    made = opened(computed(SMALL), palettes={name: vars_of(look) for name, look in THEMES.items()}, theme="light")
    corner = (-3.1, -3.1)
    for name, change in [("light", "Dark theme"), ("dark", "Light theme")]:
        made.wait_for_timeout(100)
        np.testing.assert_allclose(colour_at(made, corner), of_hex(THEMES[name].paper), atol=2)
        background = made.eval_on_selector(".explorer", "e => getComputedStyle(e).backgroundColor")
        assert background == "rgb({}, {}, {})".format(*of_hex(THEMES[name].paper))
        made.get_by_role("button", name=change).click()


def vars_of(look):
    return {role: getattr(look, role) for role in ROLES}


def test_a_widget_has_the_colours_of_the_films():
    assert {name: {**palette} for name, palette in PALETTES.items()} == {
        name: vars_of(look) for name, look in THEMES.items()
    }


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_nobody_is_kept_out(opened, computed, theme, width):  # noqa: F811
    made = opened(computed(SMALL), theme=theme)
    made.set_viewport_size({"width": width, "height": 844})
    made.keyboard.press("ArrowRight")
    made.locator("summary").click()
    assert barriers(made) == []
    made.get_by_label("Live", exact=True).check()
    made.get_by_label("Target").select_option("your own")
    made.get_by_role("button", name="Noise off").click()
    assert barriers(made) == []
    assert made.evaluate("document.documentElement.scrollWidth") <= width


def test_less_motion_means_whole_steps_slowly(page, computed):  # noqa: F811
    from dataclasses import asdict

    body = """
        const run = await m.Run.of(argument);
        const one = new m.Recorded([run], 3.15, () => {}, () => {});
        one.toggle();
        for (let frame = 0; frame < 25; frame++) one.pass(20);
        return [one.moment, one.momentOf(run)];
    """
    run = asdict(exploration(computed(SMALL)).runs[0])
    assert in_module(page, body, run) == [pytest.approx(6), pytest.approx(6)]
    page.emulate_media(reduced_motion="reduce")
    assert in_module(page, body, run) == [pytest.approx(1.5), 1]


def test_the_noise_can_be_turned_off(opened, computed):  # noqa: F811
    made = opened(computed(SMALL))
    made.get_by_label("Live", exact=True).check()
    made.get_by_role("button", name="One step").click()
    assert "noise (0.0000, 0.0000)" not in heard(made)
    made.get_by_role("button", name="Noise off").click()
    made.get_by_role("button", name="One step").click()
    made.wait_for_function("document.querySelector('[role=status]').textContent.includes('noise (0.0000, 0.0000)')")
    assert made.get_by_label("Noise", exact=True).input_value() == "0"


def test_what_is_drawn_becomes_the_density_and_is_sampled(opened, computed):  # noqa: F811
    made = opened(computed(SMALL))
    made.get_by_label("Live", exact=True).check()
    made.get_by_label("Target").select_option("your own")
    made.get_by_role("button", name="Clear").click()
    made.get_by_role("button", name="One step").click()
    assert "There is no density yet" in heard(made)
    paper = of_hex(THEMES["dark"].paper)
    made.get_by_label("trails").uncheck()
    made.get_by_label("Particles").select_option("500")
    here, there, beside = (-2.4, -2.4), (2.4, -2.4), (0, -2.9)
    made.mouse.move(*on_screen(made, here))
    made.mouse.down()
    made.mouse.move(*on_screen(made, there), steps=12)
    made.mouse.up()
    middle = [colour_at(made, (x, -2.4)) for x in np.linspace(-2.2, 2.2, 12)]
    assert np.median(np.abs(np.array(middle) - paper).max(axis=1)) > 30
    made.get_by_label("Step size τ").evaluate("e => { e.value = -2; e.dispatchEvent(new Event('input')); }")
    made.get_by_label("Speed").select_option("4")
    made.get_by_role("button", name="Play").click()
    made.wait_for_function("Number(document.querySelector('.clock strong').textContent.replace(',', '')) > 400")
    made.get_by_role("button", name="Pause").click()
    number = r"\((-?[\d.]+), (-?[\d.]+)\)"
    x, y = map(float, re.search(number, heard(made).replace("−", "-")).groups())
    assert -3.2 < x < 3.2
    assert abs(y + 2.4) < 6 * 0.15  # six widths of the brush
    assert made.complaints == []
    made.get_by_role("button", name="Undo").click()
    made.wait_for_timeout(100)
    np.testing.assert_array_equal(colour_at(made, beside), paper)


def test_a_density_can_be_drawn_with_the_keyboard(opened, computed):  # noqa: F811
    made = opened(computed(SMALL))
    made.get_by_label("Live", exact=True).check()
    made.get_by_label("Target").select_option("your own")
    made.get_by_role("button", name="Clear").click()
    stage = made.locator(".square")
    for key in [*["Shift+ArrowRight"] * 5, *["Shift+ArrowUp"] * 5, "Enter"]:
        stage.press(key)
    made.wait_for_timeout(100)
    paper = of_hex(THEMES["dark"].paper)
    assert np.abs(colour_at(made, (2.5, 2.5)) - paper).max() > 30
    np.testing.assert_array_equal(colour_at(made, (2.5, -2.9)), paper)


def test_steps_too_large_stop_with_a_sentence(page):
    body = """
        const said = [];
        const target = m.Mixture.isotropic([[0, 0]], 0.1);
        const live = new m.Live([["point", { target }]], 3.15, (text) => said.push(text), () => {});
        live.stepSize = 0.1;
        live.toggle();
        for (let step = 0; step < 50 && live.playing; step++) live.advance();
        live.warn();
        return [live.playing, said.at(-1), live.advice.textContent, Math.max(...live.run.places.map(Math.abs))];
    """
    playing, said, advice, reach = in_module(page, body)
    assert not playing
    assert re.fullmatch(r"The particles left the target at step \d+: choose a smaller step size, and start anew.", said)
    assert "τ = 0.020" in advice  # twice the variance
    assert reach <= 1e3 * 3.15


def test_names_in_a_page_cannot_become_code(opened, computed):  # noqa: F811
    wicked = "</script><img src=x onerror=\"document.title='broken'\">"
    made = opened(replace(computed(SMALL), recipe=wicked))
    assert made.locator("h1").inner_text() == wicked
    assert made.title() == f"{wicked} · explorer"
    assert made.locator("img").count() == 0


def test_the_widget_runs_the_same_module(page, computed):  # noqa: F811
    made = widget(exploration(computed(SMALL)))
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
        const clocks = [clock(), await press(document.getElementById("beside")), await press(el.querySelector("figure"))];
        end();
        return [...clocks, await press(el.querySelector("figure"))];
    """
    assert in_module(page, body, {"exploration": made.exploration}) == ["0", "0", "1", "1"]


def test_without_anywidget_a_sentence_says_what_to_install(computed, monkeypatch):  # noqa: F811
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ExplorerError, match="pip install anywidget"):
        widget(exploration(computed(SMALL)))


def test_the_command_writes_a_page_in_the_films_colours(page_of_file, computed, tmp_path, capsys):  # noqa: F811
    file = tmp_path / "new" / "page.html"
    words = [str(computed(SMALL).path), "--output", str(file), "--theme", "light", "--particles", "50", "--steps", "9"]
    assert main(["explore", *words]) == 0
    assert capsys.readouterr().out.strip() == str(file)
    made = page_of_file(file)
    assert made.locator(PICKED).get_attribute("max") == "50"
    assert made.get_by_label("Step", exact=True).get_attribute("max") == "9"
    assert made.get_by_role("button", name="Dark theme").count() == 1
    made.locator("summary").click()
    about = made.locator(".about").inner_text()
    for origin in ("small-ula", computed(SMALL).hash, "numpy", "50 of 300 particles"):
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
def test_mistakes_end_in_one_sentence(words, sentence, computed, tmp_path, capsys):  # noqa: F811
    run, other = computed(SMALL).path, computed(replace(SMALL, seed=1)).path
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


def test_more_than_a_page_can_hold_is_refused(computed):  # noqa: F811
    known = computed(SMALL)
    crowd = np.broadcast_to(known.positions[:, :1], (len(known.steps), 400_000, 2))
    with pytest.raises(ExplorerError, match="choose fewer particles or steps"):
        exploration(replace(known, positions=crowd), particles=400_000)


def test_help_has_an_example():
    run = subprocess.run([sys.executable, "-m", "scenes", "explore", "--help"], capture_output=True, text=True)
    assert run.returncode == 0
    assert re.search(r"example:\s+python\s+-m\s+scenes\s+explore", run.stdout)
