"""Films in several processes: the same frames as in one, whatever was interrupted, killed or wrong."""

import ast
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import av
import numpy as np
import pytest
from manim import tempconfig

from scenes.__main__ import _parser, main
from scenes.batch import plan
from scenes.farm import Task, run
from scenes.film_writer import HERE, PartError, WholeSegment, is_drawn, read_part, sweep
from scenes.films import UnknownFilmError, films, find_film, sections_of
from scenes.rendering import FORMATS, QUALITY, Order, chosen_themes, draw, film_of, join, key_of, shares_of
from scenes.theme import THEMES

FILM = """
    import os, signal, time
    from pathlib import Path

    from manim import RIGHT, UP, Dot, FadeIn, FadeOut

    from scenes.base import FilmScene


    class Dots(FilmScene):
        def storyboard(self):
            return {"one": self.one, "two, too": self.two, "three": self.three}

        def one(self):
            self.dot = Dot(self.zones.stage_center)
            self.beat("one: come", "A dot comes.", FadeIn(self.dot))
            self.play(self.dot.animate(run_time=1).shift(RIGHT))

        def two(self):
            self.beat("two, too: rise", "It rises, for all to see.")
            self.play(self.dot.animate(run_time=1).shift(UP))
            if "DIE" in os.environ and self._draws and not Path("died").exists():
                Path("died").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            self.other = Dot(self.zones.stage_center, color=self.look.chance)
            self.beat("two, too: other", "Another one.", FadeIn(self.other))

        def three(self):
            time.sleep(60 if "WAIT" in os.environ and self._draws else 0)
            self.end_beat()
            self.play(FadeOut(self.dot))
            self.beat("three: go", "Only one is left.", self.other.animate(run_time=1).shift(2 * RIGHT))


    class Broken(FilmScene):
        def construct(self):
            self.beat("all: nothing", "Nothing.")
            raise ValueError("so it is")
"""
NAME = "dots.py:Dots"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dots.py").write_text(textwrap.dedent(FILM))
    return tmp_path


def scenes(folder, *words, module="scenes", **environment):
    """Run a command in a folder."""
    return subprocess.run(
        [sys.executable, "-m", module, *words], cwd=folder, capture_output=True, text=True,
        env=os.environ | environment,
    )  # fmt: skip


def render(folder, *words, **environment):
    return scenes(folder, "render", NAME, "--quality=l", "--jobs=3", *words, **environment)


def decoded(path):
    """A hash for each frame of a film."""
    with av.open(str(path)) as film:
        frames = (frame.to_ndarray(format="rgb24").tobytes() for frame in film.decode(video=0))
        return [hashlib.sha256(frame).hexdigest() for frame in frames]


def film_in(folder, suffix=".mp4", name="Dots", media="media"):
    return folder / media / "videos/dots/480p15" / (name + suffix)


def segments_of(film):
    return sorted(path.name for path in (film.parent / "partial_movie_files/Dots").iterdir())


@pytest.mark.parametrize("form", ["mp4", "webm"])
def test_frames_captions_and_segments_equal_those_of_the_serial_run(folder, form):
    made = render(folder, f"--format={form}", "--theme=light")
    assert made.returncode == 0, made.stderr
    serial = scenes(
        folder, "render", "-ql", "--media_dir=serial", f"--format={form}", "dots.py", "Dots", module="manim",
        DIFFUSION_THEME="light",
    )  # fmt: skip
    assert serial.returncode == 0, serial.stderr
    ours, theirs = (film_in(folder, f".{form}", "Dots-light", media) for media in ("media", "serial"))
    assert len(decoded(ours)) > 100
    assert decoded(ours) == decoded(theirs)
    assert ours.with_suffix(".srt").read_text() == theirs.with_suffix(".srt").read_text()
    assert segments_of(ours) == segments_of(theirs)
    assert not list((folder / "media").rglob("*.part.*"))


def pixels_of(film):
    with av.open(str(film)) as container:
        return np.array([frame.to_ndarray(format="rgb24")[::4, ::4] for frame in container.decode(video=0)], float)


