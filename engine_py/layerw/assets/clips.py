"""Animations of a file as clips: which nodes they move, and the keys, checked before anything plays them.

Owns: what may be a clip. A channel that can't be played is left out, and the model's warnings say which and why.
Does not: sample (animation/, kernels/animation/). Limits: CHANNELS_MAX channels a model.
Source: glTF 2.0, 3.11 and appendix C; KHR_animation_pointer, of nodes and materials.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from layerw.assets.accessors import Accessor, resolve_accessor
from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item, shown
from layerw.assets.nodes import Tree
from layerw.assets.numbers import Numbers
from layerw.base.ports import F32, ClipDesc, TrackDesc

CHANNELS_MAX = 65_536
MODES = ("LINEAR", "STEP", "CUBICSPLINE")  # in the kernel's order
PAINTED = "material "  # how the path of a track begins that changes a material; its node is that material's number
_MATERIAL = re.compile(r"/materials/(\d{1,9})/(.+)")
_MATERIAL_FIELDS = {  # of MaterialDesc, and how many numbers
    "pbrMetallicRoughness/baseColorFactor": ("base_color", 4), "pbrMetallicRoughness/metallicFactor": ("metallic", 1),
    "pbrMetallicRoughness/roughnessFactor": ("roughness", 1), "emissiveFactor": ("emissive", 3),
    "alphaCutoff": ("alpha_cutoff", 1), "normalTexture/scale": ("normal_scale", 1),
    "occlusionTexture/strength": ("occlusion_strength", 1),
    "extensions/KHR_materials_clearcoat/clearcoatFactor": ("clearcoat", 1),
    "extensions/KHR_materials_clearcoat/clearcoatRoughnessFactor": ("clearcoat_roughness", 1),
    **{f"extensions/KHR_materials_{path}": (name, 1) for path, name in (
        ("transmission/transmissionFactor", "transmission"), ("volume/thicknessFactor", "thickness"),
        ("volume/attenuationDistance", "attenuation_distance"), ("dispersion/dispersion", "dispersion"),
        ("anisotropy/anisotropyStrength", "anisotropy"), ("anisotropy/anisotropyRotation", "anisotropy_rotation"),
        ("iridescence/iridescenceFactor", "iridescence"), ("iridescence/iridescenceIor", "iridescence_ior"),
        ("iridescence/iridescenceThicknessMaximum", "iridescence_nm"),
        ("iridescence/iridescenceThicknessMinimum", "iridescence_nm_min"))},
    "extensions/KHR_materials_volume/attenuationColor": ("attenuation_color", 3),
}
_NODE = re.compile(r"/nodes/(\d{1,9})/(translation|rotation|scale|weights)")
PATHS = {"translation": 3, "rotation": 4, "scale": 3, "weights": 0}


@dataclass(slots=True)
class TrackPlan:
    """A channel: `node` is a row of Tree.nodes; `width`: floats a key."""

    node: int
    path: str
    mode: int
    width: int
    keys: Accessor
    values: Accessor
    where: str


@dataclass(slots=True)
class ClipPlan:
    """An animation."""

    name: str
    tracks: list[TrackPlan] = field(default_factory=list)


def plan_clips(doc: Document, tree: Tree, morphs: dict[int, int], numbers: Numbers) -> list[ClipPlan]:
    """Every animation that moves something. `morphs`: how many morph targets the mesh of a node's row has."""
    clips: list[ClipPlan] = []
    names: set[str] = set()
    left = CHANNELS_MAX
    for number in range(doc.count("animations")):
        try:
            item = doc.item("animations", number, "animations")
            channels = item.objects("channels")
        except GltfError as error:
            doc.warn(f"{error} It is left out.")
            continue
        left -= len(channels)
        if left < 0:
            doc.warn(f"The animations have more than {CHANNELS_MAX} channels; those from {item.path} on are left out.")
            break
        clip = ClipPlan(_free_name(item.label() or f"animation {number}", names))
        taken: set[tuple[int, str]] = set()
        for channel in channels:
            try:
                track = _track(doc, item, channel, tree, morphs, numbers)
            except GltfError as error:
                doc.warn(f"{error} That channel is left out.")
                continue
            if track is not None and (track.node, track.path) in taken:
                doc.warn(f"{channel.path} moves the {track.path} of a node that another channel moves; it is left out.")
            elif track is not None:
                taken.add((track.node, track.path))
                clip.tracks.append(track)
        if clip.tracks:
            names.add(clip.name)
            clips.append(clip)
        else:
            doc.warn(f"{item.path} has no channel that moves something; it is left out.")
    return clips


def _pointed(target: Item) -> Item:
    """A target whose place is a JSON pointer (KHR_animation_pointer), as one that names a node. Raises GltfError where
    it points at something else."""
    held = target.extension("KHR_animation_pointer")
    if held is None:
        return target
    pointer = held.text("pointer")
    painted = _MATERIAL.fullmatch(pointer)
    if painted is not None and painted[2] in _MATERIAL_FIELDS:
        field_name = _MATERIAL_FIELDS[painted[2]][0]
        return Item({"material": int(painted[1]), "path": PAINTED + field_name, "member": painted[2]}, target.path)
    found = _NODE.fullmatch(pointer)
    if found is None:
        raise held.error(f"points at {shown(pointer)}; layerw moves nodes ({', '.join(PATHS)}) and numbers of "
                         f"materials.")  # fmt: skip
    return Item({"node": int(found[1]), "path": found[2]}, target.path)


