"""Section 1: a density, and the question how to draw from it."""

from __future__ import annotations

from manim import FadeIn, ValueTracker, rate_functions

from scenes import theme
from scenes.langevin_sections.film import LangevinFilm
from scenes.mobjects.words import mathematics, words


class TargetSection(LangevinFilm):
    """The pay-off for three seconds, then the question behind it."""

    def introduce_target(self) -> None:
        """Section 1."""
        self.open_cold()
        self.show_density()
        self.ask_for_samples()

    def open_cold(self) -> None:
        """Three seconds of the end: the whole run with noise; then: how?"""
        cloud, clock = self.cloud(self.sampling).set_x(0), ValueTracker(0)
        self.add(cloud)
        self.clocked(clock, cloud)
        arrived = f"{self.particles:,} particles find a shape that no one shows them."
        self.beat("target: cold open", arrived if self.has_settled else f"{self.particles:,} particles move.")
        self.run_clock(clock, cloud.records - 1, 2.6, rate_functions.ease_in_cubic)
        self.release(cloud)
        self.beat("target: how", "How?", cloud.animate(run_time=theme.FADE).set_opacity(theme.TRACE))
        self.leave()

    def show_density(self) -> None:
        """What bright means."""
        title = words("a target $p(x)$", theme.FONT_TITLE, self.look.exact)
        self.question = self.on_board(title)
        self.beat(
            "target: density",
            "A density $p(x)$: where it is bright, many samples belong.",
            self.bring(self.density),
            FadeIn(title, run_time=theme.MOVE),
        )

    def ask_for_samples(self) -> None:
        """What is given, and what is wanted."""
        given = words("given: its slope", theme.FONT_BODY)
        slope = mathematics("nabla log p(x)", 1.2 * theme.FONT_TITLE, self.look.exact)
        wanted = words("wanted: samples", theme.FONT_BODY)
        sample = mathematics("x tilde p", 1.2 * theme.FONT_TITLE, self.look.particles)
        for top, line in zip((1.6, 2.2, 3.6, 4.2), (given, slope, wanted, sample), strict=True):
            self.on_board(line, top)
        self.beat(
            "target: question", "How do you draw from it when all you have is its slope?", FadeIn(given, slope)
        )
        self.play(FadeIn(wanted, sample))
