"""What a synthetic earth is drawn from: named recipes."""

from faultpick.errors import ConfigError, suggestion
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
        hint = suggestion(name, RECIPES)
        raise ConfigError(f"No recipe is called {name!r}: {hint}Choose one of {', '.join(sorted(RECIPES))}.")
    return RECIPES[name]
