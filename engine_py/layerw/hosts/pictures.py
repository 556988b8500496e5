"""Decodes images of files with Pillow, and KTX2 with alktx2's Basis: the twin of web/transfer/decode/images.js.

Owns: that texels stay as they are in the file: no colour profile, no turning by Exif, alpha not multiplied; and that
Pillow opens nothing but what containers.py reads the size of, and nothing larger than that. Limits: sizes and headers
are checked before (file_transfers.py, ktx2.py); of KTX2 plain texels only: alktx2 gives no blocks.
"""

from __future__ import annotations

import io

import numpy as np

from layerw.hosts.containers import FormatError

_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF")  # Pillow has others, one of which starts Ghostscript


def decode_image(data: bytes, full: tuple[int, int], width: int, height: int) -> bytes:
    """RGBA8, scaled to this size where it is another. full: what its header says. Raises FormatError."""
    try:
        from PIL import Image
    except ImportError as error:
        raise FormatError(f"An image can't be decoded without Pillow ({error}); pip install pillow.") from error
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > full[0] * full[1]:
                raise FormatError(f"it has {image.size} texels, but its header says {full}")
            # Of grey with 16 bits Pillow would cut off what is above 255, not what a page does: the low bytes.
            grey = image.mode.startswith("I")
            plain = (Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)) if grey else image).convert("RGBA")
            if plain.size != (width, height):
                plain = plain.resize((width, height), Image.Resampling.LANCZOS)
            return plain.tobytes()
    except Exception as error:  # of decoders, without a common base
        raise FormatError(f"Pillow could not decode an image of {len(data)} bytes: {error}.") from error


def decode_ktx2(data: bytes, level: int, width: int, height: int) -> bytes:
    """RGBA8 of a level of Basis, which has this size. Raises FormatError."""
    try:
        from alktx2 import decode_ktx2_to_bytes
        from PIL import Image
    except ImportError as error:
        raise FormatError(f"A KTX2 texture can't be decoded without alktx2 and Pillow ({error}); "
                          "pip install 'layerw[bake]'.") from error  # fmt: skip
    try:
        packed, _ = decode_ktx2_to_bytes(data, format="tga", level=level)  # the one that costs no packing
        with Image.open(io.BytesIO(packed), formats=("TGA",)) as image:
            blocks = 4 * -(-width // 4), 4 * -(-height // 4)
            if image.size not in (blocks, (width, height)):  # its texels are those of whole blocks
                raise FormatError(f"Basis made {image.size} texels of it, not {(width, height)}")
            return image.convert("RGBA").crop((0, 0, width, height)).tobytes()
    except Exception as error:  # of decoders, without a common base
        raise FormatError(f"Level {level} of the KTX2 file of {len(data)} bytes ({width} x {height} texels) is "
                          f"damaged: {error}.") from error  # fmt: skip
