"""Measure what the game kit costs a frame, then write benchmarks/results/kit.json and kit.md. `--rounds`."""

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

HERE = ROOT / "benchmarks" / "kit"
GOALS = {"100 moving emitters": 0.05, "100 widgets updated": 0.3, "500 agents": 2.0, "1,000 active boxes, Python": 0.1,
         "10,000 sleeping boxes": 0.3, "saving 10,000 entities": 10.0, "their kilobytes": 200.0}  # fmt: skip
Found = dict[str, list[dict[str, float]]]  # host -> a dictionary of milliseconds for each round


def measure(rounds: int) -> Found:
    """Both hosts in turn, `rounds` times."""
    found: Found = {"CPython": [], "page": []}
    with tempfile.TemporaryDirectory() as name:
        site = build_site(ROOT / "examples" / "hello.py", Path(name) / "site")
        shutil.copytree(HERE, site / "kit-bench", ignore=shutil.ignore_patterns("__pycache__"))
        for turn in range(rounds):
            print(f"round {turn}", flush=True)
            command = [sys.executable, str(HERE / "measure.py")]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found["CPython"].append(json.loads(done.stdout))
            found["page"].extend(run_page(site, "kit-bench/index.html", timeout_s=300)["page"])
    return found


def table(found: Found) -> str:
    """Markdown: milliseconds a frame, and what was asked."""
    lines = ["# The game kit", "",
             "Milliseconds of a subsystem's hooks a frame, the quickest of several turns: Python, and the kernels, "
             "which run under wasmtime (CPython, the thread's own time) or in place (page); nothing is drawn. "
             f"Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.", "",
             "| case | host | ms | asked | |", "|---|---|---|---|---|"]
    for host, rounds in found.items():
        for case in rounds[0] if rounds else ():
            value, asked = min(one[case] for one in rounds), GOALS.get(case)
            goal = f"{asked:g} | {verdict(value, asked, at_most=True)}" if asked else " | "
            lines.append(f"| {case} | {host} | {value:.3f} | {goal} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    found = measure(parser.parse_args().rounds)
    publish("kit", found, table(found))


if __name__ == "__main__":
    main()
