import math

import numpy as np
import pytest
from manim import ORIGIN, FadeIn, FadeOut, linear
from stills import blank, camera, centroid, frame, halfway, ink, key, pixels_of

from scenes.mobjects.contours import Contours
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Window
from scenes.mobjects.zoom_inset import ZoomInset

RNG = np.random.default_rng(5)
WINDOW = Window(-1.5, -0.5, 0.25, 1.25)
SPOTS = np.array([[-1.31, 0.47], [-0.72, 1.04], [-0.9, 0.55]])
PEAK = np.array([-1.1, 0.83])
CENTER = np.array([3.6, 0.4, 0.0])

AXIS = np.linspace(-3.15, 3.15, 631)
BUMP = np.exp(-((AXIS - PEAK[0]) ** 2 + (AXIS[:, None] - PEAK[1]) ** 2) / (2 * 0.03**2))
WALK = SPOTS + np.cumsum(RNG.normal(0, 0.02, (6, 3, 2)), axis=0)

TRANSFORMS = {
    "in place": lambda inset: inset,
    "shifted": lambda inset: inset.shift((-1.203, 0.317, 0)),
    "scaled": lambda inset: inset.scale(0.613).shift((0.5, 0.1, 0)),
    "animated": lambda inset: halfway(inset.animate(rate_func=linear).shift((-2, 0, 0)).scale(0.8).build(), 0.37),
}


def staged(raster):
    return raster.scale(0.9).shift((-3.4, 0.3, 0))


def inset_of(*contents, side=3.6, center=CENTER):
    return ZoomInset(staged(DensityMap(BUMP)), WINDOW, *contents, side=side, center=center)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_particles_lie_where_the_insets_coordinates_say(name):
    on = camera()
    for record in (0, 4):
        inset = TRANSFORMS[name](inset_of(staged(ParticleCloud(WALK)).show(record)))
        places = pixels_of(inset.coords_to_point(WALK[record]), on)
        image = frame(inset, on=on)
        assert max(np.linalg.norm(centroid(image, place) - place) for place in places) < 0.1


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_densitys_peak_lies_where_the_insets_coordinates_say(name):
    on, inset = camera(), TRANSFORMS[name](inset_of(staged(DensityMap(BUMP))))
    place = pixels_of(inset.coords_to_point(PEAK), on)
    # The bump is 7 to 11 pixels wide; the grid of the density lies on its peak.
    assert np.linalg.norm(centroid(frame(inset, on=on), place, reach=40) - place) < 0.2


def test_the_source_lies_around_the_window_on_the_stage():
    stage = staged(DensityMap(BUMP))
    source = ZoomInset(stage, WINDOW).source
    x_min, x_max, y_min, y_max = WINDOW
    expected = stage.coords_to_point([[x_min, y_min], [x_max, y_min], [x_max, y_max], [x_min, y_max]])
    np.testing.assert_allclose(source.get_vertices(), expected, atol=1e-12)


def test_the_frame_has_its_side_and_its_centre_and_the_windows_corners():
    inset = inset_of(side=2.5)
    assert (inset.frame.width, inset.frame.height) == pytest.approx((2.5, 2.5))
    np.testing.assert_allclose(inset.frame.get_center(), CENTER, atol=1e-12)
    x_min, x_max, y_min, y_max = WINDOW
    np.testing.assert_allclose(inset.coords_to_point([x_min, y_max]), CENTER + [-1.25, 1.25, 0], atol=1e-12)
    np.testing.assert_allclose(inset.coords_to_point([x_max, y_min]), CENTER + [1.25, -1.25, 0], atol=1e-12)


def test_contents_are_clipped_to_the_frame():
    on, everywhere = camera(), np.ones((5, 5))
    inset = inset_of(staged(DensityMap(everywhere)), staged(ParticleCloud(RNG.uniform(-3, 3, (4000, 2)))))
    image = ink(frame(inset.contents, on=on))
    corners = pixels_of(inset.frame.get_vertices(), on)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    dot = math.ceil(inset.content(1).radius * 3.6 * on.pixel_height / 8 + 1)  # a dot fades over the border
    inside = np.zeros_like(image, dtype=bool)
    inside[round(top) - dot : round(bottom) + dot, round(left) - dot : round(right) + dot] = True
    assert image[~inside].sum() == 0
    sharp = ink(frame(inset.content(0), on=on)) > 0
    rows, columns = np.nonzero(sharp)
    assert (columns.min(), columns.max() + 1) == pytest.approx((left, right), abs=1)
    assert (rows.min(), rows.max() + 1) == pytest.approx((top, bottom), abs=1)


