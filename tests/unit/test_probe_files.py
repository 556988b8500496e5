"""Baked light probes: the file, what a program takes from it, and files that are broken or hostile."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerw as lw
from layerw.frame.probes import _texel
from layerw.frame.probes import lines_of as lines_needed
from layerw.gpu import air
from layerw.hosts.headless import HeadlessHost
from layerw.scene import probe_files
from layerw.scene.probe_files import Baked, ProbeFileError, light_of, lines_of, read
from layerw.scene.probes import Grid

CENTER, SIZE, COUNTS = np.array((0.0, 2.0, 0.0)), np.array((6.0, 4.0, 6.0)), (3, 2, 3)


def light(counts: tuple[int, int, int] = COUNTS) -> np.ndarray:
    x, y, z = counts
    return np.random.default_rng(4).normal(size=(y, z, x, 3, 4)).astype(np.float16)


def file_of(*grids: Baked) -> bytes:
    file = io.BytesIO()
    probe_files.write(file, grids)
    return file.getvalue()


def app_with(path: Path) -> tuple[lw.App, lw.LightProbes]:
    app = lw.App(host=HeadlessHost())
    app.spawn(lw.Mesh.box())
    return app, app.light_probes(CENTER, SIZE, 2.0, file=path)


@given(st.integers(1, 128), st.integers(1, 128), st.integers(1, 128))
@settings(deadline=None, max_examples=40)
def test_lines_hold_each_probe_where_the_shaders_look(x: int, y: int, z: int) -> None:
    if x * y * z > 4096:
        x, y, z = min(x, 16), min(y, 16), min(z, 16)
    known = light((x, y, z))
    lines = lines_of(known, air.AIR[0])
    grid = Grid((x, y, z), np.ones(3))
    assert len(lines) == lines_needed(grid) and np.array_equal(light_of(lines, (x, y, z)), known)
    for index in np.random.default_rng(1).integers(0, x * y * z, 10).tolist():
        for color in range(3):
            column, line = (int(one) for one in _texel(grid, index, color, 0))
            assert np.array_equal(lines[line, column], known[index // (x * z), index // x % z, index % x, color])


def test_a_file_is_known_from_the_start_and_whatever_the_sun_does(tmp_path: Path) -> None:
    path, known = tmp_path / "light.npz", light()
    path.write_bytes(file_of(Baked(CENTER + 50, SIZE, light((1, 1, 1))), Baked(CENTER, SIZE, known)))
    app, probes = app_with(path)
    app.host.step(app, 1)
    assert probes.ready and probes.baked and probes.progress == 1.0 and not probes.renew_with_sun
    [written] = app.host.sink.probes_written
    assert np.array_equal(light_of(written, COUNTS), known)
    assert app._engine._view.block.read("probe_state")[0] == 1, "the shaders look at it"
    app.sun.elevation = 1.2
    app.host.step(app, 20)
    assert probes.baked and len(app.host.sink.probes_written) == 1 and not app.host.errors
    app.host.sink.probes_written.clear()
    app.host.lose_device()
    app.host.step(app, 2)
    assert probes.ready and len(app.host.sink.probes_written) == 1, "a new device is given it again"
    app.reflection_probe(position=CENTER, size=SIZE)
    app.host.step(app, 1)
    assert probes.ready and len(app.host.sink.probes_written) == 2, "it lies elsewhere now"
    probes.capture()
    assert not probes.baked and probes.progress < 1
    app.host.step(app, 200)
    assert probes.progress == 1.0 and not app.host.errors
    assert not any("probes" in text for _, text in app.host.logs)


def test_a_file_that_is_not_there_or_of_another_grid_is_told(tmp_path: Path) -> None:
    app, probes = app_with(tmp_path / "none.npz")
    app.host.step(app, 2)
    assert not probes.baked and any("bake --probes PROGRAM" in text for _, text in app.host.logs)
    path = tmp_path / "other.npz"
    path.write_bytes(file_of(Baked(CENTER, SIZE * 2, light())))
    app, probes = app_with(path)
    app.host.step(app, 2)
    assert not probes.baked and sum("has no grid of light probes at" in text for _, text in app.host.logs) == 1
    with pytest.raises(lw.KindError, match="light_probes file is int; it takes the path"):
        app.light_probes(CENTER, SIZE, file=3)  # type: ignore[arg-type]


def changed(**arrays: object) -> bytes:
    good = {"version": np.array(1), "center_0": CENTER, "size_0": SIZE, "light_0": light()}
    file = io.BytesIO()
    np.savez(file, **{name: value for name, value in (good | arrays).items() if value is not None})  # type: ignore[arg-type]
    return file.getvalue()


def bomb() -> bytes:
    """Few bytes that become many."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f2", "fortran_order": False, "shape": (10**9, 1, 1, 3, 4)})
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(changed(light_0=None))) as good, zipfile.ZipFile(file, "w") as archive:
        for name in good.namelist():
            archive.writestr(name, good.read(name))
        archive.writestr("light_0.npy", head.getvalue() + bytes(1 << 24), zipfile.ZIP_DEFLATED)
    return file.getvalue()


@pytest.mark.parametrize(("data", "told"), [
    (b"", "no file of light probes"), (b"PK\x03\x04nonsense", "no file of light probes"),
    (file_of(Baked(CENTER, SIZE, light()))[:-40], "no file of light probes"),
    (changed(version=np.array(9)), "version is 9"), (changed(version=None), "no array 'version'"),
    (changed(version=np.zeros(3, int)), "'version' is int64 of shape"),
    (changed(light_0=None), "has 0 grids"), (changed(center_0=None), "no array 'center_0'"),
    (changed(size_0=np.array((1.0, -1.0, 1.0))), "sides of"), (changed(center_0=np.full(3, np.nan)), "lies at"),
    (changed(light_0=light().astype(np.float32)), "bytes|float32"), (changed(light_0=light()[..., 0]), "of shape"),
    (changed(light_0=np.full_like(light(), np.inf)), "not finite"),
    (changed(light_0=np.array([{"a": 1}], object)), "object"), (bomb(), "bytes; at most"),
    (changed(**{f"light_{n}": light() for n in range(9)}), "9 grids"), (bytes(1 << 20), "a file of light probes has"),
])  # fmt: skip
def test_files_that_are_broken_or_hostile_are_refused_kindly(data: bytes, told: str, tmp_path: Path) -> None:
    with pytest.raises(ProbeFileError, match=told):
        read(data)
    path = tmp_path / "light.npz"
    path.write_bytes(data)
    app, probes = app_with(path)
    app.host.step(app, 2)
    assert not probes.baked and not app.host.errors
    assert sum("can't be read from" in text and "look around now" in text for _, text in app.host.logs) == 1


@given(st.binary(max_size=40), st.integers(0, 5000))
@settings(deadline=None, max_examples=60)
def test_random_bytes_in_a_file_never_raise_anything_else(noise: bytes, at: int) -> None:
    data = bytearray(changed())
    at %= len(data)
    data[at : at + len(noise)] = noise
    try:
        found = read(bytes(data))
    except ProbeFileError:
        return
    assert len(found) == 1 and found[0].light.dtype == np.float16
