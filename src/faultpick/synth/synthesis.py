"""From a seed and a recipe to a cube."""

from faultpick.errors import ConfigError
from faultpick.synth import field, wu2019
from faultpick.synth.cube import Cube, check_request
from faultpick.synth.field_recipe import FieldRecipe
from faultpick.synth.recipe import Recipe, find_recipe
from faultpick.synth.wu2019_recipe import WuRecipe


def synthesize(
    seed: int, recipe: str | Recipe = "wu2019-v1", shape: tuple[int, int, int] = (128, 128, 128)
) -> Cube:
    """A cube of `shape` voxels; the same seed, recipe and shape give the same cube on any machine.

    Raises:
        ConfigError: No recipe has this name, or the seed or the shape makes no sense.
    """
    check_request(seed, shape)
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
    match recipe:
        case WuRecipe():
            return wu2019.make_cube(seed, recipe, shape)
        case FieldRecipe():
            return field.make_cube(seed, recipe, shape)
        case _:
            raise ConfigError(f"No earth is made from a {type(recipe).__name__}: choose a named recipe.")
