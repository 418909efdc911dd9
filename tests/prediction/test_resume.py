"""Runs that are stopped, and go on."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from faultpick.errors import BlockError, OutputError, VolumeError
from faultpick.prediction import predict_to_file
from faultpick.prediction.kept import input_facts
from faultpick.volume import open_volume
from faultpick.zoo import update_card

SHAPE = (48, 48, 48)
TILES = {"tile": 32, "halo": 8, "engine": "torch"}  # 27 blocks of 16^3


@pytest.fixture
def survey(tmp_path):
    np.save(tmp_path / "in.npy", np.random.default_rng(5).normal(size=SHAPE).astype(np.float32))
    return tmp_path / "in.npy"


@pytest.fixture(scope="module")
def undisturbed(weights, tmp_path_factory):
    """What a run gives that nobody disturbs, by suffix: the bytes of a file, or of the files of a folder."""
    folder = tmp_path_factory.mktemp("undisturbed")
    np.save(folder / "in.npy", np.random.default_rng(5).normal(size=SHAPE).astype(np.float32))
    for suffix in (".npy", ".zarr"):
        run(folder / "in.npy", weights, folder / f"out{suffix}")
    return {suffix: contents(folder / f"out{suffix}") for suffix in (".npy", ".zarr")}


def run(survey, weights, out, **options):
    with open_volume(survey) as volume:
        return predict_to_file(volume, options.pop("model", weights), out, **{**TILES, **options})


def contents(path: Path):
    if path.is_file():
        return path.read_bytes()
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def stopped_after(count, error=KeyboardInterrupt):
    calls = []

    def progress(*_):
        calls.append(None)
        if len(calls) > count:
            raise error

    return progress


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Bytes are those of one process and another only if both compute with as many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def stop(survey, weights, out, count=10, **options):
    with pytest.raises(KeyboardInterrupt):
        run(survey, weights, out, progress=stopped_after(count), **options)


def working(out: Path) -> Path:
    return out.with_name(f".{out.name}.partial")


@pytest.mark.parametrize(("suffix", "moment"), [(".npy", 0.2), (".zarr", 0.9)])
def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    survey, weights, undisturbed, tmp_path, suffix, moment
):
    out = tmp_path / f"out{suffix}"
    program = (
        "import torch\n"
        "from faultpick.prediction import predict_to_file\n"
        "from faultpick.volume import open_volume\n"
        "torch.set_num_threads(1)\n"
        f"with open_volume({str(survey)!r}) as volume:\n"
        f"    predict_to_file(volume, {str(weights)!r}, {str(out)!r}, tile=32, halo=8, engine='torch',\n"
        "        progress=lambda done, total: (print(done / total, flush=True)))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if float(line) >= moment:
            break
    time.sleep(np.random.default_rng().uniform(0, 0.02))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not out.exists()
    assert working(out).is_dir()
    said = []
    summary = run(survey, weights, out, say=said.append)
    assert 0 < summary.resumed < summary.tiles == 27
    assert any("An earlier run has done" in sentence for sentence in said)
    assert contents(out) == undisturbed[suffix]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.npy", out.name]


@pytest.mark.slow
def test_a_run_goes_on_in_other_processes(survey, weights, undisturbed, tmp_path):
    stop(survey, weights, tmp_path / "out.npy", count=20)
    summary = run(survey, weights, tmp_path / "out.npy", workers=1)
    assert summary.resumed >= 19
    expected = np.frombuffer(undisturbed[".npy"][128:], np.float32)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy").ravel(), expected, atol=1e-5)


def test_a_run_with_a_gain_goes_on_with_it(survey, weights, tmp_path):
    run(survey, weights, tmp_path / "whole.npy")
    stop(survey, weights, tmp_path / "out.npy")
    with pytest.raises(OutputError, match="gain"):
        run(survey, weights, tmp_path / "out.npy", gain=False)
    assert run(survey, weights, tmp_path / "out.npy").resumed == 10
    assert contents(tmp_path / "out.npy") == contents(tmp_path / "whole.npy")


def test_what_is_damaged_is_computed_again(survey, weights, undisturbed, tmp_path):
    out = tmp_path / "out.npy"
    stop(survey, weights, out)
    chunks = sorted((working(out) / "fault_probability.zarr" / "fault_probability" / "c").rglob("*"))
    chunks = [chunk for chunk in chunks if chunk.is_file()]
    assert len(chunks) == 10
    data = bytearray(chunks[0].read_bytes())
    data[len(data) // 2] ^= 255
    chunks[0].write_bytes(data)
    chunks[1].write_bytes(b"")
    chunks[2].unlink()
    chunks[3].write_bytes(chunks[4].read_bytes())
    receipts = sorted((working(out) / "done").iterdir())
    receipts[-1].write_text("{", encoding="utf-8")
    summary = run(survey, weights, out)
    assert summary.resumed == 5
    assert out.read_bytes() == undisturbed[".npy"]


def test_damage_at_the_end_is_told_and_mended_by_another_run(
    survey, weights, undisturbed, tmp_path, monkeypatch
):
    out = tmp_path / "out.npy"

    def damage(done, total):
        if done == total:
            chunk = working(out) / "fault_probability.zarr" / "fault_probability" / "c" / "1" / "1" / "1"
            chunk.write_bytes(chunk.read_bytes()[:-40])

    with pytest.raises(VolumeError, match="run the same command again"):
        run(survey, weights, out, progress=damage)
    assert not out.exists()
    assert run(survey, weights, out).resumed == 26
    assert out.read_bytes() == undisturbed[".npy"]


def test_another_setting_or_input_is_refused(survey, weights, tmp_path):
    out = tmp_path / "out.npy"
    stop(survey, weights, out)
    before = contents(working(out))
    for options, message in [
        ({"halo": 16}, r"halo \(8, now 16\)"),
        ({"tile": 64}, r"tile \(32, now 64\)"),
        ({"tta": True}, "augmentation"),
        ({"tta_reduce": "max"}, "reduced to"),
        ({"threshold": 0.4}, "threshold"),
        ({"model": "unet_res2"}, "model"),
        ({"scale": (1.0, 1.0, 1.5)}, "scale"),
    ]:
        with pytest.raises(OutputError, match=message) as refusal:
            run(survey, weights, out, **options)
        assert "--restart" in str(refusal.value)
        assert "\n" not in str(refusal.value)
    os.utime(survey, (1, 1))
    with pytest.raises(OutputError, match="time of the input"):
        run(survey, weights, out)
    assert contents(working(out)) == before
    assert run(survey, weights, out, restart=True).resumed == 0


def test_a_segy_survey_in_another_unit_is_another_input(segy):
    survey = segy(np.random.default_rng(5).normal(size=SHAPE).astype(np.float32))
    with open_volume(survey, unit="ms") as one, open_volume(survey, unit="m") as other:
        assert input_facts(one) != input_facts(other)
        assert input_facts(one) == input_facts(one)


def test_an_output_that_was_being_written_when_the_run_was_killed_is_removed(
    survey, weights, undisturbed, tmp_path
):
    out = tmp_path / "out.npy"
    stop(survey, weights, out)
    (working(out) / ".out.npy.12345678.partial").write_bytes(b"of sixty gigabytes")
    run(survey, weights, out)
    assert out.read_bytes() == undisturbed[".npy"]
    assert not working(out).exists()


def test_a_model_calibrated_meanwhile_is_another(survey, weights, tmp_path):
    for suffix in (".safetensors", ".json"):
        shutil.copy(weights.with_suffix(suffix), tmp_path)
    model = tmp_path / weights.name
    stop(survey, model, tmp_path / "out.npy")
    update_card(model, temperature=1.5)
    with pytest.raises(OutputError, match="differs in temperature"):
        run(survey, model, tmp_path / "out.npy")


def test_two_runs_of_one_output_at_a_time_are_refused(survey, weights, tmp_path):
    def second(*_):
        with pytest.raises(OutputError, match="another run"):
            run(survey, weights, tmp_path / "out.npy")

    run(survey, weights, tmp_path / "out.npy", tile=64, progress=second)


def test_a_full_disk_keeps_what_is_done(survey, weights, undisturbed, tmp_path):
    """A limit on the size of files stands for a disk without room; the sentence is that of the limit."""
    out = tmp_path / "out.npy"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill(done, total):
        if done > total / 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))

    try:
        with pytest.raises(OutputError, match=r"out\.npy cannot be written"):
            run(survey, weights, out, progress=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert run(survey, weights, out).resumed > 10
    assert out.read_bytes() == undisturbed[".npy"]


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_without_room_is_one_sentence_and_more_room_is_enough(
    survey, weights, undisturbed, small_disk
):
    with pytest.raises(OutputError, match="no space left"):
        run(survey, weights, small_disk / "out.zarr")
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert run(survey, weights, small_disk / "out.zarr").resumed > 0
    assert contents(small_disk / "out.zarr") == undisturbed[".zarr"]


@pytest.mark.parametrize(
    ("failure", "error", "sentence"),
    [
        (OSError(errno.EIO, "Input/output error"), VolumeError, r"^At {}: .*can no longer be read"),
        (RuntimeError("no more"), BlockError, r"^The block at {} failed: RuntimeError: no more$"),
    ],
    ids=["disk", "other"],
)
def test_a_block_that_fails_says_where_it_lies(
    failure, error, sentence, segy, weights, tmp_path, monkeypatch
):
    cube = np.random.default_rng(5).normal(size=SHAPE).astype(np.float32)
    path = segy(cube, inlines=100 + 2 * np.arange(48))
    with open_volume(path) as volume:
        volume.statistics()
        read = volume.reader.read

        def broken(reader, inlines, crosslines, samples):
            if inlines.stop > 40 and crosslines.start < 10 and samples.stop > 40:
                raise failure
            return read(inlines, crosslines, samples)

        monkeypatch.setattr(type(volume.reader), "read", broken)
        where = r"inlines 164 to 194, crosslines 100 to 131, 128 to 188 ms"
        with pytest.raises(error, match=sentence.format(where)):
            predict_to_file(
                volume,
                weights,
                tmp_path / "out.sgy",
                tile=32,
                halo=0,
                engine="torch",
                scale="none",
                smooth="none",
                gain=False,
            )


def commands_of(group: int) -> list[str]:
    """The command lines of a group's processes, of which defunct ones have none."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are POSIX")
def test_an_interrupt_lets_the_workers_go(weights, tmp_path):
    np.save(tmp_path / "in.npy", np.random.default_rng(5).normal(size=(64, 64, 64)).astype(np.float32))
    out = tmp_path / "out.npy"
    program = Path(sys.executable).with_name("faultpick")
    process = subprocess.Popen(
        [program, "predict", tmp_path / "in.npy", "-o", out, "--model", weights, "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a group of its own, as of a terminal
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where tests run behind
    )
    try:
        while not any("spawn_main" in command for command in commands_of(process.pid)):  # a worker starts
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Traceback" not in stderr
        deadline = time.monotonic() + 30
        while commands_of(process.pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert not out.exists()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
