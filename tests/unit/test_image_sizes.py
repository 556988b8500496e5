"""Sizes of images on the headless host, as the page reads them."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import layerw as lw
from layerw.hosts.containers import FormatError, image_size
from layerw.hosts.headless import HeadlessHost
from layerw.hosts.pictures import decode_image
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


def packed(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_grey_of_16_bits_keeps_its_high_bytes() -> None:
    grey = np.linspace(0, 65535, 16).astype(np.uint16).reshape(4, 4)
    texels = np.frombuffer(decode_image(packed(Image.fromarray(grey), "PNG"), (4, 4), 4, 4), np.uint8).reshape(4, 4, 4)
    assert np.array_equal(texels[..., :3], np.repeat((grey >> 8)[..., None], 3, 2))
    assert (texels[..., 3] == 255).all()


def test_an_image_that_is_larger_than_its_header_is_not_decoded() -> None:
    sizes = [chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)) for side in (1, 2000)]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(sizes) + chunk(b"IDAT", zlib.compress(bytes(2000 * 8001)))
    full = image_size(data)
    assert full == (1, 1)
    with pytest.raises(FormatError, match=r"\(2000, 2000\) texels, but its header says \(1, 1\)"):
        decode_image(data, full, *full)


def test_what_is_no_image_of_a_model_is_not_opened() -> None:
    bitmap = packed(Image.new("RGB", (4, 4)), "BMP")
    begin = struct.unpack("<I", b"if\0\0")[0]  # where its pixels are, of the end of "ftypavif"
    data = bytearray(begin) + bitmap[54:]
    data[:54], data[4:14] = bitmap[:54], b"ftypavif\0\0"
    data[64:80] = b"ispe" + struct.pack(">III", 0, 4, 4)
    assert image_size(bytes(data)) == (4, 4)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "BMP"
    with pytest.raises(FormatError, match="cannot identify"):
        decode_image(bytes(data), (4, 4), 4, 4)
