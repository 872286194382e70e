"""Reduced motion, for those whom motion makes ill: what moves is seen in stills that fade into each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from manim import Animation, AnimationGroup, FadeIn, FadeOut, Mobject, Transform, ValueTracker, Wait, smooth
from numpy.typing import NDArray

from scenes import theme
from scenes.clocks import ClockedScene

MOTIONS: Final = ("full", "reduced")


@dataclass(frozen=True)
class Stills:
    """The moments of a play, in seconds, at which what moves is seen: its start, its end, and evenly between."""

    duration: float
    count: int  # without the start

    @classmethod
    def of(cls, duration: float) -> Stills:
        """As many as let each stand for as long as any picture should.

        >>> Stills.of(1.0).count, Stills.of(6.0).count
        (1, 4)
        """
        return cls(duration, max(round(duration / theme.SHORTEST_PAUSE), 1))

    def around(self, time: float) -> tuple[float, float, float]:
        """The moments of the still before and of the one after, and the share of the latter in the picture.

        >>> Stills(3.0, 2).around(0.1), Stills(3.0, 2).around(2.25), Stills(3.0, 2).around(2.9)
        ((0.0, 1.5, 0.0), (1.5, 3.0, 0.5), (1.5, 3.0, 1.0))
        """
        step = self.duration / self.count
        number = min(int(time / step), self.count - 1)
        share = (time / step - number - 0.5) * step / min(theme.FADE, step) + 0.5
        return number * step, (number + 1) * step, float(smooth(min(max(share, 0.0), 1.0)))


class StillsScene(ClockedScene):
    """A scene whose `motion` may be reduced.

    Then nothing travels, grows or streams. A play takes its time, and what fades in it fades, but all else is seen
    only at the play's `Stills`, each of which fades into the next. A clock's stills between its start and end are
    whole records, and nothing is eased between two records.
    """

    motion: ClassVar[str] = "full"
    """"reduced" for stills that fade into each other, where the film else moves; captions and times stay."""

    def setup(self) -> None:
        """With reduced motion, let the renderer mix the stills."""
        super().setup()
        if self.motion != "reduced":
            return
        render = self.renderer.render

        def mix(scene: Any, time: float, moving: Iterable[Mobject] | None = None) -> None:
            _, after, share = self._stills.around(time)
            if self.renderer.skip_animations or not 0 < share < 1 or not any(map(is_held, self.animations)):
                return render(scene, time, moving)
            one = self._picture(moving)
            self._show(time, after)
            return self.renderer.add_frame(mixed(one, self._picture(moving), share))

        self.renderer.render = mix

    def compile_animation_data(self, *animations: Any, **options: Any) -> Any:
        """Manim's; with reduced motion, what moves is marked, and with it its key in Manim's cache."""
        compiled = super().compile_animation_data(*animations, **options)
        if self.motion == "reduced":
            self._stills = Stills.of(self.duration)
            for mobject in self.get_mobject_family_members():
                if getattr(mobject, "eased", False):
                    mobject.eased = False
            for animation in filter(moves, self.animations):
                animation.stills = self._stills
        return compiled

    def update_to_time(self, t: float) -> None:
        """Manim's; with reduced motion, what moves is at the still before, or after it has faded, at the next."""
        if self.motion != "reduced":
            return super().update_to_time(t)
        before, after, share = self._stills.around(t)
        return self._show(t, before if share < 1 else after)

    def _show(self, time: float, moment: float) -> None:
        """Show what fades at a time, and what moves at a still's moment."""
        passed, self.last_t = time - self.last_t, time
        for animation in self.animations:
            animation.update_mobjects(passed)
            go_to(animation, min((moment if is_held(animation) else time) / animation.run_time, 1.0))
        self.update_mobjects(passed)
        self.update_meshes(passed)
        self.update_self(passed)

    def _picture(self, moving: Iterable[Mobject] | None) -> NDArray[np.uint8]:
        self.renderer.update_frame(self, moving)
        return np.asarray(self.renderer.get_frame())


def moves(animation: Animation) -> bool:
    """Whether an animation changes a place, form or record, and does not only fade or recolour."""
    if isinstance(animation, Wait):
        return False
    if isinstance(animation, AnimationGroup):
        return any(map(moves, animation.animations))
    if isinstance(animation, (FadeIn, FadeOut)):
        return bool(np.any(animation.shift_vector)) or animation.scale_factor != 1
    if isinstance(animation, Transform):
        before, after = animation.mobject.get_family(), animation.target_mobject.get_family()
        return len(before) != len(after) or not all(map(stay, before, after))
    return True


def stay(one: Mobject, other: Mobject) -> bool:
    """Whether two mobjects have one outline, or show one record in one place."""
    return np.array_equal(one.points, other.points) and getattr(one, "record", 0) == getattr(other, "record", 0)


def is_held(animation: Animation) -> bool:
    """Whether an animation is seen at its play's stills only."""
    return hasattr(animation, "stills")


def go_to(animation: Animation, share: float) -> None:
    """Set an animation to a share of its way; a clock that is held there and goes further than 1, to a whole."""
    animation.interpolate(share)
    clock = animation.mobject
    if is_held(animation) and isinstance(clock, ValueTracker) and 0 < share < 1:
        start, end = animation.starting_mobject.get_value(), animation.target_mobject.get_value()
        if abs(end - start) > 1:
            clock.set_value(float(np.clip(round(clock.get_value()), min(start, end), max(start, end))))


def mixed(one: NDArray[np.uint8], other: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """Two pictures, of which the other has this share."""
    return np.rint(one + share * (other.astype(np.float32) - one)).astype(np.uint8)
