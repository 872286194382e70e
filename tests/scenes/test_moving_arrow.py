import numpy as np
import pytest
from manim import Transform, linear
from stills import blank, camera, frame, halfway, key, pixels_of
from test_live_curve import TRANSFORMS, assert_alike, assert_ordinary, assert_random_access, share_of

from scenes.mobjects.arrows import HALF_HEAD, HEAD, SHAFT
from scenes.mobjects.moving_arrow import MovingArrow
from scenes.mobjects.particle_cloud import ParticleCloud

COLOR = "#FFFFFF"
STARTS = np.array([[-1.5, -1.2], [0.1, 0.4], [0.5, 0.5], [2.0, -1.0]])
ENDS = np.array([[1.5, 0.8], [-1.3, 2.0], [0.5, 0.5], [2.2, 1.1]])


def plane():
    return ParticleCloud(STARTS)


def arrow(starts=STARTS, ends=ENDS, eased=True, place=None, **options):
    made = MovingArrow(starts, ends, place=place or plane(), **{"color": COLOR} | options)
    made.eased = eased
    return made.show(0)


def along_and_aside(image, start, end):
    """Of each pixel, how far along the line it lies from `start`, and how far to its right."""
    ahead = (end - start) / np.linalg.norm(end - start)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    offset = np.stack([columns, rows], axis=-1) - start
    return offset @ ahead, offset @ (-ahead[1], ahead[0])


@pytest.mark.parametrize("name", ["none", "scaled and shifted", "turned", "moved"])
@pytest.mark.parametrize("moment", [0, 0.4, 1, 3])
def test_an_arrow_is_drawn_from_its_start_to_its_end(name, moment):
    on = camera(1080)
    place, shown = TRANSFORMS[name](plane()), TRANSFORMS[name](arrow()).show(moment)
    first, rest = divmod(moment, 1)
    two = [int(first), min(int(first) + 1, 3)]
    start, end = (pixels_of(place.coords_to_point((1 - rest, rest) @ x[two]), on) for x in (STARTS, ENDS))
    scale, length = 135 * (0.5 if name == "scaled and shifted" else 1), np.linalg.norm(end - start)
    image = share_of(frame(shown, on=on), COLOR)
    along, aside = along_and_aside(image, start, end)
    # The first 10 px are shaft alone, the last 8 a triangle: its breadth grows by 2 · HALF_HEAD a pixel.
    tail = (image * np.clip(10.5 - along, 0, 1)).sum() / (SHAFT * scale)
    assert tail == pytest.approx(10, abs=0.5)
    tip = (image * np.clip(along - (length - 8) + 0.5, 0, 1)).sum()
    assert np.sqrt(tip / HALF_HEAD) == pytest.approx(8, abs=0.5)
    assert abs((image * aside).sum() / image.sum()) < 0.1
    head = HEAD * SHAFT * scale
    area = SHAFT * scale * (length - head) + HALF_HEAD * head**2
    assert image.sum() == pytest.approx(area, rel=0.01)


def test_the_shaft_has_its_width():
    on = camera(1080)
    start, end = pixels_of(STARTS[0], on), pixels_of(ENDS[0], on)
    for width in (0.03, 0.1):
        image = share_of(frame(arrow(width=width), on=on), COLOR)
        along, _ = along_and_aside(image, start, end)
        slab = np.clip(along - 19.5, 0, 1) * np.clip(120.5 - along, 0, 1)
        assert (image * slab).sum() / 100 == pytest.approx(135 * width, abs=0.1)


def test_an_arrow_of_no_length_draws_nothing():
    assert (frame(arrow().show(2)) == blank()).all()
    assert (frame(arrow().show(2.2)) != blank()).any()
    assert (frame(arrow(eased=False).show(2.2)) == blank()).all()


@pytest.mark.parametrize("eased", [True, False])
@pytest.mark.parametrize("wanted", [0, 1.4, 2, 3])
def test_an_arrow_looks_the_same_whatever_was_shown_before(wanted, eased):
    assert_random_access(lambda: arrow(eased=eased), wanted, (3, 0.2, 2, 1.6))


def test_between_two_records_both_ends_are_blended_only_if_eased():
    middle = arrow(*(0.75 * x[:1] + 0.25 * x[1:2] for x in (STARTS, ENDS)))
    assert_alike(arrow().show(0.25), middle)
    assert_alike(arrow(eased=False).show(0.75), arrow().show(0))


def test_an_arrow_moves_with_its_place():
    place, shown = plane(), arrow()
    for mobject in (place, shown):
        mobject.move_to((-2, 1, 0)).scale(0.5).rotate(0.3)
    np.testing.assert_allclose(shown.points[[2, 3]], place.points[[0, 1]], atol=1e-9)
    there = arrow(place=plane().scale(0.4).shift((3, 1, 0)), width=0.4 * SHAFT)
    assert_alike(there.show(1), arrow().scale(0.4, about_point=(0, 0, 0)).shift((3, 1, 0)).show(1))


def test_arrows_are_ordinary_mobjects():
    assert_ordinary(arrow().show(0.5))


def test_animating_show_draws_the_moments_between():
    moving = halfway(arrow().animate(rate_func=linear).show(3).build(), 0.5)
    assert_alike(moving, arrow().show(1.5))


def test_another_arrow_is_not_mixed_in_but_takes_over():
    one, other = arrow().show(1), arrow(ENDS, STARTS, eased=False, width=0.1).show(3)
    assert_alike(halfway(Transform(one.copy(), other, rate_func=linear), 0.4).set_color(COLOR), one)
    end = halfway(Transform(one.copy(), other), 1.0)
    for record in (3, 0, 0.5):
        assert_alike(end.show(record), other.copy().show(record))


def test_each_change_of_an_arrow_has_a_cache_key():
    makes = [
        arrow(),
        arrow().show(1),
        arrow(STARTS + [[0, 0], [1e-9, 0], [0, 0], [0, 0]]),
        arrow(ends=ENDS + [[0, 0], [1e-9, 0], [0, 0], [0, 0]]),
        arrow(eased=False),
        arrow(width=0.1),
        arrow(color="#FF0000"),
        arrow(fingerprint="run"),
        arrow(place=plane().shift((1, 0, 0))),
    ]
    keys = [key(one) for one in makes]
    assert len(set(keys)) == len(keys)
    assert key(arrow(STARTS.copy(), ENDS.copy())) == keys[0]


@pytest.mark.parametrize("shapes", [((4, 2), (3, 2)), ((4, 3), (4, 3)), ((2,), (2,)), ((0, 2), (0, 2))])
def test_arrays_of_other_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match="records, 2"):
        arrow(*map(np.zeros, shapes))


def test_records_that_do_not_exist_are_refused():
    with pytest.raises(IndexError, match="records 0 to 3"):
        arrow().show(3.5)
