"""What holds for every network of the registry."""

import pytest
import torch
from torch import nn

from faultpick import models

pytestmark = pytest.mark.parametrize("name", models.names())


@pytest.fixture
def network(name):
    torch.manual_seed(0)
    return models.build(name)


def test_sides_are_kept(name, network):
    multiple = models.info(name).multiple
    shape = (32, 2 * multiple, multiple)
    with torch.no_grad():
        output = network.eval()(torch.randn(2, 1, *shape))
    assert output.shape[0] == 2
    assert output.shape[1] in (1, 2)
    assert output.shape[2:] == shape
    assert models.fault_logit(output).shape == (2, 1, *shape)


def test_smallest_cube(name, network):
    side = models.info(name).multiple
    with torch.no_grad():
        assert bool(torch.isfinite(network.eval()(torch.randn(1, 1, side, side, side))).all())


def test_smaller_than_the_multiple_fails(name, network):
    side = models.info(name).multiple // 2
    with pytest.raises((RuntimeError, ValueError)):
        network.eval()(torch.randn(1, 1, 32, 32, 32 + side))


def test_eval_repeats(name, network):
    x = torch.randn(1, 1, 16, 16, 32)
    with torch.no_grad():
        network.eval()
        assert torch.equal(network(x), network(x))


def test_input_is_not_changed(name, network):
    x = torch.randn(1, 1, 16, 16, 32)
    before = x.clone()
    with torch.no_grad():
        network.eval()(x)
    assert torch.equal(x, before)


def test_gradient_reaches_every_parameter(name, network):
    network.eval()
    models.fault_logit(network(torch.randn(1, 1, 16, 16, 32))).square().mean().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert bool(torch.isfinite(parameter.grad).all()), key
        assert key.endswith(".bias") or bool((parameter.grad != 0).any()), key


def test_exact_tiles_means_no_instance_normalisation(name, network):
    normed = any(isinstance(module, nn.InstanceNorm3d) for module in network.modules())
    assert models.info(name).exact_tiles == (not normed)


def test_channels_last_gives_the_same(name, network):
    x = torch.randn(1, 1, 16, 16, 32)
    network.eval()
    with torch.no_grad():
        plain = network(x)
        network.to(memory_format=torch.channels_last_3d)
        torch.testing.assert_close(network(x), plain, rtol=1e-3, atol=1e-4)
