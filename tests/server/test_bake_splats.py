"""Gaussian splats: bake writes what was given, as near as the format says; what inspect tells, what is refused."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from layerw.splats.files import SH_0, Arrays, read_splats
from layerw.splats.harmonics import COUNTS, Harmonics
from layerw_server.bake.errors import BakeError
from layerw_server.bake.splats import bake_splats, glb, spz
from layerw_server.cli import app as cli
from layerw_server.tools.inspection import inspect


def arrays(count: int = 500, degree: int = 3) -> Arrays:
    rng = np.random.default_rng(7)
    turn = rng.normal(size=(count, 4))
    turn /= np.linalg.norm(turn, axis=1, keepdims=True)
    codes = (128 + rng.normal(0, 12, (count, COUNTS[degree], 3))).clip(1, 255).astype(np.uint8)
    return Arrays(rng.uniform(-20, 20, (count, 3)).astype(np.float32),
                  np.exp(rng.uniform(-6, 1, (count, 3))).astype(np.float32), turn.astype(np.float32),
                  rng.uniform(0.05, 0.95, (count, 4)).astype(np.float32), Harmonics(codes, 1 / 128))  # fmt: skip


def ply(one: Arrays) -> bytes:
    names = ("x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1",
             "rot_2", "rot_3")
    turned = np.array((1, -1, -1))
    alpha = one.color[:, 3:]
    columns = np.hstack([one.position * turned, (one.color[:, :3] - 0.5) / SH_0, np.log(alpha / (1 - alpha)),
                         np.log(one.scale), one.rotation[:, 3:], one.rotation[:, :3] * turned])  # fmt: skip
    head = [f"format binary_little_endian 1.0\nelement vertex {len(columns)}", *(f"property float {n}" for n in names)]
    return "\n".join(["ply", *head, "end_header", ""]).encode() + columns.astype("<f4").tobytes()


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_spz_keeps_what_its_bits_can(degree: int) -> None:
    one = arrays(degree=degree)
    data, notes = spz(one._replace(is_smooth=degree == 1))
    found = read_splats(data)
    assert notes == () and found.is_smooth is (degree == 1)
    assert np.abs(found.position - one.position).max() <= 2.0**-17 + 1e-6
    assert np.abs(np.log(found.scale / one.scale)).max() <= 1 / 32 + 1e-5
    assert np.abs(found.color[:, 3] - one.color[:, 3]).max() <= 0.51 / 255
    assert np.abs(found.color[:, :3] - one.color[:, :3]).max() <= 0.51 / 255 * SH_0 / 0.15
    assert (np.abs((found.rotation * one.rotation).sum(axis=1)) > 1 - 1e-5).all()
    apart = np.abs(found.harmonics.values() - one.harmonics.values())
    assert found.harmonics.degree == degree
    assert apart[:, :3].max(initial=0) <= 4.1 / 128 and apart.max(initial=0) <= 8.1 / 128


def test_glb_keeps_all() -> None:
    one = arrays()
    data, notes = glb(one)
    found = read_splats(data)
    assert notes == () and np.abs(found.color - one.color).max() < 1e-6
    assert (found.position == one.position).all() and (found.scale == one.scale).all()
    assert np.abs(found.harmonics.values() - one.harmonics.values()).max() <= 0.51 * found.harmonics.step
    size = struct.unpack_from("<I", data, 12)[0]
    assert len(json.loads(data[20 : 20 + size])["accessors"]) == 5 + 15
    linear = read_splats(glb(one._replace(is_linear=True))[0])
    assert linear.is_linear
    with pytest.raises(BakeError, match="linear"):
        spz(one._replace(is_linear=True))


def test_the_command_makes_files_and_folders(tmp_path: Path) -> None:
    source = tmp_path / "scan.ply"
    one = arrays(2000, 0)
    source.write_bytes(ply(one))
    run = CliRunner()
    for out, made in (("small.spz", "small.spz"), ("plain.glb", "plain.glb"), ("folder", "folder/scan.spz")):
        result = run.invoke(cli, ["bake", str(source), str(tmp_path / out)])
        assert result.exit_code == 0, result.output
        assert np.abs(read_splats((tmp_path / made).read_bytes()).position - one.position).max() < 1e-4
    assert (tmp_path / "small.spz").stat().st_size < source.stat().st_size / 2.5
    again = run.invoke(cli, ["bake", str(tmp_path / "plain.glb"), str(tmp_path / "again.spz")])
    assert again.exit_code == 0 and (tmp_path / "again.spz").is_file()
    assert not list(tmp_path.glob(".*")), "nothing is left behind"


def test_what_can_not_be_made_is_told(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.ply", tmp_path / "good.spz"
    bad.write_bytes(b"ply\nformat ascii 1.0\nend_header\n")
    good.write_bytes(spz(arrays(10))[0])
    for source, out, text in ((bad, "a.spz", "'ascii'"), (tmp_path / "none.ply", "a.spz", "can't be read"),
                              (good, "good.spz", "the source itself"), (good, "no/where/a.spz", "does not exist")):
        with pytest.raises(BakeError, match=text):
            bake_splats(source, tmp_path / out)
    far = arrays(10)._replace(position=np.full((10, 3), 6000.0, np.float32))
    assert spz(far)[1] == () and "steps of" in spz(far._replace(position=far.position * 10))[1][0]
    with pytest.raises(BakeError, match="ends at"):
        spz(far._replace(position=far.position * 1e5))


def test_no_folder_is_made_of_the_name_of_a_ply(tmp_path: Path) -> None:
    source = tmp_path / "scan.ply"
    source.write_bytes(ply(arrays(5)))
    for name in ("scan.ply", "small.PLY"):
        with pytest.raises(BakeError, match=r"written as \.spz or \.glb"):
            bake_splats(source, tmp_path / name)
    assert list(tmp_path.iterdir()) == [source]


def test_inspect_tells_what_a_file_holds(tmp_path: Path) -> None:
    one = arrays(1000, 2)
    one.color[:3, 3], one.scale[0] = 0.001, 30.0
    path = tmp_path / "scan.spz"
    path.write_bytes(spz(one)[0])
    report = inspect(path)
    facts = dict(report.facts)
    assert facts["splats"].startswith("1,000") and facts["harmonics"] == "degree 2" and not report.failed
    assert report.data["degree"] == 2 and len(report.findings) == 2, report.findings
    path.write_bytes(gzip.compress(b"nothing"))
    assert inspect(path).failed
