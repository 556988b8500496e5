"""A world's tiles in layerw and in 3d-tiles-renderer, one after the other in one browser, several rounds.

    python -m benchmarks.streaming [--world examples/worlds/island] [--mbit 10 --delay-ms 50] [--rounds 3]

`npm install --prefix DIR 3d-tiles-renderer@0.5.3 three@0.187.0` gives the peers: --peers DIR/node_modules. `--site DIR`
builds the site for a machine with a GPU, where `python server.py SITE OUT [MBIT DELAY_MS]` serves and measures it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.site import ROOT
from layerw_server import runtime
from layerw_server.tools.browser import chromium_flags, find_chromium
from layerw_server.tools.export import ExportOptions, export_app

HERE = Path(__file__).parent
PEERS = {"three": ("build", "examples/jsm"), "3d-tiles-renderer": ("build",)}


def build(world: Path, peers: Path, out: Path) -> Path:
    """An export of ours.py with the page, the peers and the world beside it."""
    options = ExportOptions(everything=True)
    export_app(HERE / "ours.py", out, runtime=runtime.ensure(), web=ROOT / "web", options=options)
    (out / "bench").mkdir()
    for name in ("streaming.html", "streaming.js"):
        shutil.copyfile(HERE / name, out / "bench" / name)
    shutil.copyfile(HERE / "server.py", out / "server.py")
    shutil.copytree(world, out / "world")
    for peer, folders in PEERS.items():
        for folder in folders:
            shutil.copytree(peers / peer / folder, out / "peers" / peer / folder)
    return out


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", type=Path, default=ROOT / "examples/worlds/island")
    parser.add_argument("--peers", type=Path, default=ROOT / "node_modules")
    parser.add_argument("--mbit", default="0")
    parser.add_argument("--delay-ms", default="0")
    parser.add_argument("--rounds", default="3")
    parser.add_argument("--site", type=Path)
    args = parser.parse_args()
    if args.site:
        build(args.world, args.peers, args.site)
        return
    with tempfile.TemporaryDirectory() as folder:
        site = build(args.world, args.peers, Path(folder) / "site")
        command = [sys.executable, str(site / "server.py"), str(site), folder, args.mbit, args.delay_ms, args.rounds]
        subprocess.run([*command, find_chromium(), *chromium_flags()], check=True)


if __name__ == "__main__":
    main()
