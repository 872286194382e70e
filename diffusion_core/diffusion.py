"""From data to noise and back: the forward process, exact denoisers, and the samplers that follow a denoiser.

A denoiser guesses the clean point, E[x₀ | x_t], from a noisy one, x_t = α_t x₀ + σ_t ε. Everything else is
algebra on that guess: the noise ε̂ = (x_t − α_t x̂₀)/σ_t and the score −ε̂/σ_t (`PREDICTIONS`). It may be exact
(`exact_denoiser`) or a network's; no sampler knows which. A sampler is a step from one noise level to a cleaner
one, and it records the drift and the noise by which it went.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from diffusion_core.distributions import Array, GaussianMixture, PointSet
from diffusion_core.errors import SamplerError, suggestion
from diffusion_core.schedules import Level, Schedule, step_between
from diffusion_core.simulation import Kernel, State, Step

Denoiser: TypeAlias = Callable[[Array, Level], Array]
"""(x_t (…, 2), its level) → x̂₀ (…, 2), the guess of the clean points."""


# The forward process.


def forward_kick(state: State, now: Level, then: Level, rng: np.random.Generator) -> Step:
    """x_t = α_t/α_(t−1) x_(t−1) + √β_t ε, from t − 1 to t: one kick of the chain that turns data into noise.

    Source: Ho, Jain and Abbeel (2020), "Denoising diffusion probabilistic models", eq. 2.
    """
    kick = step_between(then, now)
    drift = (kick.alpha - 1) * state.position
    noise = kick.sigma * rng.standard_normal(drift.shape)
    return Step(State(state.position + drift + noise), drift, noise)


def forward_jump(clean: ArrayLike, level: Level, rng: np.random.Generator) -> tuple[Array, Array]:
    """x_t = α_t x₀ + σ_t ε in one jump, and that ε: (n, 2) → (n, 2), (n, 2). Ho et al. (2020), eq. 4."""
    points = np.asarray(clean, float)
    epsilon = rng.standard_normal(points.shape)
    return level.alpha * points + level.sigma * epsilon, epsilon


# What is exactly known.


class Posterior(NamedTuple):
    """What a noisy point says of the clean one, component by component of the data."""

    weights: Array  # (n, components), summing to 1
    means: Array  # (n, components, 2), of x₀ if it came from that component


def posterior(target: GaussianMixture | PointSet, x: ArrayLike, level: Level) -> Posterior:
    """p(x₀ | x_t) at the noisy points x (n, 2): Bayes' rule in each component of the data.

    Of a point set the means are the points themselves, so that Σ w_k x_k is the ideal denoiser.
    Source: Karras et al. (2022), "Elucidating the design space of diffusion-based generative models", eq. 57.
    """
    noisy = np.asarray(x, float)
    precisions = np.linalg.inv(level.alpha**2 * target.covariances + level.sigma**2 * np.eye(2))
    apart = noisy[:, None] - level.alpha * target.means
    x0 = target.means + level.alpha * np.einsum("kij,nkj->nki", target.covariances @ precisions, apart)
    logits = (
        np.log(target.weights)
        + np.linalg.slogdet(precisions)[1] / 2
        - np.einsum("nki,kij,nkj->nk", apart, precisions, apart) / 2
    )
    return Posterior(np.asarray(softmax(logits, axis=1)), x0)


def exact_denoiser(target: GaussianMixture | PointSet) -> Denoiser:
    """x̂₀ = (x_t + σ_t² ∇ log p_t(x_t))/α_t with the exact score of the diffused target: Tweedie's formula.

    Source: Efron (2011), "Tweedie's formula and selection bias", eq. 1.4.
    """

    def denoise(x: Array, level: Level) -> Array:
        if level.sigma == 0:
            return x / level.alpha
        score = target.diffused(level.alpha, level.sigma).score(x)
        return np.asarray((x + level.sigma**2 * score) / level.alpha)

    return denoise


# What a network may be asked for; each is as good as the others. `x` is x_t; all may be torch tensors.


class Prediction(NamedTuple):
    """A quantity from which the clean point follows, and which follows from it."""

    clean: Callable[[Any, Any, Any, Any], Any]  # (prediction, x, α, σ) → x̂₀
    of_clean: Callable[[Any, Any, Any, Any], Any]  # (x̂₀, x, α, σ) → prediction


PREDICTIONS = {
    "x0": Prediction(lambda x0, x, alpha, sigma: x0, lambda x0, x, alpha, sigma: x0),
    "epsilon": Prediction(
        lambda epsilon, x, alpha, sigma: (x - sigma * epsilon) / alpha,
        lambda x0, x, alpha, sigma: (x - alpha * x0) / sigma,
    ),
    "v": Prediction(
        lambda v, x, alpha, sigma: (alpha * x - sigma * v) / (alpha**2 + sigma**2),
        lambda x0, x, alpha, sigma: (alpha * x - (alpha**2 + sigma**2) * x0) / sigma,
    ),
    "score": Prediction(
        lambda score, x, alpha, sigma: (x + sigma**2 * score) / alpha,
        lambda x0, x, alpha, sigma: (alpha * x0 - x) / sigma**2,
    ),
}
"""ε of Ho et al. (2020); v = αε − σx₀ of Salimans and Ho (2022), "Progressive distillation for fast sampling of
diffusion models", section 4; the score by Tweedie's formula."""


