"""Every distance against a closed form or its definition; tolerances are 4 standard errors unless stated."""

from functools import partial
from itertools import permutations

import numpy as np
import pytest
from scipy import signal, stats
from scipy.spatial.distance import cdist, pdist
from scipy.special import ndtr

from diffusion_core import metrics
from diffusion_core.distributions import GaussianMixture
from diffusion_core.metrics import (
    Masses,
    SlicedReference,
    bin_masses,
    effective_sample_size,
    energy_distance,
    histogram_kl,
    median_bandwidth,
    mmd,
    noise_floor,
    part_masses,
    sliced_wasserstein,
    standard_errors_off,
    wasserstein,
)
from diffusion_core.shapes import eight_gaussians, gaussian

DISTANCES = [sliced_wasserstein, wasserstein, energy_distance]
ALL = [*DISTANCES, mmd, partial(mmd, bandwidth=0.7)]
EDGES = (np.linspace(-1.5, 1.5, 6), np.linspace(-1.2, 1.8, 5))


def standard_error(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


def assert_mean(values, expected):
    """The mean of independent values is `expected` within 4 standard errors."""
    assert np.mean(values) == pytest.approx(expected, abs=4 * standard_error(values))


def uniform(n, rng):
    return rng.random((n, 2))


def on_the_axis(values):
    return np.stack([values, np.zeros(len(values))], axis=1)


def pairs_of_samples(repeats, n, seed):
    return np.random.default_rng(seed).standard_normal((repeats, 2, n, 2))


@pytest.mark.parametrize("metric", ALL)
def test_a_metric_does_not_care_which_sample_comes_first_nor_in_what_order_the_points_stand(metric):
    rng = np.random.default_rng(0)
    n = 300 if metric is wasserstein else 1200  # an assignment costs n³; the median takes a selection of 2,400
    x, y = rng.standard_normal((n, 2)), 0.5 + rng.standard_normal((n, 2))
    value = metric(x, y)
    assert value > 0.01
    assert metric(y, x) == pytest.approx(value, rel=1e-9)
    assert metric(rng.permutation(x), rng.permutation(y)) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("metric", DISTANCES)
def test_a_sample_is_at_distance_zero_from_itself_in_another_order(metric):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((500, 2))
    assert metric(x, x) == 0
    values = [metric(x, rng.permutation(x)) for _ in range(20)]  # in some of them, sums round to below 0
    assert 0 <= min(values) <= max(values) < 1e-12


def test_wasserstein_between_a_sample_and_its_shift_is_the_length_of_the_shift():
    x, shift = np.random.default_rng(2).standard_normal((150, 2)), np.array([0.3, -1.1])
    assert wasserstein(x, x + shift) == pytest.approx(np.linalg.norm(shift), rel=1e-12)


@pytest.mark.parametrize("directions", [2, 3, 64])
def test_sliced_wasserstein_of_a_shift_is_its_length_over_root_two(directions):
    # Along θ a shift by c is one by ⟨c, θ⟩; over even angles in [0, π) the mean of ⟨c, θ⟩² is |c|²/2.
    x, shift = np.random.default_rng(3).standard_normal((150, 2)), np.array([0.3, -1.1])
    expected = np.linalg.norm(shift) / np.sqrt(2)
    assert sliced_wasserstein(x, x + shift, directions) == pytest.approx(expected, rel=1e-12)


def test_wasserstein_is_the_cheapest_of_all_permutations():
    x, y = np.random.default_rng(4).standard_normal((2, 6, 2))
    cheapest = min(np.mean(np.sum((x - y[list(order)]) ** 2, axis=1)) for order in permutations(range(6)))
    assert wasserstein(x, y) == pytest.approx(np.sqrt(cheapest), rel=1e-12)


def test_sliced_wasserstein_is_at_most_wasserstein_over_root_two():
    # The best plan of the plane is a plan along every direction, where its cost is half on average.
    rng = np.random.default_rng(5)
    for scale in (0.1, 1.0, 3.0):
        x, y = rng.standard_normal((80, 2)), scale * rng.standard_normal((80, 2)) ** 2
        assert 0 < sliced_wasserstein(x, y) < wasserstein(x, y) / np.sqrt(2)


def test_samples_on_a_line_are_matched_in_order():
    u, v = np.random.default_rng(6).standard_normal((2, 200))
    matched = np.sqrt(np.mean((np.sort(u) - np.sort(v)) ** 2))
    assert wasserstein(on_the_axis(u), on_the_axis(v)) == pytest.approx(matched, rel=1e-12)
    sliced = sliced_wasserstein(on_the_axis(u), on_the_axis(v))
    assert sliced == pytest.approx(matched / np.sqrt(2), rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(3, 4), (6, 4), (1, 7), (49, 98), (50, 35)])
