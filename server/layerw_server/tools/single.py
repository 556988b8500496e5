"""`layerw export --single`: the whole export in one HTML file, which needs no server at all.

Owns: the file, and the modules' addresses in it; web/offline/single.js reads it in the browser.
Limits: SINGLE_BYTES_MAX; a browser takes such a file into memory as text. Chromium starts no module worker for a page
from the disk, and models, pictures and worlds are taken apart by workers: a program with such files is refused.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import posixpath
import re
from pathlib import Path

from .offline import MANIFEST, SERVICE_WORKER
from .packing import FORMS

SINGLE_BYTES_MAX = 64 << 20
BASE = "https://single.layerw.invalid/"
# Kinds that a worker takes apart.
DECODED = (".glb", ".gltf", ".png", ".jpg", ".jpeg", ".webp", ".avif", ".ktx2", ".hdr", ".exr", ".b3dm", ".i3dm",
           ".pnts", ".cmpt", ".subtree", ".spz", ".ply")
_LEFT_OUT = (SERVICE_WORKER, MANIFEST, "_headers", "layerw-export.json", "index.html", "web/offline/worker.js")
_STATIC = re.compile(r"(\bfrom\s*|\bimport\s*\(?\s*)'(\.[^']+)'")


class SingleError(Exception):
    """The file can't be made; the text says why and what to do."""


def write_single(folder: Path, out: Path) -> int:
    """Put an export into one file; returns its bytes.

    Raises:
        SingleError: the program has files that a worker takes apart, or it would be larger than SINGLE_BYTES_MAX.
    """
    decoded = [path.name for path in sorted((folder / "app").rglob("*")) if path.suffix.lower() in DECODED]
    if decoded:
        raise SingleError(f"{decoded[0]}{f' and {len(decoded) - 1} more' if len(decoded) > 1 else ''} would not be "
                          "shown: workers take models, pictures and worlds apart, which a page from the disk can't "
                          "start. Without --single it is a folder, which any host plays.")
    index: list[tuple[str, int]] = []
    parts: list[bytes] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name in _LEFT_OUT or name.endswith(FORMS):
            continue
        data = path.read_bytes()
        if name.startswith("web/") and name.endswith(".js"):
            data = addressed(data.decode("utf-8"), name).encode("utf-8")
        index.append((name, len(data)))
        parts.append(data)
    head = json.dumps(index).encode("utf-8")
    packed = base64.b64encode(gzip.compress(len(head).to_bytes(4, "little") + head + b"".join(parts), 9, mtime=0))
    if len(packed) > SINGLE_BYTES_MAX:
        largest = sorted(index, key=lambda one: -one[1])[:3]
        names = ", ".join(f"{name} ({size / 1e6:.1f} MB)" for name, size in largest)
        raise SingleError(f"The file would have {len(packed) / 1e6:.0f} MB; --single goes up to "
                          f"{SINGLE_BYTES_MAX / 1e6:.0f} MB. The largest: {names}. Without --single it is a folder.")
    text = _page(folder, packed)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(text)
    return len(text)


def addressed(text: str, name: str) -> str:
    """A module whose relative imports, and its own address, are below BASE."""
    folder = posixpath.dirname(name)
    text = _STATIC.sub(lambda found: f"{found[1]}'{BASE}{posixpath.normpath(posixpath.join(folder, found[2]))}'", text)
    return text.replace("import.meta.url", json.dumps(BASE + name))


def _page(folder: Path, packed: bytes) -> bytes:
    index = (folder / "index.html").read_text("utf-8")
    title = re.search(r"<title>(.*?)</title>", index)
    body = re.search(r"<body([^>]*)>", index)
    attributes = "" if body is None else body[1].replace(' data-offline=""', "")
    poster = re.search(r'data-poster="([^"]+)"', attributes)
    if poster is not None:
        picture = folder / html.unescape(poster[1])
        kind = {".svg": "svg+xml", ".jpg": "jpeg"}.get(picture.suffix, picture.suffix[1:])
        data = base64.b64encode(picture.read_bytes()).decode("ascii")
        attributes = attributes.replace(poster[0], f'data-poster="data:image/{kind};base64,{data}"')
    style = (folder / "web/page/index.css").read_text("utf-8")
    script = (folder / "web/offline/single.js").read_text("utf-8").replace("</script", "<\\/script")
    head = (f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title[1] if title else 'layerw'}</title>\n<style>{style}</style>\n"
            f'<body{attributes} data-thread="main">\n<p id="layerw-loading">Unpacking</p>\n'
            f'<script type="text/plain" id="layerw-files">')
    return b"".join([head.encode("utf-8"), packed, b"</script>\n<script type=\"module\">\n", script.encode("utf-8"),
                     b"</script>\n</body>\n</html>\n"])
