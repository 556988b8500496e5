"""Makes a built site hold under `default-src 'self'`: scripts in pages and pictures in style sheets become files.

The policy itself stands in each page, for hosts that send no headers.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from urllib.parse import unquote

POLICY = ("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
          "media-src 'self' data: blob:; worker-src 'self' blob:; base-uri 'self'; "
          "form-action 'none'; object-src 'none'")
_PICTURE = re.compile(r"""url\((["']?)data:image/svg\+xml;charset=utf-8,(.*?</svg>)\1\)""")
META = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def make_strict(site: Path) -> int:
    """Rewrite the pages and style sheets of a site; returns how many files came of them."""
    made: dict[str, str] = {}
    for page in sorted(site.rglob("*.html")):
        if "play" in page.relative_to(site).parts:
            continue
        base = os.path.relpath(site, page.parent).replace(os.sep, "/")
        text = page.read_text("utf-8")
        text = _INLINE.sub(lambda found, base=base: _script(base, _kept(made, found[1], "js")), text)
        text = _STYLE.sub(lambda found, base=base: _sheet(base, _kept(made, found[1], "css")), text)
        text = re.sub(r"(<meta charset=\"?utf-8\"?>)", rf"\1{META}", text, count=1)
        page.write_text(text, "utf-8")
    for sheet in sorted(site.rglob("*.css")):
        base = os.path.relpath(site, sheet.parent).replace(os.sep, "/")
        text = _PICTURE.sub(lambda found, base=base: f'url("{base}/{_kept(made, unquote(found[2]), "svg")}")',
                            sheet.read_text("utf-8"))  # fmt: skip
        sheet.write_text(text, "utf-8")
    for name, content in made.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(content, "utf-8")
    return len(made)


def _script(base: str, name: str) -> str:
    return f'<script src="{base}/{name}"></script>'


def _sheet(base: str, name: str) -> str:
    return f'<link rel="stylesheet" href="{base}/{name}">'


def _kept(made: dict[str, str], text: str, kind: str) -> str:
    name = f"assets/inline/{hashlib.sha256(text.encode()).hexdigest()[:16]}.{kind}"
    made[name] = text
    return name
