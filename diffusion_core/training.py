"""Training: draw clean points, make them noisy, ask the network for what was added; again and again.

Plain DDPM is the recipe "spiral-plain-net": name the noise in a single noisy point at a uniformly drawn t. Where
the settings of `TrainingRecipe` differ from its own, each is a step to a network that learns much faster;
`benchmarks/README.md` has what each of them gains. AdamW, its falling rate and the average are common to both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor, nn

from diffusion_core.diffusion import PREDICTIONS
from diffusion_core.diffusion_recipes import TrainingRecipe
from diffusion_core.distributions import Array, Distribution
from diffusion_core.errors import NetworkError
from diffusion_core.network import Network, flat
from diffusion_core.schedules import schedule, signal_and_noise

CHUNK = 32  # batches drawn at a time, which spares most small operations; training resumes at its multiples
SPREAD = 64  # one noisy point in so many has a uniformly drawn t
_MEMORY = 18  # the average's memory is so many times shorter than the training so far

Weights = NDArray[np.float32]


class Progress(NamedTuple):
    """Where training stands after so many iterations: all that is needed to go on."""

    step: int
    loss: float  # weighted, mean over the iterations since the last report; NaN at step 0
    weights: Weights  # (parameters,)
    average: Weights  # (parameters,) their moving average, with which samples are made
    moment: Weights  # (parameters,) Adam's
    second_moment: Weights  # (parameters,)


class Batch(NamedTuple):
    """What the network is shown, and what it should say."""

    noisy: Tensor  # (batch, 2)
    log_snr: Tensor  # (batch, 1)
    wanted: Tensor  # (batch, 2)


def train(
    recipe: TrainingRecipe, target: Distribution, since: Progress | None = None, device: str = "cpu"
) -> Iterator[Progress]:
    """Train, and report at each iteration of `recipe.ladder` and at each multiple of CHUNK.

    Adam with decoupled weight decay (Loshchilov and Hutter 2019), its rate falling linearly to 0. The average is
    the power function one of Karras et al. (2024), "Analyzing and improving the training dynamics of diffusion
    models", eq. 2, whose memory grows with the training. Iteration k draws the same numbers whether or not the
    training was interrupted: its generator is seeded by the recipe's seed and the chunk.

    Args:
        recipe: what to train and how.
        target: where clean points are drawn.
        since: a report at a multiple of CHUNK, to go on from there.
        device: of torch.

    Raises:
        NetworkError: the training diverges.
    """
    network = new_network(recipe).to(device)
    parameters = list(network.parameters())
    optimizer = torch.optim.AdamW(parameters, fused=True)
    average = [parameter.detach().clone() for parameter in parameters]
    done, losses = 0, torch.zeros((), device=device)
    if since is None:
        yield _report(0, float("nan"), parameters, average, optimizer)
    else:
        done = since.step
        _restore(since, parameters, average, optimizer)
    reported, ladder = done, set(recipe.ladder.tolist())
    for chunk in range(done // CHUNK, -(-recipe.iterations // CHUNK)):
        for batch in draw(recipe, target, np.random.default_rng([recipe.seed, chunk])):
            noisy, log_snr, wanted = (part.to(device) for part in batch)
            optimizer.param_groups[0]["lr"] = recipe.learning_rate * (1 - done / recipe.iterations)
            weight = torch.exp(-recipe.emphasis * log_snr.clamp(min=0) / 2)
            loss = (weight * (network(noisy, log_snr) - wanted) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            done += 1
            losses += loss.detach()
            with torch.no_grad():
                for mean, parameter in zip(average, parameters, strict=True):
                    mean.lerp_(parameter, 1 - (1 - 1 / done) ** _MEMORY)
            if done in ladder or done % CHUNK == 0:
                mean_loss = float(losses) / (done - reported)
                if not math.isfinite(mean_loss):
                    raise NetworkError(
                        f"'{recipe.name}' diverged before iteration {done:,}: choose a smaller learning_rate than "
                        f"{recipe.learning_rate:g}"
                    )
                yield _report(done, mean_loss, parameters, average, optimizer)
                reported, losses = done, torch.zeros_like(losses)
            if done == recipe.iterations:
                return


def draw(recipe: TrainingRecipe, target: Distribution, rng: np.random.Generator) -> Iterator[Batch]:
    """CHUNK batches: clean points, noise levels, noise, and what is to be predicted."""
    shape = (CHUNK, recipe.batch // recipe.group, recipe.group)
    clean = target.sample(CHUNK * recipe.batch, rng).reshape(*shape, 2)
    log_snr = draw_levels(recipe, shape, rng)
    alpha, sigma = signal_and_noise(log_snr)
    noisy = alpha * clean + sigma * rng.standard_normal(clean.shape)
    arrays = (noisy, log_snr, clean, alpha, sigma)
    for x, level, x0, a, s in zip(*(torch.from_numpy(array.astype(np.float32)) for array in arrays), strict=True):
        aim = mean_of_group(x / a, s / a, x0) if recipe.group > 1 else x0
        wanted = PREDICTIONS[recipe.prediction].of_clean(aim, x, a, s)
        yield Batch(x.reshape(-1, 2), level.reshape(-1, 1), wanted.reshape(-1, 2))


def draw_levels(recipe: TrainingRecipe, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Log-SNRs of whole batches, (batches, …, 1): of uniformly drawn t, or −2 times a normal ln σ/α.

    The normal ones are stratified, one in every quantile of a batch. One point in SPREAD still has a uniformly
    drawn t, so that there is no level of the schedule of which the network has never seen anything.
    """
    count, batch = shape[0], int(np.prod(shape[1:]))
    log_snr = schedule(recipe.schedule, recipe.steps).log_snr[rng.integers(1, recipe.steps + 1, (count, batch))]
    if recipe.levels is not None:
        mean, deviation = recipe.levels
        rank = rng.permuted(np.tile(np.arange(batch), (count, 1)), axis=1)
        drawn = -2 * (mean + deviation * ndtri((rank + rng.uniform(1e-9, 1, (count, batch))) / batch))
        normal = np.arange(batch) % SPREAD != 0
        log_snr[:, normal] = drawn[:, normal]
    return np.asarray(log_snr.reshape(*shape, 1))


