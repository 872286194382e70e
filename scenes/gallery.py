"""One small scene for each part that films are made of: `manim -ql scenes/gallery.py ParticleCloudExample`."""

from __future__ import annotations

import numpy as np
from manim import FadeIn, linear

from diffusion_core.langevin import mala
from diffusion_core.shapes import find_target
from diffusion_core.simulation import State
from diffusion_core.trajectory import Grid
from scenes.base import FilmScene
from scenes.mobjects.bars import Bars
from scenes.mobjects.caption import Caption
from scenes.mobjects.contours import Contours
from scenes.mobjects.density_cloud import DensityCloud
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.histogram2d import Histogram2D
from scenes.mobjects.landscape import Landscape
from scenes.mobjects.legend import Legend
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.moving_arrow import MovingArrow
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import STAGE, Window
from scenes.mobjects.rays import Rays
from scenes.mobjects.readout import Readout
from scenes.mobjects.score_field import ScoreField
from scenes.mobjects.step_anatomy import StepAnatomy
from scenes.mobjects.step_counter import StepCounter
from scenes.mobjects.time_slider import TimeSlider
from scenes.mobjects.weighted_points import WeightedPoints
from scenes.mobjects.zoom_inset import ZoomInset

AXIS = np.linspace(-3.15, 3.15, 211)
"""Coordinates of a grid over the stage."""
BUMPS = sum(
    np.exp(-((AXIS - x) ** 2 + (AXIS[:, None] - y) ** 2) / 0.5) for x, y in ((-1.2, 0.6), (1.2, 0.6), (0.0, -1.2))
)
"""A density with three peaks, (rows, columns)."""
WALK = np.cumsum(np.random.default_rng(4).normal(0, 0.12, (60, 40, 2)), axis=0)
"""Forty random walks of sixty records, (records, particles, 2)."""
SLOPES = np.stack(np.gradient(np.log(BUMPS), AXIS, AXIS)[::-1], axis=-1)[5::10, 5::10]
"""The density's score on a coarser grid, (rows, columns, 2)."""
EDGES = np.linspace(-3.15, 3.15, 43)
"""Borders of the cells in which visits are counted."""
VISITS = np.cumsum([np.histogram2d(y, x, (EDGES, EDGES))[0] for x, y in WALK.transpose(0, 2, 1)], axis=0)
"""Visits up to each record of the walks, (records, rows, columns)."""

PLACES = WALK[-1]
"""Where the walks end, (walkers, 2)."""
NEARNESS = np.exp(-((WALK[:, :1] - PLACES) ** 2).sum(axis=2) / 0.3)
SHARES = NEARNESS / NEARNESS.sum(axis=1, keepdims=True)
"""How near the first walker is to each of these places at each record, as shares, (records, walkers)."""


class ParticleCloudExample(FilmScene):
    """Particles that walk from record to record."""

    def construct(self) -> None:
        """Show all records in a second."""
        cloud = self.on_stage(ParticleCloud(WALK))
        self.add(cloud)
        self.play(cloud.animate(rate_func=linear).show(len(WALK) - 1), run_time=1)


class DensityMapExample(FilmScene):
    """A density as a glow."""

    def construct(self) -> None:
        """Let it come."""
        self.play(FadeIn(self.on_stage(DensityMap(BUMPS, STAGE))), run_time=1)


class DensityCloudExample(FilmScene):
    """Dots that become a density as their number grows from one to 200,000."""

    def construct(self) -> None:
        """Let them become many."""
        draws = np.random.default_rng(5).normal(0, 0.5, (200_000, 2)).astype(np.float32)
        cloud = self.on_stage(DensityCloud(draws + np.where(np.arange(200_000)[:, None] % 3, 0.8, -0.8), count=1))
        self.add(cloud)
        self.play(cloud.animate(rate_func=linear).set_count(cloud.particles), run_time=4)


class TrailsExample(FilmScene):
    """Particles that draw their last ten steps behind them and swell where a step lands."""

    def construct(self) -> None:
        """Show eight records slowly."""
        cloud = self.on_stage(ParticleCloud(WALK, trail=10, pulse=0.8, radius=0.03)).show(12)
        cloud.eased = True
        self.add(cloud)
        self.play(cloud.animate(rate_func=linear).show(20), run_time=4)


