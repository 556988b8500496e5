"""Small worlds, models and pictures for the browser tests of the whole engine.

Owns: a world of three levels (21 tiles, 256 m) that bakes in a second, what breaks it, and reading pixels back.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from layerw_server.bake import bake
from layerw_server.bake.sources import load_dem

from .harness import HOST_JS, Running

Pixels = npt.NDArray[np.int16]
Scope = dict[str, Any]
AsgiApp = Callable[[Scope, Any, Any], Awaitable[None]]

TILES = 21
DIFFERENT_MAX = 0.005  # share of pixels
CHANNEL_MAX = 8
READ_JS = f"""async () => {{
  const {{ width, height, data }} = await {HOST_JS}.request('readPixels');
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return {{ width, height, data: btoa(text) }};
}}"""


def small_world(factory: pytest.TempPathFactory) -> Path:
    """Hills of 256 x 256 m in three levels, baked once a session."""
    out = factory.getbasetemp() / "small_world"
    if not out.is_dir():
        y, x = np.mgrid[0:257, 0:257].astype(np.float32)
        heights = 20 + 8 * np.sin(x / 11) * np.cos(y / 13) + 2 * np.sin(x / 3.1 + y / 4.7)
        dem = factory.getbasetemp() / "small_world.npz"
        np.savez(dem, elevation=heights)
        bake(load_dem(dem, cell_m=1.0, levels=3), out, jobs=1, texels=32)
    return out


def copy_world(factory: pytest.TempPathFactory, folder: Path) -> Path:
    """A copy that a test may break; returns its folder, named `world`."""
    return Path(shutil.copytree(small_world(factory), folder / "world"))


def leaves(world: Path) -> list[dict[str, Any]]:
    """The tiles without children, as tileset.json has them."""
    found: list[dict[str, Any]] = []
    queue = [json.loads((world / "tileset.json").read_text())["root"]]
    while queue:
        tile = queue.pop()
        queue += tile.get("children", [])
        if "children" not in tile:
            found.append(tile)
    return found


def settle(running: Running, frames: int = 900) -> dict[str, Any]:
    """Wait until nothing is on its way; returns the report."""
    for _ in range(frames):
        report = running.report()
        if report["settled"] and not report["tiles"]["pending"]:
            return report
    raise AssertionError(f"The world did not settle within {frames} frames: {report}.")


def pixels(running: Running) -> Pixels:
    """Return the last picture, (height, width, 3)."""
    running.frames(2)
    got = running.page.evaluate(READ_JS)
    data = np.frombuffer(base64.b64decode(got["data"]), np.uint8)
    return data.reshape(got["height"], got["width"], 4)[..., :3].astype(np.int16)


def different(a: Pixels, b: Pixels) -> float:
    """Return the share of pixels that differ by more than CHANNEL_MAX in a channel."""
    assert a.shape == b.shape
    return float((np.abs(a - b).max(axis=2) > CHANNEL_MAX).mean())