def noise_in(x: Array, clean: Array, level: Level) -> Array:
    """ε̂ = (x_t − α_t x̂₀)/σ_t, of the shape of x."""
    return np.asarray(PREDICTIONS["epsilon"].of_clean(clean, x, level.alpha, level.sigma))


def score_of(denoise: Denoiser) -> Callable[[Array, Level], Array]:
    """The score that a denoiser stands for: −ε̂/σ_t."""
    return lambda x, level: -noise_in(x, denoise(x, level), level) / level.sigma


# Steps from a level `now` to a cleaner one, `then`.


def ancestral(state: State, denoise: Denoiser, now: Level, then: Level, rng: np.random.Generator) -> Step:
    """x ← μ̃(x, x̂₀) + √β̃ ε, a draw from q(x_(t−1) | x_t, x₀ = x̂₀). Exact where the data are one point.

    Source: Ho et al. (2020), eq. 7 and algorithm 2 with σ_t² = β̃_t.
    """
    kick = step_between(now, then)
    return _reverse(state, denoise, now, then, kick.sigma * then.sigma / now.sigma, rng)


def ancestral_wide(state: State, denoise: Denoiser, now: Level, then: Level, rng: np.random.Generator) -> Step:
    """The same with noise √β, and none in the last step.

    Where the data are N(0, I) and variance is preserved, it is exact in all steps but the last.
    Source: Ho et al. (2020), algorithm 2 with σ_t² = β_t.
    """
    spread = step_between(now, then).sigma if then.sigma > 0 else 0.0
    return _reverse(state, denoise, now, then, spread, rng)


def ancestral_mean(state: State, denoise: Denoiser, now: Level, then: Level, rng: np.random.Generator) -> Step:
    """x ← μ̃(x, x̂₀): DDPM's step with its noise left out, which samples nothing. Here to show what noise is for."""
    return _reverse(state, denoise, now, then, 0.0, rng)


def _reverse(
    state: State, denoise: Denoiser, now: Level, then: Level, spread: float, rng: np.random.Generator
) -> Step:
    """x ← (α_(t|s) σ_s² x + α_s σ_(t|s)² x̂₀)/σ_t² + spread · ε, from t = `now` to s = `then`."""
    kick, x = step_between(now, then), state.position
    guess = denoise(x, now)
    mean = (kick.alpha * then.sigma**2 * x + then.alpha * kick.sigma**2 * guess) / now.sigma**2
    noise = spread * rng.standard_normal(x.shape)
    return Step(State(mean + noise), mean - x, noise)


