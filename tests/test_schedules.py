"""Every schedule against its paper's formula in 50 digits, and the algebra of α, σ and λ."""

from decimal import Decimal, getcontext
from itertools import pairwise

import numpy as np
import pytest

from diffusion_core.errors import ScheduleError
from diffusion_core.schedules import (
    SCHEDULES,
    Level,
    Schedule,
    from_betas,
    linear,
    schedule,
    signal_and_noise,
    step_between,
)

getcontext().prec = 50
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097")
LOG_SNRS = np.concatenate([np.linspace(-15, 15, 61), [-1e-3, 1e-7, -100, 100]])
LARGEST = Decimal("0.999")


def floats(decimals):
    return np.array([float(value) for value in decimals])


def assert_same(values, decimals, rel=1e-12):
    np.testing.assert_allclose(values, floats(decimals), rtol=rel, atol=0)


def logistic(x):
    return 1 / (1 + (-x).exp())


def cosine_of(x):
    """Taylor's series of cos x for |x| ≤ π/2."""
    total = term = Decimal(1)
    for k in range(1, 60, 2):
        term *= -x * x / (k * (k + 1))
        total += term
    return total


def products(betas):
    """ᾱ_t = Π (1 − β_s), t = 1 … T."""
    total, values = Decimal(1), []
    for beta in betas:
        total *= 1 - beta
        values.append(total)
    return values


def linear_betas(steps, scale=1):
    """Ho et al. (2020), section 4, times `scale`."""
    first, last = Decimal("0.0001"), Decimal("0.02")
    return [scale * (first + (last - first) * t / (steps - 1)) for t in range(steps)]


def table_of(curve, steps):
    """ᾱ_t of a curve ᾱ(t/T) that ends at 0, with β ≤ 0.999: Nichol and Dhariwal (2021), section 3.2."""
    along = [curve(Decimal(t) / steps) for t in range(steps + 1)]
    return products(min(1 - now / before, LARGEST) for before, now in pairwise(along))


def paper_cosine(offset):
    """Nichol and Dhariwal (2021), eq. 17."""

    def height(t):
        return cosine_of(PI / 2 * (t + offset) / (1 + offset)) ** 2

    return lambda t: height(t) / height(Decimal(0))


def paper_sigmoid(start, end):
    """Jabri, Fleet and Chen (2022), algorithm 1."""
    low, high = logistic(Decimal(start)), logistic(Decimal(end))
    return lambda t: (high - logistic(t * (end - start) + start)) / (high - low)


def assert_table(made, alpha_bars):
    """ᾱ, 1 − ᾱ, λ and β of t = 1 … T, each with its digits."""
    assert (made.alpha[0], made.sigma[0], made.log_snr[0], made.beta[0]) == (1, 0, np.inf, 0)
    assert_same(made.alpha_bar[1:], alpha_bars, rel=1e-11)
    assert_same(made.alpha[1:], [value.sqrt() for value in alpha_bars], rel=1e-11)
    assert_same(made.sigma[1:] ** 2, [1 - value for value in alpha_bars], rel=1e-11)
    assert_same(made.beta[1:], [1 - now / before for before, now in pairwise([1, *alpha_bars])], rel=1e-11)
    exact = floats((value / (1 - value)).ln() for value in alpha_bars)
    np.testing.assert_allclose(made.log_snr[1:], exact, rtol=1e-11, atol=1e-11)


# α, σ and λ.


def test_preserved_variance_splits_as_the_logistic_function_says():
    alpha, sigma = signal_and_noise(LOG_SNRS)
    exact = [logistic(Decimal(float(value))) for value in LOG_SNRS]
    mirrored = [logistic(-Decimal(float(value))) for value in LOG_SNRS]
    assert_same(alpha**2, exact)
    assert_same(sigma**2, mirrored)
    np.testing.assert_allclose(alpha**2 + sigma**2, 1, rtol=1e-15)


