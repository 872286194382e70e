"""Slides: a section each, its video whole and played by the next click, words for speakers and for the blind."""

import io
import os
import re
import shutil
import subprocess
import zipfile

import av
import numpy as np
import pypdf
import pytest
from decks import film_in, python_path, said_of, wish
from finished_films import rendered
from openxml_audit import validate_pptx
from PIL import Image
from pptx import Presentation
from pptx.oxml.ns import qn

from scenes.exports import slides
from scenes.exports.clips import frames
from scenes.exports.cuts import can_be_cut
from scenes.exports.powerpoint import empty_deck
from scenes.exports.stills import poster_of, still_at
from scenes.theme import THEMES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def film(folder):
    return film_in(folder)


@pytest.fixture(scope="module")
def path(film, tmp_path_factory):
    [made] = slides.export(wish(film, "pptx", tmp_path_factory.mktemp("deck")))
    return made


@pytest.fixture
def deck(path):
    return Presentation(str(path))


def movie_on(slide):
    [movie] = [shape for shape in slide.shapes if shape.element.tag == qn("p:pic")]
    return movie


def video_on(slide):
    """The frames of its embedded video, and the video's height and colour matrix."""
    media = movie_on(slide).element.find(f".//{qn('p:nvPr')}//{qn('a:videoFile')}").get(qn("r:link"))
    with av.open(io.BytesIO(slide.part.related_part(media).blob)) as container:
        codec = container.streams.video[0].codec_context
        return [frame.to_ndarray() for frame in container.decode(video=0)], codec.height, codec.colorspace


def poster_on(slide):
    return Image.open(io.BytesIO(movie_on(slide).poster_frame.blob))


def difference(one, other):
    return np.abs(np.asarray(one, float) - np.asarray(other, float)).mean()


def test_each_section_is_a_slide_titled_beyond_its_edge(deck, film):
    assert [slide.shapes.title.text for slide in deck.slides] == ["One", "Two, too", "Three"]
    for title in (slide.shapes.title for slide in deck.slides):
        assert title.top + title.height <= 0
        assert 0 < title.left < title.left + title.width < deck.slide_width


def test_a_video_fills_its_slide_in_the_films_shape(deck, film):
    for slide in deck.slides:
        movie = movie_on(slide)
        assert (movie.left, movie.top, movie.width, movie.height) == (0, 0, deck.slide_width, deck.slide_height)
    assert deck.slide_width / deck.slide_height == pytest.approx(film.width / film.height)


def test_a_slides_video_is_the_films_own_from_the_end_of_the_section_before(deck, film):
    for slide, section in zip(deck.slides, film.sections, strict=True):
        ours, _, matrix = video_on(slide)
        theirs = [frame.to_ndarray() for frame in frames(film.path, section.start, section.end)]
        assert len(ours) == len(theirs) == round((section.end - section.start) * film.rate)
        assert all((one == other).all() for one, other in zip(ours, theirs, strict=True))
        assert matrix == 6  # says in which colours, or players guess others from 720 lines up


def test_a_smaller_video_has_the_same_frames(film, tmp_path):
    [made] = slides.export(wish(film, "pptx", tmp_path, ["two, too"], height=240))
    assert made.name == "Dots-two-too.pptx"
    [slide] = Presentation(str(made)).slides
    [section] = film.chosen(["two, too"])
    shown, height, _ = video_on(slide)
    assert (len(shown), height) == (round((section.end - section.opens) * film.rate), 240)
    assert poster_on(slide).height == 240


def test_a_film_is_cut_only_where_it_begins_anew(film):
    for section in film.sections:
        assert can_be_cut(film.path, section.start)
        assert can_be_cut(film.path, section.end)
        assert not can_be_cut(film.path, section.start + 2 / film.rate)


def test_a_slide_begins_with_the_picture_on_which_the_one_before_ended(deck, film):
    for before, slide in zip(film.sections, list(deck.slides)[1:], strict=False):
        assert difference(poster_on(slide), still_at(film, before.end)) < 1.0


def test_a_slide_that_goes_on_from_no_other_shows_its_still_and_opens_anew(film, deck, tmp_path):
    assert difference(poster_on(deck.slides[0]), poster_of(film, film.sections[0])) == 0
    [made] = slides.export(wish(film, "pptx", tmp_path, ["one", "three"]))
    _, slide = Presentation(str(made)).slides
    three = film.sections[2]
    assert three.opens > three.start
    assert difference(poster_on(slide), poster_of(film, three)) == 0
    assert len(video_on(slide)[0]) == round((three.end - three.opens) * film.rate)


def test_the_next_click_plays_the_video_once_to_its_last_picture(deck, film):
    for slide, section in zip(deck.slides, film.sections, strict=True):
        timing = slide.element.find(qn("p:timing"))
        [main] = timing.findall(f".//{qn('p:cTn')}[@nodeType='mainSeq']")
        [play] = main.findall(f".//{qn('p:cmd')}")
        assert play.get("cmd") == "playFrom(0.0)"
        assert main.find(f".//{qn('p:cond')}").get("delay") == "indefinite"  # that is, until a click
        assert int(play.find(f".//{qn('p:cTn')}").get("dur")) == round(1000 * (section.end - section.start))
        assert [effect.get("nodeType") for effect in main.findall(f".//{qn('p:cTn')}[@presetClass]")] == [
            "clickEffect"
        ]
        [video] = timing.findall(f".//{qn('p:video')}")
        assert video.find(f".//{qn('p:cTn')}").get("fill") == "hold"  # no rewinding
        assert not timing.findall(f".//{qn('p:cTn')}[@repeatCount]")
        targets = {target.get("spid") for target in timing.iter(qn("p:spTgt"))}
        assert targets == {str(movie_on(slide).shape_id)}
        numbers = [node.get("id") for node in timing.iter(qn("p:cTn"))]
        assert len(set(numbers)) == len(numbers)


