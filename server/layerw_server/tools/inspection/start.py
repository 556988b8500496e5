"""Which inspection a path gets."""

from __future__ import annotations

import json
from pathlib import Path

from layerw_server.bake.errors import BakeError
from layerw_server.tools.inspection.report import ERROR, NOTE, Report, size

ELEVATIONS = (".npz", ".npy", ".tif", ".tiff", ".png", ".asc", ".hgt")
MODELS = (".glb", ".gltf")
SPLATS = (".ply", ".spz")


def inspect(path: Path) -> Report:
    """Look at a file or at the folder of a tileset.

    Raises:
        BakeError: it is not there, or of no kind that is known.
    """
    if path.is_dir():
        if not (path / "tileset.json").is_file():
            raise BakeError(f"{path} is a folder without a tileset.json.")
        path = path / "tileset.json"
    if not path.is_file():
        raise BakeError(f"There is no file {path}.")
    suffix = path.suffix.lower()
    if suffix in MODELS:
        from layerw_server.tools.inspection.models import inspect_model

        return inspect_model(path)
    if suffix == ".json":
        from layerw_server.tools.inspection.tilesets import inspect_tileset

        return inspect_tileset(path)
    if suffix == ".ktx2":
        return _texture(path)
    if suffix in SPLATS:
        from layerw_server.tools.inspection.splats import inspect_splats

        return inspect_splats(path)
    if suffix in ELEVATIONS:
        return _elevations(path)
    raise BakeError(f"{path} is a {suffix or 'nameless'} file; models (.glb, .gltf), tilesets (tileset.json), textures "
                    f"(.ktx2), splats (.ply, .spz) and elevations ({', '.join(ELEVATIONS)}) are looked at.")


def _texture(path: Path) -> Report:
    from layerw.hosts import ktx2
    from layerw.hosts.containers import FormatError

    report = Report("KTX2 texture", path.name, [("bytes", size(path.stat().st_size))])
    try:
        found = ktx2.read_header(path.read_bytes())
    except FormatError as error:
        report.find(ERROR, str(error))
        return report
    width, height, family, levels = found.kept(0)
    report.facts += [("size", f"{found.width} x {found.height}, {found.levels} levels"),
                     ("format", "UASTC" if found.is_uastc else "ETC1S"),
                     ("on the GPU", size(ktx2.texels_bytes(width, height, family, levels)))]
    if not family:
        report.find(NOTE, f"{width} x {height} are no multiples of 4, so it is unpacked to plain texels.")
    return report


def _elevations(path: Path) -> Report:
    from layerw_server.bake.sources import load_dem

    report = Report("elevations", path.name, [("bytes", size(path.stat().st_size))])
    try:
        field = load_dem(path, levels=1)
    except BakeError as error:
        if "--cell-m" not in str(error):
            report.find(ERROR, str(error))
            return report
        field = load_dem(path, levels=1, cell_m=1.0)
        report.find(NOTE, "It does not say how large its cells are; bake it with --cell-m.")
    rows, columns = field.source["samples"]
    report.facts.append(("samples", f"{columns} x {rows}"))
    if ("cell_m" in field.source and field.source["cell_m"] != 1.0) or "cell_degrees" in field.source:
        report.facts.append(("extent", f"{field.size_m[0] / 1000:.2f} x {field.size_m[1] / 1000:.2f} km"))
    report.facts.append(("heights", f"about {field.heights.min():.1f} to {field.heights.max():.1f} m"))
    if field.georeference:
        report.facts.append(("lies", json.dumps(field.georeference)))
    for note in field.notes:
        report.find(NOTE, note)
    report.data["georeference"] = field.georeference
    return report
