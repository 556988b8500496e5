"""Decodes images of files with Pillow: the twin of web/transfer/decode/images.js.

Owns: that texels stay as they are in the file: no colour profile, no turning by Exif, alpha not multiplied. Limits:
sizes are checked before (file_transfers.py).
"""

from __future__ import annotations

import io

from layerw.hosts.containers import FormatError


def decode_image(data: bytes, width: int, height: int) -> bytes:
    """RGBA8, scaled to this size where it is another. Raises FormatError."""
    try:
        from PIL import Image
    except ImportError as error:
        raise FormatError(f"An image can't be decoded without Pillow ({error}); pip install pillow.") from error
    try:
        with Image.open(io.BytesIO(data)) as image:
            plain = image.convert("RGBA")
            if plain.size != (width, height):
                plain = plain.resize((width, height), Image.Resampling.LANCZOS)
            return plain.tobytes()
    except Exception as error:  # of decoders, without a common base
        raise FormatError(f"Pillow could not decode an image of {len(data)} bytes: {error}.") from error
