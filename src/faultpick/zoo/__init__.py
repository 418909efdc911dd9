"""Trained models: float16 weights (NAME.safetensors) with their card (NAME.json) beside them.

Loading reads tensors and JSON only; nothing is unpickled.
"""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from faultpick import models, normalise
from faultpick.errors import ModelError, OutputError, suggestion
from faultpick.volume.staging import output_errors, staged
from faultpick.zoo.card import Card

__all__ = ["Card", "LoadedModel", "available", "card_path", "load_model", "save_model", "update_card"]

FOLDER = Path(__file__).parent
SUFFIX = ".safetensors"


@dataclass(frozen=True)
class LoadedModel:
    """A network ready to predict.

    Attributes:
        network: The network with its weights: float32, `channels_last_3d`, in eval mode.
        card: What is known of the weights.
        info: What is known of the network.
        device: Where the weights are.
    """

    network: nn.Module
    card: Card
    info: models.ModelInfo
    device: torch.device


def available() -> list[str]:
    """Names of the models that come with the package, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def load_model(name_or_path: str | Path, device: str | torch.device = "cpu") -> LoadedModel:
    """Load a model that comes with the package, by name, or one of your own, by the path of its weights.

    Args:
        name_or_path: One of `available()`, or a `.safetensors` file with its card beside it.
        device: Where to put the network.

    Raises:
        ModelError: No such model, or its files are damaged or do not fit together.
    """
    path = _find(name_or_path)
    card = _read_card(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"Cannot read the weights {path}: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise ModelError(
            f"{path} is damaged or not the file of its card {_card_path(path).name} (the SHA-256 differs): "
            "copy or write both again."
        )
    try:
        weights = safetensors.torch.load(data)
    except safetensors.SafetensorError as error:
        raise ModelError(
            f"{path} is not a readable safetensors file ({error}): copy or write it again."
        ) from error
    network = models.build(card.network)
    _fit(network, weights, path, card.network)
    network.load_state_dict(weights)
    network = network.float().eval().to(device)
    network = network.to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]
    return LoadedModel(network, card, models.info(card.network), torch.device(device))


def save_model(network: nn.Module, card: Card, path: str | Path) -> Card:
    """Write a network's weights, as float16, and its card; each file appears whole or not at all.

    If one of them alone is replaced, `load_model` sees that they do not fit together.

    Buffers (the statistics of BatchNorm) keep their precision: they are small and span a wide range.

    Args:
        network: A network of the registry.
        card: Its card; `sha256` and `code_version` are filled in here.
        path: The weights file to write, `NAME.safetensors`; the card goes to `NAME.json` beside it.

    Returns:
        The card as written.

    Raises:
        ModelError: The weights are not finite (the training diverged) or too large for float16.
        OutputError: The files cannot be written.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise OutputError(f"Weights are written to a {SUFFIX} file, not to {path}: choose another name.")
    parameters = {name for name, _ in network.named_parameters()}
    weights = {
        name: (tensor.detach().half() if name in parameters else tensor.detach()).cpu().contiguous()
        for name, tensor in network.state_dict().items()
    }
    for name, tensor in weights.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ModelError(f"Not saved to {path}: {name} holds values that are not finite in float16.")
    data = safetensors.torch.save(weights)
    card = card.model_copy(
        update={"sha256": hashlib.sha256(data).hexdigest(), "code_version": version("faultpick")}
    )
    with staged(_card_path(path)) as card_file, staged(path) as weights_file, output_errors(path):
        weights_file.write_bytes(data)
        card_file.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return card


def card_path(name_or_path: str | Path) -> Path:
    """Where the card of a model is.

    Raises:
        ModelError: No such model.
    """
    return _card_path(_find(name_or_path))


def update_card(name_or_path: str | Path, **changes: object) -> Card:
    """Change what the card of a model says, and nothing about its weights.

    Returns:
        The card as written.

    Raises:
        ModelError: No such model, or its card is damaged.
        OutputError: The card cannot be written.
    """
    path = card_path(name_or_path)
    card = Card.model_validate(_read_card(path.with_suffix(SUFFIX)).model_dump() | changes)
    with staged(path) as file, output_errors(path):
        file.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return card


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    shipped = FOLDER / f"{name_or_path}{SUFFIX}"
    if path.suffix == SUFFIX:
        if not path.is_file():
            raise ModelError(f"There is no weights file {path}: check the path.")
        return path
    if path.name == str(name_or_path) and shipped.is_file():
        return shipped
    if path.exists():
        raise ModelError(f"{path} is not a {SUFFIX} file: give the weights file, its card lies beside it.")
    known = ", ".join(available()) or "none"
    if str(name_or_path) in models.names():
        raise ModelError(
            f"{name_or_path} is a network without weights in the box: train it and give the path of its "
            f"weights, or choose a model that is here ({known})."
        )
    hint = suggestion(str(name_or_path), available())
    raise ModelError(
        f"No model is called {str(name_or_path)!r}: {hint}Choose one that is here ({known}) "
        f"or give the path of a {SUFFIX} file."
    )


def _card_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _read_card(path: Path) -> Card:
    file = _card_path(path)
    try:
        text = file.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"The card {file} of the weights {path.name} is missing: copy it beside them."
        ) from error
    except OSError as error:
        raise ModelError(f"Cannot read the card {file}: {error.strerror}.") from error
    try:
        card = Card.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ModelError(
            f"The card {file} is damaged ({where}: {first['msg']}): copy or write it again."
        ) from error
    if card.normalisation != normalise.NAME:
        raise ModelError(
            f"The model of {file} was trained on amplitudes normalised as {card.normalisation!r}, "
            f"this version knows {normalise.NAME!r} only: train it again or use the version that wrote it "
            f"({card.code_version or 'unknown'})."
        )
    return card


def _fit(network: nn.Module, weights: dict[str, Tensor], path: Path, name: str) -> None:
    wanted = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    found = {key: tuple(tensor.shape) for key, tensor in weights.items()}
    problems = [f"{key} is missing" for key in wanted if key not in found]
    problems += [f"{key} is not part of it" for key in found if key not in wanted]
    problems += [
        f"{key} is {found[key]}, not {shape}"
        for key, shape in wanted.items()
        if found.get(key, shape) != shape
    ]
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise ModelError(
            f"The weights {path} do not fit the network {name!r} ({problems[0]}{more}): "
            "they belong to another network or version."
        )
