"""The progress bar of `layerw bake` (rich) and its closing line."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

LABELS = {"terrain": "Shaping the land", "measure": "Measuring errors", "tiles": "Baking tiles"}


class BakeProgress:
    """A context manager; `update(step, done, total)` moves the bar of a step."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.bar = Progress(*columns, console=self.console)
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> BakeProgress:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def update(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` units of a step are finished."""
        if step not in self.tasks:
            self.tasks[step] = self.bar.add_task(LABELS.get(step, step), total=total)
        self.bar.update(self.tasks[step], completed=done, total=total)

    def finish(self, tiles: int, size_bytes: int, seconds: float, out: Path) -> None:
        """Print what was made."""
        self.console.print(f"{out}: {tiles} tiles, {size_bytes / 1e6:.1f} MB, {seconds:.1f} s", highlight=False)
