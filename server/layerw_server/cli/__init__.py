"""The console script `layerw`: new, run, serve, shot, bake, inspect, export, build, doctor, runtime.

Owns options, help and error sentences. The work is done elsewhere and imported when a command needs it, so that
`layerw --help` is quick and a missing piece spoils only its own command. Exit status: 0 done, 1 a sentence on
stderr says why not, 2 wrong usage, 130 Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from .. import __version__
from . import building, commands, together
from .console import CommandError, fail

app = typer.Typer(name="layerw", no_args_is_help=True, add_completion=False, rich_markup_mode="rich",
                  pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
                  help="Write a game in Python, see it in the browser.\n\nExit status of every command: 0 done; 1 it "
                       "failed, and a sentence on stderr says why (shot: also when the program logged an error); "
                       "2 wrong usage; 130 ended by Ctrl-C.")
commands.register(app)
building.register(app)
together.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"layerw {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True,
                                           help="Print the version and end.")] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; errors that a person can act on are one sentence, others keep their traceback."""
    try:
        return app(arguments, prog_name="layerw")
    except KeyboardInterrupt:
        return sys.exit(130)
    except SystemExit as end:
        if not isinstance(end.code, str):
            raise
        return sys.exit(fail(end.code.removeprefix("layerw ")).exit_code)
    except Exception as error:
        if os.environ.get("LAYERW_TRACEBACK") or not is_expected(error):
            raise
        return sys.exit(fail(str(error) or type(error).__name__).exit_code)


def is_expected(error: Exception) -> bool:
    """Whether the message alone says it all: own errors, and what the operating system refused."""
    own = ("RuntimeUnavailable", "SumMismatch", "ServeError", "BakeError", "ShotError", "ExportError", "BuildError",
           "BrowserMissing", "ProbeError", "NewError", "RoomError")
    names = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, (CommandError, OSError)) or not names.isdisjoint(own)
