"""Single frames in tests: what a camera draws of mobjects, where it should be, and Manim's cache key for it."""

import math

import numpy as np
from manim import Camera, ManimColor
from manim.utils.hashing import get_hash_from_play_call

PAPER = "#0A0C10"


def camera(height=720, opacity=1.0, kind=Camera):
    width = math.ceil(height * 16 / 18) * 2
    return kind(pixel_width=width, pixel_height=height, background_color=PAPER, background_opacity=opacity)


def frame(*mobjects, on=None):
    """Pixels (rows, columns, 4) of mobjects with all their parts, in the order in which Manim draws them."""
    on = on or camera()
    on.reset()
    on.capture_mobjects(mobjects)
    return on.pixel_array.copy()


def blank(on=None):
    return frame(on=on)


def pixels_of(points, on):
    """Where Cairo's convention puts points of the scene: y down, the first pixel's centre at 0.5."""
    scale = np.array([on.pixel_width / on.frame_width, -on.pixel_height / on.frame_height])
    flat = np.asarray(points, dtype=float)[..., :2]
    return (flat - on.frame_center[:2]) * scale + (on.pixel_width / 2, on.pixel_height / 2)


def ink(image):
    """How much each pixel differs from the paper, (rows, columns)."""
    return abs(image[..., :3].astype(float) - ManimColor(PAPER).to_int_rgb()).sum(axis=2)


def centroid(image, near, reach=12):
    """Centre of what differs from the paper within `reach` pixels of a place."""
    column, row = np.floor(near).astype(int) - reach
    part = ink(image[row : row + 2 * reach, column : column + 2 * reach])
    y, x = np.mgrid[: 2 * reach, : 2 * reach] + 0.5
    return np.array([(part * x).sum(), (part * y).sum()]) / part.sum() + (column, row)


def halfway(animation, alpha):
    """The mobject of an animation at a share of its run time."""
    animation.begin()
    animation.interpolate(alpha)
    return animation.mobject


def key(*mobjects):
    """The name under which Manim would cache a play of these mobjects."""
    return get_hash_from_play_call(
        None, camera(48), [], mobjects, backend="cairo", encoder_fingerprint="test", renderer_state=()
    )


def isolated(positions, count, gap):
    """The first `count` positions inside the stage with no other one within `gap`."""
    apart = np.linalg.norm(positions[:, None] - positions, axis=-1) + 9 * np.eye(len(positions))
    inside = np.abs(positions).max(axis=1) < 3
    chosen = positions[(apart.min(axis=1) > gap) & inside][:count]
    assert len(chosen) == count
    return chosen


def offsets(picture, places, reach=13):
    """How far, in pixels, the ink near each place (n, 2) has its centre from it."""
    out = []
    for u, v in places:
        column, row = int(u), int(v)
        part = picture[row - reach : row + reach + 1, column - reach : column + reach + 1].sum(axis=2, dtype=float)
        ink = np.clip(part - np.median(part) - 40, 0, None)
        centre = np.array([ink.sum(axis=0), ink.sum(axis=1)]) @ np.arange(2 * reach + 1) / ink.sum()
        out.append(np.hypot(*(centre + [column - reach + 0.5 - u, row - reach + 0.5 - v])))
    return np.array(out)


def pixels_at_1080p(points):
    """Pixels (n, 2) of points of the scene at 1080p."""
    return np.column_stack([960 + 135 * points[:, 0], 540 - 135 * points[:, 1]])
