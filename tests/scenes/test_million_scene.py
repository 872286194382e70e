"""The film of a million particles, with 150 of them: what holds for every film, and what is its own."""

import dataclasses
import math
import re

import numpy as np
import pytest
from filming import DRY, drawn_frames, last_frame, shoot
from layout import Staged
from manim import ValueTracker
from small_films import PARTICLES, keeps_promises, logo, on_stage, shrunk
from stills import isolated, offsets

from diffusion_core.langevin_recipes import LangevinRecipe
from diffusion_core.shapes import find_target
from diffusion_core.trajectory import Series
from scenes.base import FilmError
from scenes.million import MillionScene
from scenes.million_sections.dinosaur import INTERVALS, cell_centres, gap_to_p
from scenes.million_sections.grain import GrainCurve

VARIANTS = [
    {"theme": "light", "captions": False},
    {"target": "eight-gaussians", "schedule": "cosine", "seed": 3},
    {"target": "logo", "encore": None},
    {"encore": "two-moons"},
]
SHARES, FLOORS = (0.96, 0.5, 0.3), (0.95, 0.48, 0.1)


class Small:
    """Mixed into the film: the same beats, small runs."""

    particles = PARTICLES

    def recipe_of(self, name, **changes):
        recipe = super().recipe_of(name, **changes)
        if isinstance(recipe, LangevinRecipe):
            return dataclasses.replace(recipe, steps=40, dense=40, particles=PARTICLES)
        return shrunk(recipe)


class Measured(Small):
    """As if the grain had been measured, as it is of many particles."""

    def trajectory(self, recipe):
        run = super().trajectory(recipe)
        end, labels = run.steps[-1:], ("10", "100", str(PARTICLES))
        grain = {
            "grain": Series(end, np.array([SHARES]), labels),
            "grain_floor": Series(end, np.array([FLOORS]), labels),
        }
        return dataclasses.replace(run, series=run.series | grain)


def staged(media, kind=Small, **attributes):
    """The whole film, its plays skipped: begun, ended and counted, but not drawn."""
    film = type("StagedMillion", (Staged, kind, MillionScene), attributes)
    return shoot(film, media, **DRY | {"from_animation_number": 10**6})


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def film(media):
    return staged(media, Measured)


@pytest.mark.parametrize("kind", [Small, Measured], ids=["plain", "measured"])
def test_the_film_keeps_its_promises(kind, media):
    shown = staged(media, kind)
    keeps_promises(shown, longest=75)
    assert shown.surprises == []
    for _, _, seconds in shown.plays:
        assert seconds * 15 == pytest.approx(round(seconds * 15), abs=1e-3)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_in_every_variant_nothing_overlaps_leaves_the_frame_or_is_too_small(variant, media, tmp_path):
    if variant.get("target") == "logo":
        variant = variant | {"target": logo(tmp_path)}
    shown = staged(media, Measured, **variant)
    assert list(shown.faults) == shown.beats
    assert sorted({fault for wrong in shown.faults.values() for fault in wrong}) == []
    assert all(len(caption) <= 70 for caption in shown.spoken)
    assert any("dinosaur" in beat for beat in shown.beats) == (variant.get("encore", "dinosaur") is not None)


@pytest.mark.parametrize("section", ["again", "beside"])
def test_a_section_alone_is_told_without_the_others(section, media):
    alone = staged(media, only=section)
    assert {beat.partition(":")[0] for beat in alone.beats} == {section}
    assert sorted({fault for wrong in alone.faults.values() for fault in wrong}) == []


def test_too_few_particles_are_refused_in_one_sentence():
    with pytest.raises(FilmError, match="99 particles make no density: choose a whole number from 100 up"):
        type("Wrong", (MillionScene,), {"particles": 99})()


def test_captions_say_how_the_dots_of_so_many_are_drawn(film):
    assert [text for text in film.spoken if "room between" in text] == [
        "100: single dots, with room between them.",
        "150: single dots, with room between them.",
    ]
    peak = film.walk.grids["density"].values.max()
    for count in (100, 10_000, 1_000_000):
        crowd = peak * math.pi * (0.06 * count ** (-1 / 6)) ** 2 * count
        assert film.crowd(count) == pytest.approx(crowd)
        word = "room" if crowd <= 0.5 else "cover" if crowd <= 5 else "melted"
        assert word in film.look_of(count)
    assert type("Whole", (MillionScene,), {})().stages() == [(100, 0.26), (10_000, 0.46), (1_000_000, 0.7)]


def test_captions_quote_the_runs(film, media):
    spoken = dict(zip(film.beats, film.spoken, strict=True))
    distance, floor = (
        float(film.walk.series[name].values.ravel()[k]) for name, k in (("distance", -1), ("distance_floor", 0))
    )
    assert f"The cloud is {distance:.2f} from it, a true sample {floor:.2f}." in spoken["again: p"]
    assert spoken["grain: left"].startswith("30.0% in a wrong cell, not 10.0%: more particles will not mend")
    assert spoken["beside: whole"].startswith(
        "30.0% of them are in a wrong cell; of true samples it would be 10.0%"
    )
    worst = np.abs(gap_to_p(film.denoised)).max() / film.denoised.grids["density"].values.max()
    assert f"off by up to {worst:.0%}" in spoken["beside: errors"]
    plain = staged(media)
    assert "grain: left" not in plain.beats
    assert re.search(
        r"distance between the two: \d", dict(zip(plain.beats, plain.spoken, strict=True))["beside: whole"]
    )


