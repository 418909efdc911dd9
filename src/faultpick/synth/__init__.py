"""A synthetic earth: numbers in, cube out."""

from faultpick.synth.cube import Cube
from faultpick.synth.field_recipe import FIELD, FieldRecipe
from faultpick.synth.recipe import RECIPES, find_recipe
from faultpick.synth.recipe_base import Recipe
from faultpick.synth.synthesis import synthesize
from faultpick.synth.wu2019_recipe import WU2019, WuRecipe

__all__ = [
    "FIELD",
    "RECIPES",
    "WU2019",
    "Cube",
    "FieldRecipe",
    "Recipe",
    "WuRecipe",
    "find_recipe",
    "synthesize",
]
