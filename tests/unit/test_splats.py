"""Gaussian splats: their files against what was written, their order against numpy, what they take, what is refused."""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import layerw as lw
from layerw.base.errors import LayerwError
from layerw.base.ports import F32
from layerw.hosts.headless import HeadlessHost
from layerw.splats import order
from layerw.splats.files import COUNT_MAX, SH_0, Arrays, SplatError, read_splats
from layerw.splats.gltf_files import placed
from layerw.splats.harmonics import COUNTS, HALF_TURN, Harmonics, basis, joined, none, quantized, turning
from layerw.splats.order import DepthOrder
from layerw.splats.packing import new_words, pack, rows_of

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


def same_turn(a: F32, b: F32, within: float) -> bool:
    return bool((np.abs((a * b).sum(axis=1)) > 1 - within).all())


FILES = {"ply": (ply, 1e-6, 1e-5, 0.6), "spz2": (lambda one: spz(one, 2), 2e-4, 0.04, 3.0),
         "spz3": (lambda one: spz(one, 3), 2e-4, 0.04, 3.0), "glb": (glb, 1e-6, 1e-6, 0.6)}  # fmt: skip


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", FILES)
def test_a_file_holds_what_was_written(kind: str, degree: int) -> None:
    write, place, size, color = FILES[kind]
    one = arrays(degree=degree)
    found = read_splats(write(one))
    if kind.startswith("spz"):  # also as a host hands it on that unpacks what it fetches
        plain = read_splats(gzip.decompress(write(one)))
        assert all((a == b).all() for a, b in zip(plain[:4], found[:4], strict=True))
        assert (plain.harmonics.codes == found.harmonics.codes).all()
    assert np.abs(found.position - one.position).max() <= place
    assert np.abs(found.scale / one.scale - 1).max() <= size
    assert np.abs(found.color - one.color).max() <= color / 255
    assert found.harmonics.degree == degree and not found.is_linear
    assert np.abs(found.harmonics.values() - one.harmonics.values()).max(initial=0) <= found.harmonics.step * 0.51
    for less in range(degree):
        kept = read_splats(write(one), degree=less).harmonics
        assert kept.degree == less
        assert np.abs(kept.values() - one.harmonics.values()[:, : COUNTS[less]]).max(initial=0) <= kept.step * 0.51
    assert same_turn(found.rotation, one.rotation, {"spz2": 0.02, "spz3": 1e-4}.get(kind, 1e-6))


def test_the_space_of_colors_is_known() -> None:
    found = read_splats(glb(arrays(), "lin_rec709_display"))
    assert found.is_linear and np.abs(found.color - arrays().color).max() < 1e-5
    assert read_splats(spz(arrays(), flags=1)).is_smooth


def looked_at(one: Harmonics, direction: npt.NDArray[Any]) -> npt.NDArray[Any]:
    parts = [basis(degree, direction) for degree in range(1, one.degree + 1)]
    return np.einsum("k,nkc->nc", np.concatenate(parts, axis=1)[0], one.values())


@pytest.mark.parametrize("mirror", [1, -1])
def test_harmonics_turn_with_a_node(mirror: int) -> None:
    one = arrays(20, degree=3)
    y = np.array(((0.28, 0, 0.96), (0, 1, 0), (-0.96, 0, 0.28))) @ np.diag((mirror, 1, 1))
    nodes = [{"mesh": 0, "rotation": [0, 0.6, 0, 0.8], "scale": [mirror * 2, 2, 2]}]
    found = read_splats(glb(one, nodes=nodes)).harmonics
    rng = np.random.default_rng(4)
    for direction in rng.normal(size=(9, 3)):
        d = direction / np.linalg.norm(direction)
        assert np.allclose(looked_at(found, (y @ d)[None]), looked_at(one.harmonics, d[None]), atol=0.15)
    for degree in (1, 2, 3):
        assert np.allclose(turning(degree, np.diag((1.0, -1.0, -1.0))),
                           np.diag(HALF_TURN[COUNTS[degree - 1] : COUNTS[degree]]), atol=1e-6)  # fmt: skip
        sphere = rng.normal(size=(20_000, 3))
        some = basis(degree, sphere / np.linalg.norm(sphere, axis=1, keepdims=True))
        assert np.allclose(4 * np.pi * some.T @ some / len(some), np.eye(2 * degree + 1), atol=0.06), "orthonormal"