def test_samples_of_unequal_size_are_compared_as_if_every_point_were_copied(n, m):
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((n, 2)), rng.standard_normal((m, 2))
    expected = sliced_wasserstein(np.repeat(x, m, axis=0), np.repeat(y, n, axis=0))
    assert sliced_wasserstein(x, y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [1, 40, 57])
def test_a_reference_that_is_used_again_says_what_sliced_wasserstein_says(n):
    rng = np.random.default_rng(8)
    y = rng.standard_normal((40, 2))
    reference = SlicedReference(y, 7)
    for x in rng.standard_normal((3, n, 2)):
        assert reference.distance(x) == sliced_wasserstein(x, y, 7)


def test_equal_sizes_take_a_short_cut_to_the_same_value():
    x, y = np.random.default_rng(8).standard_normal((2, 57, 2))
    longer = sliced_wasserstein(np.repeat(x, 2, axis=0), np.repeat(y, 3, axis=0))
    assert sliced_wasserstein(x, y) == pytest.approx(longer, rel=1e-12)


@pytest.mark.parametrize(
    ("metric", "n", "share"), [(wasserstein, 60, 1.0), (sliced_wasserstein, 60, 0.5)], ids=["exact", "sliced"]
)
def test_wasserstein_between_gaussians_is_the_closed_form_and_the_floor(metric, n, share):
    # W2²(N(0, s²I), N(c, t²I)) = |c|² + 2(s − t)². For samples sz and c + tz′ the expected value is that plus
    # st times the one between z and z′, since the plan depends only on z and z′; sliced has half of each.
    s, t, shift = 0.5, 1.2, np.array([0.4, -0.3])
    squares = [metric(s * z, shift + t * w) ** 2 for z, w in pairs_of_samples(300, n, seed=8)]
    floor = noise_floor(metric, gaussian().sample, n, np.random.default_rng(9), repeats=300).values ** 2
    closed = share * (shift @ shift + 2 * (s - t) ** 2)
    tolerance = 4 * np.hypot(standard_error(squares), s * t * standard_error(floor))
    assert np.mean(squares) - s * t * np.mean(floor) == pytest.approx(closed, abs=tolerance)
    assert tolerance < closed / 5


def test_energy_distance_is_its_definition():
    # 900 × 1,100 pairs, so that more than one block of them is summed.
    rng = np.random.default_rng(10)
    x, y = rng.standard_normal((900, 2)), 2 * rng.standard_normal((1100, 2))
    between, of_x, of_y = (np.linalg.norm(a[:, None] - b, axis=-1).mean() for a, b in ((x, y), (x, x), (y, y)))
    assert energy_distance(x, y) == pytest.approx(2 * between - of_x - of_y, rel=1e-10)


def test_energy_distance_on_a_line_is_scipys_squared():
    rng = np.random.default_rng(11)
    u, v = rng.standard_normal(70), rng.exponential(size=90)
    expected = stats.energy_distance(u, v) ** 2
    assert energy_distance(on_the_axis(u), on_the_axis(v)) == pytest.approx(expected, rel=1e-10)


def test_mmd_of_one_law_is_zero_on_average():
    assert_mean([mmd(x, y, bandwidth=0.8) for x, y in pairs_of_samples(400, 25, seed=12)], 0)


def test_mmd_between_gaussians_is_the_closed_form_on_average():
    # X − Y ~ N(c, vI) makes E exp(−|X − Y|²/(2h²)) = h²/(h² + v) · exp(−|c|²/(2(h² + v))) in the plane.
    s, t, h, shift = 0.5, 1.2, 0.8, np.array([0.4, -0.3])

    def expected_kernel(variance, away):
        return h**2 / (h**2 + variance) * np.exp(-(away @ away) / (2 * (h**2 + variance)))

    closed = (
        expected_kernel(2 * s**2, 0 * shift)
        + expected_kernel(2 * t**2, 0 * shift)
        - 2 * expected_kernel(s**2 + t**2, shift)
    )
    values = [mmd(s * z, shift + t * w, bandwidth=h) for z, w in pairs_of_samples(400, 40, seed=13)]
    assert_mean(values, closed)
    assert 4 * standard_error(values) < closed / 5


