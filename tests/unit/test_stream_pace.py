"""How many frames a view takes until it is whole: loads are begun ahead, so that no lane waits for a frame."""

from __future__ import annotations

from pathlib import Path

from tests.unit.world_files import app_over, write_world

TILES = 85


def test_a_view_of_85_tiles_is_whole_in_24_frames_where_the_network_is_quick(tmp_path: Path) -> None:
    """It took 48 when a load kept its lane from the request to the finished mesh."""
    write_world(tmp_path / "w", levels=4, hashed=True)
    app, host = app_over(tmp_path, lanes=64)
    app.stream("w")
    most = 0
    while not (app.settled and app._engine.contents.counts()["resident"] == TILES):
        host.step(app)
        most = max(most, host.transfers.in_flight())
        assert host.frame <= 24
    assert most <= 25, "and not all at once: what the camera no longer wants has not been asked for"