def test_a_share_near_that_of_true_samples_is_not_blamed_on_the_run(film):
    series = film.walk.series | {
        "grain": Series(film.walk.steps[-1:], np.array([[0.96, 0.5, 0.12]]), ("10", "100", "150"))
    }
    assert "as of true samples" in film.what_is_left(dataclasses.replace(film.walk, series=series))


def test_the_clock_of_numbers_shows_what_is_drawn(film):
    number, cloud = ValueTracker(0), film.million(film.walk, count=1)
    read, ruler = film.number_read(), film.number_ruler()
    film.counted(number, cloud)
    film.on_rungs(number, read, ruler)
    for value in (0.0, 1.0, math.log10(42), film.whole):
        number.set_value(value)
        for shown in (cloud, read, ruler):
            shown.update(0)
        assert cloud.count == pytest.approx(10**value)
        assert int(read.text.replace(",", "")) == pytest.approx(10**value, rel=0.03, abs=0.5)
        assert ruler.handle_point(ruler.record)[0] == pytest.approx(
            np.interp(value, [0, film.whole], [ruler.handle_point(k)[0] for k in (0, ruler.records - 1)]), abs=1e-6
        )


def test_the_curve_stands_at_the_number_that_is_drawn_over_a_floor_for_each(film):
    (curve,) = film.grain_curves(film.walk)
    assert isinstance(curve, GrainCurve)
    assert [curve.record_at(math.log10(size)) for size in (10, 100, PARTICLES)] == pytest.approx([0, 1, 2])
    assert curve.record_at(1.5) == pytest.approx(0.5)
    fresh = GrainCurve(np.array([10, 100, 150]), np.array(SHARES), np.array(FLOORS))
    ends = [line.get_end() for line in fresh.submobjects if type(line).__name__ == "DashedLine"]
    expected = [fresh.axes.c2p(size, value) for size, value in zip((100, 150), FLOORS[1:], strict=True)]
    # A dashed line ends with a dash or with a gap.
    np.testing.assert_allclose(ends, expected, atol=0.1)


def test_the_place_that_is_magnified_is_the_densest_of_p(film):
    x_min, x_max, y_min, y_max = film.near(film.walk)
    p = find_target("smiley")
    inside = p.log_prob([(x_min + x_max) / 2, (y_min + y_max) / 2])
    assert inside == pytest.approx(np.log(film.walk.grids["density"].values.max()), abs=1e-6)


def test_errors_are_the_density_of_the_particles_less_p(film):
    run = film.denoised
    wrong, window = gap_to_p(run), cell_centres(run)
    step = (window.x_max - window.x_min) / (wrong.shape[1] - 1)
    assert step == pytest.approx(INTERVALS * 6.3 / 420)
    axis = window.x_min + step * np.arange(wrong.shape[1])
    place = np.asarray(run.positions[-1], float)
    for row, column in ((30, 30), (40, 21), (25, 35)):
        cell = (np.abs(place - (axis[column], axis[row])) < step / 2).all(axis=1)
        nodes = np.linspace(-step / 2, step / 2, 41)[:, None] * [1, 0]
        grid = np.array([axis[column], axis[row]]) + nodes[:, None] + nodes[:, ::-1]
        mass = np.exp(find_target("dinosaur").log_prob(grid.reshape(-1, 2))).mean()
        assert wrong[row, column] == pytest.approx(cell.mean() / step**2 - mass, abs=0.02)
    surplus, deficit = film.errors(run)
    assert (surplus.data.array * deficit.data.array == 0).all()
    assert surplus.peak == deficit.peak == np.abs(wrong).max()
    # Particles that are p's own samples leave only the noise of counting.
    true = np.random.default_rng(0)
    samples = find_target("dinosaur").sample(200_000, true).astype(np.float32)
    zeros = np.zeros((1, 0, 2))
    exact = dataclasses.replace(
        run, positions=samples[None], steps=run.steps[-1:], times=run.times[-1:], drift=zeros, noise=zeros,
        detailed=np.zeros(0, np.int64),
    )  # fmt: skip
    # Its largest cells hold 900 of them: five standard errors.
    assert np.abs(gap_to_p(exact)).max() < 5 * math.sqrt(0.45 / 200_000) / step


def test_isolated_particles_are_drawn_where_the_run_put_them(media):
    class Film(Small, MillionScene):
        def construct(self):
            self.add(self.million(self.walk).show(36))

    scene = shoot(Film, media, **DRY | {"quality": "high_quality"})
    picture = last_frame(scene)
    positions = isolated(np.asarray(scene.walk.positions[36]), 8, 0.3)
    assert offsets(picture, on_stage(scene, positions)).max() < 0.6


def test_the_same_frames_are_drawn_each_time(media):
    class Film(Small, MillionScene):
        only = "growing"

    first, second = (drawn_frames(Film, media, dry_run=True)[1] for _ in range(2))
    assert len(first) > 30
    assert first == second
