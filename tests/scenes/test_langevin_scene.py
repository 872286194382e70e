"""The first film: what is drawn is what was computed, and nothing overlaps or goes stale."""

import hashlib
import itertools
from dataclasses import replace

import av
import numpy as np
import pytest
from manim import Scene, Typst, VMobject, config, tempconfig
from PIL import Image, ImageDraw

from diffusion_core.compute import load_or_compute
from diffusion_core.langevin import SAMPLERS
from diffusion_core.npz import load
from diffusion_core.recipes import LangevinRecipe
from scenes import theme
from scenes.base import BOARD_LEFT, BOARD_WIDTH, MARGIN, STAGE_CENTER, STAGE_SIDE, FilmScene
from scenes.formulas import RULES, rule
from scenes.langevin import LangevinScene
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.step_counter import StepCounter


class Small(LangevinScene):
    particles = 200
    steps = 40


QUICK = {"progress_bar": "none", "quality": "low_quality", "frame_rate": 3}
DRY = QUICK | {"dry_run": True}


def film(scene_class, folder, **settings):
    """Render into a folder: (play, hash) of every frame that was drawn, and the frames of the encoded film.

    A frame that Manim took from its cache is not drawn. What was drawn is compared, not what was encoded:
    libx264 does not always encode equal frames equally.
    """
    drawn = []

    class Recorded(scene_class):
        def setup(self):
            super().setup()
            write = self.renderer.add_frame

            def add_frame(frame, num_frames=1):
                if not self.renderer.skip_animations:
                    drawn.append((self.renderer.num_plays, hashlib.sha256(frame.tobytes()).hexdigest()))
                write(frame, num_frames)

            self.renderer.add_frame = add_frame

    Recorded.__name__ = scene_class.__name__
    with tempconfig(QUICK | {"media_dir": str(folder)} | settings):
        scene = Recorded()
        scene.render()
        file = scene.renderer.file_writer.movie_file_path
    with av.open(str(file)) as container:
        return drawn, [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


class Staged(Small):
    """Layout at the end of every animation, without drawing a film."""

    def construct(self):
        self.layouts = []
        super().construct()

    def play(self, *arguments, **options):
        super().play(*arguments, **options)
        self.layouts.append([(type(mobject).__name__, box(mobject), mobject) for mobject in self.leaves()])

    def leaves(self):
        shown = []
        for mobject in self.mobjects:
            pieces = mobject.submobjects if isinstance(mobject, LiveCurve) else [mobject]
            shown += [piece for piece in pieces if isinstance(piece, (Typst, StepCounter))]
        return shown


def box(mobject):
    return np.array([mobject.get_corner((-1, -1, 0))[:2], mobject.get_corner((1, 1, 0))[:2]])


def overlap(one, other):
    return bool(np.all(np.minimum(one[1], other[1]) - np.maximum(one[0], other[0]) > 1e-6))


@pytest.fixture(scope="module", params=["ula", "mala", "underdamped", "annealed"])
def staged(tmp_path_factory, request):
    class Chosen(Staged):
        sampler = request.param

    with tempconfig(DRY | {"media_dir": str(tmp_path_factory.mktemp("staged"))}):
        scene = Chosen()
        scene.render()
    return scene


def test_nothing_written_leaves_the_frame_or_stands_over_anything_written(staged):
    assert len(staged.layouts) >= 12
    half = np.array([config.frame_width, config.frame_height]) / 2 - MARGIN
    for layout in staged.layouts:
        for _, (low, high), mobject in layout:
            assert (low >= -half - 1e-6).all(), mobject
            assert (high <= half + 1e-6).all(), mobject
        for (_, one, first), (_, other, second) in itertools.combinations(layout, 2):
            assert not overlap(one, other), (first, second)


def test_nothing_written_stands_on_the_stage(staged):
    stage = np.array([STAGE_CENTER[:2] - STAGE_SIDE / 2, STAGE_CENTER[:2] + STAGE_SIDE / 2])
    for layout in staged.layouts:
        for _, place, mobject in layout:
            assert not overlap(place, stage), mobject


def test_the_overlap_test_sees_a_planted_overlap(staged):
    _, place, _ = staged.layouts[-1][0]
    assert overlap(place, place + 0.1)


def test_captions_are_at_most_70_characters(staged):
    written = [entry for layout in staged.layouts for entry in layout]
    captions = {mobject.typst_code for _, (low, _), mobject in written if low[1] < -3}
    assert len(captions) >= 6
    for caption in captions:
        assert len(caption.replace("$", "")) <= 70, caption


def with_particles(drawn):
    """What was drawn of the plays that show particles: all but the first two."""
    return [(play, frame) for play, frame in drawn if play >= 2]


def test_one_seed_gives_equal_frames_and_another_gives_others(tmp_path):
    class Other(Small):
        seed = 1

    drawn, frames = film(Small, tmp_path / "a")
    assert frames[0].shape == (480, 854, 3)
    assert len(drawn) > 100
    assert film(Small, tmp_path / "b")[0] == drawn
    # Into the same folder: nothing that the first film left there is taken for this one's frames.
    other = with_particles(film(Other, tmp_path / "a")[0])
    assert other == with_particles(film(Other, tmp_path / "c")[0])
    assert {play for play, _ in other} == {play for play, _ in with_particles(drawn)}
    in_common = set(other) & set(with_particles(drawn))
    assert len(in_common) < len(other) / 4  # those in which the particles have faded out
    # The first film again: most of it is taken from the cache.
    assert len(film(Small, tmp_path / "a")[0]) < len(drawn) / 2


def test_a_theme_colour_changes_the_frames_of_a_cached_film(tmp_path, monkeypatch):
    dark = with_particles(film(Small, tmp_path)[0])
    monkeypatch.setitem(theme.THEMES, "dark", replace(theme.THEMES["dark"], particles="#58C4DD"))
    tinted = with_particles(film(Small, tmp_path)[0])
    assert {play for play, _ in tinted} == {play for play, _ in dark}
    assert {frame for _, frame in tinted} != {frame for _, frame in dark}


def test_the_films_last_frame_shows_the_last_record(tmp_path):
    class Few(Small):
        particles = 20
        steps = 3

    _, frames = film(Few, tmp_path, quality="high_quality", frame_rate=3)
    run = load(next(tmp_path.glob("trajectories/smiley-ula-*.npz")))
    last = frames[-1].astype(float)
    scale = 1080 / 8
    positions = np.asarray(run.positions[-1])
    apart = np.linalg.norm(positions[:, None] - positions, axis=-1) + 9 * np.eye(20)
    isolated = positions[(apart.min(axis=1) > 0.2) & (np.abs(positions).max(axis=1) < 3)]
    assert len(isolated) >= 3
    for x in isolated:
        u = (x[0] + STAGE_CENTER[0]) * scale + 960
        v = 540 - (x[1] + STAGE_CENTER[1]) * scale
        column, row = int(u), int(v)
        part = last[row - 7 : row + 8, column - 7 : column + 8].sum(axis=2)
        ink = np.clip(part - np.median(part) - 60, 0, None)
        place = np.array([ink.sum(axis=0), ink.sum(axis=1)]) @ np.arange(15) / ink.sum()
        assert np.hypot(*(place + [column - 7 + 0.5, row - 7 + 0.5] - [u, v])) < 0.5


def isolated(positions, count, gap):
    """The first `count` positions inside the stage with no other one within `gap`."""
    apart = np.linalg.norm(positions[:, None] - positions, axis=-1) + 9 * np.eye(len(positions))
    inside = np.abs(positions).max(axis=1) < 3
    chosen = positions[(apart.min(axis=1) > gap) & inside][:count]
    assert len(chosen) == count
    return chosen


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
        picture = scene.renderer.get_frame()[..., :3].astype(float)
    for x in isolated(np.asarray(run.positions[record]), 20, gap=0.2):
        place = scale * x + STAGE_CENTER[:2] + shift
        u, v = 960 + 135 * place[0], 540 - 135 * place[1]
        column, row, reach = int(u), int(v), int(13 * scale)
        part = picture[row - reach : row + reach + 1, column - reach : column + reach + 1].sum(axis=2)
        ink = part - part.min()
        centre = np.array([ink.sum(axis=0), ink.sum(axis=1)]) @ np.arange(2 * reach + 1) / ink.sum()
        assert np.hypot(*(centre + [column - reach + 0.5 - u, row - reach + 0.5 - v])) < 0.5


def test_three_lines_put_a_logo_on_the_stage(tmp_path, monkeypatch, caplog):
    logo = Image.new("RGBA", (80, 80), (0, 0, 0, 0))
    ImageDraw.Draw(logo).polygon([(10, 70), (40, 10), (70, 70)], fill=(200, 30, 30, 255))
    logo.save(tmp_path / "my_logo.png")
    monkeypatch.chdir(tmp_path)

    class Mine(LangevinScene):
        target = "my_logo.png"
        particles = 200
        steps = 20

    with tempconfig(DRY | {"media_dir": str(tmp_path)}):
        scene = Mine()
        scene.render()
    density = scene.sampling.grids["density"].values
    assert density[100:200].sum() > 1.2 * density[220:320].sum()  # a triangle's foot is below
    assert scene.sampling.path.name.startswith("my_logo-ula-")
    assert not scene.has_settled
    assert "has not reached its target" in caplog.text
    assert "have not reached $p$" in scene._caption.typst_code


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_every_sampler_has_its_rule_and_it_fits_the_board(sampler, tmp_path):
    with tempconfig({"media_dir": str(tmp_path)}):
        formula = rule(sampler, theme.theme(), theme.FONT_BODY)
        assert sorted(RULES) == sorted(SAMPLERS)
        assert formula.select("drift")[0].get_color().to_hex().upper() == theme.theme().exact
        if sampler != "ascent":
            assert formula.select("noise")[0].get_color().to_hex().upper() == theme.theme().chance
        assert min(1.0, BOARD_WIDTH / formula.width) > 0.6  # it need not shrink beyond reading
        assert config.frame_width / 2 - MARGIN + 1e-9 >= BOARD_LEFT + BOARD_WIDTH


def test_curve_and_counter_show_the_same_whatever_was_shown_before(tmp_path):
    with tempconfig({"media_dir": str(tmp_path)}):
        values = np.array([3.0, 2.0, 1.5, 1.0])
        for make in (
            lambda: LiveCurve(np.array([0, 1, 2, 40]), values, (1.0, 0.1)),
            lambda: StepCounter(np.array([0, 9, 10, 12_345])),
        ):
            for transform in (lambda m: m, lambda m: m.scale(0.5).shift((1.0, 2.0, 0.0))):
                straight, wandering = transform(make()), transform(make())
                for record in (3, 0.5, 1, 2.7):
                    wandering.show(record)
                    straight = transform(make()).show(record)
                    for one, other in zip(straight.get_family(), wandering.get_family(), strict=True):
                        np.testing.assert_allclose(one.points, other.points, atol=1e-9)


def test_the_curve_ends_where_the_value_is(tmp_path):
    with tempconfig({"media_dir": str(tmp_path)}):
        curve = LiveCurve(np.array([0, 10, 20]), np.array([4.0, 1.0, 2.0]), (1.0, 0.1)).shift((1, 1, 0)).show(1)
        place = curve.axes.c2p(10, 1.0)
        np.testing.assert_allclose(curve.curve.points[-1], place, atol=1e-9)
        np.testing.assert_allclose(curve.head.get_center(), place, atol=1e-9)


def test_scene_classes_are_ordinary(tmp_path):
    class Plain(Scene):
        def construct(self):
            counter = StepCounter(np.array([0, 1200]))
            self.add(counter.show(1))
            self.wait(1 / 15)

    with tempconfig(DRY | {"media_dir": str(tmp_path)}):
        Plain().render()
    assert isinstance(StepCounter(np.array([0])), VMobject)
