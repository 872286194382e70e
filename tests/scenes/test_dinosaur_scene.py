"""The dinosaur's film: particles, densities and figures are those of the run, over the whole way."""

import dataclasses
from typing import ClassVar

import numpy as np
import pytest
from filming import DRY, shoot
from layout import Staged, longest_still
from PIL import Image, ImageDraw
from stills import isolated, offsets, pixels_at_1080p

from diffusion_core.diffusion import ancestral, ancestral_wide
from diffusion_core.npz import load
from diffusion_core.schedules import Level, schedule, step_between
from diffusion_core.shapes import find_target
from diffusion_core.simulation import State
from scenes.dinosaur import DinosaurScene
from scenes.formulas import DENOISING
from scenes.mobjects.particle_cloud import ParticleCloud


class Small(DinosaurScene):
    """The same film after a short training, with few steps and particles."""

    particles = 150
    iterations = 64
    steps: ClassVar[int] = 60

    @property
    def recipe(self):
        full = super().recipe
        small = {"batch": 64, "group": 32, "width": 16, "depth": 2, "checkpoints": 4, "threads": 1}
        training = dataclasses.replace(full.training, particles=50, **small)
        return dataclasses.replace(full, training=training, steps=self.steps, records=40, moments=8)


class StagedFilm(Staged, Small):
    pass


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


def staged(media, **attributes):
    """The whole film, its plays skipped: begun, ended and counted, but not drawn."""
    return shoot(type("Staged", (StagedFilm,), attributes), media, **DRY | {"from_animation_number": 10**6})


@pytest.mark.parametrize(
    "variant",
    [{}, {"theme": "light"}, {"captions": False}, {"sampler": "ancestral-wide"}, {"target": "eight-gaussians"}],
    ids=str,
)
def test_at_every_beats_end_nothing_overlaps_leaves_the_frame_or_is_too_small(variant, media):
    film = staged(media, **variant)
    assert list(film.faults) == film.beats
    assert sorted({fault for wrong in film.faults.values() for fault in wrong}) == []


def test_it_takes_its_time_and_never_stands_for_long(media):
    film = staged(media)
    assert 25 <= sum(seconds for _, _, seconds in film.plays) <= 50
    assert longest_still(film.plays) <= 6
    assert all(0 < len(caption) <= 70 for caption in film.spoken)


def test_the_run_goes_the_whole_way_from_the_prior_to_no_noise(media):
    film = staged(media)
    run = load(film.run_shown.path)
    assert (run.times[0], run.times[-1]) == (Small.steps, 0)
    levels = run.series["levels"].values
    np.testing.assert_allclose(levels[-1], [0, 1, 0])
    prior = np.asarray(run.positions[0])
    expected = 1 - schedule("linear", Small.steps).alpha_bar[-1]
    assert prior.var() == pytest.approx(expected, rel=5 * np.sqrt(2 / prior.size))


def test_the_density_beneath_is_the_one_of_the_very_moment(media):
    film = staged(media)
    run, density = film.run_shown, film.density
    moments = run.series["moments"]
    both = [k for k, step in enumerate(moments.steps) if step in run.steps]
    assert len(both) >= 4
    for k in both:
        record = int(np.searchsorted(run.steps, moments.steps[k]))
        film.clock.set_value(record)
        film.follow_moments(density)
        t, alpha, sigma = moments.values[k]
        assert run.times[record] == t
        axis = np.linspace(-3.15, 3.15, 211)
        exact = np.exp(find_target("dinosaur").diffused(alpha, sigma).log_prob([axis[80], axis[120]]))
        assert density.current()[120, 80] == pytest.approx(exact, rel=1e-5, abs=1e-9)


