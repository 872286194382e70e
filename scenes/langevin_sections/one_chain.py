"""Section 5: one particle for a long time draws all of p."""

from __future__ import annotations

import numpy as np
from manim import DOWN, FadeIn, ManimColor, Mobject, ValueTracker
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from scenes import theme
from scenes.langevin_sections.film import LangevinFilm
from scenes.mobjects.caption import standing
from scenes.mobjects.histogram2d import Histogram2D
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Window
from scenes.mobjects.zoom_inset import ZoomInset
from scenes.steps import around

SINGLE_STEPS = 30
"""So many iterations are shown one by one before the clock speeds up."""
PULSE = 0.6
"""By how much the walker swells where a step lands."""
LAST = 14
"""So many of the latest recorded places stay in sight in the time-lapse."""
WALK_SIDE = 4.6
"""Side of the inset in which the first steps are seen."""
SIDE = 2.75
"""Side of each of the two squares on the board."""


class OneChainSection(LangevinFilm):
    """A walk of thirty steps, then of all of them; its visits beside p."""

    def run_one_chain(self) -> None:
        """Section 5.

        A single particle is enough in principle: the share of its time that it spends in a region tends to
        what p says of it, up to the small error of the step size. But one step is a short way, so neighbours
        in the chain are nearly the same place, and many steps are worth few independent samples. The curve
        counts how much of its time lies in the wrong cells. Ask: one long chain, or many short ones? Geyer
        (1992) makes the case for one long one.
        """
        self.leave(self.density)
        self.walk()
        self.speed_up()
        self.compare_visits()

    def walk(self) -> None:
        """The first steps, with their trail."""
        run, self.clock = self.chain, ValueTracker(0)
        self.walker, self.count = self.hero(run.positions, run.hash, trail=SINGLE_STEPS), self.counter(run)
        self.walker.set_radius_in_scene(0.5 * theme.HERO_RADIUS)
        window = around(run.positions[: SINGLE_STEPS + 1, 0], 0.85)
        center = self.zones.board_center + 0.3 * DOWN
        self.inset = ZoomInset(self.walker, window, self.density, self.walker, side=WALK_SIDE, center=center)
        near = self.inset.content(1).set_radius_in_scene(theme.HERO_RADIUS)
        self.beat(
            "one chain: walk",
            "One particle, step after step.",
            self.bring(self.density, self.look.dimmed, theme.FADE),
            FadeIn(self.walker, self.count, self.inset),
        )
        self.clocked(self.clock, self.walker, self.count, near)
        self.run_singly(self.clock, SINGLE_STEPS, 5, self.walker, near, pulse=PULSE)
        self.release(self.walker, near)
        self.play(self.fade_away(self.inset))

    def speed_up(self) -> None:
        """All of its steps, and where they fall."""
        places = self.latest_places()
        histogram, *beside = self.visits_and_target()
        gap = self.gap_curve()
        self.clocked(self.clock, places, histogram, gap)
        self.beat(
            "one chain: time-lapse",
            f"Faster: one dot every {self.chain.parameters['every']} steps, and every visit is counted.",
            self.fade_away(self.walker),
            FadeIn(places, histogram, *beside, gap),
        )
        dense = self.chain.parameters["dense"]
        self.run_clock(self.clock, dense, 1.4, 20)
        self.run_clock(self.clock, len(self.chain.steps) - 1, 8, 30)
        self.release(places, histogram, gap, self.count)

    def compare_visits(self) -> None:
        """How far the visits are from p, as measured."""
        gap = self.chain.series["visits_gap"].values.ravel()[-1]
        self.beat(
            "one chain: visits",
            f"{self.chain.steps[-1]:,} steps, and {gap:.0%} of the visits are out of place: one is slow.",
            FadeIn(self.credit(f"langevin.{self.chain.parameters['sampler']}")),
        )

    def latest_places(self) -> ParticleCloud:
        """The latest recorded places of the chain, older ones fainter: (records, LAST, 2)."""
        path = np.asarray(self.chain.positions[:, 0])
        before = np.repeat(path[:1], LAST - 1, axis=0)
        recent = np.moveaxis(sliding_window_view(np.concatenate([before, path]), LAST, axis=0), 2, 1)
        cloud = self.on_stage(ParticleCloud(recent, fingerprint=self.chain.hash, radius=0.6 * theme.HERO_RADIUS))
        return cloud.set_colors(fading(self.look.particles, LAST))

    def visits_and_target(self) -> list[Mobject]:
        """The histogram of visits and p, side by side, with their names."""
        visits = self.chain.grids["visits"]
        x0, x1, y0, y1 = visits.window
        rows, columns = visits.values.shape[1:]
        half_x, half_y = (x1 - x0) / (columns - 1) / 2, (y1 - y0) / (rows - 1) / 2
        extent = Window(x0 - half_x, x1 + half_x, y0 - half_y, y1 + half_y)
        histogram = Histogram2D(visits.values, extent=extent, fingerprint=self.chain.hash)
        target = self.density.zoomed(self.density.window).set_opacity(1.0)
        names = standing("its visits", color=self.look.chance), standing("the target $p$", color=self.look.exact)
        for i, (picture, name) in enumerate(zip((histogram, target), names, strict=True)):
            picture.scale(SIDE / picture.width).move_to(self.square_center(i))
            name.shift([picture.get_x() - name.get_x(), picture.get_top()[1] + 0.18, 0.0])  # on one base line
        return [histogram, target, *names]

    def square_center(self, i: int) -> NDArray[np.float64]:
        """The middle of the left or the right square."""
        left, right = self.zones.board_left + SIDE / 2, self.zones.board_right - SIDE / 2
        return np.array([(left, right)[i], self.zones.board_top - 1.25 - SIDE / 2, 0.0])

    def gap_curve(self) -> LiveCurve:
        """How far the visits are from p, along the run."""
        series = self.chain.series["visits_gap"]
        curve = LiveCurve(
            self.chain.steps, series.values.ravel(), None,
            name="share of visits out of place",
            color=self.look.chance, width=self.zones.board_width - 0.2, height=1.0,
        )  # fmt: skip
        return self.on_board(curve, 1.25 + SIDE + 0.1)


def fading(color: str, count: int) -> NDArray[np.float64]:
    """Colours (count, 4) of one hue, from clear to full."""
    rgb = ManimColor(color).to_rgb()
    return np.column_stack([np.tile(rgb, (count, 1)), np.linspace(0, 1, count) ** 2])
