"""How much quicker tiles are made by one and two local dask workers: `python benchmarks/cluster.py`.

Needs layerw[cluster] and two cores that nobody else uses. Times what the workers do (from the first branch handed
out to the last one finished), since the rest is done in one process either way. Speed-up a worker = t(1) / (2 t(2)).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from distributed import LocalCluster

from layerw_server.bake import bake
from layerw_server.bake.procedural import make_world


def seconds(out: Path, address: str | None) -> float:
    """From the first tile's turn to the last tile."""
    marks: list[float] = []

    def progress(step: str, done: int, total: int) -> None:
        if step == "tiles":
            marks.append(time.perf_counter())

    bake(make_world("desert", 1, levels=6), out, jobs=1, scheduler=address, progress=progress)
    return marks[-1] - marks[0]


def main() -> None:
    """Print three times and two ratios."""
    with tempfile.TemporaryDirectory() as name:
        here = seconds(Path(name) / "here", None)
        print(f"one process    {here:6.1f} s")
        found = []
        for count in (1, 2):
            with LocalCluster(n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
                found.append(seconds(Path(name) / f"w{count}", cluster.scheduler_address))
            print(f"{count} worker{'s' * (count > 1)}      {found[-1]:6.1f} s")
        one, two = found
        print(f"speed-up a worker: {here / (2 * two):.2f} of one process, {one / (2 * two):.2f} of one worker")


if __name__ == "__main__":
    main()
