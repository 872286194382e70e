"""Every sampler against the law that its paper's formula gives it.

Where the data are N(m, v I) every step is affine in x, so that the mean and the variance of the particles obey a
linear recursion. It is written here from the papers' formulas and from tables of its own, never from the code.
"""

from functools import partial

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from diffusion_core.diffusion import exact_denoiser, forward_jump, sampler, start
from diffusion_core.distributions import GaussianMixture, PointSet
from diffusion_core.schedules import schedule
from diffusion_core.simulation import State, simulate

N = 20_000  # particles, of two coordinates each
MEAN = np.array([0.8, -0.3])
MIXTURE = GaussianMixture(
    [0.5, 0.2, 0.3],
    [[-1.0, 0.5], [1.2, 1.0], [0.3, -1.4]],
    [[[0.3, 0.1], [0.1, 0.2]], [[0.5, -0.2], [-0.2, 0.4]], [[0.2, 0.0], [0.0, 0.6]]],
)
EVERY = [("ancestral", {}), ("ancestral-wide", {}), ("ddim", {}), ("ddim", {"eta": 0.5}), ("ddim", {"eta": 1.0}),
         ("euler", {}), ("heun", {}), ("annealed", {}), ("predictor-corrector", {}),
         ("ancestral-mean", {})]  # fmt: skip
every_sampler = pytest.mark.parametrize(("name", "options"), EVERY, ids=lambda part: str(part))


def gaussian(variance):
    return GaussianMixture.isotropic([MEAN], np.sqrt(variance))


def walk(whole, state, seed=0):
    """The steps of a sampler from `state`, one by one: all of them would not fit in memory."""
    return simulate(whole.kernel, state, whole.iterations, np.random.default_rng(seed))


def assert_moments(x, mean, variance):
    """Mean and variance of 2n independent normal values (n, 2) within 5 standard errors, √(v/n) and v √(2/2n)."""
    np.testing.assert_allclose(x.mean(axis=0), mean, rtol=0, atol=5 * np.sqrt(variance / len(x)))
    assert np.mean((x - mean) ** 2) == pytest.approx(variance, rel=5 * np.sqrt(2 / x.size))


# The recursion.


