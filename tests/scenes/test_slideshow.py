"""What `scenes/slideshow.py` adds to manim-slides, and whether manim-slides still needs it."""

import os
import subprocess
import sys
from importlib.metadata import version

import manim_slides
import pytest
from decks import python_path
from filming import film_of, pictures, shoot
from manim import RIGHT, Dot, FadeIn, config
from manim_slides.config import PresentationConfig

from scenes.base import FilmScene
from scenes.slideshow import Slide, Slideshow


def slides_of(scene):
    """The slides that a scene that was shot in a test has left."""
    return PresentationConfig.from_file(scene._output_folder / f"{scene}.json").slides


def slideshow(film, folder, **settings):
    """Shoot a film, as it is, as slides."""
    kind = type("Talk", (Slideshow, film), {"__module__": __name__})

    class Talk(kind):
        def __init__(self):
            super().__init__(output_folder=folder / "slides")

    return shoot(Talk, folder, **settings)


class TwoBeats(FilmScene):
    """A film of two sections, the first of two beats."""

    def storyboard(self):
        return {"first": self.first, "second": self.second}

    def first(self):
        self.dot = Dot()
        self.beat("first: come", "One.", FadeIn(self.dot))
        self.beat("first: move", "Two.", self.dot.animate.shift(RIGHT))

    def second(self):
        """Something.

        Say it.
        """
        self.beat("second: move", "Three.", self.dot.animate.shift(RIGHT))


def test_without_manim_slides_one_sentence_says_how_to_get_it(tmp_path):
    (tmp_path / "manim_slides.py").write_text("raise ModuleNotFoundError('No module named manim_slides')")
    (tmp_path / "talk.py").write_text("from scenes.slideshow import Slideshow")
    command = [sys.executable, "-m", "manim", "-ql", "talk.py", "Talk"]
    there = os.environ | {"PYTHONPATH": python_path(tmp_path)}
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=there)
    assert run.returncode != 0
    assert "Traceback" not in run.stderr
    assert "slides of manim-slides need that library: pip install 'diffusion-vis" in run.stderr


@pytest.mark.parametrize(("only", "first"), [("first: move", 0), (None, 2)])
def test_what_is_skipped_is_on_no_slide(only, first, tmp_path):
    kind = type("Draft", (TwoBeats,), {"only": only, "__module__": __name__})
    talk = slideshow(kind, tmp_path, from_animation_number=first)
    drawn = pictures(*[slide.file for slide in slides_of(talk)])
    assert drawn == pictures(film_of(talk))
    assert 0 < len(drawn) < len(pictures(film_of(slideshow(TwoBeats, tmp_path / "whole"))))


def test_a_slide_may_end_within_a_beat_without_a_section_of_manims(tmp_path):
    class Own(FilmScene):
        def construct(self):
            dot = Dot()
            self.beat("own: come", "One.", FadeIn(dot))
            self.next_slide(notes="Wait.")
            self.play(dot.animate.shift(RIGHT))

    talk = slideshow(Own, tmp_path)
    assert [slide.notes for slide in slides_of(talk)] == ["", "Wait."]
    assert [section.name for section in talk.renderer.file_writer.sections] == ["own: come"]


def test_a_light_film_has_slides_of_its_own(tmp_path):
    light = type("Light", (TwoBeats,), {"theme": "light", "__module__": __name__})
    talk = slideshow(light, tmp_path)
    assert str(talk) == "Talk-light"
    assert talk._background_color == "#FAFAF7"
    assert len(slides_of(talk)) == 2


def test_a_still_leaves_no_slides(tmp_path):
    talk = slideshow(TwoBeats, tmp_path, save_last_frame=True)
    assert not talk._output_folder.exists()


def test_slides_of_ones_own_need_no_film(tmp_path):
    class Own(Slide):
        def construct(self):
            dot = Dot()
            for _ in range(3):
                self.play(dot.animate.shift(RIGHT))
                self.next_slide()

        def __init__(self):
            super().__init__(output_folder=tmp_path / "slides")

    # Manim would forget the first segments as soon as the film is there.
    assert len(slides_of(shoot(Own, tmp_path, max_files_cached=1))) == 3


# Why `scenes/slideshow.py` is as long as it is.


def crash_of(scene_class):
    try:
        shoot(scene_class, config.get_dir("media_dir"))
    except Exception as error:
        return str(error)
    return "nothing"


def is_no_longer_needed(what):
    return f"manim-slides {version('manim-slides')} needs no {what}: remove it from scenes/slideshow.py, and here"


class Plain(manim_slides.Slide):
    def construct(self):
        self.camera.background_color = "#0A0C10"
        self.play(FadeIn(Dot()))


class Begun(Plain):
    def __init__(self):
        super(manim_slides.Slide, self).__init__()


def test_manim_slides_still_asks_manim_for_a_setting_that_is_gone_when_a_scene_is_made():
    assert "write_to_movie" in crash_of(Plain), is_no_longer_needed("__init__")


def test_manim_slides_still_sets_a_number_that_manim_refuses():
    assert "max_files_cached must be" in crash_of(Begun), is_no_longer_needed("max_files_cached")


def test_manim_slides_still_asks_manim_for_a_setting_that_is_gone_when_a_scene_is_rendered(monkeypatch):
    monkeypatch.setattr(type(config), "max_files_cached", property(lambda _: -1, lambda _, value: None))
    assert "flush_cache" in crash_of(Begun), is_no_longer_needed("render")


def test_manim_slides_still_takes_no_string_for_a_background(tmp_path):
    class Saved(Begun):
        render = Slide.render

        def __init__(self):
            super(manim_slides.Slide, self).__init__(output_folder=tmp_path)

    assert "to_hex" in crash_of(Saved), is_no_longer_needed("_background_color")
