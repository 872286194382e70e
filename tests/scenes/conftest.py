import sys
from pathlib import Path

import pytest

from scenes import theme

sys.path.insert(0, str(Path(__file__).parent))  # `filming.py` is shared by the tests of all scenes
pytest.register_assert_rewrite("small_films")


@pytest.fixture(autouse=True)
def no_scene_has_chosen_a_theme(monkeypatch):
    monkeypatch.setattr(theme, "_chosen", None)
