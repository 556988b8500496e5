"""GPU bytes of a model with PNG against the same model baked to KTX2; writes results/textures.*.

The ledger's bytes, without a page and a GPU: as one with BC gets them, or less (opaque ETC1S is BC1 there, half of
BC7). `model`: a .gltf or .glb, FlightHelmet of ../shared/data by default; `--baked`: what `layerw bake` made of it,
else it is baked now (needs layerw[bake]).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import layerw as lw
from benchmarks.site import ROOT
from benchmarks.tables import publish, verdict
from layerw.gpu import spec
from layerw.hosts.headless import HeadlessHost

HELMET = ROOT.parent / "shared" / "data" / "models" / "FlightHelmet" / "FlightHelmet.gltf"
RATIO = 1 / 3
FRAMES_MAX = 20_000


def measure(file: Path, side: int) -> dict[str, int]:
    """Bytes of textures by family."""
    host = HeadlessHost(file.parent)
    app = lw.App(host=host, budgets=lw.Budgets(gpu_mib=2048, layer_mib=1024))
    model = app.load(file.name, max_texture_side=side)
    for _ in range(FRAMES_MAX // 20):
        host.step(app, 20)
        if model.state != "loading":
            break
    if model.state != "ready" or model.warnings:
        raise RuntimeError(f"{file.name} is {model.state}: {model.error} {model.warnings}")
    found: dict[str, int] = {}
    for record in app._engine.store.textures.values():
        if record.width > 4:
            name = spec.TEXTURE_FAMILIES[record.family]
            found[name] = found.get(name, 0) + record.size_bytes
    app.close()
    return found


def table(found: dict[str, dict[str, int]], name: str, side: int) -> str:
    """Markdown. found: by format of the file."""
    lines = [f"# GPU bytes of textures: {name}, sides of at most {side}", "",
             "The ledger's, all levels included, without a page: as a GPU with BC gets them, or less (opaque ETC1S",
             "becomes BC1 there, half of BC7). The file as `layerw bake` makes it: normals UASTC, others ETC1S.", "",
             "| file | families | MiB |", "|---|---|---|"]
    for kind, families in found.items():
        parts = ", ".join(f"{family} {size / 2**20:.2f}" for family, size in sorted(families.items()))
        lines.append(f"| {kind} | {parts} | {sum(families.values()) / 2**20:.2f} |")
    ratio = sum(found["ktx2"].values()) / sum(found["png"].values())
    lines += ["", f"KTX2 / PNG: {ratio:.3f}, asked <= {RATIO:.3f}: {verdict(ratio, RATIO, at_most=True)}"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=HELMET)
    parser.add_argument("--baked", type=Path)
    parser.add_argument("--side", type=int, default=2048)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        baked: Path = args.baked or Path(folder) / "model.glb"
        if args.baked is None:
            subprocess.run([sys.executable, "-m", "layerw", "bake", args.model, folder], check=True)
        found = {"png": measure(args.model, args.side), "ktx2": measure(baked, args.side)}
    publish("textures", found, table(found, args.model.stem, args.side))


if __name__ == "__main__":
    main()
