"""The encoders of the extra `layerw[bake]`: Basis Universal (KTX2) and meshoptimizer.

Owns: whether they are here, what is said where they are not, and their options.
Limits: each call runs on one thread; the same input gives the same bytes.
Source: KHR_texture_basisu; EXT_meshopt_compression (streams of version 0, which every decoder reads).
"""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake.errors import BakeError

TEXTURES = ("jpeg", "etc1s", "uastc")
KTX2 = ("etc1s", "uastc")
REPAIR = "pip install 'layerw[bake]'"
QUICK_TEXELS, POLL_S = 512 * 512, 0.1
_ETC1S_EFFORT, _UASTC_EFFORT, _ZSTD_LEVEL = 2, 2, 9


def has_ktx2() -> bool:
    """Whether images can become KTX2."""
    return importlib.util.find_spec("alktx2") is not None


def has_meshopt() -> bool:
    """Whether meshes can be simplified and packed."""
    return importlib.util.find_spec("meshoptimizer") is not None


def need_ktx2(what: str) -> None:
    """Refuse what can't be done without the encoder."""
    if not has_ktx2():
        raise BakeError(f"{what} needs the encoder alktx2, which is not installed: {REPAIR}.")


def need_meshopt(what: str) -> None:
    """Refuse what can't be done without meshoptimizer."""
    if not has_meshopt():
        raise BakeError(f"{what} needs meshoptimizer, which is not installed: {REPAIR}.")


def ktx2(
    pixels: npt.NDArray[np.uint8], kind: str, *, quality: int = 80, is_colour: bool = True, wraps: bool = False,
) -> bytes:
    """A KTX2 file with all mip levels.

    Args:
        pixels: (h, w, 3) or (h, w, 4) uint8.
        kind: "etc1s" (small) or "uastc" (good).
        quality: 1 to 100.
        is_colour: sRGB; else numbers, such as normals.
        wraps: whether the smaller levels are made as of a picture that repeats.
    """
    import alktx2

    height, width, channels = pixels.shape
    has_alpha = channels == 4
    rgba = pixels if has_alpha else np.dstack([pixels, np.full((height, width), 255, np.uint8)])
    more: dict[str, Any] = ({"effort": _ETC1S_EFFORT} if kind == "etc1s" else
                            {"effort": _UASTC_EFFORT, "zstd_supercompression_level": _ZSTD_LEVEL})
    more |= {"codec": kind, "quality": quality, "srgb": is_colour, "linear": not is_colour, "mip_wrap": wraps}
    raw = np.ascontiguousarray(rgba).tobytes()

    def encode() -> bytes:
        data: bytes = alktx2.encode_raw_rgba_to_ktx2(raw, width, height, has_alpha, mipmaps=True, threads=1, **more)
        return data

    return encode() if width * height <= QUICK_TEXELS else _interruptible(encode)


def _interruptible(encode: Callable[[], bytes]) -> bytes:
    """Run it on a thread that ends with the process: a large image takes minutes, and Ctrl-C is heard meanwhile."""
    made: list[bytes] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            made.append(encode())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(POLL_S)
    if failed:
        raise failed[0]
    return made[0]


def pack_vertices(rows: bytes, stride: int) -> bytes:
    """A vertex buffer of `stride` bytes a vertex (a multiple of 4), packed."""
    pack = meshopt()
    words = np.frombuffer(rows, np.uint32).reshape(-1, stride // 4)
    packed: bytes = pack.encode_vertex_buffer(words, len(words), stride)
    return packed


def pack_triangles(indices: npt.NDArray[Any], vertices: int) -> bytes:
    """Triangles packed; their corners may turn, their winding stays."""
    packed: bytes = meshopt().encode_index_buffer(np.ascontiguousarray(indices, np.uint32), len(indices), vertices)
    return packed


@functools.cache
def meshopt() -> Any:
    """The library, told to write streams that every decoder reads."""
    import meshoptimizer

    meshoptimizer.encode_vertex_version(0)
    meshoptimizer.encode_index_version(1)
    return meshoptimizer
