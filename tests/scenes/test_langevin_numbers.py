"""Numbers, circles, ghosts and words of the Langevin film against its files, without drawing anything."""

import numpy as np
import pytest
from filming import DRY
from manim import config, tempconfig
from test_langevin_scene import Fewer

from diffusion_core.langevin import mala, ula_stationary_variance
from diffusion_core.observation import TOLERANCE, verdict
from diffusion_core.shapes import find_target
from diffusion_core.simulation import State
from scenes import theme
from scenes.base import FilmError
from scenes.langevin import LangevinScene
from scenes.langevin_sections.film import CLIMBERS
from scenes.langevin_sections.noise_off import BINS, ROOM
from scenes.langevin_sections.one_chain import LAST
from scenes.langevin_sections.outlook import WIDEST
from scenes.langevin_sections.score import FOLLOWED, one_from_each_side
from scenes.langevin_sections.step_size import DEVIATIONS, MIDDLE, Panel

EYE = 0.2**2


class Small(Fewer, LangevinScene):
    pass


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """The film before its first beat; its small runs are computed when asked for."""
    with tempconfig(DRY | {"media_dir": str(tmp_path_factory.mktemp("media"))}):
        scene = Small()
        scene.setup()
        yield scene


@pytest.fixture(scope="module")
def panels(film):
    return [Panel(run, MIDDLE, film.look) for run in (*film.eyes, film.corrected)]


def test_circles_are_at_two_deviations_of_the_target_and_of_the_closed_form(panels):
    for panel in panels:
        biased = panel.run.parameters["sampler"] == "ula"
        law = ula_stationary_variance(panel.run.step_size, EYE) if biased else EYE
        assert panel.predicted == pytest.approx(law)
        truth, dashed = panel.truth, panel.law
        assert truth.width / 2 == pytest.approx(DEVIATIONS * np.sqrt(EYE) * panel.scale, rel=1e-3)
        assert dashed.width / 2 == pytest.approx(DEVIATIONS * np.sqrt(law) * panel.scale, rel=1e-2)
    assert [round(panel.predicted / EYE, 2) for panel in panels] == [1.05, 1.33, 2.67, 1.0]


def test_variances_said_to_be_measured_are_those_of_the_later_records(panels):
    for panel in panels:
        late = np.asarray(panel.run.positions)[100:]
        assert panel.measured == pytest.approx(np.mean(late**2) / EYE, rel=0.01)
        # 2,000 coordinates of 101 records that are correlated over fewer than 20 of them: 1.4 % or less.
        assert panel.measured == pytest.approx(panel.predicted / EYE, rel=4 * 0.014)


def test_ghosts_are_the_proposals_that_were_refused_then(panels):
    panel, run = panels[-1], panels[-1].run
    ghosts, positions = panel.ghosts().data.array, np.asarray(run.positions)
    assert panel.accepted == pytest.approx(np.mean(run.accepted[1:]))
    target = find_target("gaussian", width=0.2)
    for k in (1, 2, 57):
        refused = ~run.accepted[k]
        assert refused.any()
        assert np.isnan(ghosts[k][~refused]).all()
        before = positions[k - 1]
        drift = run.step_size * target.score(before)
        np.testing.assert_allclose(ghosts[k][refused], (before + drift + run.noise[k])[refused], atol=1e-12)
        assert (positions[k][refused] == before[refused]).all()
    assert np.isnan(ghosts[0]).all()
    step = mala(State(positions[0]), target, run.step_size, np.random.default_rng(0))
    assert step.noise.shape == run.noise[1].shape  # all that are drawn keep their proposals
    share = 1 - np.mean(run.accepted[1:])
    assert np.isfinite(ghosts[1:, :, 0]).mean() == pytest.approx(share)


def test_the_latest_places_are_the_chains_and_the_newest_is_the_brightest(film):
    cloud, path = film.latest_places(), np.asarray(film.chain.positions[:, 0])
    shown = cloud.data.array
    for k in (0, 3, len(path) - 1):
        np.testing.assert_array_equal(shown[k][-1], path[k])
        np.testing.assert_array_equal(shown[k][-2], path[max(k - 1, 0)])
        np.testing.assert_array_equal(shown[k][0], path[max(k - LAST + 1, 0)])
    opacities = cloud.paint.array[:, 3]
    assert (np.diff(opacities) > 0).all()


