"""A column of a survey on its way through networks along the inlines, some planes at a time."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from faultpick.models.flow import Column, Flow, as_they_are, can_flow, lateness
from faultpick.models.profile import context
from faultpick.prediction.compiled import Compiled, compiled_pieces, plain
from faultpick.zoo import LoadedModel

_NOTHING = np.empty((1, 0, 0, 0), dtype=np.float32)

Rows = Callable[[slice], NDArray[np.float32]]
"""Reads normalised amplitudes by positions along the inlines, `(inline, crossline, sample)`."""


class Flows:
    """How a survey flows through models together, each as it is computed after `engine.prepared`.

    Attributes:
        planes: Planes that go through at each step.
        latency: Planes by which results are late.
        lead: Planes before a result that it can depend on at most.
    """

    def __init__(self, members: Sequence[LoadedModel]) -> None:
        self.members = members
        self.flows = []
        for member in members:
            prepare = compiled_pieces if isinstance(member.network, Compiled) else as_they_are
            self.flows.append(Flow(_computed(member.network), prepare))
        self.planes, self.latency = self.flows[0].planes, self.flows[0].latency
        self.lead = max(context(plain(member.network), member.info.multiple) for member in members)

    def fed(self, stop: int) -> int:
        """Planes that went in when results before `stop` came out, both from the column's first."""
        return -(-(stop + self.latency) // self.planes) * self.planes


def flow_latency(members: Sequence[LoadedModel]) -> int | None:
    """The planes by which results are late; None unless a survey can flow through these models.

    It can on a CPU, through one kind of network.
    """
    networks = [_computed(member.network) for member in members]
    if any(member.device.type != "cpu" for member in members) or not all(map(can_flow, networks)):
        return None
    late = {lateness(network) for network in networks}
    return late.pop() if len(late) == 1 else None


class Passage:
    """Gives a column's results in order.

    Args:
        flows: The models.
        read: Reads the column.
        begin: The first position to read, a multiple of the planes of a step.
        count: The column's length, a multiple of it too.
        use: The crosslines and samples whose results are wanted.
    """

    def __init__(self, flows: Flows, read: Rows, begin: int, count: int, use: tuple[slice, slice]) -> None:
        self._flows, self._read, self._use = flows, read, use
        self._begin, self._count, self._fed = begin, count, 0
        self._columns: list[Column] = []
        self._beyond = torch.empty(0)
        self._ready = _NOTHING
        self._first = begin - flows.latency  # position of the first of the results that are ready
        self.next = begin

    def take(self, start: int, stop: int) -> NDArray[np.float32]:
        """The fault probabilities that each model gives for the positions from `start` to before `stop`.

        Args:
            start: `next`, or a later position.
            stop: At most `count`.

        Returns:
            `(member, inline, crossline, sample)`.
        """
        rows, columns = (part.stop - part.start for part in self._use)
        out = np.empty((len(self._flows.members), stop - start, rows, columns), dtype=np.float32)
        while True:
            end = self._first + self._ready.shape[1]
            low, high = max(start, self._first), min(stop, end)
            if low < high:
                out[:, low - start : high - start] = self._ready[:, low - self._first : high - self._first]
            if end >= stop:
                self.next = stop
                return out
            self._first, self._ready = end, _NOTHING
            self._ready = self._step()

    @torch.inference_mode()
    def _step(self) -> NDArray[np.float32]:
        """The results that the next planes bring, whatever their position."""
        flows = self._flows
        place = self._begin + self._fed
        if place < self._count:
            planes = torch.from_numpy(self._read(slice(place, place + flows.planes)))[None, None]
        else:
            planes = self._beyond
        if not self._columns:
            self._beyond = torch.zeros_like(planes)
            length, (height, width) = self._count - self._begin, planes.shape[-2:]
            self._columns = [Column(flow, length, height, width) for flow in flows.flows]
        found = []
        for column, member in zip(self._columns, flows.members, strict=True):
            logit = column.step(planes).div_(member.card.temperature)
            found.append(logit.sigmoid_()[0, :, :, *self._use].numpy())
        self._fed += flows.planes
        return found[0] if len(found) == 1 else np.concatenate(found)


def _computed(network: nn.Module) -> nn.Module:
    return network.network if isinstance(network, Compiled) else network
