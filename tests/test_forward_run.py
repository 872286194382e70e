"""Forward runs: particles have the law of the forward process at every t, and what stands beside it is exact."""

import dataclasses
import json

import numpy as np
import pytest
from laws import goodness_of_fit
from PIL import Image, ImageDraw

from diffusion_core.compute import load_or_compute, verify
from diffusion_core.distributions import PointSet
from diffusion_core.errors import DistributionError, RecipeError, ScheduleError
from diffusion_core.forward_recipes import PROCESSES, ForwardRecipe
from diffusion_core.posteriors import posterior_series
from diffusion_core.recipe import parameters_of
from diffusion_core.recipes import find_recipe, recipe_of
from diffusion_core.schedules import Level, schedule
from diffusion_core.shapes import find_target

N = 2000
WIDTH = 0.7  # of the one Gaussian
SMALL = ForwardRecipe(
    "small", "a small one", "gaussian", {"width": WIDTH}, steps=30, particles=N, moments=4, detailed=N
)
POINTS = ForwardRecipe(
    "points", "a few points", "eight-gaussians", process="jumps", schedule="log-linear",
    schedule_options={"least": 0.1, "largest": 3.0}, steps=20, points=12, place=(0.5, -0.3),
    particles=60, moments=5, detailed=60,
)  # fmt: skip
NAMES = ["spiral-forward", "spiral-jumps", "spiral-points", "spiral-guesses", "dinosaur-forward",
         "spiral-noise-on", "spiral-noise-off", "spiral-one-jump"]  # fmt: skip
every_schedule = pytest.mark.parametrize("name", ["linear", "cosine", "log-linear"])


def brute_weights(points, x, alpha, sigma):
    """p(x₀ = points k | x_t = x) by Bayes' rule with equal shares: (n, points)."""
    squares = ((x[:, None] - alpha * points) ** 2).sum(axis=2)
    likely = np.exp(-(squares - squares.min(axis=1, keepdims=True)) / (2 * sigma**2))
    return likely / likely.sum(axis=1, keepdims=True)


def nodes(grid):
    """The points on which a grid's values stand, (rows, columns, 2)."""
    x0, x1, y0, y1 = grid.window
    rows, columns = grid.values.shape[1:3]
    return np.stack(np.meshgrid(np.linspace(x0, x1, columns), np.linspace(y0, y1, rows)), axis=-1)


def assert_standard_normal(x):
    """Mean and variance of (n, 2) values within 5 standard errors, 1/√n and √(2/n)."""
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=5 / np.sqrt(len(x)))
    np.testing.assert_allclose(x.var(axis=0), 1, rtol=0, atol=5 * np.sqrt(2 / len(x)))


def assert_unrelated(x, y):
    """Correlation of every coordinate of x with every one of y, of as many draws, within 5/√n of 0."""
    found = np.corrcoef(x.T, y.T)[:2, 2:]
    np.testing.assert_allclose(found, 0, atol=5 / np.sqrt(len(x)))


# Kicks.


@every_schedule
def test_kicks_have_the_law_of_x_t_given_x_0_and_of_any_two_times_together(tmp_path, name):
    run = load_or_compute(dataclasses.replace(SMALL, schedule=name), tmp_path, progress=False)
    made, x = schedule(name, 30), np.asarray(run.positions, float)
    assert run.times.tolist() == run.steps.tolist() == list(range(31))
    left = x - made.alpha[:, None, None] * x[0]  # x_t − α_t x₀
    for t in (1, 2, 10, 20, 30):
        assert_standard_normal(left[t] / made.sigma[t])
        assert_unrelated(left[t], x[0])
    for s, t in ((1, 2), (5, 6), (5, 15), (10, 30), (28, 30)):
        # Cov(x_s, x_t | x₀) = α_t/α_s σ_s²; its standard error is √((σ_s² σ_t² + Cov²)/n)
        covariance = made.alpha[t] / made.alpha[s] * made.sigma[s] ** 2
        error = np.sqrt((made.sigma[s] ** 2 * made.sigma[t] ** 2 + covariance**2) / N)
        np.testing.assert_allclose((left[s] * left[t]).mean(axis=0), covariance, rtol=0, atol=5 * error)


