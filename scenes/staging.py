"""What all films put on their stage, and how it comes and goes."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from manim import DR, FadeIn, FadeOut, Mobject
from numpy.typing import NDArray

from diffusion_core.trajectory import Grid, Trajectory
from scenes import theme
from scenes.base import FilmScene
from scenes.charts import OVERHANG
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.words import words


def densest_place(density: Grid) -> tuple[float, float]:
    """Where a density's grid is largest, in data units."""
    row, column = np.unravel_index(np.argmax(density.values), density.values.shape)
    rows, columns = density.values.shape
    x_min, x_max, y_min, y_max = density.window
    x, y = x_min + (x_max - x_min) * column / (columns - 1), y_min + (y_max - y_min) * row / (rows - 1)
    return float(x), float(y)


class StagingScene(FilmScene):
    """Clouds and single particles of runs, sections that clear the stage, credits."""

    def cloud(self, run: Trajectory, count: int | None = None, **look: Any) -> ParticleCloud:
        """The run's first `count` particles on the stage, at its start."""
        positions = run.positions if count is None else run.positions[:, :count]
        return self.on_stage(ParticleCloud(positions, fingerprint=run.hash, **look))

    def hero(
        self, positions: NDArray[np.floating], fingerprint: str, trail: int = 0, **look: Any
    ) -> ParticleCloud:
        """Particles (records, particles, 2) that are followed one by one: large, with a trail."""
        look = {"radius": theme.HERO_RADIUS, "opacity": 1.0} | look
        return self.on_stage(ParticleCloud(positions, fingerprint=fingerprint, trail=trail, **look))

    def bring(self, mobject: Mobject, opacity: float = 1.0, run_time: float = theme.MOVE) -> Any:
        """An animation after which a thing is there at this opacity, whether or not it was before."""
        if mobject in self.mobjects:
            return mobject.animate(run_time=run_time).set_opacity(opacity)
        return FadeIn(mobject.set_opacity(opacity), run_time=run_time)

    def enter(self, *mobjects: Mobject) -> list[FadeIn]:
        """Animations by which those come that are not there yet."""
        return [FadeIn(mobject) for mobject in mobjects if mobject not in self.mobjects]

    def fade_away(self, mobject: Mobject, run_time: float = theme.FADE) -> FadeOut:
        """An animation after which a thing is gone, and stands still until then."""
        self.release(mobject)
        return FadeOut(mobject, run_time=run_time)

    def leave(self, *keep: Mobject) -> None:
        """Begin a section: once the last caption is read, all fades out but what this section goes on with.

        Not at a section's end, so that a section alone ends on a picture that may stand.
        """
        self.end_beat()
        if self.only is not None:
            self.next_section("between sections", skip_animations=True)
        self.release(*self.mobjects)
        gone = [mobject for mobject in self.mobjects if mobject not in keep]
        if gone:
            self.play(*map(self.fade_away, gone))
        self._caption = None

    def credit(self, name: str) -> Mobject:
        """The name of the code that a section showed, as in "langevin.ula", small, at the board's foot.

        Raises:
            AttributeError: there is no such code.
        """
        module, _, function = name.partition(".")
        getattr(importlib.import_module(f"diffusion_core.{module}"), function.split(".")[0])
        text = words(f'#raw("{name}")', color=self.look.mute)
        return text.move_to([self.zones.board_right, self.zones.board_bottom, 0.0], aligned_edge=DR)

    def curve(
        self, steps: NDArray[np.integer], values: NDArray[np.floating], name: str, top: float, **options: Any
    ) -> LiveCurve:
        """Something measured along a run, (records,) or (records, 1), as wide as the board."""
        made = LiveCurve(steps, values.ravel(), name=name, width=self.zones.board_width - OVERHANG, **options)
        self.on_board(made, top)
        return made

    def at_top_right(self, readout: Any) -> Any:
        """Put a counter or readout at the right of the board's upper edge; it is as wide as it will ever be."""
        corner = np.array([self.zones.board_right, self.zones.board_top, 0.0])
        return readout.show(readout.records - 1).move_to(corner, aligned_edge=[1, 1, 0]).show(0)
