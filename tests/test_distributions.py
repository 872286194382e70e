import numpy as np
import pytest
from laws import goodness_of_fit, gradient, grid, integral

from diffusion_core.distributions import Banana, Checkerboard, GaussianMixture
from diffusion_core.errors import DistributionError
from diffusion_core.shapes import TARGETS

STAGE = (-9.0, 9.0, -9.0, 9.0)
WINDOWS = dict.fromkeys(TARGETS, STAGE) | {"banana": (-9.0, 9.0, -3.0, 38.0)}
TILTED = GaussianMixture(
    np.array([0.3, 0.5, 0.2]),
    np.array([[-1.0, 0.5], [1.2, 0.3], [0.0, -1.5]]),
    np.array([[[0.5, 0.3], [0.3, 0.4]], [[0.1, -0.05], [-0.05, 0.3]], [[1.0, 0.0], [0.0, 0.05]]]),
)


def targets():
    return [pytest.param(make(), WINDOWS[name], id=name) for name, make in TARGETS.items()] + [
        pytest.param(TILTED, STAGE, id="tilted")
    ]


def exact_log_prob(p, x):
    """The mixture's definition, term by term in extended precision."""
    x = np.asarray(x, np.longdouble)
    precision = np.linalg.inv(p.covariances).astype(np.longdouble)
    away = x[:, None, :] - p.means
    squares = np.einsum("nki,kij,nkj->nk", away, precision, away)
    logits = np.log(p.weights) - np.log(2 * np.pi) - np.linalg.slogdet(p.covariances)[1] / 2 - squares / 2
    top = logits.max(axis=1, keepdims=True)
    shares = np.exp(logits - top)
    pulls = -np.einsum("kij,nkj->nki", precision, away)
    score = np.einsum("nk,nki->ni", shares / shares.sum(axis=1, keepdims=True), pulls)
    return (top[:, 0] + np.log(shares.sum(axis=1))).astype(float), score.astype(float)


@pytest.mark.parametrize(("p", "window"), targets())
def test_score_is_the_gradient_of_log_prob(p, window):
    rng = np.random.default_rng(0)
    x = np.concatenate([p.sample(200, rng), rng.uniform(-3, 3, (200, 2))])
    score = p.score(x)
    # order 8, h = 1e-3: truncation about (h/width)^8; log p loses about 1e-12, divided by h
    np.testing.assert_allclose(score, gradient(p.log_prob, x, 1e-3), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("p", "window"), targets())
def test_density_integrates_to_one(p, window):
    assert integral(p.log_prob, window, 0.04) == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize(("p", "window"), targets())
def test_samples_follow_the_density(p, window):
    sample = p.sample(20_000, np.random.default_rng(1))
    assert goodness_of_fit(sample, p.log_prob, (-3.0, 3.0, -3.0, 3.0)) > 1e-3


@pytest.mark.parametrize(("p", "window"), targets())
def test_no_curvature_exceeds_the_stated_smoothness(p, window):
    if p.smoothness is None:
        pytest.skip("the banana's curvature has no bound, and it says so")
    x = np.random.default_rng(2).uniform(-3, 3, (2000, 2))
    h = 1e-4
    hessian = np.stack([(p.score(x + h * e) - p.score(x - h * e)) / (2 * h) for e in np.eye(2)], axis=-1)
    curvature = -np.linalg.eigvalsh((hessian + hessian.swapaxes(1, 2)) / 2).min(axis=1)
    assert curvature.max() <= p.smoothness * (1 + 1e-5)
    assert curvature.max() > 0.2 * p.smoothness  # a bound that is of use


@pytest.mark.parametrize(("p", "window"), targets())
def test_extent_holds_the_mass(p, window):
    radius = np.linalg.norm(p.sample(20_000, np.random.default_rng(3)), axis=1)
    assert np.mean(radius > p.extent) < 1e-3
    assert p.extent < 30


@pytest.mark.parametrize(("p", "window"), targets())
def test_far_out_everything_stays_finite_and_points_home(p, window):
    angle = np.linspace(0, 2 * np.pi, 17)
    x = 1e3 * p.extent * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    score = p.score(x)
    assert np.isfinite(score).all()
    assert np.isfinite(p.log_prob(x)).all()
    if not isinstance(p, Banana):  # a banana's slope follows its bend
        assert (np.einsum("ni,ni->n", score, x) < 0).all()


@pytest.mark.parametrize("width", [1e-3, 0.1])
@pytest.mark.parametrize("radius", [1e-3, 1.0, 1e3, 1e6])
def test_narrow_mixtures_keep_their_digits_near_and_far(width, radius):
    rng = np.random.default_rng(4)
    means = rng.uniform(-2, 2, (30, 2))
    for p in (
        GaussianMixture.isotropic(means, width),
        GaussianMixture.of_parts(
            {
                "narrow": (0.8, GaussianMixture.isotropic(means, width)),
                "broad": (0.2, GaussianMixture.isotropic([[0.1, 0.0]], 1.2)),
            }
        ),
    ):
        # around a mean for small radii, around the origin for large ones
        x = (means[0] if radius < 1 else 0) + radius * rng.standard_normal((50, 2))
        log_prob, score = exact_log_prob(p, x)
        np.testing.assert_allclose(p.log_prob(x), log_prob, rtol=1e-12, atol=1e-6)
        np.testing.assert_allclose(p.score(x), score, rtol=1e-9, atol=2e-6 / width)


