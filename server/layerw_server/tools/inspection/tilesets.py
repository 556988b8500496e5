"""A tileset of 3D Tiles: its levels, bytes, and what a viewer would stumble over.

Does not: ask servers; what is named by another host is only counted. Implicit tiles are not walked.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from layerw_server.tools.inspection.report import ERROR, NOTE, WARNING, Report, size

TILES_MAX = 2_000_000
FILES_MAX = 100_000
HEAVY_BYTES = 16 << 20
FLOAT_MAX = sys.float_info.max  # JSON may hold whole numbers of any length


@dataclass
class Level:
    """What one depth of the tree has."""

    tiles: int = 0
    files: int = 0
    bytes: int = 0
    error_low: float = math.inf
    error_high: float = 0.0


def inspect_tileset(path: Path) -> Report:
    """All of it, with the external tilesets beside it."""
    report = Report("3D Tiles tileset", path.parent.name or path.name)
    walk = _Walk(report, path)
    document = walk.document(path)
    if document is None:
        return report
    asset = document.get("asset")
    version = asset.get("version") if isinstance(asset, dict) else None
    if version not in ("1.0", "1.1"):
        report.find(ERROR, f"asset.version is {version!r}, but 1.0 and 1.1 are known.")
    walk.tile(document.get("root"), path, 0, math.inf, "root")
    levels = [walk.levels[depth] for depth in sorted(walk.levels)]
    total = sum(level.bytes for level in levels)
    report.facts += [("tiles", f"{sum(level.tiles for level in levels):,} in {len(levels)} levels, version {version}"),
                     ("bytes", f"{size(total)} in {sum(level.files for level in levels):,} files")]
    own = (document.get("extras") or {}).get("layerw") if isinstance(document.get("extras"), dict) else None
    if isinstance(own, dict):
        report.facts.append(("baked", json.dumps(own.get("source", {}))[:200]))
        if own.get("georeference"):
            report.facts.append(("lies", json.dumps(own["georeference"])))
        walk.ground(own, path)
    if walk.elsewhere:
        report.find(NOTE, f"{walk.elsewhere:,} contents lie on other hosts and were not looked at.")
    if walk.implicit:
        report.find(NOTE, f"{walk.implicit} tiles are implicit; their subtrees were not looked at.")
    for depth, level in sorted(walk.levels.items()):
        errors = f"error {level.error_low:.3g} to {level.error_high:.3g} m" if level.tiles else ""
        report.tree.append(f"level {depth}: {level.tiles:>7,} tiles  {size(level.bytes):>9}  {errors}")
    report.data["levels"] = [{"tiles": one.tiles, "bytes": one.bytes, "error_m": [one.error_low, one.error_high]}
                             for one in levels]
    return report


class _Walk:
    def __init__(self, report: Report, path: Path) -> None:
        self.report, self.top = report, path.parent.resolve()
        self.levels: dict[int, Level] = {}
        self.elsewhere = self.implicit = self.tiles = 0
        self.open: list[Path] = []

    def document(self, path: Path) -> dict[str, Any] | None:
        try:
            found = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            self.report.find(ERROR, f"{path.name} can't be read: {str(error)[:120]}")
            return None
        if not isinstance(found, dict):
            self.report.find(ERROR, f"{path.name} holds no JSON object.")
            return None
        return found

    def tile(self, tile: Any, file: Path, depth: int, parent_error: float, where: str) -> None:
        """A tile and what is below it, with a stack of its own (trees may be deep)."""
        queue = [(tile, depth, parent_error, where)]
        while queue:
            tile, depth, parent_error, where = queue.pop()
            self.tiles += 1
            if self.tiles > TILES_MAX:
                self.report.find(WARNING, f"More than {TILES_MAX:,} tiles; the rest was not looked at.")
                return
            if not isinstance(tile, dict):
                self.report.find(ERROR, f"{file.name} {where} is {type(tile).__name__}, expected a tile.")
                continue
            error = tile.get("geometricError")
            if isinstance(error, bool) or not isinstance(error, (int, float)) or not (0 <= error <= FLOAT_MAX):
                self.report.find(ERROR, f"{file.name} {where} has geometricError {error!r}.")
                error = parent_error
            elif error > parent_error * 1.0001:
                self.report.find(WARNING, f"{file.name} {where} has a larger geometricError ({error:g}) than its "
                                          f"parent ({parent_error:g}).")
            self._volume(tile, file, where)
            level = self.levels.setdefault(depth, Level())
            level.tiles += 1
            level.error_low, level.error_high = min(level.error_low, error), max(level.error_high, error)
            self.implicit += "implicitTiling" in tile
            contents = tile.get("contents") or ([tile["content"]] if "content" in tile else [])
            for content in contents if isinstance(contents, list) else []:
                if "implicitTiling" not in tile:
                    self._content(content, file, depth, error, where)
            children = tile.get("children", [])
            if not isinstance(children, list):
                self.report.find(ERROR, f"{file.name} {where}.children are {str(children)[:80]}, expected an array.")
            else:
                queue += [(child, depth + 1, error, f"{where}.children[{number}]")
                          for number, child in enumerate(children)]

    def _volume(self, tile: dict[str, Any], file: Path, where: str) -> None:
        volume = tile.get("boundingVolume")
        numbers = next((volume[name] for name in ("box", "region", "sphere") if name in volume), None) if isinstance(
            volume, dict) else None
        if not isinstance(numbers, list) or not all(
                isinstance(v, (int, float)) and abs(v) <= FLOAT_MAX for v in numbers) or len(numbers) not in (12, 6, 4):
            self.report.find(ERROR, f"{file.name} {where} has no bounding box, region or sphere of finite numbers.")

    def _content(self, content: Any, file: Path, depth: int, error: float, where: str) -> None:
        uri = content.get("uri", content.get("url")) if isinstance(content, dict) else None
        if not isinstance(uri, str):
            self.report.find(ERROR, f"{file.name} {where} has a content without a uri.")
            return
        if "://" in uri or uri.startswith("//"):
            self.elsewhere += 1
            return
        target = (file.parent / unquote(uri.partition("?")[0])).resolve()
        if not target.is_file():
            self.report.find(ERROR, f"{file.name} {where} names {uri[:100]}, which is not there.")
            return
        if target.suffix.lower() == ".json":
            if target in self.open or len(self.open) > 64:
                self.report.find(ERROR, f"{target.name} names itself.")
                return
            self.open.append(target)
            inner = self.document(target)
            if inner is not None:
                self.tile(inner.get("root"), target, depth + 1, error, "root")
            self.open.pop()
            return
        count = target.stat().st_size
        level = self.levels[depth]
        level.files, level.bytes = level.files + 1, level.bytes + count
        said = content.get("extras", {}).get("byteLength") if isinstance(content.get("extras"), dict) else None
        if isinstance(said, int) and said != count:
            self.report.find(ERROR, f"{uri} has {count:,} bytes, but the tileset says {said:,}.")
        if count > HEAVY_BYTES:
            self.report.find(WARNING, f"{uri} has {size(count)}; a tile this large is late on every connection.")
        with target.open("rb") as opened:
            start = opened.read(12)
        if start[:4] not in (b"glTF", b"b3dm", b"i3dm", b"pnts", b"cmpt") and start.lstrip()[:1] != b"{":
            self.report.find(ERROR, f"{uri} is no glTF and no tile of 3D Tiles 1.0.")
        elif start[:4] == b"glTF" and int.from_bytes(start[8:12], "little") != count:
            self.report.find(ERROR, f"{uri} says {int.from_bytes(start[8:12], 'little'):,} bytes, but has {count:,}.")

    def ground(self, own: dict[str, Any], path: Path) -> None:
        """The heights for programs, where the world has some."""
        ground = own.get("ground")
        if not isinstance(ground, dict):
            return
        target = path.parent / str(ground.get("uri"))
        if not target.is_file():
            self.report.find(ERROR, f"The ground {ground.get('uri')} is not there.")
        elif target.stat().st_size != ground.get("byteLength"):
            self.report.find(ERROR, f"The ground {target.name} has {target.stat().st_size:,} bytes, but the tileset "
                                    f"says {ground.get('byteLength')}.")
