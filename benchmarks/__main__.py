"""`make bench`: serving, boot, drawing, kernels, picking, simulation, memory, bridge, threads, animation, the game kit
and, where layerw[bake] is there, textures, in turn.

Tables and JSON go to benchmarks/results/.

A part that fails or misses its target does not keep the others from running. Exit status 1 when a part could not
be measured, and the summary says why; a missed target is a result, not an error: its table says by how much.
Drawing takes seconds a frame on a software rasteriser, so it runs with few frames; `--full` gives the parts their
own defaults, and `python -m benchmarks.drawing --help` lists its settings.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from importlib.util import find_spec

from benchmarks.site import RESULTS, ROOT

PARTS = {
    "serving": ["benchmarks/serving/bench_serving.py"],
    "boot": ["-m", "benchmarks.boot"],
    "drawing": ["-m", "benchmarks.drawing"],
    "kernels": ["-m", "benchmarks.kernels"],
    "picking": ["-m", "benchmarks.picking"],
    "simulation": ["-m", "benchmarks.simulation"],
    "memory": ["-m", "benchmarks.memory"],
    "bridge": ["-m", "benchmarks.bridge"],
    "threads": ["-m", "benchmarks.threads"],
    "animation": ["-m", "benchmarks.animation"],
    "kit": ["-m", "benchmarks.kit"],
    "textures": ["-m", "benchmarks.textures"],
    "loading": ["-m", "benchmarks.loading"],
}
# All parts together end within about a quarter of an hour on two cores without a GPU.
SHORT = {
    "serving": ["--rounds", "3"],
    "drawing": ["--frames", "20", "--warm-up", "12", "--many", "5", "--timeout-s", "600"],
}


# Modules of layerw[bake], which `make setup` does not bring.
NEEDS = dict.fromkeys(("textures", "loading"), ("meshoptimizer", "alktx2"))


def lacks(name: str) -> str:
    """Why a part can't be measured here, or ""."""
    missing = [module for module in NEEDS.get(name, ()) if find_spec(module) is None]
    return f"left out, it needs {' and '.join(missing)}: pip install 'layerw[bake]'" if missing else ""


def run_part(name: str, command: list[str]) -> str:
    """Run one part; returns why it left no new result, or "" where it did."""
    result = RESULTS / f"{name}.json"
    before = result.stat().st_mtime_ns if result.is_file() else 0
    started = time.monotonic()
    print(f"== {name}", flush=True)
    said = ""
    with subprocess.Popen([sys.executable, *command], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            said = line.strip() or said  # a traceback's last line is its error
    why = ""
    if not result.is_file() or result.stat().st_mtime_ns <= before:
        why = f"failed with status {process.returncode}: {said or 'it wrote no error'}"
    print(f"== {name}: {why or 'measured'}, {time.monotonic() - started:.0f} s\n", flush=True)
    return why


def main() -> int:
    """Run the parts that were named, or all."""
    parser = argparse.ArgumentParser(description="Measure layerw against its peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--full", action="store_true", help="every part with its own defaults: half an hour or more")
    args = parser.parse_args()
    names = args.parts or [name for name in PARTS if not lacks(name)]
    for name in () if args.parts else PARTS:
        if why := lacks(name):
            print(f"{name}: {why}")
    for name in names:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}; the parts are {', '.join(PARTS)}")
    whys = {name: run_part(name, PARTS[name] + ([] if args.full else SHORT.get(name, []))) for name in names}
    print("\n".join(str(path.relative_to(ROOT)) for path in sorted(RESULTS.glob("*.md"))))
    for name, why in whys.items():
        if why:
            print(f"{name}: {why}", file=sys.stderr)
    return 1 if any(whys.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
