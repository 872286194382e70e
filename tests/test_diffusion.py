"""The forward process, exact denoisers and the algebra of predictions, each against a closed form."""

import re
from functools import partial

import numpy as np
import pytest
from laws import goodness_of_fit, gradient, grid
from scipy.integrate import solve_ivp

from diffusion_core.diffusion import (
    PREDICTIONS,
    SAMPLERS,
    exact_denoiser,
    forward_jump,
    forward_kick,
    noise_in,
    posterior,
    sampler,
    score_of,
    start,
)
from diffusion_core.distributions import GaussianMixture, PointSet
from diffusion_core.errors import SamplerError
from diffusion_core.schedules import Level, schedule
from diffusion_core.simulation import State, simulate

N = 20_000
MIXTURE = GaussianMixture(
    [0.5, 0.2, 0.3],
    [[-1.0, 0.5], [1.2, 1.0], [0.3, -1.4]],
    [[[0.3, 0.1], [0.1, 0.2]], [[0.5, -0.2], [-0.2, 0.4]], [[0.2, 0.0], [0.0, 0.6]]],
)
GAUSSIAN = GaussianMixture([1.0], [[0.5, -0.2]], [[[0.3, 0.1], [0.1, 0.8]]])
POINTS = PointSet([[-1.0, 0.0], [1.0, 0.2], [0.1, 1.5], [0.4, -2.0]], [0.1, 0.4, 0.2, 0.3])
LEVELS = [Level(0.8, 0.6), Level(np.sqrt(0.1), np.sqrt(0.9)), Level(1.0, 0.4), Level(1.0, 3.0)]


def noisy(target, level, n=200, seed=0):
    """Points from the diffused target."""
    return target.diffused(level.alpha, level.sigma).sample(n, np.random.default_rng(seed))


def assert_moments(x, mean, variance):
    """Mean and variance of normal values (n, 2) within 5 standard errors, √(v/n) and v √(2/n)."""
    np.testing.assert_allclose(x.mean(axis=0), mean, atol=5 * np.sqrt(variance / len(x)), rtol=0)
    np.testing.assert_allclose(x.var(axis=0), variance, rtol=5 * np.sqrt(2 / len(x)))


# The forward process.


@pytest.mark.parametrize("name", ["linear", "cosine", "log-linear"])
def test_kick_by_kick_or_in_one_jump_the_law_is_the_same_at_every_t(name):
    made, rng = schedule(name, 40), np.random.default_rng(1)
    clean = np.array([1.5, -0.7])
    state = State(np.tile(clean, (N, 1)))
    for t in range(1, 41):
        before = state.position
        step = forward_kick(state, made.level(t - 1), made.level(t), rng)
        state = step.state
        np.testing.assert_allclose(state.position, before + step.drift + step.noise, rtol=0, atol=1e-12)
        mean, variance = made.alpha[t] * clean, made.sigma[t] ** 2
        assert_moments(state.position, mean, variance)
        assert_moments(forward_jump(np.tile(clean, (N, 1)), made.level(t), rng)[0], mean, variance)
        # Cov(x_t, x_(t−1)) = α_t/α_(t−1) σ²_(t−1); its standard error is √((σ²_t σ²_(t−1) + Cov²)/n)
        covariance = made.alpha[t] / made.alpha[t - 1] * made.sigma[t - 1] ** 2
        error = np.sqrt((variance * made.sigma[t - 1] ** 2 + covariance**2) / N)
        found = ((state.position - mean) * (before - made.alpha[t - 1] * clean)).mean(axis=0)
        np.testing.assert_allclose(found, covariance, rtol=0, atol=5 * error + 1e-15)


def test_kicks_turn_a_mixture_into_the_diffused_mixture():
    made, rng = schedule("linear", 40), np.random.default_rng(2)
    state = State(MIXTURE.sample(N, rng))
    for t in range(1, 41):
        state = forward_kick(state, made.level(t - 1), made.level(t), rng).state
        if t % 8 == 0:
            law = MIXTURE.diffused(made.alpha[t], made.sigma[t])
            assert goodness_of_fit(state.position, law.log_prob, (-3.0, 3.0, -3.0, 3.0)) > 1e-4


