"""Files of Gaussian splats against what was written, what reading them takes, and what is refused."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from splat_files import FILES, arrays, glb, ply, spz

import layerw as lw
from layerw.base.errors import LayerwError
from layerw.base.ports import F32
from layerw.splats.files import COUNT_MAX, Arrays, SplatError, read_splats
from layerw.splats.gltf_files import placed
from layerw.splats.harmonics import COUNTS, HALF_TURN, Harmonics, basis, joined, none, quantized, turning
from layerw.splats.packing import new_words, pack, rows_of


def same_turn(a: F32, b: F32, within: float) -> bool:
    return bool((np.abs((a * b).sum(axis=1)) > 1 - within).all())


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
        good.replace(b"vertex 50", b"vertex -5"): "'element vertex -5'; it takes a number",
        good.replace(b"vertex 50", b"vertex ten"): "'element vertex ten'; it takes a number",
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
