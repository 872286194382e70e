"""Densities and scores on grids: the quadrature for any target equals the closed form of those that have one."""

import numpy as np
import pytest

from diffusion_core.distributions import Banana, PointSet
from diffusion_core.fields import COARSE, FINE, diffused_density, diffused_score, plane
from diffusion_core.schedules import Level, schedule
from diffusion_core.shapes import find_target


class Disguised:
    """A mixture that does not say that it is one."""

    def __init__(self, mixture):
        self._mixture, self.extent, self.smoothness = mixture, mixture.extent, mixture.smoothness

    def __getattr__(self, name):
        return getattr(self._mixture, name)


MIXTURE = find_target("two-moons", width=0.2)
LEVELS = [Level(1.0, 0.02), Level(0.9, np.sqrt(1 - 0.81)), Level(0.05, np.sqrt(1 - 0.05**2)), Level(1.0, 3.0)]


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_the_quadrature_equals_the_closed_form(level):
    exact, by_integral = (diffused_density(p, [level])[0] for p in (MIXTURE, Disguised(MIXTURE)))
    # What lies beyond the target's extent, four deviations out, is not integrated.
    np.testing.assert_allclose(by_integral, exact, rtol=1e-4, atol=1e-5 * exact.max())
    scores = [diffused_score(p, [level])[0] for p in (MIXTURE, Disguised(MIXTURE))]
    likely = np.exp(MIXTURE.diffused(*level).log_prob(plane(COARSE))) > 1e-3 * exact.max()
    np.testing.assert_allclose(scores[1][likely], scores[0][likely], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_noisy_points_have_the_density_and_score_of_a_sum_over_them(level):
    points, shares = np.array([[-1.0, 0.5], [0.3, 2.0], [1.5, -1.0]]), np.array([0.2, 0.5, 0.3])
    data, (alpha, sigma) = PointSet(points, shares), level
    squares = ((plane(FINE)[..., None, :] - alpha * points) ** 2).sum(axis=-1)
    p = np.exp(-squares / (2 * sigma**2)) @ shares / (2 * np.pi * sigma**2)
    np.testing.assert_allclose(diffused_density(data, [level])[0], p, rtol=1e-8, atol=1e-12 * p.max())
    apart = alpha * points - plane(COARSE)[..., None, :]
    logs = np.log(shares) - (apart**2).sum(axis=-1) / (2 * sigma**2)
    likely = np.exp(logs - logs.max(axis=-1, keepdims=True))
    score = (likely[..., None] * apart).sum(axis=-2) / likely.sum(axis=-1)[..., None] / sigma**2
    np.testing.assert_allclose(diffused_score(data, [level])[0], score, rtol=1e-8, atol=1e-8)


def test_noise_too_narrow_to_be_seen_is_left_out():
    level = Level(1.0, 0.005)
    exact, without = (diffused_density(p, [level])[0] for p in (MIXTURE, Disguised(MIXTURE)))
    assert np.abs(without - exact).max() < 1e-3 * exact.max()
    score = diffused_score(Disguised(MIXTURE), [level])[0]
    np.testing.assert_allclose(score, MIXTURE.score(plane(COARSE)), atol=1e-9)


def test_far_out_where_nothing_is_left_scores_are_finite():
    noise = schedule("linear", 1000)
    levels = [noise.level(t) for t in (1, 10, 100, 500, 1000)]
    for values in (diffused_density(Banana(), levels, FINE), diffused_score(Banana(), levels)):
        assert np.isfinite(values).all()
