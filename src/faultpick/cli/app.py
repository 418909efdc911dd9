"""The application that every verb registers with, and its console."""

import typer
from rich.console import Console

app = typer.Typer(
    name="faultpick",
    help="Pick faults in 3D seismic images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
