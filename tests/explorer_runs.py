"""Small runs, and the explorer's own functions called from tests of it."""

from dataclasses import replace

import numpy as np
import pytest

from diffusion_core.compute import load_or_compute
from diffusion_core.explorer import exploration, module, page
from diffusion_core.langevin_recipes import LangevinRecipe

SMALL = LangevinRecipe("small-ula", particles=300, steps=60, dense=20, every=20, climb=40, step_size=0.004)
REFUSING = replace(SMALL, name="small-mala", sampler="mala", step_size=0.02, steps=20, detailed=300)
BENT = replace(SMALL, name="small-banana", target="banana", steps=20, climb=0)


@pytest.fixture(scope="session")
def trajectory_of(tmp_path_factory):
    """The trajectory of a recipe, computed once for all tests of a process."""
    folder = tmp_path_factory.mktemp("explored")
    return lambda recipe: load_or_compute(recipe, folder, progress=False)


@pytest.fixture
def opened(page_of_file, tmp_path):
    """Open the explorer of one run or of two in the browser."""

    def open_page(*trajectories, **options):
        file = tmp_path / "explorer.html"
        file.write_text(page(exploration(*trajectories, **options)), encoding="utf-8")
        return page_of_file(file)

    return open_page


@pytest.fixture
def page_of_file(page):
    """Load a file, and wait until its explorer stands."""

    def load(file):
        page.goto(file.as_uri())
        page.locator(".explorer .clock strong").wait_for()
        return page

    return load


def in_module(page, body, argument=None):
    """What a function body of JavaScript returns that sees the module's exports as `m`, and an `argument`."""
    call = """async ([source, argument]) => {
        const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
        const m = await import(url);
        BODY
    }"""
    return page.evaluate(call.replace("BODY", body), [module(), plain(argument)])


def plain(value):
    """NumPy's arrays as lists, at any depth."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, (list, tuple)) else value
