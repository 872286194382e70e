"""Section 1: a density, and the question how to draw from it."""

from __future__ import annotations

from manim import FadeIn, ValueTracker, rate_functions

from scenes import theme
from scenes.langevin_sections.film import LangevinFilm
from scenes.mobjects.words import mathematics, words


class TargetSection(LangevinFilm):
    """The pay-off for three seconds, then the question behind it."""

    def introduce_target(self) -> None:
        """Section 1.

        Here p is known, so that everything that follows can be checked against it. In practice one often knows
        p only up to a constant factor, as in Bayes' rule, where the integral is out of reach. Ask: what
        happens to the slope of log p if p is multiplied by a constant? Nothing: the logarithm turns the factor
        into a term, and the derivative removes it. That is why the slope is often all there is.
        """
        self.leave()
        self.show_density()
        self.ask_for_samples()

    def open_cold(self) -> None:
        """Three seconds: climbing, then the noise, without a word on how; then the question.

        Say nothing at first: this is the whole story in a few seconds. Particles climb from a broad cloud, and
        then they are pushed about at random while they climb. Ask: what did each of them know of the picture?
        Only how steep the ground is where it stands; it does not know where the others are, nor what the
        picture is.
        """
        clock, run = ValueTracker(0), self.sampling  # computed first, for it can go wrong in more ways
        climb = self.cloud(self.climbing).set_x(0)
        self.clocked(clock, climb)
        self.add(climb)
        there = clock.animate(run_time=1.4, rate_func=rate_functions.ease_in_out_quad).set_value(climb.records - 1)
        self.beat(
            "cold open: face", f"{self.particles:,} particles, told only which way is uphill.", there, pause=0.4
        )
        self.remove(climb)
        clock.set_value(0)
        cloud = self.cloud(run).set_x(0)
        self.clocked(clock, cloud)
        self.add(cloud)
        self.run_clock(clock, cloud.records - 1, 1.8, 30)
        self.release(cloud)
        self.beat("cold open: how", "How?", cloud.animate(run_time=theme.FADE).set_opacity(theme.TRACE), pause=0.5)

    def show_density(self) -> None:
        """What bright means."""
        title = self.on_board(words("a target $p(x)$", theme.FONT_TITLE, self.look.exact))
        smiley = "lines and eyes are bright, the face between faint."
        other = "where it is bright, many samples belong."
        self.beat(
            "target: density",
            f"A density $p(x)$: {smiley if self.has_parts else other}",
            self.bring(self.density),
            FadeIn(title, run_time=theme.MOVE),
        )

    def ask_for_samples(self) -> None:
        """What is given, and what is wanted."""
        given = words("given: the slope of its logarithm", theme.FONT_BODY)
        slope = mathematics("nabla log p(x)", 1.2 * theme.FONT_TITLE, self.look.exact)
        wanted = words("wanted: samples", theme.FONT_BODY)
        sample = mathematics("x tilde p", 1.2 * theme.FONT_TITLE, self.look.particles)
        for top, line in zip((1.6, 2.2, 3.6, 4.2), (given, slope, wanted, sample), strict=True):
            self.on_board(line, top)
        self.beat(
            "target: question", "How do you draw from it when all you have is its slope?", FadeIn(given, slope)
        )
        self.play(FadeIn(wanted, sample))
