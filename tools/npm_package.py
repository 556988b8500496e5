"""`make npm-package`: <layer-w> for npm, two packages in dist/npm: layerw, and @layerw/runtime with Pyodide and numpy.

Owns: what is in them; custom-elements.json, which is made from the tables of docs/element.md. Does not: publish.
The folders are those of an export, so that a page of npm and an exported one run the same files.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from layerw_server import __version__, runtime
from layerw_server.http.web import web_folder
from layerw_server.tools.export import export_app

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "npm"
# An address of a model: so that the export brings the decoders too.
PROGRAM = 'import layerw as lw\napp = lw.App()\nMODEL = "https://example.org/any.glb"\n'
COMMON = {"version": __version__, "license": "MIT", "type": "module"}
PLAYER: dict[str, Any] = COMMON | {
    "name": "layerw",
    "description": "<layer-w>: games and applications in Python, on any page",
    "keywords": ["custom-element", "python", "pyodide", "webgpu", "webgl2", "3d"],
    "exports": {
        ".": {"types": "./index.d.ts", "default": "./index.js"},
        "./define": {"types": "./define.d.ts", "default": "./define.js"},
        "./vite": {"types": "./vite.d.ts", "default": "./vite.js"},
        "./react": {"types": "./react.d.ts", "default": "./react.js"},
        "./custom-elements.json": "./custom-elements.json",
        "./package.json": "./package.json",
        "./web/*": "./web/*",
    },
    "types": "./index.d.ts",
    "customElements": "custom-elements.json",
    "sideEffects": ["./index.js", "./web/**/*.js"],
    "bin": {"layerw": "cli.js"},
    "dependencies": {"@layerw/runtime": __version__},
    "engines": {"node": ">=20"},
}
RUNTIME: dict[str, Any] = COMMON | {
    "name": "@layerw/runtime",
    "description": "Pyodide, numpy and the engine, as layerw's pages load them",
    "license": "MIT AND MPL-2.0 AND PSF-2.0 AND BSD-3-Clause AND Apache-2.0",
    "exports": {"./package.json": "./package.json", "./files/*": "./files/*"},
}


class PackageError(Exception):
    """The packages can't be made; the text says why."""


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table whose head begins so, in docs/element.md."""
    after = text.partition(f"\n| {heading} |")[2]
    if not after:
        raise PackageError(f"docs/element.md has no table of {heading!r} any more; mend {Path(__file__).name}.")
    found = []
    for line in after.splitlines()[2:]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))])
    return found


def names(cell: str) -> list[str]:
    """`frames`, `settled` -> ["frames", "settled"]; `send(name, value)` -> ["send"]."""
    return [code.partition("(")[0] for code in re.findall(r"`([^`]+)`", cell)]


def custom_elements(text: str) -> dict[str, Any]:
    """custom-elements.json (schema 1.0.0), from docs/element.md."""
    attributes, members = [], []
    for cell, values, says in rows(text, "attribute"):
        default = re.search(r"\*\*`([^`]+)`\*\*", values)
        choices = re.findall(r"`([^`]+)`", values) if default else []
        for name in names(cell):
            kind = " | ".join(f"'{one}'" for one in choices) or "string"
            attributes.append({"name": name, "fieldName": name, "description": says, "type": {"text": kind},
                               **({"default": default[1]} if default else {})})  # fmt: skip
    for cell, says in rows(text, "property, method"):
        for code in re.findall(r"`([^`]+)`", cell):
            kind = "method" if "(" in code else "field"
            members.append({"kind": kind, "name": code.partition("(")[0], "description": says})
    events = [{"name": names(cell)[0], "type": {"text": "CustomEvent"}, "description": says}
              for cell, says in rows(text, "event")]  # fmt: skip
    parts = [{"name": name, "description": says} for cell, says in rows(text, "part") for name in names(cell)]
    declaration = {
        "kind": "class", "name": "LayerW", "tagName": "layer-w", "customElement": True,
        "superclass": {"name": "HTMLElement"}, "description": "Runs a program in Python in its box on the page.",
        "attributes": attributes, "members": members, "events": events, "cssParts": parts,
    }  # fmt: skip
    own = {"name": "LayerW", "module": "web/layer-w.js"}
    exports = [{"kind": "js", "name": "LayerW", "declaration": own},
               {"kind": "custom-element-definition", "name": "layer-w", "declaration": own}]  # fmt: skip
    module = {"kind": "javascript-module", "path": "web/layer-w.js", "declarations": [declaration], "exports": exports}
    return {"schemaVersion": "1.0.0", "modules": [module]}


def make(out: Path, runtime_folder: Path) -> None:
    """Write both packages below `out`, which is replaced."""
    shutil.rmtree(out, ignore_errors=True)
    player, files = out / "layerw", out / "runtime"
    shutil.copytree(SOURCES, player)
    (player / "react.js").write_text("// Types only: react.d.ts.\nexport {};\n")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "app", "main.py")
        program.parent.mkdir()
        program.write_text(PROGRAM)
        site = Path(folder, "site")
        export_app(program, site, runtime=runtime_folder, web=web_folder())
        for name in ("web", "kernels"):
            shutil.copytree(site / name, player / name, ignore=shutil.ignore_patterns("*.br", "*.gz"))
        # Those of the runtime stay: its page inflates them where a host sends them as they are.
        shutil.copytree(site / "runtime", files / "files", ignore=shutil.ignore_patterns("*.br"))
    for package, document in ((player, PLAYER), (files, RUNTIME)):
        (package / "package.json").write_text(json.dumps(document, indent=2) + "\n")
        for name in ("LICENSE", "THIRD_PARTY.md"):
            shutil.copy(ROOT / name, package / name)
    (files / "README.md").write_text("# @layerw/runtime\n\nWhat pages of layerw load: Pyodide, numpy, the engine.\n")
    manifest = custom_elements((ROOT / "docs/element.md").read_text("utf-8"))
    (player / "custom-elements.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Make them, and the files that `npm publish` takes."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist/npm").absolute()
    make(out, runtime.ensure())
    for package in ("layerw", "runtime"):
        command = [ROOT / "tools/npm.sh", "pack", out / package, "--pack-destination", out]
        subprocess.run([str(part) for part in command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    for path in sorted(out.glob("*.tgz")):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    try:
        main()
    except PackageError as error:
        sys.exit(f"error: {error}")
