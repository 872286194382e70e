"""Section 8: a landscape with heat, what plain Langevin cannot do, and the two questions behind diffusion."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from manim import DOWN, LEFT, FadeIn, ValueTracker, VGroup

from diffusion_core.trajectory import Grid, Trajectory
from scenes import theme
from scenes.formulas import rule
from scenes.langevin_sections.film import LangevinFilm
from scenes.mobjects.bars import Bars
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.landscape import Landscape
from scenes.mobjects.raster import Window
from scenes.mobjects.readout import Readout
from scenes.mobjects.words import mathematics, words

STUCK = 0.02
"""By so little at most every part's share may have changed if it is said to have stayed."""
POSTER = 1.0
"""Seconds that the last picture stands."""
WIDEST = 0.45
"""Blur, in data units, beyond which p would run over the stage's border."""
CUT = 0.65
"""The height at which the landscape is cut: through both eyes of the smiley."""


class OutlookSection(LangevinFilm):
    """Where it comes from, and where it leads."""

    def look_back_and_ahead(self) -> None:
        """Section 8.

        The rule is older than machine learning: it is a particle in a potential U = −log p that a warm bath
        kicks. That also tells where it fails: the deeper the valleys are and the higher the walls, the longer
        particles stay where they are. Blurring p lowers the walls, and this is the idea of annealed Langevin
        sampling (Song and Ermon, 2019). The last question opens the films on diffusion: if nobody gives us p,
        who tells us the slope?
        """
        self.leave()
        self.show_landscape()
        if self.has_parts:
            self.remove_the_face()
        self.ask_for_blur()
        self.ask_for_samples_only()

    @cached_property
    def parted(self) -> Trajectory:
        """The target without what joins its parts."""
        return self.trajectory(self.recipe("smiley-without-face"))

    def show_landscape(self) -> None:
        """−log p along a cut as a potential, and the particles near the cut on it."""
        run, clock = self.sampling, ValueTracker(0)
        landscape = Landscape(
            self.climbing.grids["density"], CUT, run.positions, fingerprint=run.hash, width=self.zones.board_width
        )
        cut, counter = landscape.line_on(self.density), self.counter(run)
        formula = mathematics("U(x) = -log p(x)", theme.FONT_TITLE, self.look.exact)
        self.beat(
            "outlook: heat",
            "From physics: downhill in $U$, and kicked up by heat.",
            self.bring(self.density, self.look.dimmed),
            FadeIn(self.on_board(formula), self.on_board(landscape, 1.2), cut, counter),
            pause=0.8,
        )
        self.clocked(clock, landscape, counter)
        self.run_clock(clock, len(run.steps) - 1, 1.8, 30)
        self.leave()

    def remove_the_face(self) -> None:
        """Plain Langevin on thin separate parts: the shares stay what they were, by measurement."""
        run, clock = self.parted, ValueTracker(0)
        grid, mass = run.grids["density"], run.series["part_mass"]
        density = self.on_stage(DensityMap(grid.values, Window(*grid.window), fingerprint=run.hash))
        cloud, counter = self.cloud(run), self.counter(run)
        bars = Bars(
            np.asarray(mass.values), run.series["part_mass_target"].values[0], mass.labels,
            width=self.zones.board_width - 0.2, height=2.2,
            value_name="share of the particles", target_name="what $p$ says",
        )  # fmt: skip
        moved = np.abs(mass.values[-1] - mass.values[0]).max()
        outcome = "stay where they were" if moved < STUCK else "are still wrong"
        self.beat(
            "outlook: stuck",
            f"Thinner lines, and no face between: the shares {outcome}.",
            FadeIn(density.set_opacity(self.look.dimmed), cloud, counter, self.on_board(bars, 1.0)),
            pause=0.8,
        )
        self.clocked(clock, cloud, bars, counter)
        self.run_clock(clock, len(run.steps) - 1, 2, 10)

    def ask_for_blur(self) -> None:
        """Densities of p plus more and more noise, and their landscape, whose walls sink."""
        grid, clock = self.climbing.grids["blurred"], ValueTracker(0)
        sigmas = self.climbing.series["blur"].values.ravel()
        within = sigmas < WIDEST
        shown = Grid(grid.values[within], grid.window)
        whole = float(shown.values.max())
        window = Window(*grid.window)
        self.blurred = self.on_stage(DensityMap(shown.values, window, fingerprint=self.climbing.hash, peak=whole))
        self.blurred.eased = True
        landscape = Landscape(shown, CUT, fingerprint=self.climbing.hash, width=self.zones.board_width)
        sigma = Readout(sigmas[within], "blurred by", ".2f")
        self.leave()
        self.beat(
            "outlook: blur",
            "What if we blurred $p$ first? The walls would sink.",
            FadeIn(
                self.blurred, self.on_board(landscape, 1.2), self.on_board(sigma), self.credit("langevin.annealed")
            ),
        )
        self.clocked(clock, self.blurred, landscape, sigma)
        self.run_clock(clock, self.blurred.records - 1, 2)

    def ask_for_samples_only(self) -> None:
        """The density goes, its samples stay; the last frame."""
        run = self.sampling
        self.leave()
        # Particles that have not arrived are no samples of p.
        samples = self.cloud(run).show(len(run.steps) - 1) if self.has_settled else self.density.set_opacity(0.2)
        self.beat("outlook: samples", "And what if we knew only samples of it?", FadeIn(samples))
        self.end_beat()
        poster = VGroup(
            words("Langevin Monte Carlo", 1.2 * theme.FONT_TITLE),
            rule(self.sampler, self.look, 1.1 * theme.FONT_BODY),
            words("next: diffusion models", theme.FONT_BODY, self.look.mute),
        )
        poster.arrange(DOWN, buff=0.6, aligned_edge=LEFT)
        self.play(FadeIn(self.on_board(poster).move_to(self.zones.board_center)))
        self.rest(POSTER)
