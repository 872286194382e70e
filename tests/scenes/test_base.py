"""The frame of every film: beats, captions and their times, pace, drafts, themes, a user's mistakes."""

import datetime
import subprocess
import sys
from typing import ClassVar

import av
import numpy as np
import pytest
import srt
from filming import DRY, drawn_frames, film_of, frames_in, last_frame, shoot
from manim import Dot, FadeIn, ManimColor, ValueTracker, config, tempconfig

from diffusion_core.errors import DiffusionError
from scenes import theme as themes
from scenes.base import TICK, FilmError, FilmScene
from scenes.mobjects.words import plain
from scenes.zones import MARGIN, zones


class Short(FilmScene):
    """Two beats, with durations that are no whole numbers of frames."""

    def construct(self):
        dot = Dot(self.zones.stage_center)
        self.beat("one: dot", "A dot at $x_k$.", FadeIn(dot, run_time=0.77))
        self.play(dot.animate(run_time=0.41).shift((1, 0, 0)))
        self.beat("two: gone", "Now it has moved, and this sentence takes a while to read.")


def captions_of(scene):
    return list(srt.parse(film_of(scene).with_suffix(".srt").read_text()))


@pytest.mark.parametrize("rate", [15, 30, 60])
def test_captions_have_the_same_times_at_every_frame_rate(rate, tmp_path):
    # Two beats: captions of 12 and 58 characters. Each play is rounded to fifteenths of a second:
    # 0.8 s (the caption comes), 0.41 → 6/15, 1.5 s of rest after motion → 23/15; then 58/15 s of reading.
    scene = shoot(Short, tmp_path, frame_rate=rate)
    one, two = captions_of(scene)
    seconds = [t.total_seconds() for t in (one.start, one.end, two.start, two.end)]
    assert seconds == pytest.approx([0.0, 41 / 15, 41 / 15, 41 / 15 + 58 / 15], abs=2e-3)
    assert frames_in(film_of(scene)) == (41 + 58) * rate // 15
    assert one.content == "A dot at x_k."


def test_captions_have_the_same_times_when_the_film_comes_from_the_cache(tmp_path):
    fresh, drawn = drawn_frames(Short, tmp_path, frame_rate=15)
    times = [(c.start, c.end) for c in captions_of(fresh)]
    again, drawn_again = drawn_frames(Short, tmp_path, frame_rate=15)
    assert len(drawn_again) < len(drawn)
    for (start, end), caption in zip(times, captions_of(again), strict=True):
        assert abs(caption.start - start) < datetime.timedelta(milliseconds=2)
        assert abs(caption.end - end) < datetime.timedelta(milliseconds=2)


@pytest.mark.parametrize("ticks", range(1, 61))
def test_every_duration_is_a_whole_number_of_frames(ticks):
    # Manim counts frames with np.arange(0, t, 1/rate) and a still's with int(t * rate): both round floats.
    scene = FilmScene.__new__(FilmScene)
    moving, still = ticks * TICK - 1e-7, ticks * TICK + 1e-7
    for rate in (15, 30, 60):
        assert len(np.arange(0, moving, 1 / rate)) == ticks * rate // 15
        assert int(still / (1 / rate)) == ticks * rate // 15
    assert scene.pace == 1


def test_half_the_pace_takes_twice_the_time(tmp_path):
    class Slow(Short):
        pace = 0.5

    length = {kind: shoot(kind, tmp_path, **DRY).renderer.time for kind in (Short, Slow)}
    assert length[Slow] == pytest.approx(2 * length[Short], rel=0.05)


def test_own_captions_replace_those_of_their_beats(tmp_path, caplog):
    class German(Short):
        captions: ClassVar = {"one: dot": "Ein Punkt.", "tow: gone": "Weg."}

    scene = shoot(German, tmp_path, frame_rate=15)
    own, kept = (caption.content for caption in captions_of(scene))
    assert own == "Ein Punkt."
    assert kept.startswith("Now it has moved")
    assert "there is no beat 'tow: gone': did you mean 'two: gone'?" in caplog.text


