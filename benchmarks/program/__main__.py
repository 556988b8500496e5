"""Measure a program: `python -m benchmarks.program examples/fox --query play=1` writes benchmarks/results/program.json
and a picture beside it.

`--site DIR` only builds the site, to open `bench/program.html` on a machine with a GPU.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.site import RESULTS, build_site, run_page


def build(program: Path, out: Path) -> Path:
    """An export of `program` with the page beside it."""
    build_site(program, out, three=False)
    for name in ("program.html", "program.js"):
        shutil.copyfile(Path(__file__).parent / name, out / "bench" / name)
    return out


def take_pictures(found: dict[str, list[Any]], folder: Path) -> dict[str, list[Any]]:
    """Write what is `png` in the results to KEY.png; where it lies stands there instead."""
    for key, results in found.items():
        for result in results:
            if isinstance(result, dict) and "png" in result:
                path = folder / f"{key}.png"
                path.write_bytes(base64.b64decode(result["png"]))
                result["png"] = path.name
    return found


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path)
    parser.add_argument("--backend", default="webgl2")
    parser.add_argument("--query", default="")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--site", type=Path)
    args = parser.parse_args()
    program = args.program / "main.py" if args.program.is_dir() else args.program
    if args.site:
        build(program, args.site)
        return
    with tempfile.TemporaryDirectory() as folder:
        asked = f"src=../app/{program.name}&backend={args.backend}&seconds={args.seconds}&query={quote(args.query)}"
        path = f"bench/program.html?{asked}"
        found = take_pictures(run_page(build(program, Path(folder) / "site"), path, timeout_s=900), RESULTS)
    (RESULTS / "program.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
