import numpy as np
import pytest
from manim import Scene, tempconfig
from stills import key
from test_live_curve import assert_ordinary, assert_random_access

from scenes import theme
from scenes.mobjects.step_counter import StepCounter

STEPS = np.array([0, 9, 10, 12_345])


@pytest.mark.parametrize("wanted", [0, 0.5, 2.7, 3])
def test_a_counter_shows_the_same_whatever_was_shown_before(wanted):
    assert_random_access(lambda: StepCounter(STEPS), wanted, (3, 0.5, 1, 2))


@pytest.mark.parametrize(
    ("record", "text"), [(0, "0"), (0.99, "0"), (1, "9"), (2, "10"), (3 - 1e-12, "12,345"), (3, "12,345")]
)
def test_between_two_records_the_counter_writes_the_earlier_one(record, text):
    assert StepCounter(STEPS).show(record).text == text


def test_digits_stand_on_one_line_and_do_not_tremble():
    counter = StepCounter(np.array([1111, 1112, 1711]))
    first = counter.slots[0].get_left()[0]
    for record in (0, 1, 2):
        counter.show(record)
        assert counter.slots[0].get_left()[0] == pytest.approx(first)
    line = [slot.get_bottom()[1] for slot in counter.slots if slot.height > 0.15]
    assert np.ptp(line) < 0.01
    assert line[0] == pytest.approx(counter.word[1].get_bottom()[1], abs=0.01)  # the t of "step"


def test_the_counters_place_does_not_depend_on_what_it_shows():
    corners = [StepCounter(STEPS).show(record).get_corner((1, 1, 0)) for record in (0, 3)]
    np.testing.assert_allclose(*corners, atol=1e-12)


def test_counters_are_ordinary_mobjects():
    assert_ordinary(StepCounter(STEPS).show(3))
    assert_ordinary(StepCounter(STEPS, theme.FONT_SMALL, label="iteration").show(1))


def test_each_change_of_a_counter_has_a_cache_key():
    keys = [
        key(counter)
        for counter in (
            StepCounter(STEPS),
            StepCounter(STEPS).show(1),
            StepCounter(STEPS + [0, 0, 1, 0]),
            StepCounter(STEPS, label="iteration"),
        )
    ]
    assert len(set(keys)) == 4
    assert key(StepCounter(STEPS.copy())) == keys[0]


def test_a_counter_runs_in_an_ordinary_scene(tmp_path):
    class Plain(Scene):
        def construct(self):
            counter = StepCounter(np.array([0, 1200]))
            self.add(counter.show(1))
            self.wait(1 / 15)

    with tempconfig({"progress_bar": "none", "dry_run": True, "media_dir": str(tmp_path), "frame_rate": 15}):
        Plain().render()
