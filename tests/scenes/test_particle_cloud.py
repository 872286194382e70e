import importlib.util
import math
from pathlib import Path

import numba
import numpy as np
import pytest
from manim import (
    Camera,
    Dot,
    FadeIn,
    FadeOut,
    ManimColor,
    MovingCamera,
    MovingCameraScene,
    Scene,
    Transform,
    linear,
    tempconfig,
)
from manim.renderer.cairo_renderer import CairoRenderer
from stills import PAPER, blank, camera, centroid, frame, halfway, ink, key, pixels_of

from scenes import theme as themes
from scenes.mobjects import fingerprint as fingerprints
from scenes.mobjects import raster
from scenes.mobjects.fingerprint import SealedArray
from scenes.mobjects.particle_cloud import SMALLEST, TRAIL_OPACITY, ParticleCloud
from scenes.mobjects.raster import Raster

RNG = np.random.default_rng(20)
ISOLATED = (np.mgrid[-2:3, -1.5:1.6:1.0].reshape(2, -1).T + RNG.uniform(-0.3, 0.3, (20, 2))) * 0.9
ANGLE = 0.4
TURN = np.array([[math.cos(ANGLE), -math.sin(ANGLE)], [math.sin(ANGLE), math.cos(ANGLE)]])


def distances(image, points, on):
    places = pixels_of(points, on)
    return np.array([np.linalg.norm(centroid(image, place) - place) for place in places])


@pytest.mark.parametrize("height", [480, 720, 1080])
def test_isolated_particles_lie_where_their_positions_say(height):
    on = camera(height)
    # A dot of radius 0.75 to 2 px with an edge of 1.5 px has its centroid within 0.06 px of its centre.
    assert distances(frame(ParticleCloud(ISOLATED), on=on), ISOLATED, on).max() < 0.07