@every_schedule
def test_each_record_of_kicks_is_the_one_before_with_its_drift_and_noise(tmp_path, name):
    run = load_or_compute(dataclasses.replace(SMALL, schedule=name, detailed=100), tmp_path, progress=False)
    made, x = schedule(name, 30), np.asarray(run.positions[:, :100], float)
    assert run.detailed.tolist() == list(range(100))
    single = 1e-6 * np.abs(x).max()  # positions are kept in single precision
    np.testing.assert_allclose(x[1:], x[:-1] + run.drift[1:] + run.noise[1:], rtol=0, atol=single)
    shrunk = made.alpha[1:] / made.alpha[:-1]
    np.testing.assert_allclose(run.drift[1:], (shrunk - 1)[:, None, None] * x[:-1], rtol=0, atol=single)
    assert run.noise[1:].all()


@pytest.mark.parametrize("process", ["kicks", "jumps"])
def test_record_0_is_a_sample_of_the_target(tmp_path, process):
    recipe = ForwardRecipe("start", "", "two-moons", process=process, steps=30, particles=N, moments=2)
    run = load_or_compute(recipe, tmp_path, progress=False)
    start = np.asarray(run.positions[0], float)
    assert goodness_of_fit(start, find_target("two-moons").log_prob, (-3.0, 3.0, -3.0, 3.0)) > 1e-4
    assert not run.drift[0].any()
    assert not run.noise[0].any()


# Jumps.


@every_schedule
def test_jumps_take_one_epsilon_to_every_t(tmp_path, name):
    run = load_or_compute(dataclasses.replace(SMALL, process="jumps", schedule=name), tmp_path, progress=False)
    made, x = schedule(name, 30), np.asarray(run.positions, float)
    alpha, sigma = made.alpha[1:, None, None], made.sigma[1:, None, None]
    epsilon = run.noise[-1] / made.sigma[-1]
    np.testing.assert_allclose(run.noise[1:] / sigma, np.broadcast_to(epsilon, run.noise[1:].shape), rtol=1e-12)
    single = 1e-6 * np.abs(x).max()  # positions are kept in single precision
    np.testing.assert_allclose(run.drift[1:], (alpha - 1) * x[0], rtol=0, atol=single)
    np.testing.assert_allclose(x[1:], alpha * x[0] + sigma * epsilon, rtol=0, atol=single)
    assert_standard_normal(epsilon)
    assert_unrelated(epsilon, x[0])
    normal = find_target("gaussian")
    assert goodness_of_fit(epsilon, normal.log_prob, (-3.5, 3.5, -3.5, 3.5)) > 1e-4


def test_kicks_and_jumps_start_from_the_same_sample(tmp_path):
    runs = [load_or_compute(dataclasses.replace(SMALL, process=process), tmp_path, progress=False)
            for process in ("kicks", "jumps")]  # fmt: skip
    np.testing.assert_array_equal(runs[0].positions[0], runs[1].positions[0])


# Guesses, and data that are points.


@pytest.fixture(scope="module")
def jumps(tmp_path_factory):
    return load_or_compute(POINTS, tmp_path_factory.mktemp("jumps"), progress=False)


@pytest.fixture(scope="module")
def guesses(tmp_path_factory):
    recipe = dataclasses.replace(POINTS, process="guesses")
    return load_or_compute(recipe, tmp_path_factory.mktemp("guesses"), progress=False)


def test_the_first_particles_start_one_at_each_point_and_the_others_in_turn(jumps):
    points = jumps.series["points"].values
    assert len(np.unique(points, axis=0)) == 12
    np.testing.assert_array_equal(jumps.positions[0], np.tile(points, (5, 1)).astype(np.float32))


def test_the_points_are_drawn_from_the_target(tmp_path):
    recipe = dataclasses.replace(POINTS, target="two-moons", points=800, particles=2, moments=2)
    points = load_or_compute(recipe, tmp_path, progress=False).series["points"].values
    assert goodness_of_fit(points, find_target("two-moons").log_prob, (-3.0, 3.0, -3.0, 3.0)) > 1e-4


def test_guesses_are_the_points_mean_weighted_by_bayes_rule_at_the_same_noisy_points(jumps, guesses):
    points = jumps.series["points"].values
    np.testing.assert_array_equal(guesses.series["points"].values, points)
    np.testing.assert_array_equal(guesses.positions[0], jumps.positions[0])  # at t = 0 the points themselves
    for t, (_, alpha, sigma) in list(enumerate(jumps.series["levels"].values))[1:]:
        noisy = np.tile(points, (5, 1)) + jumps.drift[t] + jumps.noise[t]
        expected = brute_weights(points, noisy, alpha, sigma) @ points
        np.testing.assert_allclose(guesses.positions[t], expected, rtol=0, atol=1e-6)
    assert guesses.detailed.size == 0  # no drift and noise lead to a guess


