"""As many standard Gaussians become the dinosaur along a network, and where the network is wrong."""

from __future__ import annotations

from typing import Final

import numpy as np
from manim import DOWN, LEFT, RIGHT, FadeIn, Mobject, ValueTracker
from numpy.typing import NDArray

from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.charts import distance_curve
from scenes.clocks import late
from scenes.million_sections.film import MillionFilm, peak_of
from scenes.mobjects.caption import standing
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.raster import Window

SHRUNK: Final = 0.84
"""Of their room, the share that the two pictures take: their names stand above them."""
GAP: Final = 0.15
"""Between a picture and its name."""
INTERVALS: Final = 7
"""So many intervals of the density's grid are the side of a cell in which particles are counted."""


class MillionDinosaurSection(MillionFilm):
    """DDPM with all of them, and its density beside the exact one."""

    def make_the_dinosaur(self) -> None:
        """The whole way, evenly in log-SNR.

        The same as in the film of the dinosaur, with many more particles: Gaussian noise, a trained network,
        DDPM's rule. With so many of them one sees not dots but a density that moves, which is what the theory
        is about. Ask where in this picture one could see a mistake of the network, and keep the answers for
        the next section.
        """
        self.leave()
        run, clock = self.denoised, ValueTracker(0)
        cloud, curve = self.million(run), distance_curve(run, self.zones.board_width, height=2.2)
        self.on_board(curve, 0.9)
        live = [cloud, self.time_of(run), self.slider_of(run), curve]
        start = f"{self.particles:,} points of noise follow a network that has learned the way."
        self.beat("dinosaur: way", start, *map(FadeIn, live))
        self.on_way(clock, run, *live)
        self.go(clock, 1, 7, cloud)
        self.release(*live)

    def hold_against_p(self) -> None:
        """Beside the exact density.

        Left the exact density, right what the particles have made of it. By eye they may be alike; counted in
        cells they are not, and the last picture shows where: there are places with too many particles and
        places with too few. With few particles chance would hide this. Ask whether this is the sampler or the
        network: compare with the share of true samples, and try the same network with more steps.
        """
        self.leave()
        run = self.denoised
        made, true = self.million(run).show(len(run.steps) - 1), self.density_of(run)
        self.side_by_side(true, made)
        names = self.named(true, made)
        self.beat("beside: whole", self.how_far(), *map(FadeIn, (true, made, *names)))
        surplus, deficit = self.errors(run)
        self.side_by_side(surplus, deficit)
        for shown in (surplus, deficit):
            shown.move_to(made)
        too_many, too_few = self.errors_named(made)
        come = (late(FadeIn, shown) for shown in (surplus, deficit, too_many, too_few))
        gone = map(self.fade_away, (made, names[1]))
        self.beat("beside: errors", self.largest_error(run), *gone, *come)

    def side_by_side(self, *pair: Mobject) -> None:
        """Put two squares at the left and the right of the frame, with room for their names above."""
        left, right = self.zones.stage_center[0] - self.zones.stage_side / 2, self.zones.board_right
        for shown, edge in zip(pair, (LEFT, RIGHT), strict=True):
            shown.scale(SHRUNK * min(self.zones.stage_side, (right - left) / 2) / shown.width)
            shown.move_to([(left + right) / 2 + edge[0] * (right - left) / 4, self.zones.board_bottom, 0], DOWN)

    def errors(self, run: Trajectory) -> list[DensityMap]:
        """Where particles lie too dense, in their colour, and where too thin, in that of p; on one scale."""
        wrong, window = gap_to_p(run), cell_centres(run)
        look = self.look
        return [
            DensityMap(
                np.maximum(sign * wrong, 0.0), Window(*run.grids["density"].window), extent=window,
                peak=float(np.abs(wrong).max()), ramp=(look.paper, color),
            )
            for sign, color in ((1, look.particles), (-1, look.exact))
        ]  # fmt: skip

    def errors_named(self, place: Mobject) -> list[Mobject]:
        """What the two colours mean, above where they stand."""
        names = []
        for text, role, side in (("too many", "particles", -1), ("too few", "exact", 1)):
            name = standing(text, theme.FONT_BODY, getattr(self.look, role))
            names.append(name.shift(place.get_top() + [side * place.width / 5 - name.get_x(), GAP, 0]))
        return names

    def largest_error(self, run: Trajectory) -> str:
        """How wrong it is at worst, on the scale of p."""
        worst = float(np.abs(gap_to_p(run)).max()) / peak_of(run)
        return f"Too many here, too few there: off by up to {worst:.0%} of the largest $p$."

    def named(self, true: Mobject, made: Mobject) -> list[Mobject]:
        """What each is, above it."""
        texts = ("$p$, exact", "exact", true), (f"{self.particles:,} particles", "particles", made)
        names = []
        for text, role, shown in texts:
            name = standing(text, theme.FONT_BODY, getattr(self.look, role))
            names.append(name.shift(shown.get_top() + [-name.get_x(), GAP, 0]))
        return names

    def how_far(self) -> str:
        """What is measured."""
        if "grain" not in self.denoised.series:
            distance = float(self.denoised.series["distance"].values[-1])
            return f"The distance between the two: {distance:.3f}."
        share, floor = (float(self.denoised.series[name].values[-1, -1]) for name in ("grain", "grain_floor"))
        return f"{share:.1%} of them are in a wrong cell; of true samples it would be {floor:.1%}."


def gap_to_p(run: Trajectory) -> NDArray[np.float64]:
    """Density of the particles at the end less p, in cells of `INTERVALS` of p's grid a side, (rows, columns)."""
    values, (x_min, x_max, y_min, y_max) = run.grids["density"]
    corners = np.asarray(values, dtype=np.float64)
    p = (corners[1:, 1:] + corners[1:, :-1] + corners[:-1, 1:] + corners[:-1, :-1]) / 4
    rows, columns = (side // INTERVALS for side in p.shape)
    p = p.reshape(rows, INTERVALS, columns, INTERVALS).mean(axis=(1, 3))
    last = np.asarray(run.positions[-1], dtype=np.float64)
    counts = np.histogram2d(last[:, 1], last[:, 0], p.shape, ((y_min, y_max), (x_min, x_max)))[0]
    area = (x_max - x_min) * (y_max - y_min) / p.size
    return np.asarray(counts / (len(last) * area) - p)


def cell_centres(run: Trajectory) -> Window:
    """The window from the centre of the first of these cells to that of the last."""
    values, (x_min, x_max, y_min, y_max) = run.grids["density"]
    half_y, half_x = (INTERVALS / 2 / (side - 1) for side in values.shape)
    across, up = half_x * (x_max - x_min), half_y * (y_max - y_min)
    return Window(x_min + across, x_max - across, y_min + up, y_max - up)
