"""Measure, then write benchmarks/results/bridge.json and bridge.md. `--rounds`."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.site import ROOT, build_site, run_page
from benchmarks.tables import publish, verdict

PYTHON_COPY_US_ASKED = 0.3
GOALS = (  # what, numerator, denominator (None: microseconds), limit, whether it is a limit from above
    ("4 MiB bridged, speed against one memory", "4 MiB in one memory", "4 MiB bridged", 0.95, False),
    ("fallback misaligned (worst offset), speed against 8-byte accessor", "4 MiB by 8-byte accessor misaligned",
     "4 MiB fallback misaligned, worst", 25.0, False),
    ("the same to shared memory", "4 MiB by 8-byte accessor misaligned",
     "4 MiB fallback to shared memory misaligned, worst", 25.0, False),
    ("64-byte copy called from Python, us", "64 B bridged from Python", None, PYTHON_COPY_US_ASKED, True),
    ("result of 32 B to JavaScript, us", "result of 32 B to JavaScript, copied", None, 0.03, True),
    ("reading 3 MiB into a used buffer, us", "of which the reading alone", None, 100.0, True),
)  # fmt: skip
PROGRAM = """
import time
import numpy as np
import layerw as lw
app = lw.App(budgets=lw.Budgets(memory_mib=8))
copy, address, small = app.memory.kernels.lw_stm_copy, app.memory.alloc(4096).address, np.zeros(64, np.uint8)
place, times = small.__array_interface__["data"][0], {}
for name, target in (("64 B bridged from Python", place), ("64 B bridged from Python into an array", small)):
    runs = []
    for _ in range(15):
        start = time.perf_counter()
        for _ in range(20_000):
            copy(target, address, 64)
        runs.append((time.perf_counter() - start) / 20_000 * 1e6)
    times[name] = sorted(runs)[7]
import json, js
js.fetch("/result?k=python", method="POST", body=json.dumps(times))
js.setTimeout(js.Function.new("fetch('/result?k=done', {method: 'POST', body: ''})"), 500)
"""


def measure(rounds: int) -> tuple[dict[str, list[float]], bool]:
    """Times in microseconds by name, one a round, and whether every mode sorted alike."""
    found: dict[str, list[float]] = {}
    equal = True
    with tempfile.TemporaryDirectory() as name:
        program = Path(name, "program", "main.py")
        program.parent.mkdir()
        program.write_text(PROGRAM)
        site = build_site(program, Path(name, "site"))
        shutil.copytree(ROOT / "benchmarks" / "bridge", site / "bridge-bench",
                        ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
        for turn in range(rounds):
            print(f"round {turn}", flush=True)
            posted: dict[str, Any] = run_page(site, "bridge-bench/index.html", timeout_s=300)["bridge"][0]
            python = run_page(site, "index.html?backend=null", timeout_s=120)["python"][0]
            equal = equal and all(posted["equal"].values())
            for key, value in {**posted["times"], **python}.items():
                found.setdefault(key, []).append(value)
    return found, equal


def table(found: dict[str, list[float]], equal: bool) -> str:
    """Markdown: medians, and the figures asked."""
    median = {key: statistics.median(values) for key, values in found.items()}
    lines = ["# Bridge", "",
             "Two kernel modules with a memory each, in Chromium; medians of the rounds' medians, microseconds. "
             f"Sorted results are {'equal in every mode' if equal else 'DIFFERENT'}. "
             f"Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.", "", "| | us |", "|---|---|"]
    lines += [f"| {key} | {value:,.3f} |" for key, value in median.items()]
    lines += ["", "| | measured | asked | |", "|---|---|---|---|"]
    for what, over, under, limit, at_most in GOALS:
        ratio = median[over] / (median[under] if under else 1.0)
        lines.append(f"| {what} | {ratio:.3f} | {'<=' if at_most else '>='} {limit} | "
                     f"{verdict(ratio, limit, at_most=at_most)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    found, equal = measure(parser.parse_args().rounds)
    publish("bridge", found, table(found, equal))
    if not equal:
        raise SystemExit("The modes sorted to different results; see `equal` of benchmarks/bridge/bridge.js.")


if __name__ == "__main__":
    main()
