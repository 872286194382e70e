"""The frame that all films share: zones, captions, sections, and how a scene finds its trajectory."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import click
import numpy as np
from manim import UL, FadeIn, FadeOut, Mobject, Scene, Succession, config, logger

from diffusion_core.compute import load_or_compute
from diffusion_core.errors import DiffusionError
from diffusion_core.observation import verdict
from diffusion_core.recipes import LangevinRecipe, find_recipe
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.mobjects.words import words

MARGIN = 0.4
STAGE_SIDE = 6.3
STAGE_CENTER = np.array([-14.22 / 2 + MARGIN + STAGE_SIDE / 2, 4 - MARGIN - STAGE_SIDE / 2, 0.0])
BOARD_LEFT = 0.6
BOARD_RIGHT = np.array([14.22 / 2 - MARGIN, 0.0, 0.0])
BOARD_WIDTH = BOARD_RIGHT[0] - BOARD_LEFT
CAPTION_CENTER = np.array([0.0, -3.35, 0.0])


class FilmScene(Scene):
    """A film of a Langevin run. Subclass it, change an attribute, render:

    >>> class Mine(FilmScene):
    ...     target = "my_logo.png"
    ...     particles = 2000

    A scene reads like a storyboard: `construct` lists the beats, each opened by `beat`.
    """

    target: ClassVar[str] = "smiley"
    """A name of `diffusion_core.shapes.TARGETS`, or the path of a picture or a CSV of points."""
    particles: ClassVar[int] = 5000
    steps: ClassVar[int] = 6000
    step_size: ClassVar[float] = 0.001
    sampler: ClassVar[str] = "ula"
    seed: ClassVar[int] = 0

    def setup(self) -> None:
        """Take the theme's paper and start without a caption."""
        self.theme = theme.theme()
        self.camera.background_color = self.theme.paper
        self._caption: Mobject | None = None
        self._caption_text, self._caption_age = "", 0.0

    def render(self, preview: bool = False) -> bool:
        """Render; under the `manim` command our own errors end in one line instead of a traceback."""
        try:
            return super().render(preview)
        except DiffusionError as error:
            # Manim prints fifty lines for every exception but one for SystemExit. In notebooks and tests
            # nobody has typed a command, and the exception is of more use.
            if click.get_current_context(silent=True) is None:
                raise
            raise SystemExit(f"manim: {error}") from error

    def play(self, *animations: Any, **options: Any) -> None:
        """Play, and remember how long the caption has been there.

        Not by the renderer's clock: it counts frames where it draws and seconds where it takes them from the
        cache, so that pauses would come out of different lengths.
        """
        super().play(*animations, **options)
        self._caption_age += self.duration

    def recipe(self, name: str, **changes: Any) -> LangevinRecipe:
        """The named recipe with this scene's target, particles and seed, and further changes.

        Another target or sampler gives it another name: "my_logo-mala" instead of "smiley-ula".
        """
        common = {"target": str(self.target), "particles": self.particles, "seed": self.seed}
        base = find_recipe(name)
        if common["target"] != base.target:
            common["options"] = {}  # they belong to the recipe's own target
        changed = dataclasses.replace(base, **(common | changes))
        if (changed.target, changed.sampler) != (base.target, base.sampler):
            changed = dataclasses.replace(changed, name=f"{Path(changed.target).stem}-{changed.sampler}")
        return changed

    def trajectory(self, recipe: LangevinRecipe) -> Trajectory:
        """The recipe's trajectory, computed on the first call and found under `media/trajectories` after it."""
        return load_or_compute(recipe, config.get_dir("media_dir") / "trajectories")

    def settled(self, trajectory: Trajectory) -> bool:
        """Whether the run reached its target; if not, the user is told so, and a caption must not claim it."""
        judged = verdict(trajectory)
        if not judged.settled:
            logger.warning(judged.sentence)
        return judged.settled

    def beat(self, name: str, caption: str, *others: Any) -> None:
        """Open a section and change the caption, while the animations `others` play.

        Args:
            name: of the section, for `--save_sections`.
            caption: one line of Typst markup that says what to see; at most 70 characters.
            others: animations that start with the caption.
        """
        self.next_section(name)
        self.say(caption, *others)

    def say(self, caption: str, *others: Any) -> None:
        """Change the caption within a beat, while the animations `others` play."""
        line = words(caption, theme.FONT_BODY).move_to(CAPTION_CENTER)
        if line.width > config.frame_width - 2 * MARGIN:
            line.scale_to_fit_width(config.frame_width - 2 * MARGIN)
        change = [FadeIn(line, run_time=theme.FADE)]
        if self._caption is not None:
            change.insert(0, FadeOut(self._caption, run_time=theme.FADE / 2))
        self._caption, self._caption_text, self._caption_age = line, caption, 0.0
        self.play(Succession(*change), *others)

    def pause_to_read(self) -> None:
        """Stand still as long as the caption still takes to be read."""
        left = theme.reading_time(self._caption_text) - self._caption_age
        self.wait(max(round(left * 15), 15) / 15)  # fifteenths: the same at every frame rate

    def on_stage(self, mobject: Mobject) -> Mobject:
        """Put something whose data window is the whole stage in its place."""
        return mobject.move_to(STAGE_CENTER)

    def on_board(self, mobject: Mobject, top: float) -> Mobject:
        """Put something at the left of the board, its upper edge `top` below the stage's; never wider."""
        if mobject.width > BOARD_WIDTH:
            mobject.scale_to_fit_width(BOARD_WIDTH)
        corner = np.array([BOARD_LEFT, STAGE_CENTER[1] + STAGE_SIDE / 2 - top, 0.0])
        return mobject.move_to(corner, aligned_edge=UL)