def test_a_kick_has_ddpms_drift_and_beta():
    made, x = schedule("linear", 50), np.random.default_rng(3).standard_normal((N, 2))
    for t in (1, 25, 50):
        beta = 20 * (1e-4 + (t - 1) / 49 * (0.02 - 1e-4))
        step = forward_kick(State(x), made.level(t - 1), made.level(t), np.random.default_rng(4))
        np.testing.assert_allclose(step.drift, (np.sqrt(1 - beta) - 1) * x, rtol=1e-10)
        assert_moments(step.noise, 0, beta)


def test_a_jump_returns_the_noise_that_it_took():
    clean = MIXTURE.sample(N, np.random.default_rng(5))
    x, epsilon = forward_jump(clean, Level(0.6, 0.8), np.random.default_rng(6))
    np.testing.assert_allclose(x, 0.6 * clean + 0.8 * epsilon, rtol=1e-12)
    assert_moments(epsilon, 0, 1)


# What is exactly known.


@pytest.mark.parametrize("level", LEVELS, ids=str)
@pytest.mark.parametrize("target", [MIXTURE, POINTS], ids=["mixture", "points"])
def test_tweedie_and_bayes_give_the_same_denoiser(target, level):
    x = noisy(target, level)
    weights, means = posterior(target, x, level)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    assert weights.min() >= 0
    by_components = np.einsum("nk,nki->ni", weights, means)
    np.testing.assert_allclose(exact_denoiser(target)(x, level), by_components, rtol=0, atol=1e-10)


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_the_denoiser_of_points_is_their_weighted_mean(level):
    x = noisy(POINTS, level)
    points, shares = np.array(POINTS.points), np.array(POINTS.shares)
    squares = ((x[:, None] - level.alpha * points) ** 2).sum(axis=2)
    likely = shares * np.exp(-squares / (2 * level.sigma**2))
    direct = likely @ points / likely.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(exact_denoiser(POINTS)(x, level), direct, rtol=0, atol=1e-10)
    found = posterior(POINTS, x, level)
    np.testing.assert_allclose(found.weights, likely / likely.sum(axis=1, keepdims=True), rtol=1e-9, atol=1e-14)
    np.testing.assert_array_equal(found.means, np.broadcast_to(points, (len(x), 4, 2)))


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_the_denoiser_of_a_mixture_is_the_quadrature_of_bayes_rule(level):
    nodes = grid((-7, 7, -7, 7), 0.08)[0].reshape(-1, 2)
    prior = np.exp(MIXTURE.log_prob(nodes))
    for x in noisy(MIXTURE, level, n=8):
        joint = prior * np.exp(-((x - level.alpha * nodes) ** 2).sum(axis=1) / (2 * level.sigma**2))
        expected = joint @ nodes / joint.sum()
        np.testing.assert_allclose(exact_denoiser(MIXTURE)(x[None], level)[0], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_a_component_of_the_posterior_is_its_own_exact_answer(level):
    # x̂₀ as if that component were all of the data, and its share of the density at x.
    x = noisy(MIXTURE, level, n=50)
    found = posterior(MIXTURE, x, level)
    density = np.exp(MIXTURE.diffused(*level).log_prob(x))
    for k in range(3):
        alone = GaussianMixture([1.0], MIXTURE.means[[k]], MIXTURE.covariances[[k]])
        np.testing.assert_allclose(found.means[:, k], exact_denoiser(alone)(x, level), rtol=0, atol=1e-10)
        share = MIXTURE.weights[k] * np.exp(alone.diffused(*level).log_prob(x)) / density
        np.testing.assert_allclose(found.weights[:, k], share, rtol=1e-9)


def test_with_hardly_any_noise_the_denoiser_is_the_nearest_point():
    for level in (Level(1.0, 1e-3), Level(0.5, 1e-3)):
        x = 3 * np.random.default_rng(7).standard_normal((100, 2))
        away = np.linalg.norm(x[:, None] / level.alpha - POINTS.means, axis=2)
        clear = np.diff(np.sort(away, axis=1)[:, :2], axis=1)[:, 0] > 1e-3
        assert clear.sum() > 90
        nearest = POINTS.means[away.argmin(axis=1)]
        np.testing.assert_allclose(exact_denoiser(POINTS)(x, level)[clear], nearest[clear], rtol=0, atol=1e-10)


def test_without_noise_the_denoiser_takes_the_signal_off():
    x = np.array([[1.0, -2.0]])
    np.testing.assert_array_equal(exact_denoiser(MIXTURE)(x, Level(0.5, 0.0)), 2 * x)


@pytest.mark.parametrize("target", [MIXTURE, POINTS], ids=["mixture", "points"])
def test_with_hardly_any_signal_the_denoiser_is_the_mean_of_the_data(target):
    # Bayes' rule to first order in α: x̂₀ = m + α C x/σ², with the data's mean m and covariance C.
    x = np.random.default_rng(8).standard_normal((50, 2))
    mean = target.weights @ target.means
    apart = target.means - mean
    covariance = np.einsum("k,kij->ij", target.weights, target.covariances) + (target.weights * apart.T) @ apart
    errors = []
    for alpha in (1e-2, 1e-3):
        level = Level(alpha, np.sqrt(1 - alpha**2))
        errors.append(np.abs(exact_denoiser(target)(x, level) - mean - alpha * x @ covariance).max())
    assert errors[0] < 5e-3
    assert errors[1] == pytest.approx(errors[0] / 100, rel=0.1)  # the next order is α²


@pytest.mark.parametrize("level", LEVELS, ids=str)
@pytest.mark.parametrize("target", [MIXTURE, POINTS], ids=["mixture", "points"])
def test_the_denoisers_score_is_the_gradient_of_the_diffused_log_density(target, level):
    x, law = noisy(target, level), target.diffused(level.alpha, level.sigma)
    score = score_of(exact_denoiser(target))(x, level)
    np.testing.assert_allclose(score, law.score(x), rtol=1e-9, atol=1e-10)
    numerical = gradient(law.log_prob, x, 0.02 * level.sigma)
    np.testing.assert_allclose(score, numerical, rtol=1e-8, atol=1e-8 / level.sigma)


# Predictions.


@pytest.mark.parametrize("preserving", [True, False], ids=["preserving", "exploding"])
def test_every_prediction_is_as_good_as_any_other(preserving):
    rng = np.random.default_rng(9)
    angle = rng.uniform(0.1, 1.47, (500, 1))
    alpha, sigma = (np.cos(angle), np.sin(angle)) if preserving else (np.ones_like(angle), 2 * angle)
    clean, epsilon = rng.standard_normal((2, 500, 2))
    x = alpha * clean + sigma * epsilon
    true = {"x0": clean, "epsilon": epsilon, "v": alpha * epsilon - sigma * clean, "score": -epsilon / sigma}
    assert set(true) == set(PREDICTIONS)
    guess = rng.standard_normal((500, 2))  # round trips hold for predictions that are not true as well
    for name, value in true.items():
        one = PREDICTIONS[name]
        np.testing.assert_allclose(one.of_clean(clean, x, alpha, sigma), value, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(one.clean(value, x, alpha, sigma), clean, rtol=1e-12, atol=1e-12)
        x0 = one.clean(guess, x, alpha, sigma)
        np.testing.assert_allclose(one.of_clean(x0, x, alpha, sigma), guess, rtol=1e-12, atol=1e-12)
        for other in PREDICTIONS.values():
            same = other.clean(other.of_clean(x0, x, alpha, sigma), x, alpha, sigma)
            np.testing.assert_allclose(same, x0, rtol=1e-12, atol=1e-12)


def test_the_noise_in_a_jump_is_the_noise_that_was_put_there():
    clean = MIXTURE.sample(100, np.random.default_rng(10))
    for level in LEVELS:
        x, epsilon = forward_jump(clean, level, np.random.default_rng(11))
        np.testing.assert_allclose(noise_in(x, clean, level), epsilon, rtol=0, atol=1e-12)


# Along the probability flow.


@pytest.mark.parametrize("target", [GAUSSIAN, MIXTURE], ids=["gaussian", "mixture"])
def test_along_the_flow_the_log_density_falls_by_the_divergence(target):
    # dx/ds = ε̂ where α = 1, so d log p_s(x_s)/ds = −∇·ε̂: Song et al. (2021), eq. 39.
    least, largest, denoise = 0.3, 6.0, exact_denoiser(target)

    def slope(s, joint):
        level, x = Level(1.0, s), joint[:20].reshape(-1, 2)

        def along(axis, y):
            return noise_in(y, denoise(y, level), level)[:, axis]

        divergence = sum(gradient(partial(along, axis), x, 0.05 * s)[:, axis] for axis in (0, 1))
        return np.concatenate([noise_in(x, denoise(x, level), level).ravel(), -divergence])

    x = noisy(target, Level(1.0, least), n=10)
    height = target.diffused(1.0, least).log_prob(x)
    end = solve_ivp(slope, (least, largest), np.append(x, height), method="DOP853", rtol=1e-8, atol=1e-9).y[:, -1]
    expected = target.diffused(1.0, largest).log_prob(end[:20].reshape(-1, 2))
    np.testing.assert_allclose(end[20:], expected, rtol=0, atol=1e-6)
    assert np.abs(expected - height).min() > 1


# What is refused, and where samplers start.


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("ancestrel", {}, "there is no sampler 'ancestrel' here: did you mean 'ancestral'?"),
        ("xyz", {}, "one of ancestral, ancestral-wide, ancestral-mean, ddim, euler, heun, annealed, predictor"),
        ("ancestral-mean", {"eta": 0.0}, "the sampler 'ancestral-mean' has no 'eta': it takes no options"),
        ("ddim", {"ratio": 0.1}, "the sampler 'ddim' has no 'ratio': it takes eta"),
        ("ancestral", {"eta": 1.0}, "the sampler 'ancestral' has no 'eta': it takes no options"),
        ("annealed", {"corrections": 1}, "the sampler 'annealed' has no 'corrections': it takes ratio, per_level"),
        ("ddim", {"eta": -0.1}, "η = -0.1 is out of range: choose 0"),
        ("ddim", {"eta": 1.5}, "η = 1.5 is out of range: choose 0"),
        ("ddim", {"eta": np.nan}, "η = nan is out of range"),
        ("annealed", {"ratio": 0.0}, "a corrector of ratio 0.0 and 5 steps"),
        ("annealed", {"per_level": 0}, "a corrector of ratio 0.16 and 0 steps"),
        ("annealed", {"per_level": 2.5}, "and 2.5 steps"),
        ("predictor-corrector", {"ratio": 1.0}, "a corrector of ratio 1.0 and 1 steps"),
        ("predictor-corrector", {"corrections": -1}, "and -1 steps"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(name, options, says):
    with pytest.raises(SamplerError, match=re.escape(says)) as caught:
        sampler(name, exact_denoiser(POINTS), schedule("linear", 50), **options)
    assert not re.search(r"\.\s|\.$|\n", str(caught.value))


@pytest.mark.parametrize("name", ["linear", "edm"])
def test_samplers_start_from_noise_of_the_last_level(name):
    made = schedule(name, 50)
    assert_moments(start(made, N, np.random.default_rng(12)).position, 0, made.sigma[-1] ** 2)


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_every_sampler_repeats_with_its_seed(name):
    made = schedule("cosine", 20)
    ends = []
    for _ in range(2):
        whole, rng = sampler(name, exact_denoiser(POINTS), made), np.random.default_rng(13)
        *_, last = simulate(whole.kernel, start(made, 50, rng), whole.iterations, rng)
        ends.append(last.state.position.tobytes())
    assert ends[0] == ends[1]