def test_a_gif_is_made_of_the_films_segments_and_keeps_its_colours(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with tempconfig({"media_dir": "media"}):
        film, gif = (Order(NAME, quality="l", format=form) for form in ("mp4", "gif"))
        draw(film, film.sections)
        drawn = {path: path.stat().st_ino for path in folder.rglob("*.mp4")}
        draw(gif, gif.sections)
        made = join(gif, [gif.sections])
        assert all(path.stat().st_ino == before for path, before in drawn.items())
        assert len(decoded(made)) == len(decoded(join(film, [film.sections])))
        shown, filmed = (pixels_of(path) for path in (made, film_of(film)))
        assert np.abs(shown - filmed).mean(axis=(1, 2, 3)).max() < 1.5  # of 255; Manim's `rgb8` is 3.5 away


def test_a_killed_process_is_named_the_rest_is_made_and_the_next_run_goes_on(folder):
    first = scenes(folder, "render", NAME, "dots.py:Broken", "--quality=l", "--jobs=2", DIE="1")
    assert first.returncode == 1
    assert "Dots-dark-l-mp4 FAILED at 'draw Dots-dark-l-mp4: two, too': killed by SIGKILL" in first.stderr
    assert "Broken-dark-l-mp4 FAILED" in first.stderr
    assert "so it is" in first.stderr
    assert "0 of 2 films" in first.stderr
    parts = {path: path.stat().st_mtime_ns for path in (folder / "media/parts/Dots-dark-l-mp4").iterdir()}
    assert len(parts) == 2  # those of its neighbours
    again = render(folder, DIE="1")
    assert again.returncode == 0, again.stderr
    assert all(path.stat().st_mtime_ns == before for path, before in parts.items())  # not drawn again
    scenes(folder, "render", "-ql", "--media_dir=serial", "dots.py", "Dots", module="manim")
    assert decoded(film_in(folder)) == decoded(film_in(folder, media="serial"))


def test_what_a_film_warns_of_and_that_it_is_a_draft_is_said_at_the_end(folder):
    own = textwrap.dedent(FILM).replace(
        "Dots(FilmScene):", "Dots(FilmScene):\n    captions = {'one: cmoe': 'It comes.'}\n    only = 'one'\n", 1
    )
    (folder / "dots.py").write_text(own)
    made = render(folder, "--jobs=2")
    assert made.returncode == 0, made.stderr
    said = [line for line in made.stderr.splitlines() if line.startswith("scenes: Dots-dark-l-mp4: ")]
    assert [line.partition("mp4: ")[2] for line in said] == [
        "captions: there is no beat 'one: cmoe': did you mean 'one: come'?",
        "only = 'one': this is a draft of that alone",
    ]


def test_ctrl_c_leaves_what_is_finished_and_the_next_run_goes_on(folder):
    words = [sys.executable, "-m", "scenes", "render", NAME, "--quality=l", "--jobs=1"]
    waiting = os.environ | {"WAIT": "1"}  # else it may end before the signal comes
    running = subprocess.Popen(
        words, cwd=folder, stderr=subprocess.PIPE, text=True, env=waiting,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background ignores it
    )  # fmt: skip
    parts = folder / "media/parts/Dots-dark-l-mp4"
    deadline = time.monotonic() + 120
    while not (parts.exists() and list(parts.glob("*.json"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    assert "interrupted" in running.stderr.read()
    kept = {path: path.stat().st_mtime_ns for path in parts.glob("*.json")}
    assert 1 <= len(kept) < 3
    assert not film_in(folder).exists()
    assert render(folder, "--jobs=2").returncode == 0
    assert all(path.stat().st_mtime_ns == before for path, before in kept.items())
    assert len(decoded(film_in(folder))) > 100


def test_a_dry_run_says_what_would_be_done_and_does_nothing(folder):
    said = render(folder, "--dry-run")
    assert [line.partition(":")[0] for line in said.stdout.splitlines()] == [
        *["draw Dots-dark-l-mp4"] * 3, "join Dots-dark-l-mp4",
    ]  # fmt: skip
    assert not (folder / "media").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["render"], "name a film"),
        (["render", "LangevinScen"], "LangevinScene"),
        (["render", "nothing.py:Dots"], "there is no file 'nothing.py'"),
        (["render", "--jobs=0", "LangevinScene"], "choose a whole number from 1 up"),
        (["section", NAME, "tow"], "there is no section 'tow'"),
        (["join", NAME], "render its section again"),
    ],
)
def test_mistakes_end_in_one_sentence(folder, words, sentence, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    try:
        code = main(words)
    except SystemExit as error:  # argparse's
        code = error.code
    assert code == 2
    assert sentence in capsys.readouterr().err


def test_the_command_line_knows_all_choices():
    def chosen(*words):
        return vars(_parser().parse_args(["section", "LangevinScene", "score", *words]))

    for quality, theme, form in itertools.product(QUALITY, THEMES, FORMATS):
        wanted = {"quality": quality, "theme": theme, "format": form}
        assert wanted.items() <= chosen(*(f"--{name}={value}" for name, value in wanted.items())).items()


def test_all_films_can_be_found_and_shared():
    assert next(iter(films())) == "LangevinScene"
    for name, kind in films().items():
        assert find_film(name) is kind
        assert len(sections_of(kind)) >= 3
    assert sections_of(find_film("NoiseOffScene")) == []
    with pytest.raises(UnknownFilmError, match="'DenoiserScene'"):
        find_film("DenoiserScen")


@pytest.mark.parametrize("longest", [1, 2, 3, 4, 100])
def test_shares_are_neighbours_and_leave_nothing_out(longest):
    order = Order("LangevinScene")
    shares = shares_of(order, longest)
    assert [name for share in shares for name in share] == order.sections
    assert max(map(len, shares)) <= longest
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_films_own_theme_holds_where_none_is_asked_for(folder, monkeypatch):
    monkeypatch.chdir(folder)
    own = textwrap.dedent(FILM).replace("Dots(FilmScene):", 'Dots(FilmScene):\n    theme = "light"\n', 1)
    (folder / "light_dots.py").write_text(own)
    assert chosen_themes("light_dots.py:Dots", None) == ["light"]
    assert chosen_themes("light_dots.py:Dots", "dark") == ["dark"]
    assert chosen_themes("light_dots.py:Dots", "both") == list(THEMES)
    assert chosen_themes(NAME, None) == ["dark"]


def test_the_key_changes_with_theme_quality_format_and_code(folder, monkeypatch):
    monkeypatch.chdir(folder)
    orders = [Order(NAME), Order(NAME, theme="light"), Order(NAME, quality="l"), Order(NAME, format="webm")]
    keys = [key_of(order) for order in orders]
    assert len(set(keys)) == 4
    (folder / "dots.py").write_text(textwrap.dedent(FILM).replace("2 * RIGHT", "3 * RIGHT"))
    assert key_of(orders[0]) not in keys


def test_runs_come_first_and_sections_wait_for_those_that_are_missing(folder, monkeypatch):
    monkeypatch.chdir(folder)
    tasks, ends = plan([Order("SpiralSamplingScene"), Order("DenoiserScene")], jobs=1)
    names = [task.name for task in tasks]
    assert len(set(names)) == len(names)  # no run twice, though both films take the same network
    nets = [task for task in tasks if task.name.startswith("compute spiral-net-")]
    assert names[0] == nets[0].name
    assert len(nets) == 1
    for task in tasks:
        if task.name.startswith("draw"):
            assert nets[0].name in task.after
    assert all(name in names for needed in ends.values() for name in needed)


def test_a_film_that_one_process_draws_is_joined_by_it_and_drawn_once(folder, monkeypatch):
    monkeypatch.chdir(folder)
    orders = [Order(NAME, quality=quality) for quality in "lmhk"]
    tasks, ends = plan(orders, jobs=1)  # twelve sections, four to a task: none is split
    assert [task.name for task in tasks] == [f"draw {order.name}" for order in orders]
    assert ends == {order: {f"draw {order.name}"} for order in orders}
    command = [sys.executable, "-m", *tasks[0].command]
    made = [subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder) for _ in range(2)]
    assert "one: come" in made[0].stdout
    assert made[1].stdout.split() == [str(film_in(folder))]
    assert decoded(film_in(folder)) == decoded(render_in_parts(folder))


def render_in_parts(folder):
    """The same film, drawn by two processes elsewhere."""
    other = folder / "other"
    other.mkdir()
    (other / "dots.py").write_text((folder / "dots.py").read_text())
    assert render(other, "--jobs=2").returncode == 0
    return film_in(other)


def test_the_farm_runs_in_order_and_what_fails_stops_only_what_needs_it(tmp_path, monkeypatch):
    def task(name, code, *after):
        (tmp_path / f"says_{name}.py").write_text(f"open('order', 'a').write('{name} '); {code}")
        return Task(name, [f"says_{name}"], tmp_path / f"{name}.log", "group", frozenset(after))

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    tasks = [
        task("c", "1", "a"), task("d", "1", "b"), task("a", "1"), task("b", "print('woe'); raise SystemExit(3)"),
        task("e", "1", "long done"), task("f", "1", "d"),
    ]  # fmt: skip
    faults = run(tasks, jobs=1)
    assert Path("order").read_text().split() == ["a", "c", "b", "e"]
    assert faults.keys() == {"b", "d", "f"}
    assert "exit code 3" in faults["b"]
    assert "woe" in faults["b"]
    assert faults["d"] == "needs b"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux lets cores be chosen")
def test_processes_keep_to_a_core_each_while_there_are_as_many(tmp_path, monkeypatch):
    every = os.sched_getaffinity(0)
    if len(every) < 2:
        pytest.skip("there is one core")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "told.py").write_text(
        "import os, sys, time\nopen(sys.argv[1], 'w').write(repr(os.sched_getaffinity(0)))\ntime.sleep(0.5)\n"
    )

    def kept(name):
        return ast.literal_eval(Path(name).read_text())

    def task(name, *after, keeps=True):
        return Task(name, ["told", name], tmp_path / f"{name}.log", "group", frozenset(after), keeps)

    two = set(sorted(every)[:2])
    os.sched_setaffinity(0, two)
    try:
        together = [task("a"), task("b"), task("c", "a", "b")]
        assert not run([*together, task("d", "c", keeps=False), task("e", "c", keeps=False)], jobs=2)
        assert not run([task("f"), task("g")], jobs=1)
    finally:
        os.sched_setaffinity(0, every)
    assert kept("a") | kept("b") == two
    assert len(kept("a")) == len(kept("b")) == 1
    for name in "cdefg":  # "c" is alone
        assert len(kept(name)) > 1


