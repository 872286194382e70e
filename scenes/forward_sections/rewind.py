"""The same walk backwards, and what is wrong with it."""

from __future__ import annotations

from manim import Create, Cross, FadeIn, Mobject, ValueTracker

from scenes import theme
from scenes.formulas import FORWARD, coloured
from scenes.forward_sections.film import LARGE, ForwardFilm
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.words import words

TOP = 0.85
"""How far below the board's upper edge the first formula stands."""
SECOND = TOP + 2.6
"""Likewise the second one."""


class RewindSection(ForwardFilm):
    """A way back that needs a record of every kick."""

    def rewind(self) -> None:
        """Kick after kick undone, and crossed out.

        This is the recorded walk, backwards: kick after kick is taken away again. It works because we have
        kept every particle's own kicks. Ask: is this already a generative model? No, for a new point of noise
        has no recorded kicks, and nothing tells it where to go. What can be known of the last kick when only
        x_t is seen is its mean, and that is what the next films are about.
        """
        self.leave()
        undo = self.on_board(coloured(FORWARD["undo"], self.look, LARGE), TOP)
        self.cross_out(self.run_back(undo), undo)

    def run_back(self, undo: Mobject) -> ParticleCloud:
        """From noise to the shape; the cloud that went there."""
        run, clock = self.walk, ValueTracker(1)
        cloud, one = self.cloud(run, opacity=0.65 * theme.DOT_OPACITY), self.point()
        live = [cloud, one, self.time_of(run), self.slider_of(run)]
        for shown in live:
            shown.show(len(run.steps) - 1)
        record = words("the very noise of that kick, from the record", color=self.look.chance)
        self.beat(
            "rewind: back",
            f"And back? Undo kick after kick, and noise becomes the {self.thing}.",
            FadeIn(*live, undo, self.on_board(record, TOP + undo.height + 0.3)),
            pause=0.5,
        )
        self.on_way(clock, run, *live)
        self.go(clock, 0, 6, cloud, one)
        self.release(*live)
        return cloud

    def cross_out(self, cloud: ParticleCloud, undo: Mobject) -> None:
        """Whoever has no record of the noise cannot undo it."""
        unknown = self.on_board(coloured(FORWARD["unknown"], self.look, LARGE), SECOND)
        nobody = self.on_board(words("a new particle of noise has no record"), SECOND + undo.height + 0.4)
        cross = Cross(cloud, stroke_color=self.look.ink, stroke_width=8, scale_factor=0.85)
        self.beat(
            "rewind: cross",
            "This is only a rewind. How would a particle know the way?",
            FadeIn(unknown, nobody),
        )
        dimmed = cloud.animate(run_time=1.2).set_opacity(theme.TRACE)
        self.play(Create(cross, run_time=1.2), dimmed)
