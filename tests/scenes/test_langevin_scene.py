"""The Langevin film: what is drawn is what was computed, nothing overlaps, nothing goes stale, nobody waits."""

import re
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from filming import DRY, QUICK, drawn_frames, film_of, last_frame, shoot
from layout import Staged, faults, longest_still
from manim import tempconfig
from PIL import Image, ImageDraw
from stills import isolated, offsets, pixels_at_1080p

from diffusion_core import langevin
from diffusion_core.compute import load_or_compute
from diffusion_core.langevin import SAMPLERS
from diffusion_core.npz import load
from diffusion_core.recipes import LangevinRecipe, find_recipe
from diffusion_core.shapes import find_target
from diffusion_core.simulation import State, simulate
from scenes import langevin as films
from scenes import theme
from scenes.base import FilmScene
from scenes.formulas import RULES, STEPS, rule, step_rule
from scenes.langevin import LangevinScene, NoiseOffScene, OneStepScene
from scenes.langevin_sections.one_step import telling_step
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.words import words
from scenes.steps import LEAST

SECONDS = {
    "cold open": 5, "target": 12, "score": 14, "noise off": 22, "one step": 26,
    "one chain": 22, "noise on": 24, "step size": 24, "outlook": 16,
}  # fmt: skip
"""What each section should take; 30 % more or less is allowed."""


class Fewer:
    """The same film with small runs."""

    particles = 200
    steps = 40

    def recipe(self, name, **changes):
        full = super().recipe(name, **changes)
        return replace(full, steps=min(full.steps, 300), particles=min(full.particles, 200))


class Small(Fewer, LangevinScene):
    pass


class SmallNoiseOff(Fewer, NoiseOffScene):
    pass


class StagedFilm(Staged, Fewer, LangevinScene):
    pass


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


def staged(media, **attributes):
    """The whole film, its plays skipped: begun, ended and counted, but not drawn."""
    return shoot(type("Staged", (StagedFilm,), attributes), media, **DRY | {"from_animation_number": 10**6})


@pytest.fixture(scope="module")
def ula_film(media):
    return staged(media)


