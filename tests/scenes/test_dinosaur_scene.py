"""The dinosaur's film: particles, densities and figures are those of the run, over the whole way."""

import re

import numpy as np
import pytest
from manim import ValueTracker
from small_films import on_stage, staged, still
from stills import isolated, offsets

from diffusion_core.diffusion import ancestral, ancestral_mean, ancestral_wide
from diffusion_core.npz import load
from diffusion_core.schedules import Level, schedule, step_between
from diffusion_core.shapes import find_target
from diffusion_core.simulation import State
from scenes.base import FilmError
from scenes.diffusion_film import shares
from scenes.dinosaur import DinosaurScene
from scenes.formulas import DENOISING
from scenes.mobjects.particle_cloud import ParticleCloud


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def film(media):
    return staged(DinosaurScene, media, iterations=64)


def test_the_run_goes_the_whole_way_from_the_prior_to_no_noise(film):
    run = load(film.run_shown.path)
    assert (run.times[0], run.times[-1]) == (1000, 0)
    levels = run.series["levels"].values
    np.testing.assert_allclose(levels[-1], [0, 1, 0])
    prior = np.asarray(run.positions[0])
    expected = 1 - schedule("linear", 1000).alpha_bar[-1]
    assert prior.var() == pytest.approx(expected, rel=5 * np.sqrt(2 / prior.size))


def test_the_density_beneath_is_the_one_of_the_very_moment(film):
    run, density = film.run_shown, film.diffused_of(film.run_shown)
    moments = run.series["moments"]
    both = [k for k, step in enumerate(moments.steps) if step in run.steps]
    assert len(both) >= 4
    for k in both:
        record = int(np.searchsorted(run.steps, moments.steps[k]))
        film.over_moments(ValueTracker(shares(run)[record]), run, density)
        t, alpha, sigma = moments.values[k]
        assert run.times[record] == t
        axis = np.linspace(-3.15, 3.15, 211)
        exact = np.exp(find_target("dinosaur").diffused(alpha, sigma).log_prob([axis[80], axis[120]]))
        assert density.current()[120, 80] == pytest.approx(exact, rel=1e-5, abs=1e-9)
        density.clear_updaters()


def test_between_two_moments_the_density_is_between_theirs(film):
    run, density = film.run_shown, film.diffused_of(film.run_shown)
    moments = run.series["moments"].steps
    record = next(r for r, step in enumerate(run.steps) if step not in moments and step < moments[-1])
    after = int(np.searchsorted(moments, run.steps[record]))
    share = (run.steps[record] - moments[after - 1]) / (moments[after] - moments[after - 1])
    film.over_moments(ValueTracker(shares(run)[record]), run, density)
    kept = np.asarray(run.grids["diffused"].values, float)
    between = (1 - share) * kept[after - 1] + share * kept[after]
    np.testing.assert_allclose(density.current(), between, rtol=1e-4, atol=1e-7)


def test_the_clock_runs_evenly_in_log_snr(film):
    run = film.run_shown
    levels = run.series["levels"].values[:-1]
    log_snr = 2 * np.log(levels[:, 1] / levels[:, 2])
    even = shares(run)[:-1]
    np.testing.assert_allclose(even, (log_snr - log_snr[0]) / (log_snr[-1] - log_snr[0]) * even[-1], atol=1e-12)
    assert film.way_of(run)(float(even[7])) == pytest.approx(7)


def test_captions_quote_the_run(film):
    run, spoken = film.run_shown, dict(zip(film.beats, film.spoken, strict=True))
    turn, whole = run.steps[film.turning_record], run.steps[-1]
    levels = run.series["levels"].values
    assert levels[film.turning_record, 1] * 4 >= levels[film.turning_record, 2]
    assert levels[film.turning_record - 1, 1] * 4 < levels[film.turning_record - 1, 2]
    assert f"After {turn} of {whole} steps" in spoken["denoise: noise"]
    assert f"remaining {whole - turn} steps" in spoken["denoise: shape"]
    assert any("64 iterations of 64 points" in text for text in film.written)
    distance, floor = run.series["distance"].values[-1], run.series["distance_floor"].values[0, 0]
    assert f"it is {distance:.3f} from p; two true samples are {floor:.3f} apart" in spoken["judge: answer"]