def test_without_captions_the_stage_takes_their_room(tmp_path):
    class Bare(Short):
        captions = False

    assert zones(False).stage_side == pytest.approx(8 - 2 * MARGIN)
    scene = shoot(Bare, tmp_path, frame_rate=15)
    low = last_frame(scene)[-40:]
    assert (low == ManimColor(themes.theme().paper).to_int_rgb()).all()
    assert (last_frame(shoot(Short, tmp_path, frame_rate=15))[-60:] != low[:1, :1]).any()
    assert len(captions_of(scene)) == 2  # the subtitles stay: whoever cannot hear or see them on screen has them


@pytest.mark.parametrize("captions", [True, False])
def test_zones_keep_the_margin_and_do_not_touch(captions):
    z = zones(captions)
    half = np.array([config.frame_width, config.frame_height]) / 2 - MARGIN + 1e-9
    corners = z.stage_center[:2] + np.outer([-0.5, 0.5], [z.stage_side] * 2)
    assert (abs(corners) <= half).all()
    assert z.board_left > corners[1, 0]
    assert z.board_right <= half[0]
    assert z.board_top <= half[1]
    assert -half[1] <= z.board_bottom
    assert z.board_width > 5.5


def test_one_beat_alone_is_drafted_with_everything_before_it_in_place(tmp_path):
    class Draft(Short):
        only = "two"

    draft, drawn = drawn_frames(Draft, tmp_path, frame_rate=15)
    whole, frames = drawn_frames(Short, tmp_path / "whole", frame_rate=15)
    assert drawn[-1][1] == frames[-1][1]
    assert {play for play, _ in drawn} < {play for play, _ in frames}
    (caption,) = captions_of(draft)
    assert caption.start.total_seconds() == 0
    assert frames_in(film_of(draft)) == 58
    assert frames_in(film_of(whole)) == 41 + 58


def test_a_draft_of_no_beat_is_told_so(tmp_path):
    class Draft(Short):
        only = "tow"

    with pytest.raises(FilmError, match=r"there is no beat 'tow': did you mean 'two'\?"):
        shoot(Draft, tmp_path, dry_run=True)


def test_an_attribute_that_nobody_reads_is_told(tmp_path, caplog):
    class Mine(Short):
        pase = 2.0
        mine = "own"

    shoot(Mine, tmp_path, dry_run=True)
    assert "there is no attribute 'pase': did you mean 'pace'?" in caplog.text
    assert "'mine'" not in caplog.text


def test_beats_are_manims_sections(tmp_path):
    scene = shoot(Short, tmp_path, save_sections=True, frame_rate=15)
    folder = film_of(scene).parent / "sections"
    clips = sorted(path.name for path in folder.glob("*.mp4"))
    assert len(clips) == 2
    assert [frames_in(folder / clip) for clip in clips] == [41, 58]


def test_films_in_two_themes_lie_side_by_side(tmp_path, monkeypatch):
    monkeypatch.delenv("DIFFUSION_THEME", raising=False)

    class Light(Short):
        theme = "light"

    assert film_of(shoot(Short, tmp_path)).name == "Short.mp4"
    scene = shoot(Light, tmp_path)
    assert film_of(scene).name == "Light-light.mp4"
    assert last_frame(scene)[0, 0].tolist() == list(ManimColor(themes.THEMES["light"].paper).to_int_rgb())
    monkeypatch.setenv("DIFFUSION_THEME", "light")
    assert film_of(shoot(Short, tmp_path)).name == "Short-light.mp4"
    monkeypatch.setenv("DIFFUSION_THEME", "dark")
    assert film_of(shoot(Light, tmp_path)).name == "Light-light.mp4"  # the attribute counts for more


@pytest.mark.parametrize(
    ("attribute", "value", "sentence"),
    [
        ("pace", 0, "a pace of 0 plays no film: choose a number above 0"),
        ("pace", "slow", "a pace of 'slow' plays no film"),
        ("captions", "no", "captions are True, False or a table"),
        ("theme", "drak", "There is no theme 'drak': set the scene's `theme` to dark or light."),
    ],
)
def test_a_mistaken_attribute_is_refused_in_one_sentence(attribute, value, sentence, tmp_path):
    wrong = type("Wrong", (Short,), {attribute: value})
    with tempconfig(DRY | {"media_dir": str(tmp_path)}), pytest.raises(DiffusionError, match=sentence):
        wrong()
    assert issubclass(FilmError, DiffusionError)
    themes.choose(None)


