"""examples/pool.py, without a page: the break, the sounds of it, and a ball that falls into a pocket."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from layerw.hosts.headless import HeadlessHost
from layerw.kernels import rigid

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")
PROGRAM = Path(__file__).resolve().parents[2] / "examples/pool.py"


def test_a_break_stays_on_the_table_is_heard_and_pockets_count(monkeypatch: pytest.MonkeyPatch) -> None:
    host = HeadlessHost(PROGRAM.parent, size=(160, 90), options={"sound": "record"})
    monkeypatch.setattr("layerw.app.default_host", lambda: host)
    names = runpy.run_path(str(PROGRAM))
    app, balls, state = names["app"], names["balls"], names["State"]
    host.step(app, 30)
    assert not np.abs(host.recorded).any() and np.abs(balls.body.velocity).max() < 0.03
    host.key("Space")
    host.step(app, 80)
    host.key("Space", False)
    host.step(app, 30)
    assert np.linalg.norm(balls.body.velocity, axis=1).max() > 1
    assert np.abs(host.recorded).max() > 3000
    host.step(app, 400)
    loose = balls.position[~state.potted]
    assert (np.abs(loose[:, 0]) < 1.4).all() and (np.abs(loose[:, 2]) < 0.75).all() and (loose[:, 1] > -0.2).all()
    before = state.potted.sum()
    balls[7].position = (0.0, 0.05, 0.62)  # above a side pocket
    balls[7].body.velocity = (0, 0, 0)
    host.step(app, 60)
    assert state.potted[7] and state.potted.sum() == before + 1 and f"{before + 1} of 15" in names["words"].text
    host.step(app, 60)
    assert state.potted.sum() == before + 1 and app.report()["errors"] == []
    app.close()
