"""How much signal and noise a noisy point holds at time t: x_t = α_t x₀ + σ_t ε, with ε from N(0, I).

Everything follows from the log-SNR λ_t = log(α_t²/σ_t²), which falls with t, and from whether variance is
preserved (α² + σ² = 1) or explodes (α = 1). λ is the coordinate that keeps all digits: 1 − ᾱ would lose them.
Source: Kingma, Salimans, Poole and Ho (2021), "Variational diffusion models", section 3.1.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit

from diffusion_core.distributions import Array
from diffusion_core.errors import ScheduleError, suggestion

BETAS = 1e-4, 0.02  # DDPM's first and last β at T = 1,000
LARGEST_BETA = 0.999  # of schedules that would end without any signal, by Nichol and Dhariwal
SIGMAS = 0.002, 80.0  # least and largest noise of the schedules that explode, EDM's
WRONG_PRIOR = 1e-3  # share of the data's variance in that of the prior's noise, above which it is said


class Level(NamedTuple):
    """Signal and noise of one time."""

    alpha: float
    sigma: float

    @property
    def log_snr(self) -> float:
        """λ = log(α²/σ²); infinite without noise."""
        return float(2 * (np.log(self.alpha) - np.log(self.sigma))) if self.sigma > 0 else np.inf


@dataclass(frozen=True, eq=False)
class Schedule:
    """Signal and noise at the times t = 0 … T, for t = 0 without noise.

    Args:
        name: of `SCHEDULES`, or one's own.
        log_snr: (T + 1,), λ_t, decreasing; λ_0 = ∞.
        preserving: whether α² + σ² = 1, or α = 1.
        times: (T + 1,) the t of the longer schedule that this one was taken from; by default 0 … T.

    Raises:
        ScheduleError: λ that do not decrease from infinity, or fewer than one step.

    >>> schedule("linear", 1000).alpha_bar[1].round(12)
    np.float64(0.9999)
    """

    name: str
    log_snr: Array
    preserving: bool = True
    times: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        log_snr = np.asarray(self.log_snr, float)
        times = np.asarray(self.times, np.int64) if len(self.times) else np.arange(len(log_snr))
        if len(times) != len(log_snr):
            raise ScheduleError(f"the schedule '{self.name}' has {len(log_snr)} levels and {len(times)} times")
        finite = log_snr.ndim == 1 and len(log_snr) > 1 and np.isfinite(log_snr[1:]).all()
        if not (finite and log_snr[0] == np.inf and (np.diff(log_snr[1:]) < 0).all()):
            raise ScheduleError(
                f"the log-SNRs of the schedule '{self.name}' must fall from infinity, step by step: look at them"
            )
        object.__setattr__(self, "log_snr", log_snr)
        object.__setattr__(self, "times", times)

    @property
    def steps(self) -> int:
        """T."""
        return len(self.log_snr) - 1

    @cached_property
    def alpha(self) -> Array:
        """α_t, (T + 1,)."""
        return signal_and_noise(self.log_snr, self.preserving)[0]

    @cached_property
    def sigma(self) -> Array:
        """σ_t, (T + 1,)."""
        return signal_and_noise(self.log_snr, self.preserving)[1]

    @cached_property
    def alpha_bar(self) -> Array:
        """ᾱ_t = α_t², (T + 1,)."""
        return np.asarray(self.alpha**2)

    @cached_property
    def beta(self) -> Array:
        """β_t = 1 − ᾱ_t/ᾱ_(t−1), (T + 1,); β_0 = 0, and all are 0 where variance explodes."""
        log_alpha_bar = log_expit(self.log_snr) if self.preserving else np.zeros_like(self.log_snr)
        return np.append(0.0, -np.expm1(np.diff(log_alpha_bar)))

    def level(self, t: int) -> Level:
        """Signal and noise at time t."""
        return Level(float(self.alpha[t]), float(self.sigma[t]))

    def respaced(self, steps: int) -> Schedule:
        """A shorter schedule over evenly spaced times of this one, from its T on.

        Source: Lin, Liu, Li and Yang (2024), "Common diffusion noise schedules and sample steps are flawed",
        table 2, "trailing".

        Raises:
            ScheduleError: not a whole number from 1 to T.
        """
        if not (isinstance(steps, int) and 1 <= steps <= self.steps):
            raise ScheduleError(f"{steps!r} steps cannot be taken from {self.steps}: choose 1 to {self.steps}")
        taken = np.round(self.steps * np.arange(steps + 1) / steps).astype(np.int64)
        return Schedule(self.name, self.log_snr[taken], self.preserving, self.times[taken])

    def prior_fault(self, variance: float) -> str:
        """What to tell the user where samples of N(0, σ_T²) would start from the wrong law; otherwise "".

        Args:
            variance: of the data, per coordinate; around 0, where the samples start, and not around their mean.
        """
        share = float(np.exp(self.log_snr[-1])) * variance
        if share <= WRONG_PRIOR:
            return ""
        return (
            f"with the schedule '{self.name}' the data's variance is still {share:.2g} times the noise's at T = "
            f"{self.steps}, where samples start from noise alone: take one that ends below {WRONG_PRIOR:g}"
        )


def signal_and_noise(log_snr: ArrayLike, preserving: bool = True) -> tuple[Array, Array]:
    """α and σ of log-SNRs, each of their shape: α² = sigmoid(λ), σ² = sigmoid(−λ), or α = 1, σ² = e^(−λ)."""
    values = np.asarray(log_snr, float)
    if preserving:
        return np.sqrt(expit(values)), np.sqrt(expit(-values))
    return np.ones_like(values), np.exp(-values / 2)


def step_between(now: Level, then: Level) -> Level:
    """α and σ of the kick from an earlier, cleaner time `then` to `now`: x_now = α x_then + σ ε.

    σ² = σ_now² (1 − e^(λ_now − λ_then)). Source: Kingma et al. (2021), appendix A.

    Raises:
        ScheduleError: `then` is the noisier one.
    """
    if now.log_snr > then.log_snr:
        raise ScheduleError(f"a kick leads to more noise, not from {then} to {now}: exchange the two")
    return Level(now.alpha / then.alpha, now.sigma * float(np.sqrt(-np.expm1(now.log_snr - then.log_snr))))


# The curves λ(t) for t from 0 to 1.


def linear(t: Array, first: float = BETAS[0], last: float = BETAS[1]) -> Array:
    """ᾱ = e^(−∫β), β from 1000 `first` to 1000 `last`: the limit of DDPM's. Song et al. (2021), eq. 32 and 33."""
    integral = 1000 * (first * t + (last - first) * t**2 / 2)
    return np.asarray(-integral - np.log(-np.expm1(-integral)))