def test_mmd_leaves_out_only_the_pairs_of_a_point_with_itself():
    rng = np.random.default_rng(14)
    x, y = rng.standard_normal((600, 2)), rng.standard_normal((700, 2))
    of_x, of_y = (np.exp(-pdist(z, "sqeuclidean") / (2 * 0.6**2)).mean() for z in (x, y))
    between = np.exp(-cdist(x, y, "sqeuclidean") / (2 * 0.6**2)).mean()
    assert mmd(x, y, 0.6) == pytest.approx(of_x + of_y - 2 * between, abs=1e-12)


def test_the_bandwidth_is_the_median_distance_also_of_a_selection():
    rng = np.random.default_rng(15)
    x, y = rng.standard_normal((100, 2)), 3 + rng.standard_normal((50, 2))
    assert median_bandwidth(x, y) == np.median(pdist(np.concatenate([x, y])))
    assert mmd(x, y) == mmd(x, y, median_bandwidth(x, y))
    # Of N(0, I): |X − X′|²/2 is χ²₂, so the median is 2√(log 2), where the density is √(log 2)/2. The standard
    # error of a median over pairs of k points is at most 1/(√k density), as |P(|x − X| ≤ r) − 1/2| ≤ 1/2.
    large = rng.standard_normal((2, 4000, 2))
    bound = 1 / (np.sqrt(metrics._MEDIAN_POINTS) * np.sqrt(np.log(2)) / 2)
    assert median_bandwidth(*large) == pytest.approx(2 * np.sqrt(np.log(2)), abs=bound)


def test_bin_masses_of_a_gaussian_are_differences_of_its_distribution_function():
    width = 0.1
    along_x, along_y = (np.diff(ndtr(edges / width)) for edges in EDGES)
    masses = bin_masses(gaussian(width).log_prob, EDGES)
    assert masses.shape == (5, 4)
    np.testing.assert_allclose(masses, np.outer(along_x, along_y), atol=1e-12)


def test_bin_masses_put_x_first_and_sum_to_the_whole():
    p = GaussianMixture.isotropic([[1.0, 0.0]], 0.1)
    masses = bin_masses(p.log_prob, (np.array([-2.0, 0.0, 2.0]), np.array([-1.0, 0.0, 0.5, 1.0])), nodes=48)
    np.testing.assert_allclose(masses, [[0, 0, 0], [0.5, 0.5, 0]], atol=1e-6)
    window = (np.linspace(-5, 5, 21),) * 2
    assert bin_masses(eight_gaussians().log_prob, window).sum() == pytest.approx(1, abs=1e-12)


def test_histogram_kl_is_the_sum_worked_by_hand():
    edges = (np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0]))
    x = [[0.5, 0.5], [0.2, 0.1], [1.5, 0.5], [9.0, 9.0]]  # shares 1/2, 1/4, and 1/4 outside
    expected = 0.5 * np.log(0.5 / 0.2) + 0.25 * np.log(0.25 / 0.5) + 0.25 * np.log(0.25 / 0.3)
    assert histogram_kl(x, [[0.2], [0.5]], edges) == pytest.approx(expected, rel=1e-12)
    assert histogram_kl(x[:2], [[0.2], [0.5]], edges) == pytest.approx(np.log(1 / 0.2), rel=1e-12)
    assert histogram_kl(x, [[1.0], [0.0]], edges) == np.inf


def test_histogram_kl_of_a_true_sample_is_chi_squared_over_twice_its_size():
    # E 2n KL = bins − 1 + (Σ 1/p − 1)/(6n) + O(n⁻²), with variance 2(bins − 1).
    p, n, repeats, rng = gaussian(0.9), 2000, 400, np.random.default_rng(16)
    masses = bin_masses(p.log_prob, EDGES)
    every = np.append(masses, 1 - masses.sum())
    values = [2 * n * histogram_kl(p.sample(n, rng), masses, EDGES) for _ in range(repeats)]
    freedom = every.size - 1
    assert_mean(values, freedom + (np.sum(1 / every) - 1) / (6 * n))
    # The variance of a variance: its standard error is √((2 + excess)/repeats) of it; a χ² has excess 12/freedom.
    relative = 4 * np.sqrt((2 + 12 / freedom) / repeats)
    assert np.var(values, ddof=1) == pytest.approx(2 * freedom, rel=relative)


