import math

import numpy as np
import pytest
from manim import Dot, FadeOut, Scene, ValueTracker, linear
from stills import camera, centroid, frame, halfway, key, pixels_of
from test_live_curve import assert_alike, assert_ordinary, assert_random_access, share_of
from test_particle_cloud import rendered

from diffusion_core.langevin import mala, ula
from diffusion_core.shapes import find_target
from diffusion_core.simulation import State
from scenes import theme as themes
from scenes.mobjects.arrows import HALF_HEAD, HEAD_SHARE, Arrow2D, arrow, arrow_outline, set_ends
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Window
from scenes.mobjects.step_anatomy import DRIFT_END, GHOST, NOISE_END, StepAnatomy

ZOOM = 6.0


def run(sampler, step_size, steps=40, seed=3):
    """Real steps of one particle: positions as a file holds them, drift, noise, acceptance."""
    target, rng = find_target("smiley"), np.random.default_rng(seed)
    state = State(np.array([[0.6, 0.9]]))
    rows = [(state.position[0], np.zeros(2), np.zeros(2), True)]
    for _ in range(steps):
        done = sampler(state, target, step_size, rng)
        state = done.state
        accepted = True if done.accepted is None else bool(done.accepted[0])
        rows.append((state.position[0], done.drift[0], done.noise[0], accepted))
    x, drift, noise, accepted = (np.array(column) for column in zip(*rows, strict=True))
    return x.astype(np.float32), drift, noise, accepted


X, DRIFT, NOISE, _ = run(ula, 0.02)
REFUSING = run(mala, 0.05, seed=5)
REJECTED = int(np.argmax(~REFUSING[3] & (np.linalg.norm(REFUSING[1] + REFUSING[2], axis=1) < 0.5)))


def inset(x, k):
    """A place that magnifies what is around a record, in the right half of the frame."""
    left, bottom = x[k] - 0.5
    place = ParticleCloud(x[:, None], window=Window(left, left + 1.0, bottom, bottom + 1.0))
    return place.scale(ZOOM).move_to((3, 0, 0))


def anatomy(k=1, run=(X, DRIFT, NOISE), **options):
    return StepAnatomy(*run, place=inset(run[0], k), dot_radius=0.08, **options)


def clear_steps(count):
    """Records before steps whose arrows have whole heads in the inset, and end inside it."""
    lengths = ZOOM * np.linalg.norm([DRIFT[1:], NOISE[1:]], axis=2)
    chosen = np.flatnonzero((lengths > 0.45).all(axis=0) & (lengths < 2).all(axis=0))
    assert len(chosen) >= count
    return chosen[:count]


def tip(image, color, start, end, reach=8.0):
    """Where an arrow's tip is drawn, from the ink of its head's last `reach` pixels.

    The head's breadth grows from 0 by 2 · HALF_HEAD a pixel, so these hold HALF_HEAD · reach² of ink.
    """
    along = (end - start) / np.linalg.norm(end - start)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    offset = np.stack([columns + 0.5, rows + 0.5], axis=-1) - end
    ahead, aside = offset @ along, offset @ (-along[1], along[0])
    near = (np.abs(aside) < reach) & (ahead < 4)
    ink = share_of(image, color) * near * np.clip(ahead + reach + 0.5, 0, 1)
    length = math.sqrt(ink.sum() / HALF_HEAD)
    return end + (length - reach) * along + (ink * aside).sum() / ink.sum() * np.array([-along[1], along[0]])


PLACES = {
    "as it was": lambda m: m,
    "shifted": lambda m: m.shift((-4.3, 0.7, 0)),
    "scaled": lambda m: m.scale(1.2),
    "scaled and shifted": lambda m: m.scale(0.9).shift((-5.0, -0.3, 0)),
}


@pytest.mark.parametrize("place", PLACES)
def test_arrows_are_drawn_where_the_step_went(place):
    on, look = camera(1080), themes.theme()
    for k in clear_steps(5):
        step = PLACES[place](anatomy(k))
        x, climbed, kicked = (pixels_of(end[:2], on) for end in step.ends(k))
        drift = tip(frame(step.show(k + DRIFT_END).drift_arrow, on=on), look.exact, x, climbed)
        noise = tip(frame(step.show(k + NOISE_END).noise_arrow, on=on), look.chance, climbed, kicked)
        assert np.linalg.norm(drift - climbed) < 0.5
        assert np.linalg.norm(noise - kicked) < 0.5
        dot = frame(step.show(k + 1).dot, on=on)
        assert np.linalg.norm(centroid(dot, kicked, 16) - kicked) < 0.5


def test_ends_are_the_steps_of_the_record():
    for k in (0, 5, 30):
        step, place = anatomy(k), inset(X, k)
        expected = np.stack([X[k], X[k] + DRIFT[k + 1], X[k] + DRIFT[k + 1] + NOISE[k + 1]])
        np.testing.assert_allclose(step.ends(k), place.coords_to_point(expected), atol=1e-9)
        np.testing.assert_allclose(step.ends(k)[2], place.coords_to_point(X[k + 1]), atol=1e-5)


