"""Three well-known ways to teach a small network a cloud of points, and one that only repeats the cloud.

Each is written from a description of the method, not from anyone's code, as a function that trains for so many
iterations and returns a sampler. All see fresh samples of the truth, except (c) and the replay, which hold on to a
fixed set of them. `training.py` measures them beside the project's own training.

Where it does not change the method they are given every advantage that ours has: points are drawn many batches at
a time, and Adam is PyTorch's fused one. The times then compare methods.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice, pairwise
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from diffusion_core.distributions import Array, Distribution

CHUNK = 64  # batches drawn at a time, which spares most small operations
FIXED = 2130  # points of a fixed set: 15 times the dinosaur's 142

Sampler: TypeAlias = Callable[[int, int], Array]
"""(number of samples, seed) → samples (n, 2)."""

Train: TypeAlias = Callable[[Distribution, int, int], Sampler]
"""(truth, iterations, seed) → what draws from the trained network."""

Betas: TypeAlias = Tensor
"""β_1 … β_T, (T,)."""


class NoisePredictor(Protocol):
    """(x_t (n, 2), t or σ (n, 1)) → ε̂ (n, 2)."""

    def __call__(self, x: Tensor, at: Tensor) -> Tensor: ...


class Example(NamedTuple):
    """A batch: what the network is shown, and what it should say."""

    noisy: Tensor  # (batch, 2)
    at: Tensor  # (batch, 1) t, from 0 to T − 1, or σ
    noise: Tensor  # (batch, 2)


class Baseline(NamedTuple):
    """A method and how long it is trained."""

    name: str
    iterations: int
    train: Train


# (a) A plain multilayer perceptron, many short iterations.


class Plain(nn.Module):
    """12 → 128 → 128 → 2 with ReLU over x, y and ten waves of t."""

    FREQUENCIES = math.pi * 2.0 ** torch.arange(5)  # of t/T; the slowest cosine falls all the way

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.layers = perceptron([12, 128, 128, 2], nn.ReLU)

    def forward(self, x: Tensor, at: Tensor) -> Tensor:
        phase = at / self.steps * self.FREQUENCIES
        return self.layers(torch.cat([x, phase.sin(), phase.cos()], dim=1))  # type: ignore[no-any-return]


def train_plain(truth: Distribution, iterations: int, seed: int) -> Sampler:
    """(a) DDPM: T = 1,000 with β from 1e-4 to 0.02, t drawn uniformly, Adam at 1e-4, batches of 200."""
    betas = torch.linspace(1e-4, 0.02, 1000)
    with seeded(seed):
        network = Plain(len(betas))
    examples = islice(noised(truth, betas, 200, seed), iterations)
    fit(network, torch.optim.Adam(network.parameters(), 1e-4, fused=True), examples)
    return lambda n, key: ancestral(network, betas, n, torch.Generator().manual_seed(key))


# (b) Waves of everything, residual layers, few noise levels.


class Residual(nn.Module):
    """Waves of x, y and t (128 numbers each), a layer, three residual layers, a layer."""

    SIZE, SCALE = 128, 25.0  # of an embedding; what coordinates and t are multiplied by before it

    def __init__(self) -> None:
        super().__init__()
        half = self.SIZE // 2
        self.register_buffer("frequencies", 10_000.0 ** (-torch.arange(half) / (half - 1)), persistent=False)
        self.first = nn.Linear(3 * self.SIZE, 128)
        self.inner = nn.ModuleList(nn.Linear(128, 128) for _ in range(3))
        self.last = nn.Linear(128, 2)

    def forward(self, x: Tensor, at: Tensor) -> Tensor:
        phase = (self.SCALE * torch.cat([x, at], dim=1))[:, :, None] * self.frequencies
        hidden = self.first(torch.cat([phase.sin(), phase.cos()], dim=2).flatten(1))
        for layer in self.inner:
            hidden = hidden + nn.functional.gelu(layer(hidden))
        return self.last(hidden)  # type: ignore[no-any-return]


def train_residual(truth: Distribution, iterations: int, seed: int) -> Sampler:
    """(b) DDPM with T = 50, AdamW at 1e-3, batches of 32."""
    # β of T = 1,000 in 50 steps, as such toys have it: ᾱ_T = 0.6, so that x_T is far from the N(0, I) where
    # sampling starts. On data of standard deviation 1 its first two moments are right nevertheless.
    betas = torch.linspace(1e-4, 0.02, 50)
    with seeded(seed):
        network = Residual()
    examples = islice(noised(truth, betas, 32, seed), iterations)
    fit(network, torch.optim.AdamW(network.parameters(), 1e-3, fused=True), examples)
    return lambda n, key: ancestral(network, betas, n, torch.Generator().manual_seed(key))


# (c) Exploding variance, the whole of a fixed set in each iteration.


class Exploding(nn.Module):
    """4 → 16 → 128 → 128 → 128 → 128 → 16 → 2 with GELU over x, y, sin and cos of log σ / 2."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = perceptron([4, 16, 128, 128, 128, 128, 16, 2], nn.GELU)

    def forward(self, x: Tensor, at: Tensor) -> Tensor:
        phase = at.log() / 2
        return self.layers(torch.cat([x, phase.sin(), phase.cos()], dim=1))  # type: ignore[no-any-return]


