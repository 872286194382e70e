"""The training film: points, fields, errors, samples and figures are the runs', checkpoint by checkpoint."""

import dataclasses
import re
import subprocess
import sys

import numpy as np
import pytest
from layout import pieces
from manim import ManimColor, ValueTracker
from small_films import Small, logo, on_stage, staged, still
from stills import isolated, offsets

from diffusion_core.diffusion_recipes import TrainingRecipe
from diffusion_core.schedules import schedule
from diffusion_core.shapes import find_target
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.moving_arrow import MovingArrow
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.score_field import ScoreField
from scenes.training import SpiralTrainingScene
from scenes.training_sections.batch import PARTS
from scenes.training_sections.film import HELD, NOTHING, WORST, held
from scenes.training_sections.one_place import NEAR
from scenes.training_sections.still_wrong import CLEAR, EMPTY, MOST

KINDS = (ScoreField, DensityMap, ParticleCloud, LiveCurve, MovingArrow)
STEPS = 60


def short(film, name, **changes):
    """The small recipe; a training goes over fewer levels, faster, and long enough to learn something."""
    recipe = Small.recipe_of(film, name, **changes)
    if not isinstance(recipe, TrainingRecipe):
        return recipe
    return dataclasses.replace(
        recipe, steps=STEPS, iterations=160, batch=32, learning_rate=0.02, checkpoints=12, particles=120
    )


class Watched(SpiralTrainingScene):
    """Keeps what stood in the scene, and the clock, whenever a clock had run."""

    def construct(self):
        self.kept = {}
        super().construct()

    def run_clock(self, clock, *args, **options):
        super().run_clock(clock, *args, **options)
        now = {kind: [m.copy() for m in pieces(self, kind)] for kind in KINDS}
        self.kept[self.beats[-1]] = now | {"clock": clock.get_value()}


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def film(media):
    return staged(Watched, media, recipe_of=short)


def said(film, beat):
    return film.spoken[film.beats.index(beat)]


def after(film, beat, kind):
    """Visible mobjects of a kind when a beat's last clock had run."""
    return film.kept[beat][kind]


def test_a_logo_has_no_exact_loss_and_the_film_says_less(media, tmp_path):
    attributes = {"target": logo(tmp_path), "recipe_of": short}
    samples, wrong = (
        staged(SpiralTrainingScene, media, only=section, **attributes) for section in ("samples", "still wrong")
    )
    assert samples.training.recipe == "my_logo-plain-net"
    assert "jumps" not in vars(samples)  # a section alone computes its own runs only
    assert not any("floor" in caption or "spiral" in caption for caption in samples.spoken + wrong.spoken)
    assert not any("the exact answer" in code for code in samples.written)
    assert not any("rms" in code for code in wrong.written)
    assert said(wrong, "still wrong: levels") == "The same training where there is hardly any noise."


def test_points_become_noisy_at_the_trainings_levels_and_p_t_is_kept_at_the_one_shown(film):
    assert film.jumps.steps[-1] == film.training.parameters["steps"] == STEPS
    assert film.blurred.t in film.jumps.series["moments"].steps
    level = film.blurred
    law = find_target("spiral").diffused(level.alpha, level.sigma)
    axis = np.linspace(*film.jumps.grids["diffused"].window[:2], len(film.diffused().current()))
    expected = np.exp(law.log_prob([axis[90], axis[120]]))
    assert film.diffused().current()[120, 90] == pytest.approx(expected, rel=1e-4)


def test_the_scene_needs_no_torch():
    code = "import sys, scenes.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# What the network is given and asked.


def test_the_noisy_point_its_noise_and_its_t_belong_together(film):
    run, t = film.jumps, film.blurred.t
    path, clean = film.way_of_one()
    level = schedule("linear", STEPS).level(t)
    assert film.blurred[2:] == pytest.approx(level)
    j = next(j for j in run.detailed if np.allclose(run.positions[t, j], path[-1], atol=1e-6))
    np.testing.assert_allclose(clean[-1], level.alpha * run.positions[0, j], atol=1e-6)
    (arrow,) = after(film, "one point: noise", MovingArrow)
    tip, tail = (film.points.coords_to_point(x[-1]) for x in (path, clean))
    np.testing.assert_allclose(arrow.data.array[int(arrow.record)], [tail, tip], atol=1e-6)
    assert arrow.record == t == film.kept["one point: noise"]["clock"]