def test_between_two_moments_the_density_is_between_theirs(media):
    film = staged(media)
    run, density = film.run_shown, film.density
    moments = run.series["moments"].steps
    record = next(r for r, step in enumerate(run.steps) if step not in moments and step < moments[-1])
    after = int(np.searchsorted(moments, run.steps[record]))
    share = (run.steps[record] - moments[after - 1]) / (moments[after] - moments[after - 1])
    film.clock.set_value(record)
    film.follow_moments(density)
    kept = np.asarray(run.grids["diffused"].values, float)
    between = (1 - share) * kept[after - 1] + share * kept[after]
    np.testing.assert_allclose(density.current(), between, rtol=1e-4, atol=1e-7)


def test_captions_quote_the_run(media):
    film = staged(media)
    turn, whole = film.run_shown.steps[film.turning_record], film.run_shown.steps[-1]
    levels = film.run_shown.series["levels"].values
    assert levels[film.turning_record, 1] * 4 >= levels[film.turning_record, 2]
    assert levels[film.turning_record - 1, 1] * 4 < levels[film.turning_record - 1, 2]
    assert f"For {turn} of {whole} steps" in film.spoken[2]
    assert f"remaining {whole - turn} steps" in film.spoken[3]
    assert f"trained for {Small.iterations} iterations" in film.spoken[1]


def test_isolated_particles_are_drawn_where_the_run_put_them(media, tmp_path):
    class Still(Small):
        def construct(self):
            self.add(self.cloud)
            self.cloud.show(self.cloud.records - 5)
            self.places = self.cloud.get_center()

    scene = shoot(Still, media, **DRY | {"quality": "high_quality"})
    run = scene.run_shown
    positions = isolated(np.asarray(run.positions[-5]), 12, 0.25)
    zone = scene.zones
    on_stage = zone.stage_center[:2] + positions * zone.stage_side / 6.3
    scene.renderer.static_image = None
    scene.renderer.update_frame(scene)
    picture = scene.renderer.get_frame()[..., :3]
    assert offsets(picture, pixels_at_1080p(on_stage)).max() < 0.6
    assert isinstance(scene.cloud, ParticleCloud)


def test_the_rule_on_screen_is_the_one_in_the_code():
    # From t to s: (α_(t|s) σ_s² x_t + α_s σ_(t|s)² x̂₀)/σ_t², and noise of width σ_(t|s) σ_s/σ_t or σ_(t|s).
    for formula in DENOISING.values():
        assert "(alpha_(t|s) sigma_s^2 thin x_t" in formula
        assert "+ alpha_s sigma_(t|s)^2 thin {{ hat(x)_0 (x_t) : guess }})" in formula
        assert ") / sigma_t^2" in formula
    assert "(sigma_(t|s) sigma_s) / sigma_t thin epsilon" in DENOISING["ancestral"]
    assert "+ sigma_(t|s) thin epsilon" in DENOISING["ancestral-wide"]
    now, then = Level(0.6, 0.8), Level(0.8, 0.6)
    a, s = now.alpha / then.alpha, np.sqrt(now.sigma**2 - (now.alpha / then.alpha) ** 2 * then.sigma**2)
    assert step_between(now, then).sigma == pytest.approx(s)
    x, guess = np.random.default_rng(0).standard_normal((2, 40, 2))
    epsilon = np.random.default_rng(1).standard_normal(x.shape)
    mean = (a * then.sigma**2 * x + then.alpha * s**2 * guess) / now.sigma**2
    for step, spread in ((ancestral, s * then.sigma / now.sigma), (ancestral_wide, s)):
        taken = step(State(x), lambda x, level: guess, now, then, np.random.default_rng(1))
        np.testing.assert_allclose(taken.state.position, mean + spread * epsilon, atol=1e-12)


def test_a_logo_is_a_target_as_well(tmp_path):
    logo = Image.new("L", (60, 40), 255)
    ImageDraw.Draw(logo).rectangle((10, 10, 30, 30), fill=0)
    logo.save(tmp_path / "my_logo.png")
    film = staged(tmp_path, target=str(tmp_path / "my_logo.png"))
    assert film.run_shown.recipe == "my_logo-ddpm"
    assert sorted({fault for wrong in film.faults.values() for fault in wrong}) == []
