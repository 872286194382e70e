"""For everyone: captions and notes, legible text, no flashing, and all films once more with reduced motion."""

import re

import pytest
import test_langevin_scene as langevin_film
import test_million_scene as million_film
from filming import DRY, shoot
from flashing import flashes
from layout import Staged, written_in
from manim import ManimColor
from small_films import Small
from test_diffusion_films import FILMS
from test_theme import contrast

from scenes import langevin as scenes_of_langevin
from scenes.dinosaur import DinosaurScene
from scenes.exports.finished import Section, notes_of
from scenes.films import MODULES, films, find_film, is_told_in_sections
from scenes.langevin import LangevinScene, NoiseOnScene, StepSizeScene
from scenes.million import MillionScene
from scenes.record import Beat
from scenes.score import ScoreFieldScene

SMALL = dict.fromkeys(FILMS, Small) | {LangevinScene: langevin_film.Fewer, MillionScene: million_film.Small}
"""All films of the collection, each with what makes its runs small."""
ALONE = [name for name in vars(scenes_of_langevin) if re.fullmatch(r"(?!Langevin)\w+Scene", name)]
"""Sections of the Langevin film that are films of their own."""
EACH = pytest.mark.parametrize("film", SMALL, ids=lambda film: film.__name__)


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


class Read(Staged):
    """A staged film that keeps the contrast with which each glyph was there at its best at a beat's end."""

    def construct(self):
        self.glyphs = {}
        super().construct()

    def end_beat(self):
        for text in written_in(self):
            for glyph in filter(lambda part: part.has_points(), text.get_family()):
                ratio, _ = self.glyphs.get(glyph, (0, ""))
                self.glyphs[glyph] = max(ratio, contrast(on_paper(glyph, self.look.paper), self.look.paper)), text
        super().end_beat()

    def faint(self):
        """What never had enough contrast; what is dimmed until it is spoken of has it in the end."""
        return {text.typst_code for ratio, text in self.glyphs.values() if ratio < 4.5}


def on_paper(glyph, paper):
    """The colour in which a glyph, or a fraction's stroke, is seen."""
    filled = glyph.get_fill_opacity() > 0
    color = glyph.get_fill_color() if filled else glyph.get_stroke_color()
    opacity = glyph.get_fill_opacity() if filled else glyph.get_stroke_opacity()
    return ManimColor(paper).interpolate(color, opacity)


def staged(film, media, small, **attributes):
    """A whole film with small runs, its plays skipped: begun, ended and counted, but not drawn."""
    kind = type(f"Read{film.__name__}", (Read, small, film), attributes)
    return shoot(kind, media, **DRY | {"from_animation_number": 10**6})


def test_the_collection_is_tested_as_a_whole():
    assert set(films()) == {film.__name__ for film in SMALL}
    assert len(MODULES) == len(SMALL)
    assert len(ALONE) >= 6


@EACH
def test_with_reduced_motion_nothing_overlaps_and_each_beat_says_something_legible(film, media):
    reduced = staged(film, media, SMALL[film], motion="reduced", theme="light")
    assert list(reduced.faults) == reduced.beats
    assert sorted({fault for wrong in reduced.faults.values() for fault in wrong}) == []
    assert len(reduced.spoken) == len(reduced.beats) == len(told(reduced))
    assert all(reduced.spoken)
    assert len(reduced.glyphs) > 100
    assert reduced.faint() == set()


@pytest.mark.parametrize("film", [LangevinScene, ScoreFieldScene, DinosaurScene], ids=lambda film: film.__name__)
def test_with_reduced_motion_a_film_tells_the_same_in_the_same_time(film, media):
    full, reduced = (staged(film, media, SMALL[film], motion=motion) for motion in ("full", "reduced"))
    assert [beat[:4] for beat in told(reduced)] == [beat[:4] for beat in told(full)]
    assert reduced.plays == full.plays
    assert full.faint() == set()


def told(scene):
    """The beats that go into the film's record."""
    return scene.renderer.file_writer.beats


@pytest.mark.parametrize("name", ALONE)
def test_a_section_alone_has_a_caption_on_each_beat(name, media):
    shown = staged(find_film(name), media, langevin_film.Fewer)
    assert not is_told_in_sections(find_film(name))
    assert len(shown.beats) >= 2
    assert all(shown.spoken)


def test_a_film_without_captions_on_screen_still_has_them_in_its_record(media):
    silent = staged(DinosaurScene, media, Small, captions=False)
    assert len(told(silent)) == len(silent.beats)
    assert all(beat.caption for beat in told(silent))
    assert not [text for text in silent.written if told(silent)[-1].caption[:20] in text]


@EACH
def test_each_section_has_notes_that_can_be_said_aloud(film):
    notes = notes_of(film)
    assert list(notes) == list(film.storyboard(film.__new__(film)))
    for section, text in notes.items():
        assert 100 <= len(text) <= 900, section
        assert 2 <= len(re.findall(r"[.?](?: |$)", text)) <= 12, section
        assert not re.search(r"[`$]", text), section  # Nobody says markup.
    assert len(set(notes.values())) == len(notes)
    assert any("Ask" in text for text in notes.values())


def test_alternative_text_says_what_a_sections_last_picture_shows():
    beats = (Beat("noise off: start", 0.0, 1.0, "They start."), Beat("noise off: end", 1.0, 2.0, "They end"))
    section = Section("noise off", 0.0, 0.0, 2.0, beats, "")
    assert section.alt == "Noise off: They end."
    asked = Section("noise off", 0.0, 0.0, 1.0, (beats[0]._replace(caption="Where to?"),), "")
    assert asked.alt == "Noise off: Where to?"


def frames_of(film, media, **settings):
    """The frames of a film, small enough to be drawn in seconds; not encoded."""
    frames = []

    class Watched(film):
        def setup(self):
            super().setup()
            add = self.renderer.add_frame

            def add_frame(frame, num_frames=1):
                frames.extend([frame[..., :3]] * num_frames)
                add(frame, num_frames)

            self.renderer.add_frame = add_frame

    small = {"frame_rate": 15, "pixel_width": 240, "pixel_height": 135, "disable_caching": True}
    shoot(Watched, media, **DRY | small | settings)
    return frames


@pytest.mark.parametrize(
    "film",
    [*(film for film in SMALL if film is not LangevinScene), NoiseOnScene, StepSizeScene],
    ids=lambda film: film.__name__,
)
def test_no_film_flashes_more_than_three_times_a_second(film, media):
    small = SMALL.get(film, langevin_film.Fewer)
    frames = frames_of(type(f"Small{film.__name__}", (small, film), {}), media)
    assert len(frames) > 150
    assert flashes(frames, 15).most <= 3