def train_exploding(truth: Distribution, iterations: int, seed: int) -> Sampler:
    """(c) σ from 0.01 to 10 in 200 even steps of log σ, AdamW at 1e-3, all 2,130 points in each iteration."""
    sigmas = torch.logspace(-2, 1, 200)
    points = fixed_set(truth, seed)
    with seeded(seed):
        network = Exploding()
    examples = islice(exploded(points, sigmas, torch.Generator().manual_seed(seed)), iterations)
    fit(network, torch.optim.AdamW(network.parameters(), 1e-3, fused=True), examples)
    taken = torch.cat([sigmas[9::10].flip(0), torch.zeros(1)])  # 20 of the 200 from the largest down, then 0
    return lambda n, key: deterministic(network, taken, n, torch.Generator().manual_seed(key))


# No network: the training points again.


def train_replay(truth: Distribution, iterations: int, seed: int) -> Sampler:
    """Points of a fixed set, drawn with replacement. In every law of single samples it is as good as the truth."""
    points = fixed_set(truth, seed)
    return lambda n, key: points[np.random.default_rng(key).integers(len(points), size=n)]


BASELINES = (
    Baseline("(b) waves of x, y, t; T = 50", 50_000, train_residual),
    Baseline("(a) plain MLP; T = 1,000", 500_000, train_plain),
    Baseline("(c) exploding variance, full batch", 15_000, train_exploding),
    Baseline("replay of 2,130 points", 0, train_replay),
)


# What they share.


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """A context in which PyTorch draws initial weights with this seed, and which leaves no trace."""
    with torch.random.fork_rng():
        torch.manual_seed(seed + (1 << 32))  # other numbers than those of the batches
        yield


def perceptron(sizes: list[int], activation: type[nn.Module]) -> nn.Sequential:
    """Layers of these sizes with the activation between them."""
    layers = [layer for m, n in pairwise(sizes) for layer in (nn.Linear(m, n), activation())]
    return nn.Sequential(*layers[:-1])


def fixed_set(truth: Distribution, seed: int) -> Array:
    """The training points of a method that has only so many, (FIXED, 2)."""
    return truth.sample(FIXED, np.random.default_rng(seed))


def noised(truth: Distribution, betas: Betas, batch: int, seed: int) -> Iterator[Example]:
    """Fresh points under the noise of a uniformly drawn t: x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε. Without end."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    alpha_bar = (1 - betas).cumprod(0)
    signal, spread = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    while True:
        clean = torch.from_numpy(truth.sample(CHUNK * batch, rng).astype(np.float32))
        t = torch.randint(len(betas), (len(clean), 1), generator=generator)
        noise = torch.randn(clean.shape, generator=generator)
        parts = signal[t] * clean + spread[t] * noise, t.float(), noise
        yield from map(Example, *(part.split(batch) for part in parts))


def exploded(points: Array, sigmas: Tensor, generator: torch.Generator) -> Iterator[Example]:
    """All points under noise of a σ drawn for each: x = x₀ + σ ε. Without end."""
    clean = torch.from_numpy(points.astype(np.float32))
    while True:
        sigma = sigmas[torch.randint(len(sigmas), (len(clean), 1), generator=generator)]
        noise = torch.randn(clean.shape, generator=generator)
        yield Example(clean + sigma * noise, sigma, noise)


def fit(network: nn.Module, optimizer: torch.optim.Optimizer, examples: Iterator[Example]) -> None:
    """One iteration for each batch: the squared error of the predicted noise."""
    for noisy, at, noise in examples:
        loss = nn.functional.mse_loss(network(noisy, at), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def ancestral(predict: NoisePredictor, betas: Betas, n: int, generator: torch.Generator) -> Array:
    """DDPM's sampler with noise √β̃, so none in the last step. Ho et al. (2020), algorithm 2."""
    alpha_bar = (1 - betas).cumprod(0)
    before = torch.cat([torch.ones(1), alpha_bar[:-1]])
    spreads = (betas * (1 - before) / (1 - alpha_bar)).sqrt()
    x = torch.randn((n, 2), generator=generator)
    for t in range(len(betas) - 1, -1, -1):
        noise = predict(x, torch.full((n, 1), float(t)))
        x = (x - betas[t] / (1 - alpha_bar[t]).sqrt() * noise) / (1 - betas[t]).sqrt()
        if t > 0:
            x = x + spreads[t] * torch.randn(x.shape, generator=generator)
    return x.numpy().astype(float)


@torch.no_grad()
def deterministic(predict: NoisePredictor, sigmas: Tensor, n: int, generator: torch.Generator) -> Array:
    """DDIM where variance explodes: x ← x − (σ − σ') ε̂ along falling σ, from N(0, σ_max² I) to the last."""
    x = sigmas[0] * torch.randn((n, 2), generator=generator)
    for now, then in pairwise(sigmas):
        x = x - (now - then) * predict(x, torch.full((n, 1), float(now)))
    return x.numpy().astype(float)
