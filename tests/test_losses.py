import math
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from faultpick import losses
from faultpick.errors import ConfigError

SHAPE = (2, 1, 3, 4, 5)
ALL = ["log_probability_mse", "temperature_kl", *losses.names()]


def example(seed, share=0.3):
    """A logit, target and weight as float64 tensors."""
    rng = np.random.default_rng(seed)
    logit = 3 * rng.standard_normal(SHAPE)
    target = (rng.random(SHAPE) < share).astype(float)
    weight = (rng.random(SHAPE) < 0.8).astype(float)
    return torch.tensor(logit), torch.tensor(target), torch.tensor(weight)


def counted(logit, target, weight):
    """(fault probability, target) of each voxel that counts, one by one in plain Python."""
    voxels = product(*map(range, logit.shape))
    return [
        (1 / (1 + math.exp(-logit[voxel].item())), target[voxel].item())
        for voxel in voxels
        if weight[voxel].item() == 1
    ]


def slow_cross_entropy(voxels):
    return sum(-math.log(p if t else 1 - p) for p, t in voxels) / len(voxels)


def slow_class_weighted(voxels):
    background = sum(t == 0 for _, t in voxels) / len(voxels)
    terms = [-background * math.log(p) if t else -(1 - background) * math.log(1 - p) for p, t in voxels]
    return sum(terms) / len(voxels)


def slow_dice(voxels, beta=1.0, smooth=0.0):
    hit = sum(p for p, t in voxels if t)
    false = sum(p for p, t in voxels if not t)
    missed = sum(1 - p for p, t in voxels if t)
    s, b2 = smooth * (1 + beta**2), beta**2
    return 1 - ((1 + b2) * hit + s) / ((1 + b2) * hit + b2 * missed + false + s)


def slow_focal(voxels, gamma=2.0, alpha=0.25):
    terms = [
        -alpha * (1 - p) ** gamma * math.log(p) if t else -(1 - alpha) * p**gamma * math.log(1 - p)
        for p, t in voxels
    ]
    return sum(terms) / len(voxels)


def slow_tversky(voxels, alpha=0.3, beta=0.7):
    hit = sum(p for p, t in voxels if t)
    false = sum(p for p, t in voxels if not t)
    missed = sum(1 - p for p, t in voxels if t)
    return 1 - hit / (hit + alpha * false + beta * missed)


def slow_log_probability_mse(voxels):
    squares = [
        ((math.log(p) - math.log(q)) ** 2 + (math.log(1 - p) - math.log(1 - q)) ** 2) / 2 for p, q in voxels
    ]
    return sum(squares) / len(voxels)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("fast", "slow"),
    [
        (losses.cross_entropy, slow_cross_entropy),
        (losses.class_weighted_cross_entropy, slow_class_weighted),
        (losses.loss("dice", smooth=0), slow_dice),
        (losses.loss("dice", beta=1.7, smooth=2), lambda v: slow_dice(v, beta=1.7, smooth=2)),
        (losses.loss("ce_plus_dice", smooth=0), lambda v: slow_cross_entropy(v) + slow_dice(v)),
        (losses.focal, slow_focal),
        (losses.loss("focal", gamma=0.5, alpha=0.9), lambda v: slow_focal(v, gamma=0.5, alpha=0.9)),
        (losses.loss("tversky", smooth=0), slow_tversky),
        (
            losses.loss("tversky", alpha=0.8, beta=0.1, smooth=0),
            lambda v: slow_tversky(v, alpha=0.8, beta=0.1),
        ),
    ],
)
def test_agrees_with_a_loop_over_voxels(fast, slow, seed):
    logit, target, weight = example(seed)
    ones = torch.ones_like(weight)
    assert fast(logit, target, weight).item() == pytest.approx(slow(counted(logit, target, weight)), rel=1e-9)
    assert fast(logit, target).item() == pytest.approx(slow(counted(logit, target, ones)), rel=1e-9)


