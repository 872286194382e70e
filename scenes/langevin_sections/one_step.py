"""Section 4: one step of the chain, magnified and taken apart, with its very numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import DOWN, LEFT, FadeIn, MathTypst, ValueTracker
from numpy.typing import NDArray

from diffusion_core.trajectory import Grid, Trajectory
from scenes import theme
from scenes.formulas import step_rule
from scenes.langevin_sections.film import LangevinFilm
from scenes.mobjects.contours import Contours
from scenes.mobjects.raster import Window
from scenes.mobjects.step_anatomy import DRIFT_END, NOISE_END, StepAnatomy
from scenes.mobjects.zoom_inset import ZoomInset
from scenes.steps import (
    SMALL,
    Telling,
    around,
    beside_numbers,
    most_legible,
    places_in_words,
    refuse_illegible,
)

LEVELS = 60
"""Number of the contours."""
JUST_BEGUN = 1e-6
"""So far is a step done of which nothing but its start is to be seen."""
BRIGHT = 0.12
"""Least density at the step's start, as a share of its peak, so that there is something to climb on screen."""
MORE = 6
"""So many steps more are shown, faster."""


class OneStepSection(LangevinFilm):
    """Climb, kick, sum; then a few steps more."""

    def take_one_step(self) -> None:
        """Section 4.

        Drift and noise are those of one recorded step, and the numbers beside the picture are the ones that
        are drawn. The drift grows with τ and the noise with its root, so that a small step is mostly noise.
        Ask: what would the particles sample if the factor 2 under the root were left out? In the limit of
        small steps the density p², for the noise would be too weak for the climb. The rule is the unadjusted
        Langevin algorithm of Roberts and Tweedie (1996).
        """
        self.leave(self.density)
        self.open_inset()
        self.show_climb()
        self.show_kick()
        self.show_sum()
        self.take_a_few_more()

    def open_inset(self) -> None:
        """One particle, and the place where it is, magnified."""
        run = self.chain
        self.telling = telling_step(run)
        k = self.telling.record - 1
        self.one = self.hero(run.positions, run.hash).set_radius_in_scene(SMALL).show(k)
        self.clock = ValueTracker(k + JUST_BEGUN)
        self.beat(
            "one step: zoom",
            "Now one particle, and one step of it, magnified.",
            self.bring(self.density, self.look.dimmed),
            FadeIn(self.one),
        )
        self.contours = contours_of(run)
        beneath = (self.density, self.contours)
        self.inset = ZoomInset(self.one, self.telling.window, *beneath, **beside_numbers(self.zones))
        self.anatomy = self.take_apart(self.inset, k).show(k + JUST_BEGUN)
        self.formula, self.numbers = self.formula_and_numbers()
        self.play(FadeIn(self.inset, self.anatomy), FadeIn(self.formula, self.tau_shown))

    def show_climb(self) -> None:
        """The drift, in the picture and in the formula."""
        self.clocked(self.clock, self.anatomy)
        self.beat("one step: climb", "It climbs: a little way along the score.", *self.light_up("drift", 1))
        self.run_clock(self.clock, self.telling.record - 1 + DRIFT_END, 1.6)

    def show_kick(self) -> None:
        """The noise, likewise."""
        self.beat(
            "one step: kick", "Then a random kick, of a size that the step size sets.", *self.light_up("noise", 2)
        )
        self.run_clock(self.clock, self.telling.record - 1 + NOISE_END, 1.6)

    def show_sum(self) -> None:
        """Both together are the step."""
        credit = self.credit(f"langevin.{self.chain.parameters['sampler']}")
        whole = self.chain.parameters["sampler"] == "ula"
        self.beat(
            "one step: sum",
            "Both together are one step. That is the whole rule."
            if whole
            else "Both together are a proposal, and this one was accepted.",
            *self.light_up(None, 3),
            FadeIn(credit),
        )
        self.clocked(self.clock, self.one)
        self.run_clock(self.clock, self.telling.record, 1.6)

    def take_a_few_more(self) -> None:
        """The next steps, in a wider square, faster."""
        k, run = self.telling.record, self.chain
        path = run.positions[k : k + MORE + 1]
        window = around(path[:, 0], 0.75)
        self.release(self.anatomy, self.one)
        walker = self.hero(path, run.hash, trail=MORE)
        place = {"side": self.inset.frame.width, "center": self.inset.frame.get_center()}
        wider = ZoomInset(self.one, window, self.density, self.contours, walker, **place)
        trail, counter = wider.content(2), self.counter(run)
        trail.set_radius_in_scene(theme.DOT_RADIUS)  # the anatomy's dot moves; this one draws the way behind it
        anatomy = self.take_apart(wider, k).show(k + JUST_BEGUN)
        # The numbers were those of the one step.
        gone = map(self.fade_away, (self.inset, self.anatomy, *self.numbers))
        self.clock.set_value(k + JUST_BEGUN)  # on k itself, the step before is drawn
        self.clocked(self.clock, counter)
        self.beat("one step: more", "The same again, and again.", *gone, FadeIn(wider, anatomy, counter))
        self.clocked(self.clock, anatomy, self.one)
        trail.add_updater(lambda shown: shown.show(self.clock.get_value() - k))
        self.run_clock(self.clock, k + MORE, 5)
        self.release(anatomy, trail, self.one, counter)

    def take_apart(self, inset: ZoomInset, start: int) -> StepAnatomy:
        """The chain's first steps as arrows in an inset, those after `start`."""
        run = self.chain
        dense = slice(0, run.parameters["dense"] + 1)
        accepted = None if run.accepted is None else run.accepted[dense, 0]
        parts = run.positions[dense, 0], run.drift[dense, 0], run.noise[dense, 0], accepted
        return StepAnatomy(*parts, place=inset, fingerprint=run.hash, since=start)

    def formula_and_numbers(self) -> tuple[MathTypst, list[MathTypst]]:
        """The rule, dimmed until it is spoken of, and beside the inset the numbers that are drawn."""
        formula = step_rule(self.chain.parameters["sampler"], self.look, 0.85 * theme.FONT_TITLE)
        self.on_board(formula, self.inset.frame.height + 0.5).set_fill(opacity=theme.TRACE)
        k, run = self.telling.record, self.chain
        start, end = run.positions[k - 1, 0], run.positions[k, 0]
        values = (start, run.drift[k, 0], run.noise[k, 0], end)
        new = "x_(k+1)" if self.chain.parameters["sampler"] == "ula" else "x_(k+1) = y"
        colors = self.look.particles, self.look.exact, self.look.chance, self.look.particles
        rows = places_in_words(("x_k", '"climb"', '"kick"', new), values, colors, beside=self.inset.frame)
        self.tau_shown = self.tau(run).next_to(formula, DOWN, buff=0.3, aligned_edge=LEFT)
        return formula, rows

    def light_up(self, term: str | None, row: int) -> list[Any]:
        """A term of the formula, or all of it, and the number that belongs to it."""
        part = self.formula if term is None else self.formula.select(term)
        new = self.numbers[:2] if row == 1 else [self.numbers[row]]
        return [part.animate(run_time=theme.FADE).set_fill(opacity=1), FadeIn(*new, run_time=theme.FADE)]


