import time

import numpy as np
import pytest
from manim import Create, FadeIn, FadeOut, ManimColor, Transform, VMobject, linear
from stills import blank, camera, centroid, frame, halfway, key, pixels_of

from scenes import theme as themes
from scenes.mobjects.fingerprint import SealedArray
from scenes.mobjects.live_curve import LiveCurve

TRANSFORMS = {
    "none": lambda m: m,
    "scaled and shifted": lambda m: m.scale(0.5).shift((1.0, 2.0, 0.0)),
    "turned": lambda m: m.rotate(0.4).shift((-1.0, 0.5, 0.0)),
    "stretched": lambda m: m.stretch(0.7, 0).stretch(1.2, 1),
    "moved": lambda m: m.move_to((2.0, -1.0, 0.0)),
}


def assert_alike(one, other):
    """Equal points and, but for the last digit, equal pixels."""
    for a, b in zip(one.get_family(), other.get_family(), strict=True):
        np.testing.assert_allclose(a.points, b.points, atol=1e-9)
    assert abs(frame(one).astype(int) - frame(other)).max() <= 2


def assert_random_access(make, wanted, others):
    """`show` gives one picture, whatever was shown and wherever the mobject was moved before or after."""
    for transform in TRANSFORMS.values():
        straight = transform(make().show(wanted))
        wandering = make()
        for record in others:
            wandering.show(record)
        transform(wandering)
        for record in (*others, wanted):
            wandering.show(record)
        assert_alike(straight, wandering)


def assert_ordinary(mobject):
    """It fades to the paper and back, can be created and restored, and mixes with itself elsewhere."""
    assert isinstance(mobject, VMobject)
    before = frame(mobject)
    assert (before != blank()).any()
    assert (frame(halfway(FadeOut(mobject.copy()), 1.0)) == blank()).all()
    assert (frame(halfway(FadeIn(mobject.copy()), 1.0)) == before).all()
    assert (frame(halfway(Create(mobject.copy()), 1.0)) == before).all()
    assert (frame(mobject.copy().set_opacity(0)) == blank()).all()
    assert (frame(mobject.copy().fade(1)) == blank()).all()
    aside = halfway(mobject.copy().animate(rate_func=linear).shift((1, 0, 0)).build(), 0.5)
    assert_alike(aside, mobject.copy().shift((0.5, 0, 0)))
    saved = mobject.copy().save_state()
    saved.scale(0.3).shift((1, 1, 0)).restore()
    assert_alike(saved, mobject)


STEPS = np.array([0, 1, 2, 40])
VALUES = np.array([3.0, 2.0, 1.5, 1.0])


def curve(values=VALUES, steps=STEPS, floor=(1.0, 0.1), **options):
    return LiveCurve(steps, values, floor, **options)


@pytest.mark.parametrize("options", [{}, {"floor": None}, {"log": True}])
@pytest.mark.parametrize("wanted", [3, 0.5, 1, 2.7])
def test_a_curve_shows_the_same_whatever_was_shown_before(wanted, options):
    assert_random_access(lambda: curve(**options), wanted, (3, 0.2, 0, 1.5))


def test_the_curve_ends_where_the_value_is():
    shown = LiveCurve(np.array([0, 10, 20]), np.array([4.0, 1.0, 2.0]), (1.0, 0.1)).shift((1, 1, 0)).show(1)
    place = shown.axes.c2p(10, 1.0)
    np.testing.assert_allclose(shown.point(1), place, atol=1e-9)
    np.testing.assert_allclose(shown.curve.points[-1], place, atol=1e-9)
    np.testing.assert_allclose(shown.head.get_center(), place, atol=1e-9)


def test_between_two_records_the_curve_ends_on_the_line_between_them():
    shown = curve().show(2.25)
    expected = 0.75 * shown.point(2) + 0.25 * shown.point(3)
    np.testing.assert_allclose(shown.head.get_center(), expected, atol=1e-9)


def share_of(image, color):
    """How much of a colour a pixel holds, from the paper's 0 to 1."""
    paper = ManimColor(themes.theme().paper).to_rgb() * 255
    toward = ManimColor(color).to_rgb() * 255 - paper
    return np.clip((image[..., :3] - paper) @ toward / (toward @ toward), 0, 1)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("transform", [TRANSFORMS["none"], TRANSFORMS["scaled and shifted"]])
