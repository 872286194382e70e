import math

import numpy as np
import pytest
from manim import Create, FadeIn, FadeOut, Transform, linear
from stills import blank, camera, frame, halfway, ink, key, pixels_of

from scenes.mobjects.contours import Contours
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.raster import STAGE, Window

AXIS = np.linspace(-3.15, 3.15, 211)
PLACE, WIDTH = np.array([0.6, -0.4]), 0.7
LEVELS = (0.1, 0.3, 0.6)


def bump(width=WIDTH, window=STAGE, n=211):
    x, y = np.linspace(*window[:2], n), np.linspace(*window[2:], n)
    return np.exp(-((x - PLACE[0]) ** 2 + (y[:, None] - PLACE[1]) ** 2) / (2 * width**2))


def radii(levels, width=WIDTH):
    return width * np.sqrt(-2 * np.log(levels))


MOMENTS = np.stack([bump(width) for width in (0.4, 0.7, 1.0)])

TRANSFORMS = {
    "in place": (lambda lines: lines, 1.0),
    "shifted": (lambda lines: lines.shift((-2.503, 0.371, 0)), 1.0),
    "scaled": (lambda lines: lines.scale(0.437).shift((1.234, 0.1, 0)), 0.437),
    "rotated": (lambda lines: lines.rotate(0.4), 1.0),
    "zoomed": (lambda lines: lines.zoomed(Window(-1.5, 2.5, -2.5, 1.5)).scale(1.3), 1.3),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_lines_lie_on_their_levels(name):
    transform, scale = TRANSFORMS[name]
    lines = transform(Contours(bump()))
    center = lines.coords_to_point(PLACE)
    anchors = np.concatenate([lines.points[::4], lines.points[3::4]])
    distances = np.linalg.norm(anchors - center, axis=1) / scale
    # Linear between values: the density is off by h²/8 of its curvature, at most 1/w², the place by that over
    # its slope: below 1e-3 with h = 0.03.
    nearest = abs(distances[:, None] - radii(LEVELS)).min(axis=1)
    assert nearest.max() < 1e-3
    assert len(lines.get_subpaths()) == 3
    assert all(np.allclose(path[0], path[-1]) for path in lines.get_subpaths())


@pytest.mark.parametrize("name", TRANSFORMS)
def test_lines_are_drawn_where_the_data_say(name):
    transform, scale = TRANSFORMS[name]
    on, lines = camera(), transform(Contours(bump(), levels=(0.3,)))
    image = ink(frame(lines, on=on))
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    center = pixels_of(lines.coords_to_point(PLACE), on)
    distance = np.hypot(x - center[0], y - center[1])
    expected = radii(0.3) * scale * 90
    assert (image * distance).sum() / image.sum() == pytest.approx(expected, abs=0.1)
    assert abs(distance[image > 0.5 * image.max()] - expected).max() < 1.5  # half a stroke, and a pixel's corner


def test_lines_end_at_the_window():
    window = Window(0.0, 1.2, -1.0, 0.2)
    lines = Contours(bump(), window, extent=STAGE)
    x, y = lines.points[:, :2].T
    assert x.min() == pytest.approx(0.0, abs=1e-12)
    assert x.max() <= 1.2 + 1e-12
    assert y.min() >= -1.0 - 1e-12
    assert (lines.width, lines.height) == pytest.approx((1.2, 1.2))
    whole = Contours(bump())
    inside = np.all((whole.points >= [0, -1.0, 0]) & (whole.points <= [1.2, 0.2, 0]), axis=1)
    assert len(lines.points) >= inside.sum() > 0


def test_its_place_is_that_of_a_density_on_the_same_window():
    lines, density = Contours(bump()), DensityMap(bump())
    for mobject in (lines, density):
        mobject.scale(0.7).move_to((1, 2, 0)).rotate(0.3)
    np.testing.assert_allclose(lines.coords_to_point(PLACE), density.coords_to_point(PLACE), atol=1e-12)


@pytest.mark.parametrize("move", [lambda lines: lines, lambda lines: lines.scale(0.5).shift((1, 0, 0))])
def test_a_record_looks_the_same_whatever_was_shown_before(move):
    straight = frame(move(Contours(MOMENTS).show(1)))
    lines = move(Contours(MOMENTS))
    for k in (2, 0, 1.7, 1):
        frame(lines.show(k))
    assert (frame(lines) == straight).all()
    assert (frame(lines.show(1.9)) == straight).all()
    with pytest.raises(IndexError, match="records 0 to 2"):
        lines.show(2.5)


def test_fading_and_drawing_end_at_the_paper_and_at_the_lines():
    lines = Contours(MOMENTS, opacity=0.8).show(1).shift((-3, 0, 0))
    assert (frame(halfway(FadeOut(lines.copy()), 1.0)) == blank()).all()
    assert (frame(halfway(FadeIn(lines.copy()), 0.0)) == blank()).all()
    for animation in (FadeIn(lines.copy()), Create(lines.copy())):
        assert (frame(halfway(animation, 1.0)) == frame(lines)).all()
    assert halfway(FadeOut(lines.copy(), rate_func=linear), 0.5).get_stroke_opacity() == pytest.approx(0.4)


def test_on_the_way_lines_are_those_of_a_record_at_a_place_between():
    lines = Contours(MOMENTS)
    half = halfway(lines.copy().animate(rate_func=linear).shift((2, 0, 0)).show(2).build(), 0.5)
    np.testing.assert_allclose(half.points, Contours(MOMENTS).show(1).shift((1, 0, 0)).points, atol=1e-12)
    other = Contours(bump(0.5)).shift((1, 1, 0))
    change = Transform(lines.copy(), other, rate_func=linear)
    np.testing.assert_allclose(
        halfway(change, 0.5).points, Contours(MOMENTS).shift((0.5, 0.5, 0)).points, atol=1e-12
    )
    assert (frame(halfway(Transform(lines.copy(), other), 1.0)) == frame(other)).all()


@pytest.mark.parametrize(
    "style",
    [lambda m: m.set_stroke("#FF0000", 4, 1), lambda m: m.set_opacity(1), lambda m: m.set_color("#FF0000")],
)
def test_the_reference_is_never_seen(style):
    nothing = style(Contours(np.ones((3, 3)), levels=(0.5,)))
    assert len(nothing.points) == 0
    assert (frame(nothing) == blank()).all()


def test_a_saved_state_comes_back():
    lines = Contours(MOMENTS).save_state()
    before = frame(lines)
    lines.show(2).shift((1, 0, 0)).set_stroke(opacity=0.2)
    assert (frame(lines) != before).any()
    assert (frame(lines.restore()) == before).all()
    assert lines.show(1).record == 1


def test_each_change_has_a_cache_key_of_its_own():
    changed = MOMENTS.copy()
    changed[2, 5, 5] += 1e-9  # not in the record that is drawn
    keys = [
        key(Contours(MOMENTS)),
        key(Contours(MOMENTS).show(1)),
        key(Contours(MOMENTS, levels=(0.2,))),
        key(Contours(MOMENTS, color="#FF0000")),
        key(Contours(changed)),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == key(Contours(MOMENTS.copy()))


@pytest.mark.parametrize("shape", [(5,), (1, 5), (0, 5, 5), (1, 1, 5, 5)])
def test_values_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="rows, columns"):
        Contours(np.zeros(shape))


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, math.nan])
def test_levels_outside_the_range_are_refused(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        Contours(bump(), levels=(level,))
