"""The deck in a browser, and how it comes to fit into a page."""

import base64
import json
import re
from dataclasses import replace
from io import BytesIO

import av
import numpy as np
import pytest
from browsing import barriers
from finished_films import NAME, rendered, scenes
from manim import tempconfig
from PIL import Image, ImageColor
from playwright.sync_api import expect

from scenes.exports import deck
from scenes.exports.finished import finished
from scenes.exports.formats import ExportError, Wish
from scenes.rendering import Order
from scenes.theme import THEMES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the film is rendered, and its deck lies in `out/`."""
    made = rendered(tmp_path_factory.mktemp("dots"))
    run = scenes(made, "export", NAME, "--to", "html", "--quality", "l", "--output", "out")
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["out/Dots.html"]
    return made


@pytest.fixture(scope="module")
def address(folder):
    return (folder / "out" / "Dots.html").as_uri()


@pytest.fixture
def film(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with tempconfig({"media_dir": "media"}):
        return finished(Order(NAME, "dark", "l"))


@pytest.fixture(scope="module")
def record(folder):
    """What lies beside the film, as its file has it."""
    return json.loads((folder / "media/videos/dots/480p15/Dots.json").read_text())


@pytest.fixture
def talk(page, address):
    """The deck, at its title."""
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(address)
    yield page
    assert page.asked == []
    assert page.complaints == []


def wait(page, phase, number):
    """Until the section of this number (from 1) is in this phase, and its picture is there."""
    page.wait_for_function(
        """([phase, number]) => {
            const [count, title] = document.querySelector("#where").childNodes;
            const video = document.querySelector(".shown");
            const there = video?.ariaLabel.endsWith(title.textContent) && !video.seeking && video.readyState >= 2;
            return document.body.dataset.phase === phase && count.textContent.startsWith(number + " /")
                && (phase === "cover" || there);
        }""",
        arg=[phase, number],
    )


def phase(page):
    """Of the section that is shown, without waiting."""
    return page.evaluate("document.body.dataset.phase")


def finish(page, number):
    """Go to the end of a section of this number (from 1)."""
    page.keyboard.press(str(number))
    wait(page, "playing", number)
    page.keyboard.press("Space")
    wait(page, "end", number)


def moment(page):
    """Where the video that is shown stands, in seconds, and how long it is."""
    return page.locator("video.shown").evaluate("video => [video.currentTime, video.duration]")


def picture(film, number):
    """A frame of the film, by its number."""
    with av.open(str(film.path)) as container:
        for at, frame in enumerate(container.decode(video=0)):
            if at == number:
                return frame.to_image()
    raise AssertionError(f"the film has no frame {number}")


def same(one, other):
    """Whether pictures show the same above the caption; a dot that is elsewhere changes a square of 8 pixels."""
    small = [image.convert("RGB").resize((107, 60), Image.Resampling.BOX) for image in (one, other)]
    a, b = (np.asarray(image, float)[:50] for image in small)
    return np.abs(a - b).max() < 30


def seen(page):
    """What is on the screen, once a video has the picture it was sent to and what was drawn last is there."""
    page.wait_for_function(
        "[...document.querySelectorAll('video.shown')].every((video) => video.readyState >= 2 && !video.seeking)"
    )
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    return Image.open(BytesIO(page.screenshot()))


def clips_in(page_of_deck):
    """The clips in a page, as bytes."""
    return [base64.b64decode(text) for text in re.findall(r'id="clip-\d+">([^<]*)<', page_of_deck)]


def frames_of(clip):
    with av.open(BytesIO(clip)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


# ---- The file.


def test_the_clips_together_are_the_film(folder, film):
    clips = [frames_of(clip) for clip in clips_in((folder / "out" / "Dots.html").read_text())]
    ends = np.cumsum([len(clip) for clip in clips])
    assert [round(section.end * film.rate) for section in film.sections] == ends.tolist()
    for clip, last in zip(clips, ends, strict=True):
        assert same(clip[0], picture(film, last - len(clip)))
        assert same(clip[-1], picture(film, last - 1))


def test_nothing_in_the_page_leads_to_a_network(folder):
    page = (folder / "out" / "Dots.html").read_text()
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?!data:|#)[\w/]""", page.split("<script type=")[0])
    assert "default-src 'none'" in page


