"""The explorer's page of recorded runs, in a real browser."""

import re
from dataclasses import asdict, replace

import numpy as np
import pytest
from browsing import barriers
from explorer_pages import PICKED, clock, colour_at, heard, of_hex, on_screen, palette_of, shows
from explorer_runs import REFUSING, SMALL, in_module

from diffusion_core.explorer import exploration
from scenes.theme import THEMES


def test_a_page_asks_no_network_and_complains_of_nothing(opened, trajectory_of):
    made = opened(trajectory_of(SMALL))
    made.keyboard.press("End")
    made.get_by_label("score field").check()
    made.get_by_label("Live", exact=True).check()
    made.get_by_role("button", name="One step").click()
    shows(made, 1)
    assert made.asked == made.complaints == []
    assert not re.search(r"(src|href)=[\"'](?!data:)|url\(|@import|https?://", made.content().split("<script")[0])


def test_keys_scrub_pick_and_play(opened, trajectory_of):
    made = opened(trajectory_of(SMALL))
    way = {"ArrowRight": 1, "Shift+ArrowRight": 11, "ArrowLeft": 10, "End": 60, "Home": 0}
    for key, step in [*way.items(), ("ArrowLeft", 0), ("End", 60), ("ArrowRight", 60)]:
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


def test_a_focused_control_keeps_its_own_keys(opened, trajectory_of):
    made = opened(trajectory_of(SMALL))
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


def test_playing_ends_at_the_last_step_and_starts_again_there(opened, trajectory_of):
    made = opened(trajectory_of(SMALL))
    made.get_by_label("Speed").select_option("4")
    made.keyboard.press("Space")
    made.get_by_role("button", name="Pause").wait_for()
    made.get_by_role("button", name="Play").wait_for()
    assert clock(made) == 60
    made.keyboard.press("Space")
    made.wait_for_function("document.querySelector('.clock strong').textContent < 60")


def test_a_click_picks_the_particle_beneath(opened, trajectory_of):
    trajectory = trajectory_of(SMALL)
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


def test_the_figures_are_those_of_the_record_and_are_heard(opened, trajectory_of):
    trajectory = trajectory_of(SMALL)
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
    names, values = (made.locator(f".readout {kind}").all_inner_texts() for kind in ("dt", "dd"))
    shown = dict(zip(names, values, strict=True))
    assert all(f"{name} {value}." in heard(made) for name, value in shown.items())
    assert set(shown) == {"position", "drift", "noise", "step"}


def test_dots_are_where_the_particles_are(opened, trajectory_of):
    trajectory = trajectory_of(SMALL)
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


def test_density_and_field_can_be_hidden(opened, trajectory_of):
    made = opened(trajectory_of(SMALL))
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


def test_two_runs_stand_side_by_side_on_one_clock(opened, trajectory_of):
    ula = replace(SMALL, steps=20, step_size=0.02)
    made = opened(trajectory_of(ula), trajectory_of(REFUSING))
    assert made.locator("figure").count() == 2
    assert made.locator("canvas.dots").count() == 2
    places = made.locator(".readout dd").all_inner_texts()
    assert places[0] == places[1]  # they start together
    refused = int(np.argmin(trajectory_of(REFUSING).accepted[5]))
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


def test_runs_of_two_step_sizes_are_compared_at_equal_times(page, trajectory_of):
    coarse = replace(SMALL, name="coarse", step_size=0.008, steps=30)
    shown = exploration(trajectory_of(SMALL), trajectory_of(coarse))
    body = """
        const runs = await Promise.all(argument.map(m.Run.of));
        const both = new m.Recorded(runs, 3.15, () => {}, () => {});
        return runs[0].steps.map((step, k) => {
            both.go(k);
            return [step, runs[1].steps[both.momentOf(runs[1])]];
        });
    """
    pairs = np.array(in_module(page, body, [asdict(run) for run in shown.runs]))
    known = np.isin(pairs[:, 0] / 2, shown.runs[1].steps)
    assert known.sum() > 10
    np.testing.assert_array_equal(pairs[known, 1], pairs[known, 0] / 2)


def test_the_theme_changes_all_colours(opened, trajectory_of):
    palettes = {name: palette_of(look) for name, look in THEMES.items()}
    made = opened(trajectory_of(SMALL), palettes=palettes, theme="light")
    corner = (-3.1, -3.1)
    for name, change in [("light", "Dark theme"), ("dark", "Light theme")]:
        made.wait_for_timeout(100)
        np.testing.assert_allclose(colour_at(made, corner), of_hex(THEMES[name].paper), atol=2)
        background = made.eval_on_selector(".explorer", "e => getComputedStyle(e).backgroundColor")
        assert background == "rgb({}, {}, {})".format(*of_hex(THEMES[name].paper))
        made.get_by_role("button", name=change).click()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_nobody_is_kept_out(opened, trajectory_of, theme, width):
    made = opened(trajectory_of(SMALL), theme=theme)
    made.set_viewport_size({"width": width, "height": 844})
    made.keyboard.press("ArrowRight")
    made.locator("summary").click()
    assert barriers(made) == []
    made.get_by_label("Live", exact=True).check()
    made.get_by_label("Target").select_option("your own")
    made.get_by_role("button", name="Noise off").click()
    assert barriers(made) == []
    assert made.evaluate("document.documentElement.scrollWidth") <= width


def test_less_motion_means_whole_steps_slowly(page, trajectory_of):
    body = """
        const run = await m.Run.of(argument);
        const one = new m.Recorded([run], 3.15, () => {}, () => {});
        one.toggle();
        for (let frame = 0; frame < 25; frame++) one.pass(20);
        return [one.moment, one.momentOf(run)];
    """
    run = asdict(exploration(trajectory_of(SMALL)).runs[0])
    assert in_module(page, body, run) == [pytest.approx(6), pytest.approx(6)]
    page.emulate_media(reduced_motion="reduce")
    assert in_module(page, body, run) == [pytest.approx(1.5), 1]