TRANSFORMS = {
    "shifted": (lambda cloud: cloud.shift((-3.5, 0.3, 0)), lambda x: x + (-3.5, 0.3)),
    "scaled": (lambda cloud: cloud.scale(1.3), lambda x: 1.3 * x),
    "rotated": (lambda cloud: cloud.rotate(ANGLE), lambda x: x @ TURN.T),
    "stretched": (lambda cloud: cloud.stretch(0.7, 0), lambda x: x * (0.7, 1)),
    "moved": (lambda cloud: cloud.move_to((2.0, -0.4, 0)), lambda x: x + (2.0, -0.4)),
    "all": (
        lambda cloud: cloud.scale(0.8).rotate(ANGLE, about_point=(0, 0, 0)).shift((1, 0.5, 0)),
        lambda x: (0.8 * x) @ TURN.T + (1, 0.5),
    ),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_particles_follow_every_affine_transform(name):
    transform, law = TRANSFORMS[name]
    on, cloud = camera(), transform(ParticleCloud(ISOLATED))
    assert distances(frame(cloud, on=on), law(ISOLATED), on).max() < 0.07
    np.testing.assert_allclose(cloud.coords_to_point(ISOLATED)[:, :2], law(ISOLATED), atol=1e-12)


def test_particles_and_manims_dots_share_one_pixel_convention():
    on = camera()
    for x in ISOLATED[:5]:
        place = pixels_of(x, on)
        ours = centroid(frame(ParticleCloud(x[None], radius=0.05), on=on), place)
        theirs = centroid(frame(Dot((*x, 0), radius=0.05), on=on), place)
        # Cairo samples a dot's edge on a grid of 1/15 px; ours is off by less than 0.01 px at this radius.
        assert np.linalg.norm(ours - theirs) < 0.05


def test_a_moving_camera_shows_particles_where_it_looks():
    on = camera(kind=MovingCamera)
    on.frame.scale(0.5).shift((0.6, -0.3, 0))
    seen = ISOLATED[np.all(abs(ISOLATED - (0.6, -0.3)) < (3, 1.7), axis=1)]
    assert len(seen) >= 5
    assert distances(frame(ParticleCloud(ISOLATED), on=on), seen, on).max() < 0.07


@pytest.mark.parametrize("pixels", [0.3, SMALLEST, 1.0, 2.0, 6.0])
def test_a_dots_ink_is_its_area(pixels):
    on = camera()
    radius = pixels * on.frame_height / on.pixel_height
    cloud = ParticleCloud(ISOLATED, radius=radius, color="#FFFFFF", opacity=1)
    ink = frame(cloud, on=on)[..., 0].astype(float) - ManimColor(PAPER).to_int_rgb()[0]
    area = ink.sum() / (255 - ManimColor(PAPER).to_int_rgb()[0]) / len(ISOLATED)
    # Where a dot lies on the grid changes its ink by 1.6 % at most (standard deviation): 4 of these, 20 dots.
    assert area == pytest.approx(math.pi * pixels**2, rel=4 * 0.016 / math.sqrt(20))


def test_later_particles_cover_earlier_ones():
    cloud = ParticleCloud(np.zeros((2, 2)), radius=0.2, opacity=0.5)
    colors = np.array([[1.0, 0.0, 0.2], [0.0, 0.4, 1.0]])
    cloud.set_colors(colors)
    expected = 0.5 * colors[1] + 0.25 * colors[0] + 0.25 * ManimColor(PAPER).to_rgb()
    assert frame(cloud)[360, 640, :3] == pytest.approx(255 * expected, abs=1)


def test_over_nothing_a_dot_leaves_the_same_pixels_as_manims():
    on = camera(opacity=0)
    ours = frame(ParticleCloud(np.zeros((1, 2)), radius=0.2, color="#FF9F43", opacity=0.6), on=on)
    theirs = frame(Dot(radius=0.2, color="#FF9F43", fill_opacity=0.6), on=on)
    assert ours[360, 640] == pytest.approx(theirs[360, 640].astype(float), abs=1)
    assert (ours[0, 0] == theirs[0, 0]).all()


def test_a_transparent_film_holds_the_colours_of_the_opaque_one():
    cloud = ParticleCloud(ISOLATED, radius=0.08)
    clear, opaque = frame(cloud, on=camera(opacity=0)), frame(cloud)
    assert (clear[..., :3] == opaque[..., :3]).all()
    assert (opaque[..., 3] == 255).all()
    assert set(np.unique(clear[..., 3])) >= {0, round(255 * themes.DOT_OPACITY)}


def test_nothing_is_drawn_outside_the_window_or_where_a_position_is_no_number():
    lost = np.array([[3.2, 0.0], [0.0, -3.151], [np.nan, 0.0], [np.inf, 0.0], [0.0, -np.inf]])
    assert (frame(ParticleCloud(lost, radius=0.05)) == blank()).all()


def test_a_particle_dims_as_it_leaves_through_the_border():
    radius = 0.05
    ink = [
        frame(ParticleCloud(np.array([[3.15 - depth * radius, 0.0]]), radius=radius)).astype(float).sum()
        for depth in (0.0, 0.25, 0.5, 1.0)
    ]
    gained = (np.array(ink) - ink[0]) / (ink[-1] - ink[0])
    assert gained == pytest.approx([0, 0.25, 0.5, 1], abs=0.02)


WALK = np.cumsum(RNG.normal(0, 0.1, (6, 50, 2)), axis=0)


def test_a_record_looks_the_same_whatever_was_shown_before():
    straight = frame(ParticleCloud(WALK).show(3))
    cloud = ParticleCloud(WALK)
    for k in (5, 0, 2.7, 3):
        cloud.show(k)
        frame(cloud)
    assert (frame(cloud) == straight).all()


def test_only_true_iterates_are_drawn_unless_eased():
    cloud = ParticleCloud(WALK).show(2.75)
    assert (cloud.current() == WALK[2]).all()
    assert (frame(cloud) == frame(ParticleCloud(WALK[2]))).all()
    cloud.eased = True
    np.testing.assert_allclose(cloud.current(), 0.25 * WALK[2] + 0.75 * WALK[3], atol=1e-15)


def test_rounding_does_not_lose_a_record():
    assert (ParticleCloud(WALK).show(0.1 * 3 / 0.1 - 1e-12).current() == WALK[3]).all()


def eased(cloud, record):
    cloud.eased = True
    return cloud.show(record)


@pytest.mark.parametrize("record", [0, 0.3, 2, 2.75, 5])
@pytest.mark.parametrize("trail", [1, 3, 9])
def test_a_trail_ends_at_its_dot_and_passes_through_the_records(record, trail):
    for cloud in (ParticleCloud(WALK, trail=trail).show(record), eased(ParticleCloud(WALK, trail=trail), record)):
        records, corners = cloud.path()
        assert (corners[-1] == cloud.current()).all()
        assert records[-1] == cloud.moment
        assert records[0] == max(cloud.moment - trail, 0)
        whole = records % 1 == 0
        assert (corners[whole] == WALK[records[whole].astype(int)]).all()


def test_a_trail_is_drawn_along_the_steps_and_fades_with_age():
    on = camera()
    walk = np.array([[[-2.0, -1.0]], [[0.0, -1.0]], [[0.0, 1.0]], [[2.0, 1.0]]])
    image = ink(frame(ParticleCloud(walk, trail=3, radius=0.05, opacity=1).show(3), on=on))
    middles = pixels_of(((walk[1:] + walk[:-1]) / 2)[:, 0], on).astype(int)
    old, older, fresh = (image[row - 1 : row + 1, column - 1 : column + 1].max() for column, row in middles)
    assert 0 < old < older < fresh
    assert image.sum() == pytest.approx(image[:, middles[:, 0].min() - 100 : middles[:, 0].max() + 100].sum())


def test_a_trails_corners_and_crossings_are_not_darker_than_its_lines():
    there_and_back = np.array([[[-1.0, 0.0]], [[1.0, 0.0]], [[-1.0, 0.0]], [[-1.0, 1.0]]])
    cloud = ParticleCloud(there_and_back, trail=3, radius=0.2, opacity=0.5).show(3)
    image = frame(cloud)
    column, row = pixels_of([-1.0, 0.0], camera()).astype(int)
    # At the corner the trail is one step old: two thirds of its opacity, once.
    cover = 0.5 * TRAIL_OPACITY * 2 / 3
    expected = cover * np.array(cloud.color.to_rgb()) + (1 - cover) * np.array(ManimColor(PAPER).to_rgb())
    assert image[row, column, :3] == pytest.approx(255 * expected, abs=2)


def test_trails_depend_on_the_record_alone():
    for record in (3, 3.4):
        straight = frame(eased(ParticleCloud(WALK, trail=4, pulse=0.5), record))
        cloud = eased(ParticleCloud(WALK, trail=4, pulse=0.5), 0)
        for k in (5, 0.2, 4, record):
            frame(cloud.show(k))
        assert (frame(cloud) == straight).all()
        assert (straight != frame(eased(ParticleCloud(WALK, pulse=0.5), record))).any()


def test_trails_stay_in_the_window_and_fade_with_their_cloud():
    on = camera()
    walk = np.array([[[0.0, 0.0]], [[6.0, 0.0]]])
    cloud = eased(ParticleCloud(walk, trail=1, radius=0.05), 0.9)
    image = ink(frame(cloud, on=on))
    border = pixels_of([3.15, 0.0], on)[0]
    assert image[:, : int(border)].sum() > 0 == image[:, int(border) + 1 :].sum()
    assert (frame(halfway(FadeOut(cloud.copy()), 1.0)) == blank()).all()
    lost = np.where(np.arange(6)[:, None, None] == 2, np.nan, WALK)
    assert (frame(ParticleCloud(lost, trail=2).show(3)) == frame(ParticleCloud(lost).show(3))).all()


def test_a_transparent_film_holds_trails_too():
    cloud = eased(ParticleCloud(WALK, trail=5, radius=0.05), 4.5)
    clear, opaque = frame(cloud, on=camera(opacity=0)), frame(cloud)
    assert (clear[..., :3] == opaque[..., :3]).all()
    assert clear[0, 0, 3] == 0 < clear[..., 3].max()


def test_an_eased_dot_swells_where_it_lands_and_relaxes_in_a_third_of_the_way():
    cloud = eased(ParticleCloud(WALK, pulse=0.6), 2)
    assert cloud.swelling() == pytest.approx(1.6)
    assert [cloud.show(2 + rest).swelling() for rest in (1 / 3, 0.5, 0.9)] == pytest.approx([1, 1, 1])
    falling = [cloud.show(2 + rest).swelling() for rest in np.linspace(0, 1 / 3, 9)]
    assert (np.diff(falling) < 0).all()
    assert cloud.show(4.1).swelling() == pytest.approx(cloud.show(0.1).swelling())
    cloud.eased = False
    assert cloud.show(2).swelling() == 1
    assert (frame(cloud) == frame(ParticleCloud(WALK).show(2))).all()


def test_a_swollen_dots_ink_is_its_area():
    grown = eased(ParticleCloud(ISOLATED[None], radius=0.05, pulse=0.5), 0)
    plain = ParticleCloud(ISOLATED, radius=0.05)
    assert ink(frame(grown)).sum() / ink(frame(plain)).sum() == pytest.approx(1.5**2, rel=0.01)


def test_a_radius_in_the_scene_is_seen_there():
    far, near = ParticleCloud(ISOLATED, radius=0.05), ParticleCloud(ISOLATED).scale(0.5).set_radius_in_scene(0.05)
    assert ink(frame(near)).sum() == pytest.approx(ink(frame(far)).sum(), rel=0.01)


@pytest.mark.parametrize("record", [-1, 6, math.nan])
def test_records_that_do_not_exist_are_refused(record):
    with pytest.raises(IndexError, match="records 0 to 5"):
        ParticleCloud(WALK).show(record)


@pytest.mark.parametrize("shape", [(5,), (5, 3), (2, 0, 2), (0, 5, 2), (1, 1, 5, 2)])
def test_positions_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="records, particles, 2"):
        ParticleCloud(np.zeros(shape))