def _free_name(name: str, names: set[str]) -> str:
    found, number = name, 1
    while found in names:
        number += 1
        found = f"{name} {number}"
    return found


def _track(doc: Document, item: Item, channel: Item, tree: Tree, morphs: dict[int, int],
           numbers: Numbers) -> TrackPlan | None:  # fmt: skip
    target = _pointed(channel.object("target"))
    path = target.text("path")
    if path.startswith(PAINTED):
        material, _ = doc.named(target, "material", "materials")
        return _keys(doc, item, channel, material, path, _MATERIAL_FIELDS[target.text("member")][1], numbers)
    if path not in PATHS:
        raise target.error(f"moves {shown(path)}; layerw moves {', '.join(PATHS)}.")
    if "node" not in target:
        raise target.error("names no node.")
    index, node = doc.named(target, "node", "nodes")
    row = tree.rows.get(index)
    if row is None:
        raise target.error(f"moves nodes[{index}], which is not in the scene.")
    if "matrix" in node and path != "weights":
        raise target.error(f"moves nodes[{index}], which has a matrix instead of a {path}.")
    width = PATHS[path] or morphs.get(row, 0)
    if not width:
        raise target.error(f"moves the weights of nodes[{index}], whose mesh has no morph targets.")
    return _keys(doc, item, channel, row, path, width, numbers)


def _keys(doc: Document, item: Item, channel: Item, row: int, path: str, width: int, numbers: Numbers) -> TrackPlan:
    """The keys of a channel: `width` numbers each."""
    samplers = item.objects("samplers")
    number = channel.integer("sampler")
    if number >= len(samplers):
        raise channel.error(f"names sampler {number} of {len(samplers)}.")
    sampler = samplers[number]
    mode = MODES.index(sampler.choice("interpolation", "LINEAR", MODES))
    keys = resolve_accessor(doc, sampler.integer("input"), "keys", sampler.at("input"))
    semantic = "morph_weights" if path == "weights" else path
    if path.startswith(PAINTED):
        semantic = {1: "morph_weights", 3: "translation", 4: "rotation"}[width]  # numbers of that shape
    values = resolve_accessor(doc, sampler.integer("output"), semantic, sampler.at("output"))
    needed = keys.count * (3 if mode == 2 else 1) * (width if path == "weights" else 1)
    if values.count != needed:
        raise sampler.error(f"has {keys.count} keys, for which its output must have {needed} elements, not "
                            f"{values.count}.")  # fmt: skip
    return TrackPlan(row, path, mode, width, numbers.add(keys), numbers.add(values), sampler.path)


def read_clips(plans: list[ClipPlan], numbers: Numbers, payload: bytes, warnings: list[str]) -> list[ClipDesc]:
    """The clips with their keys; what is wrong with those goes to `warnings`."""
    clips = []
    for plan in plans:
        tracks = []
        for track in plan.tracks:
            try:
                tracks.append(_read(track, numbers, payload))
            except GltfError as error:
                if len(warnings) < 64:
                    warnings.append(f"{error} What it moves is left out of {plan.name!r}.")
        if tracks:
            clips.append(ClipDesc(plan.name, max(float(track.times[-1]) for track in tracks), tuple(tracks)))
    return clips


def _read(track: TrackPlan, numbers: Numbers, payload: bytes) -> TrackDesc:
    times: F32 = numbers.read(track.keys, payload)[:, 0]
    values = numbers.read(track.values, payload).reshape(-1)
    if not np.isfinite(times).all() or float(times[0]) < 0:
        raise GltfError(f"{track.where} has keys at {times[~np.isfinite(times) | (times < 0)][0]} s, which is no time.")
    falls = np.flatnonzero(np.diff(times) <= 0)
    if len(falls):
        at = int(falls[0])
        raise GltfError(f"{track.where} has a key at {times[at]:g} s and the next at {times[at + 1]:g} s; keys must "
                        f"rise.")  # fmt: skip
    if not np.isfinite(values).all():
        raise GltfError(f"{track.where} has a value of {values[~np.isfinite(values)][0]}, which is no number to show.")
    if track.path == "rotation":
        values = _unit(values.reshape(len(times), -1, 4), spline=track.mode == 2)
    return TrackDesc(track.node, track.path, track.mode, track.width, times.copy(), np.ascontiguousarray(values))


def _unit(values: F32, *, spline: bool) -> F32:
    """Keys of rotations as unit quaternions; tangents (the first and last of three) stay as they are."""
    keys = values[:, 1] if spline else values[:, 0]
    length = np.linalg.norm(keys, axis=1, keepdims=True)
    keys[:] = np.where(length > 0, keys / np.where(length > 0, length, 1), np.array([0, 0, 0, 1], np.float32))
    found: F32 = values.reshape(-1)
    return found
