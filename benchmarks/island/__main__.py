"""Fly round the island and write benchmarks/results/island.json; on a software rasteriser this takes minutes.

`--site DIR` only builds the site, to open `bench/island.html` on a machine with a GPU; the world must be baked.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from benchmarks.site import ROOT, build_site, run_page

PROGRAM = ROOT / "examples" / "island.py"


def build(out: Path) -> Path:
    """An export of the examples with the flight beside them."""
    build_site(PROGRAM, out)
    own = Path(__file__).parent
    shutil.copytree(own, out / "bench", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    programs = ("flight.py", "walk.py")
    for program in programs:
        shutil.copyfile(own / program, out / "app" / program)
    manifest = json.loads((out / "app" / "manifest.json").read_text())
    manifest["modules"] = sorted({*manifest["modules"], *programs})
    (out / "app" / "manifest.json").write_text(json.dumps(manifest))
    return out


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="webgl2")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--site", type=Path)
    args = parser.parse_args()
    if args.site:
        build(args.site)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f"bench/island.html?backend={args.backend}&seconds={args.seconds}&pictures="
        found = run_page(build(Path(folder) / "site"), path, timeout_s=900)
    (ROOT / "benchmarks" / "results" / "island.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