def test_notes_say_what_to_say_what_is_told_when_and_where_it_stands_in_the_code(deck, film):
    one, two, three = (slide.notes_slide.notes_text_frame.text.splitlines() for slide in deck.slides)
    assert one == ["Say that it is one, and that it moves.", "0:00  A dot <comes> & goes."]
    code = "In the code: diffusion_core.langevin.ula"
    assert two == ["0:00  It rises: x_(k+1) = x_k.", "0:03  Another one.", code]
    assert three[:3] == ["Ask who it is.", "Then wait.", "0:01  Only one is left."]
    assert three[3:] == [code, f"Made from: {film.provenance}"]


def test_a_video_is_described(deck):
    described = [movie_on(slide).element.nvPicPr.cNvPr.get("descr") for slide in deck.slides]
    assert described[0] == "Film of 4 seconds: A dot <comes> & goes."
    assert described[1].endswith("seconds: It rises: x_(k+1) = x_k. Another one.")


def test_a_deck_says_what_it_is_and_what_it_is_made_from(deck, film):
    about = deck.core_properties
    assert (about.title, about.subject, about.author) == (film.title, "Slides of the film Dots", "")
    assert "diffusion models" in about.keywords
    assert film.origin["scene"] in about.comments
    assert len(about.comments) <= 255  # what Office keeps


def test_nothing_in_a_deck_is_of_the_template_it_was_made_from(path, deck):
    with zipfile.ZipFile(path) as package:
        parts = package.namelist()
    assert not [part for part in parts if re.search("thumbnail|app.xml|printerSettings", part)]
    assert deck.core_properties.last_modified_by == ""
    assert "type" not in deck.element.find(qn("p:sldSz")).attrib  # "4:3"


def test_the_master_of_the_notes_is_listed(deck):
    [listed] = deck.element.iter(qn("p:notesMasterId"))
    assert deck.part.related_part(listed.get(qn("r:id"))) is deck.notes_master.part


@pytest.mark.parametrize("name", list(THEMES))
def test_a_deck_has_the_films_colours_for_slides_added_by_hand(name):
    look = THEMES[name]
    master = empty_deck(1920, 1080, look).slide_master
    [theme] = [r.target_part for r in master.part.rels.values() if r.reltype.endswith("/theme")]
    names = master.element.find(qn("p:clrMap"))
    assert f'<a:{names.get("bg1")}><a:srgbClr val="{look.paper[1:]}"/>'.encode() in theme.blob
    assert f'<a:{names.get("tx1")}><a:srgbClr val="{look.ink[1:]}"/>'.encode() in theme.blob
    assert f'<a:accent2><a:srgbClr val="{look.chance[1:]}"/>'.encode() in theme.blob


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920)])
def test_layouts_fill_the_slide_and_stay_on_it(width, height):
    deck = empty_deck(width, height, THEMES["dark"])
    boxes = [box for owner in (deck.slide_master, *deck.slide_layouts) for box in owner.placeholders]
    assert all(box.left >= 0 and box.left + box.width <= deck.slide_width for box in boxes)
    assert all(box.top >= 0 and box.top + box.height <= deck.slide_height for box in boxes)
    assert max(box.left + box.width for box in boxes) > 0.9 * deck.slide_width


def test_a_deck_keeps_to_the_schemas_of_office(path):
    assert [str(error) for error in validate_pptx(path).errors] == []


def test_libreoffice_shows_each_slide(path, deck, tmp_path):
    office = shutil.which("soffice")
    if office is None and "CI" not in os.environ:
        pytest.skip("no LibreOffice: apt-get install libreoffice-impress")
    assert office, "LibreOffice is missing"
    own = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"  # beside one that is open
    convert = [office, own, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(convert, check=True, capture_output=True, timeout=300)
    pages = pypdf.PdfReader(tmp_path / "Dots.pdf").pages
    assert len(pages) == len(deck.slides)
    for page, slide in zip(pages, deck.slides, strict=True):
        [name] = re.findall(rb"(/Im\d+) Do", page.get_contents().get_data())  # all are in each page's resources
        shown = page.images[name.decode()].image.convert("RGB")
        poster = poster_on(slide).convert("RGB")
        assert difference(shown.resize(poster.size), poster) < 3.0
        assert np.asarray(poster).std() > 5.0  # not an empty one


def test_without_python_pptx_one_sentence_says_how_to_get_it(folder, tmp_path):
    (tmp_path / "pptx.py").write_text("raise ModuleNotFoundError('No module named pptx')")
    said = said_of(folder, "pptx", "--quality", "l", PYTHONPATH=python_path(tmp_path))
    assert said == "scenes: slides need python-pptx: pip install 'diffusion-visualizations[lecture]'"


def test_a_place_that_cannot_be_written_to_is_said_in_one_sentence(folder, tmp_path):
    (tmp_path / "taken").write_text("")
    said = said_of(folder, "pptx", "--quality", "l", "--output", str(tmp_path / "taken"))
    assert "cannot write to" in said
    assert "--output" in said


def test_a_film_that_is_not_rendered_is_said_in_one_sentence(folder):
    assert "scenes render dots.py:Dots --quality m" in said_of(folder, "pptx", "--quality", "m")
