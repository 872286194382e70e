"""Films as slides of manim-slides: they stand still at the end of each section until the speaker goes on.

    from scenes.langevin import LangevinScene
    from scenes.slideshow import Slideshow


    class Talk(Slideshow, LangevinScene):
        pass

`manim-slides render -qh talk.py Talk`, then `manim-slides present Talk`, or `convert Talk talk.html`, and likewise
`.pptx` and `.pdf`. A film that is rendered already becomes slides without being drawn again by
`python -m scenes export LangevinScene --to manim-slides`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from manim import ManimColor, Scene, config, tempconfig

from scenes.base import FilmScene
from scenes.exports.finished import notes_of
from scenes.exports.formats import ExportError
from scenes.output import in_one_line
from scenes.storyboard import Storyboard

with in_one_line():
    try:
        import manim_slides
        from manim_slides.slide.base import BaseSlide
    except ImportError as missing:
        remedy = "pip install 'diffusion-visualizations[lecture]'"
        raise ExportError(f"slides of manim-slides need that library: {remedy}") from missing


class Slide(manim_slides.Slide):
    """`manim_slides.Slide`, whose version 5.7.0 crashes on Manim 0.22; for slides of one's own beside a film's."""

    def __init__(self, **options: Any) -> None:
        # Its own sets `config.write_to_movie`, which is gone: hence past it, to the class above. Its `render` sets
        # how many segments are kept to `inf`, which Manim refuses; and Manim asks for the number here by now.
        with tempconfig({"max_files_cached": -1}):
            super(manim_slides.Slide, self).__init__(**options)

    def render(self, preview: bool = False) -> bool:
        """Render, then write the slides: `slides/NAME.json` and the clips that it names."""
        # Its own asks for `config.flush_cache`, which is gone; and nobody would learn whether to render again.
        again = bool(super(manim_slides.Slide, self).render(preview))
        if self._partial_movie_files:  # a still has none
            self._save_slides(
                use_cache=not (config.disable_caching or self.disable_caching),
                flush_cache=self.flush_cache,
                skip_reversing=self.skip_reversing,
            )
        return again

    @property
    def _background_color(self) -> str:
        # Its own takes it for a ManimColor, but a film's is the string that it was set to.
        return ManimColor(self.camera.background_color).to_hex()


class Slideshow(Slide, FilmScene):
    """A film as slides, one for each section, with what a speaker may say about it. It stands before the film's
    class. `next_slide` may be called in a beat of one's own as well.
    """

    skip_reversing: ClassVar[bool] = True
    """False for clips that run backwards too, by the key V of `manim-slides present`. It takes an encoding more,
    and manim-slides 5.7.0 puts the pieces of a clip of more than four seconds together in the wrong order."""

    # A film opens one of Manim's sections for each beat. Manim-slides would end a slide there, and open a section
    # without a name where a slide ends.
    next_section = Scene.next_section
    next_slide = BaseSlide.next_slide

    def __str__(self) -> str:
        """The name of the slides, which is that of the film: "Talk", or "Talk-light"."""
        return Path(self.renderer.file_writer.output_name).name

    def construct(self) -> None:
        """Tell the film in one process: each of several would leave the slides of its own sections alone."""
        super().construct()

    def tell(self, sections: Storyboard) -> None:
        """Tell sections, each on a slide."""
        notes = notes_of(type(self))
        super().tell({name: partial(self._on_a_slide, notes[name], tell) for name, tell in sections.items()})

    def _on_a_slide(self, notes: str, tell: Callable[[], None]) -> None:
        self.end_beat()  # its pause, too, is on the slide before
        self.next_slide(notes=notes)
        tell()

    def play(self, *animations: Any, **options: Any) -> None:
        """Play, and count what is on the slide: `only` and the option `-n` skip plays, which leave no segment."""
        super().play(*animations, **options)
        self._current_animation = len(self._partial_movie_files)

    @property
    def _start_at_animation_number(self) -> None:
        """None, for skipped plays were never counted."""
        return None
