"""Every sampler against a closed form. n particles run independently, so n is the effective sample size."""

import numpy as np
import pytest
from laws import goodness_of_fit
from scipy import integrate, optimize, stats

from diffusion_core.distributions import GaussianMixture
from diffusion_core.errors import SamplerError
from diffusion_core.langevin import (
    SAMPLERS,
    annealed,
    gradient_ascent,
    kernel,
    mala,
    stability_advice,
    ula,
    ula_stationary_variance,
    underdamped,
)
from diffusion_core.shapes import gaussian, smiley
from diffusion_core.simulation import State, simulate

N = 40_000
WINDOW = (-3.0, 3.0, -3.0, 3.0)


def run(step, start, steps, seed=0):
    """The last state of `steps` iterations of step(state, rng)."""
    rng = np.random.default_rng(seed)
    *_, last = simulate(lambda _, state, rng: step(state, rng), State(start), steps, rng)
    return last.state


def assert_variance(values, expected, count=None):
    """Variance of `count` independent normal values within 4 standard errors, √(2/count) of itself."""
    count = values.size if count is None else count
    assert np.mean(values**2) == pytest.approx(expected, rel=4 * np.sqrt(2 / count))


@pytest.mark.parametrize(("variance", "step_size"), [(0.1, 0.1), (0.1, 0.02), (1.0, 0.5), (1.0, 1.6)])
def test_ula_stationary_variance_has_the_known_bias(variance, step_size):
    p = gaussian(np.sqrt(variance))
    start = p.sample(N, np.random.default_rng(1))
    end = run(lambda state, rng: ula(state, p, step_size, rng), start, 60)
    assert_variance(end.position, ula_stationary_variance(step_size, variance))


def test_ula_stationary_variance_is_the_fixed_point_of_one_step():
    # x ← (1 − τ/σ²) x + √(2τ) ε keeps the variance v where v = (1 − τ/σ²)² v + 2τ.
    for variance, step_size in ((0.1, 0.03), (0.04, 0.05), (2.0, 3.9)):
        v = ula_stationary_variance(step_size, variance)
        assert (1 - step_size / variance) ** 2 * v + 2 * step_size == pytest.approx(v, rel=1e-12)


@pytest.mark.parametrize("step_size", [0.2, 0.3, 0.0, -0.1, np.nan])
def test_ula_has_no_stationary_variance_beyond_the_stable_steps(step_size):
    with pytest.raises(SamplerError, match=r"choose one above 0 and below 0\.2"):
        ula_stationary_variance(step_size, 0.1)


def test_ula_at_a_step_as_large_as_the_variance_doubles_it():
    p = gaussian(np.sqrt(0.1))
    end = run(lambda state, rng: ula(state, p, 0.1, rng), p.sample(N, np.random.default_rng(1)), 5)
    assert_variance(end.position, 2 * 0.1)


@pytest.mark.parametrize("step_size", [0.05, 0.1, 0.15])
def test_mala_has_no_bias_at_any_step_size(step_size):
    p = gaussian(np.sqrt(0.1))
    start = p.sample(N, np.random.default_rng(2))
    assert_variance(run(lambda state, rng: mala(state, p, step_size, rng), start, 60).position, 0.1)


def test_mala_leaves_the_smiley_as_it_is_where_ula_does_not():
    p, step_size = smiley(), 0.02
    start = p.sample(N, np.random.default_rng(3))
    adjusted = run(lambda state, rng: mala(state, p, step_size, rng), start, 25).position
    unadjusted = run(lambda state, rng: ula(state, p, step_size, rng), start, 25).position
    assert goodness_of_fit(adjusted, p.log_prob, WINDOW) > 1e-3
    assert goodness_of_fit(unadjusted, p.log_prob, WINDOW) < 1e-9