class ContoursExample(FilmScene):
    """A density's lines over its glow."""

    def construct(self) -> None:
        """Let both come."""
        density, lines = self.on_stage(DensityMap(BUMPS, opacity=self.look.dimmed)), self.on_stage(Contours(BUMPS))
        self.play(FadeIn(density), FadeIn(lines), run_time=1)


class ScoreFieldExample(FilmScene):
    """Slopes of a log-density, with what their opacity means."""

    def construct(self) -> None:
        """Let them come."""
        self.add(self.on_stage(DensityMap(BUMPS, opacity=self.look.dimmed)))
        field = self.on_stage(ScoreField(SLOPES, Window(AXIS[5], AXIS[205], AXIS[5], AXIS[205])))
        self.play(FadeIn(field), FadeIn(self.on_board(field.legend())), run_time=1)


class Histogram2DExample(FilmScene):
    """Visits that fill the plane."""

    def construct(self) -> None:
        """Count for a second."""
        visits = self.on_stage(Histogram2D(VISITS))
        self.add(visits)
        self.play(visits.animate(rate_func=linear).show(len(VISITS) - 1), run_time=1)


class ZoomInsetExample(FilmScene):
    """One peak of a density magnified, with the particles in it."""

    def construct(self) -> None:
        """Let the inset come, and show all records in both places."""
        density = self.on_stage(DensityMap(BUMPS, opacity=self.look.dimmed))
        cloud = self.on_stage(ParticleCloud(WALK))
        self.add(density, cloud)
        inset = ZoomInset(density, Window(-1.0, 1.0, -1.0, 1.0), density, cloud, center=self.zones.board_center)
        self.play(FadeIn(inset), run_time=1)
        last = len(WALK) - 1
        shown = [thing.animate(rate_func=linear).show(last) for thing in (cloud, inset.content(1))]
        self.play(*shown, run_time=1)


class StepAnatomyExample(FilmScene):
    """Three steps of a particle that may refuse to move, taken apart in an inset."""

    def construct(self) -> None:
        """Show them one after the other."""
        target, rng, state = find_target("smiley"), np.random.default_rng(507), State(np.array([[-1.2, 0.5]]))
        rows = [(state.position[0], np.zeros(2), np.zeros(2), True)]
        for _ in range(3):
            step = mala(state, target, 0.03, rng)
            state = step.state
            rows.append((state.position[0], step.drift[0], step.noise[0], bool(step.accepted[0])))
        grid = np.stack(np.meshgrid(AXIS, AXIS), axis=-1)
        density = self.on_stage(DensityMap(np.exp(target.log_prob(grid)), opacity=self.look.dimmed))
        inset = ZoomInset(density, Window(-1.5, 0.1, 0.1, 1.7), density, side=5.5, center=self.zones.board_center)
        anatomy = StepAnatomy(*map(np.array, zip(*rows, strict=True)), place=inset, dot_radius=0.1)
        self.add(density, inset, anatomy)
        self.play(anatomy.animate(rate_func=linear).show(3), run_time=6)


class BarsExample(FilmScene):
    """The shares of walkers in four quadrants, which should be equal."""

    def construct(self) -> None:
        """Show all records in a second."""
        right, upper = (WALK > 0).transpose(2, 0, 1)
        quadrants = [(right == x) & (upper == y) for x, y in ((0, 1), (1, 1), (0, 0), (1, 0))]
        shares = np.stack(quadrants, axis=-1).mean(axis=1)
        names = ("upper left", "upper right", "lower left", "lower right")
        bars = self.on_board(Bars(shares, np.full(4, 0.25), names, width=self.zones.board_width))
        self.add(bars)
        self.play(bars.animate(rate_func=linear).show(len(WALK) - 1), run_time=1)


class HistogramExample(FilmScene):
    """Where walkers are along one axis, and the normal density that they should have at the end."""

    def construct(self) -> None:
        """Show all records in a second."""
        edges, deviation = np.linspace(-3, 3, 31), 0.12 * np.sqrt(len(WALK))
        centers = (edges[1:] + edges[:-1]) / 2
        counts = np.array([np.histogram(record, edges, density=True)[0] for record in WALK])
        law = np.exp(-((centers / deviation) ** 2) / 2) / (np.sqrt(2 * np.pi) * deviation)
        bars = self.on_board(Bars(counts, law, peak=0.8, value_name="walkers", target_name="the law at the end"))
        self.add(bars)
        self.play(bars.animate(rate_func=linear).show(len(WALK) - 1), run_time=1)


