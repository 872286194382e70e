"""What is written and framed in a scene at one moment, and what is wrong with where it stands."""

import itertools

import numpy as np
from manim import Line, Polygon, Typst, Wait, config

from scenes import theme
from scenes.mobjects.raster import Raster
from scenes.mobjects.words import size_on_screen
from scenes.storyboard import recipes_of
from scenes.zones import MARGIN

SEEN = 0.02
"""Opacity below which something is not there."""


def box(mobject):
    """Lower left and upper right corner."""
    points = mobject.get_all_points()[:, :2]
    return np.array([points.min(axis=0), points.max(axis=0)])


def overlap(one, other, by=1e-6):
    return bool(np.all(np.minimum(one[1], other[1]) - np.maximum(one[0], other[0]) > by))


def crosses(ends, place):
    """Whether a segment, (2, 2), meets a box: no axis, nor the segment's own normal, separates them."""
    if not overlap(np.sort(ends, axis=0) + [[-1e-9], [1e-9]], place):
        return False
    corners = np.array(list(itertools.product(*place.T)))
    along = ends[1] - ends[0]
    side = (corners - ends[0]) @ np.array([-along[1], along[0]])
    return bool(side.min() < 0 < side.max())


def opacity(mobject):
    if isinstance(mobject, Raster):
        return mobject.opacity
    painted = [part for part in mobject.get_family() if part.has_points()]
    return max((max(part.get_fill_opacity(), part.get_stroke_opacity()) for part in painted), default=0.0)


def pieces(scene, kind):
    """Visible mobjects of a kind; glyphs count as part of what is written, not as pieces."""
    found = []

    def search(mobject):
        if isinstance(mobject, kind):
            if mobject.get_all_points().size and opacity(mobject) > SEEN:
                found.append(mobject)
        elif not isinstance(mobject, Typst):
            for part in mobject.submobjects:
                search(part)

    for mobject in scene.mobjects:
        search(mobject)
    return found


def written_in(scene):
    return pieces(scene, Typst)


def faults(scene):
    """Sentences on all that is wrong with the layout now."""
    texts = [(text.typst_code[-60:], box(text), text) for text in written_in(scene)]
    rasters = [(type(raster).__name__, box(raster)) for raster in pieces(scene, Raster)]
    frames = [(type(frame).__name__, box(frame)) for frame in pieces(scene, Polygon)]
    lines = [line.get_all_points()[[0, -1], :2] for line in pieces(scene, Line) if len(line.points)]
    half = np.array([config.frame_width, config.frame_height]) / 2 - MARGIN + 1e-3
    wrong = []
    for name, place, *_ in [*texts, *rasters, *frames]:
        if (place[0] < -half).any() or (place[1] > half).any():
            wrong.append(f"{name} leaves the margin: {place.round(2).tolist()}")
    for (one, a, _), (other, b, _) in itertools.combinations(texts, 2):
        if overlap(a, b):
            wrong.append(f"{one} stands over {other}")
    for name, place, text in texts:
        wrong += [f"{name} stands on a {kind}" for kind, other in [*rasters, *frames] if overlap(place, other)]
        wrong += [f"{name} is crossed by a line" for ends in lines if crosses(ends, place)]
        if size_on_screen(text) < theme.FONT_SMALL - 0.05:
            wrong.append(f"{name} is set at {size_on_screen(text):.1f}, smaller than can be read")
    return wrong


class Staged:
    """Mixed into a film: keeps the layout's faults at every beat's end, how long each play took, what was said.

    Also the runs that it announced, asked for, and asked for without having announced them.
    """

    def construct(self):
        self.faults, self.plays, self.spoken, self.written = {}, [], [], set()
        self.announced = {recipe.key: recipe.name for recipe in recipes_of(type(self))}
        self.surprises, self.asked = [], set()
        super().construct()

    def trajectory(self, recipe):
        self.asked.add(recipe.key)
        if recipe.key not in self.announced:
            self.surprises.append(recipe.name)
        return super().trajectory(recipe)

    def end_beat(self):
        if self.beats and self.beats[-1] not in self.faults:
            self.faults[self.beats[-1]] = faults(self)
            self.spoken.append(self._words)
            self.written |= {text.typst_code for text in written_in(self)}
        super().end_beat()

    def play(self, *animations, **options):
        before = self.renderer.time
        super().play(*animations, **options)
        still = isinstance(self.animations[0], Wait)
        self.plays.append((self.beats[-1] if self.beats else "", still, self.renderer.time - before))


def longest_still(plays):
    """Seconds of the longest stretch in which nothing moves."""
    longest = stood = 0.0
    for _, still, seconds in plays:
        stood = stood + seconds if still else 0.0
        longest = max(longest, stood)
    return longest
