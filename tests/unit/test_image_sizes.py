"""Sizes of images on the headless host, as the page reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import layerw as lw
from layerw.hosts.containers import FormatError, image_size
from layerw.hosts.headless import HeadlessHost
from tests.unit.gltf_support import AVIF, WEBP, newer_textures


def test_webp_and_avif_have_a_size() -> None:
    assert image_size(WEBP) == (8, 8)
    assert image_size(AVIF) == (8, 8)
    assert image_size(b"RIFF....WEBPVP8X" + bytes(8) + bytes([9, 0, 0, 19, 0, 0])) == (10, 20)
    with pytest.raises(FormatError, match="ends inside of its header"):
        image_size(AVIF[:30])
    with pytest.raises(FormatError, match="neither PNG nor JPEG nor WebP nor AVIF"):
        image_size(b"GIF89a" + bytes(30))


def test_a_model_with_newer_textures_is_ready(tmp_path: Path) -> None:
    (tmp_path / "m.gltf").write_text(json.dumps(newer_textures("t.bin")))
    (tmp_path / "t.bin").write_bytes(bytes(12) + b"\0\0\x80?" + bytes(20) + bytes([0, 0, 1, 0, 2, 0, 0, 0]))
    (tmp_path / "picture.webp").write_bytes(WEBP)
    (tmp_path / "picture.avif").write_bytes(AVIF)
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    model = app.load("m.gltf")
    host.step(app, 30)
    assert (model.state, list(model.warnings)) == ("ready", [])