def cosine(t: Array, offset: float = 0.008) -> Array:
    """ᾱ = cos²(π/2 (t + s)/(1 + s)) over its value at 0. Nichol and Dhariwal (2021), eq. 17.

    1 − ᾱ is a product of sines, so that no digits are lost near t = 0.
    """
    start = np.pi / 2 * offset / (1 + offset)
    angle = np.pi / 2 * (t + offset) / (1 + offset)
    return np.asarray(2 * np.log(np.cos(angle)) - np.log(np.sin(angle - start) * np.sin(angle + start)))


def sigmoid(t: Array, start: float = -3.0, end: float = 3.0) -> Array:
    """An ᾱ that falls like 1/(1 + eᵛ), v from `start` to `end`, to 0. Jabri, Fleet and Chen (2022).

    ᾱ/(1 − ᾱ) = (S(end) − S(v)) / (S(v) − S(start)), by the addition theorem of differences of S.
    """
    v = start + (end - start) * t
    kept, lost = np.sinh((end - v) / 2) * np.cosh(start / 2), np.sinh((v - start) / 2) * np.cosh(end / 2)
    return np.asarray(np.log(kept / lost))


def log_linear(t: Array, least: float = SIGMAS[0], largest: float = SIGMAS[1]) -> Array:
    """Log σ from `least` to `largest`, evenly. Song and Ermon (2019), section 4.1; Song et al. (2021), eq. 30."""
    return np.asarray(-2 * ((1 - t) * np.log(least) + t * np.log(largest)))


def edm(t: Array, least: float = SIGMAS[0], largest: float = SIGMAS[1], rho: float = 7.0) -> Array:
    """σ^(1/ρ) from `least` to `largest`, evenly. Karras, Aittala, Aila and Laine (2022), eq. 5."""
    return np.asarray(-2 * rho * np.log((1 - t) * least ** (1 / rho) + t * largest ** (1 / rho)))