VARIANTS = {
    "ula": {},
    "mala": {"sampler": "mala"},
    "underdamped": {"sampler": "underdamped"},
    "annealed": {"sampler": "annealed"},
    "without captions": {"captions": False},
    "light": {"theme": "light"},
    "spiral": {"target": "spiral"},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_at_every_beats_end_nothing_overlaps_leaves_the_frame_or_is_too_small(variant, media, ula_film):
    film = ula_film if variant == "ula" else staged(media, **VARIANTS[variant])
    assert len(film.faults) >= 20
    assert sorted({fault for wrong in film.faults.values() for fault in wrong}) == []


def test_the_layout_test_sees_a_planted_overlap(tmp_path):
    class Planted(NoiseOffScene, FilmScene):
        def construct(self):
            self.add(words("one").move_to((3, 1, 0)), words("other").move_to((3, 1.1, 0)))
            self.add(words("small").scale(0.9).move_to((3, -1, 0)), words("out").move_to((6.9, 0, 0)))
            self.add(self.on_stage(ParticleCloud(np.zeros((1, 1, 2)))), words("on stage").move_to((-3, 1, 0)))
            self.found = faults(self)
            self.wait(1)

    found = " | ".join(shoot(Planted, tmp_path, **DRY).found)
    for fault in ("one stands over other", "small is set at 25.2", "out leaves the margin"):
        assert fault in found
    assert "on stage stands on a ParticleCloud" in found


def test_sections_take_their_time(ula_film):
    took = dict.fromkeys(SECONDS, 0.0)
    for beat, _, seconds in ula_film.plays:
        took[beat.partition(":")[0]] += seconds
    for section, wanted in SECONDS.items():
        assert 0.7 * wanted <= took[section] <= 1.3 * wanted, (section, took[section])


def test_the_film_announces_its_runs(ula_film):
    assert ula_film.surprises == []
    assert ula_film.announced.keys() == ula_film.asked


def test_no_still_lasts_longer_than_six_seconds(ula_film):
    assert 1 < longest_still(ula_film.plays) <= 6


def test_captions_are_at_most_70_characters(ula_film):
    assert len(ula_film.spoken) >= 20
    for caption in ula_film.spoken:
        assert 0 < len(caption) <= 70, caption
        assert "$" not in caption


def test_one_seed_gives_equal_frames_and_another_gives_others(media, tmp_path):
    class Other(SmallNoiseOff):
        seed = 1

    _, drawn = drawn_frames(SmallNoiseOff, tmp_path / "a")
    assert len(drawn) > 30
    assert drawn_frames(SmallNoiseOff, tmp_path / "b")[1] == drawn
    # Into the same folder: nothing that the first film left there is taken for this one's frames.
    other = drawn_frames(Other, tmp_path / "a")[1]
    assert other == drawn_frames(Other, tmp_path / "c")[1]
    assert len(set(other) & set(drawn)) < len(other) / 4  # all but empty stages
    # The first film again: most of it is taken from the cache.
    assert len(drawn_frames(SmallNoiseOff, tmp_path / "a")[1]) < len(drawn) / 2


def test_a_theme_colour_changes_the_frames_of_a_cached_film(tmp_path, monkeypatch):
    dark = drawn_frames(SmallNoiseOff, tmp_path)[1]
    monkeypatch.setitem(theme.THEMES, "dark", replace(theme.THEMES["dark"], particles="#58C4DD"))
    tinted = drawn_frames(SmallNoiseOff, tmp_path)[1]
    assert {play for play, _ in tinted} == {play for play, _ in dark}
    assert {frame for _, frame in tinted} != {frame for _, frame in dark}


@pytest.mark.parametrize(("scale", "shift"), [(1.0, (0.0, 0.0)), (0.6, (0.0, 0.0)), (0.8, (4.0, -0.5))])
def test_twenty_isolated_particles_of_a_file_are_drawn_where_it_says(tmp_path, scale, shift):
    recipe = LangevinRecipe("few", particles=150, steps=40, dense=10, every=10)
    run = load(load_or_compute(recipe, tmp_path, progress=False).path)
    record = len(run.steps) - 2

    class Stage(FilmScene):
        def construct(self):
            cloud = self.on_stage(ParticleCloud(run.positions, fingerprint=run.hash)).show(record)
            self.add(cloud.scale(scale).shift((*shift, 0)))
            self.wait(1 / 3)

    with tempconfig(QUICK | {"media_dir": str(tmp_path), "quality": "high_quality", "frame_rate": 3}):
        scene = Stage()
        scene.render()
        picture = last_frame(scene)
    chosen = isolated(np.asarray(run.positions[record]), 20, gap=0.2)
    points = scale * chosen + scene.zones.stage_center[:2] + shift
    assert offsets(picture, pixels_at_1080p(points), int(13 * scale)).max() < 0.5


def test_the_films_last_frame_shows_the_last_record(tmp_path):
    class Few(LangevinScene):
        particles = 20
        steps = 3
        has_settled = True  # three steps are too few, but then nothing would be drawn

        def construct(self):
            self.ask_for_samples_only()

    with tempconfig(QUICK | {"media_dir": str(tmp_path), "quality": "high_quality", "frame_rate": 3}):
        scene = Few()
        scene.render()
        picture = last_frame(scene)
    chosen = isolated(np.asarray(scene.sampling.positions[-1]), 3, gap=0.2)
    assert offsets(picture, pixels_at_1080p(chosen + scene.zones.stage_center[:2]), 7).max() < 0.5


def test_a_logo_makes_a_film_that_says_it_has_not_arrived(media, monkeypatch, caplog):
    logo = Image.new("RGBA", (80, 80), (0, 0, 0, 0))
    ImageDraw.Draw(logo).polygon([(10, 70), (40, 10), (70, 70)], fill=(200, 30, 30, 255))
    logo.save(media / "my_logo.png")
    monkeypatch.chdir(media)
    film = staged(media, target="my_logo.png")
    density = film.sampling.grids["density"].values
    assert density[100:200].sum() > 1.2 * density[220:320].sum()  # a triangle's foot is below
    assert film.sampling.path.name.startswith("my_logo-ula-")
    assert not film.has_settled
    assert "has not reached its target" in caplog.text
    assert any("have not reached p" in caption for caption in film.spoken)
    assert not any("stuck" in beat for beat in film.beats)  # there is no face to remove
    assert sorted({fault for wrong in film.faults.values() for fault in wrong}) == []


ALONE = [
    kind for kind in vars(films).values()
    if isinstance(kind, type) and kind.__module__ == films.__name__ and kind is not LangevinScene
]  # fmt: skip


@pytest.mark.parametrize("scene_class", ALONE)
def test_sections_stand_alone(scene_class, media):
    scene = shoot(type(scene_class.__name__, (Fewer, scene_class), {}), media, **DRY)
    assert len(scene.beats) >= 2
    assert len({beat.partition(":")[0] for beat in scene.beats}) == 1


def test_every_section_names_code_that_exists(ula_film):
    named = re.findall(r'raw\("([\w.]+)"\)', " ".join(ula_film.written))
    assert {"langevin.gradient_ascent", "langevin.ula", "langevin.mala"} <= set(named)
    for name in named:
        module, function = name.split(".")[:2]
        assert module != "langevin" or hasattr(langevin, function)


def evaluated(markup, values):
    """The value of a term of a formula in Typst, as it stands on screen, by Python."""
    term = markup.replace("nabla log p(x_k)", "score").replace("epsilon_k", "epsilon").replace("thin", "")
    term = term.replace("nabla log p_(sigma_k)(x_k)", "score").replace("tau_k", "tau").replace("^", "**")
    term = re.sub(r"(?<=[\w)]) +(?=[\w(])", " * ", term.strip().lstrip("+"))
    term = re.sub(r"(?<=\d)(?=\()|sqrt \* ", lambda m: "sqrt" if m[0] else "*", term)
    return eval(term, {"sqrt": np.sqrt}, values)


@pytest.mark.parametrize("sampler", ["ascent", "ula", "mala", "underdamped"])
def test_the_formula_on_screen_gives_the_drawn_step(sampler):
    target, step_size, seed = find_target("smiley"), 0.003, 5
    kernel = langevin.kernel(sampler, target, step_size, 10)
    rng, start = np.random.default_rng(seed), np.random.default_rng(1).normal(size=(4, 2))
    (step,) = simulate(kernel, State(start), 1, rng)
    epsilon = np.random.default_rng(seed).standard_normal((4, 2))  # the generator's first draw is the step's ε
    h = np.sqrt(2 * step_size)
    values = {"tau": step_size, "score": target.score(start), "epsilon": epsilon, "h": h}
    values |= {"kappa": np.exp(-langevin.FRICTION * h), "v": h / 2 * target.score(start)}
    terms = dict(reversed(term) for term in re.findall(r"\{\{ (.*?) : (\w+) \}\}", STEPS[sampler]))
    np.testing.assert_allclose(evaluated(terms["drift"], values), step.drift, rtol=1e-12)
    if sampler != "ascent":
        np.testing.assert_allclose(evaluated(terms["noise"], values), step.noise, rtol=1e-12)


def test_both_arrows_of_the_magnified_step_are_long_enough(tmp_path):
    recipe = replace(find_recipe("smiley-chain"), steps=200)
    run = load_or_compute(recipe, tmp_path, progress=False)
    record, window = telling_step(run)
    side = window.x_max - window.x_min
    for arrow in (run.drift[record, 0], run.noise[record, 0]):
        assert np.linalg.norm(arrow) >= LEAST * side
    for point in (run.positions[record - 1, 0], run.positions[record, 0]):
        assert window.x_min < point[0] < window.x_max
        assert window.y_min < point[1] < window.y_max
    # A single record is a single iteration, and the file's own numbers add up.
    assert run.steps[record] - run.steps[record - 1] == 1
    moved = run.positions[record, 0] - run.positions[record - 1, 0]
    np.testing.assert_allclose(run.drift[record, 0] + run.noise[record, 0], moved, atol=1e-12)


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_every_sampler_has_its_rule_in_its_colours(sampler, tmp_path):
    with tempconfig({"media_dir": str(tmp_path)}):
        assert sorted(RULES) == sorted(SAMPLERS) == sorted(STEPS)
        for formula in (rule(sampler, theme.theme(), theme.FONT_BODY), step_rule(sampler, theme.theme(), 34)):
            assert formula.select("drift")[0].get_color().to_hex().upper() == theme.theme().exact
            if sampler != "ascent":
                assert formula.select("noise")[0].get_color().to_hex().upper() == theme.theme().chance


def test_own_captions_may_be_german(media):
    class German(Fewer, OneStepScene):
        captions: ClassVar = {"one step: climb": "Erst bergauf: ein Stück entlang des Scores."}

    scene = shoot(German, media, frame_rate=15)
    assert "Erst bergauf" in film_of(scene).with_suffix(".srt").read_text()


def test_no_section_takes_the_name_of_another_ones_part():
    sections = [cls for cls in LangevinScene.__mro__ if cls.__name__.endswith("Section")]
    assert len(sections) == 8
    names = [name for cls in sections for name in vars(cls) if not name.startswith("__")]
    assert len(set(names)) == len(names)


def alone(scene, mobject):
    """What the camera of a scene at 1080p draws of one mobject."""
    camera = scene.renderer.camera
    camera.reset()
    camera.capture_mobjects([mobject])
    return camera.pixel_array[..., :3].astype(float)


def at_1080p(scene_class, media):
    """A scene with its last beat's state, its plays skipped, at 1080p."""
    settings = DRY | {"quality": "high_quality", "frame_rate": 3, "from_animation_number": 10**6}
    return shoot(scene_class, media, **settings)


def test_in_the_film_the_magnified_step_lies_where_the_file_says(media):
    class Step(Fewer, OneStepScene):
        def take_a_few_more(self):
            """Stop before the inset is changed."""

    scene = at_1080p(Step, media)
    run, (k, window) = scene.chain, scene.telling
    x, climbed = run.positions[k - 1, 0], run.positions[k - 1, 0] + run.drift[k, 0]
    side, center = scene.zones.board_width - 3.5, scene.inset.frame.get_center()[:2]
    middle = np.array([window.x_min + window.x_max, window.y_min + window.y_max]) / 2

    def in_inset(place):
        return center + side * (place - middle) / (window.x_max - window.x_min)

    np.testing.assert_allclose(scene.anatomy.ends(k - 1)[0][:2], in_inset(x), atol=1e-9)
    dot = alone(scene, scene.anatomy.dot)
    assert offsets(dot, pixels_at_1080p(in_inset(run.positions[k, 0])[None])).max() < 0.5
    # Along the drift, the arrow's ink ends at its tip.
    arrow, (u, v) = alone(scene, scene.anatomy.drift_arrow), pixels_at_1080p(in_inset(climbed)[None])[0]
    along = pixels_at_1080p(in_inset(climbed)[None])[0] - pixels_at_1080p(in_inset(x)[None])[0]
    along /= np.linalg.norm(along)
    rows, columns = np.nonzero(np.abs(arrow - arrow[0, 0]).sum(axis=2) > 200)
    reach = ((np.column_stack([columns + 0.5, rows + 0.5]) - [u, v]) @ along).max()
    assert -3 < reach < 0.5  # a tip of 44° is fainter than half a pixel of ink over its last 2.5 px


def test_in_the_film_each_visited_cell_lies_where_the_file_says(media):
    class Chain(Fewer, films.OneChainScene):
        def visits_and_target(self):
            self.pictures = super().visits_and_target()
            return self.pictures

    scene = at_1080p(Chain, media)
    histogram, visits = scene.pictures[0], scene.chain.grids["visits"]
    picture = alone(scene, histogram.show(len(scene.chain.steps) - 1))
    counts = visits.values[-1]
    x0, x1, y0, y1 = visits.window
    x, y = np.linspace(x0, x1, counts.shape[1]), np.linspace(y0, y1, counts.shape[0])
    center, scale = scene.square_center(0)[:2], 2.75 / 6.3
    row, column = np.nonzero(counts)
    places = pixels_at_1080p(center + scale * np.column_stack([x[column], y[row]]))
    inked = np.abs(picture - picture[0, 0]).sum(axis=2)
    half = 135 * scale * (x[1] - x[0]) / 2
    for (u, v), count in zip(places, counts[row, column], strict=True):
        cell = inked[
            int(np.ceil(v - half + 0.5)) : int(v + half - 0.5), int(np.ceil(u - half + 0.5)) : int(u + half - 0.5)
        ]
        assert cell.min() == pytest.approx(cell.max(), abs=4), (u, v)
        assert cell.min() > 3 * count / counts.max()
    assert (inked > 0).sum() == pytest.approx(len(places) * (2 * half) ** 2, rel=0.02)
