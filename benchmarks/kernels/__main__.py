"""Measure, then write benchmarks/results/kernels.json and kernels.md. `--rounds`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.kernels import data
from benchmarks.site import ROOT, build_site, run_page
from benchmarks.tables import publish, verdict

SOURCES = ROOT / "engine_py" / "kernels"
# As build.py compiles the wasm; SSE4.2 has its vectors' width.
FLAGS = ("-O3", "-msse4.2", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno")
NAMES = {  # contender -> column
    "side": "Chromium, own memory", "in place": "Chromium, in place on numpy", "native": "native SSE4.2",
    "pyodide numpy": "numpy in Pyodide", "numpy": "numpy natively", "pyodide numpy tuned": "numpy tuned, Pyodide",
    "numpy tuned": "numpy tuned, natively",
}  # fmt: skip
GOALS = (  # case, contender, peer, the ratio asked, whether it is a limit from above
    ("cull", "side", "native", 1.5, True),
    ("cull", "in place", "native", 1.5, True),
    ("cull", "pyodide numpy", "in place", 4.0, False),
    ("cull", "pyodide numpy tuned", "in place", 4.0, False),
    ("cull", "numpy", "side", 4.0, False),
    ("cull", "numpy tuned", "side", 4.0, False),
)
Found = dict[str, dict[str, list[Any]]]  # case -> contender -> [[milliseconds of every run], checksum] by round


def native_program(folder: Path) -> Path | None:
    """The C compiled here, or None without gcc."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    program = folder / "native"
    files = [str(path) for path in sorted((SOURCES / "geometry").glob("*.c"))]
    files.append(str(ROOT / "benchmarks" / "kernels" / "native.c"))
    include = [f"-I{SOURCES}", f"-I{SOURCES / 'include'}", f"-I{SOURCES / 'geometry'}"]
    subprocess.run([compiler, *FLAGS, *include, *files, "-lm", "-o", str(program)], check=True)
    return program


def add(found: Found, result: dict[str, dict[str, Any]], prefix: str = "") -> None:
    """Takes one round's results in."""
    for case, contenders in result.items():
        for name, value in contenders.items():
            key = f"{prefix}{name}" if name.startswith("numpy") else name
            found.setdefault(case, {}).setdefault(key, []).append(value)


def measure(rounds: int) -> tuple[Found, dict[str, int]]:
    """All contenders in turn, `rounds` times."""
    found: Found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = build_site(ROOT / "benchmarks" / "drawing" / "boxes.py", folder / "site")
        page = site / "kernels-bench"
        shutil.copytree(ROOT / "benchmarks" / "kernels", page, ignore=shutil.ignore_patterns("__pycache__"))
        counts = data.write(page / "data")
        program = native_program(folder)
        for turn in range(rounds):
            print(f"round {turn}", flush=True)
            if program is not None:
                add(found, _json([str(program), str(page / "data")]))
            add(found, _json([sys.executable, str(page / "contenders.py"), str(page / "data")]))
            posted = run_page(site, "kernels-bench/index.html", timeout_s=300)
            add(found, posted["side"][0])
            add(found, posted["pyodide"][0], "pyodide ")
    return found, counts


def _json(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def best_ms(runs: list[Any] | None) -> float | None:
    """The fastest run: others share the machine, and what they take can only be added."""
    return min(min(times) for times, _ in runs) if runs else None


def table(found: Found, counts: dict[str, int]) -> str:
    """Markdown: ns an element, ratios, and whether all results are equal."""
    lines = ["# Kernels", "",
             "ns an element, the fastest run of all rounds; inputs and order of memory are the same for all (data.py). "
             "The native C is gcc's, with vectors as wide as wasm's. \"numpy\" is the kernel's twin, bit-equal; "
             "\"numpy tuned\" is the fastest numpy known here, with other rounding. Rays: numpy tries every triangle. "
             f"Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.", "",
             f"| case | elements | {' | '.join(NAMES.values())} | results |",
             f"|---|---|{'---|' * len(NAMES)}---|"]
    for case, contenders in found.items():
        cells = []
        for key in NAMES:
            ms = best_ms(contenders.get(key))
            cells.append("" if ms is None else f"{ms * 1e6 / counts[case]:.2f}")
        sums = {value for key, runs in contenders.items() if "tuned" not in key for _, value in runs}
        lines.append(f"| {case} | {counts[case]:,} | {' | '.join(cells)} | "
                     f"{'all equal' if len(sums) == 1 else f'{len(sums)} DIFFERENT'} |")
    lines += ["", "| ratio | measured | asked | |", "|---|---|---|---|"]
    for case, own, peer, asked, at_most in GOALS:
        a, b = best_ms(found.get(case, {}).get(own)), best_ms(found.get(case, {}).get(peer))
        if a is None or b is None:
            continue
        ratio = a / b
        lines.append(f"| {case}: {NAMES[own]} / {NAMES[peer]} | {ratio:.2f} | {'<=' if at_most else '>='} {asked} | "
                     f"{verdict(ratio, asked, at_most=at_most)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    found, counts = measure(args.rounds)
    publish("kernels", {"counts": counts, "found": found}, table(found, counts))


if __name__ == "__main__":
    main()