def test_a_deck_says_what_it_was_made_from(talk, record, film):
    assert json.loads(talk.locator("#film").text_content())["origin"] == record["origin"]
    assert talk.locator("meta[name=provenance]").get_attribute("content") == film.provenance
    talk.keyboard.press("?")
    versions = record["origin"]["versions"]
    assert f"manim {versions['manim']}" in talk.locator("#help dl").inner_text()


def test_runs_are_named_with_seed_and_hash(film):
    run = {"recipe": "smiley-ula", "target": "smiley", "seed": 7, "key": "k", "sha256": "0123456789abcdef" * 4}
    text = deck.about(replace(film, origin=film.origin | {"runs": [run]}))
    assert "smiley-ula" in text
    assert "seed 7" in text
    assert "0123456789ab" in text


def test_words_that_look_like_markup_stay_words(page, film, tmp_path):
    odd = "</script><b>&amp;\"'"
    slides = deck.slides_of(Wish(film, "html", film.sections[:1], False, None, tmp_path), 90)
    slides = [replace(slides[0], section=replace(slides[0].section, name=odd, notes=odd))]
    (tmp_path / "odd.html").write_text(deck.page_of(replace(film, title=odd), slides, [b""]))
    page.goto((tmp_path / "odd.html").as_uri())
    assert page.title() == page.locator("#cover .title").text_content() == odd
    assert page.locator("#where").text_content() == "1 / 1" + odd
    assert page.locator("#handout .notes").text_content() == odd


# ---- Going on, and back.


def test_a_section_plays_to_its_last_picture_and_pauses_there(talk, film):
    talk.keyboard.press("Space")
    wait(talk, "playing", 1)
    wait(talk, "end", 1)
    now, duration = moment(talk)
    assert now == duration == pytest.approx(film.sections[0].end, abs=1e-3)
    assert same(seen(talk), picture(film, round(film.sections[0].end * film.rate) - 1))
    talk.wait_for_timeout(300)
    assert talk.evaluate("[...document.querySelectorAll('video')].every((video) => video.paused)")
    wait(talk, "end", 1)


@pytest.mark.parametrize("key", ["Space", "ArrowRight", "PageDown", "Enter"])
def test_the_same_key_plays_skips_to_the_end_and_goes_to_the_next(talk, film, key):
    for number, section in enumerate(film.sections, 1):
        talk.keyboard.press(key)
        wait(talk, "playing", number)
        talk.keyboard.press(key)
        assert phase(talk) == "end"
        wait(talk, "end", number)
        now, duration = moment(talk)
        assert duration - 1 / film.rate < now <= duration
        assert same(seen(talk), picture(film, round(section.end * film.rate) - 1))
    talk.keyboard.press(key)
    wait(talk, "end", len(film.sections))


@pytest.mark.parametrize("key", ["ArrowLeft", "PageUp"])
def test_back_leads_to_the_end_of_the_section_before_and_then_to_the_title(talk, film, key):
    finish(talk, 3)
    talk.keyboard.press(key)
    wait(talk, "end", 2)
    assert same(seen(talk), picture(film, round(film.sections[1].end * film.rate) - 1))
    talk.keyboard.press(key)
    wait(talk, "end", 1)
    talk.keyboard.press(key)
    wait(talk, "cover", 1)


def test_home_and_end_lead_to_the_title_and_the_last_picture(talk, film):
    talk.keyboard.press("End")
    wait(talk, "end", 3)
    assert same(seen(talk), picture(film, round(film.duration * film.rate) - 1))
    talk.keyboard.press("Home")
    wait(talk, "cover", 1)