def test_the_curve_is_drawn_where_the_values_are(transform, log):
    steps = np.arange(0, 401, 20)
    values = 2.0 + 1.2 * np.cos(steps / 150)
    shown = transform(curve(values, steps, floor=None, log=log).show(20))
    on = camera(1080)
    image = frame(shown, on=on)
    end = pixels_of(shown.point(20)[:2], on)
    assert np.linalg.norm(centroid(frame(shown.head, on=on), end, 9) - end) < 0.5
    share = share_of(image, themes.theme().particles)
    for record in (3, 6, 10, 14):
        column, row = pixels_of(shown.point(record)[:2], on)
        rows = np.arange(int(row) - 6, int(row) + 7)
        strip = share[rows, int(column)]
        drawn = (strip * (rows + 0.5)).sum() / strip.sum()
        slope = np.diff([pixels_of(shown.point(i)[:2], on) for i in (record - 1, record + 1)], axis=0)[0]
        expected = row + (int(column) + 0.5 - column) * slope[1] / slope[0]
        assert abs(drawn - expected) < 0.5


def test_curves_are_ordinary_mobjects():
    assert_ordinary(curve().show(2.5))
    assert_ordinary(curve(floor=None).show(3))


def test_half_transparent_the_area_under_a_curve_stays_empty():
    steep = LiveCurve(np.array([0, 1, 2]), np.array([4.0, 0.1, 4.0])).show(2)
    middle = (steep.point(0) + steep.point(2)) / 2 - (0, 0.3, 0)
    on = camera()
    column, row = pixels_of(middle[:2], on).astype(int)
    assert (frame(steep.set_opacity(0.5), on=on)[row, column] == blank()[row, column]).all()


def test_animating_show_draws_the_moments_between():
    moving = halfway(curve().animate(rate_func=linear).show(3).build(), 0.5)
    assert_alike(moving, curve().show(1.5))
    scaled = halfway(curve().animate(rate_func=linear).show(3).shift((2, 0, 0)).build(), 0.5)
    assert_alike(scaled, curve().show(1.5).shift((1, 0, 0)))


def test_another_run_is_not_mixed_in_but_takes_over():
    one, other = curve().show(1), curve(VALUES[::-1].copy()).show(2)
    half = halfway(Transform(one.copy(), other, rate_func=linear), 0.9)
    np.testing.assert_allclose(half.head.get_center(), one.head.get_center(), atol=1e-9)
    end = halfway(Transform(one.copy(), other), 1.0)
    np.testing.assert_allclose(end.show(3).head.get_center(), other.copy().show(3).head.get_center(), atol=1e-9)


def test_each_change_of_a_curve_has_a_cache_key():
    changed = VALUES + [0, 1e-9, 0, 0]
    makes = [curve(), curve(changed), curve().show(1), curve(log=True), curve(floor=None), curve(color="#FF0000")]
    keys = [key(one) for one in makes]
    assert len(set(keys)) == len(keys)
    assert key(curve(VALUES.copy())) == keys[0]


def test_the_cache_key_does_not_read_the_arrays():
    class Untouchable:
        def __getattribute__(self, name):
            raise AssertionError(f"the cache key read {name}")

    sealed = curve()
    sealed.data = SealedArray(Untouchable(), str(sealed.data))
    sealed.corners = SealedArray(Untouchable(), str(sealed.corners))
    assert key(sealed) == key(curve())


def test_the_number_at_the_axis_stands_at_its_value_and_inside_the_width():
    shown = curve(width=5.0)
    assert shown.width == pytest.approx(5.0, abs=0.1)  # the dot at the end stands out
    number = next(piece for piece in shown.submobjects if getattr(piece, "typst_code", "").endswith(";2"))
    assert number.get_y() == pytest.approx(shown.axes.c2p(0, 2)[1], abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0, 1], [1.0]), "one value to a step"),
        (([], []), "one value to a step"),
        (([0, 1], [1.0, 0.0], None, "log"), "logarithmic axis"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(arguments, words):
    steps, values, *rest = arguments
    with pytest.raises(ValueError, match=words):
        LiveCurve(np.array(steps), np.array(values), log=bool(rest))


def test_records_that_do_not_exist_are_refused():
    with pytest.raises(IndexError, match="records 0 to 3"):
        curve().show(4)


def test_a_curve_of_one_record_or_of_nothing_but_zeros_is_drawn():
    assert LiveCurve(np.array([0]), np.array([1.0])).show(0).records == 1
    LiveCurve(np.array([0, 5]), np.zeros(2)).show(0.5)


def test_a_frame_of_a_long_curve_takes_little_time():
    long = LiveCurve(np.arange(2001), np.linspace(3, 1, 2001))
    times = []
    for record in np.linspace(0, 2000, 50):
        start = time.perf_counter()
        long.show(record)
        times.append(time.perf_counter() - start)
    assert np.median(times) < 0.005  # a millisecond on a quiet machine
