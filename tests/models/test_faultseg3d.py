import torch

from faultpick.models import build


def test_it_has_the_published_number_of_parameters():
    assert sum(p.numel() for p in build("faultseg3d").parameters()) == 1_459_585


def test_it_gives_one_logit_a_voxel_and_starts_undecided():
    torch.manual_seed(0)
    with torch.inference_mode():
        logit = build("faultseg3d")(torch.randn(1, 1, 16, 24, 32))
    assert logit.shape == (1, 1, 16, 24, 32)
    assert logit.abs().max() < 10
