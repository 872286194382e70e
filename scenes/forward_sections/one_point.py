"""One point of the shape: its first kicks, one of them taken apart, and all of its walk."""

from __future__ import annotations

import numpy as np
from manim import DOWN, LEFT, UP, FadeIn, MathTypst, ValueTracker

from scenes import theme
from scenes.clocks import late
from scenes.formulas import LOG_SNR
from scenes.forward_sections.film import ForwardFilm, Vectors
from scenes.mobjects.step_anatomy import DRIFT_END, NOISE_END, StepAnatomy
from scenes.mobjects.words import mathematics
from scenes.mobjects.zoom_inset import ZoomInset
from scenes.steps import FILL, around, beside_numbers, places_in_words

WALK_SIDE = 4.9
"""Side of the inset in which the first kicks are seen."""
SMALL = 0.03
"""Radius of the held point on the stage, where a square around it is magnified."""
PULSE = 0.6
"""By how much it swells where a kick lands."""


class OnePointSection(ForwardFilm):
    """The question, and the true random walk of one point."""

    def hold_one_point(self) -> None:
        """From the question to the end of the walk.

        Each kick first shrinks the point a little towards the middle and then adds Gaussian noise; the two are
        matched so that data of variance 1 keep it. What is taken apart here is one of the very kicks that were
        just seen, with its numbers. Ask: what would happen without the shrinking? The spread would grow
        without end, and the end would depend on how long one waits. See Sohl-Dickstein et al. (2015) and Ho et
        al. (2020).
        """
        self.ask()
        self.give_first_kicks()
        self.take_one_kick()
        self.walk_on()

    def ask(self) -> None:
        """The question: from these points to those."""
        run = self.walk
        self.ends = [self.cloud(run), self.cloud(run).show(len(run.steps) - 1)]
        self.ends[1].scale(WALK_SIDE / self.zones.stage_side).move_to(self.zones.board_center)
        question = f"How do you turn a {self.thing} into pure noise?"
        self.beat("one point: question", question, FadeIn(self.ends[0]))
        self.play(FadeIn(self.ends[1]))

    def give_first_kicks(self) -> None:
        """One at a time, magnified."""
        run, self.clock, k = self.walk, ValueTracker(0), self.held.record - 1
        self.data = self.density_of(run).set_opacity(self.look.dimmed)
        self.walker, self.t_shown = self.point().set_radius_in_scene(SMALL), self.time_of(run)
        window, center = around(self.parts[0][: k + 1], 0.8), self.zones.board_center + 0.25 * DOWN
        self.inset = ZoomInset(self.walker, window, self.data, self.walker, side=WALK_SIDE, center=center)
        near = self.inset.content(1).set_radius_in_scene(theme.HERO_RADIUS)
        self.beat(
            "one point: kicks",
            "Follow one point: kick it at random, again and again.",
            *(self.fade_away(end, theme.FADE / 2) for end in self.ends),
            late(FadeIn, self.data, self.walker, self.inset, self.t_shown),
            pause=0.8,
        )
        self.clocked(self.clock, self.walker, self.t_shown, near)
        self.run_singly(self.clock, k, 0.3 * k, self.walker, near, pulse=PULSE)
        self.release(self.walker, self.t_shown, near)

    def take_one_kick(self) -> None:
        """The next one, taken apart."""
        end, kick = self.held.record, ValueTracker(0)
        self.magnify([part[end - 1 : end + 1] for part in self.parts])
        self.beat(
            "one point: shrink",
            f"Kick {end}, magnified: first it shrinks a little towards the middle.",
            self.fade_away(self.inset, theme.FADE / 2),
            late(FadeIn, self.closer, self.anatomy, self.kick_rule, *self.rows[:2]),
        )
        self.clocked(kick, self.anatomy)
        self.run_clock(kick, DRIFT_END, 1.4)
        told = FadeIn(*self.rows[2:], self.kick_credit)
        self.beat("one point: noise", "Then chance. This sum is one step of the walk.", told)
        self.run_clock(kick, NOISE_END, 1.2)
        self.clocked(self.clock, self.walker, self.t_shown)
        self.run_clock(kick, 1, 0.8, None, self.clock.animate(run_time=0.8).set_value(end))
        self.release(self.anatomy, self.walker, self.t_shown)

    def magnify(self, parts: list[Vectors]) -> None:
        """The square around a kick, its arrows, and its numbers beside them."""
        (start, _), (_, drift), (_, noise) = parts
        window = around(np.array([start, start + drift, start + drift + noise]), FILL)
        place = beside_numbers(self.zones, float(self.kick_rule.get_bottom()[1]) - 0.4)
        self.closer = ZoomInset(self.walker, window, self.data, **place)
        self.anatomy = StepAnatomy(*parts, place=self.closer, fingerprint=self.walk.hash)
        self.rows, self.kick_credit = self.numbers(parts), self.credit("diffusion.forward_kick")

    def numbers(self, parts: list[Vectors]) -> list[MathTypst]:
        """A kick's numbers, beside its picture."""
        (start, end), (_, drift), (_, noise) = parts
        names = "x_(t-1)", '"shrink"', '"noise"', "x_t"
        colors = self.look.particles, self.look.exact, self.look.chance, self.look.particles
        return places_in_words(names, (start, drift, noise, end), colors, beside=self.closer.frame)

    def walk_on(self) -> None:
        """All of its way, with its trail."""
        run, slider = self.walk, self.slider_of(self.walk)
        curve = self.curve_of(np.linalg.norm(self.parts[0] - self.parts[0][0], axis=1), "distance from its start")
        meaning = mathematics(LOG_SNR, theme.FONT_SMALL, self.look.mute)
        meaning.next_to(slider, UP, buff=0.2, aligned_edge=LEFT)
        for shown in (slider, curve):
            shown.show(self.held.record)
        past = self.closer, self.anatomy, *self.rows, self.kick_credit
        self.beat(
            "one point: walk",
            f"All {run.steps[-1]} of them: a random walk that shrinks a little each time.",
            *(self.fade_away(shown, theme.FADE / 2) for shown in past),
            self.walker.animate(run_time=theme.FADE).set_radius_in_scene(theme.HERO_RADIUS),
            late(FadeIn, slider, meaning, curve),
            pause=0.8,
        )
        self.walker.eased = True
        self.clocked(self.clock, self.walker, self.t_shown, slider, curve)
        self.run_clock(self.clock, run.steps[-1], 5.4, 5)
        self.release(self.walker, self.t_shown, slider, curve)
