import math

import numpy as np
import pytest
from colorspacious import cspace_convert
from manim import Camera, FadeOut, ManimColor, Transform, linear

from scenes import theme as themes
from scenes.mobjects import density_map
from scenes.mobjects.density_map import DensityMap, color_table
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import STAGE, Window

DARK = themes.THEMES["dark"]
PAPER = np.array(ManimColor(DARK.paper).to_rgb())
PLACE = np.array([1.1, -0.7])
ANGLE = 0.4


def camera(opacity=1.0, paper=DARK.paper):
    return Camera(pixel_width=1280, pixel_height=720, background_color=paper, background_opacity=opacity)


def frame(*mobjects, on=None):
    on = on or camera()
    on.reset()
    on.capture_mobjects(mobjects)
    return on.pixel_array.copy()


def grid(n, window=STAGE):
    x_min, x_max, y_min, y_max = window
    return np.stack(np.meshgrid(np.linspace(x_min, x_max, n), np.linspace(y_min, y_max, n)), axis=-1)


def bump(n=201, place=PLACE, width=0.12, window=STAGE):
    return np.exp(-((grid(n, window) - place) ** 2).sum(axis=-1) / (2 * width**2))


def centroid(image):
    ink = abs(image[..., :3].astype(float) - 255 * PAPER).sum(axis=2)
    ink[ink < 60] = 0  # far tails only add the noise of rounding
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return np.array([(ink * x).sum(), (ink * y).sum()]) / ink.sum()


def pixels_of(point):
    scale = 1280 / (128 / 9)
    return np.array([640 + scale * point[0], 360 - scale * point[1]])


