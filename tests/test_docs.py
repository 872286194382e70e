"""The built pages: warning-free, whole, offline, open to everyone; and what they say of the code is true."""

import ast
import importlib
import os
import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browsing import barriers
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
MATHEMATICS = (DOCS / "mathematics.md").read_text()
EQUATIONS = {
    label: (code.split(), tests.split())
    for label, code, tests in re.findall(r"\{equation\} (\S+)\n:code: (.+)\n:tests: (.+)\n", MATHEMATICS)
}
LOOKED_AT = ["index", "mathematics", "gallery", "howtos", "films", "troubleshooting", "design", "benchmarks"]
LOOKED_AT += ["cluster", "api/langevin"]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The pages, built once for all processes of a test run by the command of `make docs`."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "site"
    with FileLock(f"{folder}.lock"):
        if not (folder / "built").exists():
            line = re.search(r"^docs: setup ; (.*?) docs build/docs", (ROOT / "Makefile").read_text(), re.M)[1]
            command = [sys.executable, *line.split()[1:], str(DOCS), str(folder)]
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            assert run.returncode == 0, run.stderr[-4000:]
            (folder / "built").touch()
    return folder


class Read(HTMLParser):
    """What a page points to, what in it can be pointed to, and its pictures."""

    def __init__(self, path):
        super().__init__()
        self.targets, self.anchors, self.pictures, self.sources = [], set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        about = dict(attributes)
        self.anchors |= {about[key] for key in ("id", "name") if about.get(key)}
        if tag in ("a", "link") and about.get("href"):
            self.targets.append(about["href"])
        if about.get("src") or about.get("poster"):
            self.sources += [about[key] for key in ("src", "poster") if about.get(key)]
        if tag == "img":
            self.pictures.append(about)


@pytest.fixture(scope="session")
def pages(site):
    return {path.relative_to(site).as_posix(): Read(path) for path in site.rglob("*.html")}


def test_the_pages_build_without_a_warning(site):
    assert (site / "index.html").is_file()


def test_every_internal_link_and_file_is_there(site, pages):
    assert len(pages) > 20
    for name, page in pages.items():
        for target in page.targets + page.sources:
            link = urlsplit(target)
            if link.scheme or link.netloc:
                continue
            path = (site / name).parent / unquote(link.path) if link.path else site / name
            assert path.resolve().is_file(), f"{name}: {target}"
            if link.fragment and path.suffix == ".html":
                goal = pages[path.resolve().relative_to(site.resolve()).as_posix()]
                assert unquote(link.fragment) in goal.anchors, f"{name}: {target}"


def test_every_picture_has_a_text_that_says_what_it_shows(pages):
    pictures = [(name, picture) for name, page in pages.items() for picture in page.pictures]
    assert len(pictures) > 25
    for name, picture in pictures:
        text = picture.get("alt") or ""
        assert len(text) > 8, f"{name}: {picture}"
        assert not text.endswith((".png", ".webp")), f"{name}: {picture}"


