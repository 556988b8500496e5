"""What the commands print: progress on stderr (a bar on a terminal, lines elsewhere), errors as one sentence.

stdout stays free for results, so that `layerw shot --json | jq` works.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import typer
from rich.console import Console

STDERR = Console(stderr=True, soft_wrap=True, highlight=False)


class CommandError(Exception):
    """A command can't go on; the message is one sentence for a person."""


def page_says(level: int, text: str) -> None:
    """Repeat what a page printed: print() on stdout, warnings and tracebacks on stderr."""
    with contextlib.suppress(OSError, ValueError):  # a terminal that is gone, or closed by `| head`
        typer.echo(text, err=level > 0)


def fail(message: str) -> typer.Exit:
    """Print the sentence and return the exit to raise: `raise fail("...")`."""
    STDERR.print("[bold red]error:[/] ", end="")
    STDERR.print(message, markup=False)
    return typer.Exit(1)


@contextlib.contextmanager
def steps(title: str) -> Iterator[Callable[[str, float], None]]:
    """Give a callback (what happens now, share done). On a pipe every new sentence is a line."""
    if not STDERR.is_terminal:
        yield _line_printer()
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("[bold]{task.description}"), BarColumn(), TextColumn("{task.fields[step]}"),
               TimeElapsedColumn())
    with Progress(*columns, console=STDERR, transient=True) as bar:
        task = bar.add_task(title, total=1.0, step="", visible=False)

        def report(text: str, done: float) -> None:
            bar.update(task, completed=done, step=text, visible=done < 1)

        yield report


def _line_printer() -> Callable[[str, float], None]:
    last = ""

    def report(text: str, done: float) -> None:
        nonlocal last
        if done < 1 and text != last:
            STDERR.print(f"{done:4.0%}  {text}", markup=False)
        last = text

    return report
