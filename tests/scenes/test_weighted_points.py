import math
import time

import numpy as np
import pytest
from manim import FadeIn, FadeOut, ManimColor, Transform, linear
from stills import PAPER, blank, camera, centroid, frame, halfway, ink, key, pixels_of
from test_live_curve import share_of
from test_particle_cloud import TRANSFORMS

from scenes import theme as themes
from scenes.mobjects.fingerprint import SealedArray
from scenes.mobjects.particle_cloud import SMALLEST, ParticleCloud
from scenes.mobjects.weighted_points import WeightedPoints

RNG = np.random.default_rng(7)
PLACES = (np.mgrid[-2:3, -1.5:1.6:1.0].reshape(2, -1).T + RNG.uniform(-0.2, 0.2, (20, 2))) * 0.9
WEIGHTS = np.stack([RNG.dirichlet(np.full(20, spread)) for spread in (0.5, 1.0, 5.0, 50.0)])
LARGEST = 0.4


def points(places=PLACES, weights=WEIGHTS, eased=False, **options):
    made = WeightedPoints(places, weights, **{"largest": LARGEST, "color": "#FFFFFF", "opacity": 1} | options)
    made.eased = eased
    return made


def areas(image, places, reach):
    """Pixels covered around each place."""
    share = share_of(image, "#FFFFFF")
    out = []
    for column, row in np.floor(places).astype(int):
        out.append(share[row - reach : row + reach, column - reach : column + reach].sum())
    return np.array(out)


