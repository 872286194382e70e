"""All named experiments by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from diffusion_core.diffusion_recipes import DIFFUSION, DiffusionRecipe, TrainingRecipe
from diffusion_core.errors import RecipeError, suggestion
from diffusion_core.langevin_recipes import LANGEVIN, LangevinRecipe
from diffusion_core.recipe import Recipe

RECIPES: dict[str, Recipe] = {**LANGEVIN, **DIFFUSION}
_KINDS: tuple[type[Recipe], ...] = (LangevinRecipe, TrainingRecipe, DiffusionRecipe)


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