@pytest.mark.parametrize("name", losses.names())
def test_voxels_that_do_not_count_change_nothing(name):
    logit, target, weight = example(0)
    garbage = torch.where(weight == 0, 40.0, logit)
    flipped = torch.where(weight == 0, 1 - target, target)
    generator = torch.Generator()
    criterion = losses.loss(name, generator=generator)
    values = []
    for z, t in ((logit, target), (garbage, flipped)):
        generator.manual_seed(1)
        values.append(criterion(z, t, weight).item())
    assert values[0] == pytest.approx(values[1], rel=1e-12)
    assert criterion(logit, target, torch.zeros_like(weight)).item() == 0


@pytest.mark.parametrize("name", losses.names())
@pytest.mark.parametrize("kind", [torch.bool, torch.uint8, torch.int64, torch.float32])
def test_target_of_any_type_and_logit_of_half_precision(name, kind):
    logit, target, weight = example(3)
    generator = torch.Generator().manual_seed(1)
    criterion = losses.loss(name, generator=generator)
    expected = criterion(logit.half().float(), target.float(), weight.float())
    generator.manual_seed(1)
    value = criterion(logit.half(), target.to(kind), weight.to(kind))
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_gradient_is_finite_at_extreme_logits(name):
    function = getattr(losses, name)
    for target in (torch.zeros(2, 1, 2, 2, 2), torch.ones(2, 1, 2, 2, 2)):
        for value in (-200.0, -50.0, 0.0, 50.0, 200.0):
            logit = torch.full((2, 1, 2, 2, 2), value, requires_grad=True)
            answer = function(logit, target)
            (gradient,) = torch.autograd.grad(answer, logit)
            assert answer.isfinite()
            assert gradient.isfinite().all()


