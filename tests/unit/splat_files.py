"""Splats as programs, training and scanners write them: what tests of splats read back."""

from __future__ import annotations

import gzip
import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32
from layerw.splats.files import SH_0, Arrays
from layerw.splats.harmonics import COUNTS, HALF_TURN, Harmonics

COUNT = 50


def arrays(count: int = COUNT, seed: int = 1, degree: int = 0) -> Arrays:
    rng = np.random.default_rng(seed)
    turn = rng.normal(size=(count, 4))
    return Arrays(rng.uniform(-5, 5, (count, 3)).astype(np.float32),
                  np.exp(rng.uniform(-4, 0, (count, 3))).astype(np.float32),
                  (turn / np.linalg.norm(turn, axis=1, keepdims=True)).astype(np.float32),
                  (rng.integers(20, 236, (count, 4)) / 255).astype(np.float32), shine(count, degree))  # fmt: skip


def shine(count: int, degree: int) -> Harmonics:
    codes = np.random.default_rng(9).integers(1, 256, (count, COUNTS[degree], 3)).astype(np.uint8)
    codes[0] = 255
    return Harmonics(codes, 1 / 128)


def ply(one: Arrays, encoding: str = "binary_little_endian", normals: bool = True) -> bytes:
    """As training writes it: Y down, logarithms, logits."""
    names = ["x", "y", "z", *(["nx", "ny", "nz"] if normals else []), "f_dc_0", "f_dc_1", "f_dc_2",
             *(f"f_rest_{i}" for i in range(3 * one.harmonics.codes.shape[1])), "opacity",
             "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]  # fmt: skip
    rows = np.zeros(len(one.position), [(name, "<f4") for name in names])
    flip = np.array((1, -1, -1))
    share = one.color
    shines = one.harmonics.values() * HALF_TURN[: one.harmonics.codes.shape[1], None]
    for number, values in enumerate(shines.transpose(2, 1, 0).reshape(-1, len(rows))):
        rows[f"f_rest_{number}"] = values
    for i, axis in enumerate("xyz"):
        rows[axis] = (one.position * flip)[:, i]
        rows[f"f_dc_{i}"] = (share[:, i] - 0.5) / SH_0
        rows[f"scale_{i}"] = np.log(one.scale[:, i])
        rows[f"rot_{i + 1}"] = 3 * (one.rotation[:, :3] * flip)[:, i]
    rows["rot_0"], rows["opacity"] = 3 * one.rotation[:, 3], np.log(share[:, 3] / (1 - share[:, 3]))
    lines = ["ply", f"format {encoding} 1.0", "comment made here", f"element vertex {len(rows)}",
             *(f"property float {name}" for name in names), "end_header", ""]  # fmt: skip
    return "\n".join(lines).encode() + rows.tobytes()


def spz(one: Arrays, version: int = 3, bits: int = 12, flags: int = 0) -> bytes:
    count = len(one.position)
    fixed = np.round(one.position * (1 << bits)).astype("<i4").view(np.uint8).reshape(count, 3, 4)[:, :, :3]
    color = np.round(((one.color[:, :3] - 0.5) / SH_0 * 0.15 + 0.5) * 255).astype(np.uint8)
    scale = np.round((np.log(one.scale) + 10) * 16).astype(np.uint8)
    if version == 2:
        turn = np.where(one.rotation[:, 3:] < 0, -one.rotation, one.rotation)[:, :3]
        turns = np.round((turn + 1) * 127.5).astype(np.uint8).tobytes()
    else:
        turns = b"".join(smallest_three(q) for q in one.rotation)
    head = struct.pack("<3I4B", 0x5053474E, version, count, one.harmonics.degree, bits, flags, 0)
    rest, alpha = one.harmonics.codes.tobytes(), np.round(one.color[:, 3] * 255).astype(np.uint8)
    return gzip.compress(head + fixed.tobytes() + alpha.tobytes() + color.tobytes() + scale.tobytes()
                         + turns + rest)  # fmt: skip


def smallest_three(q: npt.NDArray[Any]) -> bytes:
    largest = int(np.argmax(np.abs(q)))
    word = largest
    for i in range(4):
        if i != largest:
            value = q[i] * np.sign(q[largest])
            word = word << 10 | (512 if value < 0 else 0) | round(511 * abs(value) * 2**0.5)
    return struct.pack("<I", word)


def glb(one: Arrays, space: str = "srgb_rec709_display", **changes: Any) -> bytes:
    share, values = one.color, one.harmonics.values()
    parts: dict[str, tuple[str, F32]] = {
        "POSITION": ("VEC3", one.position),
        "KHR_gaussian_splatting:ROTATION": ("VEC4", one.rotation),
        "KHR_gaussian_splatting:SCALE": ("VEC3", one.scale),
        "KHR_gaussian_splatting:OPACITY": ("SCALAR", share[:, 3].astype(np.float32)),
        "KHR_gaussian_splatting:SH_DEGREE_0_COEF_0": ("VEC3", ((share[:, :3] - 0.5) / SH_0).astype(np.float32)),
    }
    for degree in range(1, one.harmonics.degree + 1):
        for number in range(2 * degree + 1):
            name = f"KHR_gaussian_splatting:SH_DEGREE_{degree}_COEF_{number}"
            parts[name] = "VEC3", np.ascontiguousarray(values[:, COUNTS[degree - 1] + number])
    body, views, accessors = b"", [], []
    for number, (kind, values) in enumerate(parts.values()):
        views.append({"buffer": 0, "byteOffset": len(body), "byteLength": values.nbytes})
        accessors.append({"bufferView": number, "componentType": 5126, "count": len(values), "type": kind})
        body += values.tobytes()
    primitive = {"mode": 0, "attributes": {name: i for i, name in enumerate(parts)},
                 "extensions": {"KHR_gaussian_splatting": {"kernel": "ellipse", "colorSpace": space}}}  # fmt: skip
    document = {"asset": {"version": "2.0"}, "extensionsUsed": ["KHR_gaussian_splatting"],
                "extensionsRequired": ["KHR_gaussian_splatting"], "scene": 0, "scenes": [{"nodes": [0]}],
                "nodes": [{"mesh": 0}], "meshes": [{"primitives": [primitive]}], "accessors": accessors,
                "bufferViews": views, "buffers": [{"byteLength": len(body)}]} | changes  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    return (struct.pack("<4s4I", b"glTF", 2, 28 + len(text) + len(body), len(text), 0x4E4F534A) + text
            + struct.pack("<2I", len(body), 0x004E4942) + body)  # fmt: skip


FILES = {"ply": (ply, 1e-6, 1e-5, 0.6), "spz2": (lambda one: spz(one, 2), 2e-4, 0.04, 3.0),
         "spz3": (lambda one: spz(one, 3), 2e-4, 0.04, 3.0), "glb": (glb, 1e-6, 1e-6, 0.6)}  # fmt: skip
