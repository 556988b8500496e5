"""What runs the examples of the site: an export's runtime, page scripts and kernels, once for all of them, in play/.

Owns: that folder. Each example is a folder of play/app with a manifest of its own; run.html, the page of every export
with run.js for its script, takes its name and text.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from layerw_server import runtime
from layerw_server.http.manifest import build_manifest
from layerw_server.http.web import web_folder
from layerw_server.runtime import slim
from layerw_server.tools.export import ExportOptions, export_app
from layerw_server.tools.program_files import copy_program

from .catalog import Example

PAGES = Path(__file__).parent / "pages"
START = "import layerw as lw\n\napp = lw.App()\n"
NOT_HERE = ("index.html", "sw.js", "app.webmanifest", "layerw-export.json", "_headers", "app/main.py",
            "app/manifest.json")
Say = Callable[[str, float], None]


def write(target: Path, examples: Iterable[Example], say: Say, *, whole: bool = False) -> None:
    """Write play/ into the folder of a site; `whole` as in build.build."""
    ready = runtime.ensure(say)
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        (stage / "main.py").write_text(START, "utf-8")
        for example in examples:
            copy_program(example.program, stage / example.name, everything=False, folders={}, skipped=())
            listed = build_manifest(stage / example.name / example.program.name, engine="wheel")
            (stage / example.name / "manifest.json").write_bytes(listed)
        export_app(stage / "main.py", target / "play", runtime=ready, web=web_folder(), progress=say,
                   options=ExportOptions(everything=True, parts=None if whole else slim.ensure(ready, say)))
    for name in NOT_HERE:
        for path in (target / "play").glob(f"{name}*"):
            path.unlink()
    shutil.copyfile(PAGES / "run.js", target / "play" / "run.js")
    page = (web_folder() / "index.html").read_text("utf-8")
    (target / "play" / "run.html").write_text(page.replace("web/page/index.js", "run.js"), "utf-8")