def test_a_batch_has_as_many_points_as_an_iteration_and_each_its_own_t(film):
    run, (paths, clean) = film.jumps, film.ways_of_batch()
    assert paths.shape == (PARTS + 1, 32, 2)
    np.testing.assert_allclose(paths[0], run.positions[0, :32])
    there = (np.asarray(run.positions[:, :32]) == paths[-1].astype(np.float32)).all(axis=2)  # (t, point)
    assert there.any(axis=0).all()
    own = there.argmax(axis=0)
    assert own.min() >= 1
    assert own.max() <= STEPS
    assert abs(own.mean() / STEPS - 0.5) < 4 / np.sqrt(12 * 32)  # uniform draws, as in training
    assert len(set(own)) > 16
    levels = schedule("linear", STEPS)
    epsilon = (paths[-1] - clean[-1]) / levels.sigma[own][:, None]
    expected = (run.positions[-1, :32] - levels.alpha[-1] * run.positions[0, :32]) / levels.sigma[-1]
    np.testing.assert_allclose(epsilon, expected, atol=2e-4)  # one noise at all t; float32


def test_noises_that_lead_near_the_place_and_their_mean_are_the_runs(film):
    place, score, near = film.place
    starts, ends = film.ends_near()
    assert (np.linalg.norm(ends - place, axis=1) < NEAR * film.blurred.sigma).all()
    level = film.blurred
    exact = find_target("spiral").diffused(level.alpha, level.sigma).score(place)
    np.testing.assert_allclose(score, exact, rtol=1e-4)
    fan = after(film, "one place: noises", MovingArrow)
    assert len(fan) == len(near) == len(starts)
    for arrow, start, end in zip(fan, starts, ends, strict=True):
        drawn = film.inset.coords_to_point([start, end])
        np.testing.assert_allclose(arrow.data.array[1], drawn, atol=1e-6)
    mean = ((ends - starts) / level.sigma).mean(axis=0)
    words = f"mean of these {len(near)} noises: $({mean[0]:.2f}, {mean[1]:.2f})$"
    assert any(words in code for code in film.written)
    along = level.sigma * exact
    assert any(f"$: $({along[0]:.2f}, {along[1]:.2f})$" in code for code in film.written)
    assert ("uphill" in said(film, "one place: mean")) == (mean @ exact < 0)
    climb = after(film, "one place: mean", MovingArrow)[-1]
    tip = film.inset.coords_to_point(place + level.sigma**2 * exact)
    np.testing.assert_allclose(climb.data.array[1, 1], tip, atol=1e-4)


# Training.


def test_each_checkpoint_stands_before_it_turns_into_the_next():
    assert [held(k) for k in range(5)] == [0, 1, 2, 3, 4]
    assert {held(3 + x) for x in np.linspace(0, HELD, 9)} == {3.0}
    ways = [held(3 + x) for x in np.linspace(HELD, 1, 20)]
    assert (np.diff(ways) > 0).all()


def test_fields_errors_and_counter_are_of_one_checkpoint_and_one_level(film):
    run, level = film.training, film.blurred
    for beat in ("training: first", "training: on"):
        k = int(film.kept[beat]["clock"])
        assert k == (film.slow if beat.endswith("first") else len(run.steps) - 1)
        learned, exact = (
            np.asarray(run.grids[f"{which}_{level.number}"].values, float) for which in ("learned", "exact")
        )
        fields, (error,) = after(film, beat, ScoreField), after(film, beat, DensityMap)
        np.testing.assert_allclose(fields[0].current(), learned[k, ::2, ::2] * level.sigma, rtol=1e-5)
        np.testing.assert_allclose(fields[1].current(), exact[::2, ::2] * level.sigma, rtol=1e-5)
        apart = level.sigma * np.hypot(*np.moveaxis(learned[k] - exact, -1, 0))
        np.testing.assert_allclose(error.current(), apart, rtol=1e-5)
    first = level.sigma * np.median(np.linalg.norm(learned[0] - exact, axis=-1))
    assert f"from {first:.2f} to {np.median(apart):.2f}." in said(film, "training: on")
    axis = np.linspace(-3, 3, 41)[::2]
    law = find_target("spiral").diffused(level.alpha, level.sigma)
    np.testing.assert_allclose(fields[1].current()[3, 8], level.sigma * law.score([axis[8], axis[3]]), rtol=1e-4)
    assert fields[1].grid_points()[3, 8].tolist() == pytest.approx([axis[8], axis[3]])


def test_before_training_it_says_nothing(film):
    assert film.training.steps[0] == 0
    assert not np.any(film.field("learned", film.blurred).show(0).current())
    assert np.abs(film.training.grids[f"learned_{film.blurred.number}"].values[0]).max() < NOTHING
    assert np.abs(film.training.grids[f"learned_{film.blurred.number}"].values[1]).max() > NOTHING


def test_the_rest_of_the_error_lies_where_the_caption_says(film):
    errors, levels = film.training.series["error"].values[-1], film.training.series["error_levels"].values
    count, share, t = re.findall(r"\d+", said(film, "still wrong: levels"))
    assert int(count) == len(levels)
    below = levels[:, 0] <= int(t)
    assert errors[below].sum() / errors.sum() == pytest.approx(int(share) / 100, abs=0.006)
    assert int(share) >= 100 * MOST - 1
    without = below & (levels[:, 0] < int(t))
    assert errors[without].sum() < MOST * errors.sum()


