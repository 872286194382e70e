"""Langevin Monte Carlo on the smiley: climbing alone collapses, climbing with noise samples."""

from __future__ import annotations

from manim import (
    DOWN,
    RIGHT,
    FadeIn,
    FadeOut,
    ValueTracker,
    linear,
    rate_functions,
)

from diffusion_core.observation import TOLERANCE
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.base import BOARD_RIGHT, BOARD_WIDTH, FilmScene
from scenes.formulas import rule
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.step_counter import StepCounter
from scenes.mobjects.words import words

SINGLE_STEPS = 12
"""So many iterations are shown one by one before the clock speeds up."""
TITLE_TOP, RULE_TOP, CHART_TOP = 0.1, 0.9, 3.25
"""Rows of the board, below the stage's upper edge: target and clock, the rule, the distance."""
DIMMED = 0.45
"""Opacity of the density while the particles speak."""


class LangevinScene(FilmScene):
    """From p(x) to a sample of it: the target, noise off, noise on, and the distance to p.

    Attributes to change: `target`, `particles`, `steps`, `step_size`, `sampler`, `seed`.
    """

    def construct(self) -> None:
        """The storyboard."""
        self.compute()
        self.show_target()
        self.scatter_particles()
        self.climb_without_noise()
        self.turn_noise_on()
        self.run_to_the_end()
        self.compare_with_truth()

    def compute(self) -> None:
        """Find or compute both runs; the second starts where the first one ends."""
        climb = self.recipe("smiley-ascent")
        sample = self.recipe(
            "smiley-ula", sampler=self.sampler, steps=self.steps, step_size=self.step_size,
            climb=climb.steps, climb_step_size=climb.step_size,
        )  # fmt: skip
        self.sampling = self.trajectory(sample)  # first, for it can go wrong in more ways
        self.climbing = self.trajectory(climb)
        self.has_settled = self.settled(self.sampling)

    def show_target(self) -> None:
        """A density, and what it means."""
        density = self.climbing.grids["density"]
        self.density = self.on_stage(DensityMap(density.values, density.window, fingerprint=self.climbing.hash))
        name = words("target $p(x)$", theme.FONT_TITLE, self.theme.exact)
        self.title = self.on_board(name, TITLE_TOP)
        self.beat(
            "target",
            "A density $p(x)$: where it is bright, many samples belong.",
            FadeIn(self.density, run_time=theme.MOVE),
            FadeIn(self.title, run_time=theme.MOVE),
        )
        self.pause_to_read()

    def scatter_particles(self) -> None:
        """The start: particles that know nothing of p but its slope."""
        self.load_cloud(self.climbing)
        self.beat(
            "start",
            f"{self.particles:,} particles start at random. They know only the slope of $log p$.",
            FadeIn(self.cloud, run_time=theme.MOVE),
            self.density.animate(run_time=theme.MOVE).set_opacity(DIMMED),
        )
        self.pause_to_read()

    def climb_without_noise(self) -> None:
        """Gradient ascent: everything ends on lines and points."""
        self.rule = self.on_board(rule("ascent", self.theme, theme.FONT_BODY), RULE_TOP)
        self.counter = self.step_counter()
        self.beat("noise off", "Noise off: every step climbs.", FadeIn(self.rule), FadeIn(self.counter))
        self.run_clock()
        self.say("Climbing ends on lines and points: it finds peaks, it does not sample.")
        self.pause_to_read()

    def turn_noise_on(self) -> None:
        """The same particles, the same rule, and a kick after every climb."""
        self.remove(self.cloud, self.counter)
        self.load_cloud(self.sampling)
        self.add(self.cloud)
        new_rule = self.on_board(rule(self.sampler, self.theme, theme.FONT_BODY), RULE_TOP)
        self.counter = self.step_counter()
        if self.sampler == "ula":  # what was there stays in its place, and the noise joins it
            new_rule.shift(self.rule[0].get_center() - new_rule[0].get_center())
            self.remove(self.rule)
            self.add(new_rule)
            change = [FadeIn(new_rule.select("noise"))]
        else:
            change = [FadeOut(self.rule), FadeIn(new_rule)]
        self.rule = new_rule
        caption = "Noise on: each step climbs, then takes a random kick."
        self.beat("noise on", caption, *change, FadeIn(self.counter))
        self.show_single_steps()

    def run_to_the_end(self) -> None:
        """The whole run in time-lapse, the distance to p beside it."""
        self.chart = self.distance_chart()
        caption = "The same rule, faster: the lines thicken to the width of $p$."
        self.beat("time-lapse", caption, FadeIn(self.chart))
        self.cloud.eased = False
        self.play(
            self.clock.animate.set_value(len(self.sampling.steps) - 1),
            run_time=12,
            rate_func=rate_functions.ease_in_quad,
        )

    def compare_with_truth(self) -> None:
        """What was reached, in numbers that were measured."""
        reached = f"After {self.steps:,} steps they are as close to $p$ as a true sample."
        missed = f"After {self.steps:,} steps they have not reached $p$: look at the distance."
        self.beat(
            "sample",
            reached if self.has_settled else missed,
            self.density.animate(run_time=theme.MOVE).set_opacity(1.0),
            self.cloud.animate(run_time=theme.MOVE).set_opacity(0.0),
        )
        self.wait(1)
        self.play(
            self.density.animate.set_opacity(DIMMED),
            self.cloud.animate.set_opacity(theme.DOT_OPACITY),
            run_time=theme.MOVE,
        )
        self.pause_to_read()

    def load_cloud(self, trajectory: Trajectory) -> None:
        """A cloud of a run at its start, and a clock that counts its records."""
        clock = ValueTracker(0)
        self.clock, self.recorded = clock, trajectory.steps
        self.cloud = self.on_stage(ParticleCloud(trajectory.positions, fingerprint=trajectory.hash))
        self.cloud.eased = True  # while single iterations are shown
        self.cloud.add_updater(lambda cloud: cloud.show(clock.get_value()))

    def show_single_steps(self) -> None:
        """The first iterations, slowly enough to follow one particle."""
        last = min(SINGLE_STEPS, len(self.recorded) - 1)
        self.play(self.clock.animate.set_value(last), run_time=4, rate_func=linear)

    def run_clock(self) -> None:
        """Single iterations first, then ever more a second."""
        self.show_single_steps()
        self.cloud.eased = False
        end = len(self.recorded) - 1
        self.play(self.clock.animate.set_value(end), run_time=6, rate_func=rate_functions.ease_in_quad)

    def step_counter(self) -> StepCounter:
        """The clock in words."""
        clock = self.clock
        counter = StepCounter(self.recorded).show(len(self.recorded) - 1)  # at its widest
        self.on_board(counter, TITLE_TOP).align_to(BOARD_RIGHT, RIGHT).align_to(self.title, DOWN).show(0)
        counter.add_updater(lambda words: words.show(clock.get_value()))
        return counter

    def distance_chart(self) -> LiveCurve:
        """The distance to p, which follows the clock, over the floor that two true samples give."""
        series, clock = self.sampling.series, self.clock
        mean, deviation = series["distance_floor"].values[0]
        floor = (mean, TOLERANCE * deviation)  # the very band by which the run is judged
        chart = LiveCurve(self.recorded, series["distance"].values, floor, width=BOARD_WIDTH)
        self.on_board(chart, CHART_TOP)
        chart.add_updater(lambda curve: curve.show(clock.get_value()))
        return chart
