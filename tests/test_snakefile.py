"""Films by Snakemake: the same frames as in one process, each thing made once, whatever fails or is killed.

Each process costs seconds of imports; so few runs are made, and each shows several things.
"""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import av
import pytest
from manim import tempconfig
from PIL import Image

from scenes.__main__ import main
from scenes.rendering import Order, draw, join
from scenes.workflow import WishError, orders_of, plan

ROOT = Path(__file__).resolve().parent.parent
FILM = """
    import os, signal, time
    from pathlib import Path

    from manim import RIGHT, UP, Dot, FadeIn, VGroup

    from diffusion_core.forward_recipes import ForwardRecipe
    from scenes.base import FilmScene


    class Dots(FilmScene):
        def storyboard(self):
            return {"come": self.come, "two, too": self.rise}

        def runs(self):
            return (self.noisy,)

        @property
        def noisy(self):
            return self.trajectory(ForwardRecipe("logo-forward", target="logo.png", particles=9, moments=2))

        def come(self):
            places = 0.2 * self.noisy.positions[-1]
            self.dots = VGroup(*(Dot(self.zones.stage_center + RIGHT * x + UP * y) for x, y in places))
            self.beat("come: all", "Dots come.", FadeIn(self.dots))
            deadline = time.monotonic() + 120
            while self._draws and "WAIT" in os.environ and not Path("go").exists() and time.monotonic() < deadline:
                time.sleep(0.05)

        def rise(self):
            self.beat("two, too: rise", "They rise, for all to see.", self.dots.animate(run_time=1).shift(UP))
            if "DIE" in os.environ and self._draws and not Path("died").exists():
                Path("died").touch()
                os.kill(os.getpid(), signal.SIGKILL)


    class Broken(FilmScene):
        def construct(self):
            open("attempts", "a").write("x")
            raise ValueError("so it is")
"""
DOTS, BROKEN = "dots.py:Dots", "dots.py:Broken"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dots.py").write_text(textwrap.dedent(FILM))
    Image.linear_gradient("L").resize((16, 16)).save(tmp_path / "logo.png")
    return tmp_path


@pytest.fixture
def snakemake(folder):
    def begin(*words, **environment):
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--nocolor", *words]
        return subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )  # fmt: skip

    return begin


def jobs_of(said):
    """How many jobs of each rule Snakemake has announced."""
    table = said.partition("Job stats:")[2].partition("total")[0].splitlines()[3:]
    return {rule: int(count) for rule, count in (line.split() for line in table)}


def decoded(path):
    """A hash for each frame of a film."""
    with av.open(str(path)) as film:
        frames = (frame.to_ndarray(format="rgb24").tobytes() for frame in film.decode(video=0))
        return [hashlib.sha256(frame).hexdigest() for frame in frames]


def wait_for(condition):
    deadline = time.monotonic() + 120
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def test_a_set_is_made_once_whatever_fails_is_killed_or_comes_between(folder, snakemake, monkeypatch):
    """One worker is killed, one film is broken, and a second Snakemake wants the same films meanwhile."""
    wishes = {"scenes": [DOTS, BROKEN], "qualities": "l", "formats": ["mp4", "gif"]}
    (folder / "all.json").write_text(json.dumps(wishes))
    (folder / "good.json").write_text(json.dumps(wishes | {"scenes": [DOTS]}))
    first = snakemake("--cores=2", "--configfile=all.json", WAIT="1", DIE="1")
    wait_for(lambda: list(folder.glob(".snakemake/locks/*")))
    second = snakemake("--cores=1", "--configfile=good.json")
    refused, _ = second.communicate()
    assert second.returncode == 1
    assert "cannot be locked" in refused
    (folder / "go").touch()

    said, _ = first.communicate()
    assert first.returncode == 1, said
    assert jobs_of(said) == {"films": 1, "join": 4, "run": 1, "section": 3}  # a GIF's are the MP4's
    assert (folder / "attempts").read_text() == "xx"
    assert "so it is" in said  # the end of the log
    assert (folder / "died").exists()
    made = folder / "media/videos/dots/480p15"
    (gif,) = made.glob("*.gif")
    assert not list(made.glob("Broken*.*"))

    monkeypatch.chdir(folder)
    with tempconfig({"media_dir": "serial"}):
        order = Order(DOTS, quality="l")
        draw(order, order.sections)
        alone = join(order, [order.sections])
    assert len(decoded(alone)) > 30
    assert decoded(made / "Dots.mp4") == decoded(alone)
    assert len(decoded(gif)) == len(decoded(alone))
    (run,) = (folder / "media/trajectories").glob("*.npz")
    (computed_alone,) = (folder / "serial/trajectories").glob("*.npz")
    assert run.name == computed_alone.name
    assert not list((folder / "media").rglob("*.part.json"))

    again = snakemake("--cores=1", "--configfile=good.json")
    assert "Nothing to be done" in again.communicate()[0]
    assert again.returncode == 0
    (folder / "dots.py").write_text(textwrap.dedent(FILM).replace("run_time=1", "run_time=2"))
    changed = snakemake("--cores=1", "--configfile=good.json", "--dry-run")
    assert jobs_of(changed.communicate()[0]) == {"films": 1, "join": 2, "section": 2}  # and no run
    # What a kill in the middle of the run leaves: a mark that its file may be half-made.
    path = f"media/trajectories/{run.name}"
    (folder / ".snakemake/incomplete" / base64.b64encode(path.encode()).decode()).touch()
    killed = snakemake("--cores=1", "--configfile=good.json", "--dry-run")
    assert jobs_of(killed.communicate()[0]) == {"films": 1, "join": 2, "run": 1, "section": 2}


