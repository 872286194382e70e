"""Runs of many particles: what their files hold, what they are measured on, how much memory they take."""

import dataclasses
import mmap
import shutil
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from diffusion_core import compute, many
from diffusion_core.__main__ import main
from diffusion_core.compute import load_or_compute, verify
from diffusion_core.diffusion_recipes import DiffusionRecipe
from diffusion_core.errors import TrajectoryError
from diffusion_core.forward_recipes import ForwardRecipe
from diffusion_core.grain import SIDE
from diffusion_core.mapped import forget
from diffusion_core.metrics import bin_masses
from diffusion_core.npz import TrajectoryWriter, save
from diffusion_core.observation import Observer
from diffusion_core.recipes import RECIPES, LangevinRecipe
from diffusion_core.schedules import schedule
from diffusion_core.shapes import find_target, smiley

SMALL = LangevinRecipe("small", target="gaussian", particles=60, steps=20, dense=5, every=6)
NOISY = DiffusionRecipe("noisy", target="gaussian", particles=60, steps=50, records=60, moments=3)
FORWARD = ForwardRecipe("forward", target="gaussian", particles=60, steps=50, moments=2)


@pytest.fixture
def few_are_many(monkeypatch):
    """More than 50 particles are many, of which 40 are measured."""
    monkeypatch.setattr(many, "MANY", 50)
    monkeypatch.setattr(many, "MEASURED", 40)


def test_a_million_particles_are_many_and_a_hundred_thousand_are_not():
    assert not many.are_many(100_000)
    assert many.are_many(100_001)
    assert many.measured_of(100_000) == 100_000
    assert many.measured_of(100_001) == many.measured_of(1_000_000) == 20_000


@pytest.mark.parametrize(("particles", "kept"), [(50, np.float64), (51, np.float32)])
def test_positions_of_many_particles_are_kept_in_single_precision(tmp_path, few_are_many, particles, kept):
    run = load_or_compute(dataclasses.replace(SMALL, particles=particles), tmp_path, progress=False)
    assert run.positions.dtype == kept


def test_single_precision_rounds_what_is_kept_and_not_what_is_computed(tmp_path, monkeypatch):
    whole = load_or_compute(SMALL, tmp_path / "whole", progress=False)
    monkeypatch.setattr(many, "MANY", 50)
    rounded = load_or_compute(SMALL, tmp_path / "rounded", progress=False)
    assert whole.positions.dtype == np.float64
    np.testing.assert_array_equal(rounded.positions, whole.positions.astype(np.float32))
    near = np.abs(whole.positions) < 4
    assert np.abs(rounded.positions - whole.positions)[near].max() <= 1.2e-7  # as the docstring has it


def test_many_particles_are_measured_on_the_first_as_these_would_be_alone(few_are_many):
    p, position = smiley(), 1.2 * np.random.default_rng(0).standard_normal((90, 2))
    both = Observer(p, 90, np.random.default_rng(1)), Observer(p, 40, np.random.default_rng(1))
    for observer, seen in zip(both, (position, position[:40]), strict=True):
        observer.follow(seen)
        observer.look(seen)
    of_many, alone = (observer.series(np.array([7])) for observer in both)
    assert set(of_many) - set(alone) == {"grain", "grain_floor"}
    assert {"distance", "distance_floor", "spread", "part_mass", "part_mass_error"} <= set(alone)
    for name, series in alone.items():
        np.testing.assert_array_equal(of_many[name].values, series.values)


