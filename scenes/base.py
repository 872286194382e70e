"""The frame that all films share: zones, beats with their captions, durations, and how a film finds its run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np
from manim import (
    UL,
    Animation,
    FadeIn,
    FadeOut,
    ManimColor,
    Mobject,
    Typst,
    Wait,
    config,
    logger,
    tempconfig,
)
from typst import TypstError

from diffusion_core.errors import suggestion
from diffusion_core.observation import WINDOW, verdict
from diffusion_core.trajectory import Trajectory
from scenes import theme as looks
from scenes.attributes import misspelt
from scenes.clocks import late
from scenes.mobjects.caption import Caption
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.raster import Window
from scenes.mobjects.words import plain
from scenes.motion import MOTIONS, StillsScene
from scenes.output import in_one_line, straight
from scenes.record import beat_of
from scenes.storyboard import FilmError, StoryboardScene
from scenes.zones import MARGIN, zones

TICK: Final = 1 / 15
"""Every duration is a multiple of it, so that captions keep their times at 15, 30 and 60 frames a second."""


LONGEST: Final = 70
"""Characters of the longest caption that fits."""


class FilmScene(StillsScene, StoryboardScene):
    """A film in beats. Subclass it, change an attribute, render.

    `storyboard` lists the sections, each a method of beats that open with `beat`; a scene of one section may have
    a `construct` instead.
    """

    theme: ClassVar[str | None] = None
    """A name of `scenes.theme.THEMES`; None for that of the environment variable DIFFUSION_THEME, or dark."""
    pace: ClassVar[float] = 1.0
    """2 plays twice as fast, 0.5 takes twice the time, pauses for reading included."""
    captions: ClassVar[bool | Mapping[str, str]] = True
    """False for none, and the stage takes their room; or own words for the beats of these names."""

    def __init__(self, **kwargs: Any) -> None:
        with in_one_line():
            self._refuse_nonsense()
            name = looks.choose(self.theme)
        # Films in another theme lie beside those in the default one.
        other = {} if name == "dark" or config.output_file else {"output_file": f"{type(self).__name__}-{name}"}
        with tempconfig(other):
            super().__init__(**kwargs)

    def _refuse_nonsense(self) -> None:
        if not (isinstance(self.pace, (int, float)) and 0 < self.pace < float("inf")):
            raise FilmError(f"a pace of {self.pace!r} plays no film: choose a number above 0, such as 0.5")
        if self.motion not in MOTIONS:
            raise FilmError(f"there is no motion {self.motion!r}: {suggestion(str(self.motion), MOTIONS)}")
        if not isinstance(self.only, (str, type(None))):
            raise FilmError(f"only takes the name of a section or of a beat, not {self.only!r}")
        if not isinstance(self.captions, (bool, Mapping)):
            raise FilmError(f"captions are True, False or a table of beats and words, not {self.captions!r}")

    def setup(self) -> None:
        """Take the theme's paper and start without a caption."""
        super().setup()
        looks.choose(self.theme)
        self.look = looks.theme()
        self.camera.background_color = self.look.paper
        if self.camera.background_opacity < 1:
            self._write_straight_alpha()
        for name, meant in misspelt(type(self)).items():
            logger.warning(f"there is no attribute '{name}': did you mean '{meant}'?")
        self.zones = zones(bool(self.captions))
        self.beats: list[str] = []
        self._caption: Mobject | None = None
        self._words, self._pause, self._poster = "", looks.SHORTEST_PAUSE, False
        self._start, self._said_at, self._still_since = 0.0, 0.0, 0.0

    def _write_straight_alpha(self) -> None:
        """Let a transparent film hold each colour as it is, and beside it how much of it is there.

        Manim hands over what Cairo left: colours times their alpha, on top of the paper's that is not there.
        Players and slides expect neither.
        """
        writer, paper = self.renderer.file_writer, np.array(ManimColor(self.look.paper).to_int_rgb(), float)
        write_frame, save_image = writer.write_frame, writer.save_image
        writer.write_frame = lambda pixels, **options: write_frame(straight(pixels, paper), **options)
        writer.save_image = lambda pixels: save_image(straight(pixels, paper))

    def tear_down(self) -> None:
        """End the last beat, and tell the user of names that no beat has."""
        if not self._unfinished:  # else whoever draws the next section also draws its end, and knows all beats
            self.end_beat()
            self._tell_of_unknown_beats()
        looks.choose(None)  # it holds for this film alone

    def _tell_of_unknown_beats(self) -> None:
        own = self.captions if isinstance(self.captions, Mapping) else {}
        for name in own.keys() - set(self.beats):
            logger.warning(f"captions: there is no beat '{name}': {suggestion(name, self.beats)}")
        if self.only and self.beats and not any(self._is_wanted(name) for name in self.beats):
            sections = dict.fromkeys(name.partition(":")[0] for name in self.beats)
            known = [*sections, *self.beats]
            raise FilmError(f"only: there is no beat '{self.only}': {suggestion(self.only, known)}")

    def render(self, preview: bool = False) -> bool:
        """Render; under the `manim` command our own errors end in one line instead of a traceback."""
        with in_one_line():
            return super().render(preview)

    # Time.

    def compile_animations(self, *animations: Any, **options: Any) -> list[Animation]:
        """Manim's, at this film's pace."""
        compiled = super().compile_animations(*animations, **options)
        for animation in compiled:
            animation.run_time /= self.pace
        return compiled

    def get_run_time(self, animations: list[Animation]) -> float:
        """Manim's, in whole ticks, and at least one.

        Manim counts a play's frames by rounding up and a still's by rounding down; where a duration is a
        whole number of frames but for the last digit, each would be a frame off. Hence a hair less or more.
        """
        longest = max(animation.run_time for animation in animations)
        whole = max(round(longest / TICK), 1) * TICK
        still = isinstance(animations[0], Wait) and not self.should_update_mobjects()
        return whole + 1e-7 if still else whole - 1e-7

    def play(self, *animations: Any, **options: Any) -> None:
        """Play; what `only` skips takes no time.

        A skipped or cached play is ticked once, a hair before its end, and its updaters not again.
        """
        before = self.renderer.time
        super().play(*animations, **options)
        self.update_mobjects(0)
        if self._skips:
            self.renderer.time = before
        if not isinstance(self.animations[0], Wait):
            self._still_since = self.renderer.time

    def _is_wanted(self, name: str) -> bool:
        return self.only is None or name == self.only or name.startswith(f"{self.only}: ")

    # Beats.

    def beat(
        self, name: str, caption: str, *animations: Any, pause: float = looks.SHORTEST_PAUSE, poster: bool = False
    ) -> None:
        """End the beat before, open the next, and change the caption while `animations` play.

        Args:
            name: of the section that Manim cuts here, as in "one step: climb"; what stands before the colon
                is the section of the film that the beat belongs to.
            caption: one line of Typst markup that says what to see, at most 70 characters.
            animations: what starts with the caption.
            pause: seconds that the picture stands, at least, after the beat's last motion.
            poster: whether the beat's last picture stands for its section in posters, decks and handouts.
        """
        self.end_beat()
        self.beats.append(name)
        self.next_section(name, skip_animations=not self._is_wanted(name))
        self._start, self._pause, self._poster = self.renderer.time, pause, poster
        own = self.captions.get(name, caption) if isinstance(self.captions, Mapping) else caption
        self._say(own if self.captions else "", plain(own), *animations)

    def end_beat(self) -> None:
        """Stand still for the beat's pause or until its caption is read; hand it to the subtitles."""
        if not self._words:
            return
        unread = looks.reading_time(self._words) / self.pace - (self.renderer.time - self._said_at)
        unrested = self._pause / self.pace - (self.renderer.time - self._still_since)
        self.rest(max(unread, unrested))
        if self._draws:
            # In whole ticks: the clock's last digits depend on what was drawn and what lay in the cache.
            start, end = (round(time / TICK) * TICK for time in (self._start, self.renderer.time))
            self.add_subcaption(self._words, end - start, start - self.renderer.time)
            self._record(start, end)
        self._words = ""

    def _record(self, start: float, end: float) -> None:
        """Hand the beat, with the formulas and credits that are there at its end, to the film's record."""
        written = [
            part.typst_code
            for mobject in self.mobjects
            for part in mobject.get_family()
            if isinstance(part, Typst)
        ]
        beat = beat_of(self.beats[-1], round(start, 6), round(end, 6), self._words, written, self._poster)
        self.renderer.file_writer.beats.append(beat)

    def rest(self, seconds: float) -> None:
        """Stand still for so long on screen, in whole ticks rounded up."""
        ticks = math.ceil(seconds / TICK - 1e-3)  # the clock's last digits depend on the frame rate
        if ticks > 0:
            self.wait(ticks * TICK * self.pace)

    def _say(self, caption: str, spoken: str, *animations: Any) -> None:
        change = [FadeOut(self._caption, run_time=looks.FADE / 2)] if self._caption is not None else []
        self._caption = None
        if caption:
            line = self._written(caption, spoken)
            change.append(late(FadeIn, line) if change else FadeIn(line, run_time=looks.FADE))
            self._caption = line
        self._words, self._said_at = spoken, self.renderer.time
        if change or animations:
            self.play(*change, *animations)

    def _written(self, caption: str, spoken: str) -> Caption:
        if len(spoken) > LONGEST:
            logger.warning(f"captions: '{spoken}' has more than {LONGEST} characters, and is written smaller")
        try:
            return Caption(caption, width=config.frame_width - 2 * MARGIN, center=self.zones.caption_center)
        except TypstError as error:
            raise FilmError(
                f"the caption {caption!r} is no Typst markup: write \\$, \\# and \\* for the signs themselves"
            ) from error

    # Places.

    def on_stage(self, mobject: Mobject) -> Mobject:
        """Put something whose data window is the whole stage in its place."""
        return mobject.scale(self.zones.stage_side / (2 * WINDOW)).move_to(self.zones.stage_center)

    def density_of(self, run: Trajectory, grid: str = "density") -> DensityMap:
        """A density that a run holds, on the stage, beneath all else."""
        values, window = run.grids[grid]
        made = self.on_stage(DensityMap(values, Window(*window), fingerprint=run.hash))
        return made.set_z_index(-2)

    def on_board(self, mobject: Mobject, top: float = 0.0) -> Mobject:
        """Put something at the left of the board, its upper edge `top` below the board's; never wider."""
        if mobject.width > self.zones.board_width:
            mobject.scale_to_fit_width(self.zones.board_width)
        corner = np.array([self.zones.board_left, self.zones.board_top - top, 0.0])
        return mobject.move_to(corner, aligned_edge=UL)

    # Runs.

    def settled(self, trajectory: Trajectory) -> bool:
        """Whether the run reached its target; if not, the user is told so, and a caption must not claim it."""
        judged = verdict(trajectory)
        if not judged.settled:
            logger.warning(judged.sentence)
        return judged.settled
