"""How good samples are, held against a mixture of points of which everything is known.

No single number tells: a sample can lie near the points and yet not have their noise's law, have that law and
visit some points too often, or be the training points themselves. `Verdict` has one for each of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import ks_2samp

from diffusion_core.diffusion import Denoiser, exact_denoiser, forward_jump, noise_in, sampler, start
from diffusion_core.distributions import Array, GaussianMixture
from diffusion_core.schedules import Level, schedule, signal_and_noise
from diffusion_core.simulation import simulate

FAR = 0.1  # of the data's standard deviation: five times the points' noise, which true samples hardly ever reach
CUT = -50.0  # below which a log-likelihood counts as this, so that one stray does not decide the mean
WAY = schedule("edm", 48, least=0.002, largest=20.0)  # on which our networks are sampled, by Heun's rule


class Verdict(NamedTuple):
    """What samples are like; in brackets what the truth has."""

    beyond: float  # %, farther than FAR from the nearest point [0]
    distance: float  # mean distance to the nearest point
    law: float  # Kolmogorov and Smirnov's statistic of that distance against the truth's [below the floor]
    floor: float  # the law's value that only one in twenty sets of true samples exceeds
    fewest: float  # samples at the point that has fewest, over its fair share
    most: float  # and at the one that has most
    log_likelihood: float  # mean under the truth, less the truth's own [0]
    distinct: float  # %, that no other sample equals [100]


@dataclass(frozen=True)
class Judge:
    """What true samples are like, measured once.

    Args:
        truth: equal Gaussians around points.
        count: samples that are judged at a time.
        distances: of true samples to the nearest point, sorted.
        log_likelihood: their mean log p.
        floor: of the law, at so many samples.
        nearest: finds the nearest point.
    """

    truth: GaussianMixture
    count: int
    distances: Array
    log_likelihood: float
    floor: float
    nearest: cKDTree

    @classmethod
    def of(cls, truth: GaussianMixture, count: int, draws: int, rng: np.random.Generator) -> Judge:
        """Measure 20 times as many true samples as are judged, and the floor from so many draws of them."""
        nearest = cKDTree(truth.means)
        true = truth.sample(20 * count, rng)
        distances = np.sort(nearest.query(true)[0])
        laws = [law(nearest.query(truth.sample(count, rng))[0], distances) for _ in range(draws)]
        likely = float(np.maximum(truth.log_prob(true), CUT).mean())
        return cls(truth, count, distances, likely, float(np.quantile(laws, 0.95)), nearest)

    def __call__(self, samples: Array) -> Verdict:
        """The verdict on samples (count, 2)."""
        distance, point = self.nearest.query(samples)
        visits = np.bincount(point, minlength=self.nearest.n) * self.nearest.n / len(samples)
        repeats = np.unique(samples, axis=0, return_counts=True)[1]
        return Verdict(
            100 * float((distance > FAR).mean()),
            float(distance.mean()),
            law(distance, self.distances),
            self.floor,
            float(visits.min()),
            float(visits.max()),
            float(np.maximum(self.truth.log_prob(samples), CUT).mean()) - self.log_likelihood,
            100 * float((repeats == 1).sum()) / len(samples),
        )


def law(distances: Array, true: Array) -> float:
    """The largest difference between the distribution functions of two sets of numbers."""
    return float(ks_2samp(distances, true, method="asymp").statistic)


def samples_of(denoise: Denoiser, count: int, rng: np.random.Generator) -> Array:
    """Samples (count, 2) of our sampler: the probability flow by Heun's rule, 48 steps."""
    way, state = sampler("heun", denoise, WAY), start(WAY, count, rng)
    for step in simulate(way.kernel, state, way.iterations, rng):
        state = step.state
    return state.position


def score_error(
    denoise: Denoiser, truth: GaussianMixture, log_snr: float, count: int, rng: np.random.Generator
) -> float:
    """Mean of (ε̂ − ε*)² a coordinate over noisy true samples at one level, ε* from the exact denoiser."""
    level = Level(*(float(value) for value in signal_and_noise(log_snr)))
    noisy = forward_jump(truth.sample(count, rng), level, rng)[0]
    said, best = (noise_in(noisy, guess(noisy, level), level) for guess in (denoise, exact_denoiser(truth)))
    return float(np.mean((said - best) ** 2))


def share_off_curve(samples: Array, curve: Array, distance: float) -> float:
    """Share of samples, in %, farther from a polygon (n, 2) than this."""
    corners = np.arange(len(curve))
    along = np.linspace(0, len(curve) - 1, 100 * (len(curve) - 1) + 1)  # so fine that a point stands for its piece
    fine = np.stack([np.interp(along, corners, curve[:, axis]) for axis in range(2)], axis=1)
    return 100 * float((cKDTree(fine).query(samples)[0] > distance).mean())
