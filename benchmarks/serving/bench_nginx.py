"""Chunk serving against nginx: `layerw serve --workers` and Debian's nginx on the same tiles, driven by wrk.

    python benchmarks/serving/bench_nginx.py [--seconds 4] [--rounds 3] [--workers 2]

Owns: starting both in processes of their own, rounds that alternate, and benchmarks/results/nginx.{json,md}.
Needs nginx and wrk (apt-get install nginx-light wrk). nginx has Debian's settings (sendfile, tcp_nopush, a process a
core) without a log; wrk, the servers and everything else share the machine's cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from bench_serving import RESULTS, make_tiles
from client import RANGE

CONNECTIONS = (8, 64, 256)
GOAL_RATIO, GOAL_P99 = 0.5, 3.0
PROGRAM = "import layerw as lw\n\napp = lw.App()\n"
NGINX = """
daemon off; worker_processes {workers}; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  sendfile on; tcp_nopush on; keepalive_requests 1000000; access_log off; default_type application/octet-stream;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; location /app/ {{ alias {folder}/app/; }} }}
}}
"""
WRK = """
local paths = {{ {paths} }}
local at = 0
init = function(args) math.randomseed(os.time()) at = math.random(#paths) end
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at], {headers})
end
"""


@dataclass
class Row:
    """Medians of the rounds."""

    mode: str
    connections: int
    layerw_rps: float
    nginx_rps: float
    ratio: float
    layerw_p99_ms: float
    nginx_p99_ms: float
    p99_ratio: float


def wrk(port: int, script: Path, connections: int, seconds: float) -> tuple[float, float]:
    """Requests a second and the 99th percentile, milliseconds; raises when an answer is wrong."""
    told = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script),
                           f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout  # fmt: skip
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(told)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])  # type: ignore[index]
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", told).groups()  # type: ignore[union-attr]
    return rate, float(value) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def free_port() -> int:
    """One that nobody has now."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(url: str) -> None:
    """Until it answers."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} never answered")


def measure(folder: Path, options: argparse.Namespace) -> list[Row]:
    """All rounds."""
    (folder / "app").mkdir()
    names = make_tiles(folder / "app")
    (folder / "app" / "main.py").write_text(PROGRAM)
    ports = {"layerw": free_port(), "nginx": free_port()}
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=ports["nginx"], workers=options.workers))
    os.chmod(folder, 0o755)  # nginx's processes are another user's
    running = [
        subprocess.Popen([sys.executable, "-m", "layerw_server", "serve", str(folder / "app" / "main.py"), "--port",
                          str(ports["layerw"]), "--workers", str(options.workers), "--rooms", "2"]),
        subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")]),
    ]  # fmt: skip
    paths = ",".join(f'"/app/{name}"' for name in names)
    scripts = {}
    for mode, headers in (("whole", "{}"), ("range", f'{{["Range"]="bytes={RANGE[0]}-{RANGE[1]}"}}')):
        scripts[mode] = folder / f"{mode}.lua"
        scripts[mode].write_text(WRK.format(paths=paths, headers=headers))
    rows = []
    try:
        for port in ports.values():
            wait_for(f"http://127.0.0.1:{port}/app/{names[0]}")
        for port in ports.values():
            wrk(port, scripts["whole"], 8, 1)
        for connections in CONNECTIONS:
            for mode, script in scripts.items():
                found: dict[str, list[tuple[float, float]]] = {"layerw": [], "nginx": []}
                for _ in range(options.rounds):
                    for name, port in ports.items():
                        found[name].append(wrk(port, script, connections, options.seconds))
                (ours, ours_p99), (theirs, theirs_p99) = (
                    [statistics.median(column) for column in zip(*found[name], strict=True)] for name in ports)
                rows.append(Row(mode, connections, round(ours), round(theirs), round(ours / theirs, 2),
                                round(ours_p99, 1), round(theirs_p99, 1), round(ours_p99 / theirs_p99, 1)))  # fmt: skip
                print(rows[-1], flush=True)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    return rows


def main() -> None:
    """Measures and writes; exit status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if not shutil.which("nginx") or not shutil.which("wrk"):
        sys.exit("nginx and wrk are missing: apt-get install nginx-light wrk")
    with tempfile.TemporaryDirectory() as name:
        rows = measure(Path(name), options)
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr.strip()
    document = {"workers": options.workers, "rounds": options.rounds, "seconds": options.seconds, "nginx": version,
                "cores": os.cpu_count(), "rows": [asdict(row) for row in rows]}  # fmt: skip
    (RESULTS / "nginx.json").write_text(json.dumps(document, indent=1) + "\n")
    lines = ["# 64 KiB tiles: layerw serve and nginx", "",
             f"Medians of {options.rounds} alternating rounds of {options.seconds} s by wrk on loopback; both have "
             f"{options.workers} processes on {os.cpu_count()} cores, which wrk shares. {version}.", "",
             f"Goals: at least {GOAL_RATIO}x its requests, at most {GOAL_P99:g}x its p99 at 256 connections.", "",
             "| mode | connections | layerw req/s | nginx req/s | ratio | layerw p99 ms | nginx p99 ms | ratio |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    lines += [f"| {row.mode} | {row.connections} | {row.layerw_rps} | {row.nginx_rps} | **{row.ratio}x** | "
              f"{row.layerw_p99_ms} | {row.nginx_p99_ms} | {row.p99_ratio}x |" for row in rows]  # fmt: skip
    (RESULTS / "nginx.md").write_text("\n".join(lines) + "\n")
    good = all(row.ratio >= GOAL_RATIO and (row.connections < 256 or row.p99_ratio <= GOAL_P99) for row in rows)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