def test_clouds_of_one_file_share_a_step() -> None:
    some, more = arrays(5, degree=1).harmonics, quantized(lambda degree: np.full((4, 3, 3), 0.5, np.float32), 1, 4)
    both = joined([some, more, none(2)])
    assert both.codes.shape == (11, 3, 3) and both.step == some.step
    assert np.abs(both.values()[5:9] - 0.5).max() < both.step and (both.values()[9:] == 0).all()


def test_what_the_gpu_gets_says_the_same() -> None:
    one = arrays(300, degree=3)
    one.color[:, :3] = np.linspace(-3.4, 4.4, 900).reshape(300, 3)
    one.scale[0] = (0, 1e-6, 1e6)
    words = new_words(300, 3)
    assert sum(pack(one, words, 128)) == 300 and words.shape == (1, 4096, 4)
    rows = rows_of(words, 300, 3)
    assert (rows[:, :3].view(np.float32) == one.position).all()
    codes = np.stack([rows[:, 3] & 8191, rows[:, 3] >> 13 & 8191, rows[:, 3] >> 26 | rows[:, 7] >> 24 << 6], axis=1)
    assert np.abs(codes / 1024 - 3.5 - one.color[:, :3]).max() < 0.0006
    sizes = np.stack([rows[:, 6] & 65535, rows[:, 6] >> 16, rows[:, 7] & 65535], axis=1)
    assert np.allclose(np.where(sizes == 0, 0, 2.0 ** (sizes / 1024 - 32)), one.scale, rtol=4e-4)
    assert (rows[:, 7] >> 16 & 255 == np.round(one.color[:, 3] * 255)).all()
    turns = rows[:, 4:6].copy().view(np.int16)
    assert np.abs(turns / 32767 - one.rotation).max() < 2e-5
    assert (rows.view(np.uint8)[:, 32 : 32 + 45].reshape(300, 15, 3) == one.harmonics.codes).all()


def test_a_node_turns_and_stretches_the_ellipsoids_of_its_mesh() -> None:
    one = arrays(4)
    moved = glb(one, nodes=[{"mesh": 0, "translation": [1, 2, 3], "rotation": [0, 0.6, 0, 0.8], "scale": [2, 1, 0.5]}])
    found = read_splats(moved)
    y = np.array(((0.28, 0, 0.96), (0, 1, 0), (-0.96, 0, 0.28)))
    world = np.eye(4)
    world[:3, :3], world[:3, 3] = y * (2, 1, 0.5), (1, 2, 3)
    assert np.allclose(found.position, one.position @ world[:3, :3].T + (1, 2, 3), atol=1e-5)
    for i in range(4):
        before, after = (covariance(some, i) for some in (one, found))
        assert np.allclose(after, world[:3, :3] @ before @ world[:3, :3].T, atol=1e-5)
    assert placed(one.position, one.scale, one.rotation, np.eye(4))[0] is one.position


