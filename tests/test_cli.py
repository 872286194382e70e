"""The command line as a user types it: what works, and one sentence for what does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from forgery import claiming, forge, npy

from diffusion_core.__main__ import main
from diffusion_core.compute import load_or_compute
from diffusion_core.forward_recipes import ForwardRecipe
from diffusion_core.recipes import RECIPES, LangevinRecipe

SMALL = LangevinRecipe("small", "a small one", particles=300, steps=30, dense=10, every=7, climb=5)


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, "small", SMALL)
    return load_or_compute(SMALL, tmp_path, progress=False).path


def test_list_names_every_recipe_and_what_is_computed(small, capsys):
    assert main(["list", "--folder", str(small.parent)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    assert [line.split()[0] for line in lines if line.endswith("computed")] == ["small"]


def test_precompute_writes_once_and_says_where(tmp_path, small, capsys):
    folder = tmp_path / "new"
    assert main(["precompute", "small", "--folder", str(folder)]) == 0
    path = Path(capsys.readouterr().out.splitlines()[0])
    written = path.stat().st_mtime_ns
    assert main(["precompute", "small", "--folder", str(folder)]) == 0
    assert path.stat().st_mtime_ns == written
    assert path.read_bytes() == small.read_bytes()


def test_precompute_says_when_a_run_has_not_reached_its_target(small, capsys):
    main(["precompute", "small", "--folder", str(small.parent)])
    assert "has not reached its target" in capsys.readouterr().err


def test_inspect_shows_what_is_in_a_file(small, capsys):
    assert main(["inspect", str(small)]) == 0
    out = capsys.readouterr().out
    assert "14 records × 300 particles" in out
    assert "density: 421 × 421" in out
    assert "parameter   step_size = 0.001" in out


def test_verify_accepts_what_was_computed_and_not_what_was_changed(small, capsys):
    assert main(["verify", "--folder", str(small.parent)]) == 0
    assert capsys.readouterr().out.startswith("ok")


def test_plot_draws_the_particles_over_the_density(small, tmp_path, capsys):
    from PIL import Image

    assert main(["plot", str(small), "-o", str(tmp_path / "run.png")]) == 0
    picture = np.asarray(Image.open(tmp_path / "run.png").convert("RGB")).astype(int)
    assert picture.shape[1] > 1500
    assert (picture.max(axis=2) - picture.min(axis=2) > 60).mean() > 0.005  # coloured dots and paths


def test_every_command_knows_runs_from_data_to_noise(tmp_path, capsys, monkeypatch):
    forward = ForwardRecipe("forward", "points become noise", points=5, place=(0.0, 0.0), steps=30, particles=50)
    monkeypatch.setitem(RECIPES, "forward", forward)
    assert main(["precompute", "forward", "--folder", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.err == ""  # no verdict: it is to leave its target
    file = said.out.strip()
    assert main(["list", "--folder", str(tmp_path)]) == 0
    assert "forward" in [line.split()[0] for line in capsys.readouterr().out.splitlines() if "computed" in line]
    assert main(["inspect", file]) == 0
    said = capsys.readouterr().out
    assert "31 records × 50 particles" in said
    assert re.search(r"quality     to_noise \d\.\d{4} at the end, \d\.\d{4} for the truth", said)
    assert main(["verify", file]) == 0
    assert capsys.readouterr().out.startswith("ok")
    assert main(["plot", file, "-o", str(tmp_path / "forward.png")]) == 0
    assert (tmp_path / "forward.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["precompute", "smiley-ulla"], "did you mean 'smiley-ula'"),
        (["precompute"], "name a recipe"),
        (["inspect", "missing.npz"], "missing.npz"),
        (["plot", "missing.npz"], "missing.npz"),
        (["verify", "missing.npz"], "missing.npz"),
        (["verify", "--folder", "nowhere"], "nowhere"),
    ],
)
def test_mistakes_end_in_one_sentence(words, sentence):
    run = subprocess.run([sys.executable, "-m", "diffusion_core", *words], capture_output=True, text=True)
    assert run.returncode != 0
    assert sentence in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert run.stdout == ""


def one_byte_changed(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


FAULTS = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1000]),
    "foreign": lambda path: np.savez(path, positions=np.zeros((2, 3, 2))),
    "no archive": lambda path: path.write_text("hello"),
    "one byte changed": one_byte_changed,
    "newer version": lambda path: forge(path, change_metadata=lambda metadata: metadata.update(version=2)),
    "wrong shape": lambda path: forge(path, lambda members: members.update(positions=npy(np.zeros((5, 6))))),
    "NaN": lambda path: forge(path, lambda members: members.update(times=npy(np.full(14, np.nan)))),
    "pickled": lambda path: forge(
        path, lambda members: members.update(times=npy(np.array([{}], object), allow_pickle=True))
    ),
    "10¹² particles": lambda path: forge(path, lambda members: members.update(positions=claiming((5, 10**12, 2)))),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", ["inspect", "plot", "verify"])
def test_a_broken_file_ends_in_one_sentence_and_stays_as_it_is(small, capsys, command, fault):
    FAULTS[fault](small)
    before = small.read_bytes()
    assert main([command, str(small)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    assert small.name in said.err
    assert "precompute NAME" in said.err
    assert small.read_bytes() == before
    assert [file.name for file in small.parent.iterdir() if file.suffix not in (".npz", ".lock")] == []


def test_help_has_examples():
    for command in ("list", "precompute", "inspect", "verify", "plot"):
        run = subprocess.run(
            [sys.executable, "-m", "diffusion_core", command, "--help"], capture_output=True, text=True
        )
        assert run.returncode == 0
        assert re.search(rf"example:\s+python\s+-m\s+diffusion_core\s+{command}", run.stdout)


SCENE = """
from scenes.langevin import LangevinScene

