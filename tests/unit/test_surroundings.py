"""lw.Environment: files of light as numpy says they are, refused where they lie, shown and given back."""

from __future__ import annotations

import math
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_app_contents import make
from test_models import held

import layerw as lw
from layerw.assets.panoramas import of_array, open_picture, panorama, small
from layerw.scene.environment import sh_basis
from layerw.scene.surroundings import Surroundings

RNG = np.random.default_rng(5)
LIGHT = (RNG.uniform(0, 1, (16, 32, 3)) ** 4 * 20).astype(np.float32)
LIGHT[4:8, 4:20] = (1.0, 0.5, 0.25)  # something for runs


def rgbe(light: np.ndarray) -> np.ndarray:
    most = light.max(axis=-1)
    mantissa, exponent = np.frexp(most)
    scale = np.where(most > 0, mantissa * 256 / np.maximum(most, 1e-30), 0)
    return np.concatenate([light * scale[..., None], (exponent + 128)[..., None]], axis=-1).astype(np.uint8)


def runs(line: np.ndarray) -> bytes:
    out, x = bytearray(), 0
    while x < len(line):
        end = x + 1
        while end < len(line) and line[end] == line[x] and end - x < 127:
            end += 1
        out += bytes((128 + end - x, line[x])) if end - x > 2 else bytes((end - x,)) + bytes(line[x:end])
        x = end
    return bytes(out)


def hdr(light: np.ndarray, *, packed: bool = True, header: bytes = b"FORMAT=32-bit_rle_rgbe\n") -> bytes:
    pixels = rgbe(light)
    height, width = light.shape[:2]
    body = b"".join(bytes((2, 2, width >> 8, width & 255)) + b"".join(runs(line[:, c]) for c in range(4))
                    for line in pixels) if packed else pixels.tobytes()  # fmt: skip
    return b"#?RADIANCE\n" + header + f"\n-Y {height} +X {width}\n".encode() + body


def exr(channels: dict[str, np.ndarray], packing: int = 3, *, flags: int = 2, top: int = 0) -> bytes:
    names = sorted(channels)
    height, width = channels[names[0]].shape
    kinds = {"uint32": 0, "float16": 1, "float32": 2}
    listed = b"".join(name.encode() + b"\0" + struct.pack("<iI2i", kinds[str(channels[name].dtype)], 0, 1, 1)
                      for name in names) + b"\0"  # fmt: skip
    window = struct.pack("<4i", 0, top, width - 1, top + height - 1)
    head = struct.pack("<II", 20000630, flags)
    for name, kind, data in (("channels", "chlist", listed), ("compression", "compression", bytes((packing,))),
                             ("dataWindow", "box2i", window)):  # fmt: skip
        head += name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(data)) + data
    head += b"\0"
    lines, blocks = {3: 16}.get(packing, 1), []
    for row in range(0, height, lines):
        plain = b"".join(channels[name][y].tobytes() for y in range(row, min(row + lines, height)) for name in names)
        body = plain
        if packing:
            halves = np.frombuffer(plain, np.uint8)
            mixed = np.concatenate([halves[0::2], halves[1::2]]).astype(np.int64)
            steps = np.concatenate([mixed[:1], np.diff(mixed) + 128]).astype(np.uint8)
            body = zlib.compress(steps.tobytes()) if packing > 1 else exr_runs(steps)
            body = body if len(body) < len(plain) else plain
        blocks.append(struct.pack("<2i", top + row, len(body)) + body)
    places = np.cumsum([len(head) + 8 * len(blocks), *(len(block) for block in blocks[:-1])])
    return head + places.astype("<u8").tobytes() + b"".join(blocks)


def exr_runs(line: np.ndarray) -> bytes:
    out, x = bytearray(), 0
    while x < len(line):
        end = x + 1
        while end < len(line) and line[end] == line[x] and end - x < 100:
            end += 1
        out += bytes((end - x - 1, line[x])) if end - x > 1 else bytes((255, line[x]))
        x = end
    return bytes(out)


