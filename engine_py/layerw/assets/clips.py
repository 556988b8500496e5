"""Animations of a file as clips: which nodes they move, and the keys, checked before anything plays them.

Owns: what may be a clip. A channel that can't be played is left out, and the model's warnings say which and why.
Does not: sample (animation/, kernels/animation/). Limits: CHANNELS_MAX channels a model.
Source: glTF 2.0, 3.11 and appendix C; KHR_animation_pointer (pointers.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from layerw.assets.accessors import Accessor, resolve_accessor
from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item, shown
from layerw.assets.nodes import Tree
from layerw.assets.numbers import Numbers
from layerw.assets.pointers import PATHS, POINTER, Pointers, Target
from layerw.base.ports import F32, ClipDesc, TrackDesc

CHANNELS_MAX = 65_536
MODES = ("LINEAR", "STEP", "CUBICSPLINE")  # in the kernel's order
_SHAPES = {1: "morph_weights", 2: "pair", 3: "translation", 4: "rotation"}  # of numbers that move no node
@dataclass(slots=True)
class TrackPlan:
    """A channel: `node`, `path`, `kind`, `first` and `rest` as in TrackDesc; `width`: floats a key."""

    node: int
    path: str
    mode: int
    width: int
    keys: Accessor
    values: Accessor
    where: str
    kind: str = "node"
    first: int = 0
    rest: tuple[float, ...] = ()


@dataclass(slots=True)
class ClipPlan:
    """An animation."""

    name: str
    tracks: list[TrackPlan] = field(default_factory=list)


def plan_clips(doc: Document, tree: Tree, morphs: dict[int, int], numbers: Numbers) -> list[ClipPlan]:
    """Every animation that moves something. `morphs`: how many morph targets the mesh of a node's row has."""
    clips: list[ClipPlan] = []
    names: set[str] = set()
    left, pointers = CHANNELS_MAX, Pointers(doc, tree)
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
        taken: set[tuple[str, int, str, int]] = set()
        for channel in channels:
            try:
                tracks = _tracks(doc, item, channel, tree, pointers, morphs, numbers)
            except GltfError as error:
                doc.warn(f"{error} That channel is left out.")
                continue
            left -= max(len(tracks) - 1, 0)
            for track in tracks if left >= 0 else ():
                own = (track.kind, track.node, track.path, track.first)
                if own in taken:
                    doc.warn(f"{channel.path} moves the {track.path} of a node that another channel moves; it is left "
                             f"out.")  # fmt: skip
                else:
                    taken.add(own)
                    clip.tracks.append(track)
        if clip.tracks:
            names.add(clip.name)
            clips.append(clip)
        else:
            doc.warn(f"{item.path} has no channel that moves something; it is left out.")
    return clips


def _free_name(name: str, names: set[str]) -> str:
    found, number = name, 1
    while found in names:
        number += 1
        found = f"{name} {number}"
    return found


def _tracks(doc: Document, item: Item, channel: Item, tree: Tree, pointers: Pointers, morphs: dict[int, int],
            numbers: Numbers) -> list[TrackPlan]:  # fmt: skip
    target = channel.object("target")
    held = target.extension(POINTER)
    if held is not None:
        found = pointers.targets(held)
    else:
        path = target.text("path")
        if path not in PATHS:
            raise target.error(f"moves {shown(path)}; layerw moves {', '.join(PATHS)}.")
        if "node" not in target:
            raise target.error("names no node.")
        found = [Target("node", target.integer("node"), path, PATHS[path])]
    return [_keys(doc, item, channel, _placed(doc, one, target, tree, morphs), numbers) for one in found]


def _placed(doc: Document, found: Target, target: Item, tree: Tree, morphs: dict[int, int]) -> Target:
    """Of a node, as a row of the tree, and with its number of morph targets. Raises GltfError where nothing moves."""
    if found.kind != "node":
        return found
    index, path = found.number, found.path
    node = doc.item("nodes", index, target.at("node"))
    row = tree.rows.get(index)
    if row is None:
        raise target.error(f"moves nodes[{index}], which is not in the scene.")
    if "matrix" in node and path != "weights":
        raise target.error(f"moves nodes[{index}], which has a matrix instead of a {path}.")
    count = morphs.get(row, 0)
    width = found.width or count
    if not width or (path == "weights" and found.first + width > count):
        raise target.error(f"moves the weights of nodes[{index}], whose mesh has {count or 'no'} morph targets.")
    return Target("node", row, path, width, found.first)


def _keys(doc: Document, item: Item, channel: Item, target: Target, numbers: Numbers) -> TrackPlan:
    """The keys of a channel."""
    samplers = item.objects("samplers")
    number = channel.integer("sampler")
    if number >= len(samplers):
        raise channel.error(f"names sampler {number} of {len(samplers)}.")
    sampler, path, width = samplers[number], target.path, target.width
    mode = MODES.index(sampler.choice("interpolation", "LINEAR", MODES))
    keys = resolve_accessor(doc, sampler.integer("input"), "keys", sampler.at("input"))
    semantic = path if target.kind == "node" else _SHAPES[width]
    if path == "weights":
        semantic = "morph_weights"
    values = resolve_accessor(doc, sampler.integer("output"), semantic, sampler.at("output"))
    needed = keys.count * (3 if mode == 2 else 1) * (width if path == "weights" else 1)
    if values.count != needed:
        raise sampler.error(f"has {keys.count} keys, for which its output must have {needed} elements, not "
                            f"{values.count}.")  # fmt: skip
    if target.kind == "shown" and mode != 1:
        raise sampler.error(f"is {MODES[mode]}; whether a node is visible changes by STEP alone.")
    return TrackPlan(target.number, path, mode, width, numbers.add(keys), numbers.add(values), sampler.path,
                     target.kind, target.first, target.rest)  # fmt: skip


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
    if track.path == "rotation" and track.kind == "node":
        values = _unit(values.reshape(len(times), -1, 4), spline=track.mode == 2)
    return TrackDesc(track.node, track.path, track.mode, track.width, times.copy(), np.ascontiguousarray(values),
                     track.kind, track.first, track.rest)  # fmt: skip


def _unit(values: F32, *, spline: bool) -> F32:
    """Keys of rotations as unit quaternions; tangents (the first and last of three) stay as they are."""
    keys = values[:, 1] if spline else values[:, 0]
    length = np.linalg.norm(keys, axis=1, keepdims=True)
    keys[:] = np.where(length > 0, keys / np.where(length > 0, length, 1), np.array([0, 0, 0, 1], np.float32))
    found: F32 = values.reshape(-1)
    return found
