"""How many frames a view takes until it is whole: loads are begun ahead, so that no lane waits for a frame."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.world_files import app_over, write_world

TILES = 63  # the levels between come later


@pytest.mark.parametrize(("lanes", "frames"), [(6, 28), (64, 14)])
def test_a_view_of_62_tiles_is_whole_in_few_frames_where_the_network_is_quick(tmp_path: Path, lanes: int,
                                                                               frames: int) -> None:  # fmt: skip
    """With the default six lanes it took 48 frames when a load kept its lane until its mesh was built, 35 with all
    levels; now 26."""
    write_world(tmp_path / "w", levels=4, hashed=True)
    app, host = app_over(tmp_path, lanes=lanes)
    app.stream("w")
    most = 0
    while not (app.settled and app._engine.contents.counts()["resident"] >= TILES):
        host.step(app)
        most = max(most, host.transfers.in_flight())
        assert host.frame <= frames
    assert most <= min(lanes, 25), "and not all at once: what the camera no longer wants has not been asked for"
