"""Section 7: what the size of a step costs, on one Gaussian eye where everything is known in closed form."""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np
from manim import DOWN, UP, Circle, DashedVMobject, FadeIn, Mobject, ValueTracker, VMobject
from numpy.typing import NDArray

from diffusion_core.langevin import ula_stationary_variance
from diffusion_core.recipes import find_recipe
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.clocks import late
from scenes.langevin_sections.film import LangevinFilm
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.legend import Legend
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Window
from scenes.mobjects.step_counter import StepCounter
from scenes.mobjects.words import mathematics, words
from scenes.theme import Theme

RUNS = ("eye-ula-small", "eye-ula-medium", "eye-ula-large")
HALF = 1.05
"""Half the side of what a panel shows, in data units."""
SIDE = 3.6
"""Side of a panel."""
DEVIATIONS = 2
"""The circles' radius, in standard deviations."""
SETTLED = 0.5
"""The share of a run that is left out when its variance is measured."""
WIDE = 4.8
"""Side of each of two panels."""
LEFT, MIDDLE, RIGHT = (np.array([x, 1.2, 0.0]) for x in (-4.5, 0.0, 4.5))
"""Where three panels stand."""
WIDE_LEFT, WIDE_RIGHT = (np.array([x, 0.55, 0.0]) for x in (-2.7, 2.7))
"""Where two stand."""


class Panel:
    """One run around a Gaussian: its cloud, p's circle and the circle that the closed form gives."""

    def __init__(
        self, run: Trajectory, center: NDArray[np.float64], look: Theme, side: float = SIDE, name: str = ""
    ) -> None:
        window = Window(-HALF, HALF, -HALF, HALF)
        density = run.grids["density"]
        extent = Window(*density.window)
        self.run, self.scale, self.look = run, side / (2 * HALF), look
        self.density = DensityMap(density.values, window, extent=extent, fingerprint=run.hash, opacity=look.dimmed)
        self.cloud = self.points(np.asarray(run.positions), theme.DOT_OPACITY)
        for raster in (self.density, self.cloud):
            raster.scale(self.scale).move_to(center)
        self.size = words(f"{name}$tau = {run.step_size:g}$", theme.FONT_BODY)
        self.size.next_to(self.density, UP, buff=0.12)
        self.truth = self.circle(self.variance, look.exact)
        dashes = DashedVMobject(self.circle(self.predicted, look.ink), num_dashes=40)
        self.law = VMobject(color=look.ink, stroke_width=3)  # in one piece: forty cost time in every frame
        self.law.points = np.concatenate([dash.points for dash in dashes])
        text = (
            f"variance $times$ {self.predicted / self.variance:.2f} by the formula \\ "
            f"variance $times$ {self.measured:.2f} as measured"
        )
        self.factors = words(text).next_to(self.density, DOWN, buff=0.15)

    def points(self, positions: NDArray[np.floating], opacity: float) -> ParticleCloud:
        """Dots that keep their size on the screen in the magnified panel."""
        window, radius = self.density.window, 1.3 * theme.DOT_RADIUS / self.scale
        return ParticleCloud(positions, fingerprint=self.run.hash, radius=radius, window=window, opacity=opacity)

    def circle(self, variance: float, color: str) -> Circle:
        """The circle at so many standard deviations."""
        radius = DEVIATIONS * float(np.sqrt(variance)) * self.scale
        return Circle(radius, color=color, stroke_width=3).move_to(self.density.get_center())

    @property
    def variance(self) -> float:
        """p's, along each axis."""
        return float(self.run.parameters["options"]["width"]) ** 2

    @property
    def predicted(self) -> float:
        """The law's that the sampler keeps, in closed form."""
        biased = self.run.parameters["sampler"] == "ula"
        return ula_stationary_variance(self.run.step_size, self.variance) if biased else self.variance

    @property
    def measured(self) -> float:
        """The run's, in units of p's, over its later records."""
        late = np.asarray(self.run.positions[int(SETTLED * len(self.run.steps)) :])
        return float(np.mean(late**2)) / self.variance

    @property
    def accepted(self) -> float:
        """Share of the recorded proposals that were accepted."""
        return float(np.mean(self.run.accepted[1:]))

    @property
    def parts(self) -> list[Mobject]:
        """What is there from the start, the lowest first."""
        return [self.density, self.cloud, self.truth, self.size]

    def ghosts(self) -> ParticleCloud:
        """Proposals that were refused, as faint dots; nothing where the proposal was taken."""
        run, m = self.run, len(self.run.detailed)
        before = np.asarray(run.positions)[np.maximum(np.arange(len(run.steps)) - 1, 0)][:, run.detailed]
        refused = before + run.drift + run.noise
        refused[np.broadcast_to(run.accepted, (len(run.steps), m))] = np.nan
        ghosts = self.points(refused, theme.TRACE).scale(self.scale).move_to(self.density.get_center())
        ghosts.radius *= 1.5
        return ghosts


