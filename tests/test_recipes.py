import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import stats

from diffusion_core import recipe as recipe_module
from diffusion_core.compute import load_or_compute, verify
from diffusion_core.errors import DistributionError, RecipeError, SamplerError, TrajectoryError
from diffusion_core.langevin import ula_stationary_variance
from diffusion_core.metrics import bin_masses
from diffusion_core.observation import TOLERANCE, verdict
from diffusion_core.recipes import RECIPES, LangevinRecipe, find_recipe
from diffusion_core.shapes import find_target, smiley

SMALL = LangevinRecipe("small", particles=40, steps=30, dense=10, every=7, climb=5)


def test_recorded_iterations_start_at_0_and_end_at_the_last():
    assert SMALL.recorded.tolist() == [*range(11), 17, 24, 30]
    assert LangevinRecipe("short", steps=3).recorded.tolist() == [0, 1, 2, 3]


def test_two_runs_with_one_seed_are_equal_to_the_last_byte_and_another_seed_differs(tmp_path):
    files = []
    for number, seed in enumerate((3, 3, 4)):
        recipe = dataclasses.replace(SMALL, seed=seed)
        files.append(load_or_compute(recipe, tmp_path / str(number), progress=False).path)
    assert files[0].name == files[1].name != files[2].name
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()


@pytest.mark.parametrize("sampler", ["ascent", "ula", "mala", "underdamped", "annealed"])
def test_the_record_holds_what_each_step_did(tmp_path, sampler):
    recipe = dataclasses.replace(SMALL, sampler=sampler, detailed=6, dense=30)
    run = load_or_compute(recipe, tmp_path, progress=False)
    positions = np.asarray(run.positions)[:, run.detailed]
    proposed = positions[:-1] + run.drift[1:] + run.noise[1:]
    expected = np.where(run.accepted[1:, :, None], proposed, positions[:-1]) if sampler == "mala" else proposed
    np.testing.assert_allclose(positions[1:], expected, atol=1e-12)
    if sampler == "ula":
        np.testing.assert_allclose(run.drift[1:], recipe.step_size * smiley().score(positions[:-1]), atol=1e-12)
    if sampler == "ascent":
        assert not run.noise.any()


def test_grids_are_p_and_its_score_where_they_are_drawn(tmp_path):
    run = load_or_compute(SMALL, tmp_path, progress=False)
    for name, function in (("density", lambda x: np.exp(smiley().log_prob(x))), ("score", smiley().score)):
        values, (x0, x1, y0, y1) = run.grids[name]
        rows, columns = values.shape[:2]
        for row, column in ((0, 0), (3, rows - 2), (rows - 1, columns - 1)):
            x = [x0 + (x1 - x0) * column / (columns - 1), y0 + (y1 - y0) * row / (rows - 1)]
            np.testing.assert_allclose(values[row, column], function(x), rtol=1e-6, atol=1e-12)


def test_a_run_climbs_first_and_starts_from_where_the_ascent_ended(tmp_path):
    climb = dataclasses.replace(SMALL, name="climb", sampler="ascent", climb=0, steps=5, step_size=0.005)
    end = load_or_compute(climb, tmp_path, progress=False).positions[-1]
    start = load_or_compute(SMALL, tmp_path, progress=False).positions[0]
    np.testing.assert_array_equal(start, end)


TARGETS_NEAR = [
    ("smiley", (-0.75, 0.65, 0.45)),
    ("banana", (0.0, -0.5, 0.4)),
    ("checkerboard", (1.1, 1.1, 0.9)),
    ("logo.png", (0.0, 0.0, 1.0)),
]


@pytest.mark.parametrize(("target", "near"), TARGETS_NEAR, ids=[name for name, _ in TARGETS_NEAR])
def test_a_run_near_a_place_starts_at_true_samples_of_p_there(tmp_path, target, near):
    if target == "logo.png":
        logo = Image.new("L", (60, 40), 255)
        ImageDraw.Draw(logo).rectangle((10, 10, 30, 30), fill=0)
        target = str(tmp_path / target)
        logo.save(target)
    recipe = LangevinRecipe("near", target=target, near=near, particles=8000, steps=1)
    start = np.asarray(load_or_compute(recipe, tmp_path, progress=False).positions[0])
    x, y, radius = near
    across = start - [x, y]
    distance, angle = np.hypot(*across.T), np.arctan2(across[:, 1], across[:, 0])
    assert distance.max() <= radius
    edges = radius * np.sqrt(np.linspace(0, 1, 7)), np.linspace(-np.pi, np.pi, 7)  # sectors of equal area

    def log_prob_of_polar(at):  # r, θ; with the r of the area
        places = at[..., :1] * np.stack([np.cos(at[..., 1]), np.sin(at[..., 1])], axis=-1) + [x, y]
        return find_target(target).log_prob(places) + np.log(at[..., 0])

    masses = bin_masses(log_prob_of_polar, edges).ravel()
    counts = np.histogram2d(distance, angle, bins=edges)[0].ravel()
    large = masses / masses.sum() * len(start) >= 5  # the others are merged
    observed = np.append(counts[large], counts[~large].sum())
    expected = np.append(masses[large], masses[~large].sum()) / masses.sum() * len(start)
    kept = expected > 0
    assert stats.chisquare(observed[kept], expected[kept]).pvalue > 1e-3


