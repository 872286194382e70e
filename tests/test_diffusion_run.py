"""Diffusion runs: what they record is what the sampler did, and what stands beside it is exact."""

import dataclasses
import json
import logging

import numpy as np
import pytest
from PIL import Image, ImageDraw

from diffusion_core.__main__ import main
from diffusion_core.compute import load_or_compute, verify
from diffusion_core.diffusion import SAMPLERS, exact_denoiser, sampler
from diffusion_core.diffusion_recipes import DiffusionRecipe, TrainingRecipe, on_target
from diffusion_core.diffusion_run import records_of
from diffusion_core.errors import RecipeError, SamplerError, ScheduleError
from diffusion_core.npz import save
from diffusion_core.observation import verdict
from diffusion_core.recipes import RECIPES, find_recipe, recipe_of
from diffusion_core.schedules import schedule
from diffusion_core.shapes import find_target

SMALL = DiffusionRecipe("small", "a small one", "eight-gaussians", steps=40, particles=60, moments=5, detailed=60)
NETWORK = TrainingRecipe(
    "small-net", target="gaussian", options={"width": 0.5}, iterations=40, batch=32, group=8, width=8, depth=1,
    waves=4, checkpoints=4, particles=20, threads=1,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_each_record_follows_from_the_one_before_by_drift_and_noise(tmp_path, name):
    recipe = dataclasses.replace(SMALL, sampler=name, records=1000)
    run = load_or_compute(recipe, tmp_path, progress=False)
    positions = np.asarray(run.positions, float)
    iterations = sampler(name, exact_denoiser(find_target("eight-gaussians")), schedule("linear", 40)).iterations
    assert run.steps.tolist() == list(range(iterations + 1))
    np.testing.assert_allclose(positions[1:], positions[:-1] + run.drift[1:] + run.noise[1:], atol=2e-6)
    assert (run.times[0], run.times[-1]) == (40, 0)
    assert (np.diff(run.times) <= 0).all()
    assert not run.noise[-1].any()


def test_records_are_even_in_log_snr_and_include_both_ends():
    noise = schedule("linear", 1000)
    times = np.arange(1000, -1, -1)
    records = records_of(times, noise, 100)
    assert (records[0], records[-1]) == (0, 1000)
    assert (np.diff(records) > 0).all()
    assert 80 <= len(records) <= 100
    log_snr = noise.log_snr[times[records[:-1]]]
    gap = (log_snr[-1] - log_snr[0]) / 98
    steps = -np.diff(noise.log_snr[1:])  # some are wider than the gap
    assert np.diff(log_snr).max() < gap + steps.max()
    assert np.diff(log_snr)[np.diff(records[:-1]) > 1].max() < 2 * gap


@pytest.mark.parametrize("name", ["annealed", "predictor-corrector"])
def test_records_of_samplers_that_stay_at_a_level_for_a_while_do_not_repeat(name):
    noise = schedule("cosine", 100)
    way = sampler(name, exact_denoiser(find_target("ring")), noise)
    records = records_of(way.times, noise, 50)
    assert (records[0], records[-1]) == (0, way.iterations)
    assert (np.diff(records) > 0).all()
    assert len(records) > 25
    at = way.times[records[1:-1]]
    assert (way.times[records[1:-1] + 1] < at).all()  # taken when the sampler had done at its level


def test_few_iterations_are_all_recorded():
    assert records_of(np.arange(10, -1, -1), schedule("edm", 10), 50).tolist() == list(range(11))


def test_the_grids_are_p_t_and_its_score_at_the_moments_that_are_named(tmp_path):
    run = load_or_compute(SMALL, tmp_path, progress=False)
    target, moments = find_target("eight-gaussians"), run.series["moments"]
    noise = schedule("linear", 40)
    assert len(moments.steps) == len(run.grids["diffused"].values) == len(run.grids["score"].values)
    for k, (step, (t, alpha, sigma)) in enumerate(zip(moments.steps, moments.values, strict=True)):
        assert t == 40 - step > 0
        assert (alpha, sigma) == pytest.approx(noise.level(int(t)))
        p = target.diffused(alpha, sigma)
        for name, function in (("diffused", lambda x, p=p: np.exp(p.log_prob(x))), ("score", p.score)):
            values, (x0, x1, y0, y1) = run.grids[name]
            rows, columns = values.shape[1:3]
            for row, column in ((3, rows - 2), (rows // 2, 5)):
                x = [x0 + (x1 - x0) * column / (columns - 1), y0 + (y1 - y0) * row / (rows - 1)]
                np.testing.assert_allclose(values[k, row, column], function(x), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(run.grids["followed"].values, run.grids["score"].values, atol=1e-9)


@pytest.mark.parametrize("name", ["ancestral", "ancestral-mean", "annealed"])
def test_the_guess_is_the_denoisers_at_each_record_for_x_and_y_of_each_particle(tmp_path, name):
    # Of N(0, s² I) it is α s²/(α² s² + σ²) x_t; positions are kept in single precision.
    changes = {"target": "gaussian", "options": {"width": 0.6}, "sampler": name, "records": 12, "detailed": 3}
    run = load_or_compute(dataclasses.replace(SMALL, **changes), tmp_path, progress=False)
    guess = run.series["guess"]
    assert guess.labels == tuple(f"{axis} of particle {i}" for i in (0, 1, 2) for axis in ("x", "y"))
    assert guess.steps.tolist() == run.steps.tolist()
    assert (np.diff(run.steps) > 1).any()  # not all are recorded
    noise = schedule("linear", 40)
    for k, t in enumerate(run.times.astype(int)):
        factor = noise.alpha[t] * 0.36 / (noise.alpha[t] ** 2 * 0.36 + noise.sigma[t] ** 2)
        np.testing.assert_allclose(guess.values[k].reshape(3, 2), factor * run.positions[k, :3], rtol=0, atol=1e-6)
    np.testing.assert_allclose(guess.values[-1].reshape(3, 2), run.positions[-1, :3], rtol=0, atol=1e-6)


def test_without_detailed_particles_there_is_no_guess(tmp_path):
    run = load_or_compute(dataclasses.replace(SMALL, detailed=0), tmp_path, progress=False)
    assert "guess" not in run.series


@pytest.mark.parametrize("name", ["ancestral", "annealed"])
def test_the_first_particles_way_is_held_against_points_by_bayes_rule(tmp_path, name):
    changes = {"sampler": name, "records": 12, "points": 9, "detailed": 2}
    run = load_or_compute(dataclasses.replace(SMALL, **changes), tmp_path, progress=False)
    series, noise = run.series, schedule("linear", 40)
    points = series["points"].values
    assert series["weights"].values.shape == (len(run.steps), 9)
    for k, t in enumerate(run.times.astype(int)):
        squares = ((run.positions[k, 0].astype(float) - noise.alpha[t] * points) ** 2).sum(axis=1)
        if t > 0:
            likely = np.exp(-(squares - squares.min()) / (2 * noise.sigma[t] ** 2))
        else:
            likely = squares == squares.min()  # at the end, the nearest
        weights = likely / likely.sum()
        # Single precision moves a square by 1e-6, and the logarithm of a weight by that over 2σ² > 0.02.
        np.testing.assert_allclose(series["weights"].values[k], weights, rtol=1e-3, atol=1e-12)
        np.testing.assert_allclose(series["mean"].values[k], weights @ points, rtol=0, atol=1e-3)
    assert series["candidates"].values[-1] == 1


def test_points_depend_on_the_seed_alone_and_change_nothing_else(tmp_path):
    recipe = dataclasses.replace(SMALL, points=6, moments=2)
    changes = ({}, {"sampler": "ddim", "particles": 50}, {"seed": 1}, {"points": 0})
    runs = [load_or_compute(dataclasses.replace(recipe, **change), tmp_path, progress=False) for change in changes]
    points = [run.series["points"].values for run in runs[:3]]
    np.testing.assert_array_equal(points[0], points[1])
    assert not np.isin(points[0], points[2]).any()
    np.testing.assert_array_equal(runs[0].positions, runs[3].positions)
    assert not {"points", "weights", "mean", "candidates"} & set(runs[3].series)
    assert verify(runs[0].path) == (True, "computed again, equal to the last byte")


def test_the_exact_score_leads_to_the_target_and_the_verdict_says_so(tmp_path):
    recipe = dataclasses.replace(SMALL, target="spiral", steps=200, particles=2000, detailed=0)
    assert verdict(load_or_compute(recipe, tmp_path, progress=False)).settled
    few = dataclasses.replace(recipe, schedule="cosine", steps=3)
    judged = verdict(load_or_compute(few, tmp_path, progress=False))
    assert not judged.settled
    assert "train the network for more iterations" in judged.sentence


def test_a_shorter_way_over_the_same_schedule_keeps_its_times(tmp_path):
    recipe = dataclasses.replace(SMALL, steps=1000, taken=20, sampler="ddim")
    run = load_or_compute(recipe, tmp_path, progress=False)
    assert run.times.tolist() == list(range(1000, -1, -50))
    np.testing.assert_allclose(run.series["levels"].values[1, 1], schedule("linear", 1000).alpha[950])


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_others(tmp_path):
    files = [
        load_or_compute(dataclasses.replace(SMALL, seed=seed), tmp_path / str(k), progress=False).path
        for k, seed in enumerate((3, 3, 4))
    ]
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()
    assert verify(files[0]) == (True, "computed again, equal to the last byte")


def test_a_wrong_prior_is_said_in_one_sentence(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        load_or_compute(SMALL, tmp_path, progress=False)
        assert not caplog.records
        load_or_compute(dataclasses.replace(SMALL, schedule="log-linear", steps=20), tmp_path, progress=False)
        assert not caplog.records
        own = dataclasses.replace(SMALL, options={"radius": 30.0})  # nearly a thousand times the variance
        load_or_compute(own, tmp_path, progress=False)
    (record,) = caplog.records
    assert "where samples start from noise alone" in record.message
    assert "\n" not in record.message


def test_recipes_come_back_from_their_parameters():
    for recipe in RECIPES.values():
        parameters = json.loads(json.dumps(dataclasses.asdict(recipe)))
        again = recipe_of(parameters)
        assert again == recipe
        assert again.key == recipe.key
    with pytest.raises(RecipeError, match="not made by a recipe of this version"):
        recipe_of({"name": "x"})


def test_verify_names_the_file_that_no_recipe_made(tmp_path):
    run = load_or_compute(SMALL, tmp_path, progress=False)
    save(dataclasses.replace(run, parameters={"x": 1}), tmp_path / "foreign.npz")
    with pytest.raises(RecipeError, match=r"foreign\.npz.*nothing to compare it with"):
        verify(tmp_path / "foreign.npz")


def test_a_recipe_goes_to_another_target_with_its_network():
    moved = on_target(find_recipe("dinosaur-ddpm"), "ring", width=0.2)
    assert moved.target == moved.training.target == "ring"
    assert moved.options == moved.training.options == {"width": 0.2}


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"steps": 0}, RecipeError, "steps = 0"),
        ({"taken": 0}, RecipeError, "taken = 0"),
        ({"taken": 50}, ScheduleError, "choose 1 to 40"),
        ({"schedule": "cosin"}, ScheduleError, "did you mean 'cosine'"),
        ({"steps": 5}, ScheduleError, "between 0 and 1"),
        ({"sampler": "dimm"}, SamplerError, "did you mean 'ddim'"),
        ({"sampler": "ddim", "sampler_options": {"eta": 2.0}}, SamplerError, "out of range"),
        ({"sampler_options": {"eta": 0.5}}, SamplerError, "no options"),
        ({"particles": 1}, RecipeError, "particles = 1"),
        ({"training": "spiral-net"}, RecipeError, "give a TrainingRecipe"),
        ({"training": {"nam": 1}}, RecipeError, "no recipe of this version"),
        ({"training": NETWORK, "sampler": "dimm"}, SamplerError, "did you mean 'ddim'"),
        ({"sampler": "ddim", "sampler_options": {"eta": "0.5"}}, SamplerError, "give a number"),
        ({"target": "banana"}, SamplerError, "no exact denoiser of 'banana'"),
        ({"points": 5, "detailed": 0}, RecipeError, "detailed = 0 follows no particle to hold against points"),
        ({"points": -1}, RecipeError, "points = -1"),
    ],
)
def test_mistakes_are_refused_in_one_sentence(tmp_path, changes, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        load_or_compute(dataclasses.replace(SMALL, **changes), tmp_path, progress=False)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.npz"))


def test_any_picture_can_be_learned(tmp_path):
    logo = Image.new("L", (60, 40), 255)
    ImageDraw.Draw(logo).rectangle((10, 10, 30, 30), fill=0)
    logo.save(tmp_path / "logo.png")
    small = dataclasses.replace(SMALL, training=NETWORK, particles=20)
    run = load_or_compute(on_target(small, str(tmp_path / "logo.png")), tmp_path, progress=False)
    assert run.grids["score"].values.shape == run.grids["followed"].values.shape
    assert np.isfinite(run.positions).all()
    Image.new("L", (60, 40), 255).save(tmp_path / "logo.png")
    code = main(["precompute", "nothing", "--folder", str(tmp_path)])
    assert code == 2


def test_the_command_line_knows_networks(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(RECIPES, "small-net", NETWORK)
    assert main(["precompute", "small-net", "--folder", str(tmp_path)]) == 0
    (file,) = tmp_path.glob("*.npz")
    capsys.readouterr()
    assert main(["inspect", str(file)]) == 0
    said = capsys.readouterr().out
    assert "0 to 40, of training" in said
    assert "trained in" in said
    assert "quality     distance" in said
    assert main(["verify", str(file)]) == 0
    assert main(["plot", str(file), "-o", str(tmp_path / "net.png")]) == 0
    assert Image.open(tmp_path / "net.png").width > 1500
    assert main(["precompute", "small-net", "--folder", str(tmp_path / "new"), "--device", "nonsense"]) == 2
    said = capsys.readouterr().err
    assert "cannot work on the device 'nonsense'" in said


def test_weights_that_were_cut_off_are_refused_in_one_sentence(tmp_path, capsys):
    from diffusion_core.npz import load

    run = dataclasses.replace(SMALL, training=NETWORK, particles=20)
    record = load_or_compute(NETWORK, tmp_path, progress=False)
    cut = dataclasses.replace(load(record.path), weights=np.array(record.weights[:, :-3]))
    save(cut, record.path)
    with pytest.raises(Exception, match="another architecture") as caught:
        load_or_compute(run, tmp_path, progress=False)
    assert type(caught.value).__name__ == "NetworkError"
    whole = record.path.read_bytes()
    record.path.write_bytes(whole[: len(whole) // 2])
    assert main(["inspect", str(record.path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
