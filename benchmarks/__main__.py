"""`make bench`: serving, boot, drawing, kernels and the bridge in turn; tables and JSON go to benchmarks/results/.

A part that fails or misses its target does not keep the others from running. Exit status 1 when a part could not
be measured; a missed target is a result, not an error: its table says by how much.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from benchmarks.site import RESULTS, ROOT

PARTS = {
    "serving": ["benchmarks/serving/bench_serving.py", "--rounds", "3", "--seconds", "2"],
    "boot": ["-m", "benchmarks.boot", "--rounds", "5"],
    "drawing": ["-m", "benchmarks.drawing"],
    "kernels": ["-m", "benchmarks.kernels"],
    "memory": ["-m", "benchmarks.memory"],
    "bridge": ["-m", "benchmarks.bridge"],
}


def run_part(name: str, command: list[str]) -> bool:
    """Run one part; False where it left no new result."""
    result = RESULTS / f"{name}.json"
    before = result.stat().st_mtime_ns if result.is_file() else 0
    started = time.monotonic()
    print(f"== {name}", flush=True)
    code = subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode
    measured = result.is_file() and result.stat().st_mtime_ns > before
    print(f"== {name}: {'measured' if measured else f'failed with status {code}'} "
          f"in {time.monotonic() - started:.0f} s\n", flush=True)
    return measured


def main() -> int:
    """Run the parts that were named, or all."""
    parser = argparse.ArgumentParser(description="Measure layerw against its peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    names = parser.parse_args().parts or list(PARTS)
    for name in names:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}; the parts are {', '.join(PARTS)}")
    measured = [run_part(name, PARTS[name]) for name in names]
    print("\n".join(str(path.relative_to(ROOT)) for path in sorted(RESULTS.glob("*.md"))))
    return 0 if all(measured) else 1


if __name__ == "__main__":
    sys.exit(main())
