"""Outlines that are kept change no pixel, and are not taken for one another."""

import numpy as np
import pytest
from manim import Camera, Circle, Line, Square, Typst, tempconfig

from scenes.mobjects.outlines import KEPT, LONGEST, keep_outlines


def picture(camera, *mobjects):
    camera.reset()
    camera.capture_mobjects(mobjects)
    return camera.pixel_array.copy()


@pytest.fixture
def cameras(monkeypatch):
    """Two cameras at 480p: Manim's own way to draw, and ours."""
    keep_outlines()
    ours = Camera.set_cairo_context_path
    ours.kept.clear()

    def own(*mobjects):
        with monkeypatch.context() as patched:
            patched.setattr(Camera, "set_cairo_context_path", ours.__wrapped__)
            return picture(plain, *mobjects)

    with tempconfig({"quality": "low_quality"}):
        plain, keeping = Camera(), Camera()
    return own, lambda *mobjects: picture(keeping, *mobjects), ours.kept


def test_a_text_that_fades_is_drawn_from_kept_outlines_pixel_by_pixel_as_manim_draws_it(cameras):
    own, ours, kept = cameras
    text = Typst("The score $nabla log p(x)$ points uphill").scale(0.9).shift((0.123, -0.4567, 0))
    start, end = text.copy().set_opacity(0), text.copy()
    for alpha in np.linspace(0.05, 1, 7):
        text.interpolate(start, end, alpha)
        for part, before, after in zip(text.submobjects, start.submobjects, end.submobjects, strict=True):
            part.interpolate(before, after, alpha)
        assert np.array_equal(ours(text), own(text))
    assert 0 < len(kept) <= len(text.family_members_with_points())  # the last digits made no new ones


def test_open_closed_and_stroked_outlines_are_as_manim_draws_them_when_drawn_again(cameras):
    own, ours, _ = cameras
    shapes = [Square(fill_opacity=0.5), Circle(stroke_width=7).shift((1, 0.3, 0)), Line((-2, 1, 0), (2, 1.2, 0))]
    ours(*shapes)
    assert np.array_equal(ours(*shapes), own(*shapes))


def test_what_has_moved_is_drawn_where_it_is(cameras):
    own, ours, _ = cameras
    square = Square(fill_opacity=1)
    before = ours(square)
    square.shift((0.001, 0, 0))
    assert np.array_equal(ours(square), own(square))
    assert not np.array_equal(ours(square), before)


def test_a_camera_of_another_size_has_outlines_of_its_own(cameras):
    _, ours, _ = cameras
    ours(Square(fill_opacity=1))
    with tempconfig({"quality": "medium_quality"}):
        large = Camera()
    drawn = picture(large, Square(fill_opacity=1))
    rows, columns = np.nonzero(drawn[..., 0] != drawn[0, 0, 0])
    assert np.ptp(rows) == pytest.approx(720 / 4, abs=4)
    assert np.ptp(columns) == pytest.approx(720 / 4, abs=4)


def test_only_so_many_are_kept_and_none_that_is_long(cameras):
    _, ours, kept = cameras
    ours(*(Line((0, 0, 0), (1, k / 1000, 0)) for k in range(KEPT + 50)))
    assert len(kept) == KEPT
    long = Line()
    long.set_points_as_corners(np.random.default_rng(0).normal(size=(LONGEST, 3)))
    before = set(kept)
    ours(long)
    assert set(kept) == before