def test_animating_show_runs_through_the_records():
    cloud = ParticleCloud(WALK)
    animation = cloud.animate(rate_func=linear).show(5).build()
    assert (halfway(animation, 0.5).current() == WALK[2]).all()
    animation.finish()
    assert (cloud.current() == WALK[5]).all()


def test_fading_ends_at_the_paper():
    cloud = ParticleCloud(ISOLATED, radius=0.05)
    out = halfway(FadeOut(cloud.copy(), rate_func=linear), 0.5)
    assert out.get_opacity() == pytest.approx(themes.DOT_OPACITY / 2)
    assert (halfway(FadeOut(cloud.copy()), 1.0).get_opacity(), cloud.get_opacity()) == (0, themes.DOT_OPACITY)
    assert (frame(halfway(FadeOut(cloud.copy()), 1.0)) == blank()).all()
    assert (frame(halfway(FadeIn(cloud.copy()), 0.0)) == blank()).all()
    assert (frame(halfway(FadeIn(cloud.copy()), 1.0)) == frame(cloud)).all()
    assert (frame(cloud.copy().scale(0)) == blank()).all()


def test_a_transform_mixes_place_colour_opacity_and_radius():
    start = ParticleCloud(ISOLATED, color="#000000", opacity=0.2, radius=0.1)
    end = ParticleCloud(ISOLATED, color="#FFFFFF", opacity=0.6, radius=0.3).shift((1, 0, 0))
    mixed = halfway(Transform(start, end, rate_func=linear), 0.5)
    assert (mixed.opacity, mixed.radius) == pytest.approx((0.4, 0.2))
    assert mixed.paint.array[0] == pytest.approx([0.5, 0.5, 0.5, 1])
    assert mixed.get_center() == pytest.approx([0.5, 0, 0])
    assert halfway(Transform(start, end), 1.0).paint == end.paint


