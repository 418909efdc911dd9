"""Fixtures: small SEG-Y files of every kind, written with segyio and then patched byte by byte."""

import ctypes
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import segyio
from numpy.typing import NDArray

SHARED = Path(__file__).parents[2] / "shared" / "data"


def whole_numbers(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float32]:
    """Random samples that every SEG-Y sample format holds exactly; none is zero."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 100, shape).astype(np.float32)


def write_segy(
    path: Path,
    cube: NDArray[np.float32],
    *,
    code: int = 5,
    inlines: Any = None,
    crosslines: Any = None,
    live: NDArray[np.bool_] | None = None,
    order: str = "inline",
    seed: int = 0,
    inline_byte: int = 189,
    crossline_byte: int = 193,
    coordinates: Callable[[int, int], tuple[int, int]] | None = None,
    scalar: int = 0,
    delay: int = 0,
    interval: int = 4000,
    endian: str = "big",
    extended: int = 0,
    text: str = "C 1 A TEST",
    extra: dict[int, int] | None = None,
) -> Path:
    """Write the live traces of a cube; `order` is "inline", "crossline" or "random".

    Bytes that no reader looks at hold random values, so that a copy that loses some shows.
    """
    rng = np.random.default_rng(seed)
    inlines = np.arange(10, 10 + cube.shape[0]) if inlines is None else np.asarray(inlines)
    crosslines = np.arange(100, 100 + cube.shape[1]) if crosslines is None else np.asarray(crosslines)
    exists = np.ones(cube.shape[:2], dtype=bool) if live is None else live
    places = np.argwhere(exists) if order != "crossline" else np.argwhere(exists.T)[:, ::-1]
    if order == "random":
        rng.shuffle(places)
    spec: Any = segyio.spec()
    spec.format = code
    spec.samples = np.arange(cube.shape[2]) * interval / 1000
    spec.tracecount = len(places)
    spec.ext_headers = extended
    spec.endian = endian
    with segyio.create(str(path), spec) as file:
        file.text[0] = text.ljust(3200)[:3200]
        for number in range(extended):
            file.text[number + 1] = f"extended header {number}".ljust(3200)
        file.bin.update(hdt=interval, hns=cube.shape[2], format=code)
        for number, (i, x) in enumerate(places):
            header = {109: delay, 115: cube.shape[2], 117: interval, 71: scalar}
            if coordinates is not None:
                header[181], header[185] = coordinates(int(inlines[i]), int(crosslines[x]))
            header |= {inline_byte: int(inlines[i]), crossline_byte: int(crosslines[x])} | (extra or {})
            file.header[number] = header
            file.trace[number] = cube[i, x].astype(file.dtype)
    data = np.fromfile(path, dtype=np.uint8)
    data[3300:3400] = rng.integers(0, 256, 100)
    start = 3600 + 3200 * extended
    headers = data[start:].reshape(len(places), -1)[:, :240]
    headers[:, 118:180] = rng.integers(0, 256, (len(places), 62))
    headers[:, 224:240] = rng.integers(0, 256, (len(places), 16))
    data.tofile(path)
    return path


class _SignalStack(ctypes.Structure):
    _fields_ = (("place", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Leave no trace in how this process takes signals.

    PyTorch leaves a handler of ended children for the rest of the process. It runs on the alternate
    stack where there is one, and a library beside it leaves one that is freed: the end of a child in a later
    test would bring the whole run down.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    if sys.platform == "linux":
        disabled = _SignalStack(None, 2, 0)
        ctypes.CDLL(None).sigaltstack(ctypes.byref(disabled), None)


@pytest.fixture
def segy(tmp_path: Path) -> Callable[..., Path]:
    """Write a SEG-Y file of a cube with `write_segy`'s options and return its path."""

    def write(cube: NDArray[np.float32], name: str = "in.sgy", **options: Any) -> Path:
        return write_segy(tmp_path / name, cube, **options)

    return write


@pytest.fixture
def numbers() -> Callable[..., NDArray[np.float32]]:
    """Random samples that every SEG-Y sample format holds exactly; none is zero."""
    return whole_numbers


@pytest.fixture
def disc() -> Callable[[int, int], NDArray[np.bool_]]:
    """A disc-shaped survey with a hole, bool, shape (inlines, crosslines)."""

    def make(rows: int, columns: int) -> NDArray[np.bool_]:
        u, v = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
        radius = np.hypot(u, v)
        return (radius <= 1.1) & (radius >= 0.3)

    return make


@pytest.fixture
def shared() -> Path:
    """Folder of real seismic beside the repository; the test is skipped where there is none."""
    if not SHARED.is_dir():
        pytest.skip("no real seismic beside the repository")
    return SHARED


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run `faultpick ARGUMENTS...` in this process; returns exit code, standard output and standard error."""
    from faultpick import cli

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["faultpick", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        output, errors = capsys.readouterr()
        return code, output, errors

    return run
