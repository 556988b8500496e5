"""What makes an export installable and a second visit need no network: sw.js, the web manifest, the poster.

Owns: these three files and what index.html says of them. web/offline/worker.js does the work in the browser.
Limits: PRECACHE_BYTES of the program's own files are kept before they are used, the smallest first; the page, Python
and the engine always; the rest when it is first used.
"""

from __future__ import annotations

import ast
import hashlib
import html
import json
from pathlib import Path

from .packing import FORMS

SERVICE_WORKER = "sw.js"
MANIFEST = "app.webmanifest"
PRECACHE_BYTES = 64 << 20
POSTER_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".svg")
COLOR = "#10141a"  # of the element before the first frame
_NOT_SERVED = frozenset({"_headers", "layerw-export.json", SERVICE_WORKER})


def title_of(program: Path) -> str:
    """The title that a program gives its App in so many words, else its name."""
    try:
        tree = ast.parse(program.read_bytes())
    except (SyntaxError, ValueError):
        return program.stem
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "App":
            for word in node.keywords:
                if word.arg == "title" and isinstance(word.value, ast.Constant) and isinstance(word.value.value, str):
                    return word.value.value
    return program.stem if program.stem != "main" else program.resolve().parent.name


def write_manifest(part: Path, title: str, poster: str) -> None:
    """Write the web manifest, and name it and the title in index.html."""
    icons = [{"src": "web/page/icon.svg", "sizes": "any", "type": "image/svg+xml"}]
    document = {"name": title, "short_name": title[:12], "id": "./", "start_url": "./", "scope": "./", "icons": icons,
                "display": "standalone", "background_color": COLOR, "theme_color": COLOR}
    (part / MANIFEST).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    index = part / "index.html"
    head = (f'<title>{html.escape(title)}</title>\n<link rel="manifest" href="{MANIFEST}">\n'
            f'<meta name="theme-color" content="{COLOR}">')
    if poster:
        head += f'\n<link rel="preload" as="image" href="{html.escape(poster)}">'
    index.write_text(index.read_text("utf-8").replace("<title>layerw</title>", head, 1), "utf-8")


def write_service_worker(part: Path, digests: dict[str, str]) -> str:
    """Write sw.js; returns the export's version, a sum over all its files.

    Args:
        digests: SHA-256 of every file of the export, by its relative path.
    """
    forms = {name for name in digests if name.endswith(FORMS) and name.rpartition(".")[0] in digests}
    names = [name for name in digests if name not in forms and name not in _NOT_SERVED]
    sizes = {name: (part / name).stat().st_size for name in names}
    early, left = set[str](), PRECACHE_BYTES
    for name in sorted(names, key=lambda name: sizes[name]):
        left -= sizes[name] if name.startswith("app/") else 0
        if left >= 0 or not name.startswith("app/"):
            early.add(name)
    files = {name: [sizes[name], digests[name], int(f"{name}.gz" in forms), int(name in early)] for name in names}
    version = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]
    text = json.dumps({"version": version, "files": files}, ensure_ascii=True)
    (part / SERVICE_WORKER).write_text(
        "// Written by layerw export: what web/offline/worker.js keeps. Delete it and the page is not kept any more.\n"
        f"self.LAYERW_EXPORT = {text};\nimportScripts('web/offline/worker.js');\n", "utf-8")
    return version
