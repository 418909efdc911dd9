from importlib.metadata import version


def test_the_version_is_printed(command):
    assert command("--version") == (0, f"{version('faultpick')}\n", "")


def test_models_in_the_box_are_listed_before_the_networks(command):
    code, output, _ = command("models")
    assert code == 0
    box, networks = output.split("Networks, to train:")
    assert "  unet_res2_wu2019, a unet_res2_merged\n" in box
    assert "vnet_modified" in networks