def test_p_pauses_within_a_section_and_goes_on_from_there(talk):
    talk.keyboard.press("2")
    talk.wait_for_function("() => document.querySelector('.shown')?.currentTime > 0.4")
    talk.keyboard.press("p")
    wait(talk, "paused", 2)
    now, duration = moment(talk)
    talk.wait_for_timeout(200)
    assert moment(talk)[0] == now < duration
    talk.keyboard.press("p")
    wait(talk, "playing", 2)
    assert moment(talk)[0] >= now - 0.05


def test_r_plays_the_section_again(talk):
    finish(talk, 2)
    talk.keyboard.press("r")
    wait(talk, "playing", 2)
    assert moment(talk)[0] < 0.5 * moment(talk)[1]


def test_plus_and_minus_change_the_speed_of_every_section(talk):
    talk.keyboard.press("+")
    talk.keyboard.press("+")
    assert talk.locator("#toast").text_content() == "Speed 1.5×"
    talk.keyboard.press("3")
    wait(talk, "playing", 3)
    talk.wait_for_function("() => document.querySelector('.shown').playbackRate === 1.5")
    talk.keyboard.press("-")
    assert talk.evaluate("document.querySelector('.shown').playbackRate") == 1.25


def test_b_blacks_the_screen_and_the_film_waits(talk):
    talk.keyboard.press("2")
    wait(talk, "playing", 2)
    talk.keyboard.press("b")
    wait(talk, "paused", 2)
    assert np.asarray(Image.open(BytesIO(talk.screenshot())).convert("RGB")).max() == 0
    talk.keyboard.press("Space")
    wait(talk, "playing", 2)
    assert np.asarray(seen(talk).convert("RGB")).max() > 100


def test_keys_held_down_do_not_race_through_the_film(talk):
    talk.keyboard.down("Space")
    wait(talk, "playing", 1)
    talk.keyboard.down("Space")  # as a keyboard repeats it
    assert phase(talk) == "playing"


def test_every_key_of_the_help_does_something(talk):
    names = talk.eval_on_selector_all("#help tr[data-does]", "rows => rows.map((row) => row.dataset.does)")
    buttons = talk.eval_on_selector_all("button[data-does]", "buttons => buttons.map((one) => one.dataset.does)")
    assert set(buttons) <= set(names)
    talk.keyboard.press("f")
    talk.wait_for_function("() => document.fullscreenElement !== null")


# ---- Mouse and touch.


def test_a_click_goes_on_and_a_button_that_was_clicked_leaves_the_keys_alone(talk):
    talk.locator("#cover").click()
    wait(talk, "playing", 1)
    talk.locator("#controls [data-does=forward]").click()
    wait(talk, "end", 1)
    talk.locator("#controls [data-does=back]").click()
    wait(talk, "cover", 1)
    talk.keyboard.press("Space")
    wait(talk, "playing", 1)


def test_a_mark_of_the_line_leads_to_its_section(talk):
    finish(talk, 1)
    talk.locator("#sections button").nth(2).click()
    wait(talk, "playing", 3)


def test_taps_and_swipes_go_on_and_back(chromium, address):
    context = chromium.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(address)
    page.touchscreen.tap(200, 100)
    wait(page, "playing", 1)
    hand = context.new_cdp_session(page)

    def swipe(right, down=0):
        for kind, share in (("touchStart", 0), ("touchMove", 0.5), ("touchMove", 1), ("touchEnd", None)):
            points = [] if share is None else [{"x": 200 + share * right, "y": 110 + share * down}]
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    swipe(-120)
    wait(page, "end", 1)
    swipe(-120)
    wait(page, "playing", 2)
    swipe(120)
    wait(page, "end", 1)
    swipe(60, 90)
    page.wait_for_timeout(300)
    wait(page, "end", 1)
    context.close()


# ---- What is said.


def test_captions_are_those_of_the_beats_at_their_times(talk, record, film):
    for number, section in enumerate(film.sections, 1):
        finish(talk, number)
        for beat in (beat for beat in record["beats"] if beat["name"].startswith(section.name + ":")):
            for time in (beat["start"] + 0.05, beat["end"] - 0.1):
                talk.keyboard.press("r")
                wait(talk, "playing", number)
                talk.keyboard.press("p")
                wait(talk, "paused", number)
                talk.evaluate("at => { document.querySelector('.shown').currentTime = at; }", time - section.start)
                expect(talk.locator("#caption")).to_have_text(beat["caption"])


