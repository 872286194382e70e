"""The small network that learns to denoise, and how the samplers of `diffusion.py` use it.

It sees a noisy point x_t and the log-SNR of its level, where variance is preserved, and predicts one of
`diffusion.PREDICTIONS`. Points of other schedules are brought there and back by the `Denoiser` made of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diffusion_core.diffusion import PREDICTIONS, Denoiser
from diffusion_core.distributions import Array
from diffusion_core.errors import NetworkError
from diffusion_core.schedules import Level, signal_and_noise

BATCH = 1 << 13  # points shown at a time: 30 MB of hidden layers, whatever the number of particles
LEVEL_WAVES = 8  # of the log-SNR
HEARD = 3.0  # by how much the first layer is larger than PyTorch makes it, so that fine waves count from the start
SLOWEST, FASTEST = 0.5, 40.0  # angular frequencies of the waves over the plane, per data unit


class Network(nn.Module):
    """A multilayer perceptron over x_t, waves of the log-SNR and waves over the plane.

    Without waves a small network cannot tell neighbouring details apart: Tancik et al. (2020), "Fourier features
    let networks learn high frequency functions in low dimensional domains". Under noise of σ/α a wave k of the
    clean point keeps a share of e^(−k²σ²/2α²); waves are faded by as much, so that the network is not shown noise.

    Args:
        width: of the hidden layers.
        depth: how many of them.
        waves: over the plane, of lengths from coarse to fine and directions by the golden angle; 0 for none.
    """

    waves: Tensor
    level_waves: Tensor

    def __init__(self, width: int = 96, depth: int = 4, waves: int = 64) -> None:
        super().__init__()
        turn = math.pi * (3 - math.sqrt(5)) * torch.arange(waves)
        size = torch.logspace(math.log10(SLOWEST), math.log10(FASTEST), waves)
        self.register_buffer("waves", size * torch.stack([turn.cos(), turn.sin()]), persistent=False)
        self.register_buffer("level_waves", 2.0 ** (torch.arange(LEVEL_WAVES) / 2 - 3), persistent=False)
        sizes = [2 + 2 * LEVEL_WAVES + 2 * waves] + depth * [width]
        layers = [layer for m, n in pairwise(sizes) for layer in (nn.Linear(m, n), nn.SiLU())]
        self.layers = nn.Sequential(*layers, nn.Linear(width, 2))
        with torch.no_grad():
            next(self.layers.parameters()).mul_(HEARD)
            for parameter in self.layers[-1].parameters():
                parameter.zero_()  # training starts from the prediction 0, not from a random one

    def forward(self, x: Tensor, log_snr: Tensor) -> Tensor:
        """The prediction at noisy points: (n, 2), (n, 1) or (1, 1) for all → (n, 2)."""
        ratio = torch.exp(-log_snr / 2)  # σ/α
        fade = torch.exp(-((ratio * self.waves.norm(dim=0)) ** 2) / 2)
        phase = x * torch.sqrt(1 + ratio**2) @ self.waves  # of x/α
        level = (log_snr * self.level_waves).expand(len(x), -1)
        seen = [x, level.cos(), level.sin(), fade * phase.cos(), fade * phase.sin()]
        return self.layers(torch.cat(seen, dim=1))  # type: ignore[no-any-return]


def denoiser(network: Network, prediction: str) -> Denoiser:
    """The network as a denoiser for `diffusion.sampler`, which shows it `BATCH` points at a time.

    Args:
        network: on any device; its weights are not copied.
        prediction: what it was trained to predict, a key of `diffusion.PREDICTIONS`.
    """
    device = next(network.parameters()).device

    def denoise(x: Array, level: Level) -> Array:
        if level.sigma == 0:
            return x / level.alpha
        alpha, sigma = (float(value) for value in signal_and_noise(level.log_snr))
        log_snr = torch.full((1, 1), level.log_snr, device=device)
        flat = x.reshape(-1, 2)
        clean = np.empty(flat.shape)
        for start in range(0, len(flat), BATCH):
            batch = slice(start, start + BATCH)
            noisy = flat[batch] * (alpha / level.alpha)
            shown = torch.as_tensor(noisy, dtype=torch.float32, device=device)
            with torch.no_grad():
                said = network(shown, log_snr).cpu().numpy().astype(float)
            clean[batch] = PREDICTIONS[prediction].clean(said, noisy, alpha, sigma)
        return clean.reshape(x.shape)

    return denoise


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use so many threads for a while: how many they are decides the last digits of its sums."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def flat(tensors: Iterable[Tensor]) -> NDArray[np.float32]:
    """All numbers of some tensors, such as a network's parameters, one after the other, (parameters,)."""
    return nn.utils.parameters_to_vector(tensors).detach().cpu().numpy()


def set_weights(network: Network, weights: Array) -> Network:
    """The network with these weights (parameters,).

    Raises:
        NetworkError: they are not as many as the architecture has, or not finite.
    """
    count = sum(parameter.numel() for parameter in network.parameters())
    if np.shape(weights) != (count,):
        raise NetworkError(
            f"these weights are of the shape {np.shape(weights)}, and this network has {count}: they belong to "
            "another architecture or were cut off, train it anew"
        )
    if not np.isfinite(weights).all():
        raise NetworkError("these weights hold NaN or infinity: train the network anew")
    vector = torch.tensor(np.asarray(weights, np.float32), device=next(network.parameters()).device)
    nn.utils.vector_to_parameters(vector, network.parameters())
    return network
