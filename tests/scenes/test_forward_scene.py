"""The forward film: its walk, its jumps, its three paces and its rewind are those of the runs."""

import re

import numpy as np
import pytest
from layout import pieces
from manim import Cross, ManimColor
from small_films import PARTICLES, logo, on_stage, staged, still
from stills import isolated, offsets, pixels_at_1080p

from diffusion_core.diffusion import forward_jump, forward_kick
from diffusion_core.observation import TOLERANCE, WINDOW
from diffusion_core.schedules import schedule, signal_and_noise
from diffusion_core.simulation import State
from scenes.diffusion_film import SCHEDULES
from scenes.formulas import FORWARD
from scenes.forward import ForwardDiffusionScene
from scenes.forward_sections import all_points
from scenes.forward_sections.film import clearness, gone
from scenes.forward_sections.schedules import BESIDE, SHOWN, at_level
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.readout import Readout


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def film(media):
    return staged(ForwardDiffusionScene, media)


def steps_of(film):
    return int(film.walk.steps[-1])


def test_a_logo_is_a_target_as_well_and_no_spiral(tmp_path):
    film = staged(ForwardDiffusionScene, tmp_path, target=logo(tmp_path), captions=False)
    assert len(film.spoken) == len(film.beats) > 10  # the subtitles have what is not written
    assert film.walk.recipe == "my_logo-forward"
    assert not any("spiral" in caption for caption in film.spoken)


def test_a_section_alone_computes_its_own_runs_only(media):
    film = staged(ForwardDiffusionScene, media, only="rewind")
    assert set(vars(film)) & {"jumps", "paced"} == set()
    assert film.beats[-1] == "rewind: cross"


def test_captions_claim_no_more_than_was_measured(film, monkeypatch):
    found = [(88, -5.0), (97, -5.1), (100, -5.2)]
    longest = [film.verdict(found), film.verdict([(88, -3.0), *found[1:]])]
    monkeypatch.setattr(all_points, "gone", lambda run: None)
    longest += [film.outcome(), film.verdict([])]
    assert all(len(caption.replace("$", "")) <= 70 for caption in longest)
    assert "As near to noise" not in film.outcome()
    assert "near" not in longest[1]


def test_captions_quote_the_runs(film):
    said = dict(zip(film.beats, film.spoken, strict=True))
    assert f"All {PARTICLES} points" in said["all: dissolve"]
    assert f"All {steps_of(film)} of them" in said["one point: walk"]
    assert f"Kick {film.held.record}," in said["one point: shrink"]
    assert f"to t = {film.jump.t}:" in said["one jump: shrink"]
    assert ("As near to noise" in said["all: gone"]) == (gone(film.walk) is not None)
    ends = [gone(run) for run in film.paced]
    if None not in ends:
        assert list(map(int, re.findall(r"\d+", said["schedules: gone"].partition("gone")[2])))[:3] == ends


def test_gone_is_the_first_time_from_which_the_distance_stays_in_the_floors_band(film):
    for run in (film.walk, *film.paced):
        mean, deviation = run.series["to_noise_floor"].values[0]
        within = run.series["to_noise"].values.ravel() <= mean + TOLERANCE * deviation
        t = gone(run)
        assert (t is None) == (not within[-1])
        if t is not None:
            assert within[t:].all()
            assert not within[t - 1]
            assert t > 5


def test_the_held_point_stays_on_the_stage_and_its_kick_is_an_early_one(film):
    run, (particle, record) = film.walk, film.held
    strays = np.abs(run.positions[:, run.detailed]).max(axis=(0, 2))
    assert particle in run.detailed
    assert strays[particle] <= max(3, strays.min())
    assert 1 <= record < steps_of(film) / 6
    np.testing.assert_array_equal(film.parts[0], run.positions[:, particle])


def test_of_two_kicks_the_clearer_one_is_that_whose_shorter_arrow_is_seen():
    drift = np.array([[0.1, 0.0], [0.0, 0.1], [0.01, 0.0]])
    noise = np.array([[0.2, 0.0], [0.2, 0.0], [0.2, 0.0]])
    along, across, short = clearness(drift, noise)
    assert short < 1 <= along < across


