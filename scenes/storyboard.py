"""A film as a list of sections, which of them a process draws, and the runs that they show."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

from manim import Camera, config, tempconfig
from manim.constants import RendererType
from manim.renderer.cairo_renderer import CairoRenderer

from diffusion_core.compute import load_or_compute
from diffusion_core.errors import DiffusionError, suggestion
from diffusion_core.recipe import Recipe
from diffusion_core.trajectory import Trajectory
from scenes.clocks import ClockedScene
from scenes.encoding import encoder_options
from scenes.film_writer import FilmWriter
from scenes.record import origin_of

Storyboard = Mapping[str, Callable[[], None]]
"""Sections by their names, in order."""


class FilmError(DiffusionError):
    """An attribute of a film that makes no sense."""


class StoryboardScene(ClockedScene):
    """A scene that is told in sections; several processes may each draw some of them."""

    only: ClassVar[str | None] = None
    """The beat, or the section, that is rendered; everything else is skipped. For drafts."""
    share: Collection[str] | None = None
    """Sections that this process draws of the whole film. It goes through those before them without drawing, so
    that their things stand where they left them, and does not come to those after them. See `scenes.rendering`."""

    def __init__(self, **kwargs: Any) -> None:
        if config.renderer == RendererType.CAIRO and kwargs.get("renderer") is None:
            camera, skips = kwargs.get("camera_class", Camera), kwargs.get("skip_animations", False)
            kwargs["renderer"] = CairoRenderer(FilmWriter, camera_class=camera, skip_animations=skips)
        with tempconfig({"video_encoder_options": encoder_options()}):
            super().__init__(**kwargs)
        self.renderer.file_writer.origin = self.origin
        self._unfinished = False
        self._asked: dict[str, Recipe] = {}

    def origin(self) -> dict[str, Any]:
        """What the film is made from, for its record."""
        recipes = {recipe.key: recipe for recipe in recipes_of(type(self))} | self._asked
        return origin_of(type(self), [(recipe, recipe.path(trajectories())) for recipe in recipes.values()])

    # Sections.

    def storyboard(self) -> Storyboard:
        """The film's sections; none where a scene has a `construct` of its own."""
        return {}

    def construct(self) -> None:
        """Tell the storyboard."""
        self.tell(self.storyboard())

    def tell(self, sections: Storyboard) -> None:
        """Tell sections one after the other; with `only`, that one alone, and nothing for the others is computed.

        Raises:
            FilmError: `only` or `share` names a section that is none of them.
        """
        wanted = None if self.only is None else self.only.partition(":")[0]
        for asked, names in (("only", [wanted] if wanted is not None else []), ("share", self.share or [])):
            for name in names:
                if name not in sections:
                    raise FilmError(f"{asked}: there is no section '{name}': {suggestion(name, sections)}")
        left = set(sections if self.share is None else self.share)
        for name, section in sections.items():
            self._unfinished = not left
            if self._unfinished:
                break
            if self.share is not None:
                self.renderer._original_skipping_status = name not in left
            left.discard(name)
            if wanted in (None, name):
                section()

    @property
    def _skips(self) -> bool:
        """Whether `only` leaves out what is played now."""
        return bool(self.renderer.file_writer.sections[-1].skip_animations)

    @property
    def _draws(self) -> bool:
        """Whether what is played now is drawn, or was before, and is part of the film."""
        return not (self._skips or (self.share is not None and self.renderer._original_skipping_status))

    # Runs.

    def runs(self) -> Collection[Any]:
        """All runs that the film shows, for those who want them computed before it is drawn; see `recipes_of`."""
        return ()

    def trajectory(self, recipe: Recipe) -> Trajectory:
        """The recipe's trajectory, computed on the first call and found under `media/trajectories` after it."""
        self._asked[recipe.key] = recipe
        return load_or_compute(recipe, trajectories())


def trajectories() -> Path:
    """The folder of all runs."""
    return Path(config.get_dir("media_dir")) / "trajectories"


def recipes_of(kind: type[StoryboardScene]) -> list[Recipe]:
    """The recipes of a film's runs, those of their networks before them; nothing is computed."""
    asked: dict[str, Recipe] = {}

    def note(recipe: Recipe) -> None:
        training = getattr(recipe, "training", None)
        for needed in filter(None, (training, recipe)):
            asked.setdefault(needed.key, needed)

    film = kind.__new__(kind)
    film.trajectory = note  # type: ignore[method-assign, assignment]
    film.runs()
    return list(asked.values())
