"""Measure, then write benchmarks/results/memory.json and memory.md."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.site import ROOT, build_site, run_page
from benchmarks.tables import publish

HERE = Path(__file__).parent
PEERS = ("zig", "dlmalloc")
ASKED = {"zig": 1.0, "dlmalloc": 2.0}
HEAP_RATIO_MAX = 1.15


def _zig(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "ziglang", *arguments], check=True, stdin=subprocess.DEVNULL)


def build_contenders(out: Path) -> None:
    """The driver, once for each shape of alloc, and zig's libc with malloc and free exported."""
    import ziglang

    headers = Path(ziglang.__file__).parent / "lib" / "include"
    for name, define in (("mix", "-DLIBC"), ("mix-layer", "-DLAYER")):
        _zig("clang", "--target=wasm32-unknown-unknown", "-O3", "-ffreestanding", "-nostdlibinc", "-isystem",
             str(headers), "-fvisibility=hidden", define, "-c", str(HERE / "mix.c"), "-o", str(out / f"{name}.o"))
        _zig("wasm-ld", "--no-entry", "--export-dynamic", "--export-memory", "--strip-all", str(out / f"{name}.o"),
             "-o", str(out / f"{name}.wasm"))
    (out / "empty.c").write_text("int unused;\n")
    _zig("cc", "-target", "wasm32-wasi-musl", "-O3", "-mexec-model=reactor", "-Wl,--export=malloc",
         "-Wl,--export=free", str(out / "empty.c"), "-o", str(out / "zig.wasm"))


def measure() -> dict[str, Any]:
    """One page, all contenders in turn."""
    with tempfile.TemporaryDirectory() as name:
        site = build_site(ROOT / "benchmarks" / "drawing" / "boxes.py", Path(name) / "site")
        page = site / "memory-bench"
        shutil.copytree(HERE, page, ignore=shutil.ignore_patterns("__pycache__"))
        build_contenders(page)
        return dict(run_page(site, "memory-bench/index.html", timeout_s=240)["memory"][0])


def table(found: dict[str, Any]) -> str:
    """Markdown: ns a pair, ratios against what is asked, heap ratios."""
    lines = ["# Memory: alloc and free in Chromium", "",
             "ns of a pair of free and alloc, medians of interleaved rounds, called from one wasm driver (mix.c); "
             "sizes are uniform, or uniform in their logarithm (\"log\"). Heap: bytes by which the memory grew over "
             "the peak of live bytes, 2,000 live blocks (not known for dlmalloc, which lives in Pyodide's memory). "
             "emmalloc: not measured, no built copy was at hand. "
             f"Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
             "", "| mix | layerw | zig | dlmalloc | zig / layerw (>= 1) | dlmalloc / layerw (>= 2) | heap layerw "
             "(<= 1.15) | heap zig |", "|---|---|---|---|---|---|---|---|"]
    for mix, of in found.items():
        ns = {name: median(of[name]["ns"]) for name in ("layerw", *PEERS)}
        ratios = [f"{ns[peer] / ns['layerw']:.2f}{'' if ns[peer] / ns['layerw'] >= ASKED[peer] else ' missed'}"
                  for peer in PEERS]
        heap = of["layerw"]["heap"]
        lines.append(f"| {mix} | {' | '.join(f'{value:.1f}' for value in ns.values())} | {' | '.join(ratios)} | "
                     f"{heap:.2f}{'' if heap <= HEAP_RATIO_MAX else ' missed'} | {of['zig']['heap']:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    found = measure()
    publish("memory", found, table(found))


if __name__ == "__main__":
    main()
