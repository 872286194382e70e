"""What is left of the error: at which noise levels, and where."""

from __future__ import annotations

import numpy as np
from manim import FadeIn, ValueTracker
from numpy.typing import NDArray

from scenes import theme
from scenes.charts import OVERHANG
from scenes.mobjects.bars import Bars
from scenes.mobjects.legend import Legend
from scenes.mobjects.words import words
from scenes.training_sections.film import WORST, Level, TrainingFilm

CLEAR = 5.3
"""The log-SNR near which the error is shown: with hardly any noise."""
GLOW = 0.5
"""Opacity of the errors, beside which the points have to be seen."""
MOST, EMPTY = 0.9, 0.01
"""A share that is most of the error; and that of p's peak below which p is nearly 0."""


class StillWrongSection(TrainingFilm):
    """The error lies in little noise, and where there is next to nothing to learn from."""

    def find_what_is_wrong(self) -> None:
        """At which noise levels, and where.

        A small loss is a mean, and means hide things. The bars split the error by level of noise, the map by
        place. Where p is next to nothing there are next to no points to learn from, and the loss, which is a
        mean over points, hardly asks about such places. Ask whether errors there matter: only if a sampler
        ever gets there, for instance at the start, or by a mistake.
        """
        self.leave()
        level, slow, clock = self.level_near(CLEAR), self.slow, ValueTracker(self.slow)
        wrong = self.on_stage(self.error_map(level)).set_opacity(GLOW)
        live = [wrong.show(slow), self.counter().show(slow)]
        caption = "The same training where there is hardly any noise."
        if "error" in self.training.series:
            live.append(self.on_board(self.level_bars().show(slow), 0.75))
            caption = self.where_error_is_left()
        data = self.bring(self.data, self.look.dimmed, theme.FADE)
        self.beat("still wrong: levels", caption, data, FadeIn(*live, self.legend_of_errors(level)))
        self.follow(clock, *live)
        self.run_clock(clock, len(self.training.steps) - 1, 4)
        self.release(*live)
        self.show_empty_regions(level)

    def legend_of_errors(self, level: Level) -> Legend:
        """What glows."""
        names = f"error at $t = {level.t}$, brightest: {WORST:g} or more", "$p$, the data"
        made = Legend(list(zip(names, ("learned", "exact"), 2 * ["square"], strict=True)))
        self.on_board(made, self.zones.board_top - self.zones.board_bottom - 0.9)
        return made

    def level_bars(self) -> Bars:
        """The error at each noise level, at each checkpoint."""
        errors, levels = (self.training.series[name].values for name in ("error", "error_levels"))
        sizes, names = np.sqrt(errors), [f"{t:.0f}" for t in levels[:, 0]]
        return Bars(
            sizes, None, names, peak=sizes[self.slow :].max(), color=self.look.learned, height=2.2,
            value_name="rms error of each coordinate, at each $t$", width=self.zones.board_width - OVERHANG,
        )  # fmt: skip

    def where_error_is_left(self) -> str:
        """The smallest t that hold most of the squared error of the last checkpoint."""
        left, times = self.training.series["error"].values[-1], self.training.series["error_levels"].values[:, 0]
        shares = np.cumsum(left[::-1]) / left.sum()
        i = int(np.argmax(shares >= MOST))
        ends = f"{shares[i]:.0%} ends up at $t <= {times[::-1][i]:.0f}$"
        return f"Of the squared error at these {len(times)} levels, {ends}."

    def show_empty_regions(self, level: Level) -> None:
        """How large the error is where p is nearly nothing, and how many points are there to learn from."""
        empty, mass = self.empty(level)
        last = self.errors(level)[-1]
        there, elsewhere = np.median(last[empty]), np.median(last[~empty])
        points = self.cloud(self.jumps).show(level.t)
        legend = self.on_board(Legend([(f"noisy points at $t = {level.t}$", "particles", "dot")]), 4.2)
        note = words(f"{mass:.1%} of $p$ lies below {EMPTY:.0%} of its peak", color=self.look.exact)
        self.on_board(note, 4.7)
        self.beat(
            "still wrong: empty",
            f"Median error: {there:.2f} where $p$ is below {EMPTY:.0%} of its peak, {elsewhere:.2f} elsewhere.",
            FadeIn(points, legend, note, run_time=theme.MOVE),
        )

    def empty(self, level: Level) -> tuple[NDArray[np.bool_], float]:
        """Where on the fields' grid p is below a share of its peak, and how much of p lies where it is."""
        density, (low, high, *_) = self.training.grids["density"]
        field, window = self.training.grids[f"exact_{level.number}"]
        axis = np.linspace(window[0], window[1], field.shape[0])
        nearest = np.round((axis - low) / (high - low) * (len(density) - 1)).astype(int)
        small = density < EMPTY * density.max()
        return small[np.ix_(nearest, nearest)], float(density[small].sum() / density.sum())
