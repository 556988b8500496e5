"""Sound on a device of this machine: it gets what it takes, and without one a warning says what to do."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from tests.unit.test_audio import BLOCK, RATE, SMOOTH, level, step_max, tone


class FakeDevice:
    """As sounddevice.OutputStream; `take` is what its thread does."""

    def __init__(self, samplerate: int, channels: int, dtype: str, callback: Any) -> None:
        assert (samplerate, channels, dtype) == (RATE, 2, "float32")
        FakeDevice.one, self.callback, self.open = self, callback, False

    def start(self) -> None:
        self.open = True

    def stop(self) -> None:
        self.open = False

    def close(self) -> None:
        assert not self.open

    def take(self, count: int) -> npt.NDArray[np.float64]:
        out = np.full((count, 2), 9.0, np.float32)
        self.callback(out, count, None, None)
        return out.astype(float)


def test_a_device_gets_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", types.SimpleNamespace(OutputStream=FakeDevice))
    host = HeadlessHost(options={"sound": "play"})
    app = lw.App(host=host)
    lw.Sound.from_array(tone(2.0)).play(loop=True)
    taken = []
    for frame in range(60):  # its clock is a little slower, and once a frame comes late
        host.step(app)
        if frame != 30:
            taken.append(FakeDevice.one.take(790))  # type: ignore[attr-defined]
    found = np.concatenate(taken)
    assert np.allclose(level(found[8 * BLOCK :]), 0.5, atol=0.005) and step_max(found) < SMOOTH * 0.5 + 0.006
    for _ in range(6):  # the program stands still: it runs dry, without a click
        found = np.concatenate((found, FakeDevice.one.take(800)))  # type: ignore[attr-defined]
    assert not found[-1].any() and step_max(found) < SMOOTH * 0.5 + 0.006
    app.close()
    assert not FakeDevice.one.open  # type: ignore[attr-defined]


def test_without_a_device_a_warning_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    host = HeadlessHost(options={"sound": "play"})
    app = lw.App(host=host)
    voice = lw.Sound.from_array(tone(0.5)).play()
    host.step(app, 3)
    assert voice.playing and any("layerw[sound]" in text for _, text in host.logs) and app.report()["errors"] == []
