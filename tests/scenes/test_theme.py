import itertools

import numpy as np
import pytest
from colorspacious import cspace_convert
from manim import ManimColor, Typst, config, tempconfig

from diffusion_core.errors import DiffusionError
from scenes import theme as themes
from scenes.theme import THEMES, ThemeError, theme

SIGHTS = ("normal", "deuteranomaly", "protanomaly", "tritanomaly")
SPEAKING = ("ink", "exact", "chance", "particles", "learned")
CLOSEST = {
    frozenset({"ink", "particles"}): 12.0,  # text and dots are told apart by form
    frozenset({"particles", "chance"}): 17.5,
    frozenset({"ink", "exact"}): 19.0,
    frozenset({"learned", "exact"}): 19.5,
}
"""Least CAM02-UCS distances of the look; all other pairs are 20 or more apart."""


def seen(color, sight):
    """A colour in CAM02-UCS, as seen with one kind of cone missing (Machado, Oliveira & Fernandes 2009)."""
    rgb = np.array(ManimColor(color).to_rgb())
    if sight != "normal":
        space = {"name": "sRGB1+CVD", "cvd_type": sight, "severity": 100}
        rgb = np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)
    return cspace_convert(rgb, "sRGB1", "CAM02-UCS")


def distance(name, one, other):
    look = vars(THEMES[name])
    return min(np.linalg.norm(seen(look[one], sight) - seen(look[other], sight)) for sight in SIGHTS)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("pair", list(itertools.combinations(SPEAKING, 2)), ids="-".join)
def test_what_is_said_in_colour_is_seen_by_all(name, pair):
    assert distance(name, *pair) >= CLOSEST.get(frozenset(pair), 20.0)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("role", [*SPEAKING, "mute"])
def test_every_role_stands_out_from_the_paper_and_mute_from_the_speaking(name, role):
    assert distance(name, role, "paper") >= 40
    if role != "mute":
        assert distance(name, role, "mute") >= 10


def luminance(color):
    rgb = np.array(ManimColor(color).to_rgb())
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)


def contrast(one, other):
    """Of two colours, 1 to 21 (WCAG 2.1, 1.4.3)."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)  # WCAG's own example of too little


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("role", [*SPEAKING, "mute"])
def test_text_in_any_role_is_legible(name, role):
    assert contrast(vars(THEMES[name])[role], THEMES[name].paper) >= 4.5  # text of any size


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("role", [*SPEAKING, "mute"])
def test_every_role_is_seen_by_all_over_a_density_that_makes_room(name, role):
    look = THEMES[name]
    paper = ManimColor(look.paper)
    for color in look.ramp:
        shade = paper.interpolate(ManimColor(color), look.dimmed)
        assert min(np.linalg.norm(seen(vars(look)[role], s) - seen(shade, s)) for s in SIGHTS) >= 20


@pytest.mark.parametrize("name", THEMES)
def test_a_ramp_starts_at_the_paper_and_leaves_room_for_particles(name):
    look = THEMES[name]
    assert look.ramp[0] == look.paper
    for color in look.ramp:
        assert min(np.linalg.norm(seen(color, s) - seen(look.particles, s)) for s in SIGHTS) >= 18


def test_the_environment_chooses_the_theme(monkeypatch):
    for value, expected in (("dark", "dark"), ("light", "light"), ("", "dark")):
        monkeypatch.setenv("DIFFUSION_THEME", value)
        assert theme() is THEMES[expected]
    monkeypatch.delenv("DIFFUSION_THEME")
    assert theme() is THEMES["dark"]


def test_an_unknown_theme_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setenv("DIFFUSION_THEME", "drak")
    with pytest.raises(ThemeError, match=r"^There is no theme 'drak': set DIFFUSION_THEME to dark or light.$"):
        theme()
    assert issubclass(ThemeError, DiffusionError)


def test_the_smallest_type_is_a_28th_of_the_frame(tmp_path):
    sizes = (themes.FONT_SMALL, themes.FONT_BODY, themes.FONT_TITLE)
    assert list(sizes) == sorted(sizes)
    with tempconfig({"media_dir": str(tmp_path)}):
        em = Typst("#rect(width: 1em, height: 1em, stroke: none, fill: black)", font_size=themes.FONT_SMALL)
    assert em.height >= config.frame_height / 28
