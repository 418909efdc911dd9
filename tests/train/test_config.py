import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from faultpick.errors import ConfigError
from faultpick.train.config import Budget, TrainConfig, differences, read_config, verify
from faultpick.train.config import read as read_settings
from faultpick.train.distill import DistillConfig, verify_distillation
from faultpick.train.schema import describe

HEAD = 'name = "model"\nnetwork = "unet_res2"\n'
BUDGET = "[budget]\nsteps = 3\n"
CONFIGS = sorted((Path(__file__).parents[2] / "configs").rglob("*.toml"))


def read(tmp_path: Path, text: str) -> TrainConfig:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return read_config(path)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_configs_of_the_project_are_read(path: Path):
    if "[teacher]" in path.read_text():
        config = read_settings(path, DistillConfig, verify_distillation)
    else:
        config = read_config(path)
    assert config.name in (path.stem, path.parent.name)


def test_values_arrive_and_the_rest_has_defaults(tmp_path: Path):
    config = read(
        tmp_path, HEAD + BUDGET + "[data]\ncrop = [32, 32, 48]\n[loss]\nname = 'dice'\nsettings = {beta = 2}"
    )

    assert config.data.crop == (32, 32, 48)
    assert config.loss.settings == {"beta": 2.0}
    assert config.data.batch == TrainConfig.model_fields["data"].get_default(call_default_factory=True).batch


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD, "setting 'budget' is missing."),
        (HEAD + "[budget]", "setting 'budget': give either steps or minutes."),
        (HEAD + "[budget]\nsteps = 3\nminutes = 2", "setting 'budget': give either steps or minutes."),
        (HEAD + "treads = 1\n" + BUDGET, "there is no setting 'treads': did you mean 'threads'?"),
        (
            'name = "model"\nnetwrok = "x"\n' + BUDGET,
            "there is no setting 'netwrok': did you mean 'network'?",
        ),
        (HEAD + BUDGET + "[data]\ncrops = 3", "there is no setting 'data.crops': did you mean 'crop'?"),
        (HEAD + BUDGET + "[loss]\nzzz = 3", "there is no setting 'loss.zzz': known here: name, settings."),
        (HEAD + BUDGET + "[data]\ncubes = '200'", "setting 'data.cubes' must be a whole number, not '200'."),
        (HEAD + BUDGET + "[data]\ncubes = true", "setting 'data.cubes' must be a whole number, not True."),
        (HEAD + BUDGET + "[data]\ncubes = 2.5", "setting 'data.cubes' must be a whole number, not 2.5."),
        (HEAD + BUDGET + "[data]\ncrop = [64, 64]", "setting 'data.crop.2' is missing."),
        (
            HEAD + BUDGET + "[data]\nbatch = 0",
            "setting 'data.batch' must be greater than or equal to 1, not 0.",
        ),
        (HEAD + BUDGET + "[data]\nfolder = 'x'", "setting 'data': give both folder and validation_folder"),
        (
            HEAD + BUDGET + "[data]\nfirst_cube = 999900",
            "setting 'data': first_cube + cubes must be at most 1000000, where",
        ),
        (
            HEAD + BUDGET + "[optimiser]\nrate = inf",
            "setting 'optimiser.rate' must be a finite number, not inf.",
        ),
        (
            HEAD + BUDGET + "[augmentation]\ngain = inf",
            "setting 'augmentation.gain' must be a finite number, not inf.",
        ),
        (
            HEAD + BUDGET + "[augmentation]\nhigh_cut = [0.0, 0.5]",
            "setting 'augmentation.high_cut.0' must be greater than 0, not 0.0.",
        ),
        (HEAD + f"seed = {2**32}\n" + BUDGET, "setting 'seed' must be less than 4294967296, not 4294967296."),
        (HEAD + BUDGET + "[data]\nrecipe = 3", "setting 'data.recipe' must be text or be a list, not 3."),
        (
            HEAD + "devices = 'all'\n" + BUDGET,
            "setting 'devices' must be 'auto' or be a whole number, not 'all'.",
        ),
        (
            HEAD + "devices = 0\n" + BUDGET,
            "setting 'devices' must be 'auto' or be greater than or equal to 1, not 0.",
        ),
        (HEAD + "precision = 'half'\n" + BUDGET, "setting 'precision' must be 'auto', '32-true', "),
        ("budget = 3\n" + HEAD, "setting 'budget' must be a table, not 3."),
        ('name = "a/b"\nnetwork = "unet_res2"\n' + BUDGET, "setting 'name' must match pattern"),
        (
            'name = "a"\nnetwork = "unet_rez2"\n' + BUDGET,
            "setting 'network': No network is called 'unet_rez2': did you",
        ),
        (
            HEAD + BUDGET + "[loss]\nname = 'dices'",
            "setting 'loss': There is no loss 'dices'; did you mean 'dice'?",
        ),
        (
            HEAD + BUDGET + "[loss]\nname = 'dice'\nsettings = {bta = 2}",
            "has no setting 'bta'; did you mean 'beta'?",
        ),
        (
            HEAD + BUDGET + "[data]\nrecipe = 'wu2018'",
            "setting 'data.recipe': No recipe is called 'wu2018': did you",
        ),
        (HEAD + BUDGET + "[data]\ncrop = [64, 64, 60]", "'data.crop': (64, 64, 60) must be multiples of 16"),
        (HEAD + BUDGET + "[data]\ncrop = [0, 0, 16]", "'data.crop': (0, 0, 16) must be multiples of 16"),
        (HEAD + BUDGET + "[data]\ncrop = [16, 16, 16]", "'data.crop': (16, 16, 16) is too small for 'unet"),
        (
            HEAD + BUDGET + "[data]\nside = 48",
            "'data.crop': (64, 64, 64) does not fit into cubes of 48 voxels",
        ),
        (
            HEAD + BUDGET + "[data]\ncrop = [32, 64, 64]",
            "'data.crop': (32, 64, 64) has another shape after a quarter",
        ),
        (HEAD + BUDGET + "[data", "is not a TOML file"),
        ("\ud800", "is not a TOML file"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_that_names_file_and_setting(
    tmp_path: Path, text: str, says: str
):
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    with pytest.raises(ConfigError) as error:
        read_config(path)

    assert str(error.value).startswith(str(path))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_crops_of_any_sides_without_quarter_turns(tmp_path: Path):
    text = HEAD + BUDGET + "[data]\ncrop = [32, 64, 64]\n[augmentation]\nquarter_turns = false"

    assert read(tmp_path, text).data.crop == (32, 64, 64)


def test_a_missing_file(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read \(No such file"):
        read_config(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("steps", "epoch_steps", "length", "total"),
    [(10, 250, 10, 10), (1000, 250, 250, 1000), (1001, 250, 201, 1005), (1000, 300, 250, 1000), (1, 1, 1, 1)],
)
def test_epochs_of_a_number_of_steps_are_equally_long(steps: int, epoch_steps: int, length: int, total: int):
    budget = Budget(steps=steps, epoch_steps=epoch_steps)

    assert (budget.epoch_length, budget.total_steps) == (length, total)


def test_epochs_of_a_number_of_minutes():
    budget = Budget(minutes=1.5, epoch_steps=40)

    assert (budget.epoch_length, budget.total_steps) == (40, None)


def test_differences_name_the_settings(tiny):
    assert differences(tiny(), tiny()) == []
    assert differences(tiny(seed=1), tiny(data={"batch": 3}, loss={"settings": {"beta": 2}})) == [
        "data.batch",
        "loss.settings.beta",
        "seed",
    ]


def test_settings_of_an_earlier_version_are_understood():
    config = TrainConfig.model_validate_json(
        '{"name": "a", "network": "unet_res2", "seed": 0, "precision": "auto", "threads": 1,'
        '"budget": {"steps": null, "minutes": 91.0, "epoch_steps": 500},'
        '"data": {"recipe": "wu2019-v1", "cubes": 400, "validation_cubes": 8, "side": 128, "folder": null,'
        '"validation_folder": null, "crop": [64, 64, 64], "batch": 2, "workers": 0}}'
    )

    verify(config)
    assert config.devices == "auto"


def test_the_schema_is_a_config_to_start_from(tmp_path: Path):
    text = describe(TrainConfig)

    for name in ("name", "network", "threads", "steps", "minutes", "folder", "validation_folder"):
        assert f"\n# {name} = <" in f"\n{text}"
    filled = text.replace("# name = <", 'name = "model"  # <').replace(
        "# network = <", 'network = "unet_res2"  # <'
    )
    assert read(tmp_path, filled.replace("# steps = <", "steps = 3  # <")) == read(tmp_path, HEAD + BUDGET)


def test_the_schema_describes_every_setting():
    table = tomllib.loads(describe(TrainConfig))

    assert table["data"]["crop"] == [64, 64, 64]
    assert "crop = [64, 64, 64]  # 3 whole numbers\n" in describe(TrainConfig)
    assert "# threads = <whole number, at least 1; unset>\n" in describe(TrainConfig)
    assert 'devices = "auto"  # "auto" or whole number, at least 1\n' in describe(TrainConfig)
    for field in TrainConfig.model_fields.values():
        nested = getattr(field.annotation, "model_fields", {"": field})
        assert all(each.description for each in nested.values())


def test_settings_do_not_change(tiny):
    with pytest.raises(ValidationError):
        tiny().seed = 2


def test_one_recipe_or_several(tmp_path):
    path = tmp_path / "config.toml"
    text = 'name = "a"\nnetwork = "faultseg3d"\n[budget]\nsteps = 1\n[data]\nrecipe = {}\n'
    path.write_text(text.format('"field"'))
    assert [recipe.name for recipe in read_config(path).data.recipes()] == ["field"]
    path.write_text(text.format('["field", "wu2019"]'))
    assert [recipe.name for recipe in read_config(path).data.recipes()] == ["field", "wu2019-v1"]
    path.write_text(text.format('["field", "wu2091"]'))
    with pytest.raises(ConfigError, match=r"data\.recipe.*did you mean 'wu2019-v1'"):
        read_config(path)
    path.write_text(text.format("[]"))
    with pytest.raises(ConfigError, match="no recipe: name one"):
        read_config(path)
    path.write_text(text.format("3"))
    with pytest.raises(ConfigError, match=r"data\.recipe"):
        read_config(path)
