"""A world's tiles in layerw and in 3d-tiles-renderer, one after the other, several rounds: a browser for each page.

    python -m benchmarks.streaming [--world examples/worlds/island] [--mbit 10 --delay-ms 50] [--rounds 3]

Writes benchmarks/results/streaming-MBIT.json. `npm install --prefix DIR 3d-tiles-renderer@0.5.3 three@0.187.0` gives
the peers: --peers DIR/node_modules. `--site DIR` builds the site for a machine with a GPU; there
`python server.py SITE OUT MBIT DELAY_MS ROUNDS CHROMIUM [FLAGS]` serves and measures it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.site import RESULTS, ROOT, build_site
from layerw_server.tools.browser import chromium_flags, find_chromium

HERE = Path(__file__).parent
PEERS = {"three": ("build", "examples/jsm"), "3d-tiles-renderer": ("build",)}


def build(world: Path, peers: Path, out: Path) -> Path:
    """An export of ours.py with the page, the peers and the world beside it."""
    build_site(HERE / "ours.py", out, three=False)
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
    parser.add_argument("--mbit", type=float, default=0, help="of the link; 0: as quick as it goes")
    parser.add_argument("--delay-ms", type=float, default=0, help="before each answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--site", type=Path, help="only build it there")
    args = parser.parse_args()
    if args.site:
        build(args.world, args.peers, args.site)
        return
    with tempfile.TemporaryDirectory() as folder:
        site = build(args.world, args.peers, Path(folder) / "site")
        link = [f"{args.mbit:g}", f"{args.delay_ms:g}", str(args.rounds)]
        command = [sys.executable, str(site / "server.py"), str(site), str(RESULTS), *link]
        subprocess.run([*command, find_chromium(), *chromium_flags()], check=True)


if __name__ == "__main__":
    main()