def levels(name, steps):
    """α_t and σ_t, t = 0 … T, by the papers' formulas."""
    if name == "edm":
        i = np.arange(steps - 1, -1, -1) / (steps - 1)
        sigma = (80 ** (1 / 7) + i * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7
        return np.ones(steps + 1), np.append(0, sigma)
    if name == "linear":
        beta = 1000 / steps * np.linspace(1e-4, 0.02, steps)
    else:
        height = np.cos(np.pi / 2 * (np.arange(steps + 1) / steps + 0.008) / 1.008) ** 2
        beta = np.minimum(1 - height[1:] / height[:-1], 0.999)
    alpha_bar = np.append(1, np.cumprod(1 - beta))
    return np.sqrt(alpha_bar), np.sqrt(1 - alpha_bar)


def kicked(now, then):
    """Of q(x_t | x_s): the factor of x_s, and the variance; for neighbours √(1 − β) and β."""
    factor = now[0] / then[0]
    return factor, now[1] ** 2 - factor**2 * then[1] ** 2


def ancestral_step(x, guess, now, then, wide=False, quiet=False):
    """q(x_s | x_t, x̂₀) by Bayes: the prior N(α_s x̂₀, σ_s²) times the likelihood N(x_t; a x_s, b)."""
    a, b = kicked(now, then)
    if then[1] == 0:
        return then[0] * guess(x, now), 0.0
    small = 1 / (1 / then[1] ** 2 + a**2 / b)  # β̃
    mean = small * (then[0] * guess(x, now) / then[1] ** 2 + a * x / b)
    return mean, 0.0 if quiet else b if wide else small


def ddim_step(x, guess, now, then, eta=0.0):
    """Song, Meng and Ermon (2021), eq. 12, with σ̃² = η² β̃."""
    noise = (eta * then[1] / now[1]) ** 2 * kicked(now, then)[1]
    epsilon = (x - now[0] * guess(x, now)) / now[1]
    return then[0] * guess(x, now) + np.sqrt(then[1] ** 2 - noise) * epsilon, noise


def heun_step(x, guess, now, then):
    """Karras et al. (2022), algorithm 1, of y = x/α at s = σ/α, with dy/ds = (y − x̂₀)/s."""
    s, end = now[1] / now[0], then[1] / then[0]
    slope = (x / now[0] - guess(x, now)) / s
    moved = x / now[0] + (end - s) * slope
    if end > 0:
        again = (moved - guess(then[0] * moved, then)) / end
        moved = x / now[0] + (end - s) * (slope + again) / 2
    return then[0] * moved, 0.0


def langevin_step(x, guess, now, then, ratio=0.16):
    """x + τ score + √(2τ) ε at the level `then`, with τ = 2 (ratio σ)²."""
    step_size = 2 * (ratio * then[1]) ** 2
    return x + step_size * (then[0] * guess(x, then) - x) / then[1] ** 2, 2 * step_size


def plan(name, steps, eta=0.0):
    """The steps of a sampler in order: (rule, t before, t after)."""
    falling = [(t, t - 1) for t in range(steps, 0, -1)]
    if name == "annealed":
        return [(langevin_step, t, t) for t in range(steps, 0, -1) for _ in range(5)] + [(ancestral_step, 1, 0)]
    if name == "predictor-corrector":
        return [one for t, s in falling for one in ((ancestral_step, t, s), (langevin_step, s, s))][:-1]
    rule = {
        "ancestral": ancestral_step,
        "ancestral-wide": partial(ancestral_step, wide=True),
        "ancestral-mean": partial(ancestral_step, quiet=True),
        "ddim": partial(ddim_step, eta=eta),
        "euler": ddim_step,
        "heun": heun_step,
    }[name]
    return [(rule, t, s) for t, s in falling]


def recursion(name, schedule_name, steps, mean, variance, **options):
    """Mean and variance after every step, from N(0, σ_T²); a mean for every m."""
    alpha, sigma = levels(schedule_name, steps)

    def guess(x, at):
        """E[x₀ | x_t] of the data N(m, v), by regression."""
        return mean + at[0] * variance / (at[0] ** 2 * variance + at[1] ** 2) * (x - at[0] * mean)

    at, spread, moments = np.zeros_like(mean), sigma[-1] ** 2, []
    for rule, t, s in plan(name, steps, **options):
        now, then = (alpha[t], sigma[t]), (alpha[s], sigma[s])
        at, noise = rule(at, guess, now, then)
        factor = rule(np.ones(2), guess, now, then)[0] - rule(np.zeros(2), guess, now, then)[0]
        spread = factor[0] ** 2 * spread + noise
        moments.append((at, spread))
    return moments


# Laws for Gaussian data.


@pytest.mark.parametrize("variance", [0.01, 1.0])
@pytest.mark.parametrize("schedule_name", ["linear", "cosine", "edm"])
@every_sampler
def test_gaussian_data_come_out_with_the_known_bias(name, options, schedule_name, variance):
    made = schedule(schedule_name, 50)
    whole = sampler(name, exact_denoiser(gaussian(variance)), made, **options)
    known = recursion(name, schedule_name, 50, MEAN, variance, **options)
    assert whole.iterations == len(known)
    looked_at = {0, len(known) // 3, len(known) // 2, len(known) - 2, len(known) - 1}
    for i, step in enumerate(walk(whole, start(made, N, np.random.default_rng(1)), seed=2)):
        if i in looked_at:
            assert_moments(step.state.position, *known[i])


def test_with_50_linear_steps_ddpms_two_variances_miss_narrow_data_on_either_side():
    def ratio(name, steps=50, **options):
        return recursion(name, "linear", steps, MEAN, 0.01, **options)[-1][1] / 0.01

    assert ratio("ancestral-wide") == pytest.approx(1.4344, abs=5e-5)
    assert ratio("ancestral") == pytest.approx(0.4939, abs=5e-5)
    assert ratio("ddim", eta=1.0) == pytest.approx(ratio("ancestral"), rel=1e-12)


@pytest.mark.parametrize(("name", "options"), EVERY[:-1])  # the last, without its noise, samples nothing
def test_the_bias_of_narrow_data_falls_as_steps_are_added(name, options):
    spreads = [recursion(name, "linear", steps, MEAN, 0.01, **options)[-1][1] for steps in (50, 200, 1000)]
    bias = [abs(spread / 0.01 - 1) for spread in spreads]
    assert bias[0] > 2 * bias[1] > 4 * bias[2]


def test_ddpms_large_variance_is_exact_for_standard_normal_data():
    made, data = schedule("linear", 50), GaussianMixture.isotropic([[0.0, 0.0]], 1.0)
    x = data.sample(N, np.random.default_rng(3))
    steps = walk(sampler("ancestral-wide", exact_denoiser(data), made), State(x))
    for t, step in zip(range(50, 1, -1), steps, strict=False):
        beta = 20 * (1e-4 + (t - 1) / 49 * (0.02 - 1e-4))
        np.testing.assert_allclose(step.drift, (np.sqrt(1 - beta) - 1) * x, rtol=0, atol=1e-10)
        assert_moments(step.noise, 0, beta)
        assert_moments(step.state.position, 0, 1)
        x = step.state.position


@pytest.mark.parametrize("schedule_name", ["linear", "edm"])
@pytest.mark.parametrize(("name", "options"), [EVERY[0], *EVERY[2:7]])
def test_for_data_of_one_point_ddpms_small_variance_and_ddim_are_exact(name, options, schedule_name):
    # Song, Meng and Ermon (2021), lemma 1: q(x_t | x₀) is kept at every t; Euler and Heun follow straight lines.
    made, clean = schedule(schedule_name, 50), np.array([0.7, -1.1])
    data = PointSet([clean])
    x, _ = forward_jump(np.tile(clean, (N, 1)), made.level(50), np.random.default_rng(4))
    steps = walk(sampler(name, exact_denoiser(data), made, **options), State(x))
    for t, step in zip(range(49, -1, -1), steps, strict=True):
        if t > 0:
            assert_moments(step.state.position, made.alpha[t] * clean, made.sigma[t] ** 2)
    np.testing.assert_allclose(step.state.position, np.tile(clean, (N, 1)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("schedule_name", ["linear", "cosine", "edm"])
@pytest.mark.parametrize("steps", [25, 50])
def test_ddpm_without_its_noise_goes_to_the_mean_of_what_the_start_could_come_from(schedule_name, steps):
    # Each step is E[x_s | x_t], and for Gaussian data all are linear, so that together they are E[x_t | x_T]: with
    # v_t = α_t² s² + σ_t² it is α_t m + α_T/α_t v_t/v_T (x_T − α_T m), and at the end the first guess, at any T.
    made, variance = schedule(schedule_name, steps), 0.25
    state = start(made, 200, np.random.default_rng(12))
    alpha, sigma = levels(schedule_name, steps)
    v = alpha**2 * variance + sigma**2
    denoise = exact_denoiser(gaussian(variance))
    quiet = list(walk(sampler("ancestral-mean", denoise, made), state, seed=13))
    for t, step in zip(range(steps - 1, -1, -1), quiet, strict=True):
        factor = alpha[-1] / alpha[t] * v[t] / v[-1]
        expected = alpha[t] * MEAN + factor * (state.position - alpha[-1] * MEAN)
        np.testing.assert_allclose(step.state.position, expected, rtol=1e-9, atol=1e-9)
        assert not step.noise.any()
    first_guess = MEAN + alpha[-1] * variance / v[-1] * (state.position - alpha[-1] * MEAN)
    np.testing.assert_allclose(step.state.position, first_guess, rtol=1e-9, atol=1e-9)
    *_, other = walk(sampler("ancestral-mean", denoise, made), state, seed=14)
    np.testing.assert_array_equal(other.state.position, step.state.position)  # no randomness


# What a step records.


@every_sampler
def test_every_step_moves_by_its_drift_and_noise_and_the_last_has_no_noise(name, options):
    for made in (schedule("linear", 30), schedule("edm", 30)):
        state = start(made, 100, np.random.default_rng(5))
        steps = list(walk(sampler(name, exact_denoiser(MIXTURE), made, **options), state))
        before = state.position
        for step in steps:
            moved = before + step.drift + step.noise
            np.testing.assert_allclose(step.state.position, moved, rtol=1e-12, atol=1e-12)
            before = step.state.position
        np.testing.assert_array_equal(steps[-1].noise, 0)
        noisy = (name, options) not in [("ddim", {}), ("euler", {}), ("heun", {}), ("ancestral-mean", {})]
        assert all(step.noise.all() == step.noise.any() == noisy for step in steps[:-1])


@pytest.mark.parametrize(("name", "options"), [*EVERY[:2], *EVERY[3:5]])
def test_the_noise_of_every_step_has_the_papers_variance(name, options):
    made = schedule("linear", 50)
    steps = walk(sampler(name, exact_denoiser(MIXTURE), made, **options), start(made, N, np.random.default_rng(6)))
    beta = 20 * np.linspace(1e-4, 0.02, 50)
    left = 1 - np.cumprod(1 - beta)
    small = np.append(0, left[:-1] / left[1:]) * beta  # β̃_t, Ho et al. (2020), eq. 7
    expected = beta if name == "ancestral-wide" else options.get("eta", 1.0) ** 2 * small
    for t, step in zip(range(50, 1, -1), steps, strict=False):
        assert_moments(step.noise, 0, expected[t - 1])


@every_sampler
def test_the_denoiser_is_asked_at_the_levels_from_t_down_to_1(name, options):
    for schedule_name in ("linear", "edm"):
        asked, times = [], [30]
        for rule, t, s in plan(name, 30, **options):
            asked += [t, s] if rule is heun_step and s > 0 else [t]
            times.append(s)
        recorded = []

        def denoise(x, level, recorded=recorded):
            recorded.append(level)
            return exact_denoiser(MIXTURE)(x, level)

        made = schedule(schedule_name, 30)
        whole = sampler(name, denoise, made, **options)
        assert whole.times.tolist() == times
        list(walk(whole, start(made, 5, np.random.default_rng(7))))
        alpha, sigma = levels(schedule_name, 30)
        np.testing.assert_allclose(recorded, np.stack([alpha[asked], sigma[asked]], axis=1), rtol=1e-9)


# Samplers that are one another.


@pytest.mark.parametrize(("eta", "other"), [(1.0, "ancestral"), (0.0, "euler")])
def test_ddim_with_all_noise_is_ddpm_and_with_none_eulers_rule(eta, other):
    long = schedule("linear", 1000)
    for made in (long.respaced(50), long.respaced(7), schedule("cosine", 40), schedule("edm", 40)):
        state = start(made, 200, np.random.default_rng(8))
        one = sampler("ddim", exact_denoiser(MIXTURE), made, eta=eta)
        two = sampler(other, exact_denoiser(MIXTURE), made)
        for first, second in zip(walk(one, state, seed=9), walk(two, state, seed=9), strict=True):
            np.testing.assert_allclose(first.state.position, second.state.position, rtol=1e-10, atol=1e-10)


# Order of the integrators.


@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("ddim", 1), ("heun", 2)])
def test_the_error_along_the_flow_falls_with_the_order_of_the_rule(name, order):
    # dx/dσ = −σ ∇log p_σ(x): Karras et al. (2022), eq. 1 with σ(t) = t, by DOP853 from the same x_T.
    least, largest = 0.1, 20.0
    x = MIXTURE.diffused(1.0, largest).sample(40, np.random.default_rng(10))

    def slope(sigma, flat):
        return -sigma * MIXTURE.diffused(1.0, sigma).score(flat.reshape(-1, 2)).ravel()

    exact = solve_ivp(slope, (largest, least), x.ravel(), method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
    errors = []
    for steps in (65, 129, 257, 513):  # so that 64 … 512 of them lead from level T to level 1
        made = schedule("edm", steps, least=least, largest=largest)
        end = list(walk(sampler(name, exact_denoiser(MIXTURE), made), State(x)))[-2].state.position
        errors.append(np.linalg.norm(end - exact.reshape(-1, 2)) / np.sqrt(len(x)))
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), order, atol=0.25)
    assert errors[-1] < (5e-3 if order == 1 else 1e-4)


def test_where_variance_is_preserved_the_flow_is_the_same_in_x_over_alpha():
    made = schedule("linear", 1000)
    x = start(made, 40, np.random.default_rng(11)).position
    ratios = made.sigma / made.alpha

    def slope(s, flat):
        return -s * MIXTURE.diffused(1.0, s).score(flat.reshape(-1, 2)).ravel()

    ends = x.ravel() / made.alpha[-1]
    exact = solve_ivp(slope, (ratios[-1], ratios[100]), ends, method="DOP853", rtol=1e-11, atol=1e-12).y[:, -1]
    steps = list(walk(sampler("heun", exact_denoiser(MIXTURE), made), State(x)))
    found = steps[899].state.position / made.alpha[100]
    np.testing.assert_allclose(found.ravel(), exact, rtol=0, atol=1e-4)