def ddim(
    state: State, denoise: Denoiser, now: Level, then: Level, rng: np.random.Generator, eta: float = 0.0
) -> Step:
    """x ← α_s x̂₀ + √(σ_s² − σ̃²) ε̂ + σ̃ ε, with σ̃ = η √β̃: DDIM, and DDPM where η = 1.

    Source: Song, Meng and Ermon (2021), "Denoising diffusion implicit models", eq. 12 and 16.
    """
    x, spread = state.position, eta * step_between(now, then).sigma * then.sigma / now.sigma
    guess = denoise(x, now)
    kept = np.sqrt(max(then.sigma**2 - spread**2, 0.0))
    mean = then.alpha * guess + kept * noise_in(x, guess, now)
    noise = spread * rng.standard_normal(x.shape)
    return Step(State(mean + noise), mean - x, noise)


def flow_euler(state: State, denoise: Denoiser, now: Level, then: Level, rng: np.random.Generator) -> Step:
    """y ← y + (s' − s) dy/ds with y = x/α, s = σ/α and dy/ds = ε̂: the probability flow by Euler's rule.

    It is DDIM with η = 0. Source: Karras et al. (2022), eq. 1 and algorithm 1 without its lines 6 to 8.
    """
    x = state.position
    moved = _along_flow(x, noise_in(x, denoise(x, now), now), now, then)
    return Step(State(moved), moved - x, np.zeros_like(x))


def flow_heun(state: State, denoise: Denoiser, now: Level, then: Level, rng: np.random.Generator) -> Step:
    """The probability flow by Heun's rule: the mean of the slopes at both ends of Euler's step.

    The last step, to σ = 0, is Euler's. Source: Karras et al. (2022), algorithm 1.
    """
    x = state.position
    slope = noise_in(x, denoise(x, now), now)
    moved = _along_flow(x, slope, now, then)
    if then.sigma > 0:
        slope = (slope + noise_in(moved, denoise(moved, then), then)) / 2
        moved = _along_flow(x, slope, now, then)
    return Step(State(moved), moved - x, np.zeros_like(x))


def _along_flow(x: Array, slope: Array, now: Level, then: Level) -> Array:
    """x at `then`, from x at `now`, along a straight line of the slope dy/ds."""
    stretch = then.sigma / then.alpha - now.sigma / now.alpha
    return np.asarray(then.alpha * (x / now.alpha + stretch * slope))


def langevin(state: State, denoise: Denoiser, level: Level, ratio: float, rng: np.random.Generator) -> Step:
    """x ← x + τ ∇ log p_t(x) + √(2τ) ε with τ = 2 (ratio · σ_t)², at one level: a corrector.

    `ratio` is what Song et al. call the signal-to-noise ratio: of the drift to the kick. They measure the
    score's norm on the batch; here it is that of noise, √2/σ_t in the plane, so that no particle feels the others.
    Source: Song et al. (2021), "Score-based generative modeling through SDEs", algorithm 4 with ε = τ; their
    algorithm 5, for preserved variance, has a further factor of nearly 1.
    """
    step_size = 2 * (ratio * level.sigma) ** 2
    drift = step_size * score_of(denoise)(state.position, level)
    noise = np.sqrt(2 * step_size) * rng.standard_normal(drift.shape)
    return Step(State(state.position + drift + noise), drift, noise)


# Whole samplers.


class Sampler(NamedTuple):
    """A way from t = T to t = 0, ready for `simulation.simulate`."""

    kernel: Kernel
    times: NDArray[np.int64]  # (iterations + 1,): t before each iteration, and after the last

    @property
    def iterations(self) -> int:
        return len(self.times) - 1


def _stepwise(step: Callable[..., Step], denoise: Denoiser, schedule: Schedule, **options: float) -> Sampler:
    """One iteration for each t, from T to 0."""

    def one(done: int, state: State, rng: np.random.Generator) -> Step:
        t = schedule.steps - done
        return step(state, denoise, schedule.level(t), schedule.level(t - 1), rng, **options)

    return Sampler(one, np.arange(schedule.steps, -1, -1))


def _ddim(denoise: Denoiser, schedule: Schedule, eta: float = 0.0) -> Sampler:
    if not 0 <= eta <= 1:
        raise SamplerError(f"DDIM's η = {eta} is out of range: choose 0 (no noise) to 1 (DDPM's)")
    return _stepwise(ddim, denoise, schedule, eta=eta)


