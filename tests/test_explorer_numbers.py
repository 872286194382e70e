"""The explorer computes what Python computes: densities, scores, steps, and what it reads of a record."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from explorer_runs import BENT, REFUSING, SMALL, in_module

from diffusion_core.distributions import GaussianMixture
from diffusion_core.explored import chosen_records, components, explored
from diffusion_core.fields import plane
from diffusion_core.langevin import gradient_ascent, ula
from diffusion_core.packing import COARSE, FINE, pack
from diffusion_core.shapes import TARGETS, along_curve, find_target
from diffusion_core.simulation import State

MIXTURES = {name: p for name in TARGETS if isinstance(p := find_target(name), GaussianMixture)}
SLANTED = GaussianMixture(
    np.array([0.7, 0.2, 0.1]),
    np.array([[0.0, 1.0], [-1.0, 0.3], [2.0, -2.0]]),
    np.array([[[1.0, 0.6], [0.6, 0.5]], [[0.05, -0.02], [-0.02, 0.04]], [[0.01, 0.0], [0.0, 2.0]]]),
)
NEAR_AND_FAR = np.concatenate(
    [np.random.default_rng(1).normal(0, 1.5, (200, 2)), [[50.0, -70.0], [-400.0, 1.0], [0.0, 0.0]]]
)
FOLLOW = """
    const target = new m.Mixture(await m.unpackDoubles(argument.mixture));
