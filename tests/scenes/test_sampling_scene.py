"""The film about sampling: the step that is taken apart, the arrows and the collapse are those of the runs."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from manim import ValueTracker
from small_films import on_stage, staged, still
from stills import isolated, offsets

from diffusion_core.diffusion import score_of
from diffusion_core.diffusion_run import trained_denoiser
from diffusion_core.schedules import Level, step_between
from diffusion_core.shapes import find_target
from scenes.base import FilmError
from scenes.diffusion_film import shares
from scenes.mobjects.contours import Contours
from scenes.sampling import SpiralSamplingScene


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def film(media):
    return staged(SpiralSamplingScene, media)


def test_the_step_taken_apart_is_one_that_was_taken_by_the_rule_on_screen(film):
    run, k, i = film.noisy, film.telling.record - 1, film.followed
    parts = film.anatomy.data.array[1]  # x, x + drift, x + drift + noise, the next x, as points of the scene
    recorded = np.array([run.positions[k, i], run.drift[k + 1, i], run.noise[k + 1, i]], float)
    ends = np.cumsum(recorded, axis=0)
    np.testing.assert_allclose(parts[:3], film.inset.coords_to_point(ends), atol=1e-9)
    np.testing.assert_allclose(parts[3], film.inset.coords_to_point(run.positions[k + 1, i]), atol=1e-9)
    # x_s = (α_(t|s) σ_s² x_t + α_s σ_(t|s)² x̂₀)/σ_t² + …, with the network's own guess at x_t.
    (_, alpha_t, sigma_t), (_, alpha_s, sigma_s) = run.series["levels"].values[k : k + 2]
    a, sigma_ts = step_between(Level(alpha_t, sigma_t), Level(alpha_s, sigma_s))
    guess = run.series["guess"].values[k, 2 * i : 2 * i + 2]
    mean = (a * sigma_s**2 * recorded[0] + alpha_s * sigma_ts**2 * guess) / sigma_t**2
    np.testing.assert_allclose(recorded[1], mean - recorded[0], atol=1e-6)


def test_the_numbers_beside_it_are_the_steps(film):
    run, k, i = film.noisy, film.telling.record - 1, film.followed
    values = run.positions[k, i], run.drift[k + 1, i], run.noise[k + 1, i], run.positions[k + 1, i]
    for x, y in values:
        assert any(f"({x:.3f}, {y:.3f})" in text for text in film.written)
    t, s = run.times[k : k + 2]
    assert f"from t = {t:.0f} to s = {s:.0f}" in film.spoken[film.beats.index("one step: zoom")]


def test_arrows_are_those_of_the_network_at_the_very_t(film, media):
    run = film.noisy
    denoise = trained_denoiser(film.recipe_of("spiral-net"), media / "trajectories", progress=False)
    field = film.field_of(run, "followed", "learned")
    places = field.grid_points()
    for moment in (0, 3, 7):
        t, alpha, sigma = run.series["moments"].values[moment]
        record = int(np.searchsorted(run.steps, run.series["moments"].steps[moment]))
        clock = ValueTracker(shares(run)[record])
        film.over_moments(clock, run, field)
        assert run.times[record] == t
        said = score_of(denoise)(places[4, 6][None], Level(alpha, sigma))[0]
        tail, tip = field.arrow(4, 6)
        along = (tip - tail)[:2]
        np.testing.assert_allclose(along / np.linalg.norm(along), said / np.linalg.norm(said), atol=1e-3)
        field.clear_updaters()


def test_without_noise_the_start_and_the_network_are_the_same_and_no_kick_is_left(film):
    np.testing.assert_array_equal(film.silent.positions[0], film.noisy.positions[0])
    assert film.silent.parameters["training"] == film.noisy.parameters["training"]
    assert not film.silent.noise.any()
    assert film.noisy.noise[1:-1].any(axis=(1, 2)).all()


def test_the_collapse_is_quoted_from_the_spreads_of_the_last_records(film):
    end = np.sqrt(np.asarray(film.silent.positions[-1], float).var(axis=0).mean())
    truth = film.run_of("spiral-forward", steps=50, moments=2).positions[0]
    true = np.sqrt(np.asarray(truth, float).var(axis=0).mean())
    said = re.search(r"(\d+)% of the true spread", film.spoken[film.beats.index("noise off: end")])
    assert int(said[1]) == round(100 * end / true)
    assert ("collapse" in film.spoken[film.beats.index("noise off: end")]) == (end < 0.1 * true)
    half = SimpleNamespace(series={"spread": SimpleNamespace(values=np.array([1.0, 0.5]))})
    assert film.collapse(half) == f"They end with {0.5 / true:.0%} of the true spread."


def test_isolated_particles_are_drawn_where_the_run_put_them(media):
    shown = 30

    def draw(film):
        return [film.cloud(film.noisy).show(shown)]

    scene, picture = still(SpiralSamplingScene, media, draw)
    positions = isolated(np.asarray(scene.noisy.positions[shown]), 12, 0.25)
    assert offsets(picture, on_stage(scene, positions)).max() < 0.6


def test_the_density_beneath_is_the_exact_one_of_the_steps_t(film):
    run, density = film.noisy, film.diffused_of(film.noisy)
    film.over_moments(ValueTracker(shares(run)[20]), run, density)
    lines = film.lines_of(density)
    assert isinstance(lines, Contours)
    moments = run.series["moments"]
    at = int(np.searchsorted(moments.steps, run.steps[20]))
    levels = [moments.values[j, 1:] for j in (max(at - 1, 0), at)]
    axis = np.linspace(-3.15, 3.15, 211)
    ends = [np.exp(find_target("spiral").diffused(*level).log_prob([axis[90], axis[120]])) for level in levels]
    low, high = min(ends), max(ends)
    assert low - 1e-6 <= density.current()[120, 90] <= high + 1e-6


def test_a_sampler_without_noise_is_refused():
    with pytest.raises(FilmError, match="no noise to leave out of 'ddim': choose ancestral or ancestral-wide"):
        type("Wrong", (SpiralSamplingScene,), {"sampler": "ddim"})()
