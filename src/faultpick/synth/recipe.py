"""What a synthetic earth is drawn from: named recipes."""

import difflib

from faultpick.errors import ConfigError
from faultpick.synth.field_recipe import FIELD
from faultpick.synth.recipe_base import ALIASES, Recipe
from faultpick.synth.wu2019_recipe import WU2019

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (WU2019, FIELD)}


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`, or that was once called so.

    Raises:
        ConfigError: No recipe has this name.
    """
    name = ALIASES.get(name, name)
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"No recipe is called {name!r}: {hint}Choose one of {', '.join(sorted(RECIPES))}.")
    return RECIPES[name]