@pytest.mark.parametrize("step_size", [0.3, 1.0])
def test_mala_accepts_as_often_as_the_integral_says(step_size):
    # On N(0, I) with y = ax + bε the log-ratio is −(τ/4)(|y|² − |x|²), and |y|²/b² given x is χ²₂(|ax|²/b²).
    a, b2 = 1 - step_size, 2 * step_size

    def integrand(y2, x2):
        density = stats.chi2.pdf(x2, 2) * stats.ncx2.pdf(y2 / b2, 2, a * a * x2 / b2 + 1e-300) / b2
        return min(1.0, np.exp(-step_size / 4 * (y2 - x2))) * density

    pieces = [integrate.dblquad(integrand, 0, 40, *cut, epsabs=1e-6)[0] for cut in
              ((0, lambda x2: x2), (lambda x2: x2, lambda x2: x2 + 60))]
    rate = sum(pieces)
    p = gaussian(1.0)
    rng = np.random.default_rng(4)
    accepted = mala(State(p.sample(N, rng)), p, step_size, rng).accepted
    assert accepted.mean() == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / N))
    assert 0.3 < rate < 0.99


def test_mala_keeps_the_rejected_where_they_were_and_records_the_proposal():
    p = gaussian(1.0)
    start = p.sample(500, np.random.default_rng(5))
    step = mala(State(start), p, 1.2, np.random.default_rng(6))
    proposal = start + step.drift + step.noise
    assert 0 < step.accepted.sum() < 500
    np.testing.assert_array_equal(step.state.position, np.where(step.accepted[:, None], proposal, start))


@pytest.mark.parametrize(
    ("frequency", "time_step", "friction"), [(1.0, 1.0, 1.0), (2.0, 0.5, 3.0), (1.0, 1.8, 0.7)]
)
def test_baoab_positions_are_exact_in_a_harmonic_well_and_momenta_known(frequency, time_step, friction):
    p = gaussian(1 / frequency)
    start = p.sample(N, np.random.default_rng(7))
    end = run(lambda state, rng: underdamped(state, p, time_step, friction, rng), start, 80)
    assert_variance(end.position, frequency**-2)
    assert_variance(end.momentum, 1 - (time_step * frequency) ** 2 / 4)


def test_underdamped_with_infinite_friction_drifts_by_half_h_squared():
    # Position after a full step whose last noise was 0: x + (h²/2) ∇log p + (h/2) ξ, so τ = h²/2.
    p = gaussian(0.7)
    x, h = np.array([[0.5, -0.2], [1.0, 2.0]]), 0.1
    step = underdamped(State(x, h / 2 * p.score(x)), p, h, np.inf, np.random.default_rng(8))
    np.testing.assert_allclose(step.drift, h**2 / 2 * p.score(x), rtol=1e-12)


@pytest.mark.parametrize("target", [smiley(), gaussian(0.3)], ids=["smiley", "gaussian"])
def test_without_noise_log_prob_never_falls_up_to_the_stable_step(target):
    rng = np.random.default_rng(9)
    start = State(rng.uniform(-3, 3, (300, 2)))
    one = kernel("ascent", target, 1 / target.smoothness, 400)
    heights = [target.log_prob(start.position)]
    heights += [target.log_prob(step.state.position) for step in simulate(one, start, 400, rng)]
    assert np.diff(heights, axis=0).min() > -1e-12
    assert heights[-1].min() > heights[0].min() + 1


def test_without_noise_a_step_beyond_the_stable_one_does_fall():
    p = gaussian(0.3)
    x = np.array([[0.4, 0.1]])
    after = gradient_ascent(State(x), p, 2.1 / p.smoothness, np.random.default_rng(0)).state.position
    assert p.log_prob(after) < p.log_prob(x)


def test_without_noise_particles_end_on_the_modes_that_newton_finds():
    p = GaussianMixture.isotropic([[-1.5, 0.0], [1.5, 0.3], [0.0, 2.0]], 0.5, [0.5, 0.3, 0.2])
    modes = np.array([optimize.root(p.score, mean, tol=1e-12).x for mean in p.means])
    start = np.random.default_rng(10).uniform(-3, 3, (200, 2))
    end = run(lambda state, rng: gradient_ascent(state, p, 0.2, rng), start, 400).position
    away = np.linalg.norm(end[:, None] - modes, axis=-1)
    assert away.min(axis=1).max() < 1e-6
    assert set(away.argmin(axis=1)) == {0, 1, 2}