def test_between_different_runs_no_positions_are_invented():
    start, end = ParticleCloud(WALK).show(1), ParticleCloud(WALK[:5] + 0.1).show(4)
    assert (halfway(Transform(start, end, rate_func=linear), 0.9).current() == WALK[1]).all()
    assert (halfway(Transform(start, end, rate_func=linear), 1.0).current() == WALK[4] + 0.1).all()


def test_a_saved_state_comes_back():
    cloud = ParticleCloud(WALK).save_state()
    before = frame(cloud)
    cloud.show(4).set_color("#FF0000").shift((1, 0, 0)).scale(2).set_opacity(0.1)
    assert (frame(cloud) != before).any()
    assert (frame(cloud.restore()) == before).all()


def test_colours_of_single_particles_fade_into_one_another():
    cloud = ParticleCloud(np.zeros((2, 2)), color="#000000")
    half = halfway(cloud.animate(rate_func=linear).set_colors([[1, 0, 0], [0, 1, 0]]).build(), 0.5)
    assert half.paint.array == pytest.approx(np.array([[0.5, 0, 0, 1], [0, 0.5, 0, 1]]))
    with pytest.raises(ValueError, match="2 particles"):
        cloud.set_colors(np.zeros((3, 3)))


def test_copies_share_a_memory_map(tmp_path):
    np.save(tmp_path / "walk.npy", WALK)
    mapped = np.load(tmp_path / "walk.npy", mmap_mode="r")
    cloud = ParticleCloud(mapped, fingerprint="walk").show(4)
    assert cloud.copy().data.array is mapped
    assert (frame(cloud) == frame(ParticleCloud(WALK).show(4))).all()


