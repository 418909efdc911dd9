import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from faultpick.train.module import FaultTraining, learning_rate_factor
from faultpick.train.run import train


def test_the_rate_rises_to_its_peak_and_falls_to_zero():
    assert learning_rate_factor(0.0, 0.1) == pytest.approx(1e-3)
    assert learning_rate_factor(0.05, 0.1) == pytest.approx(0.5)
    assert learning_rate_factor(0.1, 0.1) == 1.0
    assert learning_rate_factor(0.55, 0.1) == pytest.approx(0.5)
    assert learning_rate_factor(1.0, 0.1) == 0.0
    assert learning_rate_factor(1.7, 0.1) == 0.0
    assert learning_rate_factor(0.0, 0.0) == 1.0


@given(st.floats(0, 0.99), st.floats(0, 1.2), st.floats(0, 1.2))
def test_the_rate_has_one_peak(warm_up: float, one: float, other: float):
    early, late = sorted((one, other))
    before, after = learning_rate_factor(early, warm_up), learning_rate_factor(late, warm_up)

    assert 0 <= before <= 1
    if late < warm_up:
        assert before <= after
    if early >= warm_up:
        assert before >= after


@pytest.mark.parametrize("network", ["tiny", "unet_res2", "faultseg3d"])
def test_norms_and_biases_do_not_decay(tiny, network: str):
    module = FaultTraining(tiny(network=network, optimiser={"weight_decay": 0.3}))

    decaying, steady = module.configure_optimizers()["optimizer"].param_groups

    assert (decaying["weight_decay"], steady["weight_decay"]) == (0.3, 0.0)
    names = {id(parameter): name for name, parameter in module.network.named_parameters()}
    assert all(parameter.ndim == 5 for parameter in decaying["params"])
    assert all(parameter.ndim == 1 for parameter in steady["params"])
    assert len(decaying["params"]) + len(steady["params"]) == len(names)
    assert any(names[id(parameter)].endswith("bias") for parameter in steady["params"])


def test_a_step_of_slabs_shows_them_and_their_labels_and_another_the_crops(tiny, tmp_path, monkeypatch):
    seen = []
    whole = FaultTraining.objective

    def objective(module, batch):
        seen.append([tuple(tensor.shape[:4]) for tensor in batch])
        return whole(module, batch)

    monkeypatch.setattr(FaultTraining, "objective", objective)
    augmentation = {"slabs": 0.5, "slab_lines": (3, 3)}
    train(tiny(augmentation=augmentation, budget={"steps": 16, "epoch_steps": 16}), tmp_path)

    kinds = [[shape] * 2 for shape in ((2, 1, 24, 24), (6, 1, 8, 24), (6, 1, 24, 8))]
    assert all(kind in seen for kind in kinds)
    assert all(shapes in kinds for shapes in seen)


def test_two_inlines_on_the_way_down_are_trained_on_in_full_precision(tiny, tmp_path, monkeypatch):
    seen = set()
    whole = FaultTraining.objective

    def objective(module, batch):
        seen.add((tuple(batch[0].shape[2:4]), torch.is_autocast_enabled("cpu")))
        return whole(module, batch)

    monkeypatch.setattr(FaultTraining, "objective", objective)
    augmentation = {"slabs": 0.7, "slab_lines": (3, 3)}
    budget = {"steps": 16, "epoch_steps": 16}
    train(tiny(augmentation=augmentation, budget=budget, precision="bf16-mixed"), tmp_path)

    assert seen == {((24, 24), True), ((8, 24), False), ((24, 8), True)}


def test_two_channels_become_one_logit(tiny):
    module = FaultTraining(tiny())
    image = torch.randn(1, 1, 8, 8, 8)

    logit = module.eval().logit(image)

    both = module.network(image)
    assert torch.allclose(logit, both[:, 1:] - both[:, :1])