@pytest.mark.parametrize("recipe", [SMALL, NOISY], ids=["Langevin", "diffusion"])
def test_the_grain_of_a_run_is_the_total_variation_of_its_first_particles(tmp_path, few_are_many, recipe):
    run = load_or_compute(dataclasses.replace(recipe, particles=250), tmp_path, progress=False)
    grain, floor = run.series["grain"], run.series["grain_floor"]
    assert grain.labels == floor.labels == ("10", "100", "250")
    assert grain.steps.tolist() == floor.steps.tolist() == [run.steps[-1]]
    edges = np.linspace(-3.15, 3.15, SIDE + 1)
    masses = bin_masses(find_target(recipe.target).log_prob, (edges, edges))
    for n, value in zip((10, 100, 250), grain.values[0], strict=True):
        end = np.asarray(run.positions[-1, :n], float)
        counts = np.histogram2d(*end.T, bins=(edges, edges))[0]
        outside = abs(1 - counts.sum() / n - (1 - masses.sum()))
        assert value == pytest.approx((np.abs(counts / n - masses).sum() + outside) / 2, abs=1e-4)
    assert (np.diff(floor.values) < 0).all()


def test_few_particles_have_no_grain_and_forward_runs_none_either(tmp_path, few_are_many):
    few = load_or_compute(dataclasses.replace(SMALL, particles=50), tmp_path, progress=False)
    for run in (few, load_or_compute(FORWARD, tmp_path, progress=False)):
        assert not {"grain", "grain_floor"} & set(run.series)


def test_the_network_is_shown_batches_and_says_the_same(monkeypatch):
    network = pytest.importorskip("diffusion_core.network")
    import torch

    net = network.Network(width=16, depth=2, waves=8)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    shown = []
    net.register_forward_hook(lambda module, given, said: shown.append(len(given[0])))
    x, level = np.random.default_rng(0).standard_normal((2, 23, 2)), schedule("linear", 100).level(40)
    whole = network.denoiser(net, "v")(x, level)
    monkeypatch.setattr(network, "BATCH", 10)
    parts = network.denoiser(net, "v")(x, level)
    assert shown == [46, 10, 10, 10, 10, 6]
    assert np.ptp(whole) > 1
    np.testing.assert_allclose(parts, whole, rtol=1e-6, atol=1e-7)


def test_memory_grows_with_the_particles_and_not_with_the_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(many, "MANY", 1000)
    monkeypatch.setattr(many, "MEASURED", 200)
    particles = 20_000
    load_or_compute(dataclasses.replace(SMALL, particles=1001), tmp_path, progress=False)  # loads all modules

    def peak(steps):
        recipe = LangevinRecipe("big", target="gaussian", particles=particles, steps=steps, dense=steps)
        path = tmp_path / f"{steps}.npz"
        tracemalloc.start()
        compute.compute(recipe, path, tmp_path, progress=False)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    short, long = peak(10), peak(60)
    assert long < short + particles * 2 * 8  # not one more record
    assert long < 40e6  # all records take 20 MB in the file; densities and their nodes take most of this


def test_what_has_no_room_is_refused_before_it_is_computed(tmp_path, monkeypatch):
    room = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: room._replace(free=1_500_000_000))
    plan = {"steps": range(201), "times": np.zeros(201), "particles": 1_000_000}
    about = {"step_size": 0.1, "recipe": "big", "parameters": {}, "seed": 0, "versions": {}}
    sentence = r"big\.npz has no room \(it takes 1\.6 GB, and 1\.5 GB are free\): free some space there, or"
    with pytest.raises(TrajectoryError, match=sentence), TrajectoryWriter(tmp_path / "big.npz", **plan, **about):
        pass
    assert list(tmp_path.iterdir()) == []


def test_laws_are_compared_on_as_many_particles_as_their_floor(tmp_path, few_are_many, monkeypatch):
    run = load_or_compute(SMALL, tmp_path, progress=False)
    save(dataclasses.replace(run, versions={"numpy": "0"}), tmp_path / "other.npz")
    compared = []

    def distance(x, y):
        compared.append((len(x), len(y)))
        return 0.0

    monkeypatch.setattr(compute, "sliced_wasserstein", distance)
    assert verify(tmp_path / "other.npz")[0]
    assert compared == [(40, 40)]


