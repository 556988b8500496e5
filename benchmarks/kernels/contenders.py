"""The numpy side, and the kernels in place: runs on CPython and, as the same text, in Pyodide. See data.py for inputs.

`main(folder)` prints one line of JSON: {case: {contender: [[ms, ...], checksum]}}.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from layerw.kernels import inplace
from layerw.kernels.twins.all import NumpyKernels

REPEATS, WARM_UP = 9, 3
WIDTHS = {"position": 3, "rotation": 4, "scale": 3, "positions": 3}
U32 = np.uint32


def load(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of data.py."""
    kinds = json.loads((folder / "kinds.json").read_text("utf-8"))
    found = {name: np.fromfile(folder / f"{name}.bin", np.dtype(kind)) for name, kind in kinds.items()}
    return {name: array.reshape(-1, WIDTHS[name]) if name in WIDTHS else array for name, array in found.items()}


def checksum(array: np.ndarray) -> int:
    """The sum of the words, each times its place + 1, modulo 2**32."""
    words = np.ascontiguousarray(array).reshape(-1).view(U32)
    return int((words * np.arange(1, len(words) + 1, dtype=U32)).sum(dtype=U32))


def timed(prepare: Callable[[], None], run: Callable[[], Any], warm_up: int = WARM_UP,
          repeats: int = REPEATS) -> list[float]:
    """Milliseconds of every measured run."""
    times = []
    for turn in range(warm_up + repeats):
        prepare()
        start = time.perf_counter()
        run()
        if turn >= warm_up:
            times.append((time.perf_counter() - start) * 1e3)
    return times


def cull(kernels: Any, d: dict[str, np.ndarray]) -> tuple[list[float], int]:
    """lw_cull_lods of all spheres."""
    count, lods = len(d["rows"]), len(d["until_m"])
    out, counts = np.zeros(lods * count, U32), np.zeros(lods, U32)

    def run() -> int:
        return int(kernels.lw_cull_lods(d["view"], d["positions"], d["radii"], d["rows"], count, d["until_m"], lods,
                                        out, counts))

    return timed(lambda: None, run), checksum(out[: run()])


def cull_tuned(d: dict[str, np.ndarray]) -> tuple[list[float], int]:
    """What a numpy programmer would write for speed: axes apart, planes as products, sign bits; other rounding."""
    def run() -> np.ndarray:
        view, radii = d["view"], d["radii"]
        axes = np.empty((3, len(radii)), np.float32)
        for axis in range(3):
            np.subtract(d["positions"][:, axis], view[axis], out=axes[axis])
            axes[axis] -= view[4 + axis]
        outside = np.zeros(len(radii), np.int32)
        for plane in view[8:28].reshape(5, 4):
            distance = plane[:3] @ axes
            distance += plane[3]
            distance += radii
            outside |= distance.view(np.int32)
        seen = np.flatnonzero(outside >= 0)
        near = axes[:, seen]
        level = np.searchsorted(d["until_m"], np.sqrt(np.einsum("ij,ij->j", near, near)), side="right")
        order = np.argsort(level.astype(np.uint8), kind="stable")
        return d["rows"][seen[order[: np.count_nonzero(level < len(d["until_m"]))]]]

    return timed(lambda: None, run), checksum(run())


def sort(kernels: Any, keys: np.ndarray, name: str) -> tuple[list[float], int]:
    """lw_sort_u32 or lw_sort_u64 with a payload."""
    own, payload = keys.copy(), np.zeros(len(keys), U32)
    spare, spare_payload = np.empty_like(own), np.empty_like(payload)

    def prepare() -> None:
        own[:] = keys
        payload[:] = np.arange(len(keys), dtype=U32)

    times = timed(prepare, lambda: getattr(kernels, name)(own, payload, spare, spare_payload, len(own)))
    return times, checksum(payload)


def compose(kernels: Any, d: dict[str, np.ndarray]) -> tuple[list[float], int]:
    """lw_compose_rows of a hierarchy."""
    local = [d[name] for name in ("position", "rotation", "scale")]
    world = [*(array.copy() for array in local), np.zeros_like(d["scale"])]

    def run() -> None:
        kernels.lw_compose_rows(d["parents"], d["children"], len(d["children"]), *local, *world)

    return timed(lambda: None, run), checksum(world[0])


def main(folder: str) -> str:
    """Measures all that this host has."""
    import rays_contenders  # beside this file; it imports this one

    d = load(Path(folder))
    hosts: dict[str, Any] = {"numpy": NumpyKernels(), "in place": inplace.load()}
    found: dict[str, dict[str, Any]] = {"cull": {"numpy tuned": cull_tuned(d)}}
    for name, kernels in hosts.items():
        if kernels is not None:
            found["cull"][name] = cull(kernels, d)
            found.setdefault("sort 32", {})[name] = sort(kernels, d["keys32"], "lw_sort_u32")
            found.setdefault("sort 64", {})[name] = sort(kernels, d["keys64"], "lw_sort_u64")
            found.setdefault("hierarchy", {})[name] = compose(kernels, d)
            for case, result in rays_contenders.measure(kernels, d, name == "numpy").items():
                found.setdefault(case, {})[name] = result
    return json.dumps(found)


if __name__ == "__main__":
    sys.modules["contenders"] = sys.modules["__main__"]
    print(main(sys.argv[1]))