def cube(faces: np.ndarray, kind: int = 109, packing: int = 0) -> bytes:
    side = faces.shape[1]
    body = faces.tobytes()
    level = zlib.compress(body) if packing else body
    head = b"\xabKTX 20\xbb\r\n\x1a\n" + struct.pack("<9I", kind, 4, side, side, 0, 0, 6, 1, packing)
    return (head + bytes(32) + struct.pack("<3Q", 104, len(level), len(body))) + level


def whole(data: bytes) -> np.ndarray:
    found = [one for one in panorama(open_picture(data)) if one is not None]
    assert len(found) == 1 and (found[0][..., 3] == 1).all()
    return found[0][..., :3].astype(np.float32)


@pytest.mark.parametrize("packed", [True, False])
def test_radiance_files(packed: bool) -> None:
    found = whole(hdr(LIGHT, packed=packed))
    assert np.abs(found - LIGHT).max(axis=-1).max() <= LIGHT.max() / 100
    assert (np.abs(found - LIGHT) <= LIGHT.max(axis=-1, keepdims=True) / 120 + 1e-3).all()
    brighter = whole(hdr(LIGHT, packed=packed, header=b"EXPOSURE=2.0\nFORMAT=32-bit_rle_rgbe\n"))
    assert np.allclose(brighter, found / 2, rtol=1e-3)


@pytest.mark.parametrize("packing", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_openexr_files(packing: int, kind: Any) -> None:
    planes = {name: np.ascontiguousarray(LIGHT[..., at]).astype(kind) for at, name in enumerate("RGB")}
    planes["A"] = np.ones((16, 32), np.float16)
    assert np.allclose(whole(exr(planes, packing, top=-5)), LIGHT, rtol=2e-3, atol=1e-6)
    grey = whole(exr({"Y": np.full((16, 32), 3, np.uint32)}, packing))
    assert (grey == 3).all()


def test_numbers_that_are_no_light_are_cut_off() -> None:
    odd = np.full((2, 4), 1.0, np.float32)
    odd[0] = (np.nan, np.inf, -3, 1e9)
    found = whole(exr({"Y": odd}, 0))
    assert found[0, :, 0].tolist() == [0, 65504, 0, 65504]


@pytest.mark.parametrize(("kind", "faces"), [
    (109, np.float32), (97, np.float16), (106, np.float32), (90, np.float16), (123, None), (122, None),
])  # fmt: skip
@pytest.mark.parametrize("packing", [0, 3])
def test_cubes(kind: int, faces: Any, packing: int) -> None:
    colors = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1)], np.float32)
    if kind == 123:
        words = [int(r) * 256 | int(g) * 256 << 9 | int(b) * 256 << 18 | 16 << 27 for r, g, b in colors]
        data: np.ndarray = np.repeat(np.array(words, "<u4"), 16).reshape(6, 4, 4)
    elif kind == 122:
        words = [(int(r) * 0x3C0) | (int(g) * 0x3C0) << 11 | (int(b) * 0x1E0) << 22 for r, g, b in colors]
        data = np.repeat(np.array(words, "<u4"), 16).reshape(6, 4, 4)
    else:
        rgba = np.concatenate([colors, np.ones((6, 1), np.float32)], axis=1) if kind in (97, 109) else colors
        data = np.repeat(rgba[:, None], 16, axis=1).reshape(6, 4, 4, -1).astype(faces)
    found = whole(cube(data, kind, packing))
    assert found.shape == (8, 16, 3)
    ahead, right, behind, left = found[4, 8], found[4, 12], found[4, 0], found[4, 4]
    assert ahead.tolist() == [1, 0, 1] and right.tolist() == [1, 0, 0], "ahead is their +Z"
    assert behind.tolist() == [0, 1, 1] and left.tolist() == [0, 1, 0]
    assert found[0].tolist() == [[0, 0, 1]] * 16 and found[7].tolist() == [[1, 1, 0]] * 16


