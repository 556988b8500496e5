"""Measure, then write benchmarks/results/drawing.json and drawing.md. `--rounds`, `--frames`, `--from FILE`."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.site import RESULTS, ROOT, build_site, run_page

GOALS = (  # contender, its floor or peer, the largest ratio asked
    ("boxes/{api}/layerw", "boxes/{api}/raw loop", 2.0),
    ("boxes/{api}/layerw", "boxes/{api}/three meshes", 0.5),
    ("instances/{api}/layerw", "instances/{api}/three InstancedMesh", 1.5),
)


def cpu_ms(runs: list[dict[str, Any]]) -> float | None:
    """Median over the rounds that worked."""
    values = [run["cpu_ms"] for run in runs if "cpu_ms" in run]
    return median(values) if values else None


def table(found: dict[str, list[dict[str, Any]]], title: str) -> str:
    """Markdown: CPU milliseconds of every contender, then the ratios against what was asked."""
    lines = [f"# Drawing: {title}", "", "CPU ms per frame at 1080 x 720, median of rounds of medians.", ""]
    lines += ["| scene | API | contender | CPU ms |", "|---|---|---|---|"]
    for name, runs in found.items():
        value = cpu_ms(runs)
        text = f"{value:.3f}" if value is not None else f"failed: {runs[-1].get('error', '?')[:80]}"
        lines.append(f"| {' | '.join(name.split('/'))} | {text} |")
    lines += ["", "| ratio | measured | asked | |", "|---|---|---|---|"]
    for api in ("webgl2", "webgpu"):
        for own, peer, limit in GOALS:
            a, b = (cpu_ms(found.get(key.format(api=api), [])) for key in (own, peer))
            if a is None or b is None:
                continue
            verdict = "met" if a / b <= limit else f"missed by {a / b / limit:.2f}x"
            lines.append(f"| {own.format(api=api)} / {peer.split('/')[-1]} | {a / b:.2f} | <= {limit} | {verdict} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--only", default="", help="only contenders whose name contains this")
    parser.add_argument("--from", dest="source", type=Path, help="a JSON result measured elsewhere: write its table")
    parser.add_argument("--name", default="drawing", help="of the result files")
    parser.add_argument("--title", default="software rasteriser, 2 shared cores")
    parser.add_argument("--site", type=Path, help="only build the site there, to measure elsewhere")
    args = parser.parse_args()
    program = ROOT / "benchmarks" / "drawing" / "boxes.py"
    if args.site:
        build_site(program, args.site)
        return
    if args.source:
        found = json.loads(args.source.read_text().splitlines()[-1])
    else:
        with tempfile.TemporaryDirectory() as folder:
            site = build_site(program, Path(folder) / "site")
            path = f"bench/index.html?rounds={args.rounds}&frames={args.frames}&only={args.only}"
            found = run_page(site, path, timeout_s=3000)["drawing"][0]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{args.name}.json").write_text(json.dumps(found, indent=1) + "\n")
    text = table(found, args.title)
    (RESULTS / f"{args.name}.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
