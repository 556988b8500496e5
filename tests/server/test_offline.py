"""What an export says of itself to browsers: sw.js, the web manifest, the title, the poster."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from layerw_server.tools import offline
from layerw_server.tools.export import MARKER, ExportError, ExportOptions, export_app
from layerw_server.tools.replace import sums

from .test_export import ready

__all__ = ["ready"]


def _listed(folder: Path) -> tuple[str, dict[str, list[object]]]:
    found = re.search(r"(?m)^self\.LAYERW_EXPORT = (.*);$", (folder / "sw.js").read_text())
    assert found
    document = json.loads(found[1])
    return document["version"], document["files"]


def _export(root: Path, **options: object) -> Path:
    export_app(root / "app/hello.py", root / "out", runtime=root / "runtime", web=root / "web",
               options=ExportOptions(**options))  # type: ignore[arg-type]
    return root / "out"


def test_the_service_worker_lists_every_file_with_its_sum(ready: Path) -> None:
    out = _export(ready)
    version, files = _listed(out)
    digests = sums(out)
    assert set(files) == {name for name in digests if not name.endswith((".gz", ".br"))} - {
        "sw.js", "_headers", MARKER}
    for name, (size, digest, gz, early) in files.items():
        assert (size, digest) == ((out / name).stat().st_size, digests[name])
        assert gz == (out / f"{name}.gz").is_file() and early == 1
    assert json.loads((out / MARKER).read_text())["version"] == version


def test_the_version_is_that_of_the_content(ready: Path) -> None:
    first = _listed(_export(ready))[0]
    assert _listed(_export(ready))[0] == first
    (ready / "app/util.py").write_text("VALUE = 2\n")
    assert _listed(_export(ready))[0] != first


def test_large_files_of_the_program_are_kept_when_they_are_used(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "PRECACHE_BYTES", 300)
    (ready / "app/big.bin").write_bytes(b"0" * 301)
    (ready / "app/small.bin").write_bytes(b"0" * 10)
    (ready / "app/hello.py").write_text("open('big.bin'), open('small.bin')\n")
    files = _listed(_export(ready))[1]
    assert [files[f"app/{name}.bin"][3] for name in ("big", "small")] == [0, 1]
    assert files["runtime/python_stdlib.zip"][3] == 1


@pytest.mark.parametrize(("text", "title"), [
    ("import layerw as lw\napp = lw.App(title='Fox & <friends>')", "Fox & <friends>"),
    ("app = lw.App()", "hello"), ("app = lw.App(title=name)", "hello")])
def test_title_and_manifest(ready: Path, text: str, title: str) -> None:
    (ready / "app/hello.py").write_text(text)
    (ready / "web/index.html").write_text("<!doctype html><title>layerw</title><body></body>")
    out = _export(ready, unchecked=True)
    manifest = json.loads((out / "app.webmanifest").read_text())
    assert (manifest["name"], manifest["start_url"], manifest["scope"]) == (title, "./", "./")
    index = (out / "index.html").read_text()
    assert 'rel="manifest" href="app.webmanifest"' in index and "data-offline" in index
    assert "<friends>" not in index


def test_a_program_called_main_has_its_folders_name(tmp_path: Path) -> None:
    program = tmp_path / "river" / "main.py"
    program.parent.mkdir()
    program.write_text("import layerw")
    assert offline.title_of(program) == "river"
    program.write_text("import (")
    assert offline.title_of(program) == "main"


def test_a_poster(ready: Path) -> None:
    (ready / "web/index.html").write_text("<!doctype html><title>layerw</title><body></body>")
    out = _export(ready, poster=(".png", b"PNG"))
    assert (out / "poster.png").read_bytes() == b"PNG"
    index = (out / "index.html").read_text()
    assert 'data-poster="poster.png"' in index and 'rel="preload" as="image" href="poster.png"' in index
    with pytest.raises(ExportError, match=r"The poster is a \.gif; a page shows \.png"):
        _export(ready, poster=(".gif", b""))