def test_exploding_variance_is_the_inverse_signal_to_noise_ratio():
    alpha, sigma = signal_and_noise(LOG_SNRS, preserving=False)
    np.testing.assert_array_equal(alpha, 1)
    assert_same(sigma**2, [(-Decimal(float(value))).exp() for value in LOG_SNRS])


def test_levels_without_noise_are_clean():
    for preserving in (True, False):
        alpha, sigma = signal_and_noise(np.inf, preserving)
        assert (alpha, sigma) == (1, 0)
        assert Level(float(alpha), float(sigma)).log_snr == np.inf


@pytest.mark.parametrize("preserving", [True, False], ids=["preserving", "exploding"])
def test_the_log_snr_of_a_level_is_the_one_it_was_made_of(preserving):
    for value in np.append(LOG_SNRS, 0.0):
        alpha, sigma = signal_and_noise(value, preserving)
        assert Level(float(alpha), float(sigma)).log_snr == pytest.approx(value, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", ["linear", "cosine", "log-linear", "edm"])
def test_a_kick_carries_the_variance_that_the_earlier_level_lacks(name):
    made = schedule(name, 50)
    for now, then in ((1, 0), (2, 1), (30, 29), (40, 3), (50, 49), (50, 0)):
        kick = step_between(made.level(now), made.level(then))
        ratio = made.alpha[now] / made.alpha[then]
        assert kick.alpha == pytest.approx(ratio, rel=1e-14)
        lacking = made.sigma[now] ** 2 - ratio**2 * made.sigma[then] ** 2
        assert kick.sigma**2 == pytest.approx(lacking, rel=1e-12)
    if made.preserving:  # for neighbours it is Ho et al.'s √(1 − β) and √β
        for t in range(1, 51):
            kick = step_between(made.level(t), made.level(t - 1))
            assert kick.sigma**2 == pytest.approx(made.beta[t], rel=1e-11)
            assert kick.alpha**2 == pytest.approx(1 - made.beta[t], rel=1e-11)


# The tables.


def test_linear_at_1000_is_ddpm():
    made = schedule("linear", 1000)
    assert_table(made, products(linear_betas(1000)))
    assert_same(made.beta[1:], linear_betas(1000), rel=1e-10)
    assert made.sigma[1] ** 2 == pytest.approx(1e-4, rel=1e-12)
    assert made.alpha_bar[-1] == pytest.approx(4.0358e-5, rel=1e-4)  # the paper's "≈ 0 signal" at T


@pytest.mark.parametrize("steps", [50, 200, 4000])
def test_linear_at_other_lengths_has_betas_times_1000_over_t(steps):
    assert_table(schedule("linear", steps), products(linear_betas(steps, Decimal(1000) / steps)))


@pytest.mark.parametrize(
    ("steps", "offset", "given"), [(1000, "0.008", {}), (50, "0.008", {}), (50, "0.1", {"offset": 0.1})]
)
def test_cosine_is_nichol_and_dhariwals(steps, offset, given):
    made = schedule("cosine", steps, **given)
    assert_table(made, table_of(paper_cosine(Decimal(offset)), steps))
    assert made.beta[-1] == pytest.approx(0.999, rel=1e-10)
    assert made.beta[:-1].max() < 0.999


@pytest.mark.parametrize(("steps", "given"), [(1000, {}), (50, {}), (50, {"start": 0, "end": 3}), (9, {"end": 2})])
def test_sigmoid_is_jabris(steps, given):
    made = schedule("sigmoid", steps, **given)
    assert_table(made, table_of(paper_sigmoid(**{"start": -3, "end": 3, **given}), steps))
    assert made.beta[-1] == pytest.approx(0.999, rel=1e-10)


@pytest.mark.parametrize(
    ("least", "largest", "rho", "given"),
    [("0.002", "80", 7, {}), ("0.1", "20", 3, {"least": 0.1, "largest": 20.0, "rho": 3.0})],
)
def test_edm_is_karras_with_time_reversed(least, largest, rho, given):
    made = schedule("edm", 50, **given)
    ends = [Decimal(end) ** (Decimal(1) / rho) for end in (largest, least)]
    exact = [(ends[0] + Decimal(i) / 49 * (ends[1] - ends[0])) ** rho for i in range(50)]  # eq. 5, i = 0 at T
    assert_same(made.sigma[:0:-1], exact)
    np.testing.assert_array_equal(made.alpha, 1)
    np.testing.assert_array_equal(made.beta, 0)
    assert made.sigma[0] == 0


def test_log_linear_noise_is_a_geometric_sequence():
    made = schedule("log-linear", 50)
    ratio = Decimal(40_000) ** (Decimal(1) / 49)
    assert_same(made.sigma[1:], [Decimal("0.002") * ratio**t for t in range(50)])
    np.testing.assert_array_equal(made.alpha, 1)
    assert made.sigma[0] == 0


def test_the_linear_curve_is_the_integral_of_beta():
    # Song et al. (2021), eq. 33: log ᾱ = −(t²/2)(20 − 0.1) − 0.1 t.
    times = np.array([0.001, 0.1, 0.5, 1.0])
    integrals = [Decimal(float(t)) ** 2 / 2 * Decimal("19.9") + Decimal("0.1") * Decimal(float(t)) for t in times]
    assert_same(linear(times), [-(value.exp() - 1).ln() for value in integrals], rel=1e-11)


def test_the_linear_table_approaches_the_curve_like_1_over_t():
    lengths = (500, 1000, 2000, 4000)
    errors = []
    for steps in lengths:
        times = np.linspace(0.25, 1, 4)
        at = np.round(times * steps).astype(int)
        errors.append(np.abs(schedule("linear", steps).log_snr[at] - linear(times)))
    slopes = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    np.testing.assert_allclose(slopes, 1, atol=0.06)
    assert errors[-1].max() < 0.03


# What is left at T.


def test_betas_made_for_1000_steps_leave_most_signal_after_50_and_rescaled_ones_do_not():
    unscaled, rescaled = from_betas(np.linspace(1e-4, 0.02, 50)), schedule("linear", 50)
    left = float(products(linear_betas(50))[-1])
    assert left == pytest.approx(0.60, abs=0.005)
    assert unscaled.alpha_bar[-1] == pytest.approx(left, rel=1e-12)
    assert rescaled.alpha_bar[-1] < 2e-5
    np.testing.assert_allclose(rescaled.beta[[1, -1]], [20 * 1e-4, 20 * 0.02], rtol=1e-12)

    fault = unscaled.prior_fault(1.0)
    assert_sentence(fault)
    assert "still 1.5 times the noise's" in fault  # 0.60/0.40
    assert "'own'" in fault
    assert rescaled.prior_fault(1.0) == ""


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_no_schedule_of_1000_steps_starts_from_the_wrong_law(name):
    assert schedule(name, 1000).prior_fault(1.0) == ""


def test_the_prior_is_at_fault_from_a_thousandth_of_the_noise_on():
    made = schedule("edm", 50)  # N(0, 80²) beside the data's variance
    assert made.prior_fault(0.99e-3 * 80**2) == ""
    assert "still 0.001 times the noise's" in made.prior_fault(1.01e-3 * 80**2)


# Shorter schedules.


def test_a_respaced_schedule_keeps_the_ends_and_has_the_long_ones_levels():
    long = schedule("linear", 1000)
    for steps in (1, 2, 7, 30, 50, 999, 1000):
        short = long.respaced(steps)
        assert short.steps == steps
        assert (short.times[0], short.times[-1]) == (0, 1000)
        assert np.abs(short.times - 1000 * np.arange(steps + 1) / steps).max() <= 0.5
        np.testing.assert_array_equal(short.alpha_bar, long.alpha_bar[short.times])
        np.testing.assert_array_equal(short.sigma, long.sigma[short.times])
        # β of the short one: ᾱ of kept times, Nichol and Dhariwal (2021), section 4
        beta = 1 - long.alpha_bar[short.times][1:] / long.alpha_bar[short.times][:-1]
        np.testing.assert_allclose(short.beta[1:], beta, rtol=1e-10)


def test_fifty_of_1000_are_every_twentieth_and_ten_of_these_every_hundredth():
    fifty = schedule("linear", 1000).respaced(50)
    assert fifty.times.tolist() == list(range(0, 1001, 20))
    assert fifty.respaced(10).times.tolist() == list(range(0, 1001, 100))
    assert schedule("edm", 40).respaced(10).preserving is False
    assert schedule("edm", 40).times.tolist() == list(range(41))


# What is refused.


def assert_sentence(message):
    assert message
    assert "\n" not in message
    assert ". " not in message
    assert not message.endswith(".")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: schedule("cosin", 50), "there is no schedule 'cosin': did you mean 'cosine'?"),
        (lambda: schedule("xyz", 50), "choose one of linear, cosine, sigmoid, log-linear, edm"),
        (lambda: schedule("linear", 0), "T = 0 .* whole number from 1 up"),
        (lambda: schedule("cosine", -3), "T = -3 "),
        (lambda: schedule("cosine", 2.5), r"T = 2\.5 "),
        (lambda: schedule("linear", 10), r"β must lie between 0 and 1, .*'linear' of 10 steps .* more steps"),
        (lambda: schedule("linear", 50, first=-1e-4), "first = -0.0001 makes .* choose a number above 0"),
        (lambda: schedule("edm", 50, offset=0.1), "'edm' has no 'offset': it takes least, largest, rho"),
        (lambda: schedule("linear", 50, rho=7.0), "the schedule 'linear' has no 'rho': it takes first, last"),
        (lambda: schedule("edm", 50, rho="7"), "rho = '7' makes no schedule"),
        (lambda: schedule("edm", 50, least=-1.0), "least = -1.0 makes no schedule"),
        (lambda: schedule("sigmoid", 50, start=np.nan), "start = nan makes no schedule: choose a finite number"),
        (lambda: step_between(Level(1.0, 0.1), Level(0.6, 0.8)), "a kick leads to more noise"),
        (lambda: Schedule("own", [np.inf, 1.0, 0.0], True, [0, 1]), "3 levels and 2 times"),
        (lambda: schedule("edm", 50, least=80.0, largest=0.002), "the schedule 'edm' must fall from infinity"),
        (lambda: schedule("log-linear", 50, least=2.0, largest=1.0), "'log-linear' must fall from infinity"),
        (lambda: schedule("sigmoid", 50, start=1.0, end=1.0), "β must lie between 0 and 1, .*'sigmoid'"),
        (lambda: from_betas([0.1, -0.1]), r"has \[-0\.1\]"),
        (lambda: from_betas([0.1, 0.0]), r"has \[0\.0\]"),
        (lambda: from_betas([0.1, np.nan]), r"has \[nan\]"),
        (lambda: from_betas([0.1, 1.0]), r"has \[1\.0\]"),
        (lambda: from_betas([]), "of 0 steps"),
        (lambda: Schedule("mine", [np.inf, 1.0, 1.0]), "'mine' must fall from infinity"),
        (lambda: Schedule("mine", [3.0, 1.0, 0.0]), "must fall from infinity"),
        (lambda: Schedule("mine", [np.inf, 1.0, np.nan]), "must fall from infinity"),
        (lambda: Schedule("mine", [np.inf]), "must fall from infinity"),
        (lambda: schedule("linear", 100).respaced(0), "0 steps cannot be taken from 100: choose 1 to 100"),
        (lambda: schedule("linear", 100).respaced(101), "101 steps cannot be taken from 100"),
        (lambda: schedule("linear", 100).respaced(2.5), r"2\.5 steps cannot be taken from 100"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(make, says):
    with pytest.raises(ScheduleError, match=says) as caught:
        make()
    assert_sentence(str(caught.value))
