import numpy as np
from stills import key
from test_live_curve import assert_alike, assert_ordinary, assert_random_access

from scenes.mobjects.readout import Readout
from scenes.mobjects.step_counter import StepCounter

SPREAD = np.array([0.198, 0.05, 0.0123, 0.0004])


def readout():
    return Readout(SPREAD, "spread", ".3f")


def test_a_record_looks_the_same_whatever_was_shown_before():
    assert_random_access(readout, 1, (3, 0.5, 2))


def test_it_is_ordinary():
    assert_ordinary(readout().show(2))


def test_it_says_the_value_as_asked():
    assert [readout().show(k).text for k in range(4)] == ["0.198", "0.050", "0.012", "0.000"]
    assert Readout(np.array([-3.2, 10.0]), "U", ".1f").show(0).text == "−3.2"
    assert readout().show(1.9).text == "0.050"  # between records, the earlier one


def test_its_width_does_not_depend_on_what_it_shows():
    widths = {round(float(readout().show(k).width), 9) for k in range(4)}
    assert len(widths) == 1


def test_a_counter_is_a_readout_of_whole_numbers():
    steps = np.array([0, 1200])
    assert_alike(StepCounter(steps).show(1), Readout(steps, "step").show(1))


def test_other_values_have_another_cache_key():
    assert key(readout()) == key(readout())
    assert key(readout()) != key(Readout(SPREAD + 1e-9, "spread", ".3f"))
