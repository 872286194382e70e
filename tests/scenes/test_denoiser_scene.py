"""The denoiser's film: weights, means, guesses and ways are those of the runs, at the very record."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from small_films import on_stage, staged, still
from stills import ink, isolated, offsets

from diffusion_core.diffusion import exact_denoiser
from diffusion_core.distributions import PointSet
from diffusion_core.schedules import Level
from scenes.denoiser import DenoiserScene
from scenes.denoiser_sections.film import DATA, FOLLOWED, spread_of
from scenes.denoiser_sections.mean import COMPARABLE
from scenes.denoiser_sections.one_jump import BINS
from scenes.denoiser_sections.posterior import FAINT
from scenes.denoiser_sections.steps import STEPS
from scenes.diffusion_film import log_snr, shares
from scenes.mobjects.moving_arrow import MovingArrow
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.zoom_inset import ZoomInset
from scenes.zones import zones

TAKEN, POINTS = 40, 60
"""Steps of a small run, or as many as it has if fewer; and points of the data."""


class Kept(DenoiserScene):
    """Keeps what beats have drawn, and what it shows at the moment that is looked at closely."""

    def ask_where_from(self, one, *ruler):
        super().ask_where_from(one, *ruler)
        (self.behind,) = (each for each in self.mobjects if isinstance(each, ParticleCloud) and each is not one)

    def beat(self, name, caption, *animations, **options):
        self.opacities = vars(self).get("opacities", {})
        self.opacities[name] = [each.opacity for each in self.mobjects if isinstance(each, ParticleCloud)]
        super().beat(name, caption, *animations, **options)

    def look_closely(self, rasters, *gone):
        self.close = {"rasters": rasters, "apart": gone[-1], "moments": [raster.moment for raster in rasters]}
        super().look_closely(rasters, *gone)
        family = [part for mobject in self.mobjects for part in mobject.get_family()]
        self.inset = next(part for part in family if isinstance(part, ZoomInset))

    def distances(self, panels):
        self.panels, self.reached = panels, [[part.moment for part in panel[1:3]] for panel in panels]
        return super().distances(panels)


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def film(media):
    return staged(Kept, media)


def test_a_section_alone_computes_nothing_for_the_others(media):
    film = staged(DenoiserScene, media, only="one jump")
    assert "jumps" not in vars(film)
    assert film.beats == ["one jump: start", "one jump: go", "one jump: why"]


# What is drawn is what is exactly true.


def test_the_data_are_there_from_the_first_picture_on_and_brighter_once_spoken_of(film):
    assert film.opacities["posterior: question"] == [FAINT]
    np.testing.assert_array_equal(film.behind.current(), film.way.series["points"].values)
    assert 0.1 < FAINT < film.behind.opacity == DATA["opacity"]


def test_the_weights_and_their_mean_are_bayes_rule_at_the_very_record(film):
    run, weights, mean = film.way, film.weights(), film.mean()
    points, levels = run.series["points"].values, run.series["levels"].values
    np.testing.assert_array_equal(weights.positions.array, points)
    for k in (0, 7, TAKEN // 2, TAKEN - 1):
        t, alpha, sigma = levels[k]
        assert t == run.times[k]
        square = ((np.asarray(run.positions[k, 0], float) - alpha * points) ** 2).sum(axis=1)
        likely = np.exp(-(square - square.min()) / (2 * sigma**2))
        drawn = weights.show(k).current()
        np.testing.assert_allclose(drawn, likely / likely.sum(), rtol=1e-3, atol=1e-6)
        exact = exact_denoiser(PointSet(points))(np.asarray(run.positions[k, :1], float), Level(alpha, sigma))
        np.testing.assert_allclose(mean.show(k).current(), exact, atol=1e-4)
        rays = film.rays(weights).show(k).data.array[k]
        np.testing.assert_allclose(rays[2:], drawn)
        np.testing.assert_allclose(rays[:2], weights.coords_to_point(run.positions[k, 0])[:2], atol=1e-6)


def test_the_curves_are_the_recorded_numbers(film):
    curve = film.candidates_curve()
    weights = film.way.series["weights"].values
    known = np.where(weights > 0, weights, 1)
    np.testing.assert_allclose(curve.data.array[:, 1], np.exp(-(known * np.log(known)).sum(axis=1)), rtol=1e-6)
    spread = film.spread_curve().data.array[:, 1]
    guess = film.way.series["guess"].values
    for k in (0, 9, TAKEN):
        x, y = guess[k, 0::2], guess[k, 1::2]
        assert spread[k] == pytest.approx(np.sqrt((x.var() + y.var()) / 2))


def test_the_moment_in_the_gap_is_the_emptiest_of_comparable_signal_and_noise(film):
    run, k = film.way, film.frozen
    points, mean, levels = (run.series[name].values for name in ("points", "mean", "levels"))
    alike = [i for i, (_, a, s) in enumerate(levels) if s > 0 and abs(2 * np.log(a / s)) <= COMPARABLE]
    gap = {i: min(np.hypot(*(mean[i] - point)) for point in points) for i in alike}
    assert k in gap
    assert gap[k] == max(gap.values())
    said = next(words for words in film.spoken if "nearest" in words)
    assert f"{gap[k]:.2f} away" in said


def test_there_everything_shows_that_moment(film):
    k, close = film.frozen, film.close
    assert close["moments"] == [0, k, k, k, k]
    guess = film.way.series["guess"].values[k, :2]
    np.testing.assert_allclose(close["rasters"][3].current()[0], guess)
    apart = np.hypot(*(guess - film.way.series["mean"].values[k]))
    assert close["apart"].text == f"{apart:.2f}"
    np.testing.assert_allclose(film.inset.contents[2].current()[0], film.way.series["mean"].values[k])


def test_the_captions_quote_the_runs(film):
    run, spoken = film.way, dict(zip(film.beats, film.spoken, strict=True))
    left = run.series["candidates"].values.ravel()
    assert f"these {POINTS} points" in spoken["posterior: data"]
    assert f"{left[0]:.0f} of {POINTS} count" in spoken["posterior: weights"]
    _, alpha, sigma = run.series["levels"].values.T
    assert spoken["posterior: fewer"].endswith(f"equal: {left[np.argmin(np.abs(alpha - sigma))]:.0f}.")
    assert round(left[-1]) == 1
    guess, mean = run.series["guess"].values[:, :2], run.series["mean"].values
    within = np.ceil(100 * np.hypot(*(guess - mean)[: film.frozen + 1].T).max()) / 100
    assert f"within {within:.2f}" in spoken["mean: network"]
    spread = film.jumps[1].series["spread"].values[-1]
    assert f"spread {float(spread):.2f}." in spoken["one jump: go"]
    assert f"The data's is {spread_of(run.series['points'].values):.2f}." in spoken["one jump: go"]
    assert f"{film.guesses.shape[1]} noisy points" in spoken["many: start"]
    for n in STEPS:
        reached = float(film.jumps[n].series["distance"].values[-1])
        assert any(f"{reached:.2f} from $p$" in text for text in film.written)


@pytest.mark.parametrize(
    ("distances", "settled", "said"),
    [((1, 0.5, 0.1), True, "as near as a true sample"), ((1, 0.5, 0.1), False, "More steps end nearer to $p$."),
     ((1, 0.2, 0.3), True, "How far")],
)  # fmt: skip
def test_what_is_said_of_the_steps_is_what_was_measured(distances, settled, said, film, monkeypatch):
    monkeypatch.setattr(type(film), "distance", lambda self, n: dict(zip(STEPS, distances, strict=True))[n])
    monkeypatch.setattr(type(film), "settled", lambda self, run: settled)
    assert said in film.outcome()


def test_only_what_has_collapsed_is_called_nearly_one_point(film):
    for left, said in ((0.02, "nearly one point"), (0.9, "with a spread 0.90")):
        run = SimpleNamespace(series={"spread": SimpleNamespace(values=np.array([1.0, left]))})
        assert said in film.landing(run)


# Ways and jumps.


def test_all_ways_start_from_the_same_noise(film):
    for n in STEPS:
        run = film.jumps[n]
        assert len(run.positions) == min(n, TAKEN) + 1
        assert (run.times[0], run.times[-1]) == (1000, 0)
        np.testing.assert_array_equal(run.positions[0], film.jumps[1].positions[0])
    np.testing.assert_allclose(film.followed[0], film.jumps[1].positions[0, :FOLLOWED])
    # One step of DDIM ends on the guess: the network is asked once.
    np.testing.assert_allclose(film.jumps[1].positions[1, :FOLLOWED], film.guesses[0], atol=1e-4)


def test_each_run_takes_as_many_steps_as_is_written_over_it():
    film = object.__new__(type("Asked", (DenoiserScene,), {"trajectory": lambda self, recipe: recipe}))
    assert {n: recipe.taken for n, recipe in film.jumps.items()} == {n: n for n in STEPS}


def test_a_panels_ways_are_straight_between_their_steps_and_reach_their_ends(film):
    assert film.reached == [[min(n, TAKEN)] * 2 for n in STEPS]
    for n, (_, cloud, heroes, _) in zip(STEPS, film.panels, strict=True):
        positions = np.asarray(film.jumps[n].positions, float)
        k = min(n, TAKEN) // 2
        cloud.eased = True
        np.testing.assert_allclose(cloud.show(k + 0.25).current(), 0.75 * positions[k] + 0.25 * positions[k + 1])
        np.testing.assert_allclose(heroes.show(len(positions) - 1).current(), positions[-1, :FOLLOWED])


def test_the_histogram_is_that_of_the_particles_before_and_after_their_jump(film):
    run = film.jumps[1]
    bars = film.histogram(run)
    start, end = np.asarray(run.positions[:, :, 0], float)
    for k, x in enumerate((start, end)):
        middle = BINS // 2  # bins are symmetric about 0
        half = 3.15 / BINS
        assert bars.data.array[k, middle] == pytest.approx(np.mean(np.abs(x) < half))


def test_the_clock_runs_evenly_in_log_snr_and_shows_the_t_of_its_record(film):
    even = shares(film.way)
    values = log_snr(film.way)
    np.testing.assert_allclose(np.diff(even) * (values[-1] - values[0]), np.diff(values))
    time = film.time_of(film.way).show(film.frozen)
    assert time.text == f"{int(film.way.times[film.frozen]):,}"


# The guesses of many.


def test_arrows_lead_from_the_noisy_points_to_the_networks_guesses_at_the_shown_record(film):
    seen = [part for mobject in film.mobjects for part in mobject.get_family()]
    arrows = [each for each in seen if isinstance(each, MovingArrow)]
    dots = [each for each in seen if isinstance(each, ParticleCloud) and each.records > 1]
    assert (len(arrows), len(dots)) == (FOLLOWED, 2)
    assert {each.moment for each in dots} == {sum(arrow.moment()) for arrow in arrows} == {TAKEN}
    noisy, guess = film.way.positions, film.way.series["guess"].values
    for k in (0, 11, TAKEN // 2, TAKEN - 2):
        for i, arrow in enumerate(arrows):
            outline = arrow.show(k).arrow.get_all_points()
            tail, tip = (film.behind.coords_to_point(x) for x in (noisy[k, i], guess[k, 2 * i : 2 * i + 2]))
            assert np.linalg.norm(outline - tip, axis=1).min() < 1e-5
            assert np.linalg.norm(outline - tail, axis=1).min() < 0.0101  # half a shaft
        shown = [each.show(k).current() for each in dots]
        assert any(np.allclose(here, noisy[k, :FOLLOWED]) for here in shown)
        assert any(np.allclose(here, guess[k].reshape(-1, 2)) for here in shown)


# Pixels.


def test_a_way_that_leaves_the_stage_is_seen_whole(media):
    def draw(film):
        film.way = dataclasses.replace(film.way, positions=3 * np.asarray(film.way.positions))
        return [film.one()]

    scene, _ = still(DenoiserScene, media, draw)
    assert scene.view.x_max > 3.15
    assert scene.view.x_max >= np.abs(scene.followed).max()
    one = scene.one()
    assert one.width == pytest.approx(zones(True).stage_side)
    np.testing.assert_allclose(one.get_center(), zones(True).stage_center)


@pytest.mark.parametrize("k", [5, TAKEN // 2])
@pytest.mark.parametrize("name", ["one", "guess", "mean"])
def test_the_markers_stand_where_the_run_has_them(name, k, media):
    def draw(film):
        marker = getattr(film, name)()
        marker.trail = 0
        return [marker.show(k)]

    scene, picture = still(DenoiserScene, media, draw)
    run = scene.way
    places = {
        "one": run.positions[k, 0], "guess": run.series["guess"].values[k, :2],
        "mean": run.series["mean"].values[k],
    }  # fmt: skip
    place = places[name] * 3.15 / scene.view.x_max
    assert offsets(picture, on_stage(scene, [place]), reach=24).max() < 0.3


def test_the_ink_of_a_point_is_its_weight(media):
    def draw(film):
        film.drawn = film.weights().show(int(np.argmin(np.abs(film.candidates - 5))))
        return [film.drawn]

    scene, picture = still(DenoiserScene, media, draw)
    radii, weights = scene.drawn.radii(), scene.drawn.current()
    heaviest = int(weights.argmax())
    np.testing.assert_allclose(radii**2 / radii[heaviest] ** 2, weights / weights[heaviest], atol=1e-9)
    place = scene.points[heaviest] * 3.15 / scene.view.x_max
    column, row = np.floor(on_stage(scene, [place])[0]).astype(int)
    assert ink(picture)[row, column] > 0


def test_isolated_particles_of_a_jump_are_drawn_where_the_run_put_them(media):
    scene, picture = still(DenoiserScene, media, lambda film: [film.cloud(film.jump(8)).show(0)])
    positions = isolated(np.asarray(scene.jump(8).positions[0]), 12, 0.2)
    assert offsets(picture, on_stage(scene, positions)).max() < 0.6
