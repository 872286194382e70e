"""Section 8: a landscape with heat, what plain Langevin cannot do, and the two questions behind diffusion."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from manim import DOWN, LEFT, FadeIn, ValueTracker, VGroup, rate_functions

from diffusion_core.recipes import find_recipe
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.formulas import rule
from scenes.langevin_sections.film import LangevinFilm
from scenes.mobjects.bars import Bars
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.landscape import Landscape
from scenes.mobjects.raster import Window
from scenes.mobjects.words import mathematics, words

WIDEST = 0.6
"""Blur, in data units, beyond which p would run over the stage's border."""
CUT = 0.65
"""The height at which the landscape is cut: through both eyes of the smiley."""


class OutlookSection(LangevinFilm):
    """Where it comes from, and where it leads."""

    def look_back_and_ahead(self) -> None:
        """Section 8."""
        self.leave()
        self.show_landscape()
        if self.target == find_recipe("smiley-without-face").target:
            self.remove_the_face()
        self.ask_for_blur()
        self.ask_for_samples_only()

    @cached_property
    def parted(self) -> Trajectory:
        """The target without what joins its parts."""
        return self.trajectory(self.recipe("smiley-without-face"))

    def show_landscape(self) -> None:
        """−log p along a cut as a potential, and the particles near it at their heights."""
        run, density = self.sampling, self.climbing.grids["density"]
        landscape = Landscape(density, run.positions, CUT, fingerprint=run.hash, width=self.zones.board_width)
        cut = landscape.line_on(self.density)
        formula = mathematics("U(x) = -log p(x)", theme.FONT_TITLE, self.look.exact)
        self.beat(
            "outlook: heat",
            "Physics came first: $p$ is a landscape, and the noise is its heat.",
            self.bring(self.density, theme.DIMMED),
            FadeIn(self.on_board(formula), self.on_board(landscape, 1.2), cut),
        )
        clock = ValueTracker(0)
        self.clocked(clock, landscape)
        self.run_clock(clock, len(run.steps) - 1, 3, rate_functions.ease_in_quad)
        self.leave(self.density)

    def remove_the_face(self) -> None:
        """Plain Langevin on separate parts: the masses stay what they were, by measurement."""
        run, clock = self.parted, ValueTracker(0)
        grid, mass = run.grids["density"], run.series["part_mass"]
        density = self.on_stage(DensityMap(grid.values, Window(*grid.window), fingerprint=run.hash, opacity=0.45))
        cloud = self.cloud(run)
        target = run.series["part_mass_target"].values[0]
        bars = Bars(np.asarray(mass.values), target, mass.labels, width=self.zones.board_width - 0.2, height=2.2)
        title = self.on_board(words("shares of the particles", theme.FONT_BODY))
        self.beat(
            "outlook: stuck",
            "Without the haze between its parts, few get across: shares stay wrong.",
            self.fade_away(self.density),
            FadeIn(density, cloud, title, self.on_board(bars, 1.0)),
        )
        self.clocked(clock, cloud, bars)
        self.run_clock(clock, len(run.steps) - 1, 2.6)
        self.leave()

    def ask_for_blur(self) -> None:
        """Densities of p plus more and more noise."""
        grid, clock = self.climbing.grids["blurred"], ValueTracker(0)
        within = self.climbing.series["blur"].values.ravel() < WIDEST
        shown = DensityMap(grid.values[within], Window(*grid.window), fingerprint=self.climbing.hash)
        blurred = self.on_stage(shown)
        blurred.eased = True
        self.beat("outlook: blur", "What if we blurred $p$ first?", self.fade_away(self.density), FadeIn(blurred))
        self.clocked(clock, blurred)
        self.run_clock(clock, blurred.records - 1, 2)
        self.release(blurred)
        self.blurred = blurred

    def ask_for_samples_only(self) -> None:
        """The density goes, its samples stay; the last frame."""
        samples = self.cloud(self.sampling).show(len(self.sampling.steps) - 1)
        poster = VGroup(
            words("Langevin Monte Carlo", 1.2 * theme.FONT_TITLE),
            rule("ula", self.look, 1.1 * theme.FONT_BODY),
            words("next: diffusion models", theme.FONT_BODY, self.look.mute),
        )
        poster.arrange(DOWN, buff=0.6, aligned_edge=LEFT)
        self.on_board(poster).move_to(self.zones.board_center)
        self.beat(
            "outlook: samples",
            "And what if we knew only samples of it?",
            self.fade_away(self.blurred, theme.MOVE),
            FadeIn(samples, poster, run_time=theme.MOVE),
        )