class Kind(NamedTuple):
    """A family of schedules."""

    log_snr: Callable[..., Array]  # λ(t) for t in [0, 1], and parameters by name
    preserving: bool


SCHEDULES = {
    "linear": Kind(linear, True),
    "cosine": Kind(cosine, True),
    "sigmoid": Kind(sigmoid, True),
    "log-linear": Kind(log_linear, False),
    "edm": Kind(edm, False),
}


def schedule(name: str, steps: int, /, **parameters: float) -> Schedule:
    """The named schedule in T steps.

    Where variance is preserved, t/T runs along the curve, except for `linear`, which is DDPM's own table: β_t
    evenly from 1e-4 to 0.02, times 1000/T. Where it explodes, t = 0 has no noise and t = 1 … T all of the curve.

    Args:
        name: a key of `SCHEDULES`.
        steps: T.
        parameters: what the curve takes: `offset`; `start`, `end`; `least`, `largest`, `rho`; for `linear` the
            `first` and `last` β as they are at T = 1,000.

    Raises:
        ScheduleError: an unknown name or parameter, T that is no whole number above 0, values out of range.

    >>> schedule("edm", 3).sigma.round(3).tolist()
    [0.0, 0.002, 2.515, 80.0]
    """
    if name not in SCHEDULES:
        raise ScheduleError(f"there is no schedule '{name}': {suggestion(str(name), SCHEDULES)}")
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise ScheduleError(f"T = {steps!r} makes no schedule: choose a whole number from 1 up, such as 1000")
    kind = SCHEDULES[name]
    _refuse_parameters(name, kind, parameters)
    if name == "linear":
        return from_betas(_rescaled(steps, **parameters), name)
    with np.errstate(all="ignore"):  # nonsense ends as λ that do not decrease
        if kind.preserving:
            return from_betas(_betas_along(kind.log_snr(np.arange(1, steps) / steps, **parameters)), name)
        times = np.linspace(0, 1, steps) if steps > 1 else np.ones(1)
        return Schedule(name, np.append(np.inf, kind.log_snr(times, **parameters)), preserving=False)


def _refuse_parameters(name: str, kind: Kind, parameters: Mapping[str, object]) -> None:
    takes = list(inspect.signature(kind.log_snr).parameters)[1:]
    for parameter, value in parameters.items():
        if parameter not in takes:
            raise ScheduleError(f"the schedule '{name}' has no '{parameter}': it takes {', '.join(takes)}")
        plain = isinstance(value, (int, float)) and np.isfinite(value)
        signed = parameter in ("start", "end")
        if not plain or not (signed or value > 0):  # type: ignore[operator]
            kind_of = "finite number" if signed else "number above 0"
            raise ScheduleError(f"{parameter} = {value!r} makes no schedule: choose a {kind_of}")


def from_betas(betas: ArrayLike, name: str = "own") -> Schedule:
    """The schedule of given β_1 … β_T: ᾱ_t = Π (1 − β_s). Ho, Jain and Abbeel (2020), eq. 4.

    Raises:
        ScheduleError: a β that is not between 0 and 1.
    """
    beta = np.asarray(betas, float)
    if not (beta.ndim == 1 and beta.size and np.all((beta > 0) & (beta < 1))):
        worst = beta[~((beta > 0) & (beta < 1))][:1] if beta.ndim == 1 else beta
        raise ScheduleError(
            f"β must lie between 0 and 1, and the schedule '{name}' of {beta.size} steps has {worst.tolist()}: "
            "choose smaller β, or more steps"
        )
    log_alpha_bar = np.cumsum(np.log1p(-beta))
    return Schedule(name, np.append(np.inf, log_alpha_bar - np.log(-np.expm1(log_alpha_bar))))


def _rescaled(steps: int, first: float = BETAS[0], last: float = BETAS[1]) -> Array:
    """DDPM's β, times 1000/T so that as little signal is left at any T."""
    return np.asarray(1000 / steps * np.linspace(last, first, steps)[::-1])


def _betas_along(log_snr: Array) -> Array:
    """β between t = 0 and the points λ (T − 1,) of a curve that ends without signal, the last one the largest."""
    inner = -np.expm1(np.diff(log_expit(np.append(np.inf, log_snr))))
    return np.append(np.minimum(inner, LARGEST_BETA), LARGEST_BETA)
