import math
import time

import numpy as np
import pytest
from manim import Transform, linear
from stills import camera, frame, halfway, key, pixels_of
from test_live_curve import TRANSFORMS, assert_alike, assert_ordinary, assert_random_access, share_of

from scenes import theme as themes
from scenes.mobjects.fingerprint import SealedArray
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Window
from scenes.mobjects.rays import THINNEST, Rays

WIDEST = 0.2
STARTS = np.array([[-0.4, 0.3], [0.2, -0.1], [1.0, 0.5], [0.0, 0.0]])
ENDS = np.array([[2.4, 1.2], [-2.2, 1.9], [-1.5, -2.0], [1.3, -2.3], [2.9, -0.6]])
WEIGHTS = np.array(
    [
        [0.5, 0.2, 0.15, 0.1, 0.05],
        [0.1, 0.6, 0.0, 0.1, 0.2],
        [0.02, 0.03, 0.9, 0.04, 0.01],
        [0.2, 0.2, 0.2, 0.2, 0.2],
    ]
)


def plane():
    return ParticleCloud(ENDS)


def rays(starts=STARTS, ends=ENDS, weights=WEIGHTS, eased=True, place=None, **options):
    made = Rays(starts, ends, weights, place=place or plane(), **{"widest": WIDEST} | options)
    made.eased = eased
    return made.show(0)


def share(*mobjects, on, color=None):
    return share_of(frame(*mobjects, on=on), color or themes.theme().exact)


