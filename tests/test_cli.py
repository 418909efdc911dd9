import signal
import subprocess
import sys
from importlib.metadata import version

import pytest


def test_the_version_is_printed(command):
    assert command("--version") == (0, f"{version('faultpick')}\n", "")


def test_models_in_the_box_are_listed_before_the_networks(command):
    code, output, _ = command("models")
    assert code == 0
    box, networks = output.split("Networks, to train:")
    assert "  unet_res2_wu2019, a unet_res2_merged\n" in box
    assert "vnet_modified" in networks


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_what_is_told_to_end_leaves_nothing_half_written(tmp_path, sent):
    """Queues of clusters send SIGTERM, closed terminals SIGHUP."""
    script = """
import sys, time
from pathlib import Path
from faultpick import cli
from faultpick.volume.staging import staged

def write():
    with staged(Path(sys.argv[1]) / "a.sgy") as temporary:
        temporary.write_text("half")
        print("writing", flush=True)
        time.sleep(60)

cli.app = write
cli.main()
"""
    run = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),  # tests may run where it is ignored
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "writing\n"
    assert [path.name[:7] for path in tmp_path.iterdir()] == [".a.sgy."]
    run.send_signal(sent)
    assert run.wait(30) == 128 + sent
    assert list(tmp_path.iterdir()) == []