def telling_step(run: Trajectory) -> Telling:
    """The most legible of the chain's recorded single steps, accepted, and if possible where p is not dark.

    Raises:
        FilmError: in no step both arrows reach the share LEAST of the inset's side.
    """
    last = min(run.parameters["dense"], len(run.steps) - 1) - MORE  # single steps, with more of them to follow
    bright = brightness(run.grids["density"], run.positions[:last, 0]) >= BRIGHT
    moved = np.ones((last, 1)) if run.accepted is None else run.accepted[1 : last + 1, :1]
    drift, noise = moved * run.drift[1 : last + 1, 0], moved * run.noise[1 : last + 1, 0]
    return refuse_illegible(most_legible(run.positions[:last, 0], drift, noise, bright), run.recipe)


def contours_of(run: Trajectory) -> Contours:
    """Lines of equal p, close enough that some run through any small square where p is not nothing."""
    density = run.grids["density"]
    levels = tuple(np.geomspace(0.02, 0.95, LEVELS))
    extent = Window(*density.window)
    return Contours(density.values, extent, levels=levels, fingerprint=run.hash, opacity=theme.TRACE)


def brightness(density: Grid, places: NDArray[np.floating]) -> NDArray[np.float64]:
    """The density in the grid's cells at places (n, 2), as a share of its peak: (n,)."""
    x0, x1, y0, y1 = density.window
    rows, columns = density.values.shape
    column = np.rint((places[:, 0] - x0) / (x1 - x0) * (columns - 1)).astype(int).clip(0, columns - 1)
    row = np.rint((places[:, 1] - y0) / (y1 - y0) * (rows - 1)).astype(int).clip(0, rows - 1)
    return np.asarray(density.values[row, column] / density.values.max(), dtype=np.float64)
