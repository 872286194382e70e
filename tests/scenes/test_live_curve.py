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


@pytest.mark.parametrize("options", [{}, {"floor": None}, {"log": True}, {"log": True, "log_steps": True}])
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
    assert_ordinary(curve(log_steps=True).show(2.5))


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
    makes += [curve(log_steps=True), curve(steps_name="iteration")]
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
        (([0, 1], [1.0, 0.0], "log"), "logarithmic axis has no place for 0"),
        (([-1, 1], [1.0, 1.0], "log_steps"), "no place for step -1"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(arguments, words):
    steps, values, *flags = arguments
    with pytest.raises(ValueError, match=words):
        LiveCurve(np.array(steps), np.array(values), **dict.fromkeys(flags, True))


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


LADDER = np.array([0, 1, 3, 7, 15, 31, 63, 127, 255])
FALL = np.linspace(3.0, 1.0, 9)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("transform", [TRANSFORMS["none"], TRANSFORMS["scaled and shifted"]])
def test_with_logarithmic_steps_a_geometric_ladder_is_evenly_spread_from_end_to_end(log, transform):
    on = camera(1080)
    shown = transform(LiveCurve(LADDER, FALL, (1.2, 0.1), log=log, log_steps=True))
    axis = shown.axes.x_axis
    even = np.linspace(axis.get_left()[0], axis.get_right()[0], 9)
    assert [shown.point(k)[0] for k in range(9)] == pytest.approx(even.tolist(), abs=1e-6)
    plain = transform(LiveCurve(LADDER, FALL, (1.2, 0.1), log=log))
    assert shown.width == pytest.approx(plain.width, abs=1e-6)
    for k in (0, 1, 4.5, 8):
        first, rest = divmod(k, 1)
        place = (1 - rest) * shown.point(int(first)) + rest * shown.point(min(int(first) + 1, 8))
        assert place[1] == pytest.approx(plain.show(k).head.get_y(), abs=1e-6)
        at = pixels_of(place, on)
        assert np.linalg.norm(centroid(frame(shown.show(k).head, on=on), at, 9) - at) < 0.5


def test_with_logarithmic_steps_the_last_record_may_be_any_step():
    steps = np.array([0, 10, 999])
    shown = LiveCurve(steps, np.array([3.0, 2.0, 1.0]), log_steps=True)
    left, middle, right = (shown.point(k)[0] for k in range(3))
    assert (middle - left) / (right - left) == pytest.approx(np.log(11) / np.log(1000))
    assert LiveCurve(np.array([0]), np.array([1.0]), log_steps=True).show(0).records == 1


def test_with_logarithmic_steps_floor_axes_and_texts_stand_where_they_did():
    plain, shown = (curve(log_steps=log_steps).show(3) for log_steps in (False, True))

    def texts(one):
        return [piece for piece in one.submobjects if hasattr(piece, "typst_code")]

    assert len(texts(shown)) == 4
    for a, b in zip(texts(plain), texts(shown), strict=True):
        assert a.typst_code == b.typst_code
        np.testing.assert_allclose(a.get_center(), b.get_center(), atol=1e-6)
    floors = [[piece for piece in one.submobjects if "Dashed" in type(piece).__name__] for one in (plain, shown)]
    np.testing.assert_allclose(floors[0][0].get_all_points(), floors[1][0].get_all_points(), atol=1e-6)
    np.testing.assert_allclose(plain.band.points, shown.band.points, atol=1e-6)
    for a, b in zip(plain.axes.get_family(), shown.axes.get_family(), strict=True):
        np.testing.assert_allclose(a.points, b.points, atol=1e-6)
    for k in (0, 3):
        np.testing.assert_allclose(plain.point(k), shown.point(k), atol=1e-6)


def test_the_last_step_is_named():
    def written(**options):
        shown = curve(steps=np.array([0, 1, 2, 1234]), **options)
        return [piece.typst_code for piece in shown.submobjects if "1,234" in getattr(piece, "typst_code", "")]

    assert [text.endswith("iteration 1,234") for text in written(steps_name="iteration")] == [True]
    assert [text.endswith("step 1,234") for text in written()] == [True]
