"""Samplers that follow the score ∇ log p(x): gradient ascent, ULA, MALA, underdamped and annealed Langevin.

One convention, in the code and on screen: x ← x + τ ∇ log p(x) + √(2τ) ε with ε from N(0, I). The underdamped
sampler has a time step h of its own; τ = h²/2 is the link.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from diffusion_core.distributions import Array, Distribution, GaussianMixture
from diffusion_core.errors import SamplerError, suggestion
from diffusion_core.simulation import Kernel, State, Step

FRICTION = 1.0
ANNEALING_LEVELS = 12
SMALLEST_NOISE = 0.05


def gradient_ascent(state: State, target: Distribution, step_size: float, rng: np.random.Generator) -> Step:
    """x ← x + τ ∇ log p(x): Langevin with the noise off. For τ ≤ 1/smoothness, log p never falls.

    `rng` is not used; it is there so that all steps look alike.
    """
    drift = step_size * target.score(state.position)
    return Step(State(state.position + drift), drift, np.zeros_like(drift))


def ula(state: State, target: Distribution, step_size: float, rng: np.random.Generator) -> Step:
    """x ← x + τ ∇ log p(x) + √(2τ) ε: the unadjusted Langevin algorithm.

    Its stationary law is biased by the step, see `ula_stationary_variance`.
    Source: Roberts and Tweedie (1996), "Exponential convergence of Langevin distributions and their
    discrete approximations", section 1.4, with h = 2τ.
    """
    drift = step_size * target.score(state.position)
    noise = math.sqrt(2 * step_size) * rng.standard_normal(drift.shape)
    return Step(State(state.position + drift + noise), drift, noise)


def ula_stationary_variance(step_size: float, variance: float) -> float:
    """σ²/(1 − τ/(2σ²)): how wide `ula` gets on N(0, σ²), per coordinate; too wide at every τ.

    There a step is x ← (1 − τ/σ²) x + √(2τ) ε, and this is the variance that it keeps. Source: Roberts and
    Tweedie (1996), section 1.4, with h = 2τ.

    Args:
        step_size: τ.
        variance: σ².

    Raises:
        SamplerError: τ is not between 0 and 2σ², so that nothing is stationary.

    >>> round(ula_stationary_variance(0.04, 0.04), 12)  # a step as large as the variance doubles it
    0.08
    """
    if not 0 < step_size < 2 * variance:
        raise SamplerError(
            f"with a step size of {step_size} ULA has no stationary variance on a Gaussian of variance "
            f"{variance}: choose one above 0 and below {2 * variance:g}"
        )
    return variance / (1 - step_size / (2 * variance))


def mala(state: State, target: Distribution, step_size: float, rng: np.random.Generator) -> Step:
    """A step of `ula` as a proposal y, accepted with probability min(1, p(y)q(x|y) / (p(x)q(y|x))).

    The stationary law is p itself at every τ. q(y|x) is the normal density of mean x + τ ∇ log p(x) and
    covariance 2τI. Source: Roberts and Tweedie (1996), section 1.4, with h = 2τ; first in Rossky, Doll
    and Friedman (1978).
    """
    here = state.position
    proposed = ula(state, target, step_size, rng)
    there = proposed.state.position
    back = here - there - step_size * target.score(there)
    log_forth = -np.sum(proposed.noise**2, axis=-1) / (4 * step_size)
    log_back = -np.sum(back**2, axis=-1) / (4 * step_size)
    log_ratio = target.log_prob(there) - target.log_prob(here) + log_back - log_forth
    accepted = np.log1p(-rng.random(len(here))) < log_ratio  # log1p(−u), u in [0, 1): never log 0
    return proposed._replace(state=State(np.where(accepted[:, None], there, here)), accepted=accepted)


def underdamped(
    state: State, target: Distribution, time_step: float, friction: float, rng: np.random.Generator
) -> Step:
    """One BAOAB step of dx = v dt, dv = ∇ log p(x) dt − γv dt + √(2γ) dW, with unit mass and temperature.

    Half a kick (B), half a flight (A), the exact Ornstein–Uhlenbeck step of the momentum (O), A, B. In a
    harmonic well the positions' variance is exact at every stable h; the momenta's is 1 − h²ω²/4.
    A state without momentum starts at rest. Source: Leimkuhler and Matthews (2013), "Rational construction
    of stochastic numerical methods for molecular sampling", eq. for BAOAB.
    """
    half = time_step / 2
    keep = np.exp(-friction * time_step)
    position = state.position
    momentum = np.zeros_like(position) if state.momentum is None else state.momentum
    momentum = momentum + half * target.score(position)
    kick = np.sqrt(1 - keep**2) * rng.standard_normal(position.shape)
    drift = half * (1 + keep) * momentum
    noise = half * kick
    moved = position + drift + noise
    momentum = keep * momentum + kick
    momentum = momentum + half * target.score(moved)
    return Step(State(moved, momentum), drift, noise)


def annealed(
    target: GaussianMixture, step_size: float, sigmas: Sequence[float] | Array, steps_per_level: int
) -> Kernel:
    """ULA on p blurred by N(0, σ²I), for a falling sequence of σ, with τ_i = τ σ_i²/σ_L².

    Far modes are one broad hill at first, so every mode gets its share before the hills come apart.
    Source: Song and Ermon (2019), "Generative modeling by estimating gradients of the data distribution",
    algorithm 1, with α_i = 2τ_i.
    """
    levels = [target.diffused(1.0, float(sigma)) for sigma in sigmas]
    step_sizes = [step_size * float(sigma / sigmas[-1]) ** 2 for sigma in sigmas]

    def one(done: int, state: State, rng: np.random.Generator) -> Step:
        level = min(done // steps_per_level, len(levels) - 1)
        return ula(state, levels[level], step_sizes[level], rng)

    return one


def _plain(step: Callable[[State, Distribution, float, np.random.Generator], Step]) -> Callable[..., Kernel]:
    """A sampler that does the same thing at every iteration, as a row of `SAMPLERS`."""

    def build(target: Distribution, step_size: float, steps: int) -> Kernel:
        return lambda done, state, rng: step(state, target, step_size, rng)

    return build


def _underdamped(state: State, target: Distribution, step_size: float, rng: np.random.Generator) -> Step:
    return underdamped(state, target, float(np.sqrt(2 * step_size)), FRICTION, rng)


def _annealed(target: Distribution, step_size: float, steps: int) -> Kernel:
    if not isinstance(target, GaussianMixture):
        raise SamplerError(
            "annealed Langevin needs a mixture of Gaussians, which it can blur exactly: "
            "choose a named shape or a CSV of points, or another sampler"
        )
    sigmas = np.geomspace(max(target.extent, 2 * SMALLEST_NOISE), SMALLEST_NOISE, ANNEALING_LEVELS)
    return annealed(target, step_size, sigmas, max(1, steps // ANNEALING_LEVELS))


SAMPLERS: dict[str, Callable[[Distribution, float, int], Kernel]] = {
    "ascent": _plain(gradient_ascent),
    "ula": _plain(ula),
    "mala": _plain(mala),
    "underdamped": _plain(_underdamped),
    "annealed": _annealed,
}


def kernel(name: str, target: Distribution, step_size: float, steps: int) -> Kernel:
    """The sampler `name` of `SAMPLERS` on a target, ready for `simulate`.

    Args:
        name: a key of `SAMPLERS`.
        target: what to sample.
        step_size: τ; the underdamped sampler takes h = √(2τ).
        steps: length of the run, which the annealed sampler divides among its levels.

    Raises:
        SamplerError: an unknown name, a step size that is not positive and finite, a target that the
            sampler cannot work with.
    """
    if name not in SAMPLERS:
        raise SamplerError(f"there is no sampler '{name}': {suggestion(name, SAMPLERS)}")
    if not (np.isfinite(step_size) and step_size > 0):
        raise SamplerError(f"a step size of {step_size} goes nowhere: choose one above 0, such as 0.002")
    return SAMPLERS[name](target, step_size, steps)


def stability_advice(sampler: str, target: Distribution) -> str:
    """What to say when a run explodes: the largest stable τ, where it is known.

    On a slope of curvature L a step multiplies the distance from the mode by 1 − τL, and BAOAB is stable for
    h < 2/√L, which is the same τ < 2/L. The annealed sampler's τ σ_i²/σ_L² meets curvatures below 1/σ_i².
    """
    if sampler == "annealed":
        largest = 2 * SMALLEST_NOISE**2
    elif target.smoothness is None:
        return "choose a smaller step size (this target's curvature has no bound)"
    else:
        largest = 2 / target.smoothness
    return f"choose a step size below {largest:.3g}, the largest stable one"
