"""Losses between a fault logit and a fault label, and the terms that make a student follow a teacher.

Every loss takes the logit `(N, 1, Z, Y, X)`, a target of the same shape (0 or 1; float, integer or bool)
and optionally a weight of the same shape, 1 where a voxel counts and 0 where it does not (dead traces,
padding), and returns a scalar. Sums run over the whole batch, not cube by cube: small crops often hold no
fault at all, and a ratio of sums over such a crop alone is all smoothing and no signal.

Notation in the formulas: z logit, p = sigmoid(z) fault probability, t target, w weight,
`mean` is sum(w x) / sum(w), TP = sum(w p t), FP = sum(w p (1 - t)), FN = sum(w (1 - p) t).
"""

import functools
import inspect
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from faultpick.errors import ConfigError, suggestion

Loss = Callable[..., Tensor]

STOCHASTIC_BETA = (1.0, 1.9)


def cross_entropy(logit: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Binary cross-entropy without class weights: mean(-t log p - (1 - t) log(1 - p)).

    Raises:
        ValueError: logit, target and weight differ in shape.
    """
    logit, target, weight = _checked(logit, target, weight)
    return _mean(F.binary_cross_entropy_with_logits(logit, target, reduction="none"), weight)


def class_weighted_cross_entropy(logit: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy balanced between the classes: mean(-b t log p - (1 - b) (1 - t) log(1 - p)).

    b is the share of voxels in the batch without a fault (HED, Xie & Tu 2015; used for faults by Wu et al.
    2019). Where the chance of a fault is q, the best answer is b q / (b q + (1 - b) (1 - q)), far above q
    when faults are rare, so faults come out too thick. A batch without any fault has zero loss.

    Raises:
        ValueError: logit, target and weight differ in shape.
    """
    logit, target, weight = _checked(logit, target, weight)
    background = 1 - _mean(target, weight)
    balance = torch.where(target > 0.5, background, 1 - background)
    return _mean(balance * F.binary_cross_entropy_with_logits(logit, target, reduction="none"), weight)


def dice(
    logit: Tensor, target: Tensor, weight: Tensor | None = None, *, beta: float = 1.0, smooth: float = 1.0
) -> Tensor:
    """Soft Dice loss of the fault class, in its F-beta form.

    1 - (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP), after Milletari et al. 2016 for beta = 1
    (without squares in the denominator); beta above 1 makes a missed voxel dearer than a false one.

    Args:
        logit: Fault logit `(N, 1, Z, Y, X)`.
        target: 0 or 1, of the same shape.
        weight: 1 where a voxel counts, 0 elsewhere.
        beta: Weight of recall against precision.
        smooth: Voxels added to numerator and denominator of the ratio in units of TP, so that an empty
            prediction of an empty target has zero loss.

    Raises:
        ValueError: logit, target and weight differ in shape.
    """
    recall_share = beta**2 / (1 + beta**2)
    return tversky(logit, target, weight, alpha=1 - recall_share, beta=recall_share, smooth=smooth)


def stochastic_dice(
    logit: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    generator: torch.Generator | None = None,
    smooth: float = 1.0,
) -> Tensor:
    """`dice` with beta drawn anew at each call, uniform between 1.0 and 1.9.

    The draw is continuous: it has the mean of steps of a tenth (1.45) and nearly their spread, with no step
    to justify. It uses the fault class's probability alone.

    Args:
        logit: Fault logit `(N, 1, Z, Y, X)`.
        target: 0 or 1, of the same shape.
        weight: 1 where a voxel counts, 0 elsewhere.
        generator: Source of the draw; without it PyTorch's global one.
        smooth: As in `dice`.

    Raises:
        ValueError: logit, target and weight differ in shape.
    """
    low, high = STOCHASTIC_BETA
    device = generator.device if generator is not None else torch.device("cpu")
    draw = torch.rand((), generator=generator, device=device).item()
    return dice(logit, target, weight, beta=low + (high - low) * draw, smooth=smooth)


def ce_plus_dice(
    logit: Tensor, target: Tensor, weight: Tensor | None = None, *, beta: float = 1.0, smooth: float = 1.0
) -> Tensor:
    """`cross_entropy` plus `dice`.

    Raises:
        ValueError: logit, target and weight differ in shape.
    """
    return cross_entropy(logit, target, weight) + dice(logit, target, weight, beta=beta, smooth=smooth)


def ce_plus_stochastic_dice(
    logit: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    generator: torch.Generator | None = None,
    smooth: float = 1.0,
) -> Tensor:
    """`cross_entropy` plus `stochastic_dice`; only the Dice term is weighted at random.

    Raises:
        ValueError: logit, target and weight differ in shape.
    """
    overlap = stochastic_dice(logit, target, weight, generator=generator, smooth=smooth)
    return cross_entropy(logit, target, weight) + overlap


def focal(
    logit: Tensor, target: Tensor, weight: Tensor | None = None, *, gamma: float = 2.0, alpha: float = 0.25
) -> Tensor:
    """Focal loss: mean(-a (1 - q)^gamma log q), q the probability of the true class (Lin et al. 2017).

    a is alpha at faults and 1 - alpha elsewhere. The mean runs over all counted voxels, where Lin et al.
    divide by the number of objects.

    Raises:
        ValueError: logit, target and weight differ in shape.
    """
    logit, target, weight = _checked(logit, target, weight)
    margin = torch.where(target > 0.5, logit, -logit)
    balance = alpha * target + (1 - alpha) * (1 - target)
    return _mean(-balance * torch.exp(gamma * F.logsigmoid(-margin)) * F.logsigmoid(margin), weight)


def tversky(
    logit: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    alpha: float = 0.3,
    beta: float = 0.7,
    smooth: float = 1.0,
) -> Tensor:
    """Tversky loss: 1 - TP / (TP + alpha FP + beta FN) (Salehi et al. 2017).

    Args:
        logit: Fault logit `(N, 1, Z, Y, X)`.
        target: 0 or 1, of the same shape.
        weight: 1 where a voxel counts, 0 elsewhere.
        alpha: Price of a false voxel.
        beta: Price of a missed voxel.
        smooth: Voxels added to numerator and denominator, so that an empty prediction of an empty target
            has zero loss.

    Raises:
        ValueError: logit, target and weight differ in shape.
    """
    logit, target, weight = _checked(logit, target, weight)
    probability = torch.sigmoid(logit)
    if weight is None:
        weight = torch.ones_like(target)
    hit = (weight * probability * target).sum()
    false = (weight * probability * (1 - target)).sum()
    missed = (weight * torch.sigmoid(-logit) * target).sum()
    wrong = alpha * false + beta * missed
    return wrong / (hit + wrong + smooth).clamp(min=torch.finfo(wrong.dtype).tiny)


def log_probability_mse(student: Tensor, teacher: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean squared error between the two-class log-probabilities of a student and of a frozen teacher.

    mean(((log p_s - log p_t)^2 + (log(1 - p_s) - log(1 - p_t))^2) / 2).

    Args:
        student: Fault logit `(N, 1, Z, Y, X)`.
        teacher: Fault logit of the same shape; no gradient flows into it.
        weight: 1 where a voxel counts, 0 elsewhere.

    Raises:
        ValueError: student, teacher and weight differ in shape.
    """
    student, teacher, weight = _checked(student, teacher.detach(), weight)
    fault = F.logsigmoid(student) - F.logsigmoid(teacher)
    background = F.logsigmoid(-student) - F.logsigmoid(-teacher)
    return _mean((fault.square() + background.square()) / 2, weight)


def temperature_kl(
    student: Tensor, teacher: Tensor, weight: Tensor | None = None, *, temperature: float = 10.0
) -> Tensor:
    """Divergence of a student from a frozen teacher, both softened: T^2 mean(KL(teacher || student)).

    Probabilities are sigmoid(z / T); T^2 keeps the gradient's size independent of T (Hinton et al. 2015).

    Args:
        student: Fault logit `(N, 1, Z, Y, X)`.
        teacher: Fault logit of the same shape; no gradient flows into it.
        weight: 1 where a voxel counts, 0 elsewhere.
        temperature: T, above 0.

    Raises:
        ValueError: student, teacher and weight differ in shape.
    """
    student, teacher, weight = _checked(student, teacher.detach(), weight)
    student, teacher = student / temperature, teacher / temperature
    fault = torch.sigmoid(teacher) * (F.logsigmoid(teacher) - F.logsigmoid(student))
    background = torch.sigmoid(-teacher) * (F.logsigmoid(-teacher) - F.logsigmoid(-student))
    return temperature**2 * _mean(fault + background, weight)


_LOSSES: dict[str, Loss] = {
    function.__name__: function
    for function in (
        cross_entropy,
        class_weighted_cross_entropy,
        dice,
        stochastic_dice,
        ce_plus_dice,
        ce_plus_stochastic_dice,
        focal,
        tversky,
    )
}


def names() -> list[str]:
    """Names that `loss` knows."""
    return list(_LOSSES)


def loss(name: str, *, generator: torch.Generator | None = None, **settings: float) -> Loss:
    """Return the loss of that name with its settings filled in, to be called as `f(logit, target, weight)`.

    Args:
        name: One of `names()`.
        generator: Source of random draws, for the losses that draw.
        settings: Keyword arguments of the loss, such as `beta` of `dice`: numbers, none negative.

    Raises:
        ConfigError: The name or a setting is unknown, or a setting is not such a number.
    """
    if name not in _LOSSES:
        raise ConfigError(f"There is no loss '{name}'; {_suggestion(name, names())}.")
    function = _LOSSES[name]
    keywords = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    allowed = [keyword for keyword in keywords if keyword != "generator"]
    for key, value in settings.items():
        if key not in allowed:
            raise ConfigError(f"The loss '{name}' has no setting '{key}'; {_suggestion(key, allowed)}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise ConfigError(
                f"The setting '{key}' of the loss '{name}' must be a number of at least 0, not {value!r}."
            )
        if (name, key) == ("focal", "alpha") and value > 1:
            raise ConfigError(
                f"The setting 'alpha' of the loss 'focal' is a share: at most 1, not {value!r}."
            )
    if "generator" in keywords:
        return functools.partial(function, generator=generator, **settings)
    return functools.partial(function, **settings)


def _suggestion(word: str, known: list[str]) -> str:
    return f"{suggestion(word, known)}the choice is {', '.join(known)}" if known else "it has none"


def _checked(logit: Tensor, other: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """All in the logit's type, at least float32, after a check that no broadcasting will happen."""
    if other.shape != logit.shape or (weight is not None and weight.shape != logit.shape):
        shapes = [tuple(tensor.shape) for tensor in (logit, other, weight) if tensor is not None]
        raise ValueError(f"logit, target and weight differ in shape: {', '.join(map(str, shapes))}")
    precision = torch.promote_types(logit.dtype, torch.float32)
    return logit.to(precision), other.to(precision), None if weight is None else weight.to(precision)


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Mean over the counted voxels; 0 if none counts."""
    if weight is None:
        return values.mean()
    return (values * weight).sum() / weight.sum().clamp(min=1)
