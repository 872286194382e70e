"""Live Langevin in the explorer's page, in a real browser."""

import re

import numpy as np
from explorer_pages import colour_at, heard, of_hex, on_screen
from explorer_runs import SMALL, in_module

from scenes.theme import THEMES


def test_the_noise_can_be_turned_off(opened, trajectory_of):
    made = opened(trajectory_of(SMALL))
    made.get_by_label("Live", exact=True).check()
    made.get_by_role("button", name="One step").click()
    assert "noise (0.0000, 0.0000)" not in heard(made)
    made.get_by_role("button", name="Noise off").click()
    made.get_by_role("button", name="One step").click()
    made.get_by_role("status").filter(has_text="noise (0.0000, 0.0000)").wait_for(state="attached")
    assert made.get_by_label("Noise", exact=True).input_value() == "0"


def test_what_is_drawn_becomes_the_density_and_is_sampled(opened, trajectory_of):
    made = opened(trajectory_of(SMALL))
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
    made.get_by_role("status").filter(has_text="drift").wait_for(state="attached")
    number = r"\((-?[\d.]+), (-?[\d.]+)\)"
    x, y = map(float, re.search(number, heard(made).replace("−", "-")).groups())
    assert -3.2 < x < 3.2
    assert abs(y + 2.4) < 6 * 0.15  # six widths of the brush
    assert made.complaints == []
    made.get_by_role("button", name="Undo").click()
    made.wait_for_timeout(100)
    np.testing.assert_array_equal(colour_at(made, beside), paper)


def test_a_density_can_be_drawn_with_the_keyboard(opened, trajectory_of):
    made = opened(trajectory_of(SMALL))
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
    remedy = "choose a smaller step size, and start anew."
    assert re.fullmatch(rf"The particles left the target at step \d+: {remedy}", said)
    assert "τ = 0.020" in advice  # twice the variance
    assert reach <= 1e3 * 3.15
