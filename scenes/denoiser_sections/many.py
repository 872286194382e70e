"""The guesses for several particles along their ways: from one place to a place each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from manim import FadeIn, ValueTracker

from scenes import theme
from scenes.denoiser_sections.film import GUESS, DenoiserFilm, spread_of
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.moving_arrow import MovingArrow
from scenes.mobjects.raster import Raster

GUESS_TRAIL: Final = 40
"""Records that a guess draws behind it."""


class ManyGuessesSection(DenoiserFilm):
    """Why small steps end where one jump cannot."""

    def ask_again_and_again(self) -> None:
        """The guesses for the particles that are followed: from one place to a place each.

        Now several particles and the guess for each. In the beginning the guesses lie together; with each step
        a particle has a little less noise, its own guess moves, and the guesses come apart. Nobody has chosen
        a place for anybody: noise and field decide on the way. Ask the students to say in one sentence why
        many small steps can do what one large one cannot: a mean is asked for each time, but of ever fewer
        candidates.
        """
        self.leave()
        clock, run, count = ValueTracker(0), self.way, self.guesses.shape[1]
        data, heroes = self.data(), self.dots(self.followed, radius=theme.HERO_RADIUS)
        guesses = self.dots(self.guesses, trail=GUESS_TRAIL, radius=1.2 * GUESS, color=self.look.learned)
        arrows = self.arrows_to_guesses(data)
        live = [*arrows, guesses, heroes, self.time_of(run), self.slider_of(run), self.spread_curve()]
        spread = spread_of(self.guesses[0])
        said = f"{count} noisy points, {count} guesses. At first these have a spread of {spread:.2f}."
        self.beat("many: start", said, FadeIn(data, *live))
        self.on_way(clock, run, *live)
        end = spread_of(self.guesses[-1])
        self.beat("many: go", f"A small step, and ask again: their spread goes from {spread:.2f} to {end:.2f}.")
        self.go(clock, 1, 5.2, heroes, guesses, *arrows)
        self.release(*live)
        self.beat("many: end", "One jump gives all the same mean; small steps a place each.")

    def arrows_to_guesses(self, place: Raster) -> list[Any]:
        """From each noisy point to the network's guess for it."""
        look: dict[str, Any] = {"place": place, "color": self.look.learned, "width": 0.02}
        ways = zip(np.moveaxis(self.followed, 1, 0), np.moveaxis(self.guesses, 1, 0), strict=True)
        return [MovingArrow(noisy, guesses, **look) for noisy, guesses in ways]

    def spread_curve(self) -> LiveCurve:
        """How far apart the guesses are, along the way."""
        spreads = np.array([spread_of(record) for record in self.guesses])
        floor = {"floor": (spread_of(self.points), 0.0), "floor_name": f"of all {len(self.points):,} points"}
        look = {"color": self.look.learned, "height": 2.2} | floor
        return self.curve(self.way.steps, spreads, "spread of the guesses", 1.2, **look)
