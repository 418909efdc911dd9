import pytest
from pydantic import ValidationError

from faultpick.errors import ConfigError
from faultpick.synth import RECIPES, Recipe, find_recipe


def test_recipes_are_found_by_their_name():
    assert find_recipe("wu2019-v1") is RECIPES["wu2019-v1"]
    assert all(name == recipe.name for name, recipe in RECIPES.items())


@pytest.mark.parametrize(
    ("name", "hint"), [("wu2109", "did you mean 'wu2019-v1'"), ("xyz", "Choose one of wu2019-v1")]
)
def test_an_unknown_name_is_refused_with_the_nearest_one(name, hint):
    with pytest.raises(ConfigError, match=hint):
        find_recipe(name)


def test_the_name_of_before_still_means_the_frozen_recipe():
    recipe = find_recipe("wu2019")
    assert recipe is find_recipe("wu2019-v1")
    written_before = recipe.model_dump() | {"name": "wu2019"}
    assert Recipe.model_validate(written_before) == recipe


def test_a_recipe_survives_json():
    recipe = find_recipe("wu2019-v1")
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_a_recipe_takes_no_unknown_field_and_does_not_change():
    recipe = find_recipe("wu2019-v1")
    with pytest.raises(ValidationError):
        Recipe.model_validate(recipe.model_dump() | {"salt": 1})
    with pytest.raises(ValidationError):
        recipe.patch = 0.1  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("name", RECIPES)
def test_ranges_go_from_low_to_high(name):
    values = find_recipe(name).model_dump()
    for value in values.values():
        if isinstance(value, tuple):
            assert value[0] <= value[1]
    assert 0 <= values["patch"] + values["linear"] <= 1