def test_contents_share_the_data_and_show_the_records_of_their_originals():
    cloud, density = staged(ParticleCloud(WALK)).show(3), staged(DensityMap(BUMP))
    inset = inset_of(density, cloud)
    assert inset.content(1).data is cloud.data
    assert inset.content(1).record == 3
    inset.show(5)
    assert (inset.content(1).current() == WALK[5]).all()
    assert (inset.content(0).record, cloud.record) == (0, 3)
    with pytest.raises(IndexError, match="records 0 to 5"):
        inset.show(6)


CENTERS = [(3.6, 0.4), (3.6, 2.2), (3.0, -2.0), (-3.4, -2.0), (-6.0, 0.3), (-4.3, 3.0), (1.0, 1.0)]


@pytest.mark.parametrize("center", CENTERS)
@pytest.mark.parametrize("side", [0.5, 0.9, 2.0])
def test_lines_join_corners_and_cross_neither_square(center, side):
    inset = inset_of(side=side, center=np.array([*center, 0.0]))
    assert len(inset.lines) == 2
    ends = np.array([[line.get_start(), line.get_end()] for line in inset.lines])
    for square, end in ((inset.source, ends[:, 0]), (inset.frame, ends[:, 1])):
        corners = square.get_vertices()
        for point in end:
            assert np.linalg.norm(corners - point, axis=1).min() < 1e-9
        low, high = corners.min(axis=0)[:2], corners.max(axis=0)[:2]
        for start, stop in ends:
            places = start + np.linspace(0, 1, 400)[:, None] * (stop - start)
            inside = np.all((places[:, :2] > low + 1e-6) & (places[:, :2] < high - 1e-6), axis=1)
            assert not inside.any()
    first, second = ends[:, :, :2]
    sides = [np.sign(np.linalg.det([first[1] - first[0], point - first[0]])) for point in second]
    assert abs(sum(sides)) >= 1  # nor each other


def test_a_frame_around_its_source_has_no_lines():
    assert len(inset_of(side=3.0, center=staged(DensityMap(BUMP)).coords_to_point([-1.0, 0.75])).lines) == 0


def test_a_record_looks_the_same_whatever_was_shown_before():
    straight = frame(inset_of(staged(ParticleCloud(WALK, trail=3))).show(4).shift((-1, 0, 0)))
    inset = inset_of(staged(ParticleCloud(WALK, trail=3)))
    for k in (5, 0, 2.5, 4):
        frame(inset.show(k))
    assert (frame(inset.shift((-1, 0, 0))) == straight).all()


def test_animating_show_runs_through_the_records():
    inset = inset_of(staged(ParticleCloud(WALK)))
    assert halfway(inset.animate(rate_func=linear).show(5).build(), 0.5).content(0).record == 2.5


def test_it_fades_as_one():
    inset = inset_of(staged(DensityMap(BUMP)), staged(ParticleCloud(WALK)), staged(Contours(BUMP)))
    assert (frame(halfway(FadeOut(inset.copy()), 1.0)) == blank()).all()
    assert (frame(halfway(FadeIn(inset.copy()), 0.0)) == blank()).all()
    assert (frame(halfway(FadeIn(inset.copy()), 1.0)) == frame(inset)).all()


def test_all_parts_move_together():
    inset = inset_of(staged(ParticleCloud(WALK)))
    before = [part.get_center() for part in (inset.source, inset.frame, inset.lines, inset.content(0))]
    inset.shift((1.0, -0.5, 0))
    after = [part.get_center() for part in (inset.source, inset.frame, inset.lines, inset.content(0))]
    np.testing.assert_allclose(np.subtract(after, before), np.tile([1.0, -0.5, 0], (4, 1)), atol=1e-12)


def test_its_cache_key_follows_window_and_record():
    cloud = staged(ParticleCloud(WALK))
    other = ZoomInset(cloud, Window(-1.5, -0.5, 0.2, 1.2), cloud, center=CENTER)
    keys = [key(ZoomInset(cloud, WINDOW, cloud, center=CENTER).show(k)) for k in (0, 1)]
    assert len({*keys, key(other)}) == 3


@pytest.mark.parametrize("window", [Window(-1, 1, -1, 0), Window(0, 0, 0, 0), Window(1, -1, 1, -1)])
def test_a_window_that_is_no_square_is_refused(window):
    with pytest.raises(ValueError, match="square"):
        ZoomInset(DensityMap(BUMP), window, center=ORIGIN)
