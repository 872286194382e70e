import numpy as np
import pytest
from manim import FadeOut
from stills import blank, camera, centroid, frame, halfway, key, pixels_of

from diffusion_core.trajectory import Grid
from scenes.mobjects.landscape import DEPTH, SLAB, Landscape
from scenes.mobjects.particle_cloud import ParticleCloud

AXIS = np.linspace(-3.15, 3.15, 421)
GAUSSIAN = Grid(np.exp(-(AXIS**2 + (AXIS[:, None] - 0.65) ** 2) / 2), (-3.15, 3.15, -3.15, 3.15))
PLACES = np.array([[[-1.0, 0.6], [0.5, 0.7], [2.0, 3.0]], [[-1.2, 0.65], [0.5, 0.9], [2.0, 0.62]]])
"""Two records of three particles, of which two lie near the cut at y = 0.65."""


def landscape():
    return Landscape(GAUSSIAN, 0.65, PLACES)


MOVES = {
    "in place": lambda m: m,
    "shifted": lambda m: m.shift((1.0, -0.5, 0)),
    "scaled": lambda m: m.scale(0.7).shift((-1, 1, 0)),
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("record", [0, 1])
def test_particles_near_the_cut_lie_on_the_curve_at_their_own_x(name, record):
    on, made = camera(1080), MOVES[name](landscape()).show(record)
    near = PLACES[record][np.abs(PLACES[record][:, 1] - 0.65) < SLAB]
    assert len(near) == 2
    image = frame(made.cloud, on=on)
    # U of a Gaussian of width 1 along the cut, which is off its peak by less than half a cell, is x²/2.
    on_curve = made.cloud.coords_to_point(np.column_stack([near[:, 0], near[:, 0] ** 2 / 2]))
    for point in on_curve:
        place = pixels_of(point, on)
        assert np.linalg.norm(centroid(image, place) - place) < 0.5
    rest = ParticleCloud(PLACES[record])
    assert made.cloud.particles == rest.particles


def test_the_curve_is_minus_log_p():
    made = landscape()
    ends = made.curve.get_all_points()
    low = made.cloud.coords_to_point([0.0, 0.0])
    assert ends[:, 1].min() == pytest.approx(low[1], abs=1e-4)
    x = np.sqrt(2 * DEPTH)  # beyond it the curve is not shown; 3.15 is nearer
    assert x > 3.15
    edge = made.cloud.coords_to_point([3.15, 3.15**2 / 2])
    assert ends[:, 1].max() == pytest.approx(edge[1], abs=1e-3)


def test_a_record_looks_the_same_whatever_was_shown_before():
    wandering = landscape().show(1).show(0.4).scale(0.5).show(1)
    assert (frame(wandering) == frame(landscape().scale(0.5).show(1))).all()
    assert (frame(landscape().show(0)) != frame(landscape().show(1))).any()


def test_it_fades_and_its_data_are_in_the_cache_key():
    assert (frame(halfway(FadeOut(landscape()), 1.0)) == blank()).all()
    assert key(landscape()) == key(landscape())
    assert key(landscape()) != key(Landscape(GAUSSIAN, 0.65, PLACES + 0.01))


def test_the_cut_lies_on_the_stage_where_it_was_taken():
    stage = ParticleCloud(PLACES).scale(0.5).shift((-3, 1, 0))
    line = landscape().line_on(stage)
    assert line.get_start() == pytest.approx(stage.coords_to_point([-3.15, 0.65]))


def test_the_curve_of_a_moment_is_that_of_its_density():
    both = np.stack([GAUSSIAN.values, np.exp(-(AXIS**2 + (AXIS[:, None] - 0.65) ** 2) / 8)])
    made = Landscape(Grid(both, GAUSSIAN.window), 0.65).scale(0.8).shift((1, 0, 0))
    for moment, width in ((0, 1.0), (1, 2.0), (0, 1.0)):
        ends = made.show(moment).curve.points[::4]
        at = made.cloud.coords_to_point(np.column_stack([AXIS, AXIS**2 / (2 * width**2)]))
        np.testing.assert_allclose(ends, at[:-1], atol=1e-3)
    blend = -np.log(0.5 * np.exp(-(2.1**2) / 2) + 0.5 * np.exp(-(2.1**2) / 8))
    place = made.cloud.coords_to_point([2.1, blend])
    assert np.abs(made.show(0.5).curve.points[::4] - place).sum(axis=1).min() < 2e-3
    with pytest.raises(IndexError, match="moments 0 to 1"):
        made.show(2)


def test_particles_do_not_belong_to_a_landscape_that_changes():
    both = Grid(np.stack([GAUSSIAN.values] * 2), GAUSSIAN.window)
    with pytest.raises(ValueError, match="leave one out"):
        Landscape(both, 0.65, PLACES)
