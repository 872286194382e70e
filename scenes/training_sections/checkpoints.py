"""What the network says at each checkpoint, what is exact, and how far apart they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import DL, DOWN, LEFT, RIGHT, UL, FadeIn, Mobject, ValueTracker

from diffusion_core.observation import WINDOW
from scenes import theme
from scenes.mobjects.caption import standing
from scenes.mobjects.raster import Raster
from scenes.mobjects.readout import Readout
from scenes.mobjects.words import words
from scenes.training_sections.film import WORST, TrainingFilm

GAP, INDENT = 0.5, 0.05
"""Between panels, and from a panel's edge to what is written above and below it."""

Panel = tuple[Any, Mobject]  # a raster, and its name above it


class CheckpointsSection(TrainingFilm):
    """Three squares: learned, exact, and the error between."""

    def train(self) -> None:
        """The same three, checkpoint after checkpoint.

        Left what the network says, in the middle what is exact, right how far they are apart. The checkpoints
        lie on a geometric ladder, so that the early iterations go slowly. Ask what the network finds first,
        the coarse field or the fine one. Ask where the error stays the longest, and whether points are there
        from which it could be learned; the next section answers that.
        """
        self.leave()
        run, clock, slow = self.training, ValueTracker(0), self.slow
        medians = np.median(self.errors(self.blurred), axis=(1, 2))
        panels = self.panels()
        count, t, median = self.beneath_panels(panels, medians)
        self.beat(
            "training: first",
            f"At first it says 0 everywhere. Here are its first {run.steps[slow]} iterations.",
            FadeIn(*(part for panel in panels for part in panel), count, t, median),
        )
        (said, _), _, (wrong, _) = panels
        self.follow(clock, said, wrong, count, median)
        self.run_clock(clock, slow, 5)
        self.beat(
            "training: on",
            f"Up to iteration {run.steps[-1]:,}: median error from {medians[0]:.2f} to {medians[-1]:.2f}.",
        )
        self.run_clock(clock, len(run.steps) - 1, 5.4)
        self.release(said, wrong, count, median)

    def panels(self) -> list[Panel]:
        """Learned, exact, error."""
        level = self.blurred
        error = f"error (brightest: {WORST:g} or more)"
        return [
            self.panel(0, self.field("learned", level), "learned: $-hat(epsilon)(x, t)$", "learned"),
            self.panel(1, self.field("exact", level), "exact: $sigma_t nabla log p_t$", "exact"),
            self.panel(2, self.error_map(level), error, "learned"),
        ]

    def panel(self, i: int, raster: Raster, name: str, role: str) -> Panel:
        """A raster in the i-th of three squares, and its name above it."""
        left, top = self.zones.stage_center[0] - self.zones.stage_side / 2, self.zones.board_top - 1.0
        side = (self.zones.board_right - left - 2 * GAP) / 3
        corner = [left + i * (side + GAP), top, 0.0]
        raster.scale(side / (2 * WINDOW)).move_to(corner, aligned_edge=UL)
        title = standing(name, color=getattr(self.look, role))
        return raster, title.shift([corner[0] + INDENT, top + 0.2, 0.0])

    def beneath_panels(self, panels: list[Panel], medians: np.ndarray) -> tuple[Readout, Mobject, Readout]:
        """Iteration, t and median error, each below its panel, at its left edge."""
        written = (
            Readout(self.training.steps, "iteration"),
            words(f"$t = {self.blurred.t}$", theme.FONT_BODY),
            Readout(medians, "median", ".3f", color=self.look.learned),
        )
        for (raster, _), line in zip(panels, written, strict=True):
            line.next_to(raster.get_corner(DL) + INDENT * RIGHT, DOWN, buff=0.35, aligned_edge=LEFT)
        return written
