"""A standard Gaussian becomes the dinosaur, along what a network has learned of it.

`manim -pqh scenes/dinosaur.py DinosaurScene`; the network is trained and the particles are computed on first use.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from manim import FadeIn, FadeOut, ValueTracker

from diffusion_core.diffusion_recipes import DiffusionRecipe, on_target
from diffusion_core.recipes import find_recipe
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.base import FilmError, FilmScene
from scenes.charts import distance_curve
from scenes.clocks import late
from scenes.formulas import DENOISING, denoising_rule
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.legend import Legend
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.readout import Readout
from scenes.mobjects.time_slider import TimeSlider

RECIPE: Final = "dinosaur-ddpm"


class DinosaurScene(FilmScene):
    """From noise to data over the whole way, t = T … 0, with p_t beneath."""

    target: ClassVar[str] = find_recipe(RECIPE).target
    """A name of `diffusion_core.shapes.TARGETS`, or the path of a picture or a CSV of points."""
    particles: ClassVar[int] = 5000
    sampler: ClassVar[str] = "ancestral"
    """"ancestral" or "ancestral-wide"."""
    iterations: ClassVar[int] = find_recipe(RECIPE).training.iterations
    """Of the network's training."""
    seed: ClassVar[int] = 0
    """Of the particles' noise."""

    def _refuse_nonsense(self) -> None:
        super()._refuse_nonsense()
        if self.sampler not in DENOISING:
            known = " or ".join(DENOISING)
            raise FilmError(f"this film has no rule for the sampler '{self.sampler}': choose {known}")

    def construct(self) -> None:
        """The storyboard."""
        self.start_from_noise()
        self.state_the_rule()
        self.go_through_noise()
        self.take_shape()
        self.compare_with_target()

    def start_from_noise(self) -> None:
        """All particles, before anything has been done to them."""
        self.clock = ValueTracker(0)
        self.beat(
            "noise: start",
            f"{self.particles:,} particles of pure noise: a standard Gaussian.",
            FadeIn(self.cloud, self.slider, self.counter),
        )

    def state_the_rule(self) -> None:
        """What moves them."""
        formula = self.on_board(denoising_rule(self.sampler, self.look, theme.FONT_BODY), 0.75)
        entries = [("what the network guesses: clean points", "learned", "square"), ("noise", "chance", "square")]
        legend = self.on_board(Legend(entries), 0.75 + formula.height + 0.4)
        self.rule_shown = [formula, legend]
        trained = f"{self.iterations:,}"
        self.beat(
            "noise: rule",
            f"A network, trained for {trained} iterations, guesses the clean point.",
            FadeIn(*self.rule_shown),
            pause=2.5,
        )

    def go_through_noise(self) -> None:
        """The first steps, evenly in log-SNR, over the p_t of the same t: one sees hardly anything change."""
        self.curve = self.on_board(distance_curve(self.run_shown, self.zones.board_width, height=2.0), 0.9)
        self.clocked(self.clock, self.cloud, self.slider, self.counter, self.curve)
        self.follow_moments(self.density)
        record = self.turning_record
        gone, whole = self.run_shown.steps[record], self.run_shown.steps[-1]
        self.beat(
            "denoise: noise",
            f"For {gone:,} of {whole:,} steps it looks like noise. Beneath: $p_t$.",
            *(FadeOut(shown, run_time=theme.FADE / 2) for shown in self.rule_shown),
            FadeIn(self.density),
            late(FadeIn, self.curve),
        )
        self.run_singly(self.clock, record, 5, self.cloud)

    def take_shape(self) -> None:
        """The rest of the way, on which the shape comes out."""
        steps = self.run_shown.steps[-1] - self.run_shown.steps[self.turning_record]
        self.beat("denoise: shape", f"In the remaining {steps:,} steps the shape comes out.")
        self.run_singly(self.clock, self.cloud.records - 1, 12, self.cloud)
        self.release(self.cloud, self.slider, self.counter, self.curve, self.density)

    def compare_with_target(self) -> None:
        """What was reached, as it was measured."""
        data = self.density_of(self.run_shown).set_opacity(self.look.dimmed)
        self.beat(
            "denoise: sample",
            self.arrival(),
            self.cloud.animate(run_time=1.2).set_opacity(0),
            FadeOut(self.density, run_time=1.2),
            FadeIn(data, run_time=1.2),
        )
        self.play(self.cloud.animate(run_time=1.2).set_opacity(theme.DOT_OPACITY))

    def arrival(self) -> str:
        """How the run ended, in words that its measurements bear out."""
        if self.settled(self.run_shown):
            return "Noise has become the target: as close to $p$ as a true sample."
        return "It is not $p$ yet: it takes a longer training, or more steps."

    # The run, and what stands where.

    @property
    def recipe(self) -> DiffusionRecipe:
        """The film's run and, inside it, the network's training."""
        base = find_recipe(RECIPE)
        assert isinstance(base, DiffusionRecipe)
        assert base.training is not None
        if str(self.target) != base.target:
            base, stem = on_target(base, str(self.target)), Path(self.target).stem
            base = dataclasses.replace(base, name=f"{stem}-ddpm")
        training = dataclasses.replace(
            base.training, iterations=self.iterations, name=f"{base.name.removesuffix('-ddpm')}-net"
        )
        return dataclasses.replace(
            base, training=training, particles=self.particles, sampler=self.sampler, seed=self.seed
        )

    @cached_property
    def run_shown(self) -> Trajectory:
        """The particles' way, computed on first use."""
        return self.trajectory(self.recipe)

    @property
    def turning_record(self) -> int:
        """The record at which signal and noise are to each other as 1 to 4."""
        levels = self.run_shown.series["levels"].values
        return int(np.argmax(levels[:, 1] >= levels[:, 2] / 4))

    @cached_property
    def cloud(self) -> ParticleCloud:
        """All particles."""
        return self.on_stage(ParticleCloud(self.run_shown.positions, fingerprint=self.run_shown.hash))

    @cached_property
    def density(self) -> DensityMap:
        """p_t at the moments at which it was kept."""
        made = self.density_of(self.run_shown, "diffused").set_opacity(self.look.dimmed)
        made.eased = True  # from moment to moment, of which there are fewer than records
        return made

    def follow_moments(self, density: DensityMap) -> None:
        """Let p_t show the iteration that the clock's record has; between two moments it is between theirs."""
        steps, moments = self.run_shown.steps, self.run_shown.series["moments"].steps
        of_record = np.interp(steps, moments, np.arange(len(moments)))

        def moment(record: float) -> float:
            return float(np.interp(record, np.arange(len(steps)), of_record))

        self.clocked(self.clock, density, moment=moment)

    @cached_property
    def counter(self) -> Readout:
        """t."""
        return self.on_board(Readout(self.run_shown.times.astype(int), "$t =$"))

    @cached_property
    def slider(self) -> TimeSlider:
        """log-SNR, in which the clock runs evenly."""
        levels = self.run_shown.series["levels"].values
        log_snr = 2 * np.log(levels[:-1, 1] / levels[:-1, 2])
        values = np.append(log_snr, log_snr[-1] + 1e-6)  # t = 0 has no noise, and stands at the end
        ticks = {float(values[0]): "noise", float(values[-1]): "data"}
        made = TimeSlider(values, width=self.zones.board_width - 2.6, label="log-SNR", ticks=ticks)
        return self.on_board(made, self.zones.board_top - self.zones.board_bottom - made.height)

