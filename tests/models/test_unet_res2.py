import pytest
import torch

from faultpick.models import build, info
from faultpick.models.unet_res2 import UNetRes2, depth_to_space, space_to_depth


def test_each_block_of_eight_voxels_becomes_the_channels_of_one():
    x = torch.arange(4 * 6 * 8.0).reshape(1, 1, 4, 6, 8)
    channels = space_to_depth(x)
    assert channels.shape == (1, 8, 2, 3, 4)
    assert torch.equal(channels[0, :, 1, 2, 3].sort().values, x[0, 0, 2:4, 4:6, 6:8].flatten().sort().values)


def test_depth_to_space_is_the_inverse():
    x = torch.randn(2, 3, 4, 6, 8)
    assert torch.equal(depth_to_space(space_to_depth(x)), x)


def test_it_is_small_and_its_size_follows_the_widths():
    parameters = sum(p.numel() for p in build("unet_res2").parameters())
    assert parameters < 1_250_000
    assert sum(p.numel() for p in UNetRes2((8, 16, 24)).parameters()) < parameters / 4


@pytest.mark.parametrize("shift", [16, 32])
def test_moving_the_image_by_its_multiple_moves_the_result(shift):
    torch.manual_seed(0)
    network = UNetRes2((4, 6)).eval()  # two levels: a field small enough to leave some voxels out of reach
    x = torch.randn(1, 1, 16, 16, 112)
    with torch.inference_mode():
        whole, part = network(x), network(x[..., shift:])
    reach = 40
    torch.testing.assert_close(part[..., reach:], whole[..., shift + reach :])
    assert not torch.allclose(part[..., :8], whole[..., shift : shift + 8])
    assert info("unet_res2").exact_tiles


def test_skips_are_merged_by_convolutions_only_if_asked_for():
    added, merged = UNetRes2((4, 6)), UNetRes2((4, 6), merged=True)
    assert not [name for name in added.state_dict() if name.startswith("merge")]
    assert [name for name in merged.state_dict() if name.startswith("merge")]
    x = torch.randn(1, 1, 16, 16, 16)
    assert added(x).shape == merged(x).shape == x.shape
