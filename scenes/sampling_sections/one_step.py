"""One step of a path, magnified and taken apart into drift and noise."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from manim import FadeIn, MathTypst, ValueTracker

from scenes import theme
from scenes.diffusion_film import log_snr, shares
from scenes.formulas import BETWEEN, denoising_rule
from scenes.mobjects.contours import Contours
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.step_anatomy import DRIFT_END, NOISE_END, StepAnatomy
from scenes.mobjects.words import mathematics
from scenes.mobjects.zoom_inset import ZoomInset
from scenes.sampling_sections.film import SamplingFilm
from scenes.steps import SMALL, Telling, beside_numbers, most_legible, places_in_words, refuse_illegible

LEVELS = 60
"""Number of the inset's contours."""
ALIKE = 3.0
"""Largest log-SNR, up and down, at which signal and noise are alike."""


class OneDenoisingStepSection(SamplingFilm):
    """Drift, noise, sum."""

    def take_one_step(self) -> None:
        """One step of that path, magnified and taken apart.

        This is one of the steps of the path that was just seen, with its very numbers. The network guesses the
        clean point; given it, the law of the slightly less noisy point is a Gaussian that can be written down,
        and the step draws from it. So it goes only part of the way to the guess, and adds the noise that
        belongs to the new level. Ask why not all the way: the guess is a mean over all clean points that are
        possible, and there will be a better one at the next level.
        """
        self.leave()
        self.open_inset()
        self.show_parts()

    def open_inset(self) -> None:
        """The particle and the square around it."""
        run, told, i = self.noisy, self.telling, self.followed
        k = told.record - 1
        one = self.hero(run.positions[:, [i]], f"{run.hash}-{i}").set_radius_in_scene(SMALL).show(k)
        density, field = self.diffused_of(run), self.field_of(run, "followed", "learned").set_opacity(theme.TRACE)
        self.over_moments(ValueTracker(shares(run)[k]), run, density, field)
        self.release(density, field)
        lines = self.lines_of(density)
        self.inset = ZoomInset(one, told.window, density, lines, **beside_numbers(self.zones))
        parts = (values[k : k + 2, i] for values in (run.positions, run.drift, run.noise))
        self.anatomy = StepAnatomy(*parts, place=self.inset, fingerprint=f"{run.hash}-{k}-{i}")
        for part in (self.anatomy.drift_arrow, self.anatomy.past[0]):
            part.set_color(self.look.learned)
        t, s = run.times[k : k + 2].astype(int)
        self.beat(
            "one step: zoom",
            f"One of its steps, from $t = {t}$ to $s = {s}$, magnified.",
            FadeIn(density, field, one, self.inset, self.anatomy),
        )

    def lines_of(self, density: DensityMap) -> Contours:
        """Lines of equal p_t, so close that some run through the square."""
        levels = tuple(np.geomspace(0.02, 0.98, LEVELS))
        return Contours(density.current(), density.extent, levels=levels, opacity=theme.TRACE)

    def show_parts(self) -> None:
        """Drift, noise and their sum, with the numbers that are drawn."""
        k, clock = self.telling.record - 1, ValueTracker(0)
        formula = denoising_rule(self.sampler, self.look, theme.FONT_BODY)
        self.on_board(formula, self.inset.frame.height + 0.6)
        between = mathematics(BETWEEN, theme.FONT_SMALL, self.look.mute)
        self.on_board(between, self.inset.frame.height + 0.6 + formula.height + 0.4)
        rows = self.numbers(k)
        self.clocked(clock, self.anatomy)
        drawn = "The network's guess, the violet dot, draws it a little way."
        self.beat("one step: drift", drawn, *map(FadeIn, (formula, between, rows[0], rows[1], self.guess_at(k))))
        self.run_clock(clock, DRIFT_END, 1.6)
        kick = "Then comes a random kick, on a scale that $t$ and $s$ decide."
        self.beat("one step: noise", kick, FadeIn(rows[2]))
        self.run_clock(clock, NOISE_END, 1.6)
        credit = self.credit(f"diffusion.{self.sampler.replace('-', '_')}")
        self.beat("one step: sum", "Both together are one step. There is nothing else.", FadeIn(rows[3], credit))
        self.run_clock(clock, 1, 1.6)
        self.release(self.anatomy)

    def guess_at(self, k: int) -> ParticleCloud:
        """Where the network takes the clean point to be, before that step."""
        run, i = self.noisy, self.followed
        guess = run.series["guess"].values[k, 2 * i : 2 * i + 2]
        return self.hero(guess[None, None], f"{run.hash}-{k}-{i}-guess", color=self.look.learned)

    def numbers(self, k: int) -> list[MathTypst]:
        """The step's numbers, beside the inset."""
        run, i = self.noisy, self.followed
        values = run.positions[k, i], run.drift[k + 1, i], run.noise[k + 1, i], run.positions[k + 1, i]
        colors = self.look.particles, self.look.learned, self.look.chance, self.look.particles
        return places_in_words(("x_t", '"drift"', '"noise"', "x_s"), values, colors, beside=self.inset.frame)

    @cached_property
    def telling(self) -> Telling:
        """The most legible step of that particle, if possible where signal and noise are alike."""
        run, i = self.noisy, self.followed
        alike = np.abs(log_snr(run)[:-1]) < ALIKE
        told = most_legible(run.positions[:-1, i], run.drift[1:, i], run.noise[1:, i], alike)
        return refuse_illegible(told, run.recipe)