"""


@pytest.mark.parametrize("p", [*MIXTURES.values(), SLANTED], ids=[*MIXTURES, "slanted"])
def test_score_and_density_are_pythons(page, p):
    body = """
        const places = Float64Array.from(argument.places.flat());
        const scores = new Float64Array(places.length);
        target.scoreInto(places, scores);
        return [Array.from(scores), argument.places.map(([x, y]) => target.logProb(x, y)), target.smoothness];
    """
    given = {"mixture": components(p), "places": NEAR_AND_FAR}
    scores, log_probs, smoothness = in_module(page, FOLLOW + body, given)
    np.testing.assert_allclose(np.reshape(scores, (-1, 2)), p.score(NEAR_AND_FAR), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(log_probs, p.log_prob(NEAR_AND_FAR), rtol=1e-9, atol=1e-9)
    assert smoothness == pytest.approx(p.smoothness, rel=1e-9)


class Told:
    """A generator that says what it is told."""

    def __init__(self, normals):
        self.normals = normals

    def standard_normal(self, shape):
        assert self.normals.shape == tuple(shape)
        return self.normals


@pytest.mark.parametrize(("step", "strength"), [(ula, 1), (gradient_ascent, 0)])
@pytest.mark.parametrize("name", ["smiley", "dinosaur"])
def test_live_steps_are_pythons_on_the_same_random_numbers(page, name, step, strength):
    rng = np.random.default_rng(2)
    p, start, normals = find_target(name), rng.normal(0, 1.2, (50, 2)), rng.standard_normal((40, 50, 2))
    state, tau = State(start), 0.002
    for told in normals:
        step_made = step(state, p, tau, Told(told))
        state = step_made.state
    body = """
        const places = Float64Array.from(argument.start.flat());
        const [drift, noise] = [new Float64Array(places.length), new Float64Array(places.length)];
        for (const normals of argument.normals) {
            m.langevinStep(target, argument.tau, argument.strength, normals.flat(), places, drift, noise);
        }
        return [places, drift, noise].map((array) => Array.from(array));
    """
    given = {"mixture": components(p), "start": start, "normals": normals, "tau": tau, "strength": strength}
    places, drift, noise = (np.reshape(array, (-1, 2)) for array in in_module(page, FOLLOW + body, given))
    np.testing.assert_allclose(places, state.position, atol=1e-9)
    np.testing.assert_allclose(drift, step_made.drift, atol=1e-9)
    np.testing.assert_allclose(noise, step_made.noise, atol=1e-9)


def test_live_normals_are_normal_and_follow_their_seed(page):
    body = "return argument.map((seed) => Array.from(new m.Random(seed).normals(new Float64Array(40000))));"
    one, again, other = np.array(in_module(page, body, [1, 1, 2]))
    np.testing.assert_array_equal(one, again)
    n, five = len(one), 5  # standard errors: of the mean 1/√n, of the square √(2/n), of the fourth power √(96/n)
    assert abs(one.mean()) < five / np.sqrt(n)
    assert abs((one**2).mean() - 1) < five * np.sqrt(2 / n)
    assert abs((one**4).mean() - 3) < five * np.sqrt(96 / n)
    assert abs((one[:-1] * one[1:]).mean()) < five / np.sqrt(n)
    assert abs((one * other).mean()) < five / np.sqrt(n)


@pytest.mark.parametrize("stroke", [[[0, 0], [1, 0.3], [1, 2], [-2.5, 1]], [[0.2, 0.1], [0.2, 0.1], [0.25, 0.1]]])
def test_a_stroke_becomes_the_mixture_along_its_curve(page, stroke):
    points = in_module(page, "return m.alongStroke(argument, 0.15);", stroke)
    np.testing.assert_allclose(points, along_curve(np.array(stroke, float), 0.15).means, atol=1e-12)


def test_a_point_of_the_pen_becomes_one_blob(page):
    assert in_module(page, "return m.alongStroke([[0.5, -1]], 0.15);") == [[0.5, -1]]


@pytest.mark.parametrize("p", [MIXTURES["smiley"], SLANTED], ids=["smiley", "slanted"])
def test_the_density_that_is_drawn_is_p(page, p):
    body = """
        const density = m.Density.ofMixture(target, 3.15);
        return [density.n, Array.from(density.values)];
    """
    n, values = in_module(page, FOLLOW + body, {"mixture": components(p)})
    exact = np.exp(p.log_prob(plane(np.linspace(-3.15, 3.15, n))))
    cut = np.exp(-12.5) * exact.max()  # each Gaussian ends where five standard deviations do
    np.testing.assert_allclose(np.reshape(values, (n, n)), exact, atol=2 * cut, rtol=1e-5)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_a_density_has_the_colours_of_the_films(page, name):
    from manim import ManimColor

    from scenes.mobjects.density_map import color_table
    from scenes.theme import THEMES

    look = THEMES[name]
    glow = color_table([ManimColor(colour) for colour in look.ramp])
    paper = np.array(ManimColor(look.paper).to_rgb())
    shown = paper * (1 - look.dimmed * glow[:, 3:]) + look.dimmed * glow[:, :3]
    body = "return Array.from(m.colourTable(argument[0], argument[1]));"
    table = np.reshape(in_module(page, body, [look.ramp, look.dimmed]), (-1, 3))
    np.testing.assert_allclose(table, 255 * shown, atol=0.01)


@pytest.mark.parametrize("levels", [FINE, COARSE])
def test_packed_numbers_come_back_to_within_half_a_quantum(page, levels):
    numbers = np.random.default_rng(3).normal(0, 2, (40, 7, 2)).cumsum(axis=0)
    packed = pack(numbers, levels)
    body = "const read = await m.unpack(argument); return Array.from(read.codes, (_, i) => read.at(i));"
    back = np.reshape(in_module(page, body, asdict(packed)), numbers.shape)
    assert packed.quantum == pytest.approx(np.ptp(numbers) / (levels - 1))
    assert np.abs(back - numbers).max() <= packed.quantum / 2 * (1 + 1e-9)


def steps_read(page, run, particles):
    """What the page knows of each record of some particles: (records, particles) of steps."""
    body = """
        const run = await m.Run.of(argument[0]);
        return Array.from({ length: run.records }, (_, k) => argument[1].map((i) => run.step(k, i)));
    """
    return in_module(page, body, [asdict(run), particles])


def test_steps_of_detailed_particles_are_those_of_the_record(page, trajectory_of):
    trajectory = trajectory_of(SMALL)
    run = explored(trajectory, 300, 200)
    assert not all(np.diff(run.steps) == 1)  # single steps first, then several at once
    read = steps_read(page, run, range(8))
    half = run.positions.quantum / 2 * (1 + 1e-9)
    for k in range(1, len(run.steps)):
        for i in range(8):
            step = read[k][i]
            assert step["kind"] == "single"
            assert np.abs(step["to"] - trajectory.positions[k, i]).max() <= half
            assert np.abs(step["drift"] - trajectory.drift[k, i]).max() <= run.drift.quantum / 2 * (1 + 1e-9)
            assert np.abs(step["noise"] - trajectory.noise[k, i]).max() <= half
            whole = np.array(step["from"]) + step["drift"] + step["noise"]
            assert np.abs(whole - step["to"]).max() <= 2 * run.positions.quantum


def test_of_other_particles_drift_and_noise_follow_from_two_places(page, trajectory_of):
    known = trajectory_of(SMALL)
    nobody = np.zeros((len(known.steps), 0, 2))
    run = explored(replace(known, detailed=np.zeros(0, np.int64), drift=nobody, noise=nobody), 300, 200)
    read = steps_read(page, run, range(8))
    quantum = run.positions.quantum
    # A place is off by half a quantum along each axis, and a score by so much times the largest curvature.
    drift_off = known.step_size * find_target("smiley").smoothness * quantum / np.sqrt(2)
    for k, gap in enumerate(np.diff(known.steps), start=1):
        for i in range(8):
            step = read[k][i]
            if gap > 1:
                assert (step["kind"], step["count"]) == ("jump", gap)
                continue
            assert np.linalg.norm(step["drift"] - known.drift[k, i]) <= drift_off
            assert np.linalg.norm(step["noise"] - known.noise[k, i]) <= drift_off + np.sqrt(2) * quantum


def test_refused_proposals_are_those_of_the_record(page, trajectory_of):
    trajectory = trajectory_of(REFUSING)
    run = explored(trajectory, 40, 20)
    assert run.detailed == tuple(range(40))
    assert run.drift is None  # the page computes it
    read = steps_read(page, run, range(40))
    accepted = np.array([[step["accepted"] for step in row] for row in read[1:]])
    np.testing.assert_array_equal(accepted, trajectory.accepted[1 : len(read), :40])
    assert 0.02 < np.mean(~accepted) < 0.98
    proposals = in_module(page, "return argument.map((row) => row.map(m.proposalOf));", read[1:])
    exact = trajectory.positions[: len(read) - 1, :40] + (trajectory.drift + trajectory.noise)[1 : len(read), :40]
    assert np.abs(np.array(proposals) - exact).max() < 2 * run.positions.quantum


def test_without_details_mala_shows_what_was_refused_but_no_proposal(page, trajectory_of):
    known = trajectory_of(REFUSING)
    nobody = np.zeros((len(known.steps), 0, 2))
    bare = replace(known, detailed=np.zeros(0, np.int64), drift=nobody, noise=nobody, accepted=nobody[..., 0] > 0)
    read = steps_read(page, explored(bare, 40, 20), range(40))
    for k in range(1, 21):
        for i in range(40):
            assert read[k][i]["accepted"] == known.accepted[k, i]
            assert (read[k][i]["noise"] is None) == (not known.accepted[k, i])


def test_drift_from_a_grid_is_as_exact_as_the_page_says(page, trajectory_of):
    trajectory = trajectory_of(BENT)
    run = explored(trajectory, 300, 20)
    assert run.score.mixture is None
    stated = float(run.drift_from.split()[-1])
    bare = replace(run, detailed=())
    read = steps_read(page, bare, range(300))
    score = find_target("banana").score(trajectory.positions[:20])
    off = np.array([[step["drift"] for step in row] for row in read[1:]]) - trajectory.step_size * score
    largest = np.quantile(np.linalg.norm(off, axis=-1), 0.99)  # over 20 of the 21 records that the page counts
    assert 0.7 * stated < largest < 1.3 * stated
    assert stated < 0.01 * np.sqrt(2 * trajectory.step_size)  # of a typical noise


@pytest.mark.parametrize(
    ("steps", "limit", "chosen"),
    [
        ([0, 1, 2, 3], 10, [0, 1, 2, 3]),
        (list(range(11)), 4, [0, 1, 2, 6, 10]),
        ([0, 1, 2, 10, 20, 30, 40, 50, 60], 6, [0, 1, 2, 4, 6, 8]),
        ([0, 5, 10, 15, 20], 2, [0, 2, 4]),
        ([0, 1, 2, 3, 4, 50], 4, [0, 1, 2, 3, 5]),
    ],
)
def test_single_steps_stay_and_the_last_record_too(steps, limit, chosen):
    records = chosen_records(np.array(steps), limit)
    assert records.tolist() == chosen
    assert len(records) <= limit + 1
