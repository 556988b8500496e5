"""Measure rays and picking, then write benchmarks/results/picking.json and picking.md. `--rounds`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.site import ROOT, build_site, run_page
from benchmarks.tables import publish, verdict

HERE = ROOT / "benchmarks" / "picking"
EXAMPLE = ROOT / "examples" / "picking.py"
TWIN = "numpy, all tried"
GOALS = {"first ray, cold": 300.0, "first ray": 300.0, "later ray": 1.0, "picking example, a frame": 4.0}  # ms
Found = dict[str, list[dict[str, float]]]  # host -> a dictionary of milliseconds for each round


def measure(rounds: int) -> Found:
    """Both hosts in turn, `rounds` times; a page each time, so that its first ray is cold."""
    found: Found = {"CPython": [], "page": []}
    with tempfile.TemporaryDirectory() as name:
        site = build_site(EXAMPLE, Path(name) / "site")
        shutil.copytree(HERE, site / "picking-bench", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(EXAMPLE, site / "picking-bench" / "picking.py")
        for turn in range(rounds):
            print(f"round {turn}", flush=True)
            command = [sys.executable, str(HERE / "measure.py")]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found["CPython"].append(json.loads(done.stdout))
            found["page"].extend(run_page(site, "picking-bench/index.html", timeout_s=300)["page"])
    return found


def table(found: Found) -> str:
    """Markdown: milliseconds, how many times faster than the twin, and what was asked."""
    lines = ["# Picking", "",
             "Milliseconds, the fastest round: `app.raycast` over 500,000 boxes that may move, and a frame of "
             "examples/picking.py (its Python and the engine's, 301 things, the pointer on the move), without a GPU. "
             f"\"{TWIN}\" is the kernels' twin in numpy without a tree, a ray. Cold: of a fresh process or page, "
             f"imports and compilation included. Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.", "",
             "| case | host | ms | of the twin's time | asked, ms | |", "|---|---|---|---|---|---|"]
    for host, rounds in found.items():
        twin = min(one[TWIN] for one in rounds)
        for case in rounds[0]:
            ms, asked = min(one[case] for one in rounds), GOALS.get(case)
            ratio = f"{ms / twin:.4f}" if "ray" in case else ""
            goal = f"{asked:g} | {verdict(ms, asked, at_most=True)}" if asked else " | "
            lines.append(f"| {case} | {host} | {ms:.3f} | {ratio} | {goal} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    found = measure(args.rounds)
    publish("picking", found, table(found))


if __name__ == "__main__":
    main()