def two_gaussians(share=0.3):
    parts = {
        "left": (share, GaussianMixture.isotropic([[-0.7, 0.0]], 0.5)),
        "right": (1 - share, GaussianMixture.isotropic([[0.7, 0.0]], 0.5)),
    }
    return GaussianMixture.of_parts(parts)


def test_part_masses_of_a_true_sample_are_the_weights_and_their_errors_are_calibrated():
    p, rng, repeats = two_gaussians(), np.random.default_rng(17), 400
    measured = [part_masses(p.responsibilities(p.sample(500, rng))) for _ in range(repeats)]
    assert_mean([masses.mass[0] for masses in measured], 0.3)
    off = np.array([standard_errors_off(masses, p.part_masses)[0] for masses in measured])
    assert np.mean(off**2) == pytest.approx(1, abs=4 * np.sqrt(2 / repeats))
    np.testing.assert_allclose([masses.mass.sum() for masses in measured], 1, rtol=1e-12)


def test_part_masses_of_another_mixture_are_many_errors_off_and_signed():
    sample = two_gaussians(share=0.5).sample(2000, np.random.default_rng(18))
    p = two_gaussians(share=0.3)
    off = standard_errors_off(part_masses(p.responsibilities(sample)), p.part_masses)
    assert off[0] > 10
    assert off[1] == pytest.approx(-off[0], rel=1e-9)


def test_without_spread_a_mass_is_right_or_infinitely_off_and_one_particle_proves_nothing():
    certain = part_masses(np.tile([1.0, 0.0, 0.0], (10, 1)))
    np.testing.assert_array_equal(standard_errors_off(certain, [0.8, 0.2, 0.0]), [np.inf, -np.inf, 0])
    single = part_masses([[0.9, 0.1]])
    np.testing.assert_array_equal(single.standard_error, [np.inf, np.inf])
    np.testing.assert_array_equal(standard_errors_off(single, [0.5, 0.5]), [0, 0])
    assert standard_errors_off(Masses(np.array([0.4]), np.array([0.05])), [0.3])[0] == pytest.approx(2)


def autoregression(phi, n, chains, seed):
    """x_i = φx_{i−1} + ε_i, started from its stationary law: (n, chains)."""
    noise = np.random.default_rng(seed).standard_normal((n, chains))
    noise[0] /= np.sqrt(1 - phi**2)
    return signal.lfilter([1.0], [1.0, -phi], noise, axis=0)


@pytest.mark.parametrize("phi", [-0.4, 0.0, 0.5, 0.9])
def test_effective_sample_size_of_an_autoregression_is_the_closed_form(phi):
    # A sum over lags up to W has relative standard error √(2(2W + 1)/n) (Sokal 1997); W is where φ^W has sunk
    # into the noise 1/√n, or a pair of lags. Where it ends depends on noise, so one such error is left for bias.
    n, chains = 20_000, 16
    sizes = effective_sample_size(autoregression(phi, n, chains, seed=19))
    window = max(2.0, np.log(n) / 2 / -np.log(max(abs(phi), 1e-9)))
    single = np.sqrt(2 * (2 * window + 1) / n)
    assert sizes.shape == (chains,)
    assert np.mean(sizes) == pytest.approx(n * (1 - phi) / (1 + phi), rel=4 * single / np.sqrt(chains))
    assert np.std(sizes, ddof=1) / np.mean(sizes) < 2 * single


def test_effective_sample_size_sums_geyers_monotone_pairs_of_the_plain_autocovariances():
    # For a rising line in noise: the sum written out, lag by lag and pair by pair.
    n = 301
    x = np.arange(n) / n + np.random.default_rng(20).standard_normal(n)
    y = x - x.mean()
    rho = np.array([y[: n - k] @ y[k:] for k in range(n)]) / (y @ y)
    tau, highest = -1.0, np.inf
    for first in range(0, n - 1, 2):
        pair = rho[first] + rho[first + 1]
        if pair <= 0:
            break
        highest = min(highest, pair)
        tau += 2 * highest
    assert effective_sample_size(x) == pytest.approx(n / tau, rel=1e-9)


def test_effective_sample_size_ignores_scale_and_origin_and_reads_columns_one_by_one():
    x = autoregression(0.7, 3000, 3, seed=21)
    sizes = effective_sample_size(x)
    np.testing.assert_allclose(effective_sample_size(1e-6 * x + 2), sizes, rtol=1e-6)
    assert [effective_sample_size(column) for column in x.T] == pytest.approx(list(sizes), rel=1e-12)


