"""A picture of each example, taken by `layerw shot --host native`: no browser, no network.

Owns: .make/posters, where a picture stays until its example changes (delete the folder after a change of the engine).
"""

from __future__ import annotations

import io
import subprocess
import sys

from PIL import Image

from .catalog import ROOT, Example

KEPT = ROOT / ".make" / "posters"
SIZE = (640, 360)
QUALITY = 82
SECONDS_MAX = 300


class PosterError(Exception):
    """An example gave no picture; the text says what it said."""


def poster(example: Example) -> bytes:
    """Its picture as WebP, SIZE pixels.

    Raises:
        PosterError: the example logged an error, or drew nothing.
    """
    kept = KEPT / f"{example.name}-{example.digest()}.webp"
    if not kept.is_file():
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob(f"{example.name}-*.webp"):
            old.unlink()
        kept.write_bytes(_webp(_shot(example)))
    return kept.read_bytes()


def plain() -> bytes:
    """In place of one: a dark area."""
    with io.BytesIO() as out:
        Image.new("RGB", (16, 9), "#10141a").save(out, "WEBP")
        return out.getvalue()


def _shot(example: Example) -> bytes:
    out = KEPT / f".{example.name}.png"
    size = f"{SIZE[0] * 3 // 2}x{SIZE[1] * 3 // 2}"
    command = [sys.executable, "-m", "layerw_server", "shot", example.folder or example.program, "--host", "native",
               "--out", out, "--size", size, "--frames", str(example.frames),
               "--timeout-s", str(SECONDS_MAX), *(["--settled"] if ".stream(" in example.source else [])]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * SECONDS_MAX, check=False)
    if done.returncode != 0 or not out.is_file():
        raise PosterError(f"The example {example.name} gave no picture: {(done.stderr or done.stdout).strip()[-600:]}")
    png = out.read_bytes()
    out.unlink()
    return png


def _webp(png: bytes) -> bytes:
    """Smaller than it was drawn: edges are smooth."""
    with Image.open(io.BytesIO(png)) as picture, io.BytesIO() as out:
        picture.convert("RGB").resize(SIZE, Image.Resampling.BOX).save(out, "WEBP", quality=QUALITY, method=6)
        return out.getvalue()