def test_the_profile_for_slurm_and_the_example_list_their_jobs(folder, snakemake):
    profile, example = (ROOT / "profiles" / name for name in ("slurm", "example.yaml"))
    asked = snakemake("--workflow-profile", str(profile), "--configfile", str(example), "--dry-run")
    said, _ = asked.communicate()
    assert asked.returncode == 0, said
    jobs = jobs_of(said)
    assert jobs["join"] == 6
    assert jobs["train"] == 1  # the denoiser's network
    assert jobs["section"] == 2 * (5 + 5) + 1 + 5
    assert "mem_mb=2500" in said.replace(" ", "")
    assert "threads: 2" in said
    assert not (folder / "media").exists()


def test_a_plan_says_what_comes_before_what(folder, monkeypatch):
    monkeypatch.chdir(folder)
    made = plan({"scenes": ["SpiralSamplingScene", DOTS], "formats": ["mp4", "gif"], "together": 100})
    assert len(made["films"]) == 4
    assert len(made["parts"]) == 2  # whole films, and a GIF's are the MP4's
    known = made["runs"].keys() | made["parts"].keys()
    for kind in ("runs", "parts", "films"):
        assert all(set(entry["after"]) <= known for entry in made[kind].values())
    trainings = [path for path, run in made["runs"].items() if run["trains"]]
    assert len(trainings) == 1
    assert any(run["after"] == trainings for run in made["runs"].values())
    assert not (folder / "media").exists()


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"theme": "dark"}, "has no 'theme': did you mean 'themes'"),
        ({"themes": ["drak"]}, "there is no theme 'drak': choose one of dark, light"),
        ({"films": [{"scene": DOTS, "format": "avi"}]}, "there is no format 'avi'"),
        ({"films": [{"scene": DOTS, "qualty": "l"}]}, "a film has no 'qualty'"),
        ({"films": [3]}, "3 is no film"),
        ({"together": 0}, "together = 0"),
        ({"films": [DOTS, "other/dots.py:Dots"]}, "would both be"),
    ],
)
def test_wishes_that_make_no_sense_end_in_one_sentence(folder, monkeypatch, capsys, wishes, sentence):
    monkeypatch.chdir(folder)
    (folder / "other").mkdir()
    (folder / "other/dots.py").write_text(textwrap.dedent(FILM))
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(wishes)))
    assert main(["plan", "made.json"]) == 2
    assert sentence in capsys.readouterr().err
    assert not (folder / "made.json").exists()


def test_a_set_without_wishes_is_all_films_and_each_comes_once():
    assert orders_of({})[0] == Order("LangevinScene", "dark", "h", "mp4")
    assert len(orders_of({})) == 7
    twice = {"films": [{"scene": DOTS, "theme": "light"}, DOTS], "scenes": DOTS, "themes": ["light", "dark"]}
    assert orders_of(twice) == [Order(DOTS, "light"), Order(DOTS, "dark")]
    with pytest.raises(WishError, match="no film"):
        orders_of({"films": [{"theme": "light"}]})
