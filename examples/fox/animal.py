"""An animal of our own, as a binary glTF made with numpy: mesh, skeleton, a morph, and the clips Idle, Walk and Run.

`python examples/fox/animal.py animal.glb` writes it; examples/animation.py loads it as it is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

FLOAT, SHORT, BYTE = 5126, 5123, 5121
UP, BACK = np.array((0.0, 1.0, 0.0)), np.array((0.0, 0.0, -1.0))
# name, parent, where it begins and ends (metres; it looks along +Z), half the width there, colour
BONES = (
    ("body", None, (0, 0.62, 0.0), (0, 0.62, -0.05), 0.14, 0.14, "fur"),
    ("hips", "body", (0, 0.62, -0.05), (0, 0.60, -0.38), 0.15, 0.12, "fur"),
    ("chest", "body", (0, 0.62, 0.0), (0, 0.64, 0.34), 0.14, 0.16, "fur"),
    ("neck", "chest", (0, 0.68, 0.34), (0, 0.90, 0.50), 0.11, 0.07, "fur"),
    ("head", "neck", (0, 0.90, 0.46), (0, 0.86, 0.78), 0.10, 0.04, "fur"),
    ("ear left", "head", (0.06, 0.96, 0.50), (0.09, 1.12, 0.47), 0.035, 0.01, "dark"),
    ("ear right", "head", (-0.06, 0.96, 0.50), (-0.09, 1.12, 0.47), 0.035, 0.01, "dark"),
    ("tail", "hips", (0, 0.62, -0.38), (0, 0.60, -0.62), 0.05, 0.08, "fur"),
    ("tail end", "tail", (0, 0.60, -0.62), (0, 0.64, -0.86), 0.08, 0.02, "light"),
    *((f"{name} {side}", parent, (x, top, z), (x, low, z + bend), wide, thin, color)
      for side, x in (("left", 0.1), ("right", -0.1))
      for name, parent, top, low, z, bend, wide, thin, color in (
          ("arm", "chest", 0.60, 0.32, 0.28, -0.03, 0.06, 0.045, "fur"),
          ("paw", f"arm {side}", 0.32, 0.0, 0.25, 0.03, 0.045, 0.035, "dark"),
          ("thigh", "hips", 0.58, 0.32, -0.32, 0.03, 0.08, 0.05, "fur"),
          ("foot", f"thigh {side}", 0.32, 0.0, -0.29, -0.03, 0.05, 0.035, "dark"))),
)
COLORS = {"fur": (0.75, 0.36, 0.12), "dark": (0.12, 0.08, 0.06), "light": (0.9, 0.86, 0.8)}
NUMBER = {bone[0]: number for number, bone in enumerate(BONES)}
LEGS = (("arm left", "paw left"), ("arm right", "paw right"), ("thigh left", "foot left"),
        ("thigh right", "foot right"))  # fmt: skip
RINGS = 4  # of a bone


def mesh() -> dict[str, np.ndarray]:
    """Vertices of all bones: a square tube each; near its begin a vertex follows the parent as well."""
    names, count = ("position", "color", "joints", "weights", "index", "breath"), 0
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for number, (name, parent, start, end, wide, thin, color) in enumerate(BONES):
        along = np.subtract(end, start)
        side = np.cross(along, BACK if abs(along[1]) > abs(along[2]) else UP)
        side /= np.linalg.norm(side)
        up = np.cross(side, along)
        up /= np.linalg.norm(up)
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        for t in np.linspace(0, 1, RINGS):
            half = wide + (thin - wide) * t
            ring = np.add(start, along * t) + half * (corners[:, :1] * side + corners[:, 1:] * up)
            share = 0.5 * max(0.0, 1 - 2 * t) if parent is not None else 0.0
            found["position"].append(ring)
            found["breath"].append(0.15 * half * (ring - np.add(start, along * t)) / half if name in ("chest", "body")
                                   else np.zeros((4, 3)))
            found["color"].append(np.tile((*COLORS[color], 1.0), (4, 1)))
            found["joints"].append(np.tile((number, NUMBER[parent] if share else 0, 0, 0), (4, 1)))
            found["weights"].append(np.tile((1 - share, share, 0, 0), (4, 1)))
        for ring_number in range(RINGS - 1):
            for k in range(4):
                a, b = count + 4 * ring_number + k, count + 4 * ring_number + (k + 1) % 4
                found["index"].append(np.array((a, b, b + 4, a, b + 4, a + 4)))
        last = count + 4 * (RINGS - 1)
        found["index"].append(np.array((count, count + 2, count + 1, count, count + 3, count + 2)))
        found["index"].append(np.array((last, last + 1, last + 2, last, last + 2, last + 3)))
        count += 4 * RINGS
    return {name: np.concatenate(parts) for name, parts in found.items()}


def turned(angles: np.ndarray) -> np.ndarray:
    """Quaternions about X, which is how legs swing and backs bend."""
    zero = np.zeros_like(angles)
    return np.stack([np.sin(angles / 2), zero, zero, np.cos(angles / 2)], axis=1)


def clips() -> dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]:
    """By name: seconds, and each bone's angle then, radians; "lift": how high the body goes; "breath": the morph."""
    found = {}
    for name, seconds, swing, knee, bob, gait in (("Walk", 1.0, 0.45, 0.5, 0.015, (0.0, 0.5, 0.75, 0.25)),
                                                  ("Run", 0.45, 0.85, 1.0, 0.07, (0.0, 0.12, 0.55, 0.67))):
        time = np.linspace(0, seconds, 17)
        phase = 2 * np.pi * time / seconds
        angles = {"lift": bob * np.cos(2 * phase if name == "Walk" else phase), "head": 0.08 * np.sin(phase),
                  "tail": 0.3 + 0.15 * np.sin(phase), "neck": 0.1 * np.sin(phase + 0.5)}  # fmt: skip
        if name == "Run":
            angles |= {"hips": 0.25 * np.sin(phase), "chest": -0.2 * np.sin(phase)}
        for (upper, lower), shift in zip(LEGS, gait, strict=True):
            here = phase + 2 * np.pi * shift
            angles[upper] = -swing * np.sin(here)
            angles[lower] = knee * np.maximum(0, np.cos(here)) * (1 if upper.startswith("arm") else -1)
        found[name] = time, angles
    time = np.linspace(0, 3, 25)
    phase = 2 * np.pi * time / 3
    found["Idle"] = time, {"breath": 0.5 - 0.5 * np.cos(phase), "head": 0.06 * np.sin(phase),
                           "tail": 0.1 * np.sin(2 * phase), "tail end": 0.15 * np.sin(2 * phase - 0.7),
                           "neck": 0.04 * np.sin(phase + 1)}  # fmt: skip
    return found


