"""What is measured along a run, each against the same quantity computed another way."""

import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageDraw

from diffusion_core.compute import load_or_compute
from diffusion_core.distributions import Banana, Checkerboard, GaussianMixture
from diffusion_core.langevin import kernel
from diffusion_core.metrics import bin_masses
from diffusion_core.observation import BLURS, CELLS, WINDOW, Observer, grids
from diffusion_core.pictures import PictureDensity
from diffusion_core.recipes import LangevinRecipe
from diffusion_core.shapes import find_target, smiley
from diffusion_core.simulation import State, simulate

CLOUD = LangevinRecipe("cloud", particles=300, steps=40, dense=5, every=10)
CHAIN = LangevinRecipe("chain", particles=1, steps=4000, dense=20, every=100, step_size=0.01)
EDGES = np.linspace(-WINDOW, WINDOW, CELLS + 1)


def path_of(recipe):
    """Every position of a single particle's run, (steps + 1, 2), by the loop alone."""
    start_rng, run_rng, _ = np.random.default_rng(recipe.seed).spawn(3)
    state = State(recipe.start_width * start_rng.standard_normal((1, 2)))
    one = kernel(recipe.sampler, find_target(recipe.target, **recipe.options), recipe.step_size, recipe.steps)
    rest = [step.state.position[0] for step in simulate(one, state, recipe.steps, run_rng)]
    return np.array([state.position[0], *rest])


def test_spread_is_the_root_of_the_mean_variance_at_every_record(tmp_path):
    run = load_or_compute(CLOUD, tmp_path, progress=False)
    expected = [np.sqrt((np.var(x) + np.var(y)) / 2) for x, y in np.moveaxis(np.asarray(run.positions), 2, 1)]
    spread = run.series["spread"]
    assert spread.labels == ("spread",)
    np.testing.assert_array_equal(spread.steps, run.steps)
    np.testing.assert_allclose(spread.values, expected, rtol=1e-12)
    assert {"visits_gap"} & set(run.series) == set()
    assert "visits" not in run.grids


@pytest.mark.parametrize("sampler", ["ula", "mala"])
def test_visits_count_every_iteration_so_far_in_the_cell_it_lay_in(tmp_path, sampler):
    recipe = dataclasses.replace(CHAIN, sampler=sampler)
    run, path = load_or_compute(recipe, tmp_path, progress=False), path_of(recipe)
    visits = run.grids["visits"]
    assert visits.values.dtype == np.float32
    assert visits.values.shape == (len(run.steps), CELLS, CELLS) == (len(run.steps), 42, 42)
    for record in (0, 1, 5, 22, len(run.steps) - 1):
        so_far = path[: run.steps[record] + 1]  # the start counts
        expected = np.histogram2d(so_far[:, 1], so_far[:, 0], bins=(EDGES, EDGES))[0]  # rows are y, from below
        np.testing.assert_array_equal(visits.values[record], expected)
    assert visits.values[-1].sum() == pytest.approx(len(path), rel=0.05)
    assert "spread" not in run.series


def test_the_window_of_the_visits_is_the_centres_of_the_outer_cells(tmp_path):
    _, window = load_or_compute(CHAIN, tmp_path, progress=False).grids["visits"]
    centres = (EDGES[1:] + EDGES[:-1]) / 2
    np.testing.assert_allclose(window, (centres[0], centres[-1]) * 2, rtol=1e-12)


def test_visits_outside_the_window_are_in_no_cell_and_count_in_the_gap():
    p = Banana()
    observer = Observer(p, 1, np.random.default_rng(0))
    for position in ([[0.01, -3.1]], [[5.0, 0.0]], [[0.0, -900.0]], [[0.01, -3.1]]):
        observer.follow(np.array(position))
    observer.look(np.array([[0.01, -3.1]]))
    visits = observer.grids()["visits"].values
    assert visits[0, 0, 21] == visits.sum() == 2
    inside = bin_masses(p.log_prob, (EDGES, EDGES)).T
    outside = 1 - inside.sum()
    expected = (np.abs(visits[0] / 4 - inside).sum() + abs(0.5 - outside)) / 2
    assert outside > 0.005
    assert observer.series(np.array([0]))["visits_gap"].values[0] == pytest.approx(expected, abs=1e-6)


