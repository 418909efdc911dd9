import pytest
import torch
from torch import nn

from faultpick.models.attention_unet import AttentionGate, AttentionUNet


@pytest.fixture
def gate():
    torch.manual_seed(0)
    return AttentionGate(4, gate_channels=8)


def test_parameters():
    assert sum(parameter.numel() for parameter in AttentionUNet().parameters()) == 1_511_683


def test_gate_scales_every_channel_of_a_voxel_alike(gate):
    skip, coarse = torch.randn(2, 4, 8, 8, 8), torch.randn(2, 8, 4, 4, 4)
    with torch.no_grad():
        ratio = gate(skip, coarse) / skip
    torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio), rtol=1e-3, atol=1e-4)
    assert 0 < float(ratio.min()) < float(ratio.max()) < 1


@pytest.mark.parametrize(("bias", "opening"), [(100.0, 1.0), (-100.0, 0.0), (0.0, 0.5)])
def test_gate_opens_and_closes(gate, bias, opening):
    nn.init.zeros_(gate.psi.weight)
    nn.init.constant_(gate.psi.bias, bias)
    skip = torch.randn(1, 4, 8, 8, 8)
    torch.testing.assert_close(gate(skip, torch.randn(1, 8, 4, 4, 4)), opening * skip)


def test_gate_depends_on_skip_and_coarser_level(gate):
    skip, coarse = torch.randn(1, 4, 8, 8, 8), torch.randn(1, 8, 4, 4, 4)
    weight = gate(skip, coarse) / skip
    assert not torch.allclose(gate(skip, coarse + 1) / skip, weight)
    assert not torch.allclose(gate(skip * 2, coarse) / (skip * 2), weight)


def test_every_voxel_of_the_skip_is_seen(gate):
    coarse = torch.zeros(1, 8, 4, 4, 4)
    skip = torch.randn(1, 4, 8, 8, 8, requires_grad=True)
    gate.sigmoid(gate.psi(gate.relu(gate.of_skip(skip) + gate.of_gate(coarse)))).sum().backward()
    assert skip.grad is not None
    assert float((skip.grad.abs().sum(dim=1) > 0).float().mean()) > 0.9


def test_closed_gates_leave_the_finest_skip():
    network, closed = AttentionUNet().eval(), []
    for gate in (network.gate2, network.gate3):
        nn.init.zeros_(gate.psi.weight)
        nn.init.constant_(gate.get_parameter("psi.bias"), -100.0)
        gate.register_forward_hook(lambda module, args, output: closed.append(output.abs().max()))
    with torch.no_grad():
        network.get_parameter("up1.0.weight")[:, :32] = 0  # what comes from coarser levels
        x = torch.randn(1, 1, 16, 16, 16)
        found, skip = network(x), network.down1(x)
        of_skip = network.head(network.up1(torch.cat((torch.zeros(1, 32, 16, 16, 16), skip), dim=1)))
    assert len(closed) == 2
    assert float(max(closed)) < 1e-30
    torch.testing.assert_close(found, of_skip)
    assert float(found.std()) > 0
