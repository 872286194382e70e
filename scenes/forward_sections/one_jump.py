"""The same x_t from x₀ in one jump, without a walk: of one point with its numbers, then of all."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from manim import FadeIn, MathTypst, ValueTracker

from scenes import theme
from scenes.diffusion_film import log_snr, shares
from scenes.formulas import FORWARD, coloured
from scenes.forward_sections.film import ForwardFilm, Vectors, clearness
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.legend import Legend
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.readout import Readout
from scenes.mobjects.step_anatomy import DRIFT_END, NOISE_END, StepAnatomy

ALIKE = 2.5
"""The jump goes to a t whose log-SNR is at most so far from 0, where signal and noise are both to be seen."""
BELOW = 1.4
"""How far below the board's upper edge the formula stands."""
ENTRIES = [
    ("shrunk towards the middle", "exact", "arrow"),
    ("all noise so far, shrunk and added", "chance", "arrow"),
]
"""Of the legend."""


class Jump(NamedTuple):
    """One jump of the held point to where its walk was at t: α_t x₀ + σ_t ε."""

    t: int
    alpha: float
    sigma: float
    epsilon: Vectors


class OneJumpSection(ForwardFilm):
    """Shrink the start, add one Gaussian."""

    def jump_at_once(self) -> None:
        """The held point, then all.

        All kicks up to t add up to a single Gaussian, because sums of independent Gaussians are Gaussian: x_t
        = α_t x_0 + σ_t ε. The point does not land where its walk had led, for its chance is another; but the
        law of all points is the same, and that is all that counts. Ask why this matters for training: a noisy
        point of any t costs one draw instead of t steps.
        """
        self.leave()
        self.jump_with_one()
        self.jump_with_all()

    @cached_property
    def jump(self) -> Jump:
        """A clear one, where signal and noise are alike."""
        positions, levels = self.parts[0], self.walk.series["levels"].values[1:]
        alpha, sigma = levels[:, 1:2], levels[:, 2:]
        epsilon = (positions[1:] - alpha * positions[0]) / sigma
        worth = clearness((alpha - 1) * positions[0], sigma * epsilon)
        worth[np.abs(log_snr(self.walk)[1:]) > ALIKE] -= 10
        best = int(np.argmax(worth))
        return Jump(best + 1, float(alpha[best, 0]), float(sigma[best, 0]), epsilon[best])

    @cached_property
    def source(self) -> DensityMap:
        """p, from which they jump, dimmed."""
        return self.density_of(self.walk).set_opacity(self.look.dimmed)

    @cached_property
    def past(self) -> ParticleCloud:
        """The held point where its walk was at t, and the way it took there."""
        return self.point().show(self.jump.t).set_opacity(theme.TRACE)

    @cached_property
    def leap(self) -> StepAnatomy:
        """The jump's two arrows."""
        (t, alpha, sigma, epsilon), nothing = self.jump, np.zeros(2)
        start, end = self.parts[0][[0, t]]
        steps = [start, end], [nothing, (alpha - 1) * start], [nothing, sigma * epsilon]
        return StepAnatomy(*map(np.array, steps), place=self.past, fingerprint=self.walk.hash)

    @cached_property
    def t_reached(self) -> Readout:
        """The jump's t."""
        return self.time_of(self.walk).show(self.jump.t)

    @cached_property
    def formula(self) -> MathTypst:
        """The jump's rule and, beneath it, its numbers."""
        (t, alpha, sigma, epsilon), positions = self.jump, self.parts[0]
        numbers = *positions[t], alpha, *positions[0], sigma, *epsilon
        written = coloured(FORWARD["jump"] % numbers, self.look, theme.FONT_BODY)
        self.on_board(written, BELOW)
        return written

    def jump_with_one(self) -> None:
        """The held point: its start shrunk, and noise once."""
        t, clock, formula = self.jump.t, ValueTracker(0), self.formula.set_fill(opacity=theme.TRACE)
        legend = self.on_board(Legend(ENTRIES), BELOW + formula.height + 0.6)
        self.beat(
            "one jump: shrink",
            f"The same point in one jump to $t = {t}$: first shrink its start.",
            FadeIn(self.source, self.past, self.leap, formula, legend, self.t_reached),
        )
        self.clocked(clock, self.leap)
        self.run_clock(clock, DRIFT_END, 1.6, None, self.light("drift"))
        self.beat("one jump: noise", "Then one Gaussian: all the noise so far, as the later kicks shrank it.")
        self.run_clock(clock, NOISE_END, 1.4, None, self.light("noise"))
        self.run_clock(clock, 1, 0.8, None, formula.animate(run_time=0.8).set_fill(opacity=1))
        self.release(self.leap)

    def light(self, label: str) -> Any:
        """A term of the formula and its numbers, spoken of now."""
        return self.formula.select(label).animate(run_time=theme.FADE).set_fill(opacity=1)

    def jump_with_all(self) -> None:
        """All points at once, over the p_t of that t."""
        run, t, clock = self.jumps, self.jump.t, ValueTracker(0)
        density, cloud = self.diffused_of(run), self.on_stage(ParticleCloud(run.positions[[0, t]]))
        self.over_moments(ValueTracker(shares(run)[t]), run, density)
        self.release(density)
        cloud.eased = True
        self.beat(
            "one jump: all",
            f"All points, each with its own $epsilon$: no walk, and the same $p_{t}$.",
            *map(self.fade_away, (self.past, self.leap)),
            FadeIn(cloud, self.credit("diffusion.forward_jump")),
        )
        self.clocked(clock, cloud)
        self.clocked(clock, self.t_reached, moment=lambda share: t if share > 0.5 else 0)  # there is no t between
        leap = clock.animate(run_time=2).set_value(1)
        self.play(leap, self.fade_away(self.source, 2), FadeIn(density, run_time=2))
        self.release(cloud, self.t_reached)
