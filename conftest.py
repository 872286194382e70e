"""What holds for tests and docstring examples alike."""

import sys

import pytest


@pytest.fixture(autouse=True, scope="session")
def quiet_manim(tmp_path_factory):
    """Keep what Manim writes out of the project's folder, and what it logs out of the examples' output."""
    if manim := sys.modules.get("manim"):
        manim.config.media_dir = tmp_path_factory.mktemp("media")
        manim.logger.setLevel("WARNING")
