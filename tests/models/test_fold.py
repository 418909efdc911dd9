import pytest
import torch
from torch import nn

from faultpick import models
from faultpick.models.fold import folded


def norms(network):
    return sum(isinstance(module, nn.BatchNorm3d) for module in network.modules())


@torch.no_grad()
def with_statistics(network):
    """The network as a training leaves it: every BatchNorm has a scale, a shift and statistics."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            for tensor in module.state_dict().values():
                if tensor.ndim:
                    tensor.copy_(0.5 + torch.rand_like(tensor))
    return network.eval()


class Branched(nn.Module):
    """What must not be folded: a norm's convolution is heard elsewhere, or called twice, or is not one."""

    def __init__(self) -> None:
        super().__init__()
        self.heard, self.twice, self.once = (nn.Conv3d(1, 1, 1) for _ in range(3))
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.BatchNorm3d(1) for _ in range(4))

    def forward(self, x):
        y = self.heard(x)
        y = y + self.norm1(y)
        y = self.norm2(self.twice(y)) + self.twice(x)
        y = self.norm3(torch.tanh(y))
        return self.norm4(self.once(y))


@pytest.mark.parametrize("name", models.names())
@torch.no_grad()
def test_folding_changes_nothing_but_the_norms(name):
    network = with_statistics(models.build(name))
    side = models.info(name).multiple
    x = torch.randn(1, 1, side, 2 * side, side)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    fast = folded(network)
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())
    probability = [torch.sigmoid(models.fault_logit(which(x))) for which in (network, fast)]
    torch.testing.assert_close(probability[1], probability[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize(("name", "left"), [("unet_res2", 0), ("attention_unet", 0), ("r2_unet", 42)])
def test_norms_right_behind_a_convolution_go(name, left):
    assert norms(folded(models.build(name))) == left


@torch.no_grad()
def test_norms_that_share_their_convolution_stay():
    network = with_statistics(Branched())
    fast = folded(network)
    assert norms(fast) == 3
    assert isinstance(fast.get_submodule("norm4"), nn.Identity)
    x = torch.randn(1, 1, 4, 4, 4)
    torch.testing.assert_close(fast(x), network(x), rtol=0, atol=1e-5)