CHANGES = {
    "nothing": lambda cloud: cloud,
    "record": lambda cloud: cloud.show(1),
    "colour": lambda cloud: cloud.set_color("#FF0000"),
    "colours": lambda cloud: cloud.set_colors(np.zeros((50, 3))),
    "opacity": lambda cloud: cloud.set_opacity(0.5),
    "place": lambda cloud: cloud.shift((0.1, 0, 0)),
    "radius": lambda cloud: cloud.set(radius=0.1),
    "eased": lambda cloud: cloud.set(eased=True),
    "trail": lambda cloud: cloud.set(trail=3),
    "pulse": lambda cloud: cloud.set(pulse=0.5),
}


def test_each_change_has_a_cache_key_of_its_own():
    keys = {name: key(change(ParticleCloud(WALK))) for name, change in CHANGES.items()}
    assert len(set(keys.values())) == len(CHANGES)
    assert keys["nothing"] == key(ParticleCloud(WALK.copy()))


def test_one_changed_value_in_the_middle_of_a_run_changes_the_cache_key():
    changed = WALK.copy()
    changed[3, 20, 0] += 1e-9
    assert key(ParticleCloud(changed)) != key(ParticleCloud(WALK))
    assert key(ParticleCloud(WALK, fingerprint="a")) != key(ParticleCloud(WALK, fingerprint="b"))


def test_cuts_of_one_trajectory_have_cache_keys_of_their_own():
    cuts = [WALK, WALK[:3], WALK[::2], WALK[:, :20], WALK[:, 20:40], WALK[1:4]]
    assert len({key(ParticleCloud(cut, fingerprint="run")) for cut in cuts}) == len(cuts)


def test_a_theme_colour_changes_cache_key_and_frame(monkeypatch):
    before = ParticleCloud(WALK)
    dark = themes.THEMES["dark"]
    monkeypatch.setitem(themes.THEMES, "dark", dark.__class__(**{**vars(dark), "particles": "#FF0000"}))
    monkeypatch.delenv("DIFFUSION_THEME", raising=False)
    after = ParticleCloud(WALK)
    assert key(before) != key(after)
    assert (frame(before) != frame(after)).any()


