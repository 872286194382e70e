"""What holds for tests and docstring examples alike."""

import os
import sys

import pytest

# Tests run side by side: threads of BLAS and torch that wait for each other on busy cores would crawl.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def quiet_manim(tmp_path_factory):
    """Keep what Manim writes out of the project's folder, and what it logs out of the examples' output."""
    if manim := sys.modules.get("manim"):
        manim.config.media_dir = tmp_path_factory.mktemp("media")
        manim.logger.setLevel("WARNING")
