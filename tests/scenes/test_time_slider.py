import numpy as np
import pytest
from stills import camera, centroid, frame, key, pixels_of
from test_live_curve import TRANSFORMS, assert_ordinary, assert_random_access

from scenes.mobjects.time_slider import TimeSlider

VALUES = np.array([0.0, 0.1, 0.5, 0.6, 2.0])


@pytest.mark.parametrize("values", [VALUES, VALUES[::-1]])
@pytest.mark.parametrize("wanted", [0, 1.4, 4])
def test_a_slider_shows_the_same_whatever_was_shown_before(values, wanted):
    assert_random_access(lambda: TimeSlider(values), wanted, (4, 0.3, 2))


@pytest.mark.parametrize("name", ["none", "scaled and shifted", "turned", "moved"])
def test_the_handle_is_drawn_at_the_value(name):
    on = camera(1080)
    for record in (0, 0.5, 2, 3.25, 4):
        slider = TRANSFORMS[name](TimeSlider(VALUES)).show(record)
        place = pixels_of(slider.handle_point(record), on)
        assert np.linalg.norm(centroid(frame(slider.handle, on=on), place, 20) - place) < 0.5


def test_the_handle_moves_linearly_between_the_values():
    slider = TimeSlider(VALUES, width=4.0)
    start = slider.handle_point(0)
    for record, value in ((0, 0.0), (1, 0.1), (1.5, 0.3), (3.5, 1.3), (4, 2.0)):
        np.testing.assert_allclose(slider.handle_point(record) - start, (4.0 * value / 2.0, 0, 0), atol=1e-9)


def test_falling_values_move_the_handle_back_along_the_same_ruler():
    forth, back = TimeSlider(VALUES), TimeSlider(VALUES[::-1])
    np.testing.assert_allclose(forth.handle_point(1), back.handle_point(3), atol=1e-9)
    assert back.handle_point(0)[0] > back.handle_point(4)[0]


def test_ticks_stand_at_their_values_and_texts_on_one_line():
    slider = TimeSlider(VALUES, ticks={0.0: "data", 0.5: "half", 2.0: "noise"})
    ticks = [piece for piece in slider.submobjects if piece.width < 1e-6]
    assert [tick.get_x() for tick in ticks] == pytest.approx([slider.handle_point(k)[0] for k in (0, 2, 4)])
    texts = [piece for piece in slider.submobjects if hasattr(piece, "typst_code")]
    assert [text.get_x() for text in texts[:3]] == pytest.approx([tick.get_x() for tick in ticks])
    assert np.ptp([text.get_bottom()[1] for text in texts[:3]]) < 0.02
    assert texts[0].get_top()[1] < slider.handle.get_bottom()[1]


def test_sliders_are_ordinary_mobjects():
    assert_ordinary(TimeSlider(VALUES).show(2.5))


def test_each_change_of_a_slider_has_a_cache_key():
    makes = [
        TimeSlider(VALUES),
        TimeSlider(VALUES + [0, 1e-9, 0, 0, 0]),
        TimeSlider(VALUES).show(1),
        TimeSlider(VALUES, label="sigma"),
        TimeSlider(VALUES, ticks={0.5: "half"}),
        TimeSlider(VALUES[::-1]),
        TimeSlider(VALUES, fingerprint="run"),
    ]
    keys = [key(one) for one in makes]
    assert len(set(keys)) == len(keys)
    assert key(TimeSlider(VALUES.copy())) == keys[0]


@pytest.mark.parametrize("values", [[1.0], [0.0, 1.0, 0.5], [2.0, 2.0], [[0.0, 1.0]], [0.0, np.nan]])
def test_values_that_are_no_time_are_refused(values):
    with pytest.raises(ValueError, match="only grow or only fall"):
        TimeSlider(np.array(values))


def test_ticks_off_the_slider_are_refused():
    with pytest.raises(ValueError, match="off the slider"):
        TimeSlider(VALUES, ticks={3.0: "late"})
