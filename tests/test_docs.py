import subprocess
import sys
from pathlib import Path

COMMANDS = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"


def test_the_reference_of_the_command_is_what_its_verbs_say(tmp_path):
    out = tmp_path / "commands.md"
    docs = ["utils", "docs", "--name", "faultpick", "--title", "The command", "--output", str(out)]
    subprocess.run([sys.executable, "-m", "typer", "faultpick.cli", *docs], check=True)
    assert COMMANDS.read_text() == out.read_text(), "write it again with `make commands`"