def test_the_numbers_on_the_board_are_the_drawn_steps(film):
    film.clear()
    film.open_inset()
    k, run = film.telling.record, film.chain
    said = " ".join(row.typst_code for row in film.numbers)
    for values in (run.positions[k - 1, 0], run.drift[k, 0], run.noise[k, 0], run.positions[k, 0]):
        assert f"({values[0]:.3f}, {values[1]:.3f})" in said
    x, climbed, kicked = film.anatomy.ends(k - 1)
    for point, place in (
        (x, run.positions[k - 1, 0]),
        (climbed, run.positions[k - 1, 0] + run.drift[k, 0]),
        (kicked, run.positions[k, 0]),
    ):
        np.testing.assert_allclose(point, film.inset.coords_to_point(place), atol=1e-9)


def test_histogram_and_spread_are_those_of_the_points_in_the_inset(film):
    film.close = film.cloud(film.near)
    x, _, half = film.near.parameters["near"]
    edges = np.linspace(x - half - ROOM, x + half + ROOM, BINS + 1)
    bars, true_bars = film.histograms()
    for k in (0, 7):
        counts = np.histogram(film.near.positions[k][:, 0], edges)[0] / film.near.positions.shape[1]
        np.testing.assert_allclose(bars.data.array[k], counts)
        assert bars.peak == true_bars.peak == 1.0  # one scale
    climbing, true = film.spreads()
    positions = np.asarray(film.near.positions)
    assert climbing.show(7).text == f"{np.sqrt(positions[7].var(axis=0).mean()):.3f}"
    assert true.text == f"{np.sqrt(positions[0].var(axis=0).mean()):.3f}"
    left, right, *_ = film.pair_of_insets()
    np.testing.assert_array_equal(right[1][1].data.array[0], positions[0])  # true samples: where they started
    np.testing.assert_array_equal(left.show(7).content(1).current(), positions[7])


def test_the_band_on_screen_is_that_of_the_verdict(film):
    curve = film.distance_and_masses()[0]
    mean, deviation = film.sampling.series["distance_floor"].values[0]
    values = film.sampling.series["distance"].values.ravel()
    least, most = int(np.argmin(values)), int(np.argmax(values))
    y = [curve.point(record)[1] for record in (least, most)]
    band = curve.band.get_all_points()[:, 1]
    slope = (values[most] - values[least]) / (y[1] - y[0])
    edges = values[least] + slope * (np.array([band.min(), band.max()]) - y[0])
    assert edges == pytest.approx([max(mean - TOLERANCE * deviation, 0), mean + TOLERANCE * deviation], abs=1e-6)


def test_climbers_that_are_followed_have_the_longest_ways(film):
    chosen = one_from_each_side(film.climbing)
    start, end = (np.asarray(film.climbing.positions[k, :CLIMBERS]) for k in (0, FOLLOWED))
    ways = np.linalg.norm(end - start, axis=1)
    assert np.median(ways[chosen]) > np.quantile(ways, 0.8)
    assert np.abs(start[chosen]).max() <= 3.15


def test_only_blurs_that_fit_the_stage_are_shown(film):
    film.clear()
    film.ask_for_blur()
    sigmas = film.climbing.series["blur"].values.ravel()
    assert film.blurred.records == (sigmas < WIDEST).sum() > 3


@pytest.mark.parametrize(
    ("distances", "settled", "words"),
    [
        ([0.3, 0.2, 0.05], True, "as close to $p$ as a true sample"),
        ([0.05, 0.06, 0.05], True, "says little"),
        ([0.3, 0.3, 0.3], False, "look at the distance"),
        ([0.3, 0.2, 0.05], False, "look at the shares"),
    ],
)
def test_the_last_words_say_what_was_measured(distances, settled, words):
    class Run:
        series = {  # noqa: RUF012
            "distance": type("S", (), {"values": np.array(distances)}),
            "distance_floor": type("S", (), {"values": np.array([[0.04, 0.01]])}),
        }

    class Told(Small):
        sampling, has_settled = Run, settled

    assert words in Told.arrival(Told.__new__(Told))


def test_a_film_of_a_run_that_did_not_arrive_shows_no_samples(film):
    assert not verdict(film.sampling).settled
    film.clear()
    film.ask_for_blur()
    film.ask_for_samples_only()
    assert not any(type(mobject).__name__ == "ParticleCloud" for mobject in film.mobjects)


def test_a_sampler_without_noise_is_refused(tmp_path):
    class Ascent(Small):
        sampler = "ascent"

    with tempconfig({"media_dir": str(tmp_path)}), pytest.raises(FilmError, match="no noise to turn on"):
        Ascent()
    assert theme.theme_name() == "dark"
    assert config.frame_width > 14