class StepSizeSection(LangevinFilm):
    """Three step sizes, the bias of each, and the cure."""

    def choose_step_size(self) -> None:
        """Section 7.

        For a Gaussian of variance σ² everything is known: the rule without correction settles at the variance
        σ²/(1 − τ/2σ²), and what was measured stands beside it. So a finite step makes the cloud too wide, and
        from τ = 2σ² on nothing settles at all. MALA takes the step as a proposal and refuses just so many that
        p is left exactly as it is, whatever τ. Ask what that costs: the larger the step, the more proposals
        are refused. See Rossky, Doll and Friedman (1978), and Roberts and Tweedie (1996).
        """
        self.leave()
        self.show_true_samples()
        self.take_steps_of_three_sizes()
        self.explain_the_bias()
        self.correct_by_rejection()

    @cached_property
    def eyes(self) -> list[Trajectory]:
        """One Gaussian, three step sizes: runs that start as true samples."""
        return [self.trajectory(dataclasses.replace(find_recipe(name), seed=self.seed)) for name in RUNS]

    @cached_property
    def corrected(self) -> Trajectory:
        """The same with the largest step and MALA."""
        return self.trajectory(dataclasses.replace(find_recipe("eye-mala-large"), seed=self.seed))

    def show_true_samples(self) -> None:
        """Three equal clouds that start as they should be."""
        self.clock = ValueTracker(0)
        places = (LEFT, MIDDLE, RIGHT)
        self.panels = [Panel(run, place, self.look) for run, place in zip(self.eyes, places, strict=True)]
        alone = "One eye" if self.has_parts else "One Gaussian"
        self.beat(
            "step size: start",
            f"How big a step? {alone} alone; particles start as true samples.",
            *(FadeIn(*panel.parts) for panel in self.panels),
        )

    def take_steps_of_three_sizes(self) -> None:
        """Each cloud finds the law that its step size keeps."""
        self.beat("step size: run", "The same noise and climb in three sizes: small, larger, too large.")
        clouds = [panel.cloud for panel in self.panels]
        self.clocked(self.clock, *clouds)
        counter = self.low_counter(self.eyes[0])
        self.clocked(self.clock, counter)
        self.add(counter)
        self.run_singly(self.clock, 30, 4, *clouds)
        self.run_clock(self.clock, self.panels[0].cloud.records - 1, 1.6, 8)
        self.release(*clouds, counter)
        self.counted = counter

    def explain_the_bias(self) -> None:
        """The closed form, and what was measured."""
        self.formula = mathematics("sigma_tau^2 = sigma^2 / (1 - tau \\/ (2 sigma^2))", theme.FONT_BODY)
        self.formula.move_to([MIDDLE[0], self.zones.board_bottom + 0.45, 0])
        circles = [("the target, $2 sigma$", "exact", "line"), ("closed form, $2 sigma_tau$", "ink", "dashed")]
        self.legend = Legend(circles)
        self.legend.move_to([LEFT[0] - SIDE / 2, self.formula.get_y(), 0], aligned_edge=np.array([-1.0, 0.0, 0.0]))
        self.beat(
            "step size: bias",
            "The cloud is too wide, by just the bias that the closed form gives.",
            self.fade_away(self.counted),
            *(FadeIn(panel.law, panel.factors) for panel in self.panels),
            FadeIn(self.formula, self.legend, self.credit("langevin.ula_stationary_variance")),
        )

    def correct_by_rejection(self) -> None:
        """MALA beside the worst of them: refused proposals as ghosts, and the true width."""
        self.leave()
        plain = Panel(self.eyes[-1], WIDE_LEFT, self.look, WIDE, "never refuse, ")
        mala = Panel(self.corrected, WIDE_RIGHT, self.look, WIDE, "MALA, ")
        ghosts, clock = mala.ghosts(), ValueTracker(0)
        self.beat(
            "step size: mala",
            f"MALA refuses {1 - mala.accepted:.0%} of its proposals (ghosts), and keeps the true width.",
            FadeIn(*plain.parts, plain.law, *mala.parts, ghosts, self.credit("langevin.mala")),
        )
        counter = self.low_counter(self.corrected)
        live = (plain.cloud, mala.cloud, ghosts, counter)
        self.add(counter)
        self.clocked(clock, *live)
        self.run_singly(clock, 15, 3, plain.cloud, mala.cloud)
        self.run_clock(clock, mala.cloud.records - 1, 2.4, 8)
        self.release(*live)
        self.play(self.fade_away(counter, theme.FADE / 2), late(FadeIn, plain.factors, mala.factors))

    def low_counter(self, run: Trajectory) -> StepCounter:
        """The iteration numbers, below the panels."""
        return StepCounter(run.steps).move_to([MIDDLE[0], self.zones.board_bottom + 0.35, 0.0])