def test_the_error_where_p_is_nearly_nothing_is_the_recorded_one(film):
    run, level = film.training, film.level_near(CLEAR)
    axis = np.linspace(-3, 3, 41)
    p = np.exp(find_target("spiral").log_prob(np.stack(np.meshgrid(axis, axis), -1)))
    peak = float(run.grids["density"].values.max())
    learned, exact = (run.grids[f"{which}_{level.number}"].values for which in ("learned", "exact"))
    apart = level.sigma * np.linalg.norm(learned[-1] - exact, axis=-1)
    there, elsewhere = map(float, re.findall(r"\d+\.\d+", said(film, "still wrong: empty")))
    assert there == pytest.approx(np.median(apart[p < EMPTY * peak]), rel=0.03, abs=0.01)
    assert elsewhere == pytest.approx(np.median(apart[p >= EMPTY * peak]), rel=0.06, abs=0.01)
    share = float(next(re.search(r"([\d.]+)% of", c).group(1) for c in film.written if "of $p$ lies" in c))
    points = find_target("spiral").sample(200_000, np.random.default_rng(0))
    rare = np.mean(np.exp(find_target("spiral").log_prob(points)) < EMPTY * peak)
    assert share / 100 == pytest.approx(rare, abs=6e-4)


def test_samples_and_curves_are_of_one_checkpoint(film):
    run = film.training
    for beat in ("samples: first", "samples: on", "samples: end"):
        k = int(film.kept[beat]["clock"])
        (cloud,), (loss, distance) = after(film, beat, ParticleCloud), after(film, beat, LiveCurve)
        np.testing.assert_array_equal(cloud.current(), run.positions[k])
        for curve, name in ((loss, "loss"), (distance, "distance")):
            assert curve.record == k
            np.testing.assert_allclose(curve.data.array[:, 1], run.series[name].values.ravel())
            value = curve.axes.p2c(curve.head.get_center())
            assert value[0] == pytest.approx(run.steps[k], abs=1e-3)
            assert value[1] == pytest.approx(run.series[name].values.ravel()[k], rel=1e-3)
    assert k == len(run.steps) - 1
    strays, true = run.series["strays"].values.ravel()[-1], run.series["strays_floor"].values[0, 0]
    caption = said(film, "samples: end")
    assert caption == f"Trained as DDPM, sampled by Heun: {strays:.1%} stray; of true samples {true:.1%}."


def test_the_loss_and_the_strays_of_the_caption_are_of_the_iteration_that_it_names(film):
    series = film.training.series
    step, over, strays = map(int, re.findall(r"\d+", said(film, "samples: half")))
    k = list(film.training.steps).index(step)
    ratio = series["loss"].values.ravel()[k] / series["loss_floor"].values[0]
    assert ratio - 1 == pytest.approx(over / 100, abs=0.006)
    assert series["strays"].values.ravel()[k] == pytest.approx(strays / 100, abs=0.006)


# Pixels.


def test_samples_are_drawn_where_the_checkpoints_network_put_them(media):
    def draw(film):
        cloud = film.cloud(film.training)
        film.follow(ValueTracker(len(film.training.steps) - 2 + 0.5 * HELD), cloud)
        return [cloud]

    scene, picture = still(SpiralTrainingScene, media, draw, recipe_of=short)
    positions = isolated(np.asarray(scene.training.positions[-2]), 8, 0.2)
    assert offsets(picture, on_stage(scene, positions)).max() < 0.6


def test_the_error_map_is_as_bright_as_the_error(media):
    def draw(film):
        film.wrong = film.on_stage(film.error_map(film.blurred)).show(2)
        return [film.wrong]

    scene, picture = still(SpiralTrainingScene, media, draw, recipe_of=short)
    learned, exact = (scene.training.grids[f"{w}_{scene.blurred.number}"].values for w in ("learned", "exact"))
    apart = scene.blurred.sigma * np.linalg.norm(learned[2] - exact, axis=-1)
    axis = np.linspace(-3, 3, 41)
    table = scene.wrong.paint.array
    paper = np.array(ManimColor(scene.look.paper).to_rgb())
    for row, column in ((5, 20), (20, 5), (20, 20), (33, 12)):
        u, v = on_stage(scene, [[axis[column], axis[row]]])[0].astype(int)
        rgba = table[round(float(min(apart[row, column] / WORST, 1)) * 255)]
        expected = 255 * (rgba[:3] + paper * (1 - rgba[3]))
        assert np.abs(picture[v, u] - expected).max() < 5
