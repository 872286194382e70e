"""The handout: everything that is said and stated, as text that is found, read out and never taken for markup."""

import re

import numpy as np
import pypdf
import pytest
from decks import film_in, said_of, wish, with_section
from finished_films import rendered

from scenes.exports import handout
from scenes.exports.formats import ExportError
from scenes.exports.stills import still_at, telling_beat
from scenes.theme import THEMES

NASTY = [
    '# $ @here *a* _b_ "q" `raw` \\n \\ <label> [x] {y} // no comment /* none */ ~ -- --- ... =',
    "= Not a heading",
    "- not a list",
    "#panic() $x",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def film(folder):
    return film_in(folder)


def printed(film, folder, sections=None):
    [made] = handout.export(wish(film, "pdf", folder, sections))
    return pypdf.PdfReader(made)


@pytest.fixture(scope="module")
def document(film, tmp_path_factory):
    return printed(film, tmp_path_factory.mktemp("handout"))


def text_of(*pages):
    """What can be found on pages, in one line, whose breaks may fall anywhere."""
    return "".join("".join(page.extract_text() for page in pages).split())


def packed(text):
    return "".join(text.split())


def tags(node):
    """All elements of a document's structure, in order."""
    if isinstance(node, pypdf.generic.DictionaryObject):
        yield node
        children = node.get("/K", [])
        for child in children if isinstance(children, list) else [children]:
            yield from tags(child.get_object() if hasattr(child, "get_object") else child)


def described(document, kind):
    root = document.trailer["/Root"]["/StructTreeRoot"]
    return [str(tag["/Alt"]) for tag in tags(root) if tag.get("/S") == kind]


def test_all_that_is_said_is_there_as_text(document, film):
    found = text_of(*document.pages)
    assert packed(film.title) in found
    for section in film.sections:
        assert packed(section.title) in found
        assert all(packed(beat.caption) in found for beat in section.beats)
        assert packed(section.notes) in found
        assert all(f"diffusion_core.{name}" in found for name in section.code)


def test_text_is_not_taken_for_markup(film, tmp_path):
    beats = tuple(film.beats[0]._replace(caption=caption) for caption in NASTY)
    nasty = with_section(film, 0, name="#let <it> $be$", beats=beats, notes="\n\n".join(NASTY))
    found = text_of(*printed(nasty, tmp_path).pages)
    assert "#let<it>$be$" in found
    for caption in NASTY:
        assert found.count(packed(caption)) == 2


def test_formulas_are_set_and_their_terms_have_the_colours_of_the_light_theme(document):
    [first] = [page for page in document.pages if "𝑘+1" in text_of(page)]
    painted = {tuple(np.round([float(x) for x in operands], 2)) for operands, operator in
               pypdf.generic.ContentStream(first.get_contents(), document).operations
               if operator == b"scn" and len(operands) == 3}  # fmt: skip
    look = THEMES["light"]
    for colour in (look.ink, look.chance):
        assert tuple(np.round([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)], 2)) in painted


def test_formulas_and_stills_are_described(document, film):
    assert described(document, "/Formula") == 3 * ["x_(k+1) = x_k (+ √(2 τ) ε_k)"]  # it stands there to the end
    shown = [telling_beat(film, section).caption for section in film.sections]
    assert described(document, "/Figure") == [f"Still of the film at “{caption}”" for caption in shown]


def test_only_formulas_that_state_something_are_printed(film, tmp_path):
    formulas = ("x_k = (1.534, -1.417)", "sigma = 0.5", "nabla log p(x)", "x tilde p", "nabla log p(x) = 0")
    beats = (film.beats[0]._replace(formulas=formulas),)
    made = printed(with_section(film, 0, beats=beats), tmp_path, [film.sections[0].name])
    assert described(made, "/Formula") == ["x tilde p", "∇log p(x) = 0"]


def test_each_section_has_its_still(document, film):
    images = [image.image.convert("RGB") for page in document.pages for image in page.images]
    assert len(images) == len(film.sections)
    for image, section in zip(images, film.sections, strict=True):
        still = still_at(film, telling_beat(film, section).end)
        assert np.abs(np.asarray(image, float) - np.asarray(still, float)).mean() < 1.0


def test_no_section_is_broken_across_pages(film, tmp_path):
    for words in range(0, 400, 80):
        longer = film
        for number, name in enumerate(("First", "Second", "Third")):
            longer = with_section(longer, number, name=name, notes=f"{name}! " + "word " * words + f"{name}?")
        pages = [text_of(page) for page in printed(longer, tmp_path).pages]
        for name in ("First", "Second", "Third"):
            assert [f"{name}!" in page for page in pages] == [f"{name}?" in page for page in pages]


def test_of_a_section_longer_than_a_page_nothing_is_lost(film, tmp_path):
    notes = "\n\n".join(f"Paragraph {number} of the notes." for number in range(100))
    pages = [text_of(page) for page in printed(with_section(film, 0, notes=notes), tmp_path).pages]
    assert all(f"Paragraph{number}ofthenotes." in "".join(pages) for number in range(100))
    assert sum("ofthenotes" in page for page in pages) >= 2  # and not on one, below its edge


def test_a_handout_says_on_each_page_what_it_is_of_and_at_its_end_from_what(document, film):
    for number, page in enumerate(document.pages, 1):
        assert re.search(rf"Dots,diffusion-visualizations[\d.]+{number}/{len(document.pages)}", text_of(page))
    assert packed(film.provenance) in text_of(document.pages[-1])
    assert document.metadata.title == film.title
    assert document.metadata.subject == film.provenance


def test_a_handout_is_tagged_for_screen_readers(document):
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert [entry.title for entry in document.outline] == ["One", "Two, too", "Three"]


def test_a_handout_is_the_same_file_each_time(film, tmp_path):
    for name in "ab":
        printed(film, tmp_path / name)
    assert (tmp_path / "a/Dots.pdf").read_bytes() == (tmp_path / "b/Dots.pdf").read_bytes()


def test_a_formula_that_cannot_be_set_is_said_in_one_sentence(film, tmp_path):
    own = with_section(film, 0, beats=(film.beats[0]._replace(formulas=("x = myown(2",)),))
    with pytest.raises(ExportError, match=r"^Typst cannot set the handout of Dots: [^\n]+$"):
        printed(own, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to_is_said_in_one_sentence(folder, tmp_path):
    (tmp_path / "taken").write_text("")
    said = said_of(folder, "pdf", "--quality", "l", "--output", str(tmp_path / "taken"))
    assert "cannot write to" in said
    assert "--output" in said


def test_a_film_that_is_not_rendered_is_said_in_one_sentence(folder):
    assert "scenes render dots.py:Dots --quality m" in said_of(folder, "pdf", "--quality", "m")