def covariance(one: Arrays, i: int) -> npt.NDArray[Any]:
    x, y, z, w = one.rotation[i].astype(float)
    turn = np.array(((1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
                     (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
                     (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y))))  # fmt: skip
    return turn @ np.diag(one.scale[i].astype(float) ** 2) @ turn.T


def test_what_a_file_says_wrongly_is_told_with_its_value() -> None:
    one = arrays()
    good = ply(one)
    rests = ply(arrays(degree=1))
    cases = {
        rests.replace(b"float f_rest_4", b"float other__4"): "8 of f_rest, but no f_rest_4",
        rests.replace(b"float f_rest_8", b"float other__8"): "8 of f_rest, which are no three colours",
        b"": "begins with b''", b"PK\x03\x04" + bytes(50): "begins with",
        b"NGSP" + bytes(40): "version 0", b"NGSP" + bytes(4): "8 of 16",
        good[:-1]: "the file has", good.replace(b"vertex 50", b"vertex 4000000000"): "line 4 of its header says",
        good.replace(b"property float opacity", b"property list uchar int opacity"): "which no splat has",
        good.replace(b"property float scale_1", b"property float other__"): "no scale_1",
        ply(one, "ascii"): "'ascii'", b"ply\n" + bytes(100_000): "does not end",
        good.replace(b"vertex 50", b"vertex " + b"9" * 5000): "line 4 of its header says",
        gzip.compress(bytes(100)): "in the place of", spz(one, 4): "version 4", spz(one, bits=24): "24 bits",
        gzip.compress(struct.pack("<3I4B", 0x5053474E, 3, COUNT_MAX + 1, 0, 12, 0, 0)): "4,194,305 splats",
        gzip.compress(struct.pack("<3I4B", 0x5053474E, 3, 1000, 0, 12, 0, 0)): "ends after 0 of 20,000",
        spz(one)[:60]: "ends after", glb(one)[:400]: "chunk", glb(one, meshes=[{"primitives": []}]): "no mesh of it",
    }  # fmt: skip
    for data, text in cases.items():
        with pytest.raises(LayerwError) as caught:
            read_splats(data)
        assert text in str(caught.value), (text, str(caught.value))
    shining = ply(arrays(degree=2))
    shining = shining[:-20 * 4] + np.full(20, np.nan, "<f4").tobytes()
    with pytest.raises(SplatError, match="out of range"):
        read_splats(shining)
    broken = one._replace(position=one.position.copy())
    broken.position[7, 1] = np.nan
    with pytest.raises(SplatError, match="splat 7 has the position"):
        read_splats(ply(broken))


def test_numbers_under_a_node_that_scales_are_checked_before_they_are_used() -> None:
    broken = arrays()
    broken.scale[7, 1] = np.nan
    with pytest.raises(SplatError, match="splat 7 has the scale"):
        read_splats(glb(broken, nodes=[{"mesh": 0, "scale": [2, 1, 1]}]))
    for size in (1e200, 1e308):
        with pytest.raises(LayerwError):
            read_splats(glb(arrays(), nodes=[{"mesh": 0, "scale": [size, 1, 1]}]))


@pytest.mark.parametrize("scale", [[1, 1, 1], [2, 1, 1]])
def test_a_long_quaternion_is_the_rotation_of_its_direction(scale: list[float]) -> None:
    one = arrays()
    nodes = [{"mesh": 0, "scale": scale}]
    found = read_splats(glb(one._replace(rotation=one.rotation * np.float32(1e25)), nodes=nodes))
    assert same_turn(found.rotation, read_splats(glb(one, nodes=nodes)).rotation, 1e-6)


@pytest.mark.parametrize("degree", [0, 1, 3])
@pytest.mark.parametrize("kind", FILES)
def test_reading_takes_no_more_than_is_charged_for_it(kind: str, degree: int) -> None:
    count = 60_000
    one = arrays(count, degree=degree)
    whole = [FILES[kind][0](one)]
    if kind == "glb":
        whole.append(glb(one, "lin_rec709_display"))
        whole += [glb(one, nodes=[{"mesh": 0, "scale": scale}]) for scale in ([2, 2, 2], [2, 1, 1])]
    for data in whole:
        charged: list[int] = []
        tracemalloc.start()
        read_splats(data, charged.append)
        took = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert 0.8 * sum(charged) <= took <= sum(charged), (took / count, sum(charged) / count)


def test_what_there_is_no_room_to_read_is_refused_before_it_is_made() -> None:
    def full(size_bytes: int) -> None:
        raise lw.BudgetError(f"no room for {size_bytes}")

    body = struct.pack("<3I4B", 0x5053474E, 3, 100_000, 0, 12, 0, 0)  # nothing else: it is not looked at
    for data, text in ((gzip.compress(body), "for 150000"), (ply(arrays()), "for 7"), (glb(arrays()), "for 10400")):
        with pytest.raises(lw.BudgetError, match=text):
            read_splats(data, full)


@pytest.mark.parametrize("mirror", [1, -1])
def test_a_node_that_scales_evenly_turns_ellipsoids_without_a_decomposition(
    mirror: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np.linalg, "svd", lambda axes: pytest.fail("decomposed"))
    one = arrays(6)
    one.rotation[5] = 0
    y = np.array(((0.28, 0, 0.96), (0, 1, 0), (-0.96, 0, 0.28))) * 3.0 @ np.diag((mirror, 1, 1))
    world = np.eye(4)
    world[:3, :3], world[:3, 3] = y, (1, 2, 3)
    moved = one._replace(**dict(zip(("position", "scale", "rotation"),
                                    placed(one.position, one.scale, one.rotation, world), strict=True)))  # fmt: skip
    one.rotation[5] = (0, 0, 0, 1)
    for i in range(6):
        assert np.allclose(covariance(moved, i), y @ covariance(one, i) @ y.T, atol=1e-4)


def test_a_small_file_that_unpacks_to_much_is_not_unpacked() -> None:
    """4,194,305 splats of zeros pack to a few KB; only 16 bytes of it are made."""
    body = struct.pack("<3I4B", 0x5053474E, 3, 0xFFFFFFFF, 3, 12, 0, 0) + bytes(50_000_000)
    with pytest.raises(SplatError, match="4,294,967,295 splats"):
        read_splats(gzip.compress(body, 1))


@pytest.mark.parametrize("kind", FILES)
def test_hostile_bytes_are_refused_and_nothing_else_happens(kind: str) -> None:
    write = FILES[kind][0]
    whole = write(arrays(20, degree=1))
    body = gzip.decompress(whole) if kind.startswith("spz") else whole
    rng = np.random.default_rng(3)
    refused = 0
    for _ in range(400):
        changed = bytearray(body)
        for _ in range(rng.integers(1, 6)):
            changed[int(rng.integers(0, min(len(changed), 1500)))] = int(rng.integers(0, 256))
        data = bytes(changed[: rng.integers(0, len(changed))] if rng.random() < 0.3 else changed)
        try:
            found = read_splats(gzip.compress(data, 1) if kind.startswith("spz") else data)
        except LayerwError:
            refused += 1
        else:
            assert all(np.isfinite(part).all() for part in found[:4]) and 0 < len(found.position) <= COUNT_MAX
    assert refused > 40


# -- order -----------------------------------------------------------------------------------------


def sorted_by(cloud: DepthOrder, eye: npt.ArrayLike) -> DepthOrder:
    for _ in cloud.renew(np.eye(3), -np.asarray(eye, np.float64)):
        pass
    return cloud


@pytest.mark.parametrize("count", [1, 2, 1000, order.SLICE + 5])
def test_the_order_is_from_far_to_near(count: int) -> None:
    places, eye = arrays(count).position, np.array((1.0, 2.0, 3.0))
    cloud = sorted_by(DepthOrder(places), eye)
    away = np.linalg.norm(places - eye, axis=1)[cloud.order]
    steps = 16 / 65535  # octaves: the eye is inside
    assert (np.sort(cloud.order) == np.arange(count)).all()
    assert (np.diff(np.log2(away)) <= 1.5 * steps + 1e-6).all(), "farther first, to 16 bits"


def test_the_order_is_renewed_where_the_eye_moves_enough() -> None:
    cloud = sorted_by(DepthOrder(arrays().position), (0, 0, 20))
    assert not cloud.is_stale(np.eye(3), np.array((0, 0, -20.1)))
    assert cloud.is_stale(np.eye(3), np.array((0, 0, -21.0)))
    assert cloud.is_stale(np.diag((1.0, 1.0, 2.0)), np.array((0, 0, -20.0)))


# -- in an app -------------------------------------------------------------------------------------


def make(**settings: Any) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    app = lw.App(host=host, **settings)
    app.camera.position = np.array((0.0, 0.0, 20.0))
    app.camera.look_at((0, 0, 0))
    return app, host


def uploads(app: lw.App, host: HeadlessHost, frames: int = 1) -> int:
    before = host.sink.commands.get("buffer_write", 0)
    host.step(app, frames)
    assert app.report()["errors"] == []
    return host.sink.commands.get("buffer_write", 0) - before


def test_splats_are_one_draw_and_uploaded_where_the_order_changes() -> None:
    app, host = make()
    host.step(app, 2)
    empty, one = host.sink.draws, arrays(2000)
    cloud = app.splats(one.position, scale=one.scale, rotation=one.rotation, color=one.color)
    assert uploads(app, host) >= 1 and len(cloud) == 2000 and cloud.state == "ready" and cloud.url == ""
    assert host.sink.draws == empty + 1 and uploads(app, host, 3) == 0
    app.camera.position = np.array((0.0, 0.0, -20.0))
    app.camera.look_at((0, 0, 0))
    assert uploads(app, host) == 1
    shown = app._engine.store.meshes[int(app._engine.table.mesh[cloud.entity.first_row])].kept[0]
    z = one.position[shown.view(np.uint32), 2]
    assert z[:100].mean() > 2 and z[-100:].mean() < -2, "seen from below zero, the last ones are there"
    cloud.entity.rotate(y=np.pi)
    assert uploads(app, host) == 1, "a cloud that turns is sorted anew"
    assert app.report()["splats"] == {"clouds": 1, "splats": 2000, "loading": 0, "sorts": 3, "on_gpu": 0}


def test_many_are_sorted_in_slices_while_the_order_before_shows() -> None:
    app, host = make()
    app.splats(arrays(3 * order.SLICE).position)
    host.step(app, 5)
    app.camera.position = np.array((0.0, 0.0, -20.0))
    taken = [uploads(app, host) for _ in range(12)]
    assert sum(taken) == 1 and taken.index(1) == 2, "six steps, two a frame"


def test_equal_distances_keep_their_order_across_slices() -> None:
    count = 2 * order.SLICE + 100
    ring = np.linspace(0, 2 * np.pi, count, endpoint=False)
    places = np.stack([np.cos(ring), np.sin(ring), np.where(np.arange(count) % 2, 3.0, -3.0)], axis=1)
    found = sorted_by(DepthOrder(places.astype(np.float32)), (0, 0, 9)).order
    wanted = np.concatenate([np.arange(0, count, 2), np.arange(1, count, 2)])
    assert (found == wanted).all()


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_shown_and_a_damaged_one_is_told(kind: str, tmp_path: Path) -> None:
    write = FILES[kind][0]
    whole = write(arrays())
    (tmp_path / "good").write_bytes(whole)
    (tmp_path / "short").write_bytes(whole[: len(whole) // 2])
    at = {"ply": 60, "glb": 40}.get(kind, 12)  # within the header, the JSON, and the packed bytes
    (tmp_path / "bent").write_bytes(whole[:at] + b"\xff\xfe9" + whole[at + 3 :])
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    told: list[str] = []
    for name in ("good", "short", "bent"):
        cloud = app.splats(name)
        cloud.on_ready(lambda name=name: told.append(f"{name} ready"))
        cloud.on_failed(lambda name=name: told.append(f"{name} failed"))
    before = app._engine.heap_ledger.used_bytes
    host.step(app, 30)
    assert sorted(told) == ["bent failed", "good ready", "short failed"], host.logs
    assert app.report()["splats"] == {"clouds": 1, "splats": COUNT, "loading": 0, "sorts": 1, "on_gpu": 0}
    assert sum("The splats" in line for _, line in host.logs) == 2
    assert 0 <= app._engine.heap_ledger.used_bytes - before < 100_000
    app.close()


def test_a_large_cloud_is_drawn_once_it_is_in_order() -> None:
    app, host = make()
    host.step(app, 2)
    empty, drawn = host.sink.draws, []
    app.splats(arrays(3 * order.SLICE).position)
    for _ in range(5):
        host.step(app)
        drawn.append(host.sink.draws - empty)
    assert drawn == [0, 0, 1, 1, 1], "two steps a frame"


def test_clouds_share_what_a_frame_may_sort() -> None:
    app, host = make()
    host.step(app, 2)
    empty, drawn = host.sink.draws, []
    for seed in range(3):
        app.splats(arrays(order.SLICE, seed).position)
    app.splats(arrays(500).position)
    for _ in range(4):
        host.step(app)
        drawn.append(host.sink.draws - empty)
    assert drawn == [1, 2, 3, 4]
    clouds = app._engine.subsystems._running["splats"]._clouds  # type: ignore[attr-defined]
    for frame in range(12):
        app.camera.position = np.array((0.0, 0.0, 20.0 + 4.0 * frame))
        host.step(app)
    assert min(cloud.order.sorts for cloud in clouds) >= 4, "where all are stale in every frame, each has its turn"


def test_bytes_come_back_with_the_entity_and_are_refused_beyond_the_budget() -> None:
    app, host = make(budgets=lw.Budgets(gpu_mib=64))
    first = app.splats(np.zeros((1, 3)))
    host.step(app, 3)
    first.destroy()
    host.step(app, 3)
    heap, gpu = app._engine.heap_ledger, app._engine.gpu_ledger
    before = heap.used_bytes, gpu.used_bytes
    cloud = app.splats(arrays(10_000).position)
    assert heap.used_bytes - before[0] >= 10_000 * (32 + 4 + 6) and gpu.used_bytes - before[1] >= 0
    host.step(app, 2)
    cloud.destroy()
    host.step(app, 3)
    assert heap.used_bytes == before[0] and app.report()["splats"]["clouds"] == 0
    with pytest.raises(lw.BudgetError):
        app.splats(np.zeros((COUNT_MAX, 3), np.float32))
    host.step(app, 2)
    assert heap.used_bytes == before[0]


# -- in models and tiles ---------------------------------------------------------------------------


def test_a_model_shows_its_splats_with_its_nodes(tmp_path: Path) -> None:
    one = arrays(300, degree=1)
    nodes = [{"children": [1, 2]}, {"mesh": 0, "translation": [1, 2, 3]}, {"mesh": 0, "scale": [2, 2, 2]}]
    (tmp_path / "scan.glb").write_bytes(glb(one, nodes=nodes))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    app.camera.position = np.array((0.0, 0.0, 40.0))
    app.camera.look_at((0, 0, 0))
    host.step(app, 3)
    heap, gpu = app._engine.heap_ledger, app._engine.gpu_ledger
    before = heap.used_bytes, gpu.used_bytes, host.sink.draws
    model = app.load("scan.glb")
    host.step(app, 20)
    assert model.state == "ready" and not model.warnings and app.report()["errors"] == []
    assert host.sink.draws == before[2] + 1, "two rows of one mesh"
    assert app.report()["splats"] | {"sorts": 0} == {"clouds": 1, "splats": 300, "loading": 0, "sorts": 0, "on_gpu": 0}
    cloud = app._engine.subsystems._running["splats"]._clouds[0]  # type: ignore[attr-defined]
    assert (np.sort(cloud.order.order) == np.arange(300)).all() and cloud.order.sorts == 1
    away = np.linalg.norm(one.position + np.array((1, 2, -37)), axis=1)[cloud.order.order]
    assert (np.diff(away) < 0.01).all(), "as the nearer node has them"
    assert model.state == "ready" and gpu.used_bytes > before[1]
    model.close()
    host.step(app, 5)
    assert app.report()["splats"]["clouds"] == 0 and host.sink.draws == before[2]
    assert heap.used_bytes == before[0]


def test_a_world_shows_the_splats_of_its_tiles_under_its_budget(tmp_path: Path) -> None:
    from layerw.base.ports import F64

    one = arrays(2000)
    (tmp_path / "scan.glb").write_bytes(glb(one))
    tile = {"boundingVolume": {"box": [0, 0, 0, 6, 0, 0, 0, 6, 0, 0, 0, 6]}, "geometricError": 0, "refine": "REPLACE",
            "content": {"uri": "scan.glb"}}  # fmt: skip
    tileset = {"asset": {"version": "1.1"}, "geometricError": 10, "root": tile}
    (tmp_path / "tileset.json").write_text(json.dumps(tileset))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    app.camera.position = np.array((0.0, 0.0, 30.0))
    app.camera.look_at((0, 0, 0))
    host.step(app, 3)
    before = host.sink.draws
    world = app.stream("tileset.json")
    host.step(app, 40)
    assert app.report()["errors"] == [] and world.state == "ready", host.logs
    assert host.sink.draws == before + 1
    report = app.report()["splats"]
    assert report["clouds"] == 1 and report["splats"] == 2000 and report["sorts"] == 1
    cloud = app._engine.subsystems._running["splats"]._clouds[0]  # type: ignore[attr-defined]
    eye: F64 = np.array((0.0, 0.0, 30.0))
    # A tile is Z up: glTF's Y up is turned to that, and back by the world.
    away = np.linalg.norm(one.position - eye, axis=1)[cloud.order.order]
    assert (np.diff(away) < 0.02).all()
    world.close()
    host.step(app, 10)
    assert app.report()["splats"]["clouds"] == 0 and host.sink.draws == before


def test_splats_without_room_wait_and_damaged_ones_are_told(tmp_path: Path) -> None:
    broken = arrays(20)
    broken.scale[3, 1] = np.nan
    (tmp_path / "bad.glb").write_bytes(glb(broken))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    model = app.load("bad.glb")
    host.step(app, 20)
    assert model.state == "failed" and "splat 3 has the scale" in model.error
    assert app.report()["splats"]["clouds"] == 0


def test_a_model_whose_splats_there_is_no_room_to_read_fails_at_once(tmp_path: Path) -> None:
    (tmp_path / "scan.glb").write_bytes(glb(arrays(20_000)))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    heap = app._engine.heap_ledger
    heap.reserve(heap.left_bytes - 4_000_000, "The rest of a program")
    model = app.load("scan.glb")
    host.step(app, 20)
    assert model.state == "failed" and "20,000 splats needs" in model.error and "heap_mib" in model.error
    assert app.report()["splats"]["clouds"] == 0


def test_splats_that_wait_for_the_gpu_are_not_read_each_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from layerw.splats import gltf_files

    (tmp_path / "scan.glb").write_bytes(glb(arrays(20_000)))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    host.step(app, 3)
    store, taken, reads = app._engine.store, gltf_files.taken, list[int]()

    def counted(values: Any, parts: Any) -> Arrays:
        reads.append(parts.count)
        return taken(values, parts)

    monkeypatch.setattr(gltf_files, "taken", counted)
    held = store.left_bytes - 100_000
    assert store.try_charge(held)
    model = app.load("scan.glb")
    host.step(app, 20)
    assert model.state == "loading" and not reads
    store.uncharge(held)
    host.step(app, 5)
    assert model.state == "ready" and len(reads) == 1


def test_a_program_without_splats_imports_nothing_of_them() -> None:
    code = "import sys, layerw as lw; lw.App().frame_step(0, .1, 0, 0); print('layerw.splats' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
