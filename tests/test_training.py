"""What a network is asked, whether it learns it, and that an interrupted training ends in the same bytes."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from diffusion_core import training, training_run
from diffusion_core.compute import load_or_compute, verify
from diffusion_core.diffusion import PREDICTIONS, exact_denoiser
from diffusion_core.diffusion_recipes import PREDICTED, DiffusionRecipe, TrainingRecipe, on_target
from diffusion_core.diffusion_run import trained_denoiser
from diffusion_core.errors import DistributionError, NetworkError, RecipeError, ScheduleError
from diffusion_core.network import Network, denoiser, flat, set_weights
from diffusion_core.recipe import versions
from diffusion_core.recipes import find_recipe
from diffusion_core.schedules import Level, schedule, signal_and_noise
from diffusion_core.shapes import find_target
from diffusion_core.training import CHUNK, draw, mean_of_group, new_network, train

SMALL = TrainingRecipe(
    "small-net", target="gaussian", options={"width": 0.5}, iterations=4 * CHUNK, batch=64, group=32, width=16,
    depth=2, waves=8, checkpoints=8, particles=200, threads=1, learning_rate=0.01,
)  # fmt: skip
PLAIN = dataclasses.replace(
    SMALL, name="plain-net", prediction="epsilon", levels=None, emphasis=0.0, group=1, waves=0
)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # the tests of a suite run side by side
    yield
    torch.set_num_threads(before)


def flat_weights(network):
    return flat(network.parameters())


def some_network(recipe=SMALL, seed=0):
    """A network that says something: the untrained one says 0."""
    network = new_network(recipe)
    weights = flat_weights(network)
    return set_weights(network, weights + 0.3 * np.random.default_rng(seed).standard_normal(len(weights)))


def test_the_predictions_that_recipes_know_are_those_that_there_are():
    assert set(PREDICTED) == set(PREDICTIONS)


# What the network is shown, and asked.


def test_plain_ddpm_asks_for_the_very_noise_at_a_uniform_time():
    recipe = dataclasses.replace(PLAIN, batch=4096, steps=40)
    target, rng = find_target("gaussian", width=0.5), np.random.default_rng(1)
    batches = draw(recipe, target, rng)
    noisy, log_snr, wanted = (torch.cat(parts).numpy().astype(float) for parts in zip(*batches, strict=True))
    n = len(noisy)
    times, counts = np.unique(log_snr, return_counts=True)
    np.testing.assert_allclose(times[::-1], schedule("linear", 40).log_snr[1:], rtol=1e-6)
    assert np.all(np.abs(counts - n / 40) < 5 * np.sqrt(n / 40))
    alpha, sigma = signal_and_noise(log_snr)
    clean = (noisy - sigma * wanted) / alpha
    loose = 5 * np.sqrt(2 / n)  # of a variance; there are two coordinates
    assert wanted.var() == pytest.approx(1, rel=loose)
    assert clean.var() == pytest.approx(0.25, rel=loose)
    assert abs(np.mean(clean * wanted)) < 5 * 0.5 / np.sqrt(2 * n)
    assert np.corrcoef(log_snr[:, 0], wanted[:, 0])[0, 1] == pytest.approx(0, abs=5 / np.sqrt(n))


def test_levels_are_normal_and_stratified_where_the_recipe_says_so():
    recipe = dataclasses.replace(SMALL, batch=1024, group=256, levels=(-2.0, 1.5))
    rows = 64
    log_ratio = -training.draw_levels(recipe, (rows, 4, 256), np.random.default_rng(2)).reshape(rows, 1024) / 2
    uniform = np.arange(1024) % training.SPREAD == 0
    normal = log_ratio[:, ~uniform]
    assert stats.kstest(normal.ravel(), stats.norm(-2.0, 1.5).cdf).pvalue > 1e-3
    # Stratified: each batch's mean scatters far less than that of as many independent draws.
    assert normal.mean(axis=1).std() < 0.5 * 1.5 / np.sqrt(normal.shape[1])
    assert abs(np.corrcoef(normal[:, :-1].ravel(), normal[:, 1:].ravel())[0, 1]) < 4 / np.sqrt(normal.size)
    known = -schedule("linear", 1000).log_snr[1:] / 2
    assert np.isin(log_ratio[:, uniform].round(9), known.round(9)).all()
    assert np.unique(log_ratio[:, uniform]).size > 500


def test_levels_do_not_depend_on_the_size_of_groups():
    recipe = dataclasses.replace(SMALL, levels=(-2.0, 1.5))
    shapes = (8, 512, 1), (8, 2, 256)
    alone, grouped = (training.draw_levels(recipe, s, np.random.default_rng(2)).ravel() for s in shapes)
    np.testing.assert_array_equal(alone, grouped)


def test_the_mean_of_a_group_is_as_right_a_target_as_the_point_and_less_noisy():
    # E[x₀ | group, x_t] averages to E[x₀ | x_t]: the difference is orthogonal to every function of x_t.
    rng = np.random.default_rng(3)
    target = find_target("two-moons", width=0.2)
    clean = torch.from_numpy(target.sample(2000 * 16, rng).reshape(2000, 16, 2))
    ratio = torch.from_numpy(np.exp(rng.normal(-0.5, 0.7, (2000, 16, 1))))
    noisy = clean + ratio * torch.from_numpy(rng.standard_normal((2000, 16, 2)))
    apart = (mean_of_group(noisy, ratio, clean) - clean).numpy()
    for function in (lambda y, r: y**0, lambda y, r: y, lambda y, r: np.sin(2 * y), lambda y, r: y * np.log(r)):
        values = apart * function(noisy.numpy(), ratio.numpy())
        by_group = values.mean(axis=(1, 2))  # groups are independent of each other, members are not
        assert abs(by_group.mean()) < 4 * by_group.std() / np.sqrt(len(by_group))
    exact = np.array([
        exact_denoiser(target)(y[None], Level(1.0, float(r)))[0]
        for y, r in zip(noisy[:40].reshape(-1, 2).numpy(), ratio[:40].reshape(-1).numpy(), strict=True)
    ])  # fmt: skip
    error_of_mean = np.mean((mean_of_group(noisy, ratio, clean)[:40].reshape(-1, 2).numpy() - exact) ** 2)
    error_of_point = np.mean((clean[:40].reshape(-1, 2).numpy() - exact) ** 2)
    assert error_of_mean < 0.5 * error_of_point


def test_a_group_of_one_is_the_point_itself():
    clean = torch.randn(5, 1, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(mean_of_group(clean + 3, torch.full((5, 1, 1), 0.1), clean), clean)


# The network.


@pytest.mark.parametrize("kind", ["linear", "edm"])
def test_a_network_is_a_denoiser_at_the_levels_of_any_schedule(kind):
    # Points of a schedule that explodes are brought to where variance is preserved: x₀ does not notice.
    network = some_network()
    rng = np.random.default_rng(4)
    clean, epsilon = rng.standard_normal((2, 50, 2))
    level = schedule(kind, 30).level(12)
    alpha, sigma = (float(v) for v in signal_and_noise(level.log_snr))
    guess = denoiser(network, "v")(level.alpha * clean + level.sigma * epsilon, level)
    same = denoiser(network, "v")(alpha * clean + sigma * epsilon, Level(alpha, sigma))
    np.testing.assert_allclose(guess, same, atol=1e-5)
    v = network(
        torch.from_numpy(alpha * clean + sigma * epsilon).float(), torch.full((50, 1), level.log_snr)
    ).detach().numpy()  # fmt: skip
    np.testing.assert_allclose(guess, alpha * (alpha * clean + sigma * epsilon) - sigma * v, atol=1e-5)


def test_waves_shorter_than_the_noise_are_not_shown():
    # With the waves' weights alone, at a noise of twenty data units every prediction is the same.
    network = some_network(dataclasses.replace(SMALL, waves=32))
    first = network.layers[0]
    with torch.no_grad():
        first.weight[:, : -2 * 32] = 0
        x = torch.randn(20, 2, generator=torch.Generator().manual_seed(1))
        far = network(x, torch.full((20, 1), -2 * np.log(20.0)))
        near = network(x, torch.full((20, 1), 20.0))
    assert far.std(dim=0).max() < 1e-6 < 1e-3 < near.std(dim=0).max()


def test_the_untrained_network_says_zero():
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(1))
    assert not new_network(SMALL)(x, torch.zeros(1, 1)).detach().any()


def test_weights_go_out_and_in_again():
    one, other = new_network(SMALL), new_network(dataclasses.replace(SMALL, seed=7))
    assert not np.array_equal(flat_weights(one), flat_weights(other))
    set_weights(other, flat_weights(one))
    assert np.array_equal(flat_weights(one), flat_weights(other))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda weights: weights[:-1], "another architecture"),
        (lambda weights: np.zeros(0), "another architecture"),
        (lambda weights: np.where(np.arange(len(weights)) == 5, np.nan, weights), "NaN"),
    ],
)
def test_weights_that_do_not_fit_are_refused_in_one_sentence(damage, sentence):
    network = Network(width=16, depth=2, waves=8)
    with pytest.raises(NetworkError, match=sentence):
        set_weights(network, damage(flat_weights(network)))


# Training.


def test_the_ladder_is_geometric_from_the_untrained_network_to_the_last_iteration():
    ladder = find_recipe("spiral-net").ladder
    assert ladder[:3].tolist() == [0, 1, 2]
    assert ladder[-1] == find_recipe("spiral-net").iterations
    late = ladder[ladder > 50]
    ratios = late[1:] / late[:-1]
    assert ratios.max() / ratios.min() < 1.05


def test_training_does_not_touch_the_global_generators():
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    for _ in train(dataclasses.replace(SMALL, iterations=5), find_target("gaussian")):
        pass
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002


@pytest.fixture(scope="module")
def every_iteration():
    """A training that reports each of its iterations."""
    recipe = dataclasses.replace(SMALL, iterations=2 * CHUNK, checkpoints=2000)
    return recipe, list(train(recipe, find_target("gaussian", width=0.5)))


def test_the_first_step_is_adams_along_the_gradient(every_iteration):
    # Adam's first step is rate · sign(gradient) where gradients are not tiny, after weight decay.
    recipe, reports = every_iteration
    network = new_network(recipe)
    batch = draw(recipe, find_target("gaussian", width=0.5), np.random.default_rng([recipe.seed, 0]))
    batch = next(batch)
    weight = torch.exp(-batch.log_snr / 2).clamp(max=1) ** recipe.emphasis  # σ/α, up to 1
    loss = (weight * (network(batch.noisy, batch.log_snr) - batch.wanted) ** 2).mean()
    loss.backward()
    gradient = torch.cat([p.grad.reshape(-1) for p in network.parameters()]).numpy()
    large = np.abs(gradient) > 1e-4
    decayed = reports[0].weights * (1 - recipe.learning_rate * 0.01)
    np.testing.assert_allclose(
        (reports[1].weights - decayed)[large], -recipe.learning_rate * np.sign(gradient[large]), rtol=2e-3
    )
    assert reports[1].loss == pytest.approx(loss.item(), rel=1e-6)


def test_the_average_is_the_power_function_one(every_iteration):
    # w̄_k = (1 − 1/k)^γ' w̄_(k−1) + the rest of w_k, which at k = 1 is w_1: Karras et al. (2024), eq. 2.
    _, reports = every_iteration
    average = reports[0].weights.astype(float)
    for k, report in enumerate(reports[1:], start=1):
        kept = (1 - 1 / k) ** 18
        average = kept * average + (1 - kept) * report.weights
        np.testing.assert_allclose(report.average, average, atol=1e-5)
    assert np.abs(reports[-1].average - reports[-1].weights).max() > 1e-3


def test_records_hold_the_average_and_samples_made_with_it(tmp_path, every_iteration):
    recipe, reports = every_iteration
    record = load_or_compute(recipe, tmp_path, progress=False)
    averages = {report.step: report.average for report in reports}
    for step, weights in zip(record.steps, record.weights, strict=True):
        np.testing.assert_array_equal(weights, averages[int(step)])
    judged = training_run.Judge(recipe, find_target("gaussian", width=0.5), schedule("linear", recipe.steps))
    again = judged.look(set_weights(new_network(recipe), averages[recipe.iterations]))
    np.testing.assert_allclose(again, record.positions[-1], atol=1e-4)
    raw = judged.look(set_weights(new_network(recipe), reports[-1].weights))
    assert np.abs(raw - record.positions[-1]).max() > 1e-3


def test_a_gaussian_is_learned_up_to_what_is_exactly_known(tmp_path):
    for base in (SMALL, PLAIN):
        recipe = dataclasses.replace(base, iterations=1500, batch=256, group=min(base.group, 64), particles=2000)
        record = load_or_compute(recipe, tmp_path, progress=False)
        errors, levels = record.series["error"].values, record.series["error_levels"].values
        assert errors[-1].max() < 0.06  # of a noise of variance 1, where hardly any of it is drawn in training
        assert np.median(errors[-1]) < 0.002
        assert errors[-1].mean() < errors[0].mean() / 30
        loss, best = record.series["loss"].values, float(record.series["loss_floor"].values[0])
        assert abs(loss[-1] - best) < 0.01 < loss[0] - best  # on few points a network may be luckier than the best
        variance = np.asarray(record.positions[-1]).var()
        # Four standard errors of 2,000 points of two coordinates, and what an imperfect network may add.
        assert variance == pytest.approx(0.25, rel=4 * np.sqrt(2 / 4000) + 0.05)
        exact = exact_denoiser(find_target("gaussian", width=0.5))
        learned, level = trained_denoiser(recipe, tmp_path), Level(*levels[8, 1:])
        x = np.random.default_rng(5).normal(0, np.hypot(0.5 * level.alpha, level.sigma), (500, 2))
        apart = level.alpha / level.sigma * (learned(x, level) - exact(x, level))
        assert np.mean(apart**2) == pytest.approx(errors[-1, 8], rel=0.5)


def test_the_floor_of_the_loss_is_the_variance_that_noise_leaves():
    # For N(0, s²I), Var(ε | x_t) = α²s²/(α²s² + σ²): the least mean square error of naming the noise.
    target, recipe = find_target("gaussian", width=0.5), dataclasses.replace(PLAIN, batch=512, steps=50)
    judge = training_run.Judge(recipe, target, schedule("linear", 50))
    alpha, sigma = signal_and_noise(judge._held_out.log_snr.numpy().astype(float))
    known = alpha**2 * 0.25 / (alpha**2 * 0.25 + sigma**2)
    floor = judge._best_loss(exact_denoiser(target))
    # Given its level, an error is known times χ² with two degrees over two.
    assert floor == pytest.approx(known.mean(), abs=4 * np.sqrt(np.mean(known**2) / len(known)))


# Interruptions.


def test_going_on_from_a_report_equals_never_having_stopped():
    target = find_target("gaussian", width=0.5)
    whole = {report.step: report for report in train(SMALL, target)}
    for step in (CHUNK, 2 * CHUNK, 3 * CHUNK):
        *_, last = train(SMALL, target, whole[step])
        for name in ("weights", "average", "moment", "second_moment"):
            np.testing.assert_array_equal(getattr(last, name), getattr(whole[SMALL.iterations], name))


KILLED = """
import sys
from pathlib import Path
from diffusion_core import training_run
from diffusion_core.compute import load_or_compute
from tests_recipe import RECIPE
training_run.SAVED_EVERY = 0.0
load_or_compute(RECIPE, Path(sys.argv[1]), progress=False)
"""


def test_killed_at_three_moments_and_run_again_it_ends_in_the_same_bytes(tmp_path):
    recipe = dataclasses.replace(SMALL, iterations=40 * CHUNK)
    (tmp_path / "tests_recipe.py").write_text(
        f"from diffusion_core.diffusion_recipes import TrainingRecipe\nRECIPE = {recipe!r}\n"
    )
    expected = load_or_compute(recipe, tmp_path / "whole", progress=False).path.read_bytes()
    folder = tmp_path / "killed"
    folder.mkdir()
    state, final = folder / f".{recipe.path(folder).name}.state", recipe.path(folder)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parent.parent}"}
    command = [sys.executable, "-c", KILLED, str(folder)]
    steps = []
    for share in (0.1, 0.4, 0.8):
        process = subprocess.Popen(command, env=environment)
        while process.poll() is None and (step_in(state) or 0) < share * recipe.iterations:
            time.sleep(0.005)
        assert process.poll() is None, "it was over before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
        steps.append(step_in(state))
        assert not final.exists()
    assert 0 < steps[0] < steps[1] < steps[2]
    subprocess.run(command, env=environment, check=True)
    assert final.read_bytes() == expected
    assert sorted(file.suffix for file in folder.iterdir()) == [".json", ".lock", ".npz"]


def step_in(state):
    try:
        with np.load(state) as file:
            return int(file["step"])
    except OSError:
        return None


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"nonsense", lambda b: b""])
def test_a_damaged_state_is_passed_over(tmp_path, damage):
    path = SMALL.path(tmp_path)
    made_with = versions() | {"torch": torch.__version__, "device": "cpu"}
    state = training_run.State(path.with_name(f".{path.name}.state"), SMALL, made_with)
    reports = {report.step: report for report in train(SMALL, find_target("gaussian", width=0.5))}
    state.write(reports[CHUNK], [r.average for s, r in reports.items() if s <= CHUNK and s in SMALL.ladder], 1.0)
    assert training_run.State(state.path, SMALL, made_with).last.step == CHUNK
    assert training_run.State(state.path, SMALL, made_with | {"torch": "1.0"}).last is None
    assert training_run.State(state.path, SMALL, made_with | {"device": "cuda"}).last is None
    state.path.write_bytes(damage(state.path.read_bytes()))
    assert training_run.State(state.path, SMALL, made_with).last is None
    record = load_or_compute(SMALL, tmp_path, progress=False)
    np.testing.assert_array_equal(record.weights[-1], reports[SMALL.iterations].average)


def test_another_number_of_threads_is_put_back(tmp_path):
    load_or_compute(dataclasses.replace(SMALL, iterations=1, particles=9, threads=2), tmp_path, progress=False)
    assert torch.get_num_threads() == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_on_a_cuda_device_training_is_the_same_to_a_tolerance():
    target = find_target("gaussian", width=0.5)
    *_, here = train(SMALL, target)
    *_, there = train(SMALL, target, device="cuda")
    np.testing.assert_allclose(there.average, here.average, atol=2e-3)


# The records.


def test_a_trained_network_is_computed_once_and_verified(tmp_path):
    first = load_or_compute(SMALL, tmp_path, progress=False)
    written = first.path.stat().st_mtime_ns
    assert load_or_compute(SMALL, tmp_path, progress=False).path.stat().st_mtime_ns == written
    assert verify(first.path) == (True, "computed again, equal to the last byte")


def test_a_run_follows_the_network_that_its_recipe_names(tmp_path):
    recipe = DiffusionRecipe("small", training=SMALL, steps=30, particles=50, sampler="ddim", records=40)
    run = load_or_compute(recipe, tmp_path, progress=False)
    assert len(list(tmp_path.glob("*.npz"))) == 2
    denoise, noise = trained_denoiser(SMALL, tmp_path), schedule("linear", 30)
    x, now, then = np.asarray(run.positions[10]), noise.level(20), noise.level(19)
    guess = denoise(x, now)
    expected = then.alpha * guess + then.sigma * (x - now.alpha * guess) / now.sigma
    np.testing.assert_allclose(run.positions[11], expected, atol=1e-6)
    assert run.times.tolist() == list(range(30, -1, -1))


def test_changing_the_training_changes_the_runs_key():
    run = DiffusionRecipe("small", training=SMALL)
    changed = dataclasses.replace(run, training=dataclasses.replace(SMALL, seed=1))
    assert run.key != changed.key
    assert on_target(run, "ring").training.target == "ring"
    assert on_target(run, "ring").key != run.key


def test_a_training_that_diverges_says_so(tmp_path):
    with pytest.raises(NetworkError, match="choose a smaller learning_rate than 1e\\+18"):
        load_or_compute(dataclasses.replace(SMALL, learning_rate=1e18), tmp_path, progress=False)


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"iterations": 0}, RecipeError, "iterations = 0"),
        ({"steps": 0}, RecipeError, "steps = 0"),
        ({"learning_rate": -1.0}, RecipeError, "learning_rate = -1.0"),
        ({"prediction": "epsilom"}, RecipeError, "did you mean 'epsilon'"),
        ({"batch": 65}, RecipeError, "no whole groups of 32"),
        ({"levels": (0.0, -1.0)}, RecipeError, "draw no noise"),
        ({"emphasis": -1.0}, RecipeError, "emphasis = -1.0"),
        ({"levels": "wide"}, RecipeError, "draw no noise"),
        ({"schedule": "linaer"}, ScheduleError, "did you mean 'linear'"),
        ({"steps": 10}, ScheduleError, "between 0 and 1"),
        ({"target": "spirall", "options": {}}, DistributionError, "did you mean 'spiral'"),
    ],
)
def test_mistakes_are_refused_in_one_sentence_before_anything_is_trained(tmp_path, changes, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        load_or_compute(dataclasses.replace(SMALL, **changes), tmp_path, progress=False)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.npz"))


def test_without_pytorch_one_sentence_says_how_to_get_it(tmp_path):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from diffusion_core.__main__ import main\n"
        f"sys.exit(main(['precompute', 'spiral-net', '--folder', {str(tmp_path)!r}]))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert "PyTorch is not installed" in run.stderr
