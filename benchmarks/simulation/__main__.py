"""Measure, then write benchmarks/results/simulation.json and simulation.md. `--rounds`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.simulation import contenders, scenes
from benchmarks.site import ROOT, build_site, run_page
from benchmarks.tables import publish, verdict

SOURCES = ROOT / "engine_py" / "kernels"
FLAGS = ("-O3", "-msse4.2", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno")
ONE, ALONE, TWO = "wasmtime", "wasmtime worker.wasm", "wasmtime, 2 threads"
NAMES = ("Chromium", ONE, ALONE, TWO, "native", "numpy")
TITLES = {"dam": "SPH, dam, 10,000", "small dam": "SPH, dam, 1,000", "column": "SPH, column of 80, 8,000",
          "flood": "shallow water, 512 x 512"}  # fmt: skip
GOALS = (  # what, scene, contender, peer or None, asked, whether it is a limit from above
    ("ms a step", "dam", "Chromium", None, 5.0, True),
    ("ms a step", "dam", ONE, None, 5.0, True),
    ("1 thread / 2 threads", "dam", ALONE, TWO, 1.7, False),
)
Found = dict[str, dict[str, list[Any]]]  # scene -> contender -> [[milliseconds of every step], checksum] by round


def native_program(folder: Path) -> Path | None:
    """The C compiled here, or None without gcc."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    program = folder / "native"
    files = [*sorted((SOURCES / "simulation").glob("*.c")), SOURCES / "layer" / "error.c",
             SOURCES / "threads" / "serial.c", ROOT / "benchmarks" / "simulation" / "native.c"]
    names = ("", "include", "memory", "layer", "threads", "simulation", "geometry")
    include = [f"-I{SOURCES / name}" for name in names]
    subprocess.run([compiler, *FLAGS, *include, *files, "-lm", "-o", str(program)], check=True)
    return program


def add(found: Found, result: dict[str, dict[str, Any]]) -> None:
    """Takes one round's results in."""
    for scene, by_name in result.items():
        for name, value in by_name.items():
            found.setdefault(scene, {}).setdefault(name, []).append(value)


def measure(rounds: int) -> tuple[Found, dict[str, dict[str, float]]]:
    """All contenders in turn, `rounds` times."""
    found: Found = {}
    state: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = build_site(ROOT / "benchmarks" / "drawing" / "boxes.py", folder / "site")
        page = site / "simulation-bench"
        shutil.copytree(ROOT / "benchmarks" / "simulation", page, ignore=shutil.ignore_patterns("__pycache__"))
        scenes.write(page / "data")
        program = native_program(folder)
        for turn in range(rounds):
            print(f"round {turn}", flush=True)
            if program is not None:
                done = subprocess.run([str(program), str(page / "data")], check=True, capture_output=True, text=True)
                add(found, json.loads(done.stdout))
            result, state = contenders.measure(turn)
            for contender, by_scene in result.items():
                add(found, {scene: {contender: value} for scene, value in by_scene.items()})
            add(found, run_page(site, "simulation-bench/index.html", timeout_s=300)["page"][0])
    return found, state


def step_ms(runs: list[Any] | None) -> float | None:
    """The mean step; of each step the fastest round: others share the machine, what they take can only be added."""
    if not runs:
        return None
    return float(np.array([times for times, _ in runs]).min(axis=0)[scenes.SKIPPED :].mean())


def table(found: Found, state: dict[str, dict[str, float]]) -> str:
    """Markdown: ms a step, whether all results are equal, how the water fared, and the goals."""
    lines = ["# Simulation", "",
             f"ms a step of 1/120 s: the mean of the steps after the first {scenes.SKIPPED}, of each step the fastest "
             "round. Scenes: scenes.py. \"wasmtime\" runs side.wasm, \"worker.wasm\" is the module for threads, with "
             "one. The native C is gcc's, one thread, vectors as wide as wasm's; \"numpy\" is the twin, equal to the "
             "bit, whose particles compare all pairs. "
             f"Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.", "",
             f"| scene | {' | '.join(NAMES)} | results |", f"|---|{'---|' * len(NAMES)}---|"]  # fmt: skip
    for scene, by_name in found.items():
        cells = [step_ms(by_name.get(name)) for name in NAMES]
        sums = {value for runs in by_name.values() for _, value in runs}
        lines.append(f"| {TITLES[scene]} | {' | '.join('' if ms is None else f'{ms:.2f}' for ms in cells)} | "
                     f"{'all equal' if len(sums) == 1 else f'{len(sums)} DIFFERENT'} |")
    lines += ["", "| scene | density max, at its end | turns of the solver a step | sub-steps, last step |",
              "|---|---|---|---|"]
    lines += [f"| {TITLES[scene]} | {values['density max']:.3f} | {values['turns']:.1f} | {values['sub-steps']} |"
              for scene, values in state.items()]  # fmt: skip
    lines += ["", "| goal | measured | asked | |", "|---|---|---|---|"]
    for what, scene, own, peer, asked, at_most in GOALS:
        a, b = step_ms(found[scene].get(own)), 1.0 if peer is None else step_ms(found[scene].get(peer))
        if a is None or b is None:
            continue
        goal = verdict(a / b, asked, at_most=at_most)
        limit = f"{'<=' if at_most else '>='} {asked}"
        lines.append(f"| {TITLES[scene]}, {own}: {what} | {a / b:.2f} | {limit} | {goal} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    found, state = measure(args.rounds)
    publish("simulation", {"found": found, "state": state}, table(found, state))


if __name__ == "__main__":
    main()
