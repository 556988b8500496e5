"""Chunk serving: this server against Starlette's StaticFiles, on the same uvicorn configuration.

Owns: starting each server in a process of its own, driving it over loopback, and writing
benchmarks/results/serving.{json,md}. Does not measure networks or disks: everything is loopback and page cache.
Method: keep-alive connections send GET for random 64 KiB tiles, with `Range` and without; rounds alternate between
the servers so that a noisy neighbour hits both; the median of the rounds counts.

    python benchmarks/serving/bench_serving.py [--rounds 5] [--seconds 2] [--connections 8]
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import distributions, version
from pathlib import Path

from client import Result, drive

TILE_BYTES = 64 * 1024
TILES = 128
TARGET_RATIO = 5.0
RESULTS = Path(__file__).resolve().parents[1] / "results"
SERVERS = ("layerw", "starlette_staticfiles")
MODES = ("range", "whole")


@dataclass
class Row:
    """One table row: medians over the rounds, requests a second."""

    mode: str
    layerw_rps: float
    staticfiles_rps: float
    ratio: float
    layerw_p99_ms: float
    staticfiles_p99_ms: float
    layerw_server_cpu_us: float
    staticfiles_server_cpu_us: float


def make_tiles(folder: Path) -> list[str]:
    """Write incompressible tiles with content-addressed names; return their names."""
    source = random.Random(7)
    names = []
    for index in range(TILES):
        name = f"6-{index}-0.{source.getrandbits(48):012x}a1.glb"
        (folder / name).write_bytes(source.randbytes(TILE_BYTES))
        names.append(name)
    return names


def start(server: str, folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Start one server; return its process and port, once it listens."""
    script = Path(__file__).with_name("servers.py")
    process = subprocess.Popen([sys.executable, str(script), server, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def measure(folder: Path, names: list[str], options: argparse.Namespace) -> dict[tuple[str, str], list[Result]]:
    """Run all rounds; return the results by server and mode."""
    running = {server: start(server, folder) for server in SERVERS}
    results: dict[tuple[str, str], list[Result]] = {}
    try:
        for turn in range(options.rounds + 1):
            for mode in MODES:
                for server in SERVERS:
                    process, port = running[server]
                    result = drive(port, [f"/app/{name}" for name in names], process.pid, ranged=mode == "range",
                                   seconds=options.seconds, connections=options.connections, size_bytes=TILE_BYTES)
                    if turn:  # the first round warms both up
                        results.setdefault((server, mode), []).append(result)
    finally:
        for process, _ in running.values():
            process.terminate()
            process.wait(10)
    return results


def summarise(results: dict[tuple[str, str], list[Result]]) -> list[Row]:
    """Return one row a mode."""
    def median(server: str, mode: str, field: str) -> float:
        return statistics.median(getattr(result, field) for result in results[server, mode])

    rows = []
    for mode in MODES:
        ours, theirs = (median(server, mode, "rps") for server in SERVERS)
        rows.append(Row(mode, round(ours), round(theirs), round(ours / theirs, 2),
                        *(round(median(server, mode, "p99_ms"), 2) for server in SERVERS),
                        *(round(median(server, mode, "server_cpu_us")) for server in SERVERS)))
    return rows


def write(rows: list[Row], options: argparse.Namespace) -> None:
    """Write the JSON and the table."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    installed = {distribution.name for distribution in distributions()}
    names = ("starlette", "uvicorn", "httptools", "uvloop")
    versions = {name: version(name) for name in names if name in installed}
    document = {"tile_bytes": TILE_BYTES, "tiles": TILES, "rounds": options.rounds, "seconds": options.seconds,
                "connections": options.connections, "target_ratio": TARGET_RATIO, "versions": versions,
                "python": platform.python_version(), "rows": [asdict(row) for row in rows]}
    (RESULTS / "serving.json").write_text(json.dumps(document, indent=1) + "\n")
    used = ", ".join(f"{name} {number}" for name, number in versions.items())
    lines = ["# Serving 64 KiB tiles", "",
             f"Medians of {options.rounds} alternating rounds of {options.seconds} s, {options.connections} keep-alive "
             f"connections on loopback, both on the same uvicorn ({used}). "
             "The client shares the machine's cores with the servers.", "",
             f"Target with Range: at least {TARGET_RATIO:.0f}x.", "",
             "| mode | layerw req/s | StaticFiles req/s | ratio | layerw p99 ms | StaticFiles p99 ms "
             "| layerw server CPU µs/req | StaticFiles CPU µs/req |", "|---|---|---|---|---|---|---|---|"]
    lines += [f"| {row.mode} | {row.layerw_rps} | {row.staticfiles_rps} | **{row.ratio}x** | {row.layerw_p99_ms} | "
              f"{row.staticfiles_p99_ms} | {row.layerw_server_cpu_us} | {row.staticfiles_server_cpu_us} |"
              for row in rows]
    (RESULTS / "serving.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def main() -> None:
    """Measure and write; exit status 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "program.py").write_text("")
        rows = summarise(measure(folder, make_tiles(folder), options))
    write(rows, options)
    sys.exit(0 if rows[0].ratio >= TARGET_RATIO else 1)


if __name__ == "__main__":
    main()
