"""A synthetic earth: numbers in, cube out."""

from faultpick.synth.cube import Cube
from faultpick.synth.recipe import RECIPES, Recipe, find_recipe
from faultpick.synth.synthesis import synthesize

__all__ = ["RECIPES", "Cube", "Recipe", "find_recipe", "synthesize"]