@pytest.mark.parametrize("name", LOOKED_AT)
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_ask_no_network_keep_nobody_out_and_fit_the_screen(site, page, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_timeout(300)
    assert page.asked == []
    assert page.complaints == []
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_both_themes_keep_nobody_out(site, page, scheme):
    page.emulate_media(color_scheme=scheme)
    for name in ("index", "mathematics", "gallery"):
        page.goto((site / f"{name}.html").as_uri())
        assert barriers(page) == [], name


@pytest.mark.parametrize(("scheme", "paper"), [("light", "#f8f9fb"), ("dark", "#1a1c1e")])
def test_coloured_terms_of_formulas_can_be_read(scheme, paper):
    colours = runpy.run_path(str(DOCS / "conf.py"))["html_theme_options"][f"{scheme}_css_variables"]
    for role in ("exact", "chance", "particles", "learned", "mute"):
        dim, bright = sorted(map(luminance, (colours[role], paper)))
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, role


def luminance(colour):
    """WCAG's, of a hexadecimal sRGB."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("motion", "plays"), [("no-preference", True), ("reduce", False)])
def test_the_start_pages_film_plays_but_for_those_who_want_no_motion(site, page, motion, plays):
    page.emulate_media(reduced_motion=motion)
    page.goto((site / "index.html").as_uri())
    page.wait_for_timeout(1500)
    moved, controls = page.evaluate(
        "(film => [film.currentTime > 0 && !film.paused, film.controls])(document.querySelector('video'))"
    )
    assert moved is plays
    assert controls


def test_the_start_pages_film_is_small():
    assert (DOCS / "_static/langevin.mp4").stat().st_size <= 2_000_000


def test_the_gallery_shows_every_film_every_scene_and_every_mobject(site):
    from scenes import gallery
    from scenes.base import FilmScene
    from scenes.films import _collection, films, source_of

    shown = re.sub(r"<[^>]+>", "", (site / "gallery.html").read_text())
    raw = (site / "gallery.html").read_text()
    for name in _collection():
        assert name in shown, name
    for name, kind in films().items():
        assert f".venv/bin/manim -pqh {source_of(kind).relative_to(ROOT)} {name}" in shown
        section = raw[raw.index(f'id="{name.lower()}"') :]
        assert "<img" in section[: section.index("</section>")], name
    for name, kind in vars(gallery).items():
        if isinstance(kind, type) and issubclass(kind, FilmScene) and kind.__module__ == gallery.__name__:
            assert f"{name}.png" in raw, name
            assert f"class {name}(FilmScene)" in shown, name
    for path in (ROOT / "scenes/mobjects").glob("[!_]*.py"):
        assert f"scenes.mobjects.{path.stem}" in raw, path.stem


def test_the_reference_has_every_module_of_the_core_and_every_mobject(pages):
    anchors = set().union(*(page.anchors for page in pages.values()))
    for folder in ("diffusion_core", "scenes/mobjects"):
        for path in (ROOT / folder).glob("[!_]*.py"):
            name = ".".join((*Path(folder).parts, path.stem))
            assert f"module-{name}" in anchors, name


# The mathematics.


def named(path):
    """What a full name stands for."""
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise AssertionError(f"nothing is called {path}")


@pytest.mark.parametrize("label", EQUATIONS)
def test_every_equation_names_code_that_there_is_and_tests_that_use_it(label):
    code, tests = EQUATIONS[label]
    for name in code:
        assert callable(named(name)) or isinstance(named(name), property) or hasattr(named(name), "__get__"), name
    for test in tests:
        file, _, function = test.partition("::")
        written = (ROOT / "tests" / file).read_text()
        assert function.startswith("test_")
        assert function in {item.name for item in ast.parse(written).body if isinstance(item, ast.FunctionDef)}


def test_every_equation_is_numbered_once_and_linked_to_its_code(site):
    page = (site / "mathematics.html").read_text()
    assert [int(number) for number in re.findall(r'class="eqno">\((\d+)\)', page)] == list(
        range(1, len(EQUATIONS) + 1)
    )
    assert len(EQUATIONS) == MATHEMATICS.count("```{equation}") > 45
    for label, (code, _) in EQUATIONS.items():
        assert f'id="equation-{label}"' in page, label
        for name in code:
            assert re.search(rf'href="api/\w+\.html#{re.escape(name)}"', page), name


def test_every_sampler_schedule_and_prediction_has_its_equation():
    from diffusion_core import diffusion, langevin, schedules

    wanted = {f"langevin-{name}" for name in langevin.SAMPLERS}
    wanted |= {f"diffusion-{name}" for name in diffusion.SAMPLERS}
    wanted |= {f"schedule-{name}" for name in schedules.SCHEDULES}
    wanted |= {f"prediction-{name}" for name in diffusion.PREDICTIONS}
    assert wanted <= set(EQUATIONS)


def test_formulas_are_there_for_the_eye_and_for_screen_readers(site):
    page = (site / "mathematics.html").read_text()
    assert page.count("<math") == page.count('<svg viewBox="0 0') >= len(EQUATIONS)
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


# What goes wrong.


def said():
    """All that our programs may say, as one text: pieces of a sentence stand in their order."""
    pieces = [(ROOT / "setup").read_text()]
    for path in [*(ROOT / "scenes").rglob("*.py"), *(ROOT / "diffusion_core").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                pieces.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                pieces.append(node.value)
    return "\n".join(pieces)


def test_what_goes_wrong_is_told_in_the_programs_own_sentences():
    page = (DOCS / "troubleshooting.md").read_text()
    symptoms = re.findall(r"^`(.+)`\n: ", page, re.M)
    assert len(symptoms) > 25
    spoken = said()
    for symptom in symptoms:
        for piece in symptom.split("…"):
            assert piece.strip(" ") in spoken, f"{symptom}: nobody says {piece!r}"
