"""Characters a frame: crowds and graphs in Pyodide against three.js's mixers, in one node; writes results/animation.*.

What is measured is CPU time of the process, whoever else has the cores, up to where drawing would begin: no page, no
GPU. `--frames`, `--rounds`.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.site import ROOT
from benchmarks.tables import publish, verdict
from layerw_server import runtime
from layerw_server.runtime import node

HERE = Path(__file__).parent
RUNS = (("crowd", 1000), ("crowd", 10_000), ("graph", 500), ("graphs", 500), ("graphs", 1000), ("three mixers", 1000))
LIMITS_MS = {"crowd 1000": 2.0, "crowd 10000": 2.0, "graph 500": 2.0, "graphs 500": 2.0}
RATIO = 10.0  # of three's mixers to a crowd, at 1,000


def measure(kind: str, count: int, frames: int, folder: Path) -> list[float]:
    """Milliseconds of each frame."""
    program, file = node.try_node(), folder / "animal.glb"
    assert program is not None, "the development environment brings a node"
    if kind.startswith("three"):
        command = [program, "three.mjs", file, str(count), str(frames)]
    else:
        script = folder / "frames.py"
        uri = "data:model/gltf-binary;base64," + base64.b64encode(file.read_bytes()).decode()
        head = f"CASE = {kind!r}, {count}, {frames}, {uri!r}\n"
        script.write_text(head + (HERE / "frames.py").read_text("utf-8"), "utf-8")
        command = [program, ROOT / "tests" / "kernels" / "run_pyodide.mjs", runtime.ensure(),
                   ROOT / "engine_py" / "layerw", script]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr)[-2000:])
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(found: dict[str, list[float]]) -> str:
    """Markdown. found: p50 of each round, by what ran."""
    best = {name: min(values) for name, values in found.items() if values}
    lines = ["# Animation: CPU ms a frame in node, no page and no GPU", "",
             "The animal of examples/fox (17 joints), each at its own clip and time. layerw: the frame in Pyodide",
             "up to its commands, by one graph that moves all or by a graph for each; three: mixers, world and bone",
             "matrices in JavaScript. The best round's p50.", "",
             "| characters | ms | asked | |", "|---|---|---|---|"]
    for name, ms in best.items():
        limit = LIMITS_MS.get(name)
        asked = f"<= {limit} | {verdict(ms, limit, at_most=True)}" if limit else "|"
        lines.append(f"| {name} | {ms:.2f} | {asked} |")
    if "three mixers 1000" in best and "crowd 1000" in best:
        ratio = best["three mixers 1000"] / best["crowd 1000"]
        lines.append(f"| three mixers / crowd, 1,000 | {ratio:.1f} x | >= {RATIO:g} | "
                     f"{verdict(ratio, RATIO, at_most=False)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder) / "animal.glb"
        subprocess.run([sys.executable, ROOT / "examples" / "fox" / "animal.py", at], check=True)
        for _ in range(args.rounds):
            for kind, count in RUNS:
                times = measure(kind, count, args.frames, Path(folder))
                found.setdefault(f"{kind} {count}", []).append(median(times))
    publish("animation", found, table(found))


if __name__ == "__main__":
    main()
