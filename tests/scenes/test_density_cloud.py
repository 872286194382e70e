"""From dots to a density: the rule, the ink, the seam, and what holds for every raster."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from manim import FadeOut, ManimColor, Transform, linear
from stills import PAPER, blank, camera, centroid, frame, halfway, ink, key, pixels_of

from scenes import theme as themes
from scenes.mobjects import fingerprint as fingerprints
from scenes.mobjects.density_cloud import DensityCloud, cover_of, densest, exposure
from scenes.mobjects.particle_cloud import EDGE, SMALLEST, ParticleCloud, core_of

RNG = np.random.default_rng(21)
ISOLATED = (np.mgrid[-2:3, -1.5:1.6:1.0].reshape(2, -1).T + RNG.uniform(-0.3, 0.3, (20, 2))) * 0.9
WALK = np.cumsum(RNG.normal(0, 0.1, (6, 400, 2)), axis=0)
GAUSSIAN = RNG.standard_normal((1_000_000, 2)).astype(np.float32)
PEAK = 1 / (2 * math.pi)
"""The largest value of the density of GAUSSIAN."""
ANGLE = 0.4
TURN = np.array([[math.cos(ANGLE), -math.sin(ANGLE)], [math.sin(ANGLE), math.cos(ANGLE)]])


def cloud(count=None, **look):
    return DensityCloud(GAUSSIAN, **{"count": count, "peak": PEAK, "fingerprint": "gaussian"} | look)


def border(peak=PEAK, radius=themes.HERO_RADIUS):
    """The number of particles at which K = 1: peak · π R² n^(2/3) = 1."""
    return (1 / (peak * math.pi * radius**2)) ** 1.5


# The rule.


def test_dots_shrink_as_the_sixth_root_from_a_hero_to_a_particle_among_thousands():
    assert exposure(1, PEAK, themes.HERO_RADIUS).radius == themes.HERO_RADIUS
    assert exposure(5000, PEAK, themes.HERO_RADIUS).radius == pytest.approx(themes.DOT_RADIUS, rel=0.001)
    sizes = [exposure(n, PEAK, 0.06).radius for n in (10, 640, 40_960)]
    assert sizes == pytest.approx([sizes[0], sizes[0] / 2, sizes[0] / 4])


@pytest.mark.parametrize("count", [30, 5000, 10**6])
def test_the_crowd_is_how_many_dots_lie_over_a_point_of_the_densest_part(count):
    shown = exposure(count, PEAK, themes.HERO_RADIUS)
    lone = RNG.standard_normal((200, 2, 2)) * 0.05  # points near the peak
    near = GAUSSIAN[:count]
    over = [(np.hypot(*(near - place).T) < shown.radius).sum() for place in lone[:, 0]]
    # Poisson: 200 places, and clusters of them that share dots; five standard errors of independent ones.
    assert np.mean(over) == pytest.approx(shown.crowd, abs=5 * math.sqrt(shown.crowd / 200) + 0.02 * shown.crowd)


def test_below_one_dot_over_another_all_ink_is_drawn_and_above_it_is_bounded():
    for share in (1e-3, 0.5, 1.0):
        assert exposure(share * border(), PEAK, themes.HERO_RADIUS)[2:] == pytest.approx((1.0, 0.0))
    shown = [exposure(factor**1.5 * border(), PEAK, themes.HERO_RADIUS) for factor in (2, 10, 100)]
    assert [one.crowd for one in shown] == pytest.approx([2, 10, 100])
    assert [one.ink * one.crowd for one in shown] == pytest.approx([1 + math.log(k) for k in (2, 10, 100)])
    assert [one.shoulder for one in shown] == pytest.approx([0.25, 0.81, 0.9801])


def test_nothing_jumps_or_bends_at_the_border():
    step = 1e-4
    values = np.array([exposure(border() * (1 + k * step), PEAK, themes.HERO_RADIUS) for k in (-1, 0, 1)])
    values[:, 2] *= values[:, 1]  # the densest part's ink
    below, above = np.diff(values, axis=0) / step
    np.testing.assert_allclose(above, below, atol=3 * step)


def test_cover_is_that_of_dots_over_one_another_and_then_of_a_receptor():
    inks = np.array([0.3, 0.7, 1.2])
    assert cover_of(-np.log(1 - inks / 2).sum(), 0.0) == pytest.approx(1 - (1 - inks / 2).prod())
    np.testing.assert_allclose(cover_of(inks, 1.0), inks / (1 + inks))
    np.testing.assert_allclose(cover_of(inks, 1e-9), cover_of(inks, 0.0), rtol=1e-8)


def test_the_densest_part_is_found_on_the_last_record():
    assert DensityCloud(np.stack([GAUSSIAN * 9, GAUSSIAN]), fingerprint="two").peak == pytest.approx(PEAK, rel=0.1)
    assert densest(np.full((5, 2), np.nan), DensityCloud(WALK).window) == 1
    assert densest(GAUSSIAN[:5000], DensityCloud(WALK).window) == pytest.approx(PEAK, rel=0.25)


# The ink.


@pytest.mark.parametrize("pixels", [0.3, SMALLEST, 1.0, 2.0, 6.0])
def test_a_dots_ink_is_its_area(pixels):
    on = camera()
    alone = pixels * on.frame_height / on.pixel_height * 20 ** (1 / 6)  # 20 dots are smaller than one
    shown = DensityCloud(ISOLATED, radius=alone, peak=1e-6, color="#FFFFFF")
    paper = ManimColor(PAPER).to_int_rgb()[0]
    area = (frame(shown, on=on)[..., 0].astype(float) - paper).sum() / (255 - paper) / 20
    # Where a dot lies on the grid changes its ink by 1.6 % at most (standard deviation): 4 of these, 20 dots.
    assert area == pytest.approx(themes.DOT_OPACITY * math.pi * pixels**2, rel=4 * 0.016 / math.sqrt(20))


def ink_of_a_dot(radius, thinness):
    """∫ −ln(1 − cover) over the plane, in pixels², of a dot with a soft edge."""
    core = core_of(max(radius, SMALLEST))
    r = (np.arange(4000) + 0.5) / 4000 * (core + EDGE / 2)
    t = np.clip((core - r) / EDGE + 0.5, 0, 1)
    cover = themes.DOT_OPACITY * min(1, radius / SMALLEST) ** 2 * t * t * (3 - 2 * t)
    return thinness * (-np.log1p(-cover) * 2 * math.pi * r).sum() * r[0] * 2


@pytest.mark.parametrize(("height", "count"), [(1080, 10**6), (720, 10**6), (480, 10**6), (1080, 200_000)])
def test_a_million_draw_the_closed_form_of_their_density(height, count):
    on, shown = camera(height), cloud(count, color="#FFFFFF")
    scale = on.pixel_height / on.frame_height
    paper = ManimColor(PAPER).to_int_rgb()[0]
    cover = (frame(shown, on=on)[..., 0].astype(float) - paper) / (255 - paper)
    rule = shown.exposure
    lies = ((1 - np.minimum(cover, 0.998)) ** -rule.shoulder - 1) / rule.shoulder  # the inverse of `cover_of`
    dot = ink_of_a_dot(rule.radius * scale, rule.ink)
    row, column = np.mgrid[: on.pixel_height, : on.pixel_width] + 0.5
    away = np.hypot(row - on.pixel_height / 2, column - on.pixel_width / 2) / scale
    for low, high in ((0.0, 0.3), (0.9, 1.0), (1.8, 1.9), (2.6, 2.7)):
        ring = (away >= low) & (away < high)
        per_pixel = count * PEAK * np.exp(-(away[ring] ** 2) / 2) / scale**2
        # Four standard errors of the number of particles in the ring, and a hundredth for whole grey levels.
        tolerance = 4 / math.sqrt(per_pixel.sum()) + 0.01
        assert lies[ring].mean() == pytest.approx(per_pixel.mean() * dot, rel=tolerance)


def test_structure_shows_where_a_pixel_holds_three_particles_and_where_it_holds_three_hundred():
    x = RNG.uniform(-3, 3, (1_200_000, 2)).astype(np.float32)
    side = 0.45  # 300 a pixel in two squares, one of them a tenth denser; 3 in the rest, an eighth of it emptied
    dense = RNG.uniform(0, side, (630_000, 2)) + np.where(RNG.random(630_000) < 1.1 / 2.1, 0.5, -1.5)[:, None]
    thin = (x[:, 0] > 2) & (RNG.random(len(x)) < 0.2)
    every = np.concatenate([x[~thin], dense]).astype(np.float32)
    on, paper = camera(720), ManimColor(PAPER).to_int_rgb()[0]
    picture = frame(DensityCloud(every, fingerprint="x", peak=densest(every, DensityCloud(WALK).window)), on=on)

    def grey(x, y, reach=0.15):
        column, row = pixels_of([x, y], on).astype(int)
        half = int(reach * 90)
        return picture[row - half : row + half, column - half : column + half, 0].mean() - paper

    assert 220 > grey(0.72, 0.72) > grey(-1.27, -1.27) + 1.5
    assert grey(1.0, -2.0, 0.6) > grey(2.4, 0.0, 0.3) + 1.5 > 10


# The seam.


def test_at_the_border_and_below_it_is_a_cloud_of_dots():
    inside = GAUSSIAN[(np.abs(GAUSSIAN) < 3).all(axis=1)]
    for height in (480, 1080):
        on = camera(height)
        for count in (1, 100, 1000, int(border())):
            radius = exposure(count, PEAK, themes.HERO_RADIUS).radius
            dots = frame(ParticleCloud(inside[:count], radius=radius), on=on).astype(int)
            both = abs(frame(DensityCloud(inside, count=count, peak=PEAK, fingerprint="in"), on=on) - dots)
            # A dot's place is rounded to 1/16 px, its edge rises by 1 a pixel, and each dot over it rounds anew.
            assert both.max() <= 20
            assert both.mean() < 0.15


def test_the_number_grows_without_a_jump():
    on = camera(480)
    counts = np.geomspace(border() / 8, border() * 8, 41)
    frames = [frame(cloud(count), on=on)[..., 0].astype(float) for count in counts]
    moved = np.array([abs(b - a).mean() for a, b in pairwise(frames)])
    brightness = np.array([picture.mean() for picture in frames])
    assert abs(np.diff(moved)).max() < 0.12 * moved.max()
    assert abs(np.diff(brightness, n=2)).max() < 0.1 * abs(np.diff(brightness)).max()


def test_a_fraction_of_a_particle_has_that_share_of_its_ink():
    two = np.array([[-1.0, 0.0], [1.0, 0.0]])
    shown = [frame(DensityCloud(two, count=1 + share, peak=1e-6, radius=0.2)) for share in (0.0, 0.25, 0.5, 1.0)]
    right = [ink(picture)[:, 640:].max() for picture in shown]
    alpha = themes.DOT_OPACITY
    expected = [0, 1 - (1 - alpha) ** 0.25, 1 - (1 - alpha) ** 0.5, alpha]
    assert np.array(right) / right[-1] == pytest.approx(np.array(expected) / alpha, abs=0.01)
    assert (frame(DensityCloud(two, count=0)) == blank()).all()


# As every raster.


TRANSFORMS = {
    "shifted": (lambda shown: shown.shift((-3.5, 0.3, 0)), lambda x: x + (-3.5, 0.3)),
    "scaled": (lambda shown: shown.scale(1.3), lambda x: 1.3 * x),
    "rotated": (lambda shown: shown.rotate(ANGLE), lambda x: x @ TURN.T),
    "stretched": (lambda shown: shown.stretch(0.7, 0), lambda x: x * (0.7, 1)),
    "zoomed": (lambda shown: shown.zoomed((-2.9, 2.9, -2.9, 2.9)), lambda x: x),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("unseen", [0, 400], ids=["cut one by one", "stamped"])
def test_particles_follow_every_affine_transform(name, unseen):
    transform, law = TRANSFORMS[name]
    every = np.concatenate([ISOLATED, np.full((unseen, 2), np.nan)])
    on, shown = camera(), transform(DensityCloud(every, radius=0.06))
    picture, places = frame(shown, on=on), pixels_of(law(ISOLATED), on)
    off = max(np.linalg.norm(centroid(picture, place) - place) for place in places)
    # As a soft-edged dot's centroid, and where stamped 1/32 px more in both directions.
    assert off < (0.12 if unseen else 0.07)


def test_a_dot_at_the_pictures_edge_is_cut_and_none_beyond_is_drawn():
    on = camera()
    shown = DensityCloud(np.array([[0.0, 0.0], [1.0, 0.0]]), radius=0.3).shift((-64 / 9, 0, 0))
    assert ink(frame(shown, on=on))[350:370, :20].min() > 0
    assert (frame(shown.shift((-2, 0, 0)), on=on) == blank()).all()
    for dots in (DensityCloud, ParticleCloud):
        half = dots(np.array([[0.0, 0.0]]), radius=0.3).shift((-64 / 9 - 0.1, 4.05, 0))
        assert 100 < (ink(frame(half, on=on)) > 0).sum() < 500


def test_nothing_is_drawn_outside_the_window_or_where_a_position_is_no_number():
    lost = np.array([[3.2, 0.0], [0.0, -3.151], [np.nan, 0.0], [np.inf, 0.0], [0.0, -np.inf]])
    for many in (1, 100):
        shown = DensityCloud(np.repeat(lost, many, axis=0), radius=0.05)
        assert (frame(shown) == blank()).all()
    inside, beside, nowhere = [3.13, 0.0], [3.17, 0.0], [np.nan, 0.0]
    with_it, without = (DensityCloud(np.array([inside, other]), radius=0.1) for other in (beside, nowhere))
    assert (frame(with_it) == frame(without.set(peak=with_it.peak))).all()


def test_a_particle_dims_as_it_leaves_through_the_border():
    def drawn(depth):
        one = np.array([[3.15 - depth * 0.05, 0.0]])
        return ink(frame(DensityCloud(one, radius=0.05, peak=1e-6))).max()

    whole = drawn(1.5)
    alpha = themes.DOT_OPACITY
    for depth in (0.0, 0.25, 0.5, 1.0):
        assert drawn(depth) / whole == pytest.approx((1 - (1 - alpha) ** depth) / alpha, abs=0.02)


def test_a_record_looks_the_same_whatever_was_shown_before():
    straight = frame(DensityCloud(WALK, count=300).show(3))
    shown = DensityCloud(WALK)
    for k, count in ((5, 3), (0, 400), (2.7, 10), (3, 300)):
        frame(shown.show(k).set_count(count))
    assert (frame(shown) == straight).all()


def test_between_records_positions_are_blended_if_eased_and_pictures_never():
    shown = DensityCloud(WALK).show(2.75)
    assert (frame(shown) == frame(DensityCloud(WALK[2], peak=shown.peak))).all()
    shown.eased = True
    between = DensityCloud(0.25 * WALK[2] + 0.75 * WALK[3], peak=shown.peak)
    assert abs(frame(shown).astype(int) - frame(between)).max() <= 1


def test_it_fades_and_a_transparent_film_holds_its_colours():
    shown = cloud(20_000)
    clear, opaque = frame(shown, on=camera(opacity=0)), frame(shown)
    assert (clear[..., :3] == opaque[..., :3]).all()
    assert (opaque[..., 3] == 255).all()
    assert clear[0, 0, 3] == 0 < clear[..., 3].max()
    half = frame(shown.copy().set_opacity(0.5)).astype(float)
    assert abs(half - (opaque + blank().astype(float)) / 2).max() <= 1
    assert (frame(halfway(FadeOut(shown.copy()), 1.0)) == blank()).all()


def test_the_colour_is_that_of_particles_in_every_theme():
    for name in themes.THEMES:
        themes.choose(name)
        shown = DensityCloud(np.zeros((20_000, 2)), radius=0.6, peak=2.0)
        expected = ManimColor(themes.theme().particles).to_rgb()
        assert frame(shown)[360, 640, :3] == pytest.approx(255 * np.array(expected), abs=5)


def test_animating_the_number_goes_in_equal_ratios():
    shown = cloud(100)
    animation = shown.animate(rate_func=linear).set_count(10_000).build()
    assert halfway(animation, 0.5).count == pytest.approx(1000)
    animation.finish()
    assert shown.count == 10_000


def test_a_transform_mixes_place_opacity_and_number():
    start, end = cloud(100, opacity=0.2), cloud(10_000, opacity=0.6).shift((1, 0, 0))
    mixed = halfway(Transform(start, end, rate_func=linear), 0.5)
    assert (mixed.opacity, mixed.count) == pytest.approx((0.4, 1000))
    assert mixed.get_center() == pytest.approx([0.5, 0, 0])


def test_a_saved_state_comes_back():
    shown = DensityCloud(WALK).save_state()
    before = frame(shown)
    shown.show(4).set_color("#FF0000").shift((1, 0, 0)).set_opacity(0.1).set_count(3)
    assert (frame(shown) != before).any()
    assert (frame(shown.restore()) == before).all()


CHANGES = {
    "nothing": lambda shown: shown,
    "record": lambda shown: shown.show(1),
    "number": lambda shown: shown.set_count(399),
    "peak": lambda shown: shown.set(peak=1.0),
    "colour": lambda shown: shown.set_color("#FF0000"),
    "opacity": lambda shown: shown.set_opacity(0.5),
    "place": lambda shown: shown.shift((0.1, 0, 0)),
    "radius": lambda shown: shown.set(radius=0.1),
    "eased": lambda shown: shown.set(eased=True),
}


def test_each_change_has_a_cache_key_of_its_own():
    keys = {name: key(change(DensityCloud(WALK))) for name, change in CHANGES.items()}
    assert len(set(keys.values())) == len(CHANGES)
    assert keys["nothing"] == key(DensityCloud(WALK.copy())) != key(ParticleCloud(WALK))
    sources = fingerprints.drawing_sources(DensityCloud)
    assert [file.name for file in sources] == ["density_cloud.py", "particle_cloud.py", "raster.py", "theme.py"]


def test_copies_share_a_memory_map_and_the_pages_read_do_not_stay(tmp_path):
    records = np.broadcast_to(GAUSSIAN[:400_000], (40, 400_000, 2))
    np.save(tmp_path / "run.npy", records)
    mapped = np.load(tmp_path / "run.npy", mmap_mode="r")
    shown = DensityCloud(mapped, fingerprint="run", peak=PEAK)
    shown.eased = True
    assert shown.copy().data.array is mapped
    first = frame(shown, on=camera(240))
    for k in range(1, 39):
        frame(shown.show(k + 0.5), on=camera(240))
    assert mapped[3].sum() == mapped[4].sum()
    assert 3.2e6 < resident("run.npy") < 8e6
    frame(shown.show(5), on=camera(240))
    assert resident("run.npy") == 0
    assert (frame(shown.show(39), on=camera(240)) == first).all()


def resident(name):
    """Bytes of a mapped file that are in this process's memory."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    starts = [i for i, line in enumerate(lines) if line.endswith(name)]
    sizes = [next(line for line in lines[i:] if line.startswith("Rss:")) for i in starts]
    assert sizes
    return sum(1024 * int(size.split()[1]) for size in sizes)


def test_what_a_writable_map_holds_is_never_lost(tmp_path):
    np.save(tmp_path / "run.npy", WALK)
    mapped = np.load(tmp_path / "run.npy", mmap_mode="c")
    mapped[0, 0] = 7.0
    frame(DensityCloud(mapped, fingerprint="mine"))
    assert mapped[0, 0].tolist() == [7.0, 7.0]


@pytest.mark.parametrize("count", [-1, 401, math.nan])
def test_numbers_that_there_are_not_are_refused(count):
    with pytest.raises(ValueError, match="has 400 particles"):
        DensityCloud(WALK).set_count(count)


def test_single_colours_are_refused():
    with pytest.raises(ValueError, match="one colour"):
        DensityCloud(WALK).set_colors(np.zeros((400, 3)))
