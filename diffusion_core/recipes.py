"""All named experiments by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from diffusion_core.diffusion_recipes import DiffusionRecipe, TrainingRecipe
from diffusion_core.errors import RecipeError, suggestion
from diffusion_core.forward_recipes import ForwardRecipe
from diffusion_core.langevin_recipes import LANGEVIN, LangevinRecipe
from diffusion_core.recipe import Recipe

_SPIRAL = TrainingRecipe(
    "spiral-net", "a network that denoises the spiral, trained fast", "spiral", levels=(-1.6, 1.3), iterations=3000
)
_PLAIN = TrainingRecipe(
    "spiral-plain-net", "the same by plain DDPM: name the noise at a random t", "spiral", iterations=20_000,
    prediction="epsilon", levels=None, emphasis=0.0, group=1, waves=0, learning_rate=0.001, batch=256,
    checkpoints=40,
)  # fmt: skip
_DINOSAUR = TrainingRecipe("dinosaur-net", "a network that denoises the dinosaur, trained fast", "dinosaur")
_DIFFUSION: tuple[Recipe, ...] = (
    _SPIRAL,
    _PLAIN,
    _DINOSAUR,
    DiffusionRecipe("spiral-exact", "noise becomes the spiral along its exact score: DDPM, 1,000 steps"),
    DiffusionRecipe("spiral-ddpm", "the same along the learned score", training=_SPIRAL),
    DiffusionRecipe("spiral-plain", "the same along the score that plain DDPM has learned", training=_PLAIN),
    DiffusionRecipe(
        "spiral-flow", "the same without noise: the probability flow, 50 steps of DDIM",
        training=_SPIRAL, sampler="ddim", taken=50,
    ),
    DiffusionRecipe("dinosaur-ddpm", "a standard Gaussian becomes the dinosaur", training=_DINOSAUR),
    DiffusionRecipe(
        "dinosaur-million", "the same with a million particles, in 200 steps, each recorded",
        training=_DINOSAUR, taken=200, records=201, particles=1_000_000,
    ),
    DiffusionRecipe(
        "spiral-noise-on", "DDPM in 200 steps, and where the first point may come from",
        training=_SPIRAL, taken=200, points=400,
    ),
    DiffusionRecipe(
        "spiral-noise-off", "the same with the noise left out: it collapses",
        training=_SPIRAL, taken=200, sampler="ancestral-mean",
    ),
    DiffusionRecipe(
        "spiral-one-jump", "from noise to the first guess in one step", training=_SPIRAL, taken=1, sampler="ddim",
    ),
)  # fmt: skip
_POINTS: dict[str, Any] = {
    "points": 400, "place": (2.0, -1.8), "particles": 2000,
    "schedule": "log-linear", "schedule_options": {"least": 0.05, "largest": 8.0},
}  # fmt: skip
_FORWARD: tuple[Recipe, ...] = (
    ForwardRecipe("spiral-forward", "the spiral dissolves, kick by kick"),
    ForwardRecipe("spiral-jumps", "the same in one jump to each t", process="jumps"),
    ForwardRecipe(
        "spiral-points", "400 points under noise, and their exact score", process="jumps",
        **_POINTS,
    ),
    ForwardRecipe(
        "spiral-guesses", "the best guesses of the clean points for the same",
        process="guesses", **_POINTS,
    ),
    ForwardRecipe("dinosaur-forward", "the dinosaur dissolves, from a true sample", "dinosaur"),
)  # fmt: skip

RECIPES: dict[str, Recipe] = LANGEVIN | {recipe.name: recipe for recipe in (*_DIFFUSION, *_FORWARD)}
_KINDS: tuple[type[Recipe], ...] = (LangevinRecipe, TrainingRecipe, DiffusionRecipe, ForwardRecipe)


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        RecipeError: there is none; the message suggests the nearest.
    """
    if name not in RECIPES:
        raise RecipeError(f"there is no recipe '{name}': {suggestion(name, RECIPES)}")
    return RECIPES[name]


def recipe_of(parameters: Mapping[str, Any]) -> Recipe:
    """The recipe of which a record holds the parameters.

    Raises:
        RecipeError: they are those of no recipe of this version.
    """
    for kind in _KINDS:
        if {field.name for field in fields(kind)} == set(parameters):
            return kind(**parameters)
    raise RecipeError("it was not made by a recipe of this version: nothing to compare it with")