def test_a_run_that_has_not_arrived_is_not_called_a_sample(film, monkeypatch):
    monkeypatch.setitem(film.__dict__, "run_shown", film.run_of("spiral-noise-off"))
    assert "not yet $p$" in film.arrival()


def test_beside_it_stands_a_true_sample_and_each_is_named(film, media):
    made, true = film.pair()
    np.testing.assert_array_equal(made.current(), np.asarray(film.run_shown.positions[-1], float))
    p = find_target("dinosaur")
    fresh = p.log_prob(p.sample(20_000, np.random.default_rng(5)))
    assert p.log_prob(true.current()).mean() == pytest.approx(fresh.mean(), abs=5 * fresh.std() / np.sqrt(150))
    assert made.get_x() > 0 > true.get_x()
    names = [animation.mobject for animation in film.names(made, true)]
    assert [re.sub(r".*;", "", name.typst_code) for name in names] == ["made from noise", "a true sample"]
    assert [np.sign(name.get_x()) for name in names] == [1, -1]


def test_the_encore_is_another_target_with_a_network_of_its_own(film):
    assert film.another.parameters["target"] == DinosaurScene.encore != film.target
    assert film.another.parameters["training"]["target"] == DinosaurScene.encore
    assert any('target = \\"two-moons\\"' in text for text in film.written)


def test_isolated_particles_are_drawn_where_the_run_put_them(media):
    def draw(film):
        return [film.cloud(film.run_shown).show(36)]

    scene, picture = still(DinosaurScene, media, draw, iterations=64)
    positions = isolated(np.asarray(scene.run_shown.positions[36]), 12, 0.25)
    assert offsets(picture, on_stage(scene, positions)).max() < 0.6
    assert isinstance(scene.mobjects[0], ParticleCloud)


def test_the_rule_on_screen_is_the_one_in_the_code():
    # From t to s: (α_(t|s) σ_s² x_t + α_s σ_(t|s)² x̂₀)/σ_t², and noise of width σ_(t|s) σ_s/σ_t, σ_(t|s) or 0.
    for formula in DENOISING.values():
        assert "(alpha_(t|s) sigma_s^2 thin x_t" in formula
        assert "+ alpha_s sigma_(t|s)^2 thin {{ hat(x)_0 (x_t) : guess }})" in formula
        assert ") / sigma_t^2" in formula
    assert "(sigma_(t|s) sigma_s) / sigma_t thin epsilon" in DENOISING["ancestral"]
    assert "+ sigma_(t|s) thin epsilon" in DENOISING["ancestral-wide"]
    assert "epsilon" not in DENOISING["ancestral-mean"]
    now, then = Level(0.6, 0.8), Level(0.8, 0.6)
    a, s = now.alpha / then.alpha, np.sqrt(now.sigma**2 - (now.alpha / then.alpha) ** 2 * then.sigma**2)
    assert step_between(now, then).sigma == pytest.approx(s)
    x, guess = np.random.default_rng(0).standard_normal((2, 40, 2))
    epsilon = np.random.default_rng(1).standard_normal(x.shape)
    mean = (a * then.sigma**2 * x + then.alpha * s**2 * guess) / now.sigma**2
    for step, spread in ((ancestral, s * then.sigma / now.sigma), (ancestral_wide, s), (ancestral_mean, 0.0)):
        taken = step(State(x), lambda x, level: guess, now, then, np.random.default_rng(1))
        np.testing.assert_allclose(taken.state.position, mean + spread * epsilon, atol=1e-12)


def test_a_sampler_without_a_rule_on_screen_is_refused():
    with pytest.raises(FilmError, match="no rule for the sampler 'ddim': choose ancestral or ancestral-wide"):
        type("Wrong", (DinosaurScene,), {"sampler": "ddim"})()