def test_captions_stand_below_the_picture_where_the_film_has_none(talk, film, tmp_path):
    assert talk.locator("#caption").evaluate("caption => caption.offsetWidth") == 1  # for ears only
    talk.keyboard.press("c")
    assert talk.locator("#caption").evaluate("caption => caption.offsetWidth") > 1000
    bare = replace(film, origin=film.origin | {"attributes": {"captions": False}})
    slides = deck.slides_of(Wish(bare, "html", film.sections, True, None, tmp_path), 90)
    (tmp_path / "bare.html").write_text(deck.page_of(bare, slides, ()))
    talk.goto((tmp_path / "bare.html").as_uri())
    assert talk.locator("#caption").evaluate("caption => caption.offsetWidth") > 1000


def test_the_speakers_window_has_notes_the_next_picture_and_the_time(talk):
    finish(talk, 1)
    with talk.expect_popup() as opened:
        talk.keyboard.press("s")
    speaker = opened.value
    assert speaker.locator(".notes p").all_inner_texts() == ["Say that it is one, and that it moves."]
    assert speaker.locator("#next").inner_text() == "Then: Two, too"
    posters = talk.eval_on_selector_all("#handout img", "pictures => pictures.map((picture) => picture.src)")
    assert speaker.locator(".next img").get_attribute("src") == posters[1]
    assert re.fullmatch(r"\d:\d\d", speaker.locator(".elapsed").inner_text())
    assert speaker.locator(".caption").inner_text() == "A dot <comes> & goes."
    assert barriers(speaker) == []
    speaker.keyboard.press("3")
    wait(talk, "playing", 3)
    speaker.locator("[data-does=forward]").click()
    wait(talk, "end", 3)
    assert speaker.locator("#now").inner_text() == "3 / 3 Three"
    assert speaker.locator(".notes p").all_inner_texts() == ["Ask who it is.", "Then wait."]
    talk.keyboard.press("ArrowLeft")
    assert speaker.locator(".notes p").all_inner_texts() == ["None for this section."]


def test_the_overview_leads_to_every_section(talk):
    finish(talk, 2)
    talk.keyboard.press("o")
    assert talk.locator("#overview li").count() == 3
    assert talk.evaluate("document.activeElement.textContent").startswith("2")
    assert barriers(talk) == []
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press("Enter")
    wait(talk, "playing", 3)
    talk.keyboard.press("o")
    wait(talk, "paused", 3)
    talk.locator("#overview li button").first.click()
    wait(talk, "playing", 1)
    assert not talk.locator("#overview").is_visible()


@pytest.mark.parametrize("hash", ["#2", "#two-too"])
def test_a_link_leads_to_a_section_and_reloading_stays_there(page, address, hash):
    page.goto(address + hash)
    wait(page, "cover", 2)
    page.keyboard.press("Space")
    wait(page, "playing", 2)
    page.keyboard.press("Space")
    wait(page, "end", 2)
    assert page.url.endswith("#two-too")
    page.reload()
    wait(page, "cover", 2)


# ---- For everyone.


def test_where_less_motion_is_asked_for_sections_open_with_their_last_picture(chromium, address, film):
    context = chromium.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto(address)
    page.keyboard.press("Space")
    assert phase(page) == "end"
    wait(page, "end", 1)
    assert same(seen(page), picture(film, round(film.sections[0].end * film.rate) - 1))
    page.keyboard.press("r")
    wait(page, "playing", 1)
    context.close()


def test_without_javascript_the_page_is_a_handout(chromium, address, record):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    text = page.locator("main").inner_text()
    for beat in record["beats"]:
        assert beat["caption"] in text
    assert "JavaScript" in text
    assert "Say that it is one, and that it moves." in text
    assert "Two, too" in text
    assert page.locator("#handout img").count() == 3
    assert not page.locator("#deck").is_visible()
    context.close()