def test_a_place_without_mass_is_refused_in_one_sentence(tmp_path):
    recipe = dataclasses.replace(SMALL, near=(2.9, 2.9, 0.05), options={"face": 0.0})
    with pytest.raises(RecipeError, match="hardly any of its mass"):
        load_or_compute(recipe, tmp_path, progress=False)
    assert not list(tmp_path.glob("*.npz*"))


def test_a_place_may_be_a_list_as_json_makes_it(tmp_path):
    recipe = dataclasses.replace(SMALL, near=(0, 0, 1))
    assert recipe.near == (0.0, 0.0, 1.0)
    again = LangevinRecipe(**json.loads(json.dumps(dataclasses.asdict(recipe))))
    assert again == recipe
    assert again.key == recipe.key != SMALL.key
    run = load_or_compute(recipe, tmp_path, progress=False)
    assert verify(run.path) == (True, "computed again, equal to the last byte")


def test_the_key_covers_parameters_the_input_file_and_our_code(tmp_path, monkeypatch):
    table = tmp_path / "points.csv"
    table.write_text("x,y\n0,0\n1,1\n")
    recipe = dataclasses.replace(SMALL, target=str(table))
    before = recipe.key
    assert recipe.key == before
    for change in ({"seed": 1}, {"step_size": 0.002}, {"options": {"width": 0.2}}, {"sampler": "mala"}):
        assert dataclasses.replace(recipe, **change).key != before
    table.write_text("x,y\n0,0\n1,2\n")
    changed = recipe.key
    assert changed != before

    source = Path(recipe_module.__file__).parent
    copy = tmp_path / "diffusion_core"
    copy.mkdir()
    for file in source.glob("*.py"):
        (copy / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(recipe_module, "__file__", str(copy / "recipe.py"))
    for module, counts in (
        ("langevin", True), ("distributions", True), ("metrics", True), ("plot", False), ("network", False),
    ):
        recipe_module.source_hash.cache_clear()
        before = recipe.key
        (copy / f"{module}.py").write_text((copy / f"{module}.py").read_text() + "\n# a changed line\n")
        recipe_module.source_hash.cache_clear()
        assert (recipe.key != before) is counts, module
    recipe_module.source_hash.cache_clear()


def test_ten_processes_that_ask_at_once_compute_once(tmp_path, monkeypatch):
    log = tmp_path / "computed"
    monkeypatch.setenv("DIFFUSION_TEST_LOG", str(log))
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from diffusion_core import compute, recipes\n"
        "original = compute.compute\n"
        "def counted(*arguments):\n"
        "    with open(os.environ['DIFFUSION_TEST_LOG'], 'a') as log: log.write('x')\n"
        "    original(*arguments)\n"
        "compute.compute = counted\n"
        "small = recipes.LangevinRecipe('small', particles=40, steps=30)\n"
        "print(compute.load_or_compute(small, Path(sys.argv[1]), progress=False).hash)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    hashes = {process.communicate()[0] for process in running}
    assert all(process.returncode == 0 for process in running)
    assert len(hashes) == 1
    assert log.read_text() == "x"


def test_a_killed_run_leaves_nothing_half_written_and_the_next_one_works(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom diffusion_core import compute, recipes\n"
        "recipe = recipes.LangevinRecipe('long', particles=200, steps=10**6, every=1)\n"
        "print(recipe.path(Path(sys.argv[1])), flush=True)\n"
        "compute.load_or_compute(recipe, Path(sys.argv[1]), progress=False)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    final = Path(process.stdout.readline().strip())
    while not any(file.stat().st_size > 100_000 for file in tmp_path.iterdir()):
        assert process.poll() is None
    process.kill()
    process.wait()
    assert not final.exists()
    assert not list(tmp_path.glob("*.npz"))
    assert load_or_compute(SMALL, tmp_path, progress=False).positions.shape == (14, 40, 2)


def test_a_run_that_fails_leaves_no_file(tmp_path):
    recipe = dataclasses.replace(SMALL, target="gaussian", options={"width": 0.01}, step_size=1.0, climb=0)
    with pytest.raises(SamplerError, match="largest stable"):
        load_or_compute(recipe, tmp_path, progress=False)
    assert not list(tmp_path.glob("*.npz*"))


def test_a_damaged_file_is_said_so_and_left_alone(tmp_path):
    path = load_or_compute(SMALL, tmp_path, progress=False).path
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(TrajectoryError):
        load_or_compute(SMALL, tmp_path, progress=False)
    assert path.read_bytes() == bytes(damaged)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"particles": 0}, "particles = 0"),
        ({"particles": 2.5}, "particles = 2.5"),
        ({"steps": -1}, "steps = -1"),
        ({"step_size": -1}, "step_size = -1"),
        ({"step_size": float("nan")}, "step_size = nan"),
        ({"step_size": "big"}, "step_size = 'big'"),
        ({"seed": -3}, "seed = -3"),
        ({"near": (0.0, 1.0)}, r"near = \(0.0, 1.0\) is no disc"),
        ({"near": (0.0, 1.0, 0.0)}, "radius above 0"),
        ({"near": (0.0, float("nan"), 1.0)}, "is no disc"),
        ({"near": "eye"}, "near = 'eye' is no disc"),
    ],
)
def test_parameters_that_make_no_run_are_refused(change, sentence):
    with pytest.raises(RecipeError, match=sentence):
        dataclasses.replace(SMALL, **change)


