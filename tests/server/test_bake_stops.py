"""A bake that is stopped: at once, with one line, and the next one continues with equal bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw_server.bake import bake, fields, pipeline, rivers, workers
from layerw_server.bake.quadtree import make_plan, quantisation_steps
from layerw_server.bake.sources import load_dem

from .bake_worlds import files, small_field


def _stop_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    made = workers._make
    calls = []

    def make(*args: Any) -> Any:
        if len(calls) == count:
            raise KeyboardInterrupt
        calls.append(args)
        return made(*args)

    monkeypatch.setattr(workers, "_make", make)


def test_a_stopped_bake_continues_with_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "BRANCH_LEVEL", 1)
    bake(small_field(), tmp_path / "whole", jobs=1, texels=16)
    with monkeypatch.context() as patch:
        _stop_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            bake(small_field(), tmp_path / "w", jobs=1, texels=16)
    assert not (tmp_path / "w").exists() and (tmp_path / ".w.partial").is_dir()
    result = bake(small_field(), tmp_path / "w", jobs=1, texels=16)
    assert 0 < result.continued < result.tiles
    assert files(tmp_path / "w") == files(tmp_path / "whole")
    assert not (tmp_path / ".w.partial").exists()


@pytest.mark.parametrize("damage", ["other options", "lost tile", "cut record", "cut state"])
def test_only_what_is_whole_and_the_same_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str,
) -> None:
    monkeypatch.setattr(pipeline, "BRANCH_LEVEL", 1)
    texels = 24 if damage == "other options" else 16
    bake(small_field(), tmp_path / "whole", jobs=1, texels=texels)
    with monkeypatch.context() as patch:
        _stop_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            bake(small_field(), tmp_path / "w", jobs=1, texels=16)
    stage = tmp_path / ".w.partial"
    if damage == "lost tile":
        next(stage.glob("tiles/1-*.glb")).unlink()
    elif damage == "cut record":
        record = next(stage.glob("work/branch-*.json"))
        record.write_bytes(record.read_bytes()[:40])
    elif damage == "cut state":
        (stage / "work/state.json").write_bytes(b"{")
    result = bake(small_field(), tmp_path / "w", jobs=1, texels=texels)
    assert result.continued == 0
    assert files(tmp_path / "w") == files(tmp_path / "whole")


def _dem(path: Path) -> Path:
    y, x = np.mgrid[0:1025, 0:1025].astype(np.float32)
    np.savez(path, elevation=300 * np.sin(x / 50) * np.cos(y / 40))
    return path


def _alive(group: int) -> bool:
    """Whether a process of the group runs on after a while (a killed one may wait for its reaper)."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.1)
    return True


# As in a terminal: what runs tests in the background has its children ignore SIGINT.
HEARS = ("import signal, runpy; signal.signal(signal.SIGINT, signal.default_int_handler); "
         "runpy.run_module('layerw_server', run_name='__main__', alter_sys=True)")


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a process group")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_the_command_with_one_line_and_no_process_left(tmp_path: Path, jobs: int) -> None:
    command = [sys.executable, "-c", HEARS, "bake", str(_dem(tmp_path / "dem.npz")), str(tmp_path / "w"),
               "--jobs", str(jobs), "--texels", "256"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               start_new_session=True)
    stage = tmp_path / ".w.partial"
    deadline = time.monotonic() + 120
    while len(list(stage.glob("tiles/*.glb"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    said = [line for line in errors.splitlines() if "Stopped" in line]
    assert len(said) == 1, errors
    assert not _alive(process.pid)


def test_memory_stays_within_three_times_the_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest sum of array bytes from the file to the plan; what the system maps from files is not ours to free."""
    n = 2049
    y, x = np.mgrid[0:n, 0:n].astype(np.float32)
    np.savez(tmp_path / "dem.npz", elevation=(200 * np.sin(x / 90) * np.cos(y / 70)).astype("<i2"))
    del y, x
    monkeypatch.setattr(rivers, "SAMPLES_MAX", 513)  # grids of a fixed size, which would count for more than
    monkeypatch.setattr(fields, "OCCLUSION_SAMPLES_MAX", 513)  # the array itself in a world as small as this
    folder = tmp_path / "work"
    folder.mkdir()
    tracemalloc.start()
    try:
        field = load_dem(tmp_path / "dem.npz", cell_m=30.0)
        steps = quantisation_steps(field)
        field = fields.snap(field, steps[-1], folder)
        fields.derive(field, folder)
        make_plan(field, steps)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * 4 * n * n