def _annealed(denoise: Denoiser, schedule: Schedule, ratio: float = 0.16, per_level: int = 5) -> Sampler:
    """Langevin at each level from T to 1, then the mean of the last reverse step: x ← x̂₀.

    Source: Song and Ermon (2019), "Generative modeling by estimating gradients of the data distribution",
    algorithm 1; the last step is that of Jolicoeur-Martineau et al. (2021), section 3.1.
    """
    _refuse_corrector(ratio, per_level)
    at = np.append(np.repeat(np.arange(schedule.steps, 0, -1), per_level), 0)

    def one(done: int, state: State, rng: np.random.Generator) -> Step:
        level = schedule.level(int(at[done]))
        if level.sigma > 0:
            return langevin(state, denoise, level, ratio, rng)
        return ancestral(state, denoise, schedule.level(1), level, rng)

    return Sampler(one, np.append(schedule.steps, at))


def _predictor_corrector(
    denoise: Denoiser, schedule: Schedule, ratio: float = 0.16, corrections: int = 1
) -> Sampler:
    """An ancestral step to the next level (β̃), then Langevin at that level; none at t = 0.

    Source: Song et al. (2021), algorithm 1, with the ancestral sampler as the predictor.
    """
    _refuse_corrector(ratio, corrections)
    after = np.append(np.repeat(np.arange(schedule.steps - 1, 0, -1), corrections + 1), 0)
    times = np.append(schedule.steps, after)

    def one(done: int, state: State, rng: np.random.Generator) -> Step:
        t, then = int(times[done]), int(times[done + 1])
        if then < t:
            return ancestral(state, denoise, schedule.level(t), schedule.level(then), rng)
        return langevin(state, denoise, schedule.level(t), ratio, rng)

    return Sampler(one, times)


def _refuse_corrector(ratio: float, count: int) -> None:
    if not (0 < ratio < 1 and isinstance(count, int) and count >= 1):
        raise SamplerError(
            f"a corrector of ratio {ratio} and {count!r} steps a level corrects nothing: choose a ratio between 0 "
            "and 1, such as 0.16, and one step or more"
        )


SAMPLERS: dict[str, Callable[..., Sampler]] = {
    "ancestral": partial(_stepwise, ancestral),
    "ancestral-wide": partial(_stepwise, ancestral_wide),
    "ancestral-mean": partial(_stepwise, ancestral_mean),
    "ddim": _ddim,
    "euler": partial(_stepwise, flow_euler),
    "heun": partial(_stepwise, flow_heun),
    "annealed": _annealed,
    "predictor-corrector": _predictor_corrector,
}


def sampler(name: str, denoise: Denoiser, schedule: Schedule, **options: float) -> Sampler:
    """The sampler `name` of `SAMPLERS`, from t = T to 0.

    Args:
        name: a key of `SAMPLERS`.
        denoise: exact or learned.
        schedule: the levels; shorten it with `Schedule.respaced`.
        options: `eta` for "ddim"; `ratio` and `per_level` or `corrections` where there is a corrector.

    Raises:
        SamplerError: an unknown name or option, an option out of range.

    >>> from diffusion_core.schedules import schedule
    >>> data = PointSet([[1.0, 2.0]])
    >>> sampler("ddim", exact_denoiser(data), schedule("linear", 50)).iterations
    50
    """
    if name not in SAMPLERS:
        raise SamplerError(f"there is no sampler '{name}' here: {suggestion(str(name), SAMPLERS)}")
    parameters = inspect.signature(SAMPLERS[name]).parameters.values()
    takes = [p.name for p in parameters if p.name not in ("denoise", "schedule", "options")]
    for option, value in options.items():
        if option not in takes:
            known = ", ".join(takes) or "no options"
            raise SamplerError(f"the sampler '{name}' has no '{option}': it takes {known}")
        if not isinstance(value, (int, float)):
            raise SamplerError(f"{option} = {value!r} is no option of the sampler '{name}': give a number")
    return SAMPLERS[name](denoise, schedule, **options)


def start(schedule: Schedule, particles: int, rng: np.random.Generator) -> State:
    """Where samplers start: particles of N(0, σ_T² I), (particles, 2)."""
    return State(float(schedule.sigma[-1]) * rng.standard_normal((particles, 2)))