class LiveCurveExample(FilmScene):
    """How far walkers are from where they started, and the clock."""

    def construct(self) -> None:
        """Show all records in a second."""
        steps, last = np.arange(len(WALK)), len(WALK) - 1
        distance = np.sqrt((WALK**2).sum(axis=2).mean(axis=1))
        counter = self.on_board(StepCounter(steps))
        curve = self.on_board(LiveCurve(steps, distance, name="root mean square distance"), top=1.0)
        self.add(counter, curve)
        self.play(*(thing.animate(rate_func=linear).show(last) for thing in (counter, curve)), run_time=1)


class ReadoutExample(FilmScene):
    """How far walkers are spread, as a number."""

    def construct(self) -> None:
        """Show all records in a second."""
        readout = self.on_board(Readout(WALK.std(axis=(1, 2)), "spread", ".3f"))
        self.add(readout)
        self.play(readout.animate(rate_func=linear).show(len(WALK) - 1), run_time=1)


class LandscapeExample(FilmScene):
    """A density's logarithm upside down, with the walkers near the cut in it."""

    def construct(self) -> None:
        """Show all records in a second."""
        density = self.on_stage(DensityMap(BUMPS, STAGE, opacity=self.look.dimmed))
        landscape = Landscape(Grid(BUMPS, tuple(STAGE)), 0.6, WALK, width=self.zones.board_width)
        self.add(density, landscape.line_on(density), self.on_board(landscape))
        self.play(landscape.animate(rate_func=linear).show(len(WALK) - 1), run_time=1)


class TimeSliderExample(FilmScene):
    """A handle that goes from data to noise."""

    def construct(self) -> None:
        """Move it in a second."""
        ticks = {0: "data", 0.5: "0.5", 1: "noise"}
        slider = self.on_board(TimeSlider(np.linspace(0, 1, 11), width=5.0, ticks=ticks))
        self.add(slider)
        self.play(slider.animate(rate_func=linear).show(10), run_time=1)


class RaysExample(FilmScene):
    """A walker, and lines to the places near it."""

    def construct(self) -> None:
        """Show all records in a second."""
        walker = self.on_stage(ParticleCloud(WALK[:, :1], radius=0.08))
        rays = Rays(WALK[:, 0], PLACES, SHARES, place=walker)
        self.add(self.on_stage(ParticleCloud(PLACES)), rays, walker)
        self.play(*(thing.animate(rate_func=linear).show(len(WALK) - 1) for thing in (rays, walker)), run_time=1)


class WeightedPointsExample(FilmScene):
    """A walker, and the places near it as large dots."""

    def construct(self) -> None:
        """Show all records in a second."""
        walker = self.on_stage(ParticleCloud(WALK[:, :1], radius=0.08))
        points = self.on_stage(WeightedPoints(PLACES, SHARES))
        self.add(points, walker)
        shown = [thing.animate(rate_func=linear).show(len(WALK) - 1) for thing in (points, walker)]
        self.play(*shown, run_time=1)


class MovingArrowExample(FilmScene):
    """An arrow from one walker to another."""

    def construct(self) -> None:
        """Show all records in a second."""
        walkers = self.on_stage(ParticleCloud(WALK[:, :2], radius=0.06))
        arrow = MovingArrow(WALK[:, 0], WALK[:, 1], place=walkers, color=self.look.exact)
        self.add(walkers, arrow)
        shown = [thing.animate(rate_func=linear).show(len(WALK) - 1) for thing in (arrow, walkers)]
        self.play(*shown, run_time=1)


class LegendExample(FilmScene):
    """Every kind of sample, and a caption."""

    def construct(self) -> None:
        """Let them come."""
        roles = ("particles", "exact", "exact", "chance", "learned")
        names = ("a particle", "a line", "a floor", "a histogram", "a step")
        kinds = ("dot", "line", "dashed", "square", "arrow")
        legend = self.on_board(Legend(list(zip(names, roles, kinds, strict=True))))
        text = "The score $nabla log p(x)$ points uphill."
        caption = Caption(text, width=13.4, center=self.zones.caption_center)
        self.play(FadeIn(legend), FadeIn(caption), run_time=1)
