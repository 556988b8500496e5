"""layerw's side: runs in Pyodide in node, where physics.mjs calls `step` as a page's frame would.

A step is all hooks of app.physics, as the engine calls them: the kernel's step, poses into the entity table, events.
The kernel's own calls are timed apart.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

import layerw as lw
from layerw.hosts.headless import HeadlessHost


class Ours:
    """One scene."""

    def __init__(self, path: str, sleeps: bool) -> None:
        records = np.frombuffer(Path(path).read_bytes(), np.float32).reshape(-1, 7)
        self.app = lw.App(host=HeadlessHost(), entities_max=12_000)
        self.kernel_s, self.python_ms = 0.0, list[float]()
        for record in records[records[:, 0] == 0].tolist():
            sides = [2 * half for half in record[4:]]
            self.app.spawn(lw.Mesh.box(*sides), position=record[1:4], body=lw.Body("static"))
        places = records[records[:, 0] == 1, 1:4]
        self.boxes = self.app.spawn_many(lw.Mesh.box(), len(places), position=places)
        self.app.physics.add(self.boxes, "dynamic", shape="box", sleeps=sleeps)
        self._hooks = self.app.physics.hooks()
        kernels: Any = self.app.physics._world.kernels
        self._bare = {name: getattr(kernels, name) for name in dir(kernels) if name.startswith("lw_")}
        for name, function in self._bare.items():
            setattr(kernels, name, self._timed(function))

    def _timed(self, function: Any) -> Any:
        def call(*values: Any) -> Any:
            start = time.perf_counter()
            found = function(*values)
            self.kernel_s += time.perf_counter() - start
            return found

        return call

    def step(self) -> None:
        """1/60 s."""
        self.kernel_s, start = 0.0, time.perf_counter()
        self._hooks["before"]()
        self._hooks["fixed"](1 / 60)
        self._hooks["after"](1 / 60)
        self.python_ms.append((time.perf_counter() - start - self.kernel_s) * 1e3)

    def awake(self) -> int:
        """How many boxes."""
        return int(np.count_nonzero(self.boxes.body.awake))

    def height(self) -> float:
        """Metres, of all boxes' middles."""
        return float(self.boxes.position[:, 1].mean())

    def state_hash(self) -> str:
        """Of all bodies."""
        return self.app.physics.state_hash()

    def close(self) -> None:
        """Leaves the kernels as they were, which the next scene shares."""
        for name, function in self._bare.items():
            setattr(self.app.physics._world.kernels, name, function)
        self.app.close()
