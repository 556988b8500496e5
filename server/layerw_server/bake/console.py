"""The progress bar of `layerw bake` (rich) and its closing line."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

LABELS = {"read": "Reading", "terrain": "Shaping the land", "measure": "Measuring errors", "tiles": "Baking tiles",
          "levels": "Baking levels"}


class BakeProgress:
    """A context manager; `update(step, done, total)` moves the bar of a step."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.bar = Progress(*columns, console=self.console)
        self.tasks: dict[str, TaskID] = {}
        self.done: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> BakeProgress:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def update(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` units of a step are finished."""
        self.done[step] = done, total
        if step not in self.tasks:
            self.tasks[step] = self.bar.add_task(LABELS.get(step, step), total=total)
        self.bar.update(self.tasks[step], completed=done, total=total)

    def note(self, text: str) -> None:
        """Say something that went differently, above the bar."""
        self.bar.console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)

    def finish(self, tiles: int, size_bytes: int, seconds: float, out: Path, continued: int = 0) -> None:
        """Print what was made."""
        more = f" ({continued} from a bake that was stopped)" if continued else ""
        self.console.print(f"{out}: {tiles} tiles{more}, {size_bytes / 1e6:.1f} MB, {seconds:.1f} s", highlight=False,
                           markup=False)

    def finish_models(
        self, files: int, triangles: tuple[int, ...], size_bytes: int, seconds: float, out: Path,
    ) -> None:
        """Print what became of models."""
        what = f"{', '.join(f'{one:,}' for one in triangles)} triangles" if triangles else f"{files} tiles"
        self.console.print(f"{out}: {what}, {size_bytes / 1e6:.1f} MB, {seconds:.1f} s", highlight=False, markup=False)

    def finish_splats(
        self, path: Path, count: int, degree: int, before_bytes: int, size_bytes: int, seconds: float,
    ) -> None:
        """Print what became of splats."""
        self.console.print(f"{path}: {count:,} splats, harmonics of degree {degree}, {size_bytes / 1e6:.1f} MB of "
                           f"{before_bytes / 1e6:.1f} MB, {seconds:.1f} s", highlight=False, markup=False)

    def stopped(self, out: Path) -> str:
        """The sentence after Ctrl-C."""
        done, total = self.done.get("tiles", (0, 0))
        if not done:
            return f"Stopped before the first tile; {out} is as it was."
        return (f"Stopped with {done} of {total} tiles made; {out} is as it was, and the same command continues "
                f"(.{out.name}.partial beside it keeps them).")
