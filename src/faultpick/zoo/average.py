"""One model out of several trainings that started from the same weights: the mean of what they became.

Such a mean often generalises better than any of them at the cost of one (Wortsman et al. 2022).
"""

import copy
from collections.abc import Sequence
from datetime import UTC, datetime

import torch
from torch import Tensor, nn

from faultpick.errors import ModelError
from faultpick.zoo import Card, LoadedModel


def average(models: Sequence[LoadedModel], shares: Sequence[float] | None = None) -> tuple[nn.Module, Card]:
    """The mean of the weights, and of BatchNorm's statistics, of models of one network.

    Args:
        models: Two or more.
        shares: Of each model in the mean, of any sum; all alike if not given.

    Returns:
        The network, and a card with the training of the model with the largest share (the last of several)
        and the periods of all; its probabilities are not calibrated, and its threshold is that model's
        without its temperature.

    Raises:
        ModelError: There are fewer than two models, they are of different networks, or the shares are not as
            many positive numbers.
    """
    shares = [1.0] * len(models) if shares is None else list(shares)
    if len(models) < 2:
        raise ModelError("A mean takes two models or more.")
    networks = list(dict.fromkeys(model.card.network for model in models))
    if len(networks) > 1:
        raise ModelError(f"Weights of {' and '.join(networks)} have no mean: give models of one network.")
    if len(shares) != len(models) or not all(0 < share < float("inf") for share in shares):
        raise ModelError(f"{len(models)} models take as many shares, each more than 0; these are {shares}.")
    shares = [share / sum(shares) for share in shares]

    states = [model.network.state_dict() for model in models]
    mean: dict[str, Tensor] = {}
    for name, last in states[-1].items():
        if last.is_floating_point():
            parts = [share * state[name].double() for share, state in zip(shares, states, strict=True)]
            mean[name] = torch.stack(parts).sum(dim=0).to(last.dtype)
        else:
            mean[name] = last
    network = copy.deepcopy(models[-1].network)
    network.load_state_dict(mean)

    leading = models[max(range(len(models)), key=lambda n: (shares[n], n))]
    periods = [model.card.period for model in models if model.card.period is not None]
    period = None
    if len(periods) == len(models):
        period = (min(low for low, _ in periods), max(high for _, high in periods))
    words = ", ".join(
        f"{share:.3g} of {model.card.name}, {model.card.steps} steps"
        for share, model in zip(shares, models, strict=True)
    )
    changes = {
        "description": f"Mean of weights: {words}.",
        "metrics": {},
        "temperature": 1.0,
        "threshold": leading.card.threshold_at(1.0),
        "period": period,
        "created": datetime.now(UTC),
    }
    return network, leading.card.model_copy(update=changes)
