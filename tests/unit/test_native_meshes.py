"""Meshes that CPython builds are those that the page builds: the same descriptors through both."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from layerw.gpu import spec
from layerw.hosts.containers import FormatError, unrolled_count
from layerw.hosts.meshes.build import build_mesh

ROOT = Path(__file__).resolve().parents[2]
TYPES = {"f4": 5126, "u1": 5121, "i1": 5120, "u2": 5123, "i2": 5122, "u4": 5125}
Described = tuple[np.ndarray, bytes]


def described(attributes: dict[str, np.ndarray], *, mode: str = "triangles", index: np.ndarray | None = None,
              flags: int = 0, matrix: np.ndarray | None = None, joints: int = 0, normalized: tuple[str, ...] = (),
              tail: np.ndarray | None = None, uv: np.ndarray | None = None) -> Described:  # fmt: skip
    """A descriptor and the bytes that it reads."""
    data, rows = bytearray(), []
    for name, array in (({} if index is None else {"index": index}) | attributes).items():
        data += bytes(-len(data) % 4)
        flat = np.ascontiguousarray(array).reshape(len(array), -1)
        rows.append([spec.SEMANTICS.index(name), 1, len(data), 0, TYPES[flat.dtype.str[1:]], flat.shape[1],
                     int(name in normalized), len(flat)])
        data += flat.tobytes()
    if index is None:
        rows.insert(0, [0] * 8)
    count = len(attributes["position"])
    indices = unrolled_count(mode, count if index is None else len(index))
    vertices = indices if flags & spec.MESH_BUILD_FLAT_NORMALS else count
    if flags & spec.MESH_BUILD_DISCS:
        vertices, indices = count, 0
    head = [len(attributes), vertices, indices, flags, spec.GLTF_MODES.index(mode), joints, 0, 0]
    floats = [np.asarray(np.eye(3, 4) if matrix is None else matrix, np.float32).ravel()]
    after = [np.asarray(part, np.float32).ravel() for part in (uv, tail) if part is not None]
    words = [np.array(head, np.uint32), *(f.view(np.uint32) for f in floats), np.array(rows, np.uint32).ravel(),
             *(f.view(np.uint32) for f in after)]
    return np.concatenate(words), bytes(data)


def cases() -> list[Described]:
    rng = np.random.default_rng(5)
    n = 24
    base = {"position": rng.normal(size=(n, 3)).astype("f4"), "normal": rng.normal(size=(n, 3)).astype("f4"),
            "tangent": rng.normal(size=(n, 4)).astype("f4"), "uv": rng.random((n, 2)).astype("f4"),
            "color": rng.random((n, 4)).astype("f4")}
    packed = {"position": rng.integers(-9000, 9000, (n, 3)).astype("i2"),
              "uv": rng.integers(0, 65535, (n, 2)).astype("u2"), "normal": rng.integers(-127, 127, (n, 3)).astype("i1"),
              "color": rng.integers(0, 255, (n, 3)).astype("u1")}
    index = rng.integers(0, n, 30).astype("u2")
    turn, mirror = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    mirror[:, 0] *= -np.sign(np.linalg.det(mirror[:, :3]))
    skin = base | {"joints": rng.integers(0, 4, (n, 4)).astype("u1"), "weights": rng.random((n, 4)).astype("f4")}
    eight = skin | {"joints1": rng.integers(0, 4, (n, 4)).astype("u2"), "weights1": rng.random((n, 4)).astype("f4")}
    bind = {"inverse_bind": rng.normal(size=(4, 16)).astype("f4")}
    transform, flat, posed = spec.MESH_BUILD_TRANSFORM, spec.MESH_BUILD_FLAT_NORMALS, spec.MESH_BUILD_POSED
    return [
        described(base, index=index), described(base), described(base, index=index, flags=transform, matrix=turn),
        described(base, index=index, flags=transform, matrix=mirror),
        described(packed, index=index, normalized=("position", "uv", "normal", "color")),
        described({"position": base["position"]}, index=index, flags=flat),
        described(base | {"uv1": base["uv"][::-1]}, index=index),
        described({"position": base["position"], "uv1": base["uv"]}, index=index, flags=flat),
        *(described(base, mode=mode, index=index) for mode in spec.GLTF_MODES),
        described(base, index=index, flags=spec.MESH_BUILD_UV_TRANSFORM, uv=rng.normal(size=(2, 3))),
        described(skin | bind, index=index, flags=posed, joints=4), described(skin, index=index, flags=posed, joints=4),
        described(eight | bind, index=index, flags=posed, joints=4), described(base, index=index, flags=posed),
        described(skin, index=index, flags=posed, joints=3),
        described(eight | bind, index=index, flags=posed, joints=1),
        described(base, flags=spec.MESH_BUILD_DISCS | transform, matrix=turn),
        described({k: v for k, v in base.items() if k != "color"}, flags=spec.MESH_BUILD_DISCS),
    ]  # fmt: skip


def test_both_build_the_same_bytes() -> None:
    given = cases()
    text = json.dumps([{"words": words.tolist(), "data": data.hex()} for words, data in given])
    done = subprocess.run([ROOT / "tools" / "node.sh", "--no-warnings", ROOT / "tests" / "unit" / "mesh_checks.mjs"],
                          input=text, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.strip().splitlines()
    assert len(lines) == len(given)
    for number, ((words, data), line) in enumerate(zip(given, lines, strict=True)):
        built = build_mesh(words, lambda _, data=data: data)
        theirs, payload = (bytes.fromhex(part) for part in line.split())
        assert built.data == theirs, f"case {number}"
        assert np.allclose(np.frombuffer(built.payload, np.float32), np.frombuffer(payload, np.float32), rtol=1e-6)


@pytest.mark.parametrize("what", ["index", "position", "words"])
def test_broken_ones_are_refused(what: str) -> None:
    index = np.array([0, 1, 7 if what == "index" else 2], "u2")
    words, data = described({"position": np.zeros((3, 3), "f4")}, index=index)
    if what == "position":
        data = data[:8] + np.float32(np.nan).tobytes() + data[12:]
    with pytest.raises(FormatError):
        build_mesh(words[:-1] if what == "words" else words, lambda _: data)


def test_zeros_without_a_buffer_take_no_room_before_they_are_counted() -> None:
    words, data = described({"position": np.zeros((3, 3), "f4")})
    place = len(spec.MESH_BUILD_HEAD) + 12 + len(spec.ACCESSOR)
    row = words[place : place + len(spec.ACCESSOR)]
    row[1:4], row[-1] = 0, 2**32 - 1
    with pytest.raises(FormatError, match="4294967295 elements and no buffer"):
        build_mesh(words, lambda _: data)
    row[-1] = 3
    assert build_mesh(words, lambda _: b"").vertices == 3
