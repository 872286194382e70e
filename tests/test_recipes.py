import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from diffusion_core import recipes
from diffusion_core.compute import load_or_compute, verify
from diffusion_core.errors import DistributionError, RecipeError, SamplerError, TrajectoryError
from diffusion_core.observation import verdict
from diffusion_core.recipes import RECIPES, LangevinRecipe, find_recipe
from diffusion_core.shapes import smiley

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

    source = Path(recipes.__file__).parent
    copy = tmp_path / "diffusion_core"
    copy.mkdir()
    for file in source.glob("*.py"):
        (copy / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(recipes, "__file__", str(copy / "recipes.py"))
    for module, counts in (("langevin", True), ("distributions", True), ("metrics", True), ("plot", False)):
        recipes.source_hash.cache_clear()
        before = recipe.key
        (copy / f"{module}.py").write_text((copy / f"{module}.py").read_text() + "\n# a changed line\n")
        recipes.source_hash.cache_clear()
        assert (recipe.key != before) is counts, module
    recipes.source_hash.cache_clear()


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


def test_without_the_face_particles_stay_where_they_started_and_the_user_is_told(tmp_path):
    recipe = dataclasses.replace(RECIPES["smiley-without-face"], particles=2000)
    judged = verdict(load_or_compute(recipe, tmp_path, progress=False))
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


def test_parameters_survive_the_file(film):
    assert LangevinRecipe(**json.loads(json.dumps(film.parameters))).key == RECIPES["smiley-ula"].key