def test_focal_gradient_is_finite_with_a_small_gamma():
    logit = torch.full((1, 1, 2, 2, 2), 300.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(losses.focal(logit, torch.ones_like(logit), gamma=0.5), logit)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("name", losses.names())
def test_gradient_of_confident_error_points_the_right_way(name):
    logit = torch.zeros(1, 1, 2, 2, 2, requires_grad=True)
    target = torch.zeros(1, 1, 2, 2, 2)
    target[..., 0] = 1
    (gradient,) = torch.autograd.grad(losses.loss(name)(logit, target), logit)
    assert (gradient[target == 1] < 0).all()
    assert (gradient[target == 0] > 0).all()


@pytest.mark.parametrize("name", losses.names())
def test_perfect_answer_costs_nothing_and_the_opposite_costs_more(name):
    _, target, _ = example(4)
    criterion = losses.loss(name)
    perfect = criterion(100 * (2 * target - 1), target).item()
    assert perfect == pytest.approx(0, abs=1e-9)
    assert criterion(-100 * (2 * target - 1), target).item() > 0.5


@pytest.mark.parametrize("name", losses.names())
def test_empty_prediction_of_empty_target_costs_nothing(name):
    empty = torch.zeros(SHAPE)
    assert losses.loss(name)(torch.full(SHAPE, -60.0), empty).item() == pytest.approx(0, abs=1e-12)


def test_dice_runs_over_the_batch_and_not_cube_by_cube():
    logit = torch.full((2, 1, 2, 2, 2), 50.0)
    target = torch.ones(2, 1, 2, 2, 2)
    target[1] = 0
    assert losses.dice(logit, target, smooth=0).item() == pytest.approx(1 - 2 * 8 / 24)


def test_class_weights_raise_the_best_probability_and_plain_cross_entropy_does_not():
    """A voxel type with a fault chance q of 0.3, in data where a tenth of all voxels is fault."""
    q, rare = 0.3, 0.1
    ambiguous = torch.tensor([1.0] * 30 + [0.0] * 70, dtype=torch.float64)
    clear = torch.zeros(200, dtype=torch.float64)
    target = torch.cat([ambiguous, clear]).reshape(1, 1, 1, 1, -1)
    assert target.mean().item() == pytest.approx(rare)

    def best(criterion):
        probability = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
        logits = torch.logit(probability)
        cost = [
            criterion(torch.cat([z.expand(100), clear - 30]).reshape(target.shape), target) for z in logits
        ]
        return probability[int(torch.stack(cost).argmin())].item()

    assert best(losses.cross_entropy) == pytest.approx(q, abs=0.002)
    weighted = best(losses.class_weighted_cross_entropy)
    assert weighted == pytest.approx((1 - rare) * q / ((1 - rare) * q + rare * (1 - q)), abs=0.002)
    assert q < 0.5 < weighted


def test_class_weights_make_the_best_fault_thicker():
    """Labels that scatter by a few voxels: the fitted probability above 0.5 is wider than the label."""
    rng = np.random.default_rng(0)
    centres = rng.normal(32, 3, size=400)
    position = np.arange(64)
    label = (np.abs(position - centres[:, None]) <= 2.5).astype(np.float64)
    target = torch.tensor(label).reshape(400, 1, 1, 1, 64)

    def width(criterion):
        """Where the best probability exceeds 0.5: convex, so the slope at logit 0 tells."""
        logit = torch.zeros(64, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(criterion(logit.expand(400, 64).reshape(target.shape), target), logit)
        return int((slope < 0).sum())

    thick = label.sum(axis=1).mean()
    assert width(losses.cross_entropy) <= thick + 1
    assert width(losses.class_weighted_cross_entropy) >= 2 * thick


def test_larger_beta_makes_a_missed_voxel_dearer_than_a_false_one():
    target = torch.zeros(1, 1, 1, 1, 10)
    target[..., :4] = 1
    missing, extra = -50 + 100 * target, -50 + 100 * target
    missing[..., 3], extra[..., 4] = -50, 50
    for beta in (1.2, 1.9):
        assert losses.dice(missing, target, beta=beta) > losses.dice(extra, target, beta=beta)
    assert losses.tversky(missing, target, alpha=0.7, beta=0.3) < losses.tversky(
        extra, target, alpha=0.7, beta=0.3
    )


def test_stochastic_beta_covers_its_range_and_repeats_with_the_seed(monkeypatch):
    drawn = []
    monkeypatch.setattr(losses, "dice", lambda *_, beta, **__: drawn.append(beta))
    logit, target, _ = example(5)
    for _ in range(2):
        criterion = losses.loss("stochastic_dice", generator=torch.Generator().manual_seed(3))
        for _ in range(500):
            criterion(logit, target)
    assert drawn[:500] == drawn[500:]
    assert 1.0 <= min(drawn) < 1.02
    assert 1.88 < max(drawn) <= 1.9
    assert np.mean(drawn) == pytest.approx(1.45, abs=0.04)


def test_sum_with_stochastic_dice_is_the_sum_of_its_parts():
    logit, target, weight = example(6)
    together = losses.loss("ce_plus_stochastic_dice", generator=torch.Generator().manual_seed(8))
    overlap = losses.loss("stochastic_dice", generator=torch.Generator().manual_seed(8))
    expected = losses.cross_entropy(logit, target, weight) + overlap(logit, target, weight)
    assert together(logit, target, weight).item() == pytest.approx(expected.item(), rel=1e-12)


def test_a_saved_generator_state_continues_the_same_draws():
    logit, target, _ = example(7)
    generator = torch.Generator().manual_seed(1)
    criterion = losses.loss("stochastic_dice", generator=generator)
    criterion(logit, target)
    state = generator.get_state()
    ahead = [criterion(logit, target).item() for _ in range(3)]
    resumed = torch.Generator()
    resumed.set_state(state)
    criterion = losses.loss("stochastic_dice", generator=resumed)
    assert [criterion(logit, target).item() for _ in range(3)] == ahead


def test_log_probability_mse_agrees_with_a_loop_and_with_two_class_softmax():
    student, teacher, weight = example(8)[0], example(9)[0], example(8)[2]
    chance = torch.sigmoid(teacher)
    slow = slow_log_probability_mse(counted(student, chance, weight))
    assert losses.log_probability_mse(student, teacher, weight).item() == pytest.approx(slow, rel=1e-9)
    first, second = torch.randn(2, 2, 3, 3, 3), torch.randn(2, 2, 3, 3, 3)
    expected = torch.nn.functional.mse_loss(first.log_softmax(dim=1), second.log_softmax(dim=1))
    answer = losses.log_probability_mse(first[:, 1:] - first[:, :1], second[:, 1:] - second[:, :1])
    assert answer.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 10.0, 20.0])
