"""Measure, then write benchmarks/results/drawing.json and drawing.md. `--rounds`, `--frames`, `--from FILE`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.site import ROOT, build_site, run_page
from benchmarks.tables import publish, verdict

GOALS = (  # contender, its floor or peer, the largest ratio asked
    ("boxes/{api}/layerw", "boxes/{api}/raw loop", 1.2),
    ("boxes/{api}/layerw", "boxes/{api}/raw batched", 1.2),
    ("boxes/{api}/layerw", "boxes/{api}/three meshes", 0.5),
    ("instances/{api}/layerw", "instances/{api}/three InstancedMesh", 0.6),
    ("instances/{api}/layerw", "instances/{api}/raw batched", 0.7),
    ("animals/{api}/layerw crowd", "animals/{api}/three mixers", 0.1),
    ("animals/{api}/layerw graphs", "animals/{api}/three mixers", 0.1),
)
LIMITS_MS = {"empty/{api}/layerw": 0.25, "still/{api}/layerw": 1.0, "meshes/{api}/layerw": 3.0}  # without the program
SOFTWARE_NOTE = """
Without a GPU, three's separate meshes also wait for room in the browser's command buffer inside of a frame (the raw
loop is drained in parts and does not), so their figure is an upper bound; on a machine with a GPU nothing waits.
"""


def figure(runs: list[dict[str, Any]], field: str = "cpu_ms") -> float | None:
    """Median over the rounds that worked."""
    values = [run[field] for run in runs if run.get(field) is not None]
    return median(values) if values else None


def _cell(runs: list[dict[str, Any]], field: str) -> str:
    value = figure(runs, field)
    return "" if value is None else f"{value:.3f}"


def table(found: dict[str, list[dict[str, Any]]], title: str) -> str:
    """Markdown: CPU milliseconds of every contender, then the ratios against what was asked."""
    lines = [f"# Drawing: {title}", "",
             "CPU ms of the page's thread per frame, medians over rounds of p50 and p99. Everything moves each frame. "
             "The GPU's queue is drained before each frame, outside of what is measured.", "",
             "| scene | API | contender | p50 ms | p99 ms | of it Python ms | GPU ms |",
             "|---|---|---|---|---|---|---|"]
    for name, runs in found.items():
        head = " | ".join(name.split("/"))
        if any("cpu_ms" in run for run in runs):
            cells = [_cell(runs, field) for field in ("cpu_ms", "cpu_p99_ms", "python_ms", "gpu_ms")]
            lines.append(f"| {head} | {' | '.join(cells)} |")
        else:
            lines.append(f"| {head} | failed: {runs[-1].get('error', '?')[:100]} | | | |")
    lines += ["", "| ratio | measured | asked | |", "|---|---|---|---|"]
    for api in ("webgl2", "webgpu"):
        for own, peer, limit in GOALS:
            a, b = (figure(found.get(key.format(api=api), [])) for key in (own, peer))
            if a is None or b is None:
                continue
            lines.append(f"| {own.format(api=api)} / {peer.split('/')[-1]} | {a / b:.2f} | <= {limit} | "
                         f"{verdict(a / b, limit, at_most=True)} |")
    lines += ["", "| engine's CPU ms a frame | measured | asked on a GPU | |", "|---|---|---|---|"]
    for api in ("webgl2", "webgpu"):
        for name, limit in LIMITS_MS.items():
            runs = found.get(name.format(api=api), [])
            spent = figure(runs)
            if spent is not None:
                own = spent - (figure(runs, "program_ms") or 0)
                lines.append(f"| {name.format(api=api)} | {own:.2f} | <= {limit} | "
                             f"{verdict(own, limit, at_most=True)} |")
    return "\n".join(lines) + "\n"


def _build(program: Path, out: Path) -> Path:
    site = build_site(program, out)
    for folder in ("app", "bench"):  # what programs load, and what scripts do
        maker = ROOT / "examples" / "fox" / "animal.py"
        subprocess.run([sys.executable, maker, site / folder / "animal.glb"], check=True)
    return site


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--many", type=int, default=12, help="frames of the scene of 100,000")
    parser.add_argument("--warm-up", type=int, default=20, help="frames that are not measured")
    parser.add_argument("--animals", type=int, default=1000)
    parser.add_argument("--only", default="", help="only contenders whose name contains this")
    parser.add_argument("--from", dest="source", type=Path, help="a JSON result measured elsewhere: write its table")
    parser.add_argument("--name", default="drawing", help="of the result files")
    parser.add_argument("--title", default="")
    parser.add_argument("--size", default="160x107", help="of the canvas; CPU time does not depend on it, a software "
                        "rasteriser's patience does")
    parser.add_argument("--timeout-s", type=float, default=3000)
    parser.add_argument("--site", type=Path, help="only build the site there, to measure elsewhere")
    args = parser.parse_args()
    program = ROOT / "benchmarks" / "drawing" / "boxes.py"
    if args.site:
        _build(program, args.site)
        return
    if args.source:
        found = json.loads(args.source.read_text())
    else:
        with tempfile.TemporaryDirectory() as folder:
            site = _build(program, Path(folder) / "site")
            path = f"bench/index.html?rounds={args.rounds}&frames={args.frames}&only={args.only}&size={args.size}"
            path += f"&warmup={args.warm_up}&many={args.many}&animals={args.animals}"
            found = run_page(site, path, timeout_s=args.timeout_s)["drawing"][0]
    text = table(found, args.title or f"software rasteriser, {args.size}, shared cores")
    if not args.title:
        text += SOFTWARE_NOTE
    publish(args.name, found, text)


if __name__ == "__main__":
    main()
