"""Clocks that count records, and the things that follow them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from manim import Animation, AnimationGroup, Mobject, Scene, Typst, ValueTracker, VMobject, rate_functions

from scenes import theme
from scenes.mobjects.outlines import keep_outlines
from scenes.mobjects.particle_cloud import ParticleCloud


class ClockedScene(Scene):
    """A scene whose things show the record that a clock points at."""

    def clocked(
        self, clock: ValueTracker, *mobjects: Any, moment: Callable[[float], float] = lambda record: record
    ) -> None:
        """Let things show the record that a clock points at, or what `moment` makes of it."""
        for mobject in mobjects:
            mobject.add_updater(lambda shown: shown.show(moment(clock.get_value())), call_updater=True)
            mobject.updaters[-1].only_shows = True

    def release(self, *mobjects: Any) -> None:
        """Let things stand still at what they show, so that they need not be drawn for every frame."""
        for mobject in mobjects:
            mobject.clear_updaters()

    def run_clock(
        self, clock: ValueTracker, record: float, run_time: float, first: float | None = None, *others: Any
    ) -> None:
        """Let a clock run to a record.

        Args:
            clock: counts records.
            record: where it stops.
            run_time: in seconds.
            first: records a second at the start, from which it gains speed evenly; None for an even speed.
            others: animations that play with it.
        """
        even = (record - clock.get_value()) / run_time
        pace = 1.0 if first is None or even <= 0 else min(first / even, 1.0)
        self.play(clock.animate(run_time=run_time, rate_func=gaining(pace)).set_value(record), *others)

    def run_singly(
        self, clock: ValueTracker, record: float, run_time: float, *clouds: ParticleCloud, pulse: float = 0.0
    ) -> None:
        """Let a clock run slowly enough that clouds ease from record to record, and swell where they land."""
        for cloud in clouds:
            cloud.eased, cloud.pulse = True, pulse
        self.run_clock(clock, record, run_time)
        for cloud in clouds:
            cloud.eased, cloud.pulse = False, 0.0

    def setup(self) -> None:
        """Draw, in every frame, what moves, and not with it all that belongs to it."""
        super().setup()
        keep_outlines()
        # Makes a table that Manim's cache looks at, and that would else be there only once something was drawn.
        self.renderer.camera.type_or_raise(VMobject())
        self._in_pieces, self._in_play = False, False
        update_frame = self.renderer.update_frame

        def update(scene: Scene, mobjects: Any = None, include_submobjects: bool = True, **options: Any) -> None:
            if self._in_play and self.renderer.skip_animations:
                return
            if mobjects and self._in_pieces:
                include_submobjects = False
                # What has no points would be drawn with the outline of the one before; an empty list means all.
                mobjects = [m for m in mobjects if m.has_points()] or [Mobject()]
            update_frame(scene, mobjects, include_submobjects=include_submobjects, **options)

        self.renderer.update_frame = update

    def play(self, *animations: Any, **options: Any) -> None:
        """Manim's, but for a picture or two that it draws even of what is skipped or lies in the cache."""
        self._in_play = True
        try:
            super().play(*animations, **options)
        finally:
            self._in_play = False

    def get_moving_and_static_mobjects(
        self, animations: Iterable[Animation]
    ) -> tuple[list[Mobject], list[Mobject]]:
        """Manim's, but for words: only those that are animated are drawn for every frame.

        Manim draws anew all that lies above the lowest thing that moves, and with a chart that follows a clock
        all that is written on it: fifty glyphs for one curve. But words stand over nothing, and nothing over
        them. Where there is an updater of another kind, which may do anything, or a group of animations, all is as
        Manim has it.
        """
        animations = list(animations)
        moving, static = super().get_moving_and_static_mobjects(animations)
        followers = [mobject for mobject in self.get_mobject_family_members() if mobject.updaters]
        clocks_alone = all(hasattr(updater, "only_shows") for mobject in followers for updater in mobject.updaters)
        groups = any(
            isinstance(animation, AnimationGroup) for animation in animations
        )  # may add things on the way
        self._in_pieces = clocks_alone and not groups and not self.foreground_mobjects
        if not self._in_pieces:
            return moving, static
        animated = {part for animation in animations for part in animation.mobject.get_family()}
        active = animated.union(*(mobject.get_family() for mobject in followers))
        written = [m for m in self.get_mobject_family_members() if isinstance(m, Typst)]
        words = {part for word in written for part in word.get_family()}
        others = [m for m in (*static, *moving) if m not in words]
        first = next((i for i, m in enumerate(others) if m in active), len(others))
        spoken = [m for m in (*static, *moving) if m in words]
        moving = others[first:] + [m for m in spoken if m in animated]
        return moving, others[:first] + [m for m in spoken if m not in animated]


def late(kind: type[Animation], *mobjects: Mobject) -> Animation:
    """An animation that begins when what goes away with it is gone, after a third of its time."""
    rate = rate_functions.squish_rate_func(rate_functions.smooth, 1 / 3, 1)
    return kind(*mobjects, run_time=1.5 * theme.FADE, rate_func=rate)


def gaining(first: float) -> Callable[[float], float]:
    """A rate function that starts at the share `first` of the mean speed and gains speed evenly.

    >>> gaining(0.5)(0.5), gaining(1.0)(0.3)
    (0.375, 0.3)
    """

    def rate(t: float) -> float:
        return first * t + (1 - first) * t * t

    return rate
