"""Networks compiled by OpenVINO for the CPU."""

import ctypes
import hashlib
import importlib
import itertools
import sys
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from faultpick.errors import ModelError
from faultpick.models.flow import Piece, Planes, Run
from faultpick.models.fold import TRACING
from faultpick.threads import interrupts_deferred

LARGE = 1 << 20  # bytes
MOST_KEPT = 8

_kept: dict[str, Any] = {}


def openvino() -> ModuleType | None:
    """The module OpenVINO; None if it is not installed.

    It is imported without the part that reports each use to its makers.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
    try:
        return importlib.import_module("openvino")
    except ImportError:
        return None


def _library() -> ModuleType:
    library = openvino()
    if library is None:
        raise ModelError(
            "OpenVINO is not installed where the network is to be computed: install it there too, or choose "
            "the engine torch."
        )
    return library


class Compiled(nn.Module):
    """A network that OpenVINO computes with as many threads as PyTorch would use.

    Floats are of 32 bits; convolutions that were `quantised` are computed in whole numbers. It is converted
    when it is first called, unless it was before, and compiled when it meets a shape. Only the shape met last
    keeps the memory it computes in. Calls from several threads take turns; a copy sent to another process is
    compiled there.

    Args:
        network: What to compile.
        multiple: Sides of its input are multiples of this.
        original: What `network` is the quantised form of.
    """

    def __init__(self, network: nn.Module, multiple: int, original: nn.Module | None = None) -> None:
        super().__init__()
        _return_freed_memory()
        self.network, self.multiple, self.original = network, multiple, original
        self._model: Any = None
        self._compiled: dict[tuple[int, ...], Any] = {}
        self._shape: tuple[int, ...] = ()
        self._request: Any = None
        self._tensor: Any = None if (library := openvino()) is None else library.Tensor
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type, tuple[nn.Module, int, nn.Module | None]]:
        return Compiled, (self.network, self.multiple, self.original)

    def convert(self) -> None:
        """Convert the network, unless it has been.

        Raises:
            ModelError: OpenVINO cannot convert it.
        """
        if self._model is None:
            side = 2 * self.multiple  # at the smallest, InstanceNorm meets single voxels and goes another way
            example = torch.zeros(1, 1, side, side, side, dtype=torch.float32, device="cpu")
            self._model = _converted_once(self.network, example)

    def forward(self, x: Tensor) -> Tensor:
        """What the network gives for `(N, 1, Z, Y, X)`."""
        array = x.contiguous().numpy()
        with self._lock:
            self._prepare(array.shape)
            (output,) = (np.empty(tuple(each.shape), np.float32) for each in self._request.model_outputs)
            self._request.set_output_tensor(0, self._tensor(output, shared_memory=True))  # not copied
            self._request.infer([array], share_inputs=True, share_outputs=True)
        return torch.from_numpy(output)

    def rest(self) -> None:
        """Give back the memory of the shape met last; the next call takes it again."""
        with self._lock:
            self._release()

    def _release(self) -> None:
        shape, self._shape = self._shape, ()
        if self._request is not None:
            self._request = None
            self._compiled[shape].release_memory()

    def _prepare(self, shape: tuple[int, ...]) -> None:
        """Make the request that computes inputs of this shape."""
        if shape == self._shape:
            return
        self._release()
        self.convert()
        if shape not in self._compiled:
            self._compiled[shape] = _compiled(self._model, [shape])
        self._request, self._shape = self._compiled[shape].create_infer_request(), shape


def compiled_pieces(pieces: Sequence[Piece]) -> list[Run]:
    """Parts of a network that OpenVINO computes from and into the caller's memory, copying nothing.

    Each is compiled anew when it meets other shapes than before.

    Raises:
        ModelError: OpenVINO cannot convert them.
    """
    library = _library()
    example = tuple(x for _, inputs in pieces for x in inputs)
    together = _converted(_Together(pieces), example)  # at once, which is several times as fast
    inputs = iter([each.get_node() for each in together.inputs])
    return [
        _runner(library, library.Model([result], list(itertools.islice(inputs, len(example)))))
        for result, (_, example) in zip(together.get_results(), pieces, strict=True)
    ]


class _Together(nn.Module):
    """Pieces side by side."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(part for part, _ in pieces)
        self.counts = [len(example) for _, example in pieces]

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        left = iter(inputs)
        return tuple(
            part(*itertools.islice(left, count)) for part, count in zip(self.parts, self.counts, strict=True)
        )


def _runner(library: ModuleType, model: Any) -> Run:
    shapes: list[tuple[int, ...]] = []
    request: Any = None

    def run(out: Planes, *inputs: Planes) -> None:
        nonlocal shapes, request
        met = [tuple(x.shape) for x in inputs]
        if met != shapes:
            request, shapes = _compiled(model, met).create_infer_request(), met
        for number, x in enumerate(inputs):
            request.set_input_tensor(number, library.Tensor(x, shared_memory=True))
        request.set_output_tensor(0, library.Tensor(out, shared_memory=True))
        request.infer(share_outputs=True)  # a copy would be made of them otherwise

    return run


def _return_freed_memory() -> None:
    """Have large arrays go back to the system as soon as they are freed, where the C library can be told.

    It would keep them in pieces otherwise, half as much again as is in use.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(-3, LARGE)  # M_MMAP_THRESHOLD


def plain(network: nn.Module) -> nn.Module:
    """The network in PyTorch behind one that may be compiled."""
    return network.original or network.network if isinstance(network, Compiled) else network


def engine_of(network: nn.Module) -> str:
    """What computes a network: "torch", "openvino" or "int8"."""
    if not isinstance(network, Compiled):
        return "torch"
    return "openvino" if network.original is None else "int8"


def _converted_once(network: nn.Module, example: Tensor) -> Any:
    """As `_converted`, kept for the next call with the same weights, as PyTorch keeps all that it traced."""
    key = _fingerprint(network)
    model = _kept.get(key)
    if model is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        model = _kept[key] = _converted(network, (example,))
    return model


def _fingerprint(network: nn.Module) -> str:
    """What tells networks apart: their parts and their weights."""
    digest = hashlib.sha256(repr(network).encode())
    for tensor in network.state_dict().values():
        digest.update(np.ascontiguousarray(tensor.numpy()).data)
    return digest.hexdigest()


def _converted(network: nn.Module, example: tuple[Tensor, ...]) -> Any:
    """OpenVINO's form of a network, for inputs of any shape."""
    library = _library()
    try:
        with (
            TRACING,
            interrupts_deferred(),
            torch.inference_mode(False),
            torch.no_grad(),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # tracing has its doubts about Python's if, and about itself
            traced = torch.jit.trace(network, example, check_trace=False)
            return library.convert_model(traced, example_input=example)
    except Exception as error:  # the library raises its own kinds, bare Exception among them
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"OpenVINO cannot convert a {type(network).__name__} ({reason}): choose the engine torch."
        ) from error


def _compiled(model: Any, shapes: list[tuple[int, ...]]) -> Any:
    library = _library()
    model = model.clone()
    model.reshape({number: library.PartialShape(list(shape)) for number, shape in enumerate(shapes)})
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "ENABLE_CPU_PINNING": False,  # several processes would be pinned to the same cores
    }
    with interrupts_deferred():
        return _core().compile_model(model, "CPU", settings)


@cache
def _core() -> Any:
    """One for all networks: each that ends leaves the thread that ended it without a stack for signals."""
    return _library().Core()
