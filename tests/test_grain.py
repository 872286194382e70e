"""How grainy samples are: closed forms, each against sums by hand and against simulation."""

from math import comb

import numpy as np
import pytest

from diffusion_core import grain
from diffusion_core.distributions import GaussianMixture
from diffusion_core.grain import SIDE, Cells, expected_gap, grain_series, sizes_up_to
from diffusion_core.shapes import smiley


def by_summation(masses, n):
    """½ Σ E|X/n − m| from the binomial probabilities themselves."""
    k = np.arange(n + 1)
    ways = np.array([comb(n, i) for i in k], float)
    return sum((ways * m**k * (1 - m) ** (n - k)) @ np.abs(k / n - m) for m in masses) / 2


@pytest.mark.parametrize("n", [1, 2, 3, 6, 10, 40])
def test_the_expected_gap_is_that_of_the_binomial_law(n):
    for masses in ([0.5, 0.5], [1 / 2, 1 / 3, 1 / 6], [0.1, 0.2, 0.7], [0.001] * 999 + [0.001]):
        assert expected_gap(masses, n) == pytest.approx(by_summation(masses, n), rel=1e-10)


def test_of_a_single_draw_the_gap_is_one_minus_the_sum_of_squares():
    # A draw in cell k is off by ½ (1 − m_k + Σ_(j≠k) m_j) = 1 − m_k, with probability m_k.
    masses = np.array([0.2, 0.3, 0.5])
    assert expected_gap(masses, 1) == pytest.approx(1 - 0.04 - 0.09 - 0.25, rel=1e-12)


def test_three_coins_by_hand():
    # Heads 0, 1, 2, 3 with 1, 3, 3, 1 eighths; each share is off by 1/2 or 1/6: (2 · 1/2 + 6 · 1/6)/8.
    assert expected_gap([0.5, 0.5], 3) == pytest.approx(1 / 4, rel=1e-12)


def test_cells_that_hold_nothing_or_everything_are_never_off():
    assert expected_gap([1.0, 0.0], 1000) == 0


def test_of_many_draws_the_gap_is_that_of_a_normal_law():
    m, n = np.full(100, 0.01), 10**9
    assert expected_gap(m, n) == pytest.approx(np.sqrt(2 * m * (1 - m) / (np.pi * n)).sum() / 2, rel=1e-6)


def test_true_samples_are_as_grainy_as_their_floor_says(monkeypatch):
    monkeypatch.setattr(grain, "SIDE", 20)  # the quadrature over all cells is most of the time
    p, rng, repeats = GaussianMixture.isotropic([[0.3, 0.0]], 1.5), np.random.default_rng(0), 100
    runs = [grain_series(p, p.sample(2000, rng), np.array([9])) for _ in range(repeats)]
    gaps = np.array([run["grain"].values[0] for run in runs])
    floor = runs[0]["grain_floor"].values[0]
    errors = gaps.std(axis=0, ddof=1) / np.sqrt(repeats)
    assert runs[0]["grain"].labels == ("10", "100", "1000", "2000")
    assert runs[0]["grain"].steps.tolist() == [9]
    assert (np.abs(gaps.mean(axis=0) - floor) < 3.5 * errors).all()  # beyond it once in 2,000 times
    assert (errors < 0.01 * floor).all()


def test_points_are_counted_in_the_cell_in_which_they_lie():
    p = GaussianMixture.isotropic([[0.0, 0.0]], 1.0)
    cells = Cells(p, 3)  # of side 2.1
    points = np.array([[-3.0, -3.0], [3.0, -3.0], [0.0, 0.0], [0.5, 0.9], [-3.0, 3.0], [3.2, 0.0], [0.0, -99.0]])
    assert cells.counts(points).tolist() == [1, 0, 1, 0, 2, 0, 1, 0, 0, 2]
    assert cells.masses.sum() == pytest.approx(1, abs=1e-6)
    assert cells.masses[4] == pytest.approx(0.7062815**2, abs=1e-5)  # Φ(1.05) − Φ(−1.05), squared
    everything = np.zeros(10, np.int64)
    everything[4] = 5
    assert cells.gap(everything) == pytest.approx(1 - cells.masses[4], abs=1e-6)


def test_sizes_go_by_tens_to_the_whole_number():
    assert sizes_up_to(1_000_000) == [10, 100, 1000, 10_000, 100_000, 1_000_000]
    assert sizes_up_to(250) == [10, 100, 250]
    assert sizes_up_to(7) == [7]


def test_a_million_true_samples_are_still_grainy_in_these_cells():
    assert 0.02 < expected_gap(Cells(smiley(), SIDE).masses, 1_000_000) < 0.05


def test_the_first_ten_count_in_the_first_figure_and_all_in_the_last(monkeypatch):
    monkeypatch.setattr(grain, "SIDE", 2)  # a quarter of the mass in each cell
    points = np.repeat([[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]], [1, 9, 2], axis=0)
    p = GaussianMixture.isotropic([[0.0, 0.0]], 0.6)
    run = grain_series(p, points, np.array([3]))
    assert run["grain"].labels == ("10", "12")
    of_ten = (0.15 + 0.65 + 0.25 + 0.25) / 2
    of_all = (1 / 4 - 1 / 12 + 3 / 4 - 1 / 4 + 1 / 4 - 1 / 6 + 1 / 4) / 2
    np.testing.assert_allclose(run["grain"].values[0], [of_ten, of_all], atol=1e-4)