def test_annealing_gets_two_far_modes_right_as_levels_get_longer_and_ula_does_not():
    p = GaussianMixture.isotropic([[-4.0, 0.0], [4.0, 0.0]], 0.5, [0.2, 0.8])
    n = 10_000
    start = np.random.default_rng(11).standard_normal((n, 2))
    sigmas = np.geomspace(10, 0.1, 20)  # from beyond the modes' distance

    def share(one, steps):
        *_, last = simulate(one, State(start), steps, np.random.default_rng(12))
        return np.mean(last.state.position[:, 0] > 0)

    errors = [abs(share(annealed(p, 0.002, sigmas, length), 20 * length) - 0.8) for length in (1, 6, 60)]
    standard_error = np.sqrt(0.2 * 0.8 / n)
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] - errors[2] > 3 * standard_error
    assert errors[2] < 3 * standard_error
    assert abs(share(kernel("ula", p, 0.1, 600), 600) - 0.8) > 30 * standard_error


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_every_sampler_moves_by_what_it_says_and_repeats_with_its_seed(name):
    p = smiley()
    start = State(np.random.default_rng(13).standard_normal((50, 2)))
    runs = []
    for _ in range(2):
        rng = np.random.default_rng(14)
        runs.append(list(simulate(kernel(name, p, 0.002, 24), start, 24, rng)))
    before = start.position
    for first, second in zip(*runs, strict=True):
        assert first.state.position.tobytes() == second.state.position.tobytes()
        moved = before + first.drift + first.noise
        expected = moved if first.accepted is None else np.where(first.accepted[:, None], moved, before)
        np.testing.assert_allclose(first.state.position, expected, atol=1e-12)
        before = first.state.position


def test_ula_kicks_have_variance_two_tau_and_drifts_are_tau_times_the_score():
    p = smiley()
    x = p.sample(N, np.random.default_rng(15))
    step = ula(State(x), p, 0.003, np.random.default_rng(16))
    np.testing.assert_allclose(step.drift, 0.003 * p.score(x), rtol=1e-12)
    assert_variance(step.noise, 2 * 0.003)


def test_an_exploding_run_stops_with_its_step_and_the_largest_stable_step_size():
    p = gaussian(0.1)
    rng = np.random.default_rng(17)
    one = kernel("ula", p, 0.025, 1000)
    with pytest.raises(SamplerError, match=r"at step \d+ .* below 0.02,"):
        list(simulate(one, State(p.sample(5, rng)), 1000, rng, 1e3 * p.extent, stability_advice("ula", p)))
    stable = kernel("ula", p, 0.0195, 1000)
    assert len(list(simulate(stable, State(p.sample(5, rng)), 1000, rng, 1e3 * p.extent))) == 1000


@pytest.mark.parametrize("sampler", ["ascent", "ula", "underdamped", "annealed"])
def test_the_advised_step_size_is_the_border_of_stability(sampler):
    # The annealed bound holds for any target; on a very narrow one it is sharp.
    p = gaussian(0.1) if sampler != "annealed" else gaussian(1e-4)
    largest = float(stability_advice(sampler, p).split("below ")[1].split(",")[0])
    start = p.sample(20, np.random.default_rng(19))

    def run_within_1000(step_size):
        one = kernel(sampler, p, step_size, 3000)
        return list(simulate(one, State(start), 3000, np.random.default_rng(20), 1000.0))

    assert len(run_within_1000(0.97 * largest)) == 3000
    with pytest.raises(SamplerError):
        run_within_1000(1.03 * largest)


def test_a_run_into_nan_stops():
    def broken(done, state, rng):
        return ula(State(state.position * np.nan), gaussian(), 0.1, rng)

    rng = np.random.default_rng(18)
    with pytest.raises(SamplerError, match="at step 1"):
        list(simulate(broken, State(np.zeros((2, 2))), 3, rng, 10.0))


@pytest.mark.parametrize("step_size", [0, -1, np.nan, np.inf])
def test_a_step_size_that_goes_nowhere_is_refused(step_size):
    with pytest.raises(SamplerError, match="choose one above 0"):
        kernel("ula", gaussian(), step_size, 10)


def test_an_unknown_sampler_is_refused_with_the_names_there_are():
    with pytest.raises(SamplerError, match="choose one of ascent, ula, mala"):
        kernel("gibbs", gaussian(), 0.1, 10)