def test_a_part_with_a_missing_segment_or_damaged_is_refused(tmp_path):
    part, segments = tmp_path / "part.json", tmp_path / "segments"
    segments.mkdir()
    note = {"version": 3, "sections": [{"name": "one", "segments": ["a.mp4"]}], "captions": "", "beats": []}
    for text, fault in [
        ("{", "is no part of a film"),
        (json.dumps(note | {"version": 4}), "another version"),
        (json.dumps(note | {"sections": [{"name": "one"}]}), "is no part"),
        (json.dumps(note), "needs the segment"),
    ]:
        part.write_text(text)
        with pytest.raises(PartError, match=fault):
            read_part(part, segments)
        assert not is_drawn(part, segments)
    (segments / "a.mp4").touch()
    assert read_part(part, segments) == note


def test_a_segment_has_its_name_only_when_it_is_whole(tmp_path):
    import numpy as np
    from manim import config
    from manim._config.render_session import resolve_render_session
    from manim.renderer.cairo_renderer import CairoRenderer

    with tempconfig({"quality": "low_quality", "format": "mp4"}):
        session = resolve_render_session(config, CairoRenderer.capabilities, renderer_name="CairoRenderer")
    spec = session.video_encoder
    frame = np.zeros((spec.height, spec.width, 4), np.uint8)
    target = tmp_path / "segment.mp4"
    writing = WholeSegment(target=target, spec=spec)
    writing.write_frame(frame, repeat=3)
    assert not target.exists()
    other = WholeSegment(target=target, spec=spec)
    writing.finish()
    assert target.exists()
    other.write_frame(frame)
    other.abort()
    assert [path.name for path in tmp_path.iterdir()] == ["segment.mp4"]


def test_what_killed_processes_have_left_is_swept_and_nothing_else(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    kept = ["segment.mp4", f".a.{HERE}-{os.getpid()}.part.mp4", f".b.elsewhere-{dead.pid}.part.mp4", ".c.part.mp4"]
    for name in [*kept, f".d.{HERE}-{dead.pid}.part.mp4"]:
        (tmp_path / name).touch()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
