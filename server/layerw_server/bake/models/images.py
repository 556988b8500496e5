"""The images of a model: decoded, made no larger than asked, encoded as KTX2, or kept as they are.

Owns: which are colours and which numbers (normals, roughness), by what materials use them for.
Does not: change what it has no encoder for: PNG and JPEG stay, with a note.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from layerw_server.bake import codecs
from layerw_server.bake.models.gltf import Gltf, Json, file_bytes
from layerw_server.bake.sources.raster import BROKEN

SIDE_MAX = 16_384
FORMAT = 1  # of what is kept between bakes; raise it with the encoder
KTX2_MAGIC = b"\xabKTX 20\xbb\r\n\x1a\n"
COLOUR_SLOTS = ("baseColorTexture", "emissiveTexture", "diffuseTexture", "specularGlossinessTexture",
                "sheenColorTexture", "specularColorTexture")
KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp", b"\xabKTX": "image/ktx2"}


@dataclass(frozen=True)
class Made:
    """An image's bytes now."""

    data: bytes
    mime: str


def image_bytes(file: Gltf, number: int) -> bytes:
    """What an image holds, in its file's format."""
    image = file.item("images", number)
    if "bufferView" in image:
        return file.view(image["bufferView"])
    return file_bytes(file, image.get("uri"), f"images[{number}]")


def source_of(texture: Json) -> Any:
    """The image that a texture shows; that of an extension first."""
    extensions = texture.get("extensions")
    for name in ("KHR_texture_basisu", "EXT_texture_webp", "EXT_texture_avif"):
        held = extensions.get(name) if isinstance(extensions, dict) else None
        if isinstance(held, dict) and "source" in held:
            return held["source"]
    return texture.get("source")


def uses(file: Gltf) -> dict[int, set[str]]:
    """The slots of materials that each image is in, such as "normalTexture"."""
    found: dict[int, set[str]] = {}
    textures = file.list("textures")

    def walk(value: Any, slot: str) -> None:
        if isinstance(value, dict):
            index = value.get("index")
            if slot.endswith("Texture") and isinstance(index, int) and 0 <= index < len(textures):
                source = source_of(textures[index])
                if isinstance(source, int):
                    found.setdefault(source, set()).add(slot)
            for name, inner in value.items():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, slot)

    walk(file.list("materials"), "")
    return found


def make(
    file: Gltf, number: int, slots: set[str], kind: str, quality: int, side_max: int, halvings: int = 0,
    kept: Path | None = None,
) -> tuple[Made, str]:
    """An image and a note about it ("" for none); `halvings` of its sides are for coarser levels. kept: a folder of
    those that were encoded before."""
    data = image_bytes(file, number)
    mime = next((name for mark, name in KINDS.items() if data.startswith(mark)), "")
    if mime == "image/ktx2" or kind == "keep":
        return Made(data, mime or "image/png"), ""
    try:
        pixels = decode(data, side_max, halvings)
    except BROKEN as error:
        return Made(data, mime or "image/png"), (f"images[{number}] of {file.path.name} can't be read and stays as it "
                                                 f"is ({str(error)[:60]})")
    is_colour = bool(slots & set(COLOUR_SLOTS)) or not slots
    if kind == "jpeg":
        return _small(pixels, data, mime, quality, 0 if halvings else side_max, is_colour), ""
    best = "uastc" if "normalTexture" in slots or "clearcoatNormalTexture" in slots else kind
    return Made(_encoded(pixels, best, quality, is_colour, kept), "image/ktx2"), ""


def _encoded(pixels: Any, kind: str, quality: int, is_colour: bool, kept: Path | None) -> bytes:
    """As KTX2; as a stopped bake encoded the same texels already, if one did."""
    if kept is None:
        return codecs.ktx2(pixels, kind, quality=quality, is_colour=is_colour, wraps=True)
    asked = f"{FORMAT} {pixels.shape} {kind} {quality} {is_colour}".encode()
    path = kept / hashlib.blake2b(asked + pixels.tobytes(), digest_size=20).hexdigest()
    with contextlib.suppress(OSError):
        return path.read_bytes()
    made = codecs.ktx2(pixels, kind, quality=quality, is_colour=is_colour, wraps=True)
    part = path.with_suffix(".part")
    part.write_bytes(made)
    part.rename(path)  # whole or not at all
    return made


def decode(data: bytes, side_max: int, halvings: int = 0) -> Any:
    """(h, w, 3 or 4) uint8, no side above `side_max` before it is halved, both multiples of 4."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            if max(image.size) > SIDE_MAX:
                raise ValueError(f"{image.size[0]} x {image.size[1]} pixels")
            has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
            shown = image.convert("RGBA" if has_alpha else "RGB")
    shrink = min(1.0, side_max / max(shown.size)) / 2**halvings
    width, height = (max(4, 4 * round(side * shrink / 4)) for side in shown.size)
    if (width, height) != shown.size:
        shown = shown.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(shown)


def _small(pixels: Any, data: bytes, mime: str, quality: int, side_max: int, is_colour: bool) -> Made:
    """JPEG where that loses nothing that matters, else what it was."""
    with Image.open(io.BytesIO(data)) as image:
        fits = max(image.size) <= side_max
    if pixels.shape[2] == 4 or not is_colour:
        if fits and mime in ("image/png", "image/jpeg"):
            return Made(data, mime)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG")
        return Made(stream.getvalue(), "image/png")
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling=0)
    made = stream.getvalue()
    return Made(data, mime) if fits and mime == "image/jpeg" and len(data) < len(made) else Made(made, "image/jpeg")
