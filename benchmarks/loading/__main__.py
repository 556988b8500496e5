"""From the call to the picture: FlightHelmet as PNG and as KTX2, by layerw and by three's GLTFLoader on one page.

    python -m benchmarks.loading [MODEL] [--baked model.glb] [--peers DIR/node_modules] [--rounds 3] [--backend webgl2]

Writes results/loading.*. `npm install --prefix DIR three@0.187.0` gives the peer. `--baked`: what `layerw bake` made of
the model, else it is baked now (needs layerw[bake]). `--site DIR` builds the page alone, for a machine with a GPU.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.site import ROOT, build_site, run_page
from benchmarks.tables import publish, verdict
from layerw_server import runtime

HERE = Path(__file__).parent
HELMET = ROOT.parent / "shared" / "data" / "models" / "FlightHelmet" / "FlightHelmet.gltf"
RATIO = 1.0


def build(model: Path, baked: Path, peers: Path, out: Path) -> None:
    """The page, the peer and the two files."""
    build_site(HERE / "ours.py", out, three=False)
    for file in runtime.ensure().iterdir():  # the decoders: the program names no model that would bring them
        if file.is_file() and not (out / "runtime" / file.name).exists():
            shutil.copyfile(file, out / "runtime" / file.name)
    for folder in ("build", "examples/jsm"):
        shutil.copytree(peers / "three" / folder, out / "peers" / "three" / folder)
    shutil.copytree(model.parent, out / "models" / "png")
    (out / "models" / "png" / model.name).rename(out / "models" / "png" / "model.gltf")
    (out / "models" / "ktx2").mkdir()
    shutil.copyfile(baked, out / "models" / "ktx2" / "model.glb")


def table(loaded: list[dict[str, Any]], name: str, backend: str) -> str:
    """Markdown: medians of all rounds."""
    lines = [f"# From app.load to the picture: {name}, {backend}", "",
             "Milliseconds, medians. Shown: a frame with it was submitted (layerw: large textures by their smallest",
             "levels); whole: all levels are on the GPU. Both engines run already, and their decoders are loaded.", "",
             "| file | three | layerw shown | layerw whole | whole / three |", "|---|---|---|---|---|"]  # fmt: skip
    for kind in ("png", "ktx2"):
        found = {engine: [one for one in loaded if (one["engine"], one["kind"]) == (engine, kind)]
                 for engine in ("three", "layerw")}  # fmt: skip
        three, shown, whole = (statistics.median(one[key] for one in found[engine]) for engine, key in (
            ("three", "shown_ms"), ("layerw", "shown_ms"), ("layerw", "whole_ms")))  # fmt: skip
        ratio = f"{whole / three:.2f}: {verdict(whole / three, RATIO, at_most=True)}"
        lines.append(f"| {kind} | {three:.0f} | {shown:.0f} | {whole:.0f} | {ratio} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=HELMET)
    parser.add_argument("--baked", type=Path)
    parser.add_argument("--peers", type=Path, default=ROOT / "node_modules")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", default="webgl2")
    parser.add_argument("--site", type=Path, help="only build it there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        baked: Path = args.baked or Path(folder) / "model.glb"
        if args.baked is None:
            subprocess.run([sys.executable, "-m", "layerw", "bake", args.model, folder], check=True)
        site = args.site or Path(folder) / "site"
        build(args.model, baked, args.peers, site)
        if args.site:
            return
        query = f"backend={args.backend}&rounds={args.rounds}"
        loaded = run_page(site, f"bench/loading.html?{query}", timeout_s=900)["loaded"]
    publish("loading", loaded, table(loaded, args.model.stem, args.backend))


if __name__ == "__main__":
    main()