@pytest.mark.parametrize("height", [720, 1080])
@pytest.mark.parametrize("record", [0, 1, 2, 3])
def test_a_dots_ink_is_its_weight(height, record):
    on = camera(height)
    drawn = areas(frame(points().show(record), on=on), pixels_of(PLACES, on), height // 30)
    radii = LARGEST * np.sqrt(WEIGHTS[record]) * height / 8
    expected = math.pi * radii**2
    large = radii > 3
    assert large.sum() >= 5
    np.testing.assert_allclose(drawn[large], expected[large], rtol=0.03)
    # The same in pixels of radius; where a small dot lies on the grid changes its ink.
    visible = radii > 0.3  # the ink of less is lost in rounding to 255 levels
    assert abs(np.sqrt(drawn[visible] / math.pi) - radii[visible]).max() < 0.1
    assert drawn.sum() == pytest.approx(math.pi * (LARGEST * height / 8) ** 2, rel=0.03)


@pytest.mark.parametrize("pixels", [0.3, 0.7, SMALLEST, 0.8, 1.0, 2.0, 6.0])
def test_equal_weights_have_the_ink_of_their_discs_at_every_size(pixels):
    on = camera(1080)
    largest = pixels / 135 * math.sqrt(20)
    image = frame(points(weights=np.full((1, 20), 0.05), largest=largest), on=on)
    # As for particles: 1.6 % of standard deviation by where a dot lies on the grid, 4 of these, 20 dots.
    expected = 20 * math.pi * pixels**2
    assert share_of(image, "#FFFFFF").sum() == pytest.approx(expected, rel=4 * 0.016 / math.sqrt(20))


def test_equal_weights_look_like_a_cloud():
    cloud = ParticleCloud(PLACES, radius=0.05, color="#FFFFFF", opacity=1)
    equal = points(weights=np.full((1, 20), 0.05), largest=0.05 * math.sqrt(20))
    assert abs(frame(equal).astype(int) - frame(cloud)).max() <= 1
    dim = points(weights=np.full((1, 20), 0.05), largest=0.005 * math.sqrt(20))
    assert abs(frame(dim).astype(int) - frame(cloud.set(radius=0.005))).max() <= 1


@pytest.mark.parametrize("name", [*TRANSFORMS, "none"])
def test_dots_lie_at_their_positions_under_every_affine_transform(name):
    transform, law = TRANSFORMS.get(name, (lambda cloud: cloud, lambda x: x))
    on, shown = camera(), transform(points()).show(3)
    image, places = frame(shown, on=on), pixels_of(law(PLACES), on)
    off = np.array([np.linalg.norm(centroid(image, place, 16) - place) for place in places])
    assert off.max() < 0.1


def test_scaling_makes_dots_larger():
    small, large = (points().show(3).scale(scale) for scale in (0.5, 1.0))
    assert ink(frame(large)).sum() == pytest.approx(4 * ink(frame(small)).sum(), rel=0.03)


def test_a_weight_of_zero_draws_nothing():
    weights = np.zeros((1, 20))
    weights[0, 3] = 1
    assert (frame(points(weights=weights)) == frame(points(PLACES[3:4], np.ones((1, 1))))).all()


def test_a_dot_of_weight_one_has_the_largest_radius():
    assert points(weights=np.eye(20)).show(4).radii().tolist() == [LARGEST * (i == 4) for i in range(20)]


@pytest.mark.parametrize("eased", [True, False])
@pytest.mark.parametrize("wanted", [0, 1.4, 3])
def test_points_look_the_same_whatever_was_shown_before(wanted, eased):
    straight = frame(points(eased=eased).show(wanted))
    wandering = points(eased=eased)
    for record in (3, 0.2, 2, 1.6, wanted):
        wandering.show(record)
        frame(wandering)
    assert (frame(wandering) == straight).all()
    assert (straight != frame(points(eased=eased).show(2))).any()


def test_between_two_records_weights_are_blended_only_if_eased():
    middle = points(weights=0.75 * WEIGHTS[1:2] + 0.25 * WEIGHTS[2:3])
    assert (frame(points(eased=True).show(1.25)) == frame(middle)).all()
    assert (frame(points().show(1.75)) == frame(points().show(1))).all()


def test_large_dots_lie_over_the_smallest_and_cover_earlier_ones():
    weights = np.array([[0.5, 0.5 - 1e-5, 1e-5]])
    shown = points(np.zeros((3, 2)), weights).set_colors(np.eye(3))
    assert frame(shown)[360, 640, :3].tolist() == [0, 255, 0]


def test_points_have_colours_of_their_own():
    on = camera()
    colors = RNG.uniform(0.2, 1, (20, 3))
    image = frame(points(weights=np.full((1, 20), 0.05)).set_colors(colors), on=on)
    columns, rows = np.floor(pixels_of(PLACES, on)).astype(int).T
    np.testing.assert_allclose(image[rows, columns, :3], 255 * colors, atol=1)


def test_opacity_and_the_themes_colour():
    shown = WeightedPoints(np.zeros((1, 2)), np.ones((1, 1)))
    expected = themes.DOT_OPACITY * np.array(ManimColor(themes.theme().exact).to_rgb())
    expected = expected + (1 - themes.DOT_OPACITY) * np.array(ManimColor(PAPER).to_rgb())
    assert frame(shown)[360, 640, :3] == pytest.approx(255 * expected, abs=1)
    assert (shown.radius, shown.trail, shown.pulse) == (0.16, 0, 0)


def test_nothing_is_drawn_outside_the_window_and_a_dot_dims_over_its_own_radius():
    def drawn(x, weight=0.25):
        shown = points(np.array([[x, 0.0], [9.0, 9.0]]), np.array([[weight, 1 - weight]]))
        return ink(frame(shown)).sum()

    radius = LARGEST / 2
    assert drawn(3.16) == 0
    assert drawn(3.15 - radius) == pytest.approx(drawn(0.0), rel=0.01)
    assert drawn(3.15 - radius / 2) == pytest.approx(drawn(0.0) / 2, rel=0.03)


def test_points_fade_and_come_back():
    shown = points().show(2)
    before = frame(shown)
    assert (frame(halfway(FadeOut(shown.copy()), 1.0)) == blank()).all()
    assert (frame(halfway(FadeIn(shown.copy()), 1.0)) == before).all()
    saved = shown.copy().save_state()
    saved.scale(0.3).shift((1, 1, 0)).show(0).restore()
    assert (frame(saved) == before).all()


def test_animating_show_and_place_draws_the_moments_between():
    moving = halfway(points(eased=True).animate(rate_func=linear).show(3).shift((1, 0, 0)).build(), 0.5)
    expected = points(eased=True).show(1.5).shift((0.5, 0, 0))
    assert abs(frame(moving).astype(int) - frame(expected)).max() <= 1


def test_other_points_are_not_mixed_in_but_take_over():
    one = points(eased=True).show(1)
    for other in (points(weights=WEIGHTS[::-1].copy()).show(2), points(PLACES[::-1] + 0.05).show(2)):
        assert (frame(halfway(Transform(one.copy(), other, rate_func=linear), 0.9)) == frame(one)).all()
        end = halfway(Transform(one.copy(), other), 1.0)
        assert (frame(end) == frame(other)).all()
        assert (frame(end.show(0)) == frame(other.copy().show(0))).all()


def test_each_change_of_points_has_a_cache_key():
    changed = WEIGHTS.copy()
    changed[1, :2] += (1e-9, -1e-9)
    makes = [
        points(),
        points().show(1),
        points(PLACES + np.eye(20, 2) * 1e-9),
        points(weights=changed),
        points(eased=True),
        points(largest=0.3),
        points(color="#FF0000"),
        points(fingerprint="run"),
        points().shift((1, 0, 0)),
        points().set_colors(np.zeros((20, 3))),
    ]
    keys = [key(one) for one in makes]
    assert len(set(keys)) == len(keys)
    assert key(points(PLACES.copy(), WEIGHTS.copy())) == keys[0]


def test_the_cache_key_does_not_read_the_arrays():
    class Untouchable:
        def __getattribute__(self, name):
            raise AssertionError(f"the cache key read {name}")

    sealed = points()
    sealed.data = SealedArray(Untouchable(), str(sealed.data))
    sealed.positions = SealedArray(Untouchable(), str(sealed.positions))
    assert key(sealed) == key(points())


def test_later_changes_of_the_callers_arrays_are_not_seen():
    places = PLACES.copy()
    shown = points(places)
    places += 1
    assert (frame(shown) == frame(points())).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"places": np.zeros((20, 3))}, "positions \\(k, 2\\)"),
        ({"places": np.zeros((4, 20, 2))}, "positions \\(k, 2\\)"),
        ({"places": PLACES[:3]}, "3 points take weights"),
        ({"places": PLACES[:0], "weights": WEIGHTS[:, :0]}, "0 points take weights"),
        ({"weights": WEIGHTS[0]}, "20 points take weights"),
        ({"weights": WEIGHTS[:0]}, "not empty"),
        ({"weights": WEIGHTS - np.eye(4, 20)}, "0 or more"),
        ({"weights": WEIGHTS * np.nan}, "0 or more"),
        ({"weights": WEIGHTS * [[1], [1], [2], [1]]}, "record 2 sum to 2"),
    ],
)
def test_points_that_cannot_be_drawn_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        points(**arguments)


def test_weights_as_files_hold_them_are_taken():
    many = RNG.dirichlet(np.ones(2000), 3).astype(np.float32)
    assert points(RNG.uniform(-3, 3, (2000, 2)), many).particles == 2000


def test_records_that_do_not_exist_are_refused():
    with pytest.raises(IndexError, match="records 0 to 3"):
        points().show(4)


def test_a_thousand_points_take_little_time():
    on = camera(1080)
    many = points(RNG.uniform(-3, 3, (1000, 2)), np.full((1, 1000), 1e-3), largest=0.4)
    assert (many.radii() * 135 > SMALLEST).all()
    pixels, to_pixels = on.pixel_array.copy(), many.pixel_map(on)
    times = []
    for _ in range(10):
        start = time.perf_counter()
        many.draw(pixels, to_pixels)
        times.append(time.perf_counter() - start)
    assert np.median(times) < 0.03  # six milliseconds on a quiet machine
