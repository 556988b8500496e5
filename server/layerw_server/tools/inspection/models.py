"""A glTF file: its nodes, what its bytes are spent on, what the engine and Khronos' validator say of it.

Does not: decode meshes; packed ones are counted by what their accessors say.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image

from layerw_server.bake.errors import BakeError
from layerw_server.bake.models import images
from layerw_server.bake.models.gltf import Gltf, one_sentence, read, whole
from layerw_server.runtime.node import try_node
from layerw_server.tools.inspection.report import ERROR, NOTE, WARNING, Report, size

TREE_LINES_MAX, TREE_DEPTH_MAX = 60, 12
FRAMES_MAX = 600
ALIKE_MAX = 3
VALIDATE = """
const validator = require(process.argv[1]), fs = require('fs'), path = require('path');
const file = process.argv[2], folder = path.dirname(file);
validator.validateBytes(new Uint8Array(fs.readFileSync(file)), { uri: path.basename(file), maxIssues: 10000,
  externalResourceFunction: (uri) => new Promise((done, fail) => {
    const target = path.resolve(folder, decodeURIComponent(uri));
    if (!target.startsWith(path.resolve(folder))) fail('outside'); else done(new Uint8Array(fs.readFileSync(target)));
  }) }).then((report) => console.log(JSON.stringify(report.issues.messages)));
