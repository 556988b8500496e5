"""Texels are what the file stores: a camera's orientation does not turn them."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext

DECODE_JS = """async (text) => {
  const { decodeImage } = await import('/web/transfer/decode/images.js');
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const image = await decodeImage(bytes, 1 << 20, 0, (blob, options) => createImageBitmap(blob, options));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return [image.width, image.height, ...context.getImageData(2, 2, 1, 1).data];
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
    width, height, red, _, blue, _ = page.evaluate(DECODE_JS, base64.b64encode(file.getvalue()).decode())
    assert (width, height) == (32, 16)
    assert red > 200 and blue < 60
