import numpy as np
import pytest
from manim import Transform
from stills import camera, centroid, frame, halfway, key, pixels_of
from test_live_curve import TRANSFORMS, assert_alike, assert_ordinary, assert_random_access

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
        TimeSlider(VALUES, ticks={}),
        TimeSlider(VALUES, ticks={}, span=(0.0, 3.0)),
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


@pytest.mark.parametrize("values", [VALUES, VALUES[::-1]])
def test_a_ruler_may_be_longer_than_its_values(values):
    on = camera(1080)
    slider = TimeSlider(values, width=4.0, span=(-1.0, 3.0))
    origin = slider.handle_point(0) - (values[0] + 1.0, 0, 0)
    for record in (0, 1, 2.5, 4):
        value = np.interp(record, np.arange(5), values)
        expected = origin + (value + 1.0, 0, 0)
        np.testing.assert_allclose(slider.handle_point(record), expected, atol=1e-9)
        place = pixels_of(expected, on)
        assert np.linalg.norm(centroid(frame(slider.show(record).handle, on=on), place, 20) - place) < 0.5
    line = slider.submobjects[0]
    np.testing.assert_allclose([line.get_left(), line.get_right()], [origin, origin + (4.0, 0, 0)], atol=1e-9)
    ticks = [piece.get_x() for piece in slider.submobjects if piece.width < 1e-6]
    assert ticks == pytest.approx([origin[0], origin[0] + 4.0])
    texts = [piece.typst_code for piece in slider.submobjects if hasattr(piece, "typst_code")]
    assert [text.endswith(end) for text, end in zip(texts, ("-1", "3"), strict=False)] == [True, True]


def test_by_default_the_ruler_ends_where_the_values_do():
    assert TimeSlider(VALUES).span == (0.0, 2.0)
    assert key(TimeSlider(VALUES)) == key(TimeSlider(VALUES, span=(0, 2)))


def test_without_ticks_there_are_no_numbers():
    slider = TimeSlider(VALUES, ticks={}, label="")
    assert len(slider.submobjects) == 2  # ruler and handle
    assert not [piece for piece in slider.submobjects if hasattr(piece, "typst_code")]


@pytest.mark.parametrize("span", [(0.1, 2.0), (0.0, 1.9), (3.0, 4.0)])
def test_values_beyond_the_ruler_are_refused(span):
    with pytest.raises(ValueError, match="leave the slider"):
        TimeSlider(VALUES, span=span)


@pytest.mark.parametrize("span", [(2.0, 0.0), (1.0, 1.0), (0.0, np.nan)])
def test_rulers_of_no_length_are_refused(span):
    with pytest.raises(ValueError, match="to a greater one"):
        TimeSlider(VALUES, span=span)


def test_ticks_may_stand_anywhere_on_the_ruler_but_not_beyond():
    TimeSlider(VALUES, span=(-1.0, 3.0), ticks={-1.0: "early", 3.0: "late"})
    with pytest.raises(ValueError, match="off the slider"):
        TimeSlider(VALUES, span=(-1.0, 3.0), ticks={3.1: "too late"})


def test_a_slider_takes_over_anothers_ruler():
    one = TimeSlider(VALUES, ticks={}, label="")
    other = TimeSlider(VALUES[1:], width=3.0, span=(0.0, 4.0), ticks={}, label="").show(2)
    end = halfway(Transform(one, other), 1.0)
    for record in (2, 0, 1.5):
        assert_alike(end.show(record).handle, other.copy().show(record).handle)
