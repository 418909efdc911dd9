import pytest
from pydantic import ValidationError

from faultpick.errors import ConfigError
from faultpick.synth import FIELD, RECIPES, WU2019, WuRecipe, find_recipe


def test_recipes_are_found_by_their_name():
    assert WU2019 is RECIPES["wu2019-v1"]
    assert all(name == recipe.name for name, recipe in RECIPES.items())


@pytest.mark.parametrize(
    ("name", "hint"), [("wu2109", "did you mean 'wu2019-v1'"), ("xyz", "Choose one of field, wu2019-v1")]
)
def test_an_unknown_name_is_refused_with_the_nearest_one(name, hint):
    with pytest.raises(ConfigError, match=hint):
        find_recipe(name)


def test_the_name_of_before_still_means_the_frozen_recipe():
    assert find_recipe("wu2019") is WU2019
    written_before = WU2019.model_dump() | {"name": "wu2019"}
    assert WuRecipe.model_validate(written_before) == WU2019


def test_a_recipe_survives_json():
    for recipe in RECIPES.values():
        assert type(recipe).model_validate_json(recipe.model_dump_json()) == recipe


def test_a_recipe_takes_no_unknown_field_and_does_not_change():
    recipe = WU2019
    with pytest.raises(ValidationError):
        WuRecipe.model_validate(recipe.model_dump() | {"salt": 1})
    with pytest.raises(ValidationError):
        recipe.patch = 0.1  # pyright: ignore[reportAttributeAccessIssue]


def ranges(values):
    """All pairs of numbers in a recipe and its groups."""
    for value in values.values():
        if isinstance(value, dict):
            yield from ranges(value)
        elif isinstance(value, tuple):
            yield value


@pytest.mark.parametrize("name", RECIPES)
def test_ranges_go_from_low_to_high(name):
    for low, high in ranges(find_recipe(name).model_dump()):
        assert low <= high


def test_kinds_of_slip_are_shares_of_a_whole():
    assert 0 <= WU2019.patch + WU2019.linear <= 1


@pytest.mark.parametrize(
    ("groups", "place"),
    [
        ({"imaging": {"slat": 0.0}}, "imaging.slat"),
        ({"imaging": {"salt": 7.0}}, "imaging.salt"),
        ({"weather": {"rain": 1.0}}, "weather"),
    ],
)
def test_parts_that_a_recipe_does_not_have_are_refused(groups, place):
    with pytest.raises(ConfigError, match=place):
        FIELD.with_parts(groups)