def across(image, start, end, at, reach=14.0, length=30.0):
    """Ink of a line per pixel along it, around the share `at` of its way, and how far aside its middle is."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    along = (end - start) / np.linalg.norm(end - start)
    offset = np.stack([columns + 0.5, rows + 0.5], axis=-1) - (start + at * (end - start))
    ahead, aside = offset @ along, offset @ (-along[1], along[0])
    ink = image * np.clip((length + 1) / 2 - abs(ahead), 0, 1) * (abs(aside) < reach)
    return ink.sum() / length, (ink * aside).sum() / ink.sum()


@pytest.mark.parametrize("name", ["none", "scaled and shifted", "turned", "moved"])
@pytest.mark.parametrize("record", [0, 1, 2, 3])
def test_a_line_is_as_wide_as_the_root_of_its_weight_and_lies_where_it_should(name, record):
    on = camera(1080)
    place, shown = TRANSFORMS[name](plane()), TRANSFORMS[name](rays()).show(record)
    image = share(shown, on=on)
    scale = 135 * (0.5 if name == "scaled and shifted" else 1.0)
    start = pixels_of(place.coords_to_point(STARTS[record]), on)
    for end, weight in zip(pixels_of(place.coords_to_point(ENDS), on), WEIGHTS[record], strict=True):
        if weight > 0:
            width, aside = across(image, start, end, 0.75)
            assert width == pytest.approx(WIDEST * math.sqrt(weight) * scale, abs=0.3)
            assert abs(aside) < 0.2


@pytest.mark.parametrize("weight", [1.0, 0.3, 0.05, 0.01, 0.001])
def test_the_width_holds_over_three_powers_of_ten(weight):
    on = camera(1080)
    far = np.array([[2.0, 1.1], [-3.0, 2.0]])
    shown = rays(np.array([[-1.0, -2.0]]), far, np.array([[weight, 1 - weight]]))
    start, end = pixels_of([[-1.0, -2.0], [2.0, 1.1]], on)
    assert across(share(shown, on=on), start, end, 0.5)[0] == pytest.approx(27 * math.sqrt(weight), abs=0.3)


def test_lines_go_from_the_start_to_the_ends():
    on = camera(1080)
    for record in (0, 1, 2, 3):
        for i, end in enumerate(pixels_of(ENDS, on)):
            only = rays(STARTS, ENDS[i : i + 1], np.ones((4, 1)), widest=0.1).show(record)
            image, start = share(only, on=on), pixels_of(STARTS[record], on)
            length = np.linalg.norm(end - start)
            rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
            along = (np.stack([columns, rows], axis=-1) - start) @ (end - start) / length
            # A strip from 0 to its length has its centre at half of it, and its ink is length times width.
            assert (image * along).sum() / image.sum() == pytest.approx(length / 2, abs=0.2)
            assert image.sum() == pytest.approx(length * 13.5, rel=0.01)


def test_where_lines_cross_they_are_no_darker():
    on = camera()
    bundle = np.array([[0.02 * i - 0.07, 2.0] for i in range(8)] + [[-2.0, 1.0], [-2.0, -1.0]])
    shown = rays(np.zeros((1, 2)), bundle, np.full((1, 10), 0.1)).set_opacity(0.5)
    image = share(shown, on=on)
    assert image.max() == pytest.approx(0.5, abs=0.02)
    whole = share(rays(np.zeros((1, 2)), bundle, np.full((1, 10), 0.1)), on=on)
    column, row = pixels_of((0.0, 1.0), on).astype(int)
    assert whole[row, column] == pytest.approx(1, abs=0.01)  # nothing cancels within the bundle


@pytest.mark.parametrize("turned", [False, True])
def test_all_outlines_turn_the_same_way(turned):
    shown = rays().rotate(1.0) if turned else rays()
    corners = shown.lines.points.reshape(-1, 4, 4, 3)[:, :, 0, :2]  # (lines, corners, 2)
    after = np.roll(corners, -1, axis=1)
    area = (corners[..., 0] * after[..., 1] - corners[..., 1] * after[..., 0]).sum(axis=1)
    assert len(area) == 5
    assert (area > 0).all() or (area < 0).all()


def test_lines_too_thin_to_see_and_those_of_no_length_are_left_out():
    def lines(*weights, ends=ENDS[:3], start=STARTS[:1]):
        return len(rays(start, ends, np.array([weights])).lines.points) // 16

    thin = (THINNEST / WIDEST) ** 2
    assert lines(0.5, 0.5, 0.0) == 2
    assert lines(0.5 - 0.9 * thin, 0.5, 0.9 * thin) == 2
    assert lines(0.5 - 1.1 * thin, 0.5, 1.1 * thin) == 3
    assert lines(0.5, 0.3, 0.2, start=ENDS[:1]) == 2
    nothing = rays(ENDS[:1], ENDS[:1], np.ones((1, 1)))
    assert share(nothing, on=camera(480)).max() == 0


@pytest.mark.parametrize("eased", [True, False])
@pytest.mark.parametrize("wanted", [0, 1.4, 3])
def test_rays_look_the_same_whatever_was_shown_before(wanted, eased):
    assert_random_access(lambda: rays(eased=eased), wanted, (3, 0.2, 2, 1.6))


def test_between_two_records_start_and_weights_are_blended_only_if_eased():
    middle = rays(0.75 * STARTS[1:2] + 0.25 * STARTS[2:3], weights=0.75 * WEIGHTS[1:2] + 0.25 * WEIGHTS[2:3])
    assert_alike(rays().show(1.25), middle)
    assert_alike(rays(eased=False).show(1.75), rays().show(1))


def test_rays_move_with_their_place():
    place, shown = plane(), rays()
    for mobject in (place, shown):
        mobject.move_to((-2, 1, 0)).scale(0.5).rotate(0.3)
    np.testing.assert_allclose(shown.points[[2, 3]], place.points[[0, 1]], atol=1e-9)
    near = plane().scale(0.4).shift((3, 1, 0))
    there = rays(place=near, widest=0.4 * WIDEST)
    assert_alike(there.show(2), rays().scale(0.4, about_point=(0, 0, 0)).shift((3, 1, 0)).show(2))


def test_a_place_without_a_window_will_do():
    class Twice:
        def coords_to_point(self, coords):
            coords = 2 * np.asarray(coords)
            return np.concatenate([coords, np.zeros((*coords.shape[:-1], 1))], axis=-1)

    shown = rays(place=Twice())
    assert shown.get_corner((1, 1, 0))[:2] == pytest.approx(2 * (np.concatenate([STARTS, ENDS]).max(axis=0) + 0.1))


def test_rays_are_ordinary_mobjects():
    assert_ordinary(rays().show(1.5))


def test_animating_show_draws_the_moments_between():
    moving = halfway(rays().animate(rate_func=linear).show(3).build(), 0.5)
    assert_alike(moving, rays().show(1.5))


def test_other_rays_are_not_mixed_in_but_take_over():
    one = rays().show(1)
    wider = rays(widest=0.1, eased=False).show(2.5)
    for other in (rays(weights=WEIGHTS[::-1].copy()).show(2), rays(ends=ENDS[::-1].copy()).show(2), wider):
        half = halfway(Transform(one.copy(), other, rate_func=linear), 0.4)
        assert_alike(half, rays().show(1.6) if other is wider else one)
        end = halfway(Transform(one.copy(), other), 1.0)
        assert_alike(end, other)
        assert_alike(end.show(3), other.copy().show(3))
        assert_alike(end.show(0.5), other.copy().show(0.5))


def test_each_change_of_rays_has_a_cache_key():
    changed = WEIGHTS.copy()
    changed[1, :2] += (1e-9, -1e-9)
    makes = [
        rays(),
        rays().show(1),
        rays(STARTS + [[0, 0], [1e-9, 0], [0, 0], [0, 0]]),
        rays(ends=ENDS + np.eye(5, 2) * 1e-9),
        rays(weights=changed),
        rays(eased=False),
        rays(widest=0.1),
        rays(color="#FF0000"),
        rays(fingerprint="run"),
        rays(place=plane().shift((1, 0, 0))),
        rays(place=ParticleCloud(ENDS, window=Window(-1, 1, -1, 1))),
    ]
    keys = [key(one) for one in makes]
    assert len(set(keys)) == len(keys)
    assert key(rays(STARTS.copy(), ENDS.copy(), WEIGHTS.copy())) == keys[0]


def test_the_cache_key_does_not_read_the_arrays():
    class Untouchable:
        def __getattribute__(self, name):
            raise AssertionError(f"the cache key read {name}")

    sealed = rays()
    sealed.data = SealedArray(Untouchable(), str(sealed.data))
    sealed.ends = SealedArray(Untouchable(), str(sealed.ends))
    assert key(sealed) == key(rays())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"starts": np.zeros((4, 3))}, "from \\(records, 2\\)"),
        ({"starts": np.zeros((0, 2))}, "from \\(records, 2\\)"),
        ({"ends": np.zeros(2)}, "from \\(records, 2\\)"),
        ({"starts": STARTS[:3]}, "3 starts"),
        ({"ends": ENDS[:4]}, "4 points take weights"),
        ({"weights": WEIGHTS[0]}, "5 points take weights"),
        ({"weights": WEIGHTS - [0.1, -0.1, 0, 0, 0]}, "0 or more"),
        ({"weights": WEIGHTS * np.nan}, "0 or more"),
        ({"weights": WEIGHTS * [[1], [1], [2], [1]]}, "record 2 sum to 2"),
    ],
)
def test_rays_that_cannot_be_drawn_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        rays(**arguments)


def test_records_that_do_not_exist_are_refused():
    with pytest.raises(IndexError, match="records 0 to 3"):
        rays().show(4)


def test_a_thousand_lines_take_little_time_to_outline():
    rng = np.random.default_rng(3)
    many = rays(rng.normal(size=(20, 2)), rng.uniform(-3, 3, (1000, 2)), rng.dirichlet(np.ones(1000), 20))
    times = []
    for record in np.linspace(0, 19, 40):
        start = time.perf_counter()
        many.show(record)
        times.append(time.perf_counter() - start)
    assert np.median(times) < 0.005  # a millisecond on a quiet machine
