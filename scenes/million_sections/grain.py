"""How fine the picture is that so many particles draw: a place magnified, and what is measured of all of them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final

import numpy as np
from manim import DashedLine, FadeIn, ValueTracker, linear
from numpy.typing import NDArray

from diffusion_core.grain import SIDE
from diffusion_core.observation import WINDOW
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.charts import OVERHANG
from scenes.million_sections.film import MillionFilm
from scenes.mobjects.arrows import Points
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.raster import Window
from scenes.mobjects.zoom_inset import ZoomInset
from scenes.staging import densest_place

FIRST: Final = 10
"""So many particles at first."""
NEAR: Final = 1.1
"""Side of the square that is magnified, in data units."""
INSET: Final = 2.75
"""Side of the frame in which it is seen."""
STILL_FALLS: Final = 1.5
"""At most so many times its floor is a share whose rest is for more particles to mend."""


class GrainCurve(LiveCurve):
    """The share of the first 10, 100, … particles that lie in a wrong cell, over what true samples have.

    `sizes`, `shares` and `floors` are (records,): numbers of particles, and total variations between their shares
    of cells and p's; the floors are drawn as a dashed line, each at its number.
    """

    def __init__(
        self, sizes: NDArray[np.integer], shares: NDArray[np.floating], floors: NDArray[np.floating], **look: Any
    ) -> None:
        self.floors = np.asarray(floors, dtype=np.float64)
        look = {"log": True, "log_steps": True, "steps_name": "particles"} | look
        look |= {"name": f"share in a wrong one of {SIDE} × {SIDE} cells", "floor_name": "true samples"}
        super().__init__(sizes, shares, (float(self.floors[-1]), 0.0), **look)

    def record_at(self, power: float) -> float:
        """Where on the curve ten to this power of particles are."""
        return float(np.interp(power, np.log10(self.data.array[:, 0]), np.arange(len(self.floors))))

    def _floor(self, floor: tuple[float, float] | None, below: float, last: float) -> Points:
        corners = np.transpose(self.axes.c2p(self.data.array[:, 0], self.floors))
        look = {"color": theme.theme().exact, "stroke_width": 2, "dash_length": 0.08}
        self.add(*(DashedLine(start, end, **look) for start, end in pairwise(corners)))
        return np.zeros((0, 3))


class GrainSection(MillionFilm):
    """The same place for ever more particles."""

    def look_closer(self) -> None:
        """From ten to all of them, at the end of the run.

        How many particles make a picture? Count them in small cells and compare with p: once there are many in
        a cell, the share in a wrong one falls like one over the root of their number, as long as chance is
        what is wrong. Where the curve leaves the floor of true samples, it is the sampler's own error that is
        left, and more particles cannot mend it. Ask what could: a smaller step, more steps, or a correction
        such as MALA's.
        """
        self.leave()
        run, number = self.walk, ValueTracker(math.log10(FIRST))
        cloud = self.million(run, count=FIRST).show(len(run.steps) - 1)
        center = self.zones.board_center
        center[1] = self.zones.board_top - INSET / 2 - 0.75
        inset = ZoomInset(cloud, self.near(run), cloud, side=INSET, center=center)
        read, clouds, curves = self.number_read(), [cloud, inset.content(0)], self.grain_curves(run)
        self.counted(number, *clouds)
        self.on_rungs(number, read)
        for curve in curves:
            self.clocked(number, curve, moment=curve.record_at)
        question = f"How many does it take? {FIRST}, and one place magnified."
        self.beat("grain: few", question, *map(FadeIn, (cloud, inset, read, *curves)))
        self.beat("grain: many", "Ever more of the same run, in the same place.")
        self.play(number.animate(run_time=5, rate_func=linear).set_value(self.whole))
        self.release(*clouds, read, *curves)
        if curves:
            self.beat("grain: left", self.what_is_left(run))

    def near(self, run: Trajectory) -> Window:
        """A square around the densest place of p, within the stage."""
        place = densest_place(run.grids["density"])
        x, y = (float(np.clip(centre, NEAR / 2 - WINDOW, WINDOW - NEAR / 2)) for centre in place)
        return Window(x - NEAR / 2, x + NEAR / 2, y - NEAR / 2, y + NEAR / 2)

    def grain_curves(self, run: Trajectory) -> list[GrainCurve]:
        """The curve of the grain; none for runs of few particles, of which it is not measured."""
        if "grain" not in run.series:
            return []
        grain, floor = run.series["grain"], run.series["grain_floor"]
        sizes = np.array([int(label) for label in grain.labels])
        width = self.zones.board_width - OVERHANG
        made = GrainCurve(sizes, grain.values[-1], floor.values[-1], width=width, height=1.2)
        self.on_board(made, self.zones.board_top - self.zones.board_bottom - made.height)
        return [made]

    def what_is_left(self, run: Trajectory) -> str:
        """What more particles would mend, in words that the measurement bears out."""
        share, floor = (float(run.series[name].values[-1, -1]) for name in ("grain", "grain_floor"))
        if share > STILL_FALLS * floor:
            return f"{share:.1%} in a wrong cell, not {floor:.1%}: more particles will not mend that."
        return f"{share:.1%} in a wrong cell, as of true samples: with more it gets finer."