def test_the_cache_key_does_not_read_the_arrays():
    class Untouchable:
        def __getattribute__(self, name):
            raise AssertionError(f"the cache key read {name}")

    cloud = ParticleCloud(WALK)
    cloud.data = SealedArray(Untouchable(), str(cloud.data))
    assert key(cloud) == key(ParticleCloud(WALK))


def test_a_drawing_constant_changes_the_cache_key(tmp_path):
    sources = fingerprints.drawing_sources(ParticleCloud)
    assert [source.name for source in sources] == ["particle_cloud.py", "raster.py", "theme.py"]
    for i, source in enumerate(sources):
        text = source.read_text()
        edited = tmp_path / f"{i}.py"
        edited.write_text(text.replace("0.5", "0.6") if "0.5" in text else text.replace("0.85", "0.86"))
        changed = (*sources[:i], edited, *sources[i + 1 :])
        assert fingerprints.source_fingerprint(changed) != fingerprints.source_fingerprint(sources)
    cloud = ParticleCloud(WALK)
    assert cloud.drawing == fingerprints.source_fingerprint(sources)
    before = key(cloud)
    cloud.drawing = fingerprints.source_fingerprint(changed)
    assert key(cloud) != before


def test_a_users_own_kind_of_cloud_is_covered_by_its_own_file(tmp_path):
    source = "from scenes.mobjects.particle_cloud import ParticleCloud as C\nclass Mine(C):\n    size = {}\n"
    prints = []
    for size in (1, 2):
        path = Path(tmp_path / f"mine{size}.py")
        path.write_text(source.format(size))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(importlib.sys.modules, path.stem, module)
            spec.loader.exec_module(module)
            prints.append(fingerprints.drawing_fingerprint(module.Mine))
    assert prints[0] != prints[1]


def test_code_in_no_file_is_never_taken_from_the_cache():
    assert fingerprints.source_fingerprint([None]) != fingerprints.source_fingerprint([None])


def rendered(scene_class, tmp_path):
    """Frames of a scene rendered by Manim, without writing them."""
    size = {"pixel_width": 854, "pixel_height": 480, "frame_rate": 4}
    settings = {**size, "dry_run": True, "media_dir": str(tmp_path), "background_color": PAPER}
    frames = []
    with tempconfig(settings), pytest.MonkeyPatch.context() as patch:
        patch.setattr(CairoRenderer, "add_frame", lambda self, frame, num_frames=1: frames.append(frame))
        scene = scene_class()
        scene.render()
    return scene, frames


@pytest.mark.parametrize("kind", [Scene, MovingCameraScene])
def test_ordinary_scenes_draw_particles(kind, tmp_path):
    class Film(kind):
        def construct(self):
            cloud = ParticleCloud(np.stack([ISOLATED - 0.2, ISOLATED]), radius=0.03)
            self.add(Dot((-5, -3, 0)), cloud, Dot((5, 3, 0)))
            self.play(cloud.animate(rate_func=linear, run_time=1).show(1))
            self.wait(0.5)
            self.play(FadeOut(*self.mobjects))

    scene, frames = rendered(Film, tmp_path)
    on = scene.camera
    assert distances(frames[0], ISOLATED - 0.2, on).max() < 0.07
    assert distances(frames[4], ISOLATED, on).max() < 0.07
    scene.renderer.update_frame(scene)
    assert (scene.renderer.get_frame() == ManimColor(PAPER).to_int_rgba()).all()


def test_kernels_compile_where_nothing_can_be_stored(monkeypatch):
    # What numba finds in a read-only installation under a read-only home: no place for machine code.
    monkeypatch.setattr(numba.config, "CACHE_LOCATOR_CLASSES", "ZipCacheLocator")
    with pytest.raises(RuntimeError, match="no locator"):
        numba.njit(cache=True)(halve)
    assert raster.compiled(halve)(3.0) == 1.5


def halve(x):
    return x / 2


def test_cameras_are_taught_once():
    before = Camera.type_or_raise
    raster._teach_cameras()
    assert Camera.type_or_raise is before
    assert Camera.type_or_raise(camera(48), ParticleCloud(WALK)) is Raster
