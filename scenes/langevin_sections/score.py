"""Section 2: the score as a field, and what it is to follow it."""

from __future__ import annotations

import numpy as np
from manim import FadeIn, ValueTracker
from numpy.typing import NDArray

from diffusion_core.observation import WINDOW
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.langevin_sections.film import CLIMBERS, LangevinFilm
from scenes.mobjects.words import mathematics, words

FOLLOWED = 40
"""So many steps of one climber are followed."""


class ScoreSection(LangevinFilm):
    """Arrows come, speak, and fade to a trace."""

    def introduce_score(self) -> None:
        """Section 2.

        Each arrow is the gradient of log p at its foot, so it shows the relative slope, ∇p/p: it can be long
        where p itself is next to nothing. A particle that takes small steps along the arrows does gradient
        ascent on log p. Ask: where is the score zero? At the peaks, but also in the hollows and on the saddles
        between them.
        """
        self.leave(self.density)
        self.show_field()
        self.follow_the_arrows()

    def show_field(self) -> None:
        """The score on a grid; what strong and weak look like."""
        formula = self.on_board(mathematics("s(x) = nabla log p(x)", theme.FONT_TITLE, self.look.exact))
        steepness = self.on_board(words("steepness", theme.FONT_BODY), 1.6)
        legend = self.on_board(self.field.legend().scale(1.7), 2.3)
        self.beat(
            "score: field",
            "The score $nabla log p(x)$ says which way is up, and how steep it is.",
            self.bring(self.density, self.look.dimmed),
            self.bring(self.field),
            FadeIn(formula, steepness, legend, run_time=theme.MOVE),
            poster=True,
        )

    def follow_the_arrows(self) -> None:
        """Climbers from all around go where the arrows point."""
        chosen = self.climbing.positions[: FOLLOWED + 1, one_from_each_side(self.climbing)]
        heroes, clock = self.hero(chosen, self.climbing.hash, trail=FOLLOWED), ValueTracker(0)
        counter = self.counter(self.climbing)
        self.beat(
            "score: follow",
            "Follow the arrows, and you climb.",
            FadeIn(heroes, counter),
            self.bring(self.field, 0.6),
        )
        self.clocked(clock, heroes, counter)
        self.run_singly(clock, min(FOLLOWED, heroes.records - 1), 4, heroes)
        self.release(heroes, counter)
        self.play(
            self.bring(self.field, theme.TRACE, theme.FADE),
            FadeIn(self.credit("distributions.Distribution.score")),
        )


def one_from_each_side(run: Trajectory) -> NDArray[np.int64]:
    """Of the drawn climbers in each eighth of the plane, the one with the longest way: (8 or fewer,)."""
    start = np.asarray(run.positions[0, :CLIMBERS])
    ways = np.linalg.norm(run.positions[min(FOLLOWED, len(run.steps) - 1), :CLIMBERS] - start, axis=-1)
    ways[np.abs(start).max(axis=1) > 0.9 * WINDOW] = 0  # whoever starts at the border is hardly seen
    side = np.floor(4 * (1 + np.arctan2(start[:, 1], start[:, 0]) / np.pi)).astype(int) % 8
    return np.array([np.argmax(np.where(side == i, ways, -1)) for i in np.unique(side)])