class Mine(LangevinScene):
    particles, steps, {tweak}
"""


@pytest.mark.parametrize(
    ("tweak", "sentence"),
    [
        ("target = 100, 50, 'smily'", "did you mean 'smiley'"),
        ("step_size = 100, 50, -1", "step_size = -1"),
        ("seed = 0, 50, 0", "particles = 0"),
        ("target = 100, 50, 'white.png'", "white.png"),
        ("sampler = 100, 50, 'ulla'", "did you mean 'ula'"),
        ("target = 100, 50, 'nowhere.svg'", "nowhere.svg"),
    ],
)
def test_a_mistaken_tweak_ends_the_manim_command_in_one_sentence(tmp_path, tweak, sentence):
    from PIL import Image

    Image.new("L", (20, 20), 255).save(tmp_path / "white.png")
    (tmp_path / "film.py").write_text(SCENE.format(tweak=tweak))
    command = [sys.executable, "-m", "manim", "-ql", "--progress_bar", "none", "film.py", "Mine"]
    wide = {**os.environ, "COLUMNS": "200"}
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=wide)
    assert run.returncode != 0
    assert "Traceback" not in run.stdout + run.stderr
    said = [line for line in run.stderr.splitlines() if line.startswith("manim: ")]
    assert len(said) == 1
    assert sentence in said[0]
    assert not list(tmp_path.glob("media/**/*.npz"))
    assert not list(tmp_path.glob("media/**/*.mp4"))


def test_a_damaged_trajectory_ends_the_manim_command_in_one_sentence(tmp_path):
    # One section, as a still: its plays are skipped, and only its runs are computed.
    film = SCENE.replace("LangevinScene", "NoiseOnScene").format(tweak="seed = 50, 20, 3")
    (tmp_path / "film.py").write_text(film)
    command = [sys.executable, "-m", "manim", "-ql", "-s", "--progress_bar", "none", "film.py", "Mine"]
    assert subprocess.run(command, capture_output=True, cwd=tmp_path).returncode == 0
    file = next(tmp_path.glob("media/trajectories/smiley-ula*.npz"))
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    file.write_bytes(damaged)
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode != 0
    assert "Traceback" not in run.stdout + run.stderr
    assert file.name in next(line for line in run.stderr.splitlines() if line.startswith("manim: "))
    assert file.read_bytes() == bytes(damaged)


def test_outside_the_manim_command_errors_stay_exceptions(tmp_path):
    from manim import tempconfig

    from diffusion_core.errors import RecipeError
    from scenes.langevin import LangevinScene

    class Mine(LangevinScene):
        particles = 0

    with tempconfig({"media_dir": str(tmp_path), "dry_run": True}), pytest.raises(RecipeError):
        Mine().render()