def test_what_follows_a_clock_ends_where_the_clock_ends_even_if_skipped(tmp_path):
    seen = {}

    class Followed(FilmScene):
        only = "two"

        def construct(self):
            clock, dot = ValueTracker(0), Dot()
            dot.add_updater(lambda shown: shown.set_x(np.floor(clock.get_value() + 1e-9)))
            self.beat("one", "Skipped.", FadeIn(dot))
            self.play(clock.animate(run_time=1).set_value(3))
            seen["x"] = dot.get_x()
            self.beat("two", "Drawn.")

    shoot(Followed, tmp_path, dry_run=True)
    assert seen["x"] == pytest.approx(3)


@pytest.mark.parametrize("attribute", ["pace = 0", "theme = 'drak'", "captions = {'one': 'It costs 5 $ a step.'}"])
def test_a_mistaken_attribute_ends_the_manim_command_in_one_line(attribute, tmp_path):
    film = f"""
from scenes.base import FilmScene

class Wrong(FilmScene):
    {attribute}

    def construct(self):
        self.beat("one", "A caption.")
"""
    (tmp_path / "film.py").write_text(film)
    command = [sys.executable, "-m", "manim", "-ql", "--progress_bar", "none", "film.py", "Wrong"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode != 0
    assert "Traceback" not in run.stdout + run.stderr
    assert [line.startswith("manim: ") for line in run.stderr.splitlines()].count(True) == 1


def test_only_the_wanted_section_is_told_and_an_unknown_one_is_refused(tmp_path):
    told = []

    class Sections(FilmScene):
        def construct(self):
            self.tell({"one": lambda: told.append(1) or self.wait(1), "two step": lambda: told.append(2)})

    shoot(Sections, tmp_path, dry_run=True)
    assert told == [1, 2]
    shoot(type("Draft", (Sections,), {"only": "one: beat"}), tmp_path, dry_run=True)
    assert told == [1, 2, 1]
    with pytest.raises(FilmError, match="no section 'two stp': did you mean 'two step'"):
        shoot(type("Draft", (Sections,), {"only": "two stp"}), tmp_path, dry_run=True)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_transparent_film_lies_on_any_slide_as_on_its_paper(theme, tmp_path):
    class Slide(FilmScene):
        def construct(self):
            dot = Dot([1, 1, 0], radius=0.5, color=self.look.chance)
            faint = Dot([-1, 1, 0], radius=0.5, color=self.look.exact, fill_opacity=0.4)
            self.beat("one", "Words.", FadeIn(dot, faint))

    opaque = type("Slide", (Slide,), {"theme": theme})
    clear = type("Clear", (Slide,), {"theme": theme})
    wanted = last_frame(shoot(opaque, tmp_path, frame_rate=15)).astype(float)
    scene = shoot(clear, tmp_path, frame_rate=15, transparent=True, format="mov")
    with av.open(str(film_of(scene))) as container:
        *_, last = container.decode(video=0)
    pixels = last.to_ndarray(format="rgba").astype(float)
    alpha = pixels[..., 3:] / 255
    assert (alpha[0, 0], alpha.max()) == (0, 1)
    paper = np.array(ManimColor(themes.THEMES[theme].paper).to_int_rgb(), float)
    assert abs(alpha * pixels[..., :3] + (1 - alpha) * paper - wanted).max() <= 2
    # What is there has its own colour, not the paper's: on red, an edge is between the colour and red.
    edge = (alpha[..., 0] > 0.2) & (alpha[..., 0] < 0.6)
    chance = np.array(ManimColor(themes.THEMES[theme].chance).to_int_rgb(), float)
    right = np.zeros(edge.shape, bool)
    right[:, 470:] = True
    ringed = edge & right
    ringed[400:] = False
    assert np.abs(pixels[ringed][:, :3] - chance).max() < 12


@pytest.mark.parametrize(
    ("markup", "spoken"),
    [
        ("A density $p(x)$.", "A density p(x)."),
        ("$nabla log p(x)$", "∇log p(x)"),
        ("$sqrt(2 tau) thin epsilon_k$", "√(2 τ) ε_k"),
    ],
)
def test_subtitles_have_no_markup(markup, spoken):
    assert plain(markup) == spoken
