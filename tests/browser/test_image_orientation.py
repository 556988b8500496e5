"""Texels are what the file stores, of every kind of file: a camera's orientation does not turn them."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext

DECODE_JS = """async ([text, x, y]) => {
  const { decodeImage } = await import('/web/transfer/decode/images.js');
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const image = await decodeImage(bytes, 1 << 20, 0, (blob, options) => createImageBitmap(blob, options));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return [image.width, image.height, ...context.getImageData(x, y, 1, 1).data];
}"""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_with_exif_is_not_turned(context: BrowserContext, origin: str, kind: str) -> None:
    picture = Image.new("RGB", (32, 16), (0, 0, 255))
    picture.paste((255, 0, 0), (0, 0, 8, 8))
    exif = Image.Exif()
    exif[274] = 6  # turn by 90 degrees
    file = io.BytesIO()
    picture.save(file, kind, exif=exif, quality=95)
    page = context.new_page()
    page.goto(f"{origin}/tests/browser/pages/")
    width, height, red, _, blue, _ = page.evaluate(DECODE_JS, [base64.b64encode(file.getvalue()).decode(), 2, 2])
    assert (width, height) == (32, 16)
    assert red > 200 and blue < 60


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png16(width: int, height: int, color: tuple[int, int, int]) -> bytes:
    """16 bits a channel, which PIL does not write."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + struct.pack(">HHH", *(257 * c for c in color)) * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def test_every_kind_of_file_is_what_it_shows(context: BrowserContext, origin: str) -> None:
    red, gray = Image.new("RGB", (7, 5), (200, 40, 20)), Image.new("L", (7, 5), 90)
    indexed = Image.new("P", (7, 5), 1)
    indexed.putpalette([0, 0, 0, 10, 220, 30])
    files: dict[str, tuple[bytes, tuple[int, ...], int]] = {  # and what it shows, and how near
        "gray PNG": (saved(gray, "PNG"), (90, 90, 90, 255), 1),
        "gray and alpha PNG": (saved(Image.new("LA", (7, 5), (90, 255)), "PNG"), (90, 90, 90, 255), 1),
        "16-bit PNG": (png16(7, 5, (200, 40, 20)), (200, 40, 20, 255), 1),
        "indexed PNG": (saved(indexed, "PNG"), (10, 220, 30, 255), 1),
        "indexed PNG with a clear colour": (saved(indexed, "PNG", transparency=0), (10, 220, 30, 255), 1),
        "one pixel": (saved(red.crop((0, 0, 1, 1)), "PNG"), (200, 40, 20, 255), 1),
        "gray JPEG": (saved(gray, "JPEG", quality=95), (90, 90, 90, 255), 4),
        "progressive JPEG": (saved(red, "JPEG", quality=95, progressive=True), (200, 40, 20, 255), 8),
        "CMYK JPEG": (saved(red.convert("CMYK"), "JPEG", quality=95), (200, 40, 20, 255), 24),
        "WebP": (saved(red, "WEBP", lossless=True), (200, 40, 20, 255), 1),
    }
    page = context.new_page()
    page.goto(f"{origin}/tests/browser/pages/")
    for name, (data, shown, near) in files.items():
        side = (1, 1) if name == "one pixel" else (7, 5)
        width, height, *found = page.evaluate(DECODE_JS, [base64.b64encode(data).decode(), side[0] // 2, side[1] // 2])
        assert (width, height) == side, name
        assert np.abs(np.subtract(found, shown)).max() <= near, (name, found)