def test_paper_gets_the_handout(talk):
    finish(talk, 1)
    talk.emulate_media(media="print")
    assert talk.locator("#handout img").first.is_visible()
    assert not talk.locator("#deck").is_visible()
    assert talk.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert talk.pdf().startswith(b"%PDF")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_keeps_anyone_out(page, film, tmp_path, theme):
    film = replace(film, origin=film.origin | {"theme": theme})
    slides = deck.slides_of(Wish(film, "html", film.sections, True, None, tmp_path), 480)
    clips = deck.encoded(film, slides, 480, deck.H264)
    (tmp_path / "deck.html").write_text(deck.page_of(film, slides, clips))
    page.goto((tmp_path / "deck.html").as_uri())
    paper = ImageColor.getrgb(THEMES[theme].paper)
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == f"rgb{paper}"
    assert barriers(page) == []
    page.keyboard.press("?")
    assert barriers(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    finish(page, 2)
    assert barriers(page) == []
    page.keyboard.press("+")
    page.set_viewport_size({"width": 390, "height": 844})
    assert barriers(page) == []


# ---- Sizes, and what cannot be.


@pytest.fixture
def wish(film, tmp_path):
    return Wish(film, "html", film.sections, True, None, tmp_path)


def test_sections_without_the_one_before_open_with_their_own_picture(film, tmp_path):
    one, _, three = film.sections
    slides = deck.slides_of(Wish(film, "html", (one, three), False, None, tmp_path), 90)
    assert [slide.start for slide in slides] == [one.start, three.opens] != [one.start, three.start]


def test_what_is_too_large_is_encoded_coarser_until_it_fits(wish, monkeypatch):
    usual = deck.export(wish)[0].read_bytes()
    clips = sum(map(len, clips_in(usual.decode())))
    bound = len(usual) - clips // 4
    monkeypatch.setattr(deck, "BOUND", bound)
    monkeypatch.setattr(deck, "USUAL", 0.01)  # so that the first try is as fine as ever
    coarse = deck.export(wish)[0].read_bytes()
    assert len(coarse) <= bound
    assert clips // 2 < sum(map(len, clips_in(coarse.decode()))) < clips


@pytest.mark.parametrize(("size", "coarser"), [(10e6, 0), (18e6, 0), (19e6, 1), (36e6, 8), (38e6, 9)])
def test_no_step_coarser_than_it_has_to_be(film, wish, monkeypatch, size, coarser):
    tried, usual = [], int(deck.H264.options["crf"])

    def encoded(film, slides, height, coding):
        tried.append(int(coding.options["crf"]))
        return [bytes(int(size / 2 ** ((tried[-1] - usual) / 8)))]

    monkeypatch.setattr(deck, "encoded", encoded)
    deck.fitting(film, deck.slides_of(wish, 90), 90, 18_000_000)
    assert tried[-1] == usual + coarser
    assert len(tried) <= 2


def test_what_cannot_fit_ends_in_one_sentence(wish, monkeypatch):
    monkeypatch.setattr(deck, "BOUND", 1000)
    with pytest.raises(ExportError, match="Dots takes more than 0 MB at 480 pixels: choose fewer --sections"):
        deck.export(wish)
    assert list(wish.folder.iterdir()) == []


def test_a_damaged_film_ends_in_one_sentence(wish, tmp_path):
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(b"no film")
    with pytest.raises(ExportError, match=r"damaged.mp4' cannot be encoded \(.*\): render it again"):
        deck.export(replace(wish, film=replace(wish.film, path=damaged)))


def test_what_was_rendered_smaller_is_not_blown_up(wish):
    page = deck.export(replace(wish, height=1080))[0].read_text()
    assert frames_of(clips_in(page)[0])[0].size == (854, 480)
    small = deck.export(replace(wish, height=240))[0].read_text()
    assert frames_of(clips_in(small)[0])[0].height == 240
