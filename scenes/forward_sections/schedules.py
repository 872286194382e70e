"""Three clouds that differ in nothing but the pace, and one axis of log-SNR with a ruler for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from manim import RIGHT, UP, FadeIn, Line, Mobject, Square, ValueTracker
from numpy.typing import NDArray

from diffusion_core.observation import WINDOW
from scenes import theme
from scenes.diffusion_film import SCHEDULES, log_snr
from scenes.forward_sections.film import ForwardFilm, gone
from scenes.mobjects.caption import standing
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.readout import Readout
from scenes.mobjects.time_slider import TimeSlider

SHOWN = 2000
"""Particles in each of the three panels."""
HEAD, ROW, FOOT = 0.45, 0.46, 0.95
"""Heights of the panels' names, of a ruler, and of what else stands below the panels."""
BESIDE = 1.8
"""Width of what stands at either side of the rulers."""
SAME = 1.0
"""Log-SNRs that differ by less are said to be about the same."""


class SchedulesSection(ForwardFilm):
    """A schedule only sets the pace."""

    def compare_schedules(self) -> None:
        """At the same t they differ, at the same log-SNR they do not.

        A schedule says how much signal and noise there is at each t. Side by side at one t the pictures
        differ; at one signal-to-noise ratio they are the same pictures, point by point, since start and noise
        are the same. So the logarithm of this ratio is the real clock, and a schedule only decides how long
        one stays where. Ask where you would spend your steps. Linear is Ho et al. (2020), cosine Nichol and
        Dhariwal (2021), sigmoid Jabri et al. (2022); the clock is from Kingma et al. (2021).
        """
        self.leave()
        self.run_evenly()
        self.show_ends()
        self.run_abreast()

    def run_evenly(self) -> None:
        """The same points three times, and beneath them one axis with a ruler for each; t runs in all three."""
        self.common_t = ValueTracker(0)
        self.lanes = [self.lane(i) for i in range(len(SCHEDULES))]
        fixed = [mobject for i in range(len(SCHEDULES)) for mobject in self.names_of(i)]
        live = [mobject for lane in self.lanes for mobject in lane]
        self.beat(
            "schedules: even",
            f"The same points and noise, three schedules. When is the {self.thing} gone?",
            FadeIn(*live, *fixed),
            pause=0.5,
        )
        self.clocked(self.common_t, *live)
        self.run_clock(self.common_t, self.paced[0].steps[-1], 6.6)
        self.release(*live)

    def show_ends(self) -> None:
        """The first t from which nothing is left, and its log-SNR."""
        found = [(t, values[t]) for t, values in zip(self.times_gone, self.levels, strict=True) if t is not None]
        self.beat("schedules: gone", self.verdict(found), *map(FadeIn, self.marks()))

    def marks(self) -> list[Line]:
        """Across the ruler of each that comes to it, where it is gone."""
        half, made = 0.4 * ROW * UP, []
        for (_, slider, _), t in zip(self.lanes, self.times_gone, strict=True):
            if t is not None:
                place = slider.handle_point(t)
                made.append(Line(place - half, place + half, color=self.look.exact, stroke_width=6))
        return made

    def verdict(self, found: list[tuple[int, float]]) -> str:
        """When each was gone, and at which log-SNR, in words that the measurements bear out."""
        if len(found) < len(SCHEDULES):
            return "Marks: as close to noise as noise itself. Not all come to it."
        times, levels = zip(*found, strict=True)
        count = self.paced[0].positions.shape[1]
        said = "Marks: for {:,} points gone at $t = {}$, {} and {}".format(count, *times)
        near = f"{np.mean(levels):.1f}".replace("-", "−")
        return f"{said}, log-SNR near {near}." if np.ptp(levels) < SAME else f"{said}."

    def run_abreast(self) -> None:
        """The same log-SNR in all three: then they are the same."""
        level, live = ValueTracker(self.levels[0][0]), [mobject for lane in self.lanes for mobject in lane]
        self.clocked(self.common_t, *live)
        self.beat(
            "schedules: same",
            "At one log-SNR all three are the same: a schedule only sets the pace.",
            self.common_t.animate(run_time=2.4).set_value(0),
        )
        self.release(*live)
        for values, lane in zip(self.levels, self.lanes, strict=True):
            self.clocked(level, *lane, moment=at_level(values))
        ends = [values[t] for t, values in zip(self.times_gone, self.levels, strict=True) if t is not None]
        self.run_clock(level, max([min(ends, default=-np.inf), *(values[-1] for values in self.levels)]), 5.4)
        self.release(*live)

    # What was measured.

    @cached_property
    def levels(self) -> list[NDArray[np.float64]]:
        """The log-SNR of each schedule at its t; without noise it is infinite: all stand at the ruler's end."""
        values = [log_snr(run) for run in self.paced]
        return [np.append(max(each[0] for each in values), each[1:]) for each in values]

    @cached_property
    def times_gone(self) -> list[int | None]:
        """The first t of each schedule from which nothing is left."""
        return [gone(run) for run in self.paced]

    # What stands where.

    @property
    def left(self) -> float:
        """The left edge of stage and board taken together."""
        return float(self.zones.stage_center[0] - self.zones.stage_side / 2)

    @property
    def panel_side(self) -> float:
        """Of a square between its name and three rulers, three of them side by side."""
        high = self.zones.board_top - self.zones.board_bottom - HEAD - 2 * ROW - FOOT
        return min(high, (self.zones.board_right - self.left) / 3 - 0.3)

    def row(self, i: int) -> float:
        """The height of a schedule's ruler."""
        return self.zones.board_bottom + 0.5 + ROW * (2 - i)

    def lane(self, i: int) -> tuple[ParticleCloud, TimeSlider, Readout]:
        """What moves for a schedule: its points, the handle on its ruler and its t."""
        run = self.paced[i]
        time = Readout(run.times.astype(int), "$t =$", font_size=theme.FONT_SMALL).show(len(run.times) - 1)
        time.move_to([self.zones.board_right, self.row(i), 0], aligned_edge=RIGHT).show(0)
        return self.panel(i), self.ruler(i), time

    def panel(self, i: int) -> ParticleCloud:
        """A schedule's points."""
        run, half = self.paced[i], self.panel_side / 2
        cloud = ParticleCloud(run.positions[:, :SHOWN], fingerprint=run.hash).scale(half / WINDOW)
        cloud.set_radius_in_scene(theme.DOT_RADIUS).eased = True
        x = np.linspace(self.left + half, self.zones.board_right - half, len(SCHEDULES))[i]
        return cloud.move_to([x, self.zones.board_top - HEAD - half, 0.0])

    def ruler(self, i: int) -> TimeSlider:
        """A schedule's log-SNR on the common axis; the numbers stand beneath the last one."""
        values, right = self.levels[i], self.zones.board_right
        low, high = min(each[-1] for each in self.levels), values[0]
        ticks = {float(tick): f"{tick}".replace("-", "−") for tick in (-10, -5, 0, 5) if low + 1 < tick < high - 1}
        ticks |= {low: "noise", high: "data"}
        width = right - self.left - 2 * BESIDE
        slider = TimeSlider(values, width=width, label="", ticks=ticks if i == 2 else {}, span=(low, high))
        return slider.shift([right - BESIDE, self.row(i), 0] - slider.handle_point(0))

    def names_of(self, i: int) -> list[Mobject]:
        """What stands still for a schedule: its panel's outline, and its name there and at its ruler."""
        cloud = self.lanes[i][0]
        above, beside = standing(SCHEDULES[i]), standing(SCHEDULES[i])
        above.shift(cloud.get_top() + 0.14 * UP - [above.get_x(), 0, 0])
        beside.shift([self.left + 0.05, self.row(i) - 0.08, 0])
        axis = standing("log-SNR", color=self.look.mute).shift([self.left + 0.05, self.row(2) - 0.42, 0])
        square = Square(self.panel_side, color=self.look.mute, stroke_width=1).move_to(cloud)
        return [square, above, beside, *([axis] if i == 2 else [])]


def at_level(values: NDArray[np.float64]) -> Callable[[float], float]:
    """From a log-SNR to the record that has it, of falling `values`."""
    return lambda level: float(np.interp(-level, -values, np.arange(len(values))))
