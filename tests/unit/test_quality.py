"""app.quality: what a program asks for, and what "auto" makes of the GPU's time."""

from __future__ import annotations

import pytest

import layerw as lw
from layerw.frame.quality import DOWN_S, FRAME_MS, TIERS, UP_S, Quality
from layerw.hosts.headless import HeadlessHost


def settle(quality: Quality, share: float, start_s: float, seconds: float) -> list[str]:
    """The tiers while the GPU takes this share of a frame; a measurement each 10 frames."""
    names = [quality.tier.name]
    for step in range(int(seconds * 6) + 1):
        quality.measured((share * FRAME_MS / 2, share * FRAME_MS / 2), start_s + step / 6)
        if names[-1] != quality.tier.name:
            names.append(quality.tier.name)
    return names


def test_auto_goes_down_at_once_and_up_with_patience() -> None:
    quality = Quality()
    assert settle(quality, 0.6, 0, 60) == ["medium"], "neither slow nor idle"
    assert settle(quality, 1.2, 100, DOWN_S + 0.5) == ["medium", "low"]
    assert settle(quality, 1.2, 110, 60) == ["low"], "there is nothing below"
    assert settle(quality, 0.1, 200, UP_S + 0.5) == ["low"], "it was too slow: twice the patience"
    assert settle(quality, 0.6, 215, 1) == ["low"], "busy again: the wait begins anew"
    assert settle(quality, 0.1, 220, 2 * UP_S + 0.5) == ["low", "medium"]


def test_a_load_between_two_tiers_does_not_swing() -> None:
    quality, changes, now = Quality(), 0, 0.0
    while now < 600:
        before = quality.tier.name
        quality.measured([FRAME_MS * (0.3 if before == "low" else 1.1)], now)
        changes += quality.tier.name != before
        now += 1 / 6
    assert changes <= 12, "each try waits twice as long"


def test_one_slow_frame_changes_nothing() -> None:
    quality = Quality()
    for step in range(100):
        quality.measured([FRAME_MS * (3 if step % 9 == 0 else 0.6)], step / 6)
        assert quality.tier.name == "medium"


def test_what_is_asked_for_stays() -> None:
    app = lw.App(host=HeadlessHost())
    assert app.quality == "auto" and app.report()["quality"] == "medium"
    for tier in TIERS:
        app.quality = tier.name
        assert app.quality == app.report()["quality"] == tier.name
        assert settle(app._engine.quality, 5.0, 0, 30) == [tier.name]
    with pytest.raises(lw.ConfigError, match="app.quality is 'ultra'.*low, medium, high, auto"):
        app.quality = "ultra"


def test_the_page_says_what_it_is_at_first() -> None:
    app = lw.App(host=HeadlessHost(options={"quality": "low"}))
    assert app.quality == app.report()["quality"] == "low"
