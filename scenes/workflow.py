"""What a set of films is made of, file by file: what the Snakefile needs to know before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final

from manim import config

from diffusion_core.diffusion_recipes import TrainingRecipe
from diffusion_core.errors import DiffusionError, suggestion
from diffusion_core.recipe import Recipe, parameters_of
from scenes import theme as looks
from scenes.films import find_film, usual_films
from scenes.rendering import FORMATS, QUALITY, Order, film_of, key_of, part_of, shares_of
from scenes.storyboard import recipes_of, trajectories

CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "theme": tuple(looks.THEMES), "quality": tuple(QUALITY), "format": FORMATS,
}  # fmt: skip
LISTS: Final = {"theme": "themes", "quality": "qualities", "format": "formats"}
USUAL: Final = {"theme": "dark", "quality": "h", "format": "mp4"}
KEYS: Final = ("films", "scenes", *LISTS.values(), "together", "device")
"""What a set of films may say; `device` is for the trainings' rule alone."""


class WishError(DiffusionError):
    """A set of films that cannot be made."""


def plan(wishes: Mapping[str, Any]) -> dict[str, Any]:
    """All runs, parts and films of a set by their paths: of each, how it is made and what must be there before.

    Args:
        wishes: as in `profiles/example.yaml`.

    Raises:
        WishError: a wish makes no sense, or two films would lie in one file.
        UnknownFilmError: there is no film of a name.
    """
    together = wishes.get("together", 1)
    if not isinstance(together, int) or together < 1:
        raise WishError(f"together = {together!r} sections make no job: choose a whole number from 1 up")
    runs: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    made: dict[str, Any] = {}
    memory: dict[Any, Any] = {}
    for order in orders_of(wishes):
        recipes = recipes_of(find_film(order.scene))
        shown = [_path_of(recipe) for recipe in recipes]
        runs |= {path: _run(recipe) for path, recipe in zip(shown, recipes, strict=True)}
        shares, key = shares_of(order, together), key_of(order, memory)
        drawn = [_named(part_of(order, share, key)) for share in shares]
        common = {"arguments": order.drawn.arguments, "quality": order.quality}
        parts |= {
            path: common | {"sections": share, "after": shown} for path, share in zip(drawn, shares, strict=True)
        }
        film = _named(film_of(order))
        if film in made:
            other = made[film]["arguments"][0]
            raise WishError(f"'{other}' and '{order.scene}' would both be '{film}': rename a file or a scene")
        joined = ["+".join(share) for share in shares]
        made[film] = {"arguments": order.arguments, "shares": joined, "after": drawn}
    media = _named(Path(config.get_dir("media_dir")))
    return {"media": media, "runs": runs, "parts": parts, "films": made}


def orders_of(wishes: Mapping[str, Any]) -> list[Order]:
    """The films that are asked for, each once: those of `films`, and all combinations of the other lists.

    Raises:
        WishError: a wish makes no sense.
    """
    for name in wishes:
        if name not in KEYS:
            raise WishError(f"a set of films has no '{name}': {suggestion(name, KEYS)}")
    orders = [_order(film) for film in _listed(wishes, "films", [])]
    if "scenes" in wishes or "films" not in wishes:
        lists = [_listed(wishes, several, [USUAL[one]]) for one, several in LISTS.items()]
        chosen = product(*lists, _listed(wishes, "scenes", usual_films()))
        names = (*LISTS, "scene")
        orders += [_order(dict(zip(names, values, strict=True))) for values in chosen]
    return list(dict.fromkeys(orders))


def _listed(wishes: Mapping[str, Any], name: str, usual: list[str]) -> list[Any]:
    """A list of the wishes; on Snakemake's command line, `themes=light` is a word."""
    value = wishes.get(name, usual)
    return value if isinstance(value, list) else [value]


def _order(film: Any) -> Order:
    wish = {"scene": film} if isinstance(film, str) else film
    if not isinstance(wish, dict) or not isinstance(wish.get("scene"), str):
        raise WishError(f"{film!r} is no film: say at least {{scene: LangevinScene}}")
    for name in wish:
        if name not in ("scene", *USUAL):
            raise WishError(f"a film has no '{name}': {suggestion(str(name), ('scene', *USUAL))}")
    for name, known in CHOICES.items():
        if name in wish and wish[name] not in known:
            raise WishError(f"there is no {name} '{wish[name]}': choose one of {', '.join(known)}")
    return Order(**USUAL | wish)


def _run(recipe: Recipe) -> dict[str, Any]:
    training = getattr(recipe, "training", None)
    return {
        "recipe": parameters_of(recipe),
        "after": [] if training is None else [_path_of(training)],
        "trains": isinstance(recipe, TrainingRecipe),
        "threads": getattr(recipe if training is None else training, "threads", 1),
    }


def _path_of(recipe: Recipe) -> str:
    return _named(recipe.path(trajectories()))


def _named(path: Path) -> str:
    """A path as all files of a set are named: from the folder that one is in, if it lies there."""
    here, path = Path.cwd(), path.absolute()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
