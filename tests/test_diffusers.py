"""Our tables and steps beside those of Hugging Face's diffusers, from the same x_t and with the same noise.

The library keeps its tables in single precision; here they are replaced by the same β in double precision.
"""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler

from diffusion_core.diffusion import PREDICTIONS, exact_denoiser, forward_jump, sampler
from diffusion_core.distributions import GaussianMixture
from diffusion_core.schedules import schedule
from diffusion_core.simulation import State

MIXTURE = GaussianMixture(
    [0.6, 0.4], [[-1.0, 0.5], [1.2, -0.4]], [[[0.3, 0.1], [0.1, 0.2]], [[0.05, 0.0], [0.0, 0.4]]]
)
BETAS = np.linspace(1e-4, 0.02, 1000)
TOLERANCE = 1e-10


def scheduler(kind, **config):
    """Theirs of DDPM's β in double precision; their t = 0 … 999 are our 1 … 1000."""
    theirs = kind(1000, clip_sample=False, prediction_type="epsilon", timestep_spacing="trailing", **config)
    theirs.betas = torch.tensor(BETAS)
    theirs.alphas = 1 - theirs.betas
    theirs.alphas_cumprod = torch.cumprod(theirs.alphas, 0)
    return theirs


class GivenNoise:
    """Stands in for a generator: the noise of the next step, chosen by the test."""

    def __init__(self, noise):
        self.noise = noise

    def standard_normal(self, shape):
        assert shape == self.noise.shape
        return self.noise


def assert_same_steps(name, options, theirs, steps, their_step):
    """Our drift and noise are `their_step`(ε̂, their t, x_t, ε, seed of ε), a mean and a position, at every t."""
    ours = sampler(name, exact_denoiser(MIXTURE), schedule("linear", 1000).respaced(steps), **options)
    theirs.set_timesteps(steps)
    assert ours.iterations == len(theirs.timesteps) == steps
    alpha_bar = np.cumprod(1 - BETAS)
    x = np.random.default_rng(0).standard_normal((20, 2))
    for done, t in enumerate(theirs.timesteps.tolist()):
        alpha, sigma = np.sqrt(alpha_bar[t]), np.sqrt(1 - alpha_bar[t])
        epsilon = torch.tensor(-sigma * MIXTURE.diffused(alpha, sigma).score(x))
        noise = torch.randn((20, 2), generator=torch.Generator().manual_seed(done), dtype=torch.float64)
        mean, moved = their_step(epsilon, t, torch.tensor(x), noise, done)
        step = ours.kernel(done, State(x), GivenNoise(noise.numpy()))
        np.testing.assert_allclose(x + step.drift, mean.numpy(), rtol=0, atol=TOLERANCE)
        if done < steps - 1:
            np.testing.assert_allclose(step.state.position, moved.numpy(), rtol=0, atol=TOLERANCE)
        else:  # their DDPM leaves the noise out only at their t = 0, which 50 of 1,000 steps never meet
            np.testing.assert_array_equal(step.noise, 0)
        x = step.state.position


@pytest.mark.parametrize("steps", [1000, 50])
@pytest.mark.parametrize(("name", "kind"), [("ancestral", "fixed_small"), ("ancestral-wide", "fixed_large")])
def test_our_ancestral_steps_are_their_ddpms(name, kind, steps):
    theirs = scheduler(DDPMScheduler, variance_type=kind)

    def step(epsilon, t, x, noise, seed):
        moved = theirs.step(epsilon, t, x, generator=torch.Generator().manual_seed(seed)).prev_sample
        spread = theirs._get_variance(t) ** 0.5 if t > 0 else 0.0
        return moved - spread * noise, moved

    assert_same_steps(name, {}, theirs, steps, step)


@pytest.mark.parametrize("steps", [1000, 50])
@pytest.mark.parametrize(
    ("name", "eta"), [("ddim", 0.0), ("ddim", 0.5), ("ddim", 1.0), ("ancestral", 1.0), ("euler", 0.0)]
)
def test_our_ddim_is_theirs(name, eta, steps):
    theirs = scheduler(DDIMScheduler, set_alpha_to_one=True)

    def step(epsilon, t, x, noise, seed):
        with_noise = [theirs.step(epsilon, t, x, eta=eta, variance_noise=given) for given in (0 * noise, noise)]
        return [moved.prev_sample for moved in with_noise]

    assert_same_steps(name, {"eta": eta} if name == "ddim" else {}, theirs, steps, step)


@pytest.mark.parametrize("steps", [1, 2, 7, 10, 16, 30, 50, 100, 250, 999, 1000])
def test_our_respaced_times_are_their_trailing_ones(steps):
    theirs = scheduler(DDPMScheduler)
    theirs.set_timesteps(steps)
    assert schedule("linear", 1000).respaced(steps).times[:0:-1].tolist() == (theirs.timesteps + 1).tolist()


@pytest.mark.parametrize(("ours", "theirs"), [("linear", "linear"), ("cosine", "squaredcos_cap_v2")])
def test_our_betas_are_theirs_in_their_single_precision(ours, theirs):
    betas = DDPMScheduler(1000, beta_schedule=theirs).betas.numpy()
    np.testing.assert_allclose(schedule(ours, 1000).beta[1:], betas, rtol=1e-6)


def test_jumps_and_velocities_are_theirs():
    theirs, made = scheduler(DDPMScheduler), schedule("linear", 1000)
    clean = MIXTURE.sample(20, np.random.default_rng(1))
    for t in (1, 2, 500, 1000):
        x, epsilon = forward_jump(clean, made.level(t), np.random.default_rng(t))
        given = torch.tensor(clean), torch.tensor(epsilon), torch.full((20,), t - 1)
        np.testing.assert_allclose(x, theirs.add_noise(*given).numpy(), rtol=0, atol=TOLERANCE)
        velocity = PREDICTIONS["v"].of_clean(clean, x, *made.level(t))
        np.testing.assert_allclose(velocity, theirs.get_velocity(*given).numpy(), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", list(PREDICTIONS))
def test_predictions_work_on_tensors_as_on_arrays(name):
    guess, x, alpha, sigma = np.random.default_rng(2).uniform(0.1, 1, (4, 20, 2))
    for function in PREDICTIONS[name]:
        tensor = function(*map(torch.tensor, (guess, x, alpha, sigma)))
        np.testing.assert_allclose(tensor.numpy(), function(guess, x, alpha, sigma), rtol=1e-13)
