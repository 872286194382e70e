"""Films as slides: rendered as such, and made of a film that is finished."""

import re
import shutil

import av
import pytest
from click.testing import CliRunner
from filming import decoded, pictures
from finished_films import NAME, rendered, scenes
from manim import config
from manim_slides.__main__ import cli
from manim_slides.config import PresentationConfig
from pptx import Presentation

from scenes.exports.finished import Film, finished
from scenes.record import path_of_record
from scenes.rendering import Order

NOTES = ["Say that it is one, and that it moves.", "", "Ask who it is.\n\nThen wait."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished film, and the same film as slides, rendered by manim-slides' own command."""
    made = rendered(tmp_path_factory.mktemp("films"))
    imports = "from dots import Dots\nfrom scenes.slideshow import Slideshow\n"
    (made / "talk.py").write_text(f"{imports}\n\nclass Talk(Slideshow, Dots):\n    pass\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        run = CliRunner().invoke(cli, ["render", "-ql", "-v", "WARNING", "talk.py", "Talk"])
    assert run.exit_code == 0, run.output
    return made


@pytest.fixture(scope="module")
def film(folder) -> Film:
    """The finished film."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setitem(config._d, "media_dir", str(folder / "media"))
        return finished(Order(NAME, quality="l"))


@pytest.fixture(scope="module")
def talk(folder):
    """The film, rendered as slides."""
    return PresentationConfig.from_file(folder / "slides" / "Talk.json")


def exported(folder, target, *words):
    """The film as slides, exported by our command into a folder."""
    run = scenes(folder, "export", NAME, "--quality", "l", "--to", "manim-slides", "--output", str(target), *words)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(target / "slides" / "Dots.json")
    return PresentationConfig.from_file(target / "slides" / "Dots.json")


@pytest.fixture(scope="module")
def made(folder):
    """The film, exported as slides."""
    return exported(folder, folder / "made")


# What is on the slides.


@pytest.mark.parametrize("source", ["talk", "made"])
def test_each_section_is_a_slide_that_ends_with_its_last_beat_and_has_its_notes(source, film, request):
    slides = request.getfixturevalue(source).slides
    lengths = [sum(1 for _ in decoded(slide.file)) / film.rate for slide in slides]
    assert lengths == pytest.approx([section.end - section.start for section in film.sections], abs=1e-3)
    assert [slide.notes for slide in slides] == NOTES


def test_slides_show_the_film_frame_by_frame(talk, made, film, folder):
    assert pictures(*[slide.file for slide in made.slides]) == pictures(film.path)
    talked = folder / "media/videos/talk/480p15/Talk.mp4"
    assert pictures(*[slide.file for slide in talk.slides]) == pictures(talked)


def test_a_film_is_told_the_same_with_and_without_slides(film, folder):
    record = path_of_record(folder / "media/videos/talk/480p15/Talk.mp4").read_text()
    plain = path_of_record(film.path).read_text()
    assert record[record.index('"beats"') :] == plain[plain.index('"beats"') :]


@pytest.mark.parametrize("source", ["talk", "made"])
def test_slides_know_the_size_and_the_paper_of_the_film(source, request):
    config = request.getfixturevalue(source)
    assert config.resolution == (854, 480)
    assert config.background_color.as_hex(format="long") == "#0a0c10"


# Of a finished film.


def test_chosen_sections_go_on_from_each_other_or_open_with_their_first_beat(folder, film, tmp_path):
    one, two, three = film.sections
    frames = lambda config: [sum(1 for _ in decoded(slide.file)) for slide in config.slides]  # noqa: E731
    together = frames(exported(folder, tmp_path / "a", "--sections", "two, too", "three"))
    assert together == [round((two.end - two.opens) * 15), round((three.end - three.start) * 15)]
    apart = frames(exported(folder, tmp_path / "b", "--sections", "one", "three"))
    assert apart == [round(one.end * 15), round((three.end - three.opens) * 15)]
    assert three.opens > three.start


def test_slides_of_another_height_are_as_long(folder, film, tmp_path):
    config = exported(folder, tmp_path, "--height", "240")
    first = next(decoded(config.slides[0].file))
    assert config.resolution == (first.width, first.height) == (428, 240)
    assert sum(1 for slide in config.slides for _ in decoded(slide.file)) == round(film.duration * film.rate)


def test_slides_may_be_carried_to_another_place_and_say_where_they_come_from(folder, film, made, tmp_path):
    shutil.copytree(folder / "made", tmp_path / "stick")
    for slide in PresentationConfig.from_file(tmp_path / "stick/slides/Dots.json").slides:
        assert slide.file.is_relative_to(tmp_path)
        with av.open(str(slide.file)) as clip:
            assert clip.metadata["comment"] == film.provenance


# What manim-slides makes of them.


def converted(folder, name, target, *options):
    run = CliRunner().invoke(cli, ["convert", "--folder", str(folder), name, str(target), *options])
    assert run.exit_code == 0, run.output
    return target


SOURCES = pytest.mark.parametrize(("place", "name"), [("slides", "Talk"), ("made/slides", "Dots")])


@SOURCES
def test_manim_slides_makes_a_page_whose_videos_play(place, name, talk, made, film, folder, tmp_path, page):
    html = converted(folder / place, name, tmp_path / "talk.html", "--one-file")
    # reveal.js lies on the network, where a test has no business. In its place stands something that takes
    # every call; what it would show is played here.
    anything = "const it = new Proxy(() => it, {get: () => it}); Object.assign(window, {RevealMarkdown: it});"
    script = {"reveal.js": anything + "Object.assign(window, {Reveal: it, RevealNotes: it})"}
    page.route(
        re.compile("^https:"), lambda route: route.fulfill(body=script.get(route.request.url.split("/")[-1], ""))
    )
    page.goto(html.as_uri())
    lengths = page.evaluate("""async () => {
        const play = (source) => new Promise((done, fail) => {
            const video = Object.assign(document.createElement("video"), {src: source, muted: true})
            video.onended = () => done(video.currentTime)
            video.onerror = () => fail(video.error.message)
            video.playbackRate = 8
            video.play()
        })
        const slides = [...document.querySelectorAll("section[data-background-video]")]
        return Promise.all(slides.map((slide) => play(slide.dataset.backgroundVideo)))
    }""")
    assert lengths == pytest.approx([section.end - section.start for section in film.sections], abs=0.01)
    assert page.locator("aside.notes").all_text_contents() == [text for text in NOTES if text]
    assert page.complaints == []
    assert all("/reveal.js@" in url for url in page.asked)


@SOURCES
def test_manim_slides_makes_a_deck_for_powerpoint_with_videos_and_notes(place, name, talk, made, folder, tmp_path):
    deck = Presentation(str(converted(folder / place, name, tmp_path / "talk.pptx")))
    notes = [slide.notes_slide.notes_text_frame.text if slide.has_notes_slide else "" for slide in deck.slides]
    assert notes == NOTES
    assert [[shape.media_type is not None for shape in slide.shapes] for slide in deck.slides] == [[True]] * 3


@SOURCES
def test_manim_slides_makes_a_pdf_of_a_page_each(place, name, talk, made, folder, tmp_path):
    pdf = converted(folder / place, name, tmp_path / "talk.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 3