TURN = np.array([[math.cos(ANGLE), -math.sin(ANGLE)], [math.sin(ANGLE), math.cos(ANGLE)]])
TRANSFORMS = {
    "in place": (lambda mobject: mobject, lambda x: x),
    "shifted": (lambda mobject: mobject.shift((-3.5, 0.3, 0)), lambda x: x + (-3.5, 0.3)),
    "scaled": (lambda mobject: mobject.scale(0.6), lambda x: 0.6 * x),
    "rotated": (lambda mobject: mobject.rotate(ANGLE), lambda x: TURN @ x),
    "stretched": (lambda mobject: mobject.stretch(0.7, 1), lambda x: x * (1, 0.7)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("n", [101, 256])
def test_a_peak_lies_where_its_coordinates_say_and_where_a_particle_would(name, n):
    transform, law = TRANSFORMS[name]
    peak = centroid(frame(transform(DensityMap(bump(n)))))
    particle = centroid(frame(transform(ParticleCloud(PLACE[None], radius=0.08, opacity=1))))
    assert np.linalg.norm(peak - pixels_of(law(PLACE))) < 0.05
    assert np.linalg.norm(peak - particle) < 0.05


def test_another_window_is_another_part_of_the_plane():
    window = Window(0.0, 2.0, -2.0, 0.0)
    assert np.linalg.norm(centroid(frame(DensityMap(bump(window=window), window))) - pixels_of(PLACE)) < 0.05


def test_where_there_is_no_density_the_paper_stays():
    assert (frame(DensityMap(np.zeros((5, 5)))) == frame()).all()
    other = camera(paper="#336699")
    assert (frame(DensityMap(np.zeros((5, 5))), on=other) == frame(on=other)).all()
    far = frame(DensityMap(bump()))
    assert (far[:, :100] == frame()[:, :100]).all()
    assert (far[:40, 400:600] == frame()[:40, 400:600]).all()


def test_the_maximum_has_the_ramps_last_colour():
    assert (frame(DensityMap(np.full((5, 5), 7.0), ramp=DARK.ramp))[360, 640, :3] == (124, 203, 224)).all()
    half = frame(DensityMap(np.full((5, 5), 7.0), ramp=DARK.ramp, peak=14.0))[360, 640, :3]
    assert (half < (124, 203, 224)).all()


@pytest.mark.parametrize("name", themes.THEMES)
def test_over_its_paper_a_glow_shows_every_colour_of_its_ramp(name):
    ramp = [ManimColor(color) for color in themes.THEMES[name].ramp]
    table, paper = color_table(ramp), ramp[0].to_rgb()
    shown = table[:, :3] + (1 - table[:, 3:]) * paper
    for color in ramp:
        # A table entry lies within half a step of the ramp's colour: steps are at most 0.01 in sRGB.
        assert np.linalg.norm(shown - color.to_rgb(), axis=1).min() < 0.01
    assert (table[:, :3] <= table[:, 3:] + 1e-12).all()  # premultiplied
    assert (table >= -1e-12).all()


@pytest.mark.parametrize("name", themes.THEMES)
def test_equal_steps_of_density_look_equally_large(name):
    ramp = [ManimColor(color) for color in themes.THEMES[name].ramp]
    table = color_table(ramp)
    shown = (table[:, :3] + (1 - table[:, 3:]) * ramp[0].to_rgb())[::17]
    seen = cspace_convert(shown, "sRGB1", "CAM02-UCS")
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=1)
    lightness = np.diff(seen[:, 0]) * (1 if name == "dark" else -1)
    assert (lightness > 0).all()
    # Oklab and CAM02-UCS, two models of the same eye, agree to about a quarter on these colours.
    assert steps.max() / steps.min() < 2


def test_a_transparent_film_holds_the_colours_of_the_opaque_one():
    density = DensityMap(bump(), opacity=0.8).rotate(ANGLE)
    clear, opaque = frame(density, on=camera(opacity=0)), frame(density)
    assert (clear[..., :3] == opaque[..., :3]).all()
    assert (opaque[..., 3] == 255).all()
    assert clear[0, 0, 3] == 0 < clear[..., 3].max()


def test_rounding_to_eight_bits_has_no_bias_and_hides_bands():
    opacity = 0.537
    flat = DensityMap(np.ones((4, 4)), ramp=[DARK.paper, "#7CCBE0"], opacity=opacity)
    image = frame(flat)[200:500, 500:800, :3]
    exact = 255 * ((1 - opacity) * PAPER + opacity * ManimColor("#7CCBE0").to_rgb())
    # 90,000 pixels rounded by an even pattern: the mean is off by 0.002, the pattern's margins, and noise.
    assert image.mean(axis=(0, 1)) == pytest.approx(exact, abs=0.02)
    assert (image.max(axis=(0, 1)) - image.min(axis=(0, 1)) <= 1).all()


def test_a_coarse_grid_shows_the_same_smooth_picture_as_a_fine_one():
    coarse, fine = (frame(DensityMap(bump(n, width=0.4), peak=1.0)).astype(int) for n in (33, 505))
    # On a grid of half the bump's width straight lines between the values would be 14 levels off.
    assert abs(coarse - fine).max() <= 3


def test_moments_are_shown_by_index_whatever_was_shown_before():
    moments = np.stack([bump(width=width) / width**2 for width in (0.1, 0.2, 0.4)])
    straight = [frame(DensityMap(moment)) for moment in moments]
    density = DensityMap(moments)
    for k in (2, 0, 1, 1.9, 2):
        assert (frame(density.show(k)) == straight[int(k)]).all()


def test_what_is_kept_for_the_next_frame_changes_no_pixel():
    moments = np.stack([bump(width=width) / width**2 for width in (0.1, 0.2, 0.4)])
    changes = [
        lambda density: density.set_opacity(0.4),
        lambda density: density.set_color("#FF9F43"),
        lambda density: density.show(1),
        lambda density: density.shift((0.1, 0, 0)),
        lambda density: density.set(peak=90.0),
        lambda density: density.set(eased=True).show(1.5),
        lambda density: density.show(1.75),
        lambda density: density.set(eased=False),
        lambda density: density.scale(0.5),
        lambda density: density.set(extent=Window(-3, 3, -2, 2)),
        lambda density: density.set(data=DensityMap(moments[::-1].copy()).data),
    ]
    density, smaller = DensityMap(moments), Camera(pixel_width=640, pixel_height=360, background_color=DARK.paper)
    for change in changes:
        for on in (camera(), smaller):
            seen = frame(change(density.copy()), on=on)
            assert (frame(change(density.copy()), on=on) == seen).all()
            density_map._PLACES.clear()
            assert (frame(change(density.copy()), on=on) == seen).all()
            frame(density, on=on)
        change(density)


def test_few_densities_are_kept():
    for width in np.linspace(0.1, 0.5, 10):
        frame(DensityMap(bump(width=width)))
    assert len(density_map._PLACES) == density_map.KEPT


def test_one_peak_for_all_moments_keeps_their_proportions():
    moments = np.stack([np.full((3, 3), 2.0), np.full((3, 3), 1.0)])
    brightness = [frame(DensityMap(moments, peak=2.0).show(k))[360, 640, 1] for k in (0, 1)]
    assert brightness[0] > 1.5 * brightness[1] > 1.5 * frame()[360, 640, 1]


def test_fading_ends_at_the_paper():
    for alpha, ended in ((0.5, False), (1.0, True)):
        animation = FadeOut(DensityMap(bump()), rate_func=linear)
        animation.begin()
        animation.interpolate(alpha)
        assert (frame(animation.mobject) == frame()).all() == ended


def test_one_colour_replaces_the_ramp_and_mixes_in_a_transform():
    start = DensityMap(np.ones((3, 3)))
    end = start.copy().set_color("#FF9F43")
    assert (frame(end)[360, 640, :3] == (255, 159, 67)).all()
    animation = Transform(start.copy(), end, rate_func=linear)
    animation.begin()
    animation.interpolate(0.5)
    middle = (frame(start)[360, 640].astype(float) + frame(end)[360, 640]) / 2
    assert frame(animation.mobject)[360, 640] == pytest.approx(middle, abs=2)


def test_a_density_does_not_turn_into_a_cloud():
    animation = Transform(DensityMap(bump()), ParticleCloud(np.zeros((3, 2))))
    with pytest.raises(TypeError, match="fade one out"):
        animation.begin()


def test_the_windows_edge_is_smooth_at_every_angle():
    on = camera()
    image = frame(DensityMap(np.ones((3, 3)), ramp=DARK.ramp).scale(0.5).rotate(ANGLE), on=on)[..., 1].astype(
        float
    )
    inside = (image - image.min()) / (image.max() - image.min())
    area = (6.3 / 2 * 90) ** 2
    perimeter = 4 * math.sqrt(area)
    assert inside.sum() == pytest.approx(area, rel=1e-3)
    # Coverage runs from 0.1 to 0.9 over 0.8 px across the edge: so many pixels have their centre there.
    partly = ((inside > 0.1) & (inside < 0.9)).sum()
    assert partly == pytest.approx(0.8 * perimeter, rel=0.05)


@pytest.mark.parametrize("flatten", [lambda mobject: mobject.scale(0), lambda mobject: mobject.stretch(0, 1)])
def test_a_flat_density_is_not_seen(flatten):
    assert (frame(flatten(DensityMap(bump()))) == frame()).all()


@pytest.mark.parametrize("shape", [(5,), (1, 5), (3, 5, 1), (0, 5, 5), (1, 1, 5, 5)])
def test_values_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="rows, columns"):
        DensityMap(np.zeros(shape))


def test_an_upright_density_is_interpolated_as_one_that_is_turned():
    from scenes.mobjects.density_map import _interpolate, part_of_extent

    levels = np.pad(np.random.default_rng(5).random((9, 7)), 1, mode="reflect", reflect_type="odd")
    low, high, lengths = np.array([0, 0]), np.array([60, 50]), np.array([37.0, 31.0])
    part = part_of_extent(Window(-1, 1, -1, 1), Window(-1.2, 1.3, -0.9, 2.0))
    upright = np.array([[1 / 37, 0.0], [0.0, -1 / 31]])
    hair = upright + np.array([[0.0, 1e-300], [1e-300, 0.0]])  # turned, but by nothing that counts
    found = [np.full((50, 60), np.nan) for _ in range(2)]
    for places, to_window in zip(found, (upright, hair), strict=True):
        _interpolate(places, levels, part, to_window, np.array([11.3, 42.6]), lengths, low, high)
    assert np.array_equal(*found)
