"""A synthetic earth: numbers in, cube out."""

from faultpick.synth.cube import Cube, synthesize
from faultpick.synth.recipe import RECIPES, Recipe, find_recipe

__all__ = ["RECIPES", "Cube", "Recipe", "find_recipe", "synthesize"]
