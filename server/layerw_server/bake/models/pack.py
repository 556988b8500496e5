"""One model in, one smaller .glb out: at one level of detail.

Owns: what happens to each part of a file. Nodes, names, extras, animations, skins, morph targets, variants and
extensions stay; positions are quantised where no skin, morph target or instancing reads them, on a node of their own.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from layerw_server.bake import codecs
from layerw_server.bake.models import images, meshes
from layerw_server.bake.models.gltf import PACKED, Gltf, Json, glb_bytes
from layerw_server.bake.models.writer import Writer
from layerw_server.bake.tiles import BASISU, MESHOPT

QUANTIZATION, INSTANCING = "KHR_mesh_quantization", "EXT_mesh_gpu_instancing"
METADATA_VIEWS = ("values", "arrayOffsets", "stringOffsets")


@dataclass(frozen=True)
class Options:
    """How models are written."""

    textures: str = "keep"  # "keep", "jpeg" or one of codecs.KTX2
    quality: int = 80
    is_packed: bool = False
    side_max: int = 4096
    kept: Path | None = None  # for encoded images of a bake that is stopped


@dataclass
class Packed:
    """A written level: its bytes, how many triangles it draws, by how much it may be wrong, and notes."""

    data: bytes = b""
    triangles: int = 0
    error_m: float = 0.0
    notes: list[str] = field(default_factory=list)


def pack(file: Gltf, options: Options, share: float = 1.0, error: float = 0.0, halvings: int = 0) -> Packed:
    """Write a level with about `share` of the triangles.

    Args:
        error: the largest change of shape, as a share of each mesh's size.
        halvings: how often images' sides are halved.

    Raises:
        BakeError: the file is damaged, or is packed already.
    """
    for name in PACKED:
        if name in file.json.get("extensionsUsed", ()):
            raise file.wrong(f"it is packed by {name} already; bake the file that it was made from")
    return _Pack(file, options, share, error, halvings).run()


class _Pack:
    def __init__(self, file: Gltf, options: Options, share: float, error: float, halvings: int) -> None:
        self.file, self.options, self.share, self.error, self.halvings = file, options, share, error, halvings
        self.made: dict[int, images.Made] = {}
        self.document: Json = copy.deepcopy(file.json)
        self.writer = Writer(options.is_packed)
        self.out = Packed()
        self._numbers: dict[int, int] = {}
        self._views: dict[int, int] = {}
        self._primitives: dict[str, Json] = {}

    def run(self) -> Packed:
        """Everything, in order."""
        lattices = self._lattices()
        for number, mesh in enumerate(self._list("meshes")):
            lattice = lattices.get(number)
            for primitive in self._dicts(mesh.get("primitives")):
                self._primitive(primitive, lattice)
        self._nodes(lattices)
        self._accessors_elsewhere()
        self._images()
        document = self.document
        document["accessors"], document["bufferViews"] = self.writer.accessors, self.writer.views
        document["buffers"] = self.writer.buffers()
        for name in ("accessors", "bufferViews"):
            if not document[name]:
                del document[name]
        if not self.writer.blob:
            del document["buffers"]
        self._extensions(bool(lattices))
        document["asset"]["generator"] = "layerw bake 1"
        try:
            self.out.data = glb_bytes(document, bytes(self.writer.blob))
        except ValueError as error:
            raise self.file.wrong(f"its JSON can't be written again ({error})") from None
        return self.out

    def _list(self, name: str) -> list[Json]:
        return self._dicts(self.document.get(name))

    @staticmethod
    def _dicts(value: Any) -> list[Json]:
        return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

    def _lattices(self) -> dict[int, meshes.Lattice]:
        """Of the meshes whose positions nothing but a plain node reads."""
        users: dict[int, bool] = {}
        for node in self._list("nodes"):
            mesh = node.get("mesh")
            if isinstance(mesh, int):
                plain = "skin" not in node and INSTANCING not in (node.get("extensions") or {})
                users[mesh] = users.get(mesh, True) and plain
        found = {}
        for number, mesh in enumerate(self.file.list("meshes")):
            morphs = any("targets" in one for one in self._dicts(mesh.get("primitives")))
            if users.get(number) and not morphs and (lattice := meshes.lattice_of(self.file, mesh)) is not None:
                found[number] = lattice
        return found

    def _primitive(self, primitive: Json, lattice: meshes.Lattice | None) -> None:
        attributes = primitive.get("attributes")
        if not isinstance(attributes, dict) or not attributes:
            raise self.file.wrong("a primitive has no attributes")
        key = repr((sorted(attributes.items()), primitive.get("indices"), primitive.get("targets"),
                    primitive.get("mode"), lattice))
        known = self._primitives.get(key)
        if known is None:
            known = self._primitives[key] = self._written(primitive, attributes, lattice)
        primitive.update(copy.deepcopy(known))

    def _written(self, primitive: Json, attributes: Json, lattice: meshes.Lattice | None) -> Json:
        file, writer = self.file, self.writer
        indices = meshes.triangles_of(file, primitive)
        keep = None
        made: Json = {}
        if indices is not None:
            positions = file.floats(attributes["POSITION"])
            indices = meshes.welded(file, primitive, indices)
            left = meshes.simplified(positions, indices, self.share, self.error)
            ordered, keep = meshes.ordered(left.indices, len(positions))
            self.out.triangles += len(ordered) // 3
            self.out.error_m = max(self.out.error_m, left.error_m)
            made["indices"] = writer.triangles(ordered, len(keep))
        elif "indices" in primitive:
            made["indices"] = self._number(primitive["indices"])
        made["attributes"] = {name: meshes.write_attribute(file, writer, name, number, keep, lattice)
                              for name, number in attributes.items()}
        if "targets" in primitive:
            made["targets"] = [{name: writer.vertices(file.floats(number)[slice(None) if keep is None else keep],
                                                      bounds=name == "POSITION")
                                for name, number in target.items()} for target in self._dicts(primitive["targets"])]
        return made

    def _nodes(self, lattices: dict[int, meshes.Lattice]) -> None:
        """Quantised meshes move to nodes of their own, which turn codes into metres."""
        nodes = self.document.get("nodes", [])
        for node in list(self._list("nodes")):
            lattice = lattices.get(node.get("mesh", -1))
            if lattice is not None:
                nodes.append({"mesh": node.pop("mesh"), "translation": list(lattice.middle),
                              "scale": [lattice.step] * 3})
                node["children"] = [*node.get("children", []), len(nodes) - 1]

    def _number(self, number: Any) -> int:
        """An accessor as it is."""
        found = self._numbers.get(number)
        if found is None:
            one = self.file.item("accessors", number)
            rows = self.file.raw(number)
            found = self._numbers[number] = self.writer.numbers(
                rows, str(one["type"]), normalized=bool(one.get("normalized")), bounds="min" in one)
        return found

    def _accessors_elsewhere(self) -> None:
        for animation in self._list("animations"):
            for sampler in self._dicts(animation.get("samplers")):
                for name in ("input", "output"):
                    sampler[name] = self._number(sampler.get(name))
        for skin in self._list("skins"):
            if "inverseBindMatrices" in skin:
                skin["inverseBindMatrices"] = self._number(skin["inverseBindMatrices"])
        for node in self._list("nodes"):
            held = (node.get("extensions") or {}).get(INSTANCING)
            if isinstance(held, dict) and isinstance(held.get("attributes"), dict):
                held["attributes"] = {name: self._number(number) for name, number in held["attributes"].items()}
        tables = (self.document.get("extensions") or {}).get("EXT_structural_metadata", {})
        for table in self._dicts(tables.get("propertyTables")):
            for one in self._dicts(list((table.get("properties") or {}).values())):
                for name in METADATA_VIEWS:
                    if name in one:
                        one[name] = self._view(one[name])

    def _view(self, number: Any) -> int:
        found = self._views.get(number)
        if found is None:
            found = self._views[number] = self.writer.bytes_(self.file.view(number))
        return found

    def _images(self) -> None:
        slots = images.uses(self.file)
        for number, image in enumerate(self._list("images")):
            made, note = images.make(self.file, number, slots.get(number, set()), self.options.textures,
                                     self.options.quality, self.options.side_max, self.halvings,
                                     self.options.kept)
            self.made[number] = made
            if note:
                self.out.notes.append(note)
            image.pop("uri", None)
            image |= {"bufferView": self.writer.bytes_(made.data), "mimeType": made.mime}
        for texture in self._list("textures"):
            source = images.source_of(texture)
            made_one = self.made.get(source) if isinstance(source, int) else None
            if made_one is None:
                continue
            held = texture.get("extensions") or {}
            for one in (BASISU, "EXT_texture_webp", "EXT_texture_avif"):
                held.pop(one, None)
            name = {"image/ktx2": BASISU, "image/webp": "EXT_texture_webp"}.get(made_one.mime)
            texture.pop("source", None)
            if name is None:
                texture["source"] = source
            else:
                held[name] = {"source": source}
            texture.pop("extensions", None)
            if held:
                texture["extensions"] = held

    def _extensions(self, is_quantised: bool) -> None:
        used = [str(name) for name in self.document.get("extensionsUsed", [])]
        required = [str(name) for name in self.document.get("extensionsRequired", [])]
        mimes = {made.mime for made in self.made.values()}
        for name in (BASISU, "EXT_texture_webp", "EXT_texture_avif"):
            for names in (used, required):
                if name in names:
                    names.remove(name)
        new = [QUANTIZATION] if self._is_quantised() or is_quantised else []
        new += [BASISU] if "image/ktx2" in mimes else []
        new += ["EXT_texture_webp"] if "image/webp" in mimes else []
        new += [MESHOPT] if self.writer.uses_packing else []
        for key, before in (("extensionsUsed", used), ("extensionsRequired", required)):
            merged = list(dict.fromkeys([*before, *new]))
            if merged:
                self.document[key] = merged
            else:
                self.document.pop(key, None)

    def _is_quantised(self) -> bool:
        """Whether an attribute is stored in a way that plain glTF does not know."""
        for mesh in self._list("meshes"):
            for primitive in self._dicts(mesh.get("primitives")):
                for name, number in primitive["attributes"].items():
                    component = self.writer.accessors[number]["componentType"]
                    if name.split("_")[0] in ("POSITION", "NORMAL", "TANGENT") and component != 5126:
                        return True
        return False


def bounds_of(file: Gltf) -> tuple[Any, Any]:
    """The corners of a box around the scene as it stands at rest, in its own metres, float64."""
    lows, highs = [np.full(3, np.inf)], [np.full(3, -np.inf)]
    for mesh, matrix in placed(file):
        for primitive in file.item("meshes", mesh).get("primitives", ()):
            number = primitive.get("attributes", {}).get("POSITION") if isinstance(primitive, dict) else None
            if number is not None:
                points = file.floats(number).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
                points = points[np.isfinite(points).all(axis=1)]
                if len(points):
                    lows.append(points.min(axis=0))
                    highs.append(points.max(axis=0))
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    if not np.isfinite(low).all():
        raise file.wrong("no scene of it shows a mesh")
    return low, high


def placed(file: Gltf) -> list[tuple[int, Any]]:
    """Every mesh of the shown scene with its 4x4 matrix."""
    nodes = file.list("nodes")
    scenes = file.list("scenes")
    roots: Any = list(range(len(nodes)))
    if scenes:
        shown = file.json.get("scene", 0)
        roots = scenes[file.index("scenes", shown, len(scenes))].get("nodes", [])
    found: list[tuple[int, Any]] = []
    seen: set[int] = set()
    queue = [(number, np.eye(4)) for number in roots]
    while queue:
        number, parent = queue.pop()
        file.index("nodes", number, len(nodes))
        if number in seen:
            continue
        seen.add(number)
        node = nodes[number]
        matrix = parent @ _matrix(file, node)
        if "mesh" in node:
            found.append((file.index("meshes", node["mesh"], len(file.list("meshes"))), matrix))
        queue += [(child, matrix) for child in node.get("children", [])]
    return found


def _matrix(file: Gltf, node: Json) -> Any:
    try:
        if "matrix" in node:
            return np.array(node["matrix"], np.float64).reshape(4, 4).T
        x, y, z, w = (float(v) for v in node.get("rotation", (0, 0, 0, 1)))
        turn = np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                         [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                         [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])
        matrix = np.eye(4)
        matrix[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
        matrix[:3, 3] = node.get("translation", (0, 0, 0))
    except (TypeError, ValueError) as error:
        raise file.wrong(f"a node's transform can't be read ({error})") from None
    return matrix


def largest_scale(file: Gltf) -> float:
    """By how much the largest node enlarges its mesh."""
    return max((float(np.linalg.norm(matrix[:3, :3], axis=0).max()) for _, matrix in placed(file)), default=1.0)


def need(options: Options) -> None:
    """Refuse options whose encoders are not here."""
    if options.textures in codecs.KTX2:
        codecs.need_ktx2(f"--textures {options.textures}")
    if options.is_packed:
        codecs.need_meshopt("--meshopt")
