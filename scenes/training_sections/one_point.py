"""What is wanted; and one point that becomes noisy, whose noise the network has to name."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from manim import FadeIn, ValueTracker
from numpy.typing import NDArray

from diffusion_core.observation import WINDOW
from scenes import theme
from scenes.formulas import LEARNING, coloured
from scenes.mobjects.legend import Legend
from scenes.mobjects.moving_arrow import MovingArrow
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.words import words
from scenes.training_sections.film import TrainingFilm

INSIDE: Final = 0.9 * WINDOW
"""No coordinate of a noisy point that is well on the stage is larger."""
ENTRIES: Final = [
    ("the noisy point $x_t$", "particles", "dot"),
    ("$alpha_t x_0$, what is left of $x_0$", "mute", "dot"),
    ("its noise $sigma_t epsilon$", "chance", "arrow"),
]
"""Of the legend."""


class OneNoisyPointSection(TrainingFilm):
    """The question, and what the network is given and asked."""

    def ask(self) -> None:
        """Points, and the arrows that are wanted.

        The arrows are the score that we would like to have. Here the target is known, so they can be written
        down; the network will never see them, they only serve to judge it. What it does see are points. Ask
        the students to find a task with known answers that could be made from points alone, before the next
        section gives one away.
        """
        field = self.on_stage(self.field("exact", self.blurred))
        given = words("given: points", theme.FONT_BODY, self.look.particles)
        wanted = words("wanted, everywhere:", theme.FONT_BODY, self.look.exact)
        score = coloured(LEARNING["score"], self.look, 1.2 * theme.FONT_TITLE)
        at = words(f"here at $t = {self.blurred.t}$", theme.FONT_BODY, self.look.mute)
        for top, line in zip((1.6, 2.8, 3.4, 4.5), (given, wanted, score, at), strict=True):
            self.on_board(line, top)
        self.beat(
            "question: points",
            "A network sees points only. How does it learn which way is up?",
            FadeIn(self.points),
            FadeIn(given),
        )
        self.play(FadeIn(field, wanted, score, at, run_time=theme.MOVE), self.bring(self.points, theme.TRACE))

    def hide_one_noise(self) -> None:
        """One point becomes noisy, and the network sees that one alone.

        We add the noise ourselves, so we know the right answer: that is the whole trick. The network gets the
        noisy point and t, and has to name ε; the squared error is the loss of DDPM (Ho et al., 2020). Ask: can
        it ever be right every time? No, many pairs of clean point and noise lead to the same noisy point, and
        it sees only that one.
        """
        self.leave(self.points)
        kept, arrow = self.add_noise()
        self.ask_for_the_noise(kept, arrow)

    def add_noise(self) -> tuple[ParticleCloud, MovingArrow]:
        """A data point and its noise, which grow with t: what is left of the clean one, and the noise's arrow."""
        run, (path, clean) = self.jumps, self.way_of_one()
        noisy, time = self.hero(path[:, None], run.hash), self.time_of(run)
        kept = self.hero(clean[:, None], f"{run.hash}-clean", color=self.look.mute)
        arrow = MovingArrow(clean, path, place=self.points, color=self.look.chance)
        rule, legend = self.learning("noising", 1.2), self.on_board(Legend(ENTRIES), 2.0)
        self.beat(
            "one point: noise",
            "Take a data point and add noise: the more, the larger $t$.",
            self.bring(self.points, theme.TRACE, theme.FADE),
            FadeIn(kept, noisy, time, rule, legend),
            poster=True,
        )
        self.add(arrow)
        self.let_noise_grow(noisy, kept, arrow, time)
        return kept, arrow

    def let_noise_grow(self, *live: Any) -> None:
        """From t = 0 to the blurred level."""
        clock = ValueTracker(0)
        self.clocked(clock, *live)
        self.run_clock(clock, self.blurred.t, 3)
        self.release(*live)

    def way_of_one(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A noisy point from t = 0 to the blurred level, and α_t x₀ beside, (t + 1, 2) each.

        Of the particles whose noise was kept, the one with the longest that stays well on the stage.
        """
        run, t = self.jumps, self.blurred.t
        inside = np.abs(run.positions[t, run.detailed]).max(axis=1) < INSIDE
        j = int(np.argmax(np.linalg.norm(run.noise[t], axis=1) * inside))
        clean = run.positions[0, run.detailed[j]] + run.drift[: t + 1, j]
        return clean + run.noise[: t + 1, j], clean

    def ask_for_the_noise(self, kept: ParticleCloud, arrow: MovingArrow) -> None:
        """What the network is given and asked, and how its answer is marked."""
        given, asked, loss = self.learning("given", 4.0), self.learning("asked", 4.65), self.learning("loss", 5.25)
        self.beat(
            "one point: asked",
            "The network is given $x_t$ and $t$, and has to name the noise.",
            *(thing.animate(run_time=1.2).set_opacity(0) for thing in (self.points, kept, arrow)),
            FadeIn(given, asked, run_time=1.2),
        )
        self.play(arrow.animate.set_opacity(1), FadeIn(loss))