@pytest.mark.parametrize("wanted", [0, 0.2, 6.4, 6.7, 6.95, 7])
def test_a_step_looks_the_same_whatever_was_shown_before(wanted):
    assert_random_access(lambda: anatomy(6), wanted, (9, 0, 6.9, 3.3))


@pytest.mark.parametrize("share", [0.5, 0.9, 1])
def test_a_rejected_step_looks_the_same_whatever_was_shown_before(share):
    k = REJECTED - 1
    assert_random_access(lambda: anatomy(k, REFUSING), k + share, (0, k + 1, 2.95, k + 0.85))


def test_anatomy_moves_with_its_place():
    place, step = inset(X, 4), anatomy(4)
    for mobject in (place, step):
        mobject.move_to((-2, 1, 0)).scale(0.5).rotate(0.3)
    np.testing.assert_allclose(step.ends(4)[0], place.coords_to_point(X[4]), atol=1e-9)


def test_one_after_the_other_climb_kick_and_sum():
    step, k = anatomy(7), 7
    x, climbed, kicked = step.ends(k)

    def length(part):
        return np.ptp(part.points, axis=0).max()

    step.show(k + 0.2)
    assert 0 < length(step.drift_arrow) < np.linalg.norm(climbed - x)
    assert length(step.noise_arrow) == length(step.sum_line) == 0
    np.testing.assert_allclose(step.dot.get_center(), x, atol=1e-9)
    step.show(k + 0.6)
    assert length(step.drift_arrow) > 0.7 * np.linalg.norm(climbed - x)
    assert length(step.noise_arrow) > 0
    assert length(step.sum_line) == 0
    step.show(k + 0.9)
    np.testing.assert_allclose(step.dot.get_center(), (x + kicked) / 2, atol=1e-5)
    assert length(step.sum_line) > 0
    np.testing.assert_allclose(step.show(k + 1).dot.get_center(), kicked, atol=1e-5)
    assert step.ghost.strength == 0


def test_a_rejected_proposal_is_a_ghost_and_the_particle_stays():
    k = REJECTED - 1
    step = anatomy(k, REFUSING).show(REJECTED)
    on, (x, _, proposed) = camera(1080), anatomy(k, REFUSING).ends(k)
    at, ghost = pixels_of(x[:2], on), pixels_of(proposed[:2], on)
    assert np.linalg.norm(centroid(frame(step.dot, on=on), at, 16) - at) < 0.5
    image = frame(step.ghost, on=on)
    assert np.linalg.norm(centroid(image, ghost, 16) - ghost) < 0.5
    column, row = ghost.astype(int)
    assert share_of(image, themes.theme().particles)[row, column] == 0  # hollow
    assert step.drift_arrow.strength == step.noise_arrow.strength == pytest.approx(GHOST)
    assert np.ptp(step.sum_line.points, axis=0).max() == 0
    assert anatomy(k, REFUSING).show(k + NOISE_END).ghost.strength == pytest.approx(0)


def test_the_particle_lies_over_everything_else():
    step = anatomy(7).show(7.8)
    assert step.submobjects[-1] is step.dot
    column, row = pixels_of(step.ends(7)[0][:2], camera()).astype(int)
    assert share_of(frame(step), themes.theme().particles)[row, column] == pytest.approx(1, abs=0.01)


def test_anatomies_are_ordinary_mobjects():
    assert_ordinary(anatomy(7).show(7.9))
    assert_ordinary(anatomy(REJECTED - 1, REFUSING).show(REJECTED))


def test_half_faded_ghosts_are_half_as_strong():
    step = anatomy(REJECTED - 1, REFUSING).show(REJECTED)
    half = halfway(FadeOut(step.copy(), rate_func=linear), 0.5)
    assert half.drift_arrow.get_fill_opacity() == pytest.approx(0.5)
    assert half.drift_arrow.get_fill_rgbas()[0, 3] == pytest.approx(GHOST / 2)
    again = step.copy().set_opacity(0.5).show(0).show(REJECTED)
    assert again.drift_arrow.get_fill_rgbas()[0, 3] == pytest.approx(GHOST / 2)


def test_animating_show_draws_the_moments_between():
    moving = halfway(anatomy(6).show(6).animate(rate_func=linear).show(8).build(), 0.7)
    assert_alike(moving, anatomy(6).show(7.4))


def test_each_change_of_a_step_has_a_cache_key():
    refused = np.arange(len(X)) != 0
    makes = [
        anatomy(),
        anatomy().show(3),
        anatomy(run=(X + np.float32(0.01), DRIFT, NOISE)),
        anatomy(run=(X[:20], DRIFT[:20], NOISE[:20])),
        StepAnatomy(X, DRIFT, NOISE, refused, place=inset(X, 1), dot_radius=0.09),
        anatomy(width=0.08),
        anatomy(fingerprint="run"),
        anatomy(k=2),
    ]
    keys = [key(one) for one in makes]
    assert len(set(keys)) == len(keys)
    assert key(anatomy()) == keys[0]


