"""The film about the score: weights, guesses, arrows and numbers are exact for the data's points."""

import re

import numpy as np
import pytest
from manim import ValueTracker
from small_films import on_stage, staged, still
from stills import offsets

from diffusion_core.distributions import PointSet
from scenes.diffusion_film import shares
from scenes.formulas import IDEAL
from scenes.score import TOLD, ScoreFieldScene


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def film(media):
    return staged(ScoreFieldScene, media)


def weights_of(points, place, sigma):
    """Bayes' rule over equally likely points under noise of width σ, written out."""
    square = ((points - place) ** 2).sum(axis=1)
    likely = np.exp(-(square - square.min()) / (2 * sigma**2))
    return likely / likely.sum()


def test_lines_and_dots_have_the_posteriors_weights_at_the_very_noise(film):
    run = film.run_shown
    points, noise = run.series["points"].values, run.series["levels"].values[:, 2]
    for record in (1, 15, 40):
        expected = weights_of(points, np.array(film.place), noise[record])
        np.testing.assert_allclose(film.rays.data.array[record][2:], expected, atol=1e-9)
        np.testing.assert_allclose(film.weights.data.array[record], expected, atol=1e-9)
    np.testing.assert_allclose(film.weights.positions.array, points)


def test_the_arrow_leads_from_the_place_to_the_weighted_mean(film):
    run = film.run_shown
    points, noise = run.series["points"].values, run.series["levels"].values[:, 2]
    film.release(film.arrow, film.mean)
    for record in (2, 20, 40):
        mean = weights_of(points, np.array(film.place), noise[record]) @ points
        np.testing.assert_allclose(film.mean.show(record).current()[0], mean, atol=1e-6)
        arrow = film.arrow.show(record).arrow.get_all_points()
        tip = film.data.coords_to_point(mean)
        assert np.linalg.norm(arrow - tip, axis=1).min() < 1e-5
        start = film.data.coords_to_point(film.place)
        assert np.linalg.norm(arrow - start, axis=1).min() < 0.03  # half a shaft


def test_the_score_in_numbers_is_the_exact_score_of_the_noisy_points(film):
    points = PointSet(film.run_shown.series["points"].values)
    noise = film.run_shown.series["levels"].values[:, 2]
    sigma = noise[film.record_at(TOLD)]
    assert sigma == pytest.approx(TOLD, rel=0.1)
    said = re.search(r"\(x\) = \((-?[\d.]+), (-?[\d.]+)\)", " ".join(film.written))
    score = points.diffused(1.0, sigma).score(film.place)
    np.testing.assert_allclose([float(said[1]), float(said[2])], score, atol=0.0051)
    assert "({{ hat(x)_0 : mean }} - x) / sigma^2" in IDEAL["score"]


def test_the_field_is_the_exact_score_of_the_moment(film):
    run = film.run_shown
    points, field = PointSet(run.series["points"].values), film.field_of(run, "score", "exact")
    for moment in (1, 4, 7):
        record = int(run.series["moments"].steps[moment])
        film.over_moments(ValueTracker(shares(run)[record]), run, field)
        _, alpha, sigma = run.series["moments"].values[moment]
        exact = points.diffused(alpha, sigma).score(field.grid_points()[3, 9])
        tail, tip = field.arrow(3, 9)
        along = (tip - tail)[:2]
        np.testing.assert_allclose(along / np.linalg.norm(along), exact / np.linalg.norm(exact), atol=1e-3)
        field.clear_updaters()


def test_guesses_are_weighted_means_of_the_points(film):
    noisy, guessed = film.run_shown, film.guessed
    points = noisy.series["points"].values
    np.testing.assert_array_equal(points, guessed.series["points"].values)
    for record in (5, 25):
        sigma = noisy.series["levels"].values[record, 2]
        for x, guess in list(zip(noisy.positions[record], guessed.positions[record], strict=True))[:20]:
            np.testing.assert_allclose(guess, weights_of(points, x, sigma) @ points, atol=1e-5)


def test_the_guess_is_drawn_where_it_is(media):
    record = 25

    def draw(film):
        return [film.mean.show(record)]

    scene, picture = still(ScoreFieldScene, media, draw)
    place = scene.run_shown.series["mean"].values[record]
    assert offsets(picture, on_stage(scene, [place]), reach=16).max() < 0.6