def mean_of_group(noisy: Tensor, ratio: Tensor, clean: Tensor) -> Tensor:
    """Σ_j w_j x_j over a group's clean points, w_j ∝ N(noisy point; x_j, ratio²): (groups, group, 2).

    Any point of the group may have become the noisy one, and this is the mean over which it was. Its mean given
    the noisy point is the same as that of the point itself, and its variance is no larger. Source: Xu, Tong and
    Jaakkola (2023), "Stable target field for reduced variance score estimation in diffusion models", eq. 6.
    """
    nearness = torch.cat([noisy, torch.full_like(ratio, -0.5)], dim=-1) / ratio**2  # |noisy|² is the same for all
    clean_squared = torch.cat([clean, clean.square().sum(dim=-1, keepdim=True)], dim=-1)
    return torch.softmax(nearness @ clean_squared.transpose(1, 2), dim=-1) @ clean


def new_network(recipe: TrainingRecipe) -> Network:
    """The untrained network: PyTorch's own initial weights, drawn with the recipe's seed."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        return Network(recipe.width, recipe.depth, recipe.waves)


def _report(
    step: int, loss: float, parameters: list[nn.Parameter], average: list[Tensor], optimizer: torch.optim.AdamW
) -> Progress:
    nothing: dict[str, Tensor] = {}
    moments = [
        [optimizer.state.get(p, nothing).get(name, torch.zeros_like(p)) for p in parameters] for name in _MOMENTS
    ]
    groups: list[list[Tensor]] = [list(parameters), average, *moments]
    return Progress(step, loss, *map(flat, groups))


_MOMENTS = "exp_avg", "exp_avg_sq"


def _restore(
    since: Progress, parameters: list[nn.Parameter], average: list[Tensor], optimizer: torch.optim.AdamW
) -> None:
    device = parameters[0].device
    nn.utils.vector_to_parameters(torch.tensor(since.weights, device=device), parameters)
    nn.utils.vector_to_parameters(torch.tensor(since.average, device=device), average)
    for name, vector in zip(_MOMENTS, (since.moment, since.second_moment), strict=True):
        kept = [torch.empty_like(parameter) for parameter in parameters]
        nn.utils.vector_to_parameters(torch.tensor(vector, device=device), kept)
        for parameter, part in zip(parameters, kept, strict=True):
            optimizer.state[parameter][name] = part
            optimizer.state[parameter]["step"] = torch.tensor(float(since.step), device=device)