def test_an_unknown_recipe_gets_a_suggestion():
    with pytest.raises(RecipeError, match="did you mean 'smiley-ula'"):
        find_recipe("smiley-ulla")


def test_a_target_that_annealing_cannot_blur_is_refused(tmp_path):
    recipe = dataclasses.replace(SMALL, target="banana", sampler="annealed", climb=0)
    with pytest.raises(SamplerError, match="mixture of Gaussians"):
        load_or_compute(recipe, tmp_path, progress=False)


def test_an_unknown_sampler_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(SamplerError, match="did you mean 'ula'"):
        load_or_compute(dataclasses.replace(SMALL, sampler="ulla"), tmp_path, progress=False)


def test_a_logo_is_a_target(tmp_path):
    logo = Image.new("L", (60, 40), 255)
    ImageDraw.Draw(logo).rectangle((10, 10, 30, 30), fill=0)
    logo.save(tmp_path / "logo.png")
    recipe = dataclasses.replace(SMALL, target=str(tmp_path / "logo.png"))
    assert load_or_compute(recipe, tmp_path, progress=False).positions.shape == (14, 40, 2)
    Image.new("L", (60, 40), 255).save(tmp_path / "logo.png")
    with pytest.raises(DistributionError, match="no ink"):
        load_or_compute(recipe, tmp_path, progress=False)


def test_verify_computes_again_and_notices_a_changed_value(tmp_path):
    run = load_or_compute(SMALL, tmp_path, progress=False)
    assert verify(run.path) == (True, "computed again, equal to the last byte")
    from diffusion_core.npz import save

    positions = np.array(run.positions)
    positions[5, 3, 0] += 1e-9
    save(dataclasses.replace(run, positions=positions), tmp_path / "forged.npz")
    same, sentence = verify(tmp_path / "forged.npz")
    assert not same
    assert "not equal" in sentence


def test_verify_holds_files_of_other_versions_to_the_laws(tmp_path):
    from diffusion_core.npz import save

    run = load_or_compute(dataclasses.replace(SMALL, particles=500), tmp_path, progress=False)
    older = dataclasses.replace(run, versions={"numpy": "1.0"})
    save(older, tmp_path / "older.npz")
    assert verify(tmp_path / "older.npz")[0]
    positions = np.array(run.positions)
    positions[-1] += 0.5
    save(dataclasses.replace(older, positions=positions), tmp_path / "shifted.npz")
    assert not verify(tmp_path / "shifted.npz")[0]


# The film's own runs: minutes of the mixing study, seconds here.


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return load_or_compute(RECIPES["smiley-ula"], tmp_path_factory.mktemp("film"), progress=False)


def test_the_films_run_ends_in_the_right_proportions(film):
    series = film.series
    mass, error = series["part_mass"].values[-1], series["part_mass_error"].values[-1]
    target = series["part_mass_target"].values[0]
    assert series["part_mass"].labels == ("ring", "left eye", "right eye", "mouth", "face")
    np.testing.assert_allclose(target, smiley().part_masses)
    assert (np.abs(mass - target) < 3 * error).all()
    start = np.abs(series["part_mass"].values[0] - target) / series["part_mass_error"].values[0]
    assert start.max() > 5  # it did not start there