def test_the_kicks_arrows_are_those_of_the_formula(film):
    noise, (particle, t) = schedule("linear", steps_of(film)), film.held
    before, after = np.asarray(film.walk.positions[t - 1 : t + 1, particle], float)
    shrunk = noise.alpha[t] / noise.alpha[t - 1] * before
    start, climbed, kicked = film.anatomy.ends(0)
    for drawn, place in ((start, before), (climbed, shrunk), (kicked, after)):
        np.testing.assert_allclose(drawn, film.closer.coords_to_point(place), atol=1e-4)
    shown = next(code for code in film.written if code.startswith("$ x_t = ("))
    assert f"({after[0]:.3f}, {after[1]:.3f})" in shown
    shown = next(code for code in film.written if '"shrink"' in code)
    assert f"({shrunk[0] - before[0]:.3f}, {shrunk[1] - before[1]:.3f})" in shown


def test_the_jump_ends_on_the_walk_and_its_numbers_are_the_schedules(film):
    t, alpha, sigma, epsilon = film.jump
    noise, positions = schedule("linear", steps_of(film)), film.walk.positions[:, film.held.particle]
    assert (alpha, sigma) == pytest.approx((noise.alpha[t], noise.sigma[t]))
    np.testing.assert_allclose(alpha * positions[0] + sigma * epsilon, positions[t], atol=1e-6)
    start, shrunk, end = film.leap.ends(0)
    expected = film.past.coords_to_point([positions[0], alpha * positions[0], positions[t]])
    np.testing.assert_allclose([start, shrunk, end], expected, atol=1e-5)
    assert film.past.record == t
    numbers = [*positions[t], alpha, *positions[0], sigma, *epsilon]
    # They stand in the order of the terms.
    found = re.findall(r"-?\d+\.\d\d", film.formula.typst_code)
    np.testing.assert_allclose(np.array(found, float), numbers, atol=0.0051)


def test_the_rules_on_screen_are_those_in_the_code():
    noise, x = schedule("cosine", 40), np.random.default_rng(0).standard_normal((30, 2))
    now, then = noise.level(7), noise.level(8)
    epsilon = np.random.default_rng(1).standard_normal(x.shape)
    kicked = forward_kick(State(x), now, then, np.random.default_rng(1)).state.position
    ratio, beta = then.alpha / now.alpha, noise.beta[8]
    assert "alpha_t / alpha_(t-1) thin x_(t-1) : drift }} {{ + sqrt(beta_t) thin epsilon" in FORWARD["kick"]
    np.testing.assert_allclose(kicked, ratio * x + np.sqrt(beta) * epsilon, atol=1e-12)
    assert FORWARD["undo"].startswith("x_(t-1) = alpha_(t-1) / alpha_t thin (x_t {{ - sqrt(beta_t) thin epsilon")
    np.testing.assert_allclose((kicked - np.sqrt(beta) * epsilon) / ratio, x, atol=1e-12)
    assert "{{ alpha_t thin x_0 : drift }}, {{ + : noise }}, {{ sigma_t thin epsilon : noise }}" in FORWARD["jump"]
    jumped, drawn = forward_jump(x, then, np.random.default_rng(1))
    np.testing.assert_allclose(jumped, then.alpha * x + then.sigma * drawn)


def test_all_points_jump_from_the_data_to_the_jumps_of_that_very_t_over_its_density(media):
    film = staged(ForwardDiffusionScene, media, only="one jump")
    t, jumps = film.jump.t, film.jumps
    cloud = next(c for c in pieces(film, ParticleCloud) if c.particles == PARTICLES)
    assert cloud.record == 1
    np.testing.assert_array_equal(cloud.current(), jumps.positions[t])
    np.testing.assert_array_equal(cloud.at(0), jumps.positions[0])
    (density,) = pieces(film, DensityMap)
    steps, kept = jumps.series["moments"].steps, np.asarray(jumps.grids["diffused"].values, float)
    after = int(np.searchsorted(steps, t))
    share = (t - steps[after - 1]) / (steps[after] - steps[after - 1])
    between = (1 - share) * kept[after - 1] + share * kept[after]
    np.testing.assert_allclose(density.current(), between, rtol=1e-4, atol=1e-7)


