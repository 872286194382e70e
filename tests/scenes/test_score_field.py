import math

import numpy as np
import pytest
from manim import FadeOut, ManimColor, Transform, linear
from scipy.ndimage import map_coordinates
from stills import PAPER, blank, camera, frame, halfway, ink, key, pixels_of

from scenes.mobjects.raster import STAGE, Window
from scenes.mobjects.score_field import FAINTEST, LENGTH, THINNEST, WIDTH, ScoreField

GRID = Window(-1.5, 1.5, -1.0, 1.0)
"""Outer points of a grid of 3 rows and 4 columns, one apart."""
RNG = np.random.default_rng(3)
VECTORS = RNG.normal(0, 1, (5, 3, 4, 2)) * np.exp(RNG.normal(0, 1, (5, 3, 4, 1)))


def along(image, start, end, on):
    """Ink on the straight line between two points of the scene, and the places in pixels from the start."""
    start, end = pixels_of(start, on), pixels_of(end, on)
    length = np.linalg.norm(end - start)
    places = np.arange(0, length, 0.02)
    columns, rows = (start + places[:, None] * (end - start) / length).T - 0.5
    return places, map_coordinates(ink(image), [rows, columns], order=1)


TRANSFORMS = {
    "in place": lambda field: field,
    "shifted": lambda field: field.shift((-2.5, 0.37, 0)),
    "scaled": lambda field: field.scale(0.43).shift((1.234, 0.1, 0)),
    "rotated": lambda field: field.rotate(0.4),
    "stretched": lambda field: field.stretch(0.6, 0),
    "zoomed": lambda field: field.zoomed(Window(-1, 1, -1, 1)).scale(2).shift((0.1, 0.2, 0)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("height", [480, 720])
def test_tips_lie_where_the_data_say(name, height):
    on = camera(height)
    field = TRANSFORMS[name](ScoreField(VECTORS, GRID, window=STAGE, strong=1e-9))
    image = frame(field, on=on)
    scale = math.sqrt(abs(np.linalg.det(field.pixel_map(on).matrix)))
    half = max(WIDTH * scale, THINNEST) / 2
    for i, j in np.ndindex(3, 4):
        tail, tip = field.arrow(i, j)
        outer = [GRID.x_min + j, GRID.y_min + i]
        np.testing.assert_allclose((tail + tip) / 2, field.coords_to_point(outer), atol=1e-12)
        if name == "zoomed" and not np.all(np.abs(outer) <= 0.6):
            continue
        room = 0.18 * (tip - tail)  # the next arrow is twice as far
        for end, away in ((tip, tip + room), (tail, tail - room)):
            places, profile = along(image, (tail + tip) / 2, away, on)
            reached = places[np.flatnonzero(profile >= ink(image).max() / 2)[-1]] - half
            expected = np.linalg.norm(pixels_of(end, on) - pixels_of((tail + tip) / 2, on))
            # A round cap ends half a width beyond the point.
            assert abs(reached - expected) < 0.5


def test_arrows_point_along_the_data_and_have_one_length():
    field = ScoreField(VECTORS, GRID).show(2)
    for i, j in np.ndindex(3, 4):
        tail, tip = field.arrow(i, j)
        assert np.linalg.norm(tip - tail) == pytest.approx(LENGTH)
        direction = VECTORS[2, i, j] / np.linalg.norm(VECTORS[2, i, j])
        np.testing.assert_allclose((tip - tail)[:2] / LENGTH, direction, atol=1e-12)


@pytest.mark.parametrize("pixels", [6, 9, 14, 40, 200])
@pytest.mark.parametrize("magnitude", [5e-324, 1e-12, 1.0, 1e300])
def test_however_weak_or_small_an_arrow_keeps_its_direction_and_its_shaft(pixels, magnitude):
    on = camera()
    vector = np.array([[[0.6, 0.8]]]) * magnitude if magnitude > 1e-300 else np.array([[[magnitude, 0.0]]])
    spacing = pixels / LENGTH / 90
    field = ScoreField(vector, Window(0, 0, 0, 0), spacing=spacing, strong=1.0).shift((0.003, 0.002, 0))
    image = frame(field, on=on)
    tail, tip = field.arrow(0, 0)
    assert np.linalg.norm(tip - tail) == pytest.approx(pixels / 90)
    middle = pixels_of((tail + tip) / 2, on)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    toward = pixels_of(tip, on) - middle
    forward = ((x - middle[0]) * toward[0] + (y - middle[1]) * toward[1]) / np.linalg.norm(toward)
    weight = ink(image)
    assert (weight * forward).sum() / weight.sum() > 0.05 * pixels  # the head is heavier
    _, shaft = along(image, tail, (tail + tip) / 2, on)
    assert shaft.min() > 0.5 * shaft.max() > 0


def test_opacity_says_the_magnitude():
    magnitudes = np.array([1e-6, 0.5, 1.0, 1.5, 2.0, 5.0])
    row = np.stack([magnitudes, 0 * magnitudes], axis=-1)[None]
    on, field = camera(), ScoreField(row, Window(-2.5, 2.5, 0, 0), strong=2.0, color="#FFFFFF")
    image = frame(field, on=on)
    columns, rows = pixels_of(field.coords_to_point(field.grid_points()[0]), on).astype(int).T
    paper = ManimColor(PAPER).to_int_rgb()[0]
    seen = (image[rows, columns, 0].astype(float) - paper) / (255 - paper)
    expected = FAINTEST + (1 - FAINTEST) * np.minimum(magnitudes / 2, 1)
    assert seen == pytest.approx(expected, abs=0.01)
    assert ScoreField(row, Window(-2.5, 2.5, 0, 0)).strong == np.percentile(magnitudes, 90)


def test_joints_are_not_darker_than_shafts():
    on, field = camera(), ScoreField(VECTORS, GRID, opacity=0.5, strong=1e-9)
    expected = 0.5 * ink(frame(ScoreField(VECTORS, GRID, strong=1e-9), on=on)).max()
    assert ink(frame(field, on=on)).max() == pytest.approx(expected, abs=3)


def test_a_vector_of_zero_is_a_dot_and_one_that_is_no_number_is_nothing():
    on = camera()
    nothing = ScoreField(np.full((1, 1, 2), np.nan), Window(0, 0, 0, 0), spacing=1.0)
    assert (frame(nothing) == blank()).all()
    assert (frame(ScoreField(np.full((1, 1, 2), np.inf), Window(0, 0, 0, 0), spacing=1.0)) == blank()).all()
    dot = ink(frame(ScoreField(np.zeros((1, 1, 2)), Window(0, 0, 0, 0), spacing=1.0), on=on))
    rows, columns = np.nonzero(dot)
    center = pixels_of([0, 0], on)
    assert 0 < np.hypot(columns + 0.5 - center[0], rows + 0.5 - center[1]).max() < WIDTH * 90


def test_nothing_is_drawn_outside_the_window():
    on, window = camera(), Window(-1.1, 1.1, -0.9, 0.9)
    image = ink(frame(ScoreField(VECTORS, GRID, window, strong=1e-9), on=on))
    left, right, bottom, top = window
    (x0, y0), (x1, y1) = pixels_of([left, top], on), pixels_of([right, bottom], on)
    inside = np.zeros_like(image, dtype=bool)
    inside[math.floor(y0) : math.ceil(y1), math.floor(x0) : math.ceil(x1)] = True
    assert image[inside].sum() > 0 == image[~inside].sum()


def test_a_record_looks_the_same_whatever_was_shown_before():
    straight = frame(ScoreField(VECTORS, GRID).scale(0.5).show(3))
    field = ScoreField(VECTORS, GRID)
    for k in (4, 0, 2.7, 3):
        frame(field.show(k))
    assert (frame(field.scale(0.5)) == straight).all()


def test_a_transparent_film_holds_the_colours_of_the_opaque_one():
    field = ScoreField(VECTORS, GRID, opacity=0.8)
    clear, opaque = frame(field, on=camera(opacity=0)), frame(field)
    assert (clear[..., :3] == opaque[..., :3]).all()
    assert clear[0, 0, 3] == 0 < clear[..., 3].max()


def test_fading_ends_at_the_paper():
    field = ScoreField(VECTORS, GRID)
    assert (frame(halfway(FadeOut(field.copy()), 1.0)) == blank()).all()
    assert (frame(halfway(FadeOut(field.copy(), rate_func=linear), 0.5)) != blank()).any()


def test_a_transform_takes_the_other_fields_vectors_at_its_end():
    start, end = ScoreField(VECTORS[0], GRID), ScoreField(VECTORS[1], GRID, strong=7.0).shift((1, 0, 0))
    assert (frame(halfway(Transform(start.copy(), end), 1.0)) == frame(end)).all()
    half = halfway(Transform(start.copy(), end, rate_func=linear), 0.5)
    assert (half.current() == VECTORS[0]).all()
    assert half.strong == start.strong


def test_a_legend_shows_arrows_of_the_fields_size_with_their_opacity():
    field = ScoreField(VECTORS, GRID, strong=41.3).scale(0.6)
    arrows, *names = field.legend()
    lengths = [np.linalg.norm(np.subtract(*shown.arrow(0, 1))) for shown in (arrows, field)]
    assert lengths[0] == pytest.approx(lengths[1])
    assert (arrows.strong, arrows.color) == (field.strong, field.color)
    assert arrows.current()[0, :, 0].tolist() == [4.0, 20.0, 42.0]
    for place, name in zip(arrows.grid_points()[0], names, strict=True):
        assert name.get_x() == pytest.approx(arrows.coords_to_point(place)[0])


CHANGES = {
    "nothing": lambda field: field,
    "record": lambda field: field.show(1),
    "strong": lambda field: field.set(strong=3.0),
    "place": lambda field: field.shift((0.1, 0, 0)),
    "colour": lambda field: field.set_color("#FF0000"),
}


def test_each_change_has_a_cache_key_of_its_own():
    keys = {name: key(change(ScoreField(VECTORS, GRID))) for name, change in CHANGES.items()}
    keys["grid"] = key(ScoreField(VECTORS, Window(-1.5, 1.5, -1.0, 1.1)))
    changed = VECTORS.copy()
    changed[2, 1, 1, 0] += 1e-9
    keys["data"] = key(ScoreField(changed, GRID))
    assert len(set(keys.values())) == len(keys)
    assert keys["nothing"] == key(ScoreField(VECTORS.copy(), GRID))


@pytest.mark.parametrize("shape", [(5, 2), (3, 4, 3), (0, 4, 2), (1, 1, 1, 4, 2), (1, 1, 2)])
def test_vectors_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="rows"):
        ScoreField(np.zeros(shape), GRID)
