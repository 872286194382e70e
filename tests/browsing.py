"""Pages in a real browser: Chromium without a window and without a network."""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def chromium():
    """The browser; where there is none, its tests are skipped, but in CI they fail."""
    if CHROMIUM is None and "CI" not in os.environ:
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """An empty page; `page.asked` is what it asked of a network, `page.complaints` its console's errors."""
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 800})
    made = context.new_page()
    made.asked, made.complaints = [], []
    made.on("request", lambda asked: asked.url.startswith(("http", "ws")) and made.asked.append(asked.url))
    made.on("console", lambda said: said.type == "error" and made.complaints.append(said.text))
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    context.close()


def barriers(page):
    """What keeps people out of the page, by axe-core: one line for each rule that it breaks."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html'][:120]}" for rule in found]