def test_the_films_run_ends_at_the_floor_of_its_distance(film):
    distance = film.series["distance"].values
    mean, deviation = film.series["distance_floor"].values[0]
    assert abs(distance[-1] - mean) < 3 * deviation
    assert distance[0] > mean + 20 * deviation
    assert verdict(film).settled


def test_thin_parts_without_the_face_keep_the_particles_they_started_with_and_the_user_is_told(tmp_path):
    recipe = RECIPES["smiley-without-face"]
    run = load_or_compute(recipe, tmp_path, progress=False)
    mass, target = run.series["part_mass"].values, run.series["part_mass_target"].values[0]
    chance = np.sqrt(target * (1 - target) / run.positions.shape[1])  # of as many independent particles
    assert np.abs((mass[-1] - target) / chance).max() > 4 * TOLERANCE
    assert np.abs(mass[-1] - mass[0]).max() < 0.02
    parts = find_target(recipe.target, **recipe.options)
    first, last = (parts.responsibilities(np.asarray(run.positions[k])).argmax(axis=1) for k in (0, -1))
    assert np.mean(first != last) < 0.02  # it is no balance of many that cross: hardly one does
    judged = verdict(run)
    assert not judged.settled
    assert "has not reached its target" in judged.sentence


def test_the_single_chain_visits_every_part_often_enough(tmp_path):
    run = load_or_compute(RECIPES["smiley-chain"], tmp_path, progress=False)
    assert (run.series["effective_sample_size"].values >= 200).all()
    thinned = np.diff(run.steps) == RECIPES["smiley-chain"].every
    shares = run.series["part_mass"].values[1:][thinned]
    size = run.series["effective_sample_size"].values[0]
    off = np.abs(shares.mean(axis=0) - smiley().part_masses) / (shares.std(axis=0) / np.sqrt(size))
    assert (off < 4).all()


def test_true_samples_around_the_left_eye_climb_onto_one_point(tmp_path):
    recipe = RECIPES["smiley-near"]
    run = load_or_compute(recipe, tmp_path, progress=False)
    x, y, radius = recipe.near
    nodes = np.linspace(-radius, radius, 601)
    at = np.stack(np.meshgrid(x + nodes, y + nodes), axis=-1)
    share = np.exp(smiley().log_prob(at)) * (np.hypot(*np.moveaxis(at - [x, y], -1, 0)) <= radius)
    share /= share.sum()
    exact = [np.sum(share * at[..., i] ** 2) - np.sum(share * at[..., i]) ** 2 for i in (0, 1)]
    spread = run.series["spread"].values
    assert spread[0] == pytest.approx(np.sqrt(np.mean(exact)), rel=4 / np.sqrt(4 * recipe.particles))
    assert spread[-1] < 0.0005
    assert (np.diff(spread) < 1e-12).all()
    top = np.asarray(run.positions[-1]).mean(axis=0)
    np.testing.assert_allclose(smiley().score(top), 0, atol=1e-6)


EYE = 0.2**2  # the variance of the one Gaussian in the films about the step size


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_the_eye_under_ula_is_too_wide_by_just_the_bias(tmp_path, size):
    recipe = RECIPES[f"eye-ula-{size}"]
    variance, error = pooled_variance(load_or_compute(recipe, tmp_path, progress=False))
    assert abs(variance - ula_stationary_variance(recipe.step_size, EYE)) < 4 * error
    if size != "small":
        assert variance - EYE > 10 * error


def test_the_eye_under_mala_has_no_bias_at_the_largest_step(tmp_path):
    recipe = RECIPES["eye-mala-large"]
    assert recipe.step_size == RECIPES["eye-ula-large"].step_size
    run = load_or_compute(recipe, tmp_path, progress=False)
    variance, error = pooled_variance(run)
    assert abs(variance - EYE) < 4 * error
    assert run.accepted.shape == (201, 1000)
    assert 0.2 < run.accepted[1:].mean() < 0.9  # there are ghosts of rejections to show


def pooled_variance(run):
    """Mean square of the coordinates over records 40 apart, and its standard error.

    The slowest of these runs forgets a factor 1 − τ/σ² = 0.9 an iteration, so squares 40 apart correlate by
    0.9^80 < 0.001, and all pooled values count as independent.
    """
    values = np.asarray(run.positions[[80, 120, 160, 200]])
    return np.mean(values**2), np.std(values**2) / np.sqrt(values.size)


def test_parameters_survive_the_file(film):
    assert LangevinRecipe(**json.loads(json.dumps(film.parameters))).key == RECIPES["smiley-ula"].key
