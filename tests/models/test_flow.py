import pytest
import torch

from faultpick import models
from faultpick.models.flow import Column, Flow, can_flow
from faultpick.models.fold import folded
from faultpick.models.unet_res2 import UNetRes2


def flowed(network, volume):
    flow = Flow(network)
    count, height, width = volume.shape[2:]
    column = Column(flow, count, height, width)
    found = []
    for fed in range(0, count + flow.latency, flow.planes):
        planes = volume[:, :, fed : fed + flow.planes]
        found.append(column.step(planes if fed < count else torch.zeros(1, 1, flow.planes, height, width)))
    return torch.cat(found, dim=2)[:, :, flow.latency : flow.latency + count]


@pytest.mark.parametrize("widths", [(4, 6), (4, 6, 8), (4, 6, 8, 8)])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_what_flows_through_is_what_the_network_gives_for_the_whole(widths, steps):
    torch.manual_seed(steps)
    network = UNetRes2(widths).eval()
    for module in network.modules():  # so that planes beyond the ends would show
        if isinstance(module, torch.nn.BatchNorm3d):
            torch.nn.init.uniform_(module.bias, 0.2, 1.0)
    network = folded(network)
    side = 2 ** len(widths)
    volume = torch.randn(1, 1, steps * side, 2 * side, side)
    with torch.inference_mode():
        whole = network(volume)
        torch.testing.assert_close(flowed(network, volume), whole, atol=1e-5, rtol=1e-5)
    assert whole.std() > 0.01


def test_what_does_not_flow():
    assert can_flow(models.build("unet_res2"))
    assert not can_flow(models.build("unet_res2_merged"))
    assert not can_flow(models.build("faultseg3d"))
    assert not can_flow(UNetRes2((4, 4, 4, 4, 4)))


def test_the_network_itself_is_not_changed():
    network = UNetRes2((4, 6)).eval()
    x = torch.randn(1, 1, 8, 8, 8)
    before = network(x)
    Flow(network)
    assert torch.equal(network(x), before)