def test_large_ones_are_reduced_by_means() -> None:
    light = np.zeros((4096 // 2, 4096, 3), np.float32)
    light[::2, ::2] = 4.0
    *_, found = panorama(of_array(light))
    assert found is not None and found.shape == (1024, 2048, 4) and (found[..., :3] == 1).all()


def test_small_ones_keep_the_mean() -> None:
    rgba = np.ones((16, 32, 4), np.float16)
    rgba[..., :3] = LIGHT
    assert small(rgba).shape == (16, 32, 3)
    big = np.ones((100, 200, 4), np.float16)
    assert small(big).shape == (32, 64, 3) and np.allclose(small(big), 1)


GOOD = {"hdr": hdr(LIGHT), "flat": hdr(LIGHT, packed=False), "ktx2": cube(np.ones((6, 4, 4, 4), np.float32), 109, 3),
        "exr": exr({name: np.ascontiguousarray(LIGHT[..., 0]) for name in "RGB"}),
        "rle": exr({name: np.ascontiguousarray(LIGHT[..., 0]) for name in "RGB"}, 1)}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_damaged_files_are_refused_in_words(name: str) -> None:
    """Cut anywhere, and with bytes changed: read, or a ConfigError; nothing else, and no size beyond the limits."""
    data, random, refused = GOOD[name], np.random.default_rng(3), 0
    cases = [data[: int(random.integers(0, len(data)))] for _ in range(150)]
    for _ in range(350):
        changed = bytearray(data)
        for _ in range(int(random.integers(1, 4))):
            changed[int(random.integers(0, min(len(data), 400)))] = int(random.integers(0, 256))
        cases.append(bytes(changed))
    for case in cases:
        try:
            picture = open_picture(case)
            if picture.width * picture.height <= 1 << 16:
                list(panorama(picture))
        except lw.ConfigError as error:
            refused += 1
            assert str(error).endswith(".")
    assert refused >= 150


@pytest.mark.parametrize(("data", "says"), [
    (b"GIF89a", "neither Radiance"), (b"#?RADIANCE\n\n+X 4 -Y 2\n", "-Y height"), (b"#?RADIANCE\n", "no end"),
    (b"#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 2 +X 4\n", "32-bit_rle_rgbe"),
    (b"#?RADIANCE\n\n-Y 999999 +X 999998\n", "2 to 16384 a side"),
    (b"#?RADIANCE\n\n-Y 99999999 +X 199999998\n", "199999998 x 99999999 pixels"),
    (b"#?RADIANCE\n\n-Y 4 +X 4\n", "twice as wide"),
    (exr({"Y": np.ones((2, 4), np.float32)}, 8), "packed by DWAA"),
    (exr({"Z": np.ones((2, 4), np.float32)}), "R, G and"),
    (exr({"Y": np.ones((2, 4), np.float32)}, flags=0x202), "has tiles"),
    (cube(np.ones((6, 4, 4, 4), np.float32), 43), "texel format 43"),
    (cube(np.ones((6, 4, 4, 4), np.float32), 109, 2), "packed by Zstandard"),
    (cube(np.ones((6, 8, 4, 4), np.float32), 109), "six sides"),
])  # fmt: skip
def test_what_is_not_read_is_named(data: bytes, says: str) -> None:
    with pytest.raises(lw.ConfigError, match=says):
        list(panorama(open_picture(data)))


def shown(light: np.ndarray, **more: Any) -> Surroundings:
    return Surroundings(lw.Environment(light, **more), light, 1, 1)


def test_light_falls_as_the_picture_says() -> None:
    """Against sums over the sphere; a turn of the picture turns its light."""
    light = np.zeros((32, 64, 3), np.float32)
    light[10:20, 46:50] = (8, 4, 2)  # to the right of what is ahead: +X
    sun = np.array((0.0, 1.0, 0.0))
    found = shown(light).heaven(sun, np.ones(3))
    assert (found.light == 0).all(), "the sun does not shine besides"

    def irradiance(normal: tuple[float, float, float], of: Any = found) -> np.ndarray:
        return sh_basis(np.array([normal], float))[0] @ of.irradiance

    assert irradiance((1, 0, 0))[0] > 4 * abs(irradiance((-1, 0, 0))[0])
    turned = shown(light, rotation=math.pi / 2).heaven(sun, np.ones(3))  # +X comes to -Z
    assert np.allclose(irradiance((0, 0, -1), turned), irradiance((1, 0, 0)), atol=1e-3)
    even = shown(np.full((32, 64, 3), 0.5, np.float32), intensity=3.0, sun=True).heaven(sun, np.ones(3))
    assert np.allclose(irradiance((0, 1, 0), even), 1.5, atol=0.01) and (even.light == 1).all()


def test_it_is_shown_and_everything_is_given_back(tmp_path: Path) -> None:
    (tmp_path / "a.hdr").write_bytes(hdr(LIGHT))
    (tmp_path / "bad.exr").write_bytes(GOOD["exr"][:200])
    app, host = make(tmp_path)
    host.step(app, 3)
    before = held(app), app.report()["heap_bytes"], app._engine.environment.heaven().irradiance.copy()
    told: list[str] = []
    light = app.environment = lw.Environment("a.hdr")
    light.on_ready(lambda: told.append("ready"))
    assert app.environment is light and light.state == "loading" and not app.settled
    host.step(app, 12)
    assert light.state == "ready" and told == ["ready"] and app.settled and len(host.sink.textures) == 1
    first = app._engine.environment.heaven().irradiance.copy()
    assert app._engine._view.block.read("air")[0] == 2, "the shaders know"
    light.intensity = 2.0
    host.step(app, 1)
    assert np.allclose(app._engine.environment.heaven().irradiance, 2 * first, rtol=1e-5)
    host.lose_device()
    host.step(app, 6)
    assert len(host.sink.textures) == 1 and host.errors == []
    bad = app.environment = lw.Environment("bad.exr")
    bad.on_failed(lambda: told.append(bad.error))
    host.step(app, 12)
    assert bad.state == "failed" and "bad.exr" in bad.error and told[1:] == [bad.error]
    assert [text for text in app.report()["errors"] if "bad.exr" in text]
    assert len(host.sink.textures) == 1, "the one before is still shown"
    app.environment = None
    host.step(app, 3)
    assert app._engine._view.block.read("air")[0] == 1
    assert held(app) == before[0] and app.report()["heap_bytes"] == before[1]
    assert np.array_equal(app._engine.environment.heaven().irradiance, before[2]) and host.errors == []


def test_without_room_it_fails_and_the_sky_stays(tmp_path: Path) -> None:
    app, host = make(tmp_path, budgets=lw.Budgets(gpu_mib=34))
    big = app.environment = lw.Environment(np.ones((1024, 2048, 3), np.float32))
    for _ in range(400):
        host.step(app, 1)
        if big.state != "loading":
            break
    assert big.state == "failed" and "GPU budget" in big.error and app._engine.environment._surroundings is None
    app.close()


@pytest.mark.parametrize(("source", "more", "says"), [
    (3, {}, "Environment source has shape"), ("", {}, "url has 0 bytes"), (np.ones((4, 4, 3)), {}, "2 height"),
    (np.ones((4, 8, 3), int), {}, "dtype"), (np.full((4, 8, 3), np.nan), {}, "finite"),
    (-np.ones((4, 8, 3)), {}, "below 0"), (np.ones((4, 8, 3)), {"intensity": -1}, "intensity"),
    (np.ones((4, 8, 3)), {"rotation": "a"}, "rotation"), (np.ones((4, 8, 3)), {"sun": 1.5}, "sun"),
])  # fmt: skip
def test_mistakes_are_told_where_they_are_made(source: Any, more: dict[str, Any], says: str) -> None:
    with pytest.raises(lw.LayerwError, match=says):
        lw.Environment(source, **more)


def test_the_app_takes_environments_alone() -> None:
    app = lw.App()
    with pytest.raises(lw.KindError, match=r'app.environment is .*lw.Environment\("studio.hdr"\) or None'):
        app.environment = "studio.hdr"  # type: ignore[assignment]
    assert app.environment is None
    app.close()


def test_a_program_without_one_imports_nothing_of_it() -> None:
    code = """
import sys, layerw as lw
app = lw.App()
app.frame_step(0.0, 1 / 60, 0, 0)
print([name for name in sys.modules if "surroundings" in name or "panorama" in name], app.environment)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[] None"
