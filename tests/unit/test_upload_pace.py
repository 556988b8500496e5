"""The upload allowance in milliseconds: bytes a frame follow what uploads took, as a fake clock says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import layerw as lw
from layerw.gpu.upload_pace import BYTES_MIN, UploadPace
from layerw.hosts.headless import HeadlessHost
from tests.unit.world_files import app_over, write_world

MIB = 1 << 20


def frames(pace: UploadPace, bytes_per_ms: float, count: int) -> float:
    """Uploads what is allowed; the longest frame, milliseconds."""
    longest = 0.0
    for _ in range(count):
        size = pace.bytes_per_frame
        longest = max(longest, size / bytes_per_ms)
        pace.learn(size, size / bytes_per_ms)
    return longest


@pytest.mark.parametrize("bytes_per_ms", [50_000.0, 200_000.0, 900_000.0])
def test_a_frame_takes_the_milliseconds_it_may_after_the_first_one(bytes_per_ms: float) -> None:
    pace = UploadPace(2.0, 16 * MIB)
    frames(pace, bytes_per_ms, 1)
    assert frames(pace, bytes_per_ms, 60) <= 2.001
    assert pace.bytes_per_frame == pytest.approx(2 * bytes_per_ms, rel=0.01), "and no less"


def test_it_follows_a_device_that_becomes_slow_and_quick_again() -> None:
    pace = UploadPace(2.0, 16 * MIB)
    frames(pace, 1e6, 30)
    frames(pace, 1e5, 20)
    assert frames(pace, 1e5, 1) <= 2.2, "twenty frames are enough"
    frames(pace, 1e6, 40)
    assert pace.bytes_per_frame == pytest.approx(2e6, rel=0.05)


def test_slow_frames_have_the_same_share_for_uploads() -> None:
    pace = UploadPace(2.0, 64 * MIB)
    frames(pace, 400_000.0, 10)
    usual = pace.bytes_per_frame
    pace.frame_s = 1 / 15
    assert pace.bytes_per_frame == pytest.approx(4 * usual, rel=0.001)
    pace.frame_s = 1 / 240
    assert pace.bytes_per_frame == usual, "quick frames come more often, and still have the milliseconds"


def test_a_machine_that_takes_long_for_every_picture_gets_all_it_may() -> None:
    pace = UploadPace(2.0, 4 * MIB)
    frames(pace, 100.0, 40)
    allowed = []
    for taken_s in (0.1, 0.1, 0.1, 0.016, 0.1, 0.016, *[1 / 60] * 4):
        pace.frame_s = taken_s
        allowed.append(pace.bytes_per_frame)
    assert allowed[:2] == [BYTES_MIN] * 2, "a hitch or two change nothing"
    assert allowed[2] == allowed[4] == 4 * MIB, "long ones do, of which every other one seems short"
    assert allowed[-1] == BYTES_MIN


def test_bytes_have_both_ends() -> None:
    pace = UploadPace(2.0, 4 * MIB)
    assert pace.bytes_per_frame == 4 * MIB and pace.bytes_per_ms is None
    frames(pace, 1e9, 50)
    assert pace.bytes_per_frame == 4 * MIB, "what is quick stays under the bytes"
    frames(pace, 10.0, 50)
    assert pace.bytes_per_frame == BYTES_MIN, "and what is slow still arrives"


@pytest.mark.parametrize(("size", "ms"), [(0, 1.0), (100, 5.0), (MIB, -1.0), (MIB, math.nan)])
def test_what_says_nothing_teaches_nothing(size: int, ms: float) -> None:
    pace = UploadPace(2.0, 4 * MIB)
    pace.learn(size, ms)
    assert pace.bytes_per_frame == 4 * MIB


def test_a_coarse_clock_that_says_zero_is_no_infinite_speed() -> None:
    pace = UploadPace(2.0, 64 * MIB)
    pace.learn(8192, 0.0)
    assert BYTES_MIN <= pace.bytes_per_frame <= 8192 * 40


def test_a_world_on_a_slow_device_uploads_its_bytes_over_more_frames(tmp_path: Path) -> None:
    write_world(tmp_path / "w", levels=3)
    taken = []
    for ms_per_frame in (0.0, 1000.0):
        app, host = app_over(tmp_path)
        app.stream("w")
        store = app._engine.store
        if ms_per_frame:
            host.send("upload_time", MIB, ms_per_frame)
        while not app.settled:
            host.step(app)
            assert host.frame < 400
        taken.append((host.frame, store.pace.bytes_per_frame))
        app.close()
    assert taken[0][1] == 4 * MIB and taken[1][1] == BYTES_MIN
    assert taken[1][0] >= taken[0][0], "all of it still came"


def test_the_budget_says_how_many_milliseconds(tmp_path: Path) -> None:
    app = lw.App(host=HeadlessHost(), budgets=lw.Budgets(upload_ms=0.5))
    assert app._engine.store.pace.upload_ms == 0.5
    with pytest.raises(lw.LayerwError, match="upload_ms"):
        lw.Budgets(upload_ms=0)
    app.close()