def test_with_large_noise_all_guesses_are_the_mean_of_the_data(tmp_path):
    # ∂x̂₀/∂x = Cov(x₀ | x)/σ² ≤ R²/σ² where the points are within R of their mean, at which x̂₀ is off by R³/σ².
    recipe = dataclasses.replace(POINTS, process="guesses", schedule_options={"largest": 1e4})
    run = load_or_compute(recipe, tmp_path, progress=False)
    points = run.series["points"].values
    mean = points.mean(axis=0)
    reach = np.linalg.norm(points - mean, axis=1).max()
    bound = reach**2 * (5 * 1e4 + reach) / 1e8  # |ε| < 5
    assert bound < 0.01
    off = np.abs(run.positions[-1] - mean).max()
    assert 0 < off < bound


def test_what_a_place_says_of_the_points_is_bayes_rule_at_every_t(jumps):
    series, place = jumps.series, np.array([[0.5, -0.3]])
    points, weights = series["points"].values, series["weights"].values
    assert weights.shape == (21, 12)
    assert series["weights"].labels == tuple(f"point {k}" for k in range(12))
    assert series["weights"].steps.tolist() == list(range(21))
    away = np.linalg.norm(points - place, axis=1)
    assert weights[0].tolist() == [float(distance == away.min()) for distance in away]  # t = 0: the nearest point
    np.testing.assert_array_equal(series["mean"].values[0], points[away.argmin()])
    made = schedule("log-linear", 20, least=0.1, largest=3.0)
    for t in range(1, 21):
        expected = brute_weights(points, place, made.alpha[t], made.sigma[t])[0]
        np.testing.assert_allclose(weights[t], expected, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(series["mean"].values[t], expected @ points, rtol=0, atol=1e-12)
        surprise = -(expected[expected > 0] * np.log(expected[expected > 0])).sum()
        assert series["candidates"].values[t] == pytest.approx(np.exp(surprise), rel=1e-9)
    assert (series["candidates"].values[[0, -1]].round() == [1, 12]).all()


@pytest.mark.parametrize("count", [1, 3, 7])
def test_so_many_equal_weights_are_so_many_candidates(count):
    angle = 2 * np.pi * np.arange(count) / count
    near = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + [1.0, 0.0]
    far = np.array([[300.0, 0.0], [0.0, -300.0]])
    data = PointSet(np.concatenate([near, far]))
    series = posterior_series(data, np.array([[0.5, 0.0]]), [Level(0.5, 0.8)], np.array([7]))
    np.testing.assert_allclose(series["weights"].values, [[*[1 / count] * count, 0.0, 0.0]], rtol=1e-12)
    assert series["candidates"].values == pytest.approx(count)
    np.testing.assert_allclose(series["mean"].values, near.mean(axis=0)[None], rtol=0, atol=1e-12)
    assert series["weights"].steps.tolist() == [7]


def test_without_noise_the_nearest_point_counts_where_the_signal_has_put_it():
    data = PointSet([[1.0, 0.0], [3.0, 0.0]])
    series = posterior_series(data, np.array([[1.2, 0.0]] * 2), [Level(1.0, 0.0), Level(0.5, 0.0)], np.arange(2))
    assert series["weights"].values.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_without_a_place_nothing_is_said_of_one(tmp_path):
    run = load_or_compute(dataclasses.replace(POINTS, place=None), tmp_path, progress=False)
    assert not {"points", "weights", "mean", "candidates"} & set(run.series)


# Grids.


@pytest.mark.parametrize("process", ["kicks", "jumps"])
def test_the_grids_of_a_gaussian_are_p_t_and_its_score(tmp_path, process):
    run = load_or_compute(dataclasses.replace(SMALL, process=process, particles=10), tmp_path, progress=False)
    made, moments = schedule("linear", 30), run.series["moments"]
    assert moments.steps.tolist() == [0, 10, 20, 30]
    assert (moments.values[:, 0] == moments.steps).all()
    for k, t in enumerate(moments.steps):
        assert moments.values[k, 1:] == pytest.approx([made.alpha[t], made.sigma[t]])
        variance = made.alpha[t] ** 2 * WIDTH**2 + made.sigma[t] ** 2
        squares = (nodes(run.grids["diffused"]) ** 2).sum(axis=-1)
        p = np.exp(-squares / (2 * variance)) / (2 * np.pi * variance)
        np.testing.assert_allclose(run.grids["diffused"].values[k], p, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(
            run.grids["score"].values[k], -nodes(run.grids["score"]) / variance, rtol=1e-9, atol=1e-12
        )


def assert_grids_of_points(run, points):
    """p_t and its score are sums over the points, at every moment."""
    assert run.series["moments"].steps.min() == 1  # points without noise have no density
    for k, (_, alpha, sigma) in enumerate(run.series["moments"].values):
        apart = nodes(run.grids["diffused"])[..., None, :] - alpha * points
        kernels = np.exp(-(apart**2).sum(axis=-1) / (2 * sigma**2)) / (2 * np.pi * sigma**2)
        np.testing.assert_allclose(run.grids["diffused"].values[k], kernels.mean(axis=-1), rtol=1e-5, atol=1e-9)
        x = nodes(run.grids["score"]).reshape(-1, 2)
        score = (alpha * brute_weights(points, x, alpha, sigma) @ points - x) / sigma**2
        found = run.grids["score"].values[k].reshape(-1, 2)
        np.testing.assert_allclose(found, score, rtol=1e-8, atol=1e-8 / sigma**2)


def test_the_grids_of_points_are_those_of_the_points_and_not_of_the_target(jumps, guesses):
    for run in (jumps, guesses):
        assert_grids_of_points(run, run.series["points"].values)
        sharp = run.grids["density"]
        assert sharp.values.shape == (421, 421)
        there = [-3.15 + 6.3 * 343 / 420, 0.0]  # in the Gaussian on the right
        density = np.exp(find_target("eight-gaussians").log_prob(there))
        assert sharp.values[210, 343] == pytest.approx(density, rel=1e-5)


# What is measured.


def test_the_distance_to_noise_is_that_of_two_gaussians(tmp_path):
    # Along any axis W₂ of N(0, v) and N(0, σ²) is |√v − σ|. The standard error of √v is √(v/2n), likewise of σ,
    # and to the square of the distance the floor's is added: floor²/(2 |√v − σ|).
    recipe = dataclasses.replace(SMALL, options={"width": 0.2}, detailed=0)
    run = load_or_compute(recipe, tmp_path, progress=False)
    made, series = schedule("linear", 30), run.series
    variance = made.alpha**2 * 0.04 + made.sigma**2
    gap = np.abs(np.sqrt(variance) - made.sigma[-1])
    floor = series["to_noise_floor"].values[0, 0]
    wide = gap > 10 * floor
    assert wide.sum() >= 5
    error = 5 * np.sqrt((variance + made.sigma[-1] ** 2) / (2 * N)) + floor**2 / (2 * gap)
    assert (np.abs(series["to_noise"].values - gap) < error)[wide].all()
    np.testing.assert_allclose(series["spread"].values, np.sqrt(variance), rtol=5 / np.sqrt(4 * N))


@pytest.mark.parametrize("process", ["kicks", "jumps"])
def test_a_schedule_that_ends_in_noise_takes_the_spiral_from_far_off_into_the_floor(tmp_path, process):
    recipe = ForwardRecipe("spiral", process=process, steps=40, particles=1000, moments=2)
    run = load_or_compute(recipe, tmp_path, progress=False)
    distance, (mean, deviation) = run.series["to_noise"].values, run.series["to_noise_floor"].values[0]
    assert distance[0] > mean + 20 * deviation
    assert abs(distance[-1] - mean) < 4 * deviation
    assert "distance" not in run.series  # to the target; no verdict is to be had of it


def test_guesses_are_measured_against_the_target(tmp_path, jumps):
    # Where all are at one place m, W₂² along an axis is the mean square of the target around m: in eight Gaussians
    # of width w on a circle of radius r, (r² + 2w² + m²)/2 over all axes. Of |x − m|² the variance is
    # 4 r² w² + 4 w⁴ + 4 m² (r²/2 + w²).
    recipe = dataclasses.replace(POINTS, process="guesses", schedule_options={"largest": 1e6}, particles=N)
    run = load_or_compute(recipe, tmp_path, progress=False)
    assert {"to_data", "to_data_floor"} <= set(run.series) >= set(jumps.series) - {"to_noise", "to_noise_floor"}
    assert not {"to_noise", "to_noise_floor"} & set(run.series)
    offset = (run.series["points"].values.mean(axis=0) ** 2).sum()
    square, variance = 4 + 0.08 + offset, 16 * 0.04 + 4 * 0.04**2 + 4 * offset * 2.04
    error = 5 * np.sqrt(variance / N)
    assert run.series["to_data"].values[-1] ** 2 == pytest.approx(square / 2, abs=error / 2)
    assert (run.series["to_data_floor"].values[0, 0] < run.series["to_data"].values).all()


# Bytes, rows and mistakes.


@pytest.mark.parametrize("process", PROCESSES)
def test_the_same_recipe_gives_the_same_bytes_and_another_seed_others(tmp_path, process):
    recipe = dataclasses.replace(POINTS, process=process, moments=2)
    runs = [load_or_compute(dataclasses.replace(recipe, seed=seed), tmp_path / str(k), progress=False)
            for k, seed in enumerate((3, 3, 4))]  # fmt: skip
    files = [run.path.read_bytes() for run in runs]
    assert files[0] == files[1] != files[2]
    first, _, other = (run.series["points"].values for run in runs)
    assert not np.isin(first, other).any()
    assert verify(runs[0].path) == (True, "computed again, equal to the last byte")


@pytest.mark.parametrize("name", NAMES)
def test_rows_come_back_from_their_parameters(name):
    recipe = find_recipe(name)
    again = recipe_of(json.loads(json.dumps(parameters_of(recipe))))
    assert again == recipe
    assert again.key == recipe.key


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"process": "kick"}, RecipeError, "no forward process 'kick': did you mean 'kicks'"),
        ({"process": "guesses"}, RecipeError, "choose how many, such as points = 400"),
        ({"place": (0.0, 1.0)}, RecipeError, r"place = \(0.0, 1.0\) says nothing: .* and points"),
        ({"place": ("a", 1), "points": 5}, RecipeError, r"place = \('a', 1\) says nothing: give two numbers"),
        ({"place": (0.0, np.nan), "points": 5}, RecipeError, "says nothing"),
        ({"place": (0.0, 1.0, 2.0), "points": 5}, RecipeError, "says nothing"),
        ({"steps": 0}, RecipeError, "steps = 0"),
        ({"points": -1}, RecipeError, "points = -1"),
        ({"points": 2.5}, RecipeError, "points = 2.5"),
        ({"particles": 1}, RecipeError, "particles = 1"),
        ({"moments": 1}, RecipeError, "moments = 1"),
        ({"detailed": -1}, RecipeError, "detailed = -1"),
        ({"steps": 5}, ScheduleError, "between 0 and 1"),
        ({"schedule": "cosin"}, ScheduleError, "did you mean 'cosine'"),
        ({"schedule_options": {"largest": 3.0}}, ScheduleError, "'linear' has no 'largest': it takes first, last"),
        ({"schedule_options": {"first": "a"}}, ScheduleError, "first = 'a' makes no schedule"),
        ({"target": "spirall"}, DistributionError, "did you mean 'spiral'"),
        ({"options": {"wide": 1.0}}, DistributionError, "has no 'wide'"),
    ],
)
def test_mistakes_are_refused_in_one_sentence(tmp_path, changes, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        load_or_compute(dataclasses.replace(SMALL, **changes), tmp_path, progress=False)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.npz*"))


@pytest.mark.parametrize(("process", "points"), [("kicks", 0), ("jumps", 10), ("guesses", 10)])
def test_any_picture_dissolves(tmp_path, process, points):
    logo = Image.new("L", (60, 40), 255)
    ImageDraw.Draw(logo).rectangle((10, 10, 30, 30), fill=0)
    logo.save(tmp_path / "logo.png")
    recipe = ForwardRecipe(
        "logo", "", str(tmp_path / "logo.png"), process=process, steps=40, points=points, particles=N, moments=2,
        place=(0.0, 0.0) if points else None,
    )  # fmt: skip
    run = load_or_compute(recipe, tmp_path, progress=False)
    if points:
        assert_grids_of_points(run, run.series["points"].values)
        return
    assert run.series["moments"].values[0, 0] == 0
    ink = find_target(recipe.target)
    assert goodness_of_fit(np.asarray(run.positions[0], float), ink.log_prob, (-3.0, 3.0, -3.0, 3.0)) > 1e-4
    at = nodes(run.grids["diffused"])
    np.testing.assert_allclose(run.grids["diffused"].values[0], np.exp(ink.log_prob(at)), rtol=1e-5, atol=1e-9)
    # α_T = 0.002 leaves N(0, I), moved by no more than α_T times the picture's reach; its steepest slope is 0.1.
    alpha = schedule("linear", 40).alpha[-1]
    normal = np.exp(-(at**2).sum(axis=-1) / 2) / (2 * np.pi)
    np.testing.assert_allclose(run.grids["diffused"].values[-1], normal, rtol=0, atol=0.1 * alpha * ink.extent)
