"""Measure one thread against two, then write benchmarks/results/threads.json and threads.md. `--rounds`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.kernels import data
from benchmarks.site import ROOT, build_site, run_page
from benchmarks.tables import publish, verdict

CASES = {  # case -> what it is, the speed-up asked (0: none)
    "cull": ("cull + LOD of 1,000,000", 1.8),
    "sph": ("a step of 10,000 particles", 1.7),
    "empty": ("an empty parallel_for of 64 chunks", 0.0),
}
Found = dict[str, list[dict[str, Any]]]  # case -> a result a round


def build_kernels(out: Path) -> None:
    """worker.wasm with an empty job linked in (tests/kernels/jobs)."""
    spec = importlib.util.spec_from_file_location("kernels_build", ROOT / "engine_py" / "kernels" / "build.py")
    assert spec is not None and spec.loader is not None
    build = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    worker = next(variant for variant in build.VARIANTS if variant.name == "worker")
    build.build_variant(replace(worker, folders=(*worker.folders, "../../tests/kernels/jobs")), out)


def measure(rounds: int) -> tuple[Found, list[float]]:
    """All cases `rounds` times, and the machine's load before each."""
    found: Found = {}
    loads: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        site = build_site(ROOT / "benchmarks" / "drawing" / "boxes.py", Path(name, "site"))
        page = site / "threads-bench"
        shutil.copytree(ROOT / "benchmarks" / "threads", page, ignore=shutil.ignore_patterns("__pycache__"))
        data.write(page / "data")
        build_kernels(page)
        for turn in range(rounds):
            print(f"round {turn}", flush=True)
            loads.append(os.getloadavg()[0])
            for case, result in run_page(site, "threads-bench/index.html", timeout_s=300)["threads"][0].items():
                found.setdefault(case, []).append(result)
    return found, loads


def table(found: Found, loads: list[float]) -> str:
    """Markdown: the fastest samples, which saw both cores free, and medians of all."""
    cores, before = os.cpu_count(), ", ".join(f"{load:.1f}" for load in loads)
    lines = ["# Threads", "",
             "In Chromium, in a worker, as the engine runs: one thread and two in turn, sample by sample, us. "
             "\"Fastest\" is the best sample of all rounds: others share the machine, and what they take can only "
             "be added. \"Median\" is of all samples; where others keep the cores busy, two threads lose, because "
             "one waits for a chunk of the other, which waits for a core. "
             f"Load average on {cores} cores before the rounds: {before}.", "",
             "| | fastest: one | two | speed-up | median: one | two | speed-up | asked | results |",
             "|---|---|---|---|---|---|---|---|---|"]
    for case, (what, asked) in CASES.items():
        times = {name: [time * 1e3 for result in found[case] for time in result[name]] for name in ("one", "two")}
        best = {name: min(values) for name, values in times.items()}
        middle = {name: statistics.median(values) for name, values in times.items()}
        ratio = best["one"] / best["two"]
        equal = all(result["equal"] for result in found[case])
        goal = "" if not asked else f">= {asked}: {verdict(ratio, asked, at_most=False)}"
        lines.append(f"| {what} | {best['one']:.2f} | {best['two']:.2f} | {ratio:.2f} | {middle['one']:.2f} | "
                     f"{middle['two']:.2f} | {middle['one'] / middle['two']:.2f} | {goal} | "
                     f"{'equal' if equal else 'DIFFERENT'} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    found, loads = measure(parser.parse_args().rounds)
    publish("threads", {"loads": loads, "found": found}, table(found, loads))


if __name__ == "__main__":
    main()