"""
UNKNOWN_TO_VALIDATOR = ("KHR_texture_basisu", "EXT_meshopt_compression", "KHR_meshopt_compression", "image/ktx2")
SPLATS_IN_NAMES = "/attributes/KHR_gaussian_splatting:"  # of attributes, whose names the validator takes for wrong


def inspect_model(path: Path) -> Report:
    """All of it."""
    report = Report("glTF model", path.name)
    try:
        file = read(path)
    except BakeError as error:
        report.find(ERROR, str(error))
        return report
    for look in (_facts, _tree, _images):
        try:
            with one_sentence(path):
                look(file, report)
        except BakeError as error:
            report.find(ERROR, str(error))
    _engine(path, report)
    _validator(path, report)
    return report


def _facts(file: Gltf, report: Report) -> None:
    counts = {"triangles": 0, "vertices": 0, "primitives": 0}
    seen: set[Any] = set()
    for mesh in file.list("meshes"):
        for primitive in mesh.get("primitives", ()):
            if not isinstance(primitive, dict):
                continue
            counts["primitives"] += 1
            position = (primitive.get("attributes") or {}).get("POSITION")
            vertices = _count(file, position)
            corners = _count(file, primitive["indices"]) if "indices" in primitive else vertices
            mode = primitive.get("mode", 4)
            counts["triangles"] += corners // 3 if mode == 4 else max(corners - 2, 0) if mode in (5, 6) else 0
            if position not in seen:
                counts["vertices"] += vertices
                seen.add(position)
    bytes_ = _bytes(file)
    report.facts += [
        ("bytes", f"{size(file.path.stat().st_size)} ({', '.join(f'{k} {size(v)}' for k, v in bytes_.items() if v)})"),
        ("shows", f"{counts['triangles']:,} triangles, {counts['vertices']:,} vertices in {counts['primitives']} "
                  f"primitives of {len(file.list('meshes'))} meshes"),
        ("has", ", ".join(f"{len(file.list(name))} {name}" for name in (
            "scenes", "nodes", "materials", "textures", "images", "skins", "animations") if file.list(name)))]
    used = [str(name) for name in file.json.get("extensionsUsed", ())]
    if used:
        report.facts.append(("extensions", ", ".join(used)))
    asset = file.json["asset"]
    made = ", ".join(str(asset[name]) for name in ("generator", "copyright") if name in asset)
    if made:
        report.facts.append(("made by", made[:200]))
    report.data |= {**counts, "bytes": bytes_, "extensions": used}


def _count(file: Gltf, number: Any) -> int:
    accessors = file.list("accessors")
    inside = isinstance(number, int) and 0 <= number < len(accessors)
    return max(whole(accessors[number].get("count")), 0) if inside else 0


def _bytes(file: Gltf) -> dict[str, int]:
    """What buffer views are for, by size as stored."""
    kinds: dict[int, str] = {}
    accessors = file.list("accessors")

    def mark(number: Any, kind: str) -> None:
        if isinstance(number, int) and 0 <= number < len(accessors):
            view = accessors[number].get("bufferView")
            if isinstance(view, int):
                kinds.setdefault(view, kind)

    for mesh in file.list("meshes"):
        for primitive in (one for one in mesh.get("primitives", ()) if isinstance(one, dict)):
            mark(primitive.get("indices"), "indices")
            for held in (primitive.get("attributes"), *primitive.get("targets", ())):
                for number in (held or {}).values():
                    mark(number, "vertices")
    for animation in file.list("animations"):
        for sampler in (one for one in animation.get("samplers", ()) if isinstance(one, dict)):
            mark(sampler.get("input"), "animation")
            mark(sampler.get("output"), "animation")
    for image in file.list("images"):
        if isinstance(image.get("bufferView"), int):
            kinds[image["bufferView"]] = "images"
    found = dict.fromkeys(("vertices", "indices", "images", "animation", "other"), 0)
    for number, view in enumerate(file.list("bufferViews")):
        packed = [held.get("byteLength") for held in (view.get("extensions") or {}).values() if isinstance(held, dict)]
        found[kinds.get(number, "other")] += max(whole(packed[0] if packed else view.get("byteLength")), 0)
    return found


def _tree(file: Gltf, report: Report) -> None:
    nodes, meshes = file.list("nodes"), file.list("meshes")
    seen: set[int] = set()

    def line(number: Any, depth: int) -> None:
        if not isinstance(number, int) or not 0 <= number < len(nodes) or number in seen or depth > TREE_DEPTH_MAX:
            return
        seen.add(number)
        node = nodes[number]
        mesh = node.get("mesh")
        what = ""
        if isinstance(mesh, int) and 0 <= mesh < len(meshes):
            what = f"  [mesh {meshes[mesh].get('name') or mesh}, {len(meshes[mesh].get('primitives', ()))} primitives]"
        if len(report.tree) < TREE_LINES_MAX:
            report.tree.append(f"{'  ' * depth}{node.get('name') or f'node {number}'}{what}")
        for child in node.get("children", ()):
            line(child, depth + 1)

    scenes = file.list("scenes")
    for root in scenes[0].get("nodes", ()) if scenes else range(len(nodes)):
        line(root, 0)
    if len(seen) > TREE_LINES_MAX:
        report.tree.append(f"and {len(seen) - TREE_LINES_MAX} more nodes")
    for animation in file.list("animations")[:20]:
        report.tree.append(f"animation {animation.get('name') or '(no name)'}: {len(animation.get('channels', ()))} "
                           "channels")


def _images(file: Gltf, report: Report) -> None:
    slots = images.uses(file)
    shown: list[Any] = []
    for number, image in enumerate(file.list("images")):
        try:
            data = images.image_bytes(file, number)
        except BakeError as error:
            report.find(ERROR, str(error))
            continue
        width, height, text = _picture(data, number, report)
        used = ", ".join(sorted(slots.get(number, ()))) or "unused"
        report.tree.append(f"image {image.get('name') or number}: {text}, {size(len(data))}, {used}")
        shown.append({"width": width, "height": height, "bytes": len(data), "uses": sorted(slots.get(number, ()))})
        if number not in slots:
            report.find(NOTE, f"images[{number}] is used by no material: {size(len(data))} for nothing.")
        elif max(width, height) > 4096:
            report.find(WARNING, f"images[{number}] is {width} x {height} pixels: {size(width * height * 16 / 3)} on "
                                 "the GPU; layerw bake --image-side 2048 makes it smaller.")
    report.data["images"] = shown
    plain = sum(one["width"] * one["height"] * 4 * 4 // 3 for one in shown)
    if plain > 64 << 20 and "KHR_texture_basisu" not in file.json.get("extensionsUsed", ()):
        report.find(NOTE, f"Its images take {size(plain)} on the GPU; as KTX2 (layerw bake) a quarter or less.")


def _picture(data: bytes, number: int, report: Report) -> tuple[int, int, str]:
    if data.startswith(images.KTX2_MAGIC):
        from layerw.hosts import ktx2
        from layerw.hosts.containers import FormatError

        try:
            found = ktx2.read_header(data)
        except FormatError as error:
            report.find(ERROR, f"images[{number}]: {error}")
            return 0, 0, "a broken KTX2"
        kind = "UASTC" if found.is_uastc else "ETC1S"
        return found.width, found.height, f"{found.width} x {found.height} KTX2 {kind}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as picture:
                return picture.width, picture.height, f"{picture.width} x {picture.height} {picture.format}"
    except Exception as error:  # Pillow raises of many kinds for broken files
        report.find(ERROR, f"images[{number}] can't be read ({str(error)[:80]}).")
        return 0, 0, "unreadable"


def _engine(path: Path, report: Report) -> None:
    """Load it as a program would, without a page."""
    import layerw as lw

    with contextlib.chdir(path.parent.resolve()):
        app = lw.App()
        try:
            app.spawn(lw.Mesh.box())  # what every picture needs is there before the model is measured
            app.host.step(app, frames=4)  # type: ignore[attr-defined]
            before = app.report()["gpu_bytes"]
            model = app.load(path.name)
            for _ in range(FRAMES_MAX):
                app.host.step(app)  # type: ignore[attr-defined]
                if model.state != "loading":
                    break
            if model.state == "failed":
                report.find(ERROR, f"layerw can't show it: {model.error}")
            elif model.state != "ready":
                report.find(WARNING, f"It was still {model.state} after {FRAMES_MAX} frames.")
            for text in model.warnings:
                report.find(WARNING, text)
            if model.state == "ready":
                report.facts.append(("on the GPU", size(app.report()["gpu_bytes"] - before)))
        finally:
            app.close()


def _validator(path: Path, report: Report) -> None:
    """Khronos' validator, where npm's gltf-validator and a node are installed."""
    module = next((folder / "node_modules/gltf-validator" for folder in (Path.cwd(), *Path(__file__).parents)
                   if (folder / "node_modules/gltf-validator").is_dir()), None)
    node = try_node()
    if module is None or node is None:
        report.find(NOTE, "Not checked by Khronos' validator: it needs node and `npm install gltf-validator`.")
        return
    command = [str(node), "-e", VALIDATE, str(module), str(path.resolve())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True,
                              env={**os.environ, "NODE_NO_WARNINGS": "1"})
        messages = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        report.find(WARNING, f"Khronos' validator failed ({str(error)[:120]}).")
        return
    _tell(messages, report)
    report.data["validated"] = True


def _tell(messages: list[dict[str, Any]], report: Report) -> None:
    """What the validator says; of a kind that comes often, the first few and how many more."""
    told: Counter[tuple[str, Any]] = Counter()
    for message in messages:
        text = f"{message.get('pointer', '')}: {message.get('message', '')} ({message.get('code')})".lstrip(": ")
        level = {0: ERROR, 1: WARNING}.get(message.get("severity", 2))
        if level == WARNING and (message.get("code") == "IMAGE_UNRECOGNIZED_FORMAT"
                                 or any(name in text for name in UNKNOWN_TO_VALIDATOR)):
            continue
        if message.get("code") == "MESH_PRIMITIVE_INVALID_ATTRIBUTE" and SPLATS_IN_NAMES in message.get("pointer", ""):
            continue
        if level is not None:
            told[level, message.get("code")] += 1
            if told[level, message.get("code")] <= ALIKE_MAX:
                report.find(level, text)
    for (level, code), count in told.items():
        if count > ALIKE_MAX:
            report.find(level, f"{count - ALIKE_MAX:,} more of {code}")