def test_temperature_kl_agrees_with_two_class_softmax(temperature):
    torch.manual_seed(0)
    first, second = (3 * torch.randn(2, 2, 3, 3, 3, dtype=torch.float64) for _ in range(2))
    softened = (first / temperature).log_softmax(dim=1), (second / temperature).log_softmax(dim=1)
    divergence = torch.nn.functional.kl_div(*softened, log_target=True, reduction="none")
    answer = losses.temperature_kl(
        first[:, 1:] - first[:, :1], second[:, 1:] - second[:, :1], temperature=temperature
    )
    assert answer.item() == pytest.approx(temperature**2 * divergence.sum(dim=1).mean().item(), rel=1e-9)


def test_temperature_kl_gradient_keeps_its_size_when_the_temperature_grows():
    student = torch.tensor([0.5, -1.0], dtype=torch.float64).reshape(1, 1, 1, 1, 2).requires_grad_()
    teacher = torch.tensor([1.0, 0.5], dtype=torch.float64).reshape(student.shape)

    def gradient(temperature):
        answer = losses.temperature_kl(student, teacher, temperature=temperature)
        return torch.autograd.grad(answer, student)[0]

    assert gradient(100.0) == pytest.approx(gradient(1000.0), rel=1e-2)
    assert gradient(100.0) == pytest.approx(((student - teacher) / 4 / 2).detach().numpy(), rel=1e-2)


@pytest.mark.parametrize("term", [losses.log_probability_mse, losses.temperature_kl])
def test_a_student_equal_to_its_teacher_costs_nothing_and_the_teacher_gets_no_gradient(term):
    logit = torch.linspace(-50, 50, 60).reshape(SHAPE[0], 1, 3, 2, 5)
    assert term(logit, logit).item() == 0
    student, teacher = logit.clone().requires_grad_(), (logit + 1).requires_grad_()
    term(student, teacher).backward()
    assert student.grad is not None
    assert teacher.grad is None


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.sampled_from(losses.names()))
def test_losses_are_never_negative_and_dice_never_exceeds_one(seed, share, name):
    logit, target, weight = example(seed, share)
    value = losses.loss(name)(logit, target, weight).item()
    assert value >= 0
    if name in ("dice", "stochastic_dice", "tversky"):
        assert value <= 1


@pytest.mark.parametrize("function", [getattr(losses, name) for name in ALL])
def test_tensors_that_would_broadcast_are_refused(function):
    logit = torch.zeros(2, 1, 3, 3, 3)
    with pytest.raises(ValueError, match=r"\(2, 1, 3, 3, 3\), \(2, 3, 3, 3\)"):
        function(logit, torch.zeros(2, 3, 3, 3))
    with pytest.raises(ValueError, match="differ in shape"):
        function(logit, logit, torch.ones(1, 1, 3, 3, 3))


@pytest.mark.parametrize(
    ("name", "chosen", "message"),
    [
        ("ce_plus_dise", {}, "no loss 'ce_plus_dise'; did you mean 'ce_plus_dice'?"),
        ("zzz", {}, "no loss 'zzz'; the choice is cross_entropy,"),
        ("dice", {"betta": 1.5}, "no setting 'betta'; did you mean 'beta'?"),
        ("cross_entropy", {"beta": 1.5}, "no setting 'beta'; it has none"),
        ("stochastic_dice", {"generator_": 1}, "no setting 'generator_'"),
        ("dice", {"beta": "2"}, "'beta' of the loss 'dice' must be a number of at least 0, not '2'"),
        ("dice", {"smooth": -1}, "at least 0, not -1"),
        ("focal", {"alpha": 2}, "at most 1, not 2"),
        ("focal", {"gamma": math.nan}, "at least 0, not nan"),
        ("focal", {"gamma": True}, "at least 0, not True"),
    ],
)
def test_unknown_names_and_wrong_settings_are_refused(name, chosen, message):
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        losses.loss(name, **chosen)
