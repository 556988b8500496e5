"""An export in one HTML file: addresses of its modules, what lies in it, and its limit."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from layerw_server.tools import single
from layerw_server.tools.single import SingleError, addressed, write_single


def test_addresses_of_modules() -> None:
    text = """import { a } from './a.js';
import '../b.js';
export { c } from "./kept.js";
export * from '../../d.js';
const e = await import('./e.js');
const f = await import(url);
const g = new URL('./g.bin', import.meta.url);"""
    assert addressed(text, "web/page/x.js") == """import { a } from 'https://single.layerw.invalid/web/page/a.js';
import 'https://single.layerw.invalid/web/b.js';
export { c } from "./kept.js";
export * from 'https://single.layerw.invalid/d.js';
const e = await import('https://single.layerw.invalid/web/page/e.js');
const f = await import(url);
const g = new URL('./g.bin', "https://single.layerw.invalid/web/page/x.js");"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An export's outline."""
    body = '<body data-offline="" data-poster="poster.svg" data-backend="webgl2">'
    texts = {"index.html": "<title>A &amp; B</title>" + body, "web/page/index.css": "body {}",
             "web/offline/single.js": "x = '</script>'",
             "app/main.py": "import layerw", "app/main.py.gz": "zipped", "sw.js": "", "poster.svg": "<svg/>"}
    for name, text in texts.items():
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_text(text)
    return tmp_path / "site"


def test_what_lies_in_the_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "game.html"
    size = write_single(folder, out)
    text = out.read_text()
    assert size == out.stat().st_size
    assert "<title>A &amp; B</title>" in text and "<style>body {}</style>" in text
    assert 'data-backend="webgl2"' in text and 'data-thread="main"' in text and "data-offline" not in text
    assert "data:image/svg+xml;base64," in text
    assert text.count("</script>") == 2
    packed = text.split('id="layerw-files">')[1].split("</script>")[0]
    data = gzip.decompress(base64.b64decode(packed))
    head = int.from_bytes(data[:4], "little")
    index = json.loads(data[4:4 + head])
    assert [name for name, _ in index] == ["app/main.py", "poster.svg", "web/offline/single.js", "web/page/index.css"]
    assert data[4 + head:].startswith(b"import layerw")
    assert len(data) == 4 + head + sum(size for _, size in index)


def test_what_a_page_from_the_disk_cannot_show_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("fox.glb", "sky.HDR"):
        (folder / "app" / name).write_bytes(b"")
    with pytest.raises(SingleError, match=r"fox\.glb and 1 more would not be shown: .* Without --single"):
        write_single(folder, tmp_path / "x.html")


def test_a_file_that_would_be_too_large_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(single, "SINGLE_BYTES_MAX", 100)
    with pytest.raises(SingleError, match=r"--single goes up to .*The largest: .*web/offline/single\.js"):
        write_single(folder, tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


def test_the_engines_own_modules_are_all_addressed() -> None:
    import re

    from layerw_server.http.web import web_folder

    for path in web_folder().rglob("*.js"):
        text = addressed(path.read_text("utf-8"), path.relative_to(web_folder().parent).as_posix())
        text = re.sub(r"(from|import) '" + re.escape(single.BASE), r"\\1 <", text)
        relative = r"(import|export|\}) .*\bfrom ['\"]\.|import ['\"]"
        left = [line for line in text.splitlines() if re.match(relative, line)]
        assert left == [], path
