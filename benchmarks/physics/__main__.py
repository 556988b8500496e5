"""Rigid bodies beside Rapier, Jolt and Havok in one node, with the same kernel compiled natively as the floor.

    npm install --prefix DIR @dimforge/rapier3d-simd-compat @dimforge/rapier3d-compat jolt-physics @babylonjs/havok
    python -m benchmarks.physics --peers DIR/node_modules [--rounds 3]

Writes results/physics.*. All engines take each step in turn, so that what else runs on the machine meets all of them.
Needs gcc, and the archive with Box3D's sources, which building layerw's kernels fetched.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.site import ROOT
from benchmarks.tables import publish, verdict
from layerw_server import runtime
from layerw_server.runtime import node

HERE = Path(__file__).parent
KERNELS = ROOT / "engine_py" / "kernels"
FLAGS = ("-O3", "-msse4.2", "-std=gnu17", "-ffp-contract=off", "-fno-math-errno", "-DNDEBUG", "-w")  # width as wasm's
STEPS = {"pit": 300, "sleep": 60}
LAST = 60  # steps of the pit in which the pile lies
FLOOR, PYTHON_MS, SLEEP_MS = 1.5, 0.1, 0.3
PACKAGES = ("@dimforge/rapier3d-simd-compat", "@dimforge/rapier3d-compat", "jolt-physics", "@babylonjs/havok")
Round = dict[str, dict[str, Any]]  # contender -> what physics.mjs found
Found = dict[str, list[Round]]  # scene -> rounds


def write_scenes(folder: Path) -> None:
    """pit: 1,000 boxes that fall into one; sleep: 10,000 that lie on a floor. Records: native.c."""
    walls = ((0, -0.5, 0, 15, 0.5, 15), (-8, 19, 0, 0.5, 20, 8.5), (8, 19, 0, 0.5, 20, 8.5), (0, 19, -8, 8.5, 20, 0.5),
             (0, 19, 8, 8.5, 20, 0.5))  # fmt: skip
    boxes = [((x - 4.5) * 1.1, 2 + 1.1 * y, (z - 4.5) * 1.1) for y, z, x in itertools.product(range(10), repeat=3)]
    lying = [(2 * x, 0.5, 2 * z) for z, x in itertools.product(range(100), repeat=2)]
    for name, still, moving in (("pit", walls, boxes), ("sleep", ((99, -0.5, 99, 200, 0.5, 200),), lying)):
        records = [(0, *one) for one in still] + [(1, *one, 0.5, 0.5, 0.5) for one in moving]
        np.array(records, np.float32).tofile(folder / f"{name}.bin")


def native_program(folder: Path) -> Path:
    """The kernel and Box3D compiled here, with native.c."""
    sys.path.insert(0, str(KERNELS))
    import alone  # as kernels/build.py does: these are scripts
    import rigid

    alone._unpack(rigid.MODULE, folder / "box3d")
    files = [path for path in sorted((folder / "box3d" / "src").glob("*.c")) if path.name not in rigid.MODULE.left_out]
    files += [*sorted((KERNELS / "rigid").glob("*.c")), HERE / "native.c"]
    include = [folder / "box3d" / "include", folder / "box3d" / "src", KERNELS / "rigid", KERNELS / "alone", KERNELS,
               KERNELS / "include"]  # fmt: skip
    subprocess.run(["gcc", *FLAGS, "-include", HERE / "exact.h", *(f"-I{one}" for one in include), *files, "-lm", "-o",
                    folder / "native"], check=True)  # fmt: skip
    return folder / "native"


def measure(peers: Path, rounds: int) -> Found:
    """Both scenes, `rounds` times."""
    program, found = node.try_node(), Found()
    assert program is not None, "the development environment brings a node"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_scenes(folder)
        native = native_program(folder)
        for turn, (scene, steps) in itertools.product(range(rounds), STEPS.items()):
            print(f"round {turn}, {scene}", flush=True)
            command = [program, HERE / "physics.mjs", runtime.ensure(), ROOT / "engine_py" / "layerw", peers, native,
                       folder / f"{scene}.bin", str(int(scene == "sleep")), str(steps), str(turn)]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
            if done.returncode:
                raise RuntimeError((done.stdout + done.stderr)[-2000:])
            found.setdefault(scene, []).append(json.loads(done.stdout.splitlines()[-1]))
    return found


def _steps(one: dict[str, Any], key: str = "") -> np.ndarray:
    """Milliseconds of every step, with what reading its poses took."""
    return np.array(one[key]) if key else np.array(one["step_ms"]) + np.array(one["read_ms"])


def _median(rounds: list[Round], name: str, of: Callable[[np.ndarray], Any], key: str = "") -> float:
    return median(float(of(_steps(one[name], key))) for one in rounds)


def _ratio(rounds: list[Round], name: str, part: slice) -> float:
    """layerw's step by another's: of each step, as both ran beside each other; the median of all."""
    return float(np.median([_steps(one["layerw"])[part] / _steps(one[name])[part] for one in rounds]))


def table(found: Found, machine: str) -> str:
    """Markdown: medians of rounds."""
    pit, sleep = found["pit"], found["sleep"]
    end, whole = slice(-LAST, None), slice(None)
    lines = ["# Physics beside Rapier, Jolt and Havok", "", machine, "",
             "## 1,000 boxes fall into a pit, none may sleep; 300 steps of 1/60 s", "",
             "| engine | ms a step, median | p95 | the pile lies: last 60 | of it reading poses | layerw / it | "
             "last 60 | mean height, m |", "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name in pit[0]:
        height = pit[0][name].get("height")
        ratios = f"{_ratio(pit, name, whole):.2f} | {_ratio(pit, name, end):.2f}" if name != "layerw" else " | "
        read = f"{_median(pit, name, np.median, 'read_ms'):.2f}" if name not in ("layerw", "native") else "in it"
        lines.append(f"| {name} | {_median(pit, name, np.median):.2f} | "
                     f"{_median(pit, name, lambda ms: np.percentile(ms, 95)):.2f} | "
                     f"{_median(pit, name, lambda ms: np.median(ms[end])):.2f} | {read} | {ratios} | "
                     f"{'' if height is None else f'{height:.2f}'} |")  # fmt: skip
    lines += ["", "## 10,000 boxes that sleep on a floor", "",
              "| engine | ms a step | of it reading poses | awake | asleep after steps, at most |",
              "|---|---|---|---|---|"]
    for name in sleep[0]:
        read = f"{_median(sleep, name, np.median, 'read_ms'):.3f}" if name not in ("layerw", "native") else "in it"
        lines.append(f"| {name} | {_median(sleep, name, np.median):.3f} | {read} | {sleep[0][name]['awake']:,} | "
                     f"{sleep[0][name]['settled_after']} |")  # fmt: skip
    floor, python = _ratio(pit, "native", whole), _median(pit, "layerw", np.median, "python_ms")
    asleep = _median(sleep, "layerw", np.median)
    lines += ["", "| goal | measured | asked | |", "|---|---|---|---|"]
    for what, value, asked in (("1,000 active: layerw / native", floor, FLOOR),
                               ("of it Python, ms (wall clock)", python, PYTHON_MS),
                               ("10,000 sleeping, layerw, ms", asleep, SLEEP_MS)):  # fmt: skip
        lines.append(f"| {what} | {value:.3f} | <= {asked} | {verdict(value, asked, at_most=True)} |")
    peers = [name for name in pit[0] if name not in ("layerw", "native")]
    for name in peers:
        ratio = _ratio(pit, name, whole)
        lines.append(f"| 1,000 active: layerw / {name} | {ratio:.2f} | <= 1 | {verdict(ratio, 1.0, at_most=True)} |")
    same = {one["layerw"]["hash"] == one["native"]["hash"] for one in (*pit, *sleep)}
    lines += ["", "State after the last step, layerw in V8 and native: "
              f"{'equal to the bit' if same == {True} else 'DIFFERENT'}."]  # fmt: skip
    return "\n".join(lines) + "\n"


def said(peers: Path, found: Found) -> str:
    """What was measured, and with what."""
    pit, count = found["pit"][0], " and ".join(f"{len(rounds)} of {scene}" for scene, rounds in found.items())
    versions = ", ".join(f"{name} {json.loads((peers / name / 'package.json').read_text())['version']}"
                         for name in PACKAGES)  # fmt: skip
    solver = ", ".join(f"{name} {one['iterations']}" for name, one in pit.items() if one.get("iterations"))
    return ("CPU milliseconds in one node (V8), a step with all poses where a program can use them; engines take each "
            f"step in turn; medians of rounds ({count}). layerw: all hooks of app.physics in Pyodide: Box3D's step, "
            "poses into the entity table, events; native: the same kernel by gcc, one thread, SSE4.2. All bodies have "
            f"friction 0.6, density 1,000 and no bounce; {versions}. Solver: layerw 4 sub-steps; {solver}; Havok has "
            "no such setting, and its poses are matrices. "
            f"Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")  # fmt: skip


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True, help="node_modules with the four packages")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    found = measure(args.peers.resolve(), args.rounds)
    publish("physics", found, table(found, said(args.peers, found)))


if __name__ == "__main__":
    main()