def test_records_must_be_consecutive_iterations():
    with pytest.raises(ValueError, match="consecutive iterations"):
        StepAnatomy(X[::2], DRIFT[::2], NOISE[::2], place=inset(X, 0))
    wrong = REFUSING[3].copy()
    wrong[REJECTED] = True
    with pytest.raises(ValueError, match=f"Record {REJECTED} is not"):
        StepAnatomy(*REFUSING[:3], wrong, place=inset(X, 0))


@pytest.mark.parametrize("shapes", [((5, 2), (5, 2), (4, 2)), ((5, 3), (5, 3), (5, 3)), ((0, 2), (0, 2), (0, 2))])
def test_arrays_of_other_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match="records, 2"):
        StepAnatomy(*(np.zeros(shape) for shape in shapes), place=inset(X, 0))
    with pytest.raises(ValueError, match="acceptances"):
        StepAnatomy(X, DRIFT, NOISE, [True], place=inset(X, 0))


def test_any_place_will_do():
    class Twice:
        def coords_to_point(self, coords):
            coords = 2 * np.asarray(coords)
            return np.concatenate([coords, np.zeros((*coords.shape[:-1], 1))], axis=-1)

    step = StepAnatomy(X, DRIFT, NOISE, place=Twice()).show(3)
    np.testing.assert_allclose(step.dot.get_center()[:2], 2 * X[3], atol=1e-6)
    corners = [step.copy().show(k).get_corner((1, 1, 0)) for k in (0, 11)]
    np.testing.assert_allclose(*corners, atol=1e-12)


def test_an_ordinary_scene_plays_a_step(tmp_path):
    class Film(Scene):
        def construct(self):
            clock, step = ValueTracker(6), anatomy(6)
            step.add_updater(lambda step: step.show(clock.get_value()))
            self.add(step, Dot((-5, 0, 0)))
            self.play(clock.animate(rate_func=linear, run_time=1).set_value(7))
            self.play(step.animate.shift((-1, 0, 0)), run_time=0.5)
            self.play(FadeOut(*self.mobjects), run_time=0.5)

    _, frames = rendered(Film, tmp_path)
    assert (frames[2] == frame(anatomy(6).show(6.5), Dot((-5, 0, 0)), on=camera(480))).mean() > 0.999


@pytest.mark.parametrize("length", [0.02, 0.05, 0.1, 0.3, 0.6, 2.0])
@pytest.mark.parametrize("angle", [0.0, 0.7, 2.5, -1.9])
def test_the_shortest_arrow_still_has_a_shaft_and_points_where_it_should(length, angle):
    end = length * np.array([math.cos(angle), math.sin(angle), 0])
    outline = arrow_outline((0, 0, 0), end)
    along = outline @ (end / length)
    across = outline @ (np.array([-end[1], end[0], 0]) / length)
    assert along.max() == pytest.approx(length)
    assert along.min() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(outline[along.argmax()], end, atol=1e-12)
    shaft, head = abs(across[along < 1e-9]).max(), abs(across).max()
    assert 0.25 * head < shaft < 0.7 * head
    neck = along[abs(across) > 0.99 * head].min()
    assert length - neck <= HEAD_SHARE * length + 1e-9


@pytest.mark.parametrize("length", [0.1, 0.2, 0.5])
def test_a_short_arrows_ink_lies_towards_its_tip(length):
    on = camera(480)
    end = np.array([length * math.cos(0.6), length * math.sin(0.6), 0])
    image = share_of(frame(arrow((0, 0, 0), end, "#FFFFFF"), on=on), "#FFFFFF")
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    tail, tip = pixels_of(np.zeros(2), on), pixels_of(end[:2], on)
    ahead = (np.stack([columns, rows], axis=-1) - (tail + tip) / 2) @ (tip - tail) / np.linalg.norm(tip - tail)
    front = np.clip(ahead + 0.5, 0, 1)
    assert (image * front).sum() > 1.15 * (image * (1 - front)).sum()
    shaft = pixels_of(0.25 * end[:2], on).astype(int)
    assert image[shaft[1] - 1 : shaft[1] + 2, shaft[0] - 1 : shaft[0] + 2].max() > 0.3


def test_an_arrow_without_length_has_no_points_and_can_be_put_elsewhere():
    one = arrow((1, 1, 0), (1, 1, 0), "#FFFFFF", opacity=0.5)
    assert one.has_no_points()
    assert isinstance(set_ends(one, (0, 0, 0), (0, -2, 0)), Arrow2D)
    np.testing.assert_allclose(one.get_bottom(), (0, -2, 0), atol=1e-12)
