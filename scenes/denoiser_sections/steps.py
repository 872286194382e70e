"""The same noise in one step and in more of them, side by side."""

from __future__ import annotations

import itertools
import operator
from functools import cached_property, partial
from typing import Any, Final

from manim import DOWN, RIGHT, UP, FadeIn, Mobject, ValueTracker, config

from diffusion_core.observation import TOLERANCE
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.clocks import late
from scenes.denoiser_sections.film import FOLLOWED, DenoiserFilm
from scenes.mobjects.readout import Readout
from scenes.mobjects.words import words
from scenes.zones import MARGIN

STEPS: Final = (1, 8, 64)
"""In so many steps the same noise goes to the data, side by side."""
PANEL: Final = 4.2
"""Side of each of the pictures side by side."""


class MoreStepsSection(DenoiserFilm):
    """Ask again after each step, and the particles become a sample."""

    @cached_property
    def jumps(self) -> dict[int, Trajectory]:
        """All particles, from the same noise, by the number of steps."""
        return {n: self.jump(n) for n in STEPS}

    def take_more_steps(self) -> None:
        """The same noise in fewer and more steps, and how far from p each ends.

        The same noise, the same network and no further chance: these are DDIM's steps (Song, Meng and Ermon,
        2021) along the probability flow, in different numbers. Each step goes only so far as the guess can be
        trusted and then asks again. Ask what the price of quality is: every step is one call of the network,
        and that is why samplers with fewer steps are a field of research.
        """
        self.leave()
        panels = [self.panel(i, n) for i, n in enumerate(STEPS)]
        time = Readout(self.jumps[STEPS[-1]].times.astype(int), "$t =$")
        time.next_to(panels[-1][0], DOWN, buff=0.25)
        flow = words("by DDIM, along the probability flow: no noise is added", color=self.look.mute)
        flow.move_to((0.0, self.zones.board_bottom, 0.0), aligned_edge=DOWN)
        said = f"The same noise in {', '.join(map(str, STEPS[:-1]))} and {STEPS[-1]} steps. After each, ask again."
        self.beat("steps: go", said, FadeIn(time, flow, *(part for panel in panels for part in panel)), pause=0.6)
        self.step_along(panels, time)
        measured = late(FadeIn, *self.distances(panels))
        gone = (self.fade_away(shown, theme.FADE / 2) for shown in (time, flow))
        self.beat("steps: distance", self.outcome(), *gone, measured)

    def step_along(self, panels: list[list[Any]], time: Readout) -> None:
        """All of them from the same noise to their ends in the same time."""
        clock = ValueTracker(0)
        self.clocked(clock, time, moment=partial(operator.mul, time.records - 1))
        for _, cloud, heroes, _ in panels:
            self.clocked(clock, cloud, heroes, moment=partial(operator.mul, cloud.records - 1))
            cloud.eased = heroes.eased = True
        self.rest(1)
        self.run_clock(clock, 1, 5.4)
        self.release(time, *(part for panel in panels for part in panel))

    def panel(self, i: int, n: int) -> list[Any]:
        """The i-th picture from the left: p, the particles, those that are followed, and the number of steps."""
        run, apart = self.jumps[n], (config.frame_width - 2 * MARGIN - PANEL) / (len(STEPS) - 1)
        center = self.zones.stage_center * UP + (i - (len(STEPS) - 1) / 2) * apart * RIGHT
        density = self.density_of(run).set_opacity(self.look.dimmed)
        cloud, followed = self.cloud(run, opacity=theme.DOT_OPACITY / 2), run.positions[:, :FOLLOWED]
        heroes = self.hero(followed, run.hash, trail=n)
        for raster in (density, cloud, heroes):
            raster.scale(PANEL / raster.width).move_to(center)
        cloud.set_radius_in_scene(0.7 * theme.DOT_RADIUS)
        heroes.set_radius_in_scene(theme.HERO_RADIUS)
        title = words(f"{n} step{'s' * (n > 1)}", theme.FONT_BODY).next_to(density, UP, buff=0.2)
        return [density, cloud, heroes, title]

    def distances(self, panels: list[list[Any]]) -> list[Mobject]:
        """What was measured at each run's end, and the floor of it."""
        below = []
        for n, (density, *_) in zip(STEPS, panels, strict=True):
            measured = words(f"{self.distance(n):.2f} from $p$", theme.FONT_BODY, self.look.particles)
            below.append(measured.next_to(density, DOWN, buff=0.25))
        floor, deviation = self.jumps[1].series["distance_floor"].values[0]
        band = f"{floor:.2f} ± {TOLERANCE * deviation:.2f}"
        text = words(f"two samples of $p$: {band} from each other", color=self.look.exact)
        return [*below, text.move_to((0.0, self.zones.board_bottom, 0.0), aligned_edge=DOWN)]

    def distance(self, steps: int) -> float:
        """From p, after so many steps."""
        return float(self.jumps[steps].series["distance"].values[-1])

    def outcome(self) -> str:
        """How the number of steps tells, in words that the distances bear out."""
        found = [self.distance(n) for n in STEPS]
        if not all(after < before for before, after in itertools.pairwise(found)):
            return "How far from $p$ each of them ends."
        if self.settled(self.jumps[STEPS[-1]]):
            return f"More steps end nearer to $p$; {STEPS[-1]}, as near as a true sample."
        return "More steps end nearer to $p$."
