import numpy as np
import pytest
from manim import FadeOut, ManimColor
from stills import PAPER, blank, camera, frame, halfway, ink, key, pixels_of

from scenes import theme as themes
from scenes.mobjects.density_map import LEVELS, color_table
from scenes.mobjects.histogram2d import Histogram2D
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import STAGE, Window

RNG = np.random.default_rng(8)
EXTENT = Window(-2.0, 2.0, -1.5, 1.5)
EDGES_X, EDGES_Y = np.linspace(-2, 2, 9), np.linspace(-1.5, 1.5, 7)
VISITS = np.cumsum(RNG.multinomial(1, np.full(48, 1 / 48), 40), axis=0).reshape(40, 6, 8)
"""Cells visited by a chain of forty steps, (records, rows, columns)."""

TRANSFORMS = {
    "in place": lambda visits: visits,
    "shifted": lambda visits: visits.shift((-2.503, 0.371, 0)),
    "scaled": lambda visits: visits.scale(0.437).shift((1.234, 0.1, 0)),
    "zoomed": lambda visits: visits.zoomed(Window(-1.1, 1.3, -1.2, 1.2)).scale(1.7).shift((0.1, 0.2, 0)),
}


def lone_cell(row, column):
    counts = np.zeros((6, 8), dtype=int)
    counts[row, column] = 3
    return counts


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("cell", [(2, 3), (3, 5)])
def test_a_cells_borders_lie_where_the_edges_say(name, cell):
    on, (row, column) = camera(), cell
    visits = TRANSFORMS[name](Histogram2D(lone_cell(row, column), extent=EXTENT))
    rows, columns = np.nonzero(ink(frame(visits, on=on)))
    low = visits.coords_to_point([EDGES_X[column], EDGES_Y[row]])
    high = visits.coords_to_point([EDGES_X[column + 1], EDGES_Y[row + 1]])
    (left, bottom), (right, top) = pixels_of(low, on), pixels_of(high, on)
    seen = np.array([columns.min(), columns.max() + 1, rows.min(), rows.max() + 1])
    assert abs(seen - [left, right, top, bottom]).max() <= 0.5 + 1e-9
    assert len(rows) == (seen[1] - seen[0]) * (seen[3] - seen[2])  # a whole rectangle


def test_cells_have_the_colours_of_their_shares(monkeypatch):
    monkeypatch.setattr(themes, "_chosen", "dark")
    on, visits = camera(), Histogram2D(VISITS, extent=EXTENT).show(39)
    image, look = frame(visits, on=on), themes.theme()
    shares = VISITS[39] / VISITS[39].max()
    table = color_table([ManimColor(look.paper), ManimColor(look.chance)])
    middles = np.stack(np.meshgrid((EDGES_X[1:] + EDGES_X[:-1]) / 2, (EDGES_Y[1:] + EDGES_Y[:-1]) / 2), axis=-1)
    columns, rows = np.moveaxis(pixels_of(visits.coords_to_point(middles), on).astype(int), -1, 0)
    places = shares * (LEVELS - 1)
    paint = np.stack([np.interp(places, np.arange(LEVELS), channel) for channel in table.T], axis=-1)
    expected = 255 * (paint[..., :3] + (1 - paint[..., 3:]) * ManimColor(PAPER).to_rgb())
    assert image[rows, columns, :3] == pytest.approx(expected, abs=1)
    fullest = np.unravel_index(VISITS[39].argmax(), (6, 8))
    assert image[rows[fullest], columns[fullest], :3].tolist() == ManimColor(look.chance).to_int_rgb().tolist()


def test_a_particle_lies_in_the_cell_that_counts_it():
    on = camera()
    for x in RNG.uniform((-2, -1.5), (2, 1.5), (20, 2)):
        counts, _, _ = np.histogram2d([x[1]], [x[0]], (EDGES_Y, EDGES_X))
        column, row = pixels_of(ParticleCloud(x[None]).coords_to_point(x), on).astype(int)
        assert ink(frame(Histogram2D(counts, extent=EXTENT), on=on))[row, column] > 0


def test_moments_are_shares_of_their_own_total_on_one_scale():
    visits = Histogram2D(VISITS, extent=EXTENT)
    assert visits.peak == VISITS[-1].max() / 40
    assert visits.show(19).current() == pytest.approx(VISITS[19] / 20)
    doubled = Histogram2D(np.stack([VISITS[39], 2 * VISITS[39]]), extent=EXTENT)
    assert (frame(doubled.show(0)) == frame(doubled.show(1))).all()


def test_where_nothing_was_counted_or_beyond_the_extent_the_paper_stays():
    assert (frame(Histogram2D(np.zeros((4, 4), dtype=int))) == blank()).all()
    on, image = camera(), frame(Histogram2D(np.ones((6, 8)), extent=EXTENT))
    outside = pixels_of([[-2.1, 0.0], [2.1, 0.0], [0.0, 1.6], [0.0, -1.6]], on).astype(int)
    assert (image[outside[:, 1], outside[:, 0]] == blank()[0, 0]).all()


def test_a_record_looks_the_same_whatever_was_shown_before():
    straight = frame(Histogram2D(VISITS, extent=EXTENT).shift((1, 0, 0)).show(20))
    visits = Histogram2D(VISITS, extent=EXTENT)
    for k in (39, 0, 30.5, 20):
        frame(visits.show(k))
    assert (frame(visits.shift((1, 0, 0))) == straight).all()
    assert (frame(visits.show(20.9)) == straight).all()


def test_fading_ends_at_the_paper():
    assert (frame(halfway(FadeOut(Histogram2D(VISITS[5], STAGE)), 1.0)) == blank()).all()


def test_each_change_has_a_cache_key_of_its_own():
    changed = VISITS.copy()
    changed[20, 1, 1] += 1
    keys = [
        key(Histogram2D(VISITS)),
        key(Histogram2D(VISITS).show(1)),
        key(Histogram2D(VISITS, extent=EXTENT)),
        key(Histogram2D(VISITS, peak=0.5)),
        key(Histogram2D(VISITS, color="#FF0000")),
        key(Histogram2D(changed)),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == key(Histogram2D(VISITS.copy()))


@pytest.mark.parametrize("shape", [(5,), (1, 5), (0, 5, 5), (1, 1, 5, 5)])
def test_counts_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="rows, columns"):
        Histogram2D(np.zeros(shape))