class File:
    """A document and its bytes, as they grow."""

    def __init__(self) -> None:
        self.data = b""
        self.views: list[dict[str, int]] = []
        self.accessors: list[dict[str, object]] = []

    def add(self, values: np.ndarray, kind: str, component: int, *, bounds: bool = False) -> int:
        """The number of a new accessor."""
        dtype = {FLOAT: "<f4", SHORT: "<u2", BYTE: "u1"}[component]
        part = np.ascontiguousarray(values, dtype).tobytes()
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(part)})
        self.data += part + b"\0" * (-len(part) % 4)
        accessor: dict[str, object] = {"bufferView": len(self.views) - 1, "componentType": component, "type": kind,
                                       "count": len(values)}
        if bounds:
            rows = values.reshape(len(values), -1)
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def animation(file: File, name: str, time: np.ndarray, angles: dict[str, np.ndarray]) -> dict[str, object]:
    """One clip of a document."""
    keys = file.add(time.astype(np.float32), "SCALAR", FLOAT, bounds=True)
    samplers: list[dict[str, int]] = []
    channels: list[dict[str, object]] = []
    for bone, values in angles.items():
        if bone == "lift":
            place = np.tile(BONES[0][2], (len(values), 1)) + np.outer(values, UP)
            node, path, output = 0, "translation", file.add(place, "VEC3", FLOAT)
        elif bone == "breath":
            node, path, output = len(BONES), "weights", file.add(values, "SCALAR", FLOAT)
        else:
            node, path, output = NUMBER[bone], "rotation", file.add(turned(values), "VEC4", FLOAT)
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": keys, "output": output})
    return {"name": name, "samplers": samplers, "channels": channels}


def animal_glb() -> bytes:
    """The whole file."""
    file, parts = File(), mesh()
    inverse = np.tile(np.eye(4), (len(BONES), 1, 1))
    inverse[:, 3, :3] = [np.negative(bone[2]) for bone in BONES]  # stored by columns
    nodes = []
    for number, (name, parent, start, *_) in enumerate(BONES):
        place = np.subtract(start, BONES[NUMBER[parent]][2]) if parent else np.array(start)
        children = [k for k, bone in enumerate(BONES) if bone[1] == name]
        nodes.append({"name": name, "translation": place.tolist(), **({"children": children} if children else {})})
        assert number == NUMBER[name]
    primitive = {
        "attributes": {"POSITION": file.add(parts["position"], "VEC3", FLOAT, bounds=True),
                       "COLOR_0": file.add(parts["color"], "VEC4", FLOAT),
                       "JOINTS_0": file.add(parts["joints"], "VEC4", BYTE),
                       "WEIGHTS_0": file.add(parts["weights"], "VEC4", FLOAT)},
        "indices": file.add(parts["index"], "SCALAR", SHORT), "material": 0,
        "targets": [{"POSITION": file.add(parts["breath"], "VEC3", FLOAT, bounds=True)}],
    }  # fmt: skip
    document = {
        "asset": {"version": "2.0", "generator": "layerw's examples/fox/animal.py"}, "scene": 0,
        "scenes": [{"nodes": [0, len(BONES)]}],
        "nodes": [*nodes, {"name": "animal", "mesh": 0, "skin": 0}],
        "meshes": [{"primitives": [primitive], "weights": [0], "extras": {"targetNames": ["breath"]}}],
        "materials": [{"pbrMetallicRoughness": {"metallicFactor": 0, "roughnessFactor": 0.9}}],
        "skins": [{"joints": list(range(len(BONES))), "skeleton": 0,
                   "inverseBindMatrices": file.add(inverse.reshape(-1, 16), "MAT4", FLOAT)}],
        "animations": [animation(file, name, *clip) for name, clip in clips().items()],
        "accessors": file.accessors, "bufferViews": file.views, "buffers": [{"byteLength": len(file.data)}],
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    size = (12 + 8 + len(text) + 8 + len(file.data)).to_bytes(4, "little")
    return (b"glTF" + (2).to_bytes(4, "little") + size + len(text).to_bytes(4, "little") + b"JSON" + text
            + len(file.data).to_bytes(4, "little") + b"BIN\0" + file.data)  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python examples/fox/animal.py FILE.glb")
    Path(sys.argv[1]).parent.mkdir(parents=True, exist_ok=True)
    with open(sys.argv[1], "wb") as out:
        out.write(animal_glb())
