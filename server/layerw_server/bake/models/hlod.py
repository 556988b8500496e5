"""Many models, each where its own coordinates say, in one tileset: near ones whole, far groups as one mesh.

Owns: the tree (halves along the longer side until a group holds one model) and its errors.
Does not: place models; what shall stand apart has positions of its own, as exports of one scene have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from layerw_server.bake.errors import BakeError
from layerw_server.bake.models import proxy
from layerw_server.bake.models.gltf import Json, one_sentence, read
from layerw_server.bake.models.pack import Options, bounds_of, pack
from layerw_server.bake.models.shelf import Shelf
from layerw_server.bake.tileset import box_of

LEAF_TRIANGLES, GROUP_TRIANGLES = 3000, 6000
ERROR_SHARE_MIN = 1 / 64  # of a group's size: what averaged colours alone are worth
Progress = Callable[[str, int, int], None]


@dataclass
class Group:
    """A node of the tree; a leaf has one file."""

    low: Any
    high: Any
    files: list[Path]
    children: list[Group] = field(default_factory=list)


def grouped(boxes: list[tuple[Path, Any, Any]]) -> Group:
    """Halves of equal counts along the longer side on the ground."""
    low, high = np.min([b[1] for b in boxes], axis=0), np.max([b[2] for b in boxes], axis=0)
    made = Group(low, high, [b[0] for b in boxes])
    if len(boxes) > 1:
        axis = 0 if high[0] - low[0] >= high[2] - low[2] else 2
        boxes = sorted(boxes, key=lambda b: (float(b[1][axis] + b[2][axis]), str(b[0])))
        half = len(boxes) // 2
        made.children = [grouped(boxes[:half]), grouped(boxes[half:])]
    return made


def write_tileset(paths: list[Path], shelf: Shelf, options: Options, progress: Progress) -> tuple[Json, int]:
    """Write every tile; returns the root tile and how many tiles there are."""
    boxes = []
    for number, path in enumerate(paths):
        progress("measure", number, len(paths))
        with one_sentence(path):
            boxes.append((path, *bounds_of(read(path))))
    progress("measure", len(paths), len(paths))
    done = [0]

    def made(group: Group) -> tuple[Json, proxy.Soup]:
        middle = 0.5 * (group.low + group.high)
        if not group.children:
            path = group.files[0]
            with one_sentence(path):
                file = read(path)
                packed = pack(file, options)
                soup = proxy.thinned(proxy.flatten(file, middle), LEAF_TRIANGLES)
            shelf.notes += packed.notes
            content = shelf.put(f"tiles/{len(shelf.sizes)}-{shelf.safe(path.stem)}", packed.data)
            done[0] += 1
            progress("tiles", done[0], len(paths))
            return _tile(group, content, 0.0), soup
        below = [made(child) for child in group.children]
        soup = proxy.thinned(proxy.merged([one[1] for one in below], middle), GROUP_TRIANGLES)
        if not len(soup.indices):
            raise BakeError(f"{group.files[0]} and {len(group.files) - 1} more hold no triangles.")
        error = max(soup.error_m, ERROR_SHARE_MIN * float(np.linalg.norm(group.high - group.low)),
                    1.001 * max(one[0]["geometricError"] for one in below))
        content = shelf.put(f"tiles/group-{len(shelf.sizes)}", proxy.proxy_glb(soup, options))
        tile = _tile(group, content, error)
        x, y, z = (float(v) for v in middle)
        held = {"boundingVolume": tile["boundingVolume"], "geometricError": error, "refine": "REPLACE",
                "transform": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, -z, y, 1], "content": content}
        box = held["boundingVolume"]["box"]
        box[:3] = [box[0] - x, box[1] + z, box[2] - y]
        held["children"] = [_moved(one[0], -x, z, -y) for one in below]
        return held, soup

    root, _ = made(grouped(boxes))
    return root, len(shelf.sizes)


def _tile(group: Group, content: Json, error: float) -> Json:
    corners = tuple(tuple(float(v) for v in corner) for corner in (group.low, group.high))
    return {"boundingVolume": {"box": box_of(corners, (0.0, 0.0))},  # type: ignore[arg-type]
            "geometricError": error, "refine": "REPLACE", "content": content}


def _moved(tile: Json, x: float, y: float, z: float) -> Json:
    """A tile whose parent's frame lies elsewhere (the tileset's axes)."""
    transform = list(tile.get("transform", (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)))
    transform[12:15] = [transform[12] + x, transform[13] + y, transform[14] + z]
    return {**tile, "transform": transform}