def test_the_gap_of_the_visits_is_the_total_variation_to_ps_own_cells(tmp_path):
    run = load_or_compute(CHAIN, tmp_path, progress=False)
    p, path = smiley(), path_of(CHAIN)
    inside = bin_masses(p.log_prob, (EDGES, EDGES))
    masses = np.append(inside, 1 - inside.sum())
    gap = run.series["visits_gap"]
    np.testing.assert_array_equal(gap.steps, run.steps)
    for record in (0, 7, len(run.steps) - 1):
        so_far = path[: run.steps[record] + 1]
        counts = np.histogram2d(*so_far.T, bins=(EDGES, EDGES))[0]
        shares = np.append(counts, len(so_far) - counts.sum()) / len(so_far)
        assert gap.values[record] == pytest.approx(np.abs(shares - masses).sum() / 2, abs=1e-6)
    assert gap.values[0] > 0.99 > gap.values[-1] + 0.3


def test_independent_visits_come_as_near_to_p_as_chance_allows():
    # A cell's count is binomial, so the gap of n independent draws is ½ Σ √(2p(1−p)/(πn)) where counts are large.
    p, n = GaussianMixture.isotropic([[0.0, 0.0]], 1.0), 200_000
    observer = Observer(p, 1, np.random.default_rng(0))
    for position in p.sample(n, np.random.default_rng(1)):
        observer.follow(position[None])
    observer.look(position[None])
    masses = bin_masses(p.log_prob, (EDGES, EDGES)).ravel()
    expected = np.sqrt(2 * masses * (1 - masses) / (np.pi * n)).sum() / 2
    assert observer.series(np.array([0]))["visits_gap"].values[0] == pytest.approx(expected, rel=0.05)


def logo():
    ink = Image.new("L", (60, 40), 255)
    ImageDraw.Draw(ink).rectangle((10, 10, 30, 30), fill=0)
    return PictureDensity(1 - np.asarray(ink, float) / 255)


@pytest.mark.parametrize("target", [Banana(), Checkerboard(), logo()], ids=["banana", "checkerboard", "picture"])
def test_any_target_has_visits_and_the_masses_of_their_cells(target):
    observer = Observer(target, 1, np.random.default_rng(0))
    position = np.array([[0.35, 0.4]])
    observer.follow(position)
    observer.look(position)
    mass = bin_masses(target.log_prob, (EDGES[23:25], EDGES[23:25])).item()
    assert observer.grids()["visits"].values[0, 23, 23] == 1
    assert observer.series(np.array([0]))["visits_gap"].values[0] == pytest.approx(1 - mass, abs=1e-5)


def gaussian_at(z, sigma):
    return np.exp(-np.sum(z**2, axis=-1) / (2 * sigma**2)) / (2 * np.pi * sigma**2)


@pytest.mark.parametrize(
    "target",
    [smiley(), Banana(), Checkerboard(), logo(), PictureDensity(np.ones((8, 8)), width=0.03, haze=0)],
    ids=["smiley", "banana", "checkerboard", "picture", "sharp picture"],
)
def test_blurred_grids_are_p_with_gaussian_noise_on_top(target):
    values, (x0, x1, y0, y1) = grids(target)["blurred"]
    assert values.dtype == np.float32
    assert values.shape == (8, 211, 211)
    assert (x0, x1, y0, y1) == (-WINDOW, WINDOW, -WINDOW, WINDOW)
    axis = np.linspace(-WINDOW, WINDOW, 211)
    for moment, sigma in ((0, 0.05), (3, BLURS[3]), (7, 1.6)):
        nodes = np.linspace(-7 * sigma, 7 * sigma, 561)  # the convolution, point by point
        z = np.stack(np.meshgrid(nodes, nodes), axis=-1)
        weights = gaussian_at(z, sigma) * (nodes[1] - nodes[0]) ** 2
        for row, column in ((140, 30), (68, 177), (0, 0)):
            rows = np.array_split(z + [axis[column], axis[row]], 20)  # which take little memory at a time
            expected = np.sum(weights * np.concatenate([np.exp(target.log_prob(some)) for some in rows]))
            far_below = 1e-6 * float(values[moment].max())
            assert values[moment, row, column] == pytest.approx(expected, rel=2e-3, abs=far_below)


def test_the_blur_of_a_gaussian_adds_variances():
    values, _ = grids(find_target("gaussian", width=0.7))["blurred"]
    axis = np.linspace(-WINDOW, WINDOW, 211)
    x = np.stack(np.meshgrid(axis, axis), axis=-1)
    for moment, sigma in enumerate(BLURS):
        np.testing.assert_allclose(values[moment], gaussian_at(x, np.hypot(0.7, sigma)), rtol=1e-4)


def test_the_levels_of_blur_go_with_every_run(tmp_path):
    for recipe in (CLOUD, dataclasses.replace(CHAIN, steps=30)):
        blur = load_or_compute(recipe, tmp_path, progress=False).series["blur"]
        assert blur.labels == ("sigma",)
        assert blur.steps.tolist() == list(range(8))
        np.testing.assert_allclose(blur.values, np.geomspace(0.05, 1.6, 8))