def test_at_one_log_snr_the_three_clouds_are_the_very_same_points(film):
    jumps, shown = film.paced, min(SHOWN, PARTICLES)
    clean = np.asarray(jumps[0].positions[0], float)[:shown]
    noise = [schedule(name, steps_of(film)) for name in SCHEDULES]
    level, t = noise[0].level(20), 20
    epsilon = (np.asarray(jumps[0].positions[t], float)[:shown] - level.alpha * clean) / level.sigma
    for wanted in (3.0, 0.4, -2.0):
        alpha, sigma = signal_and_noise(wanted)
        lanes = [[mobject.copy() for mobject in lane] for lane in film.lanes]
        for i, (cloud, slider, time) in enumerate(lanes):
            record = at_level(film.levels[i])(wanted)
            for mobject in (cloud, slider, time):
                mobject.show(record)
            # Between two records places are on the line between theirs.
            np.testing.assert_allclose(cloud.current(), alpha * clean + sigma * epsilon, atol=0.02)
            low, high = film.levels[i][[int(record) + 1, int(record)]]
            assert low <= wanted <= high
            assert time.text == str(int(record))
            assert np.isclose(noise[i].log_snr[int(record) + 1], low)
        x = [slider.handle.get_center()[0] for _, slider, _ in lanes]
        assert np.ptp(x) < 1e-9


def test_the_panels_run_abreast_to_where_the_last_of_them_is_gone(film):
    times = [gone(run) for run in film.paced]
    ends = [values[t] for values, t in zip(film.levels, times, strict=True) if t is not None]
    least = max(min(ends, default=-np.inf), max(values[-1] for values in film.levels))
    for values, lane in zip(film.levels, film.lanes, strict=True):
        np.testing.assert_allclose([mobject.record for mobject in lane], at_level(values)(least))


def test_it_ends_on_the_start_of_the_walk_crossed_out(film):
    clouds = pieces(film, ParticleCloud)
    assert [cloud.particles for cloud in clouds] == [PARTICLES, 1]
    for cloud, expected in zip(clouds, (film.walk.positions[0], film.parts[0][:1]), strict=True):
        np.testing.assert_array_equal(cloud.current(), expected)
    (time,) = pieces(film, Readout)
    assert time.text == "0"
    (cross,) = pieces(film, Cross)
    np.testing.assert_allclose(cross.get_center(), film.zones.stage_center)
    assert cross.width < film.zones.stage_side


def test_isolated_particles_and_the_marks_are_drawn_where_the_run_put_them(media):
    def draw(film):
        film.lanes = [film.lane(i) for i in range(len(SCHEDULES))]
        return [*(mobject.show(steps_of(film)) for lane in film.lanes for mobject in lane), *film.marks()]

    film, picture = still(ForwardDiffusionScene, media, draw)
    look = ManimColor(film.look.exact).to_int_rgb()
    assert len(film.marks()) == sum(t is not None for t in film.times_gone) > 0
    for run, values, (cloud, slider, _) in zip(film.paced, film.levels, film.lanes, strict=True):
        positions = isolated(np.asarray(run.positions[-1], float), 6, 0.45)
        places = cloud.get_center()[:2] + positions * film.panel_side / (2 * WINDOW)
        assert offsets(picture, pixels_at_1080p(places)).max() < 0.6
        end = gone(run)
        if end is None:
            continue
        low, high = slider.span
        right = film.zones.board_right - BESIDE
        left = right - slider.length
        x = left + (values[end] - low) / (high - low) * (right - left)
        u, v = pixels_at_1080p(np.array([[x, slider.handle.get_center()[1] + 0.13]]))[0].astype(int)
        np.testing.assert_allclose(picture[v, u - 1 : u + 1].mean(axis=0), look, atol=12)


def test_the_jumps_arrows_are_drawn_in_the_colours_of_what_they_are(media):
    film, picture = still(ForwardDiffusionScene, media, lambda film: [film.source, film.past, film.leap.show(1)])
    _, alpha, sigma, epsilon = film.jump
    start = np.asarray(film.walk.positions[0, film.held.particle], float)
    for first, along, role in (
        (alpha * start, sigma * epsilon, "chance"), (start, (alpha - 1) * start, "exact"),
    ):  # fmt: skip
        u, v = on_stage(film, (first + 0.3 * along)[None])[0].astype(int)
        np.testing.assert_allclose(picture[v, u], ManimColor(getattr(film.look, role)).to_int_rgb(), atol=12)