def test_inspect_and_plot_say_on_what_they_rest(tmp_path, few_are_many, capsys):
    run = load_or_compute(SMALL, tmp_path, progress=False)
    assert main(["inspect", str(run.path)]) == 0
    said = capsys.readouterr().out
    assert "measured    the first 40 particles" in said
    assert "of all particles" in said
    assert main(["plot", str(run.path), "-o", str(tmp_path / "run.png")]) == 0
    assert (tmp_path / "run.png").stat().st_size > 10_000


def test_every_recipe_but_those_of_many_particles_is_computed_unless_named(tmp_path, monkeypatch, capsys):
    large = {"smiley-million", "dinosaur-million"}
    assert {name for name, recipe in RECIPES.items() if recipe.many} == large
    computed = []

    def pretend(recipe, folder, device):
        computed.append(recipe.name)
        return SimpleNamespace(path=recipe.name, series={})

    monkeypatch.setattr(compute, "load_or_compute", pretend)
    assert main(["precompute", "--all"]) == 0
    assert computed == [name for name in RECIPES if name not in large]
    computed.clear()
    assert main(["precompute", "--all", "smiley-million", "smiley-ula"]) == 0
    assert set(computed) == set(RECIPES) - {"dinosaur-million"}
    assert len(computed) == len(RECIPES) - 1
    capsys.readouterr()
    assert main(["list", "--folder", str(tmp_path)]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines() if "1.6 GB" in line} == large


@pytest.mark.parametrize("recipe", [SMALL, NOISY, FORWARD])
def test_a_recipe_knows_how_much_it_will_record(tmp_path, recipe):
    run = load_or_compute(recipe, tmp_path, progress=False)
    assert recipe.shape == run.positions.shape[:2]
    assert recipe.size == run.positions.astype(np.float32).nbytes


@pytest.mark.parametrize("name", ["smiley-million", "dinosaur-million"])
def test_the_millions_record_each_of_two_hundred_steps(name):
    assert RECIPES[name].shape == (201, 1_000_000)


def resident():
    """Bytes of files that are in this process's memory."""
    with open("/proc/self/status") as status:
        lines = [line for line in status if line.startswith("RssFile")]
    if not lines:
        pytest.skip("this system does not tell the memory that maps take")
    return 1024 * int(lines[0].split()[1])


@pytest.fixture
def mapped(tmp_path):
    """A file of 8 records of 6 MB, each of several of the large pages in which some systems map files."""
    np.save(tmp_path / "records.npy", np.random.default_rng(0).random((8, 3 << 18)))
    return np.load(tmp_path / "records.npy", mmap_mode="r")


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="no such advice on this system")
@pytest.mark.parametrize("forgetting", [True, False])
def test_memory_stays_flat_on_a_walk_that_forgets(mapped, forgetting):
    before, most, total = resident(), 0, 0.0
    for record in mapped:
        total += float(record.sum())
        most = max(most, resident() - before)
        if forgetting:
            forget(record)
    record_size = mapped[0].nbytes
    assert (most < 3 * record_size) == forgetting
    assert total == pytest.approx(mapped.size / 2, rel=1e-3)


def test_what_was_forgotten_is_read_again(mapped):
    before = np.array(mapped)
    for part in (mapped, mapped[3], np.asarray(mapped)[4:, ::7], mapped[5, 1:2], mapped[:0]):
        forget(part)
    np.testing.assert_array_equal(mapped, before)


def test_nothing_is_forgotten_that_is_in_no_file_or_may_be_written(tmp_path):
    memory = np.arange(5000.0)
    forget(memory)
    np.save(tmp_path / "own.npy", memory)
    own = np.load(tmp_path / "own.npy", mmap_mode="c")
    own += 1
    forget(own)
    fixed = own.view()
    fixed.flags.writeable = False
    forget(fixed)
    np.testing.assert_array_equal(own, memory + 1)