def test_one_gaussian_has_its_closed_form():
    covariance = np.array([[0.5, 0.3], [0.3, 0.4]])
    p = GaussianMixture(np.ones(1), np.array([[1.0, -1.0]]), covariance[None])
    x = np.random.default_rng(5).standard_normal((7, 3, 2))
    away = x - [1.0, -1.0]
    np.testing.assert_allclose(p.score(x), -away @ np.linalg.inv(covariance), rtol=1e-12)
    assert p.log_prob([1.0, -1.0]) == pytest.approx(-np.log(2 * np.pi * np.sqrt(np.linalg.det(covariance))))
    assert p.smoothness == pytest.approx(1 / np.linalg.eigvalsh(covariance).min())


@pytest.mark.parametrize("name", ["smiley", "tilted"])
def test_diffused_is_the_law_of_the_noisy_points(name):
    p = TILTED if name == "tilted" else TARGETS[name]()
    alpha, sigma = 0.8, 0.6
    rng = np.random.default_rng(6)
    noisy = alpha * p.sample(20_000, rng) + sigma * rng.standard_normal((20_000, 2))
    assert goodness_of_fit(noisy, p.diffused(alpha, sigma).log_prob, (-3.0, 3.0, -3.0, 3.0)) > 1e-3
    assert goodness_of_fit(noisy, p.diffused(alpha, 1.25 * sigma).log_prob, (-3.0, 3.0, -3.0, 3.0)) < 1e-6
    np.testing.assert_allclose(p.diffused(1.0, 0.0).log_prob(noisy), p.log_prob(noisy), rtol=1e-12)


@pytest.mark.parametrize("direction", [[1.0, 0.0], [0.6, 0.8]])
def test_marginal_is_the_density_with_the_other_direction_integrated_out(direction):
    turned = np.array([direction, [-direction[1], direction[0]]])  # rows: the direction and its normal
    points, _ = grid((-2, 2, -9, 9), 0.02)
    along = np.exp(TILTED.log_prob(points @ turned)).sum(axis=0) * 0.02
    np.testing.assert_allclose(TILTED.marginal(direction, points[0, :, 0]), along, rtol=1e-9)


def test_mean_responsibility_under_p_is_the_parts_mass():
    p = TARGETS["smiley"]()
    n = 20_000
    shares = p.responsibilities(p.sample(n, np.random.default_rng(7)))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    assert (np.abs(shares.mean(axis=0) - p.part_masses) < 4 * shares.std(axis=0) / np.sqrt(n)).all()


@pytest.mark.parametrize("fields", [2, 4])
def test_checkerboard_is_uniform_on_its_fields_as_the_blur_vanishes(fields):
    p = Checkerboard(width=1e-3, fields=fields, half_side=2.0)
    side = 4 / fields
    lower_left = np.array([-2.0, -2.0]) + side / 2
    assert p.log_prob(lower_left) == pytest.approx(-np.log(16 / 2), abs=1e-12)
    assert p.log_prob(lower_left + [side, 0]) < -1000
    assert p.score(lower_left).tolist() == [0.0, 0.0]


def test_a_sharp_checkerboard_is_refused():
    with pytest.raises(DistributionError, match="blur it"):
        Checkerboard(width=0)


@pytest.mark.parametrize(
    ("weights", "means", "covariances", "sentence"),
    [
        ([1.0], [[0.0, 0.0]], [[[1.0, 2.0], [2.0, 1.0]]], "positive definite"),
        ([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.0, 1.0]]], "positive definite"),
        ([-1.0, 2.0], [[0, 0], [1, 1]], [np.eye(2)] * 2, "positive"),
        ([1.0], [[np.nan, 0.0]], [np.eye(2)], "finite"),
        ([1.0], [0.0, 0.0], [np.eye(2)], "needs means"),
        ([], np.zeros((0, 2)), np.zeros((0, 2, 2)), "positive"),
    ],
)
def test_mixtures_that_are_none_are_refused(weights, means, covariances, sentence):
    with pytest.raises(DistributionError, match=sentence):
        GaussianMixture(np.array(weights), np.array(means), np.array(covariances))


@pytest.mark.parametrize("width", [0, -0.1, np.nan, np.inf])
def test_a_width_that_makes_no_density_is_refused(width):
    with pytest.raises(DistributionError, match="choose one above 0"):
        GaussianMixture.isotropic([[0.0, 0.0]], width)


def test_a_large_table_leaves_out_only_what_rounding_would_lose():
    # A single point's components are all evaluated; of many points at once, only those that count.
    p = TARGETS["smiley"]()
    x = np.concatenate([p.sample(200, np.random.default_rng(1)), 1e3 * np.eye(2), [[np.nan, 0.0]]])
    for function in (p.log_prob, p.score, p.responsibilities):  # which differ by rounding
        np.testing.assert_allclose(function(x), [function(point) for point in x], rtol=1e-12, atol=1e-12)