def test_a_series_that_never_changes_has_no_effective_sample_and_an_alternating_one_no_infinite_one():
    assert effective_sample_size(np.full(1000, 0.1)) == 0
    assert effective_sample_size([0.1]) == 0
    assert effective_sample_size([1.0, -1.0] * 500) == pytest.approx(1000 * 3)  # n log₁₀ n
    moving = np.random.default_rng(22).standard_normal(1000)
    sizes = effective_sample_size(np.stack([moving, np.zeros(1000)], axis=1))
    assert sizes[0] == effective_sample_size(moving) > 500
    assert sizes[1] == 0
    assert effective_sample_size(1e-200 * moving) == 0  # a part as good as never visited: no variance to share


@pytest.mark.parametrize("n", [20, 200, 2000])
def test_the_noise_floor_of_sliced_wasserstein_on_a_square_is_its_closed_form(n):
    # Along the axes: W2² of two sorted uniform samples is twice the mean variance of their order statistics,
    # i(n + 1 − i)/((n + 1)²(n + 2)), which is 1/(6(n + 1)) on average. So the floor shrinks like n^(−1/2).
    metric = partial(sliced_wasserstein, directions=2)
    floor = noise_floor(metric, uniform, n, np.random.default_rng(23), repeats=400)
    assert_mean(floor.values**2, 1 / (3 * (n + 1)))


def test_the_noise_floor_over_all_directions_halves_as_the_sample_quadruples():
    low, high = (
        noise_floor(sliced_wasserstein, uniform, n, np.random.default_rng(24), repeats=60) for n in (2400, 600)
    )
    error = np.hypot(standard_error(low.values) / low.mean, standard_error(high.values) / high.mean)
    assert high.mean / low.mean == pytest.approx(2, rel=4 * error)


def test_a_noise_floor_tells_mean_and_spread_of_its_values_and_draws_the_sizes_asked_for():
    sizes = []

    def metric(x, y):
        sizes.append((len(x), len(y)))
        return float(x[0, 0] - y[0, 0])

    floor = noise_floor(metric, uniform, 30, np.random.default_rng(25), repeats=5, reference=70)
    assert sizes == [(30, 70)] * 5
    assert len(set(floor.values)) == 5
    assert floor.mean == np.mean(floor.values)
    assert floor.standard_deviation == pytest.approx(np.std(floor.values) * np.sqrt(5 / 4), rel=1e-12)
    again = noise_floor(metric, uniform, 30, np.random.default_rng(25), repeats=5)
    assert sizes[5:] == [(30, 30)] * 5
    assert again.values[0] == floor.values[0]


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize("broken", [np.zeros((4, 3)), np.zeros(4), np.zeros((0, 2)), np.full((4, 2), np.nan)])
def test_what_is_no_sample_is_refused(metric, broken):
    with pytest.raises(ValueError, match="a sample"):
        metric(np.zeros((4, 2)), broken)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda x: sliced_wasserstein(x, x, directions=1), "2 directions or more, not 1"),
        (lambda x: wasserstein(x, x[1:]), "one size, not 4 and 3 points"),
        (lambda x: mmd(x, x[:1]), "two points or more"),
        (lambda x: mmd(x, x, bandwidth=-1.0), "positive bandwidth, not -1"),
        (lambda x: mmd(x * 0, x * 0), "positive bandwidth, not 0"),
        (lambda x: histogram_kl(x, np.ones((4, 5)) / 20, EDGES), "do not fit 6 by 5 edges"),
        (lambda x: histogram_kl(x, np.ones((5, 4)) / 10, EDGES), "at most 1, not to 2"),
        (lambda x: histogram_kl(x, -np.ones((5, 4)), EDGES), "0 or more"),
        (lambda x: part_masses(x[0]), r"\(particles, parts\)"),
        (lambda x: effective_sample_size(x[None]), r"\(n,\) or \(n, m\)"),
        (lambda x: effective_sample_size([]), "at least one value"),
        (lambda x: effective_sample_size([1.0, np.nan]), "finite"),
        (lambda x: noise_floor(wasserstein, uniform, 4, np.random.default_rng(0), 1), "2 repeats or more"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(np.random.default_rng(26).standard_normal((4, 2)))
