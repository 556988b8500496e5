"""The documentation holds: every public name is in the reference, every example runs, every limit is still one."""

from __future__ import annotations

import gzip
import inspect
import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.audio.formats import encode_wav
from layerw.base.host_port import Running
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import navigation, rigid
from tests.browser.worlds import small_world
from tests.unit.gltf_support import payload, triangle

from .snippets import DOCS, run_page, snippets

ROOT = DOCS.parent
MODULES = {"assets", "flora"}  # documented as modules
TYPES = {"f32", "f32x2", "f32x3", "f32x4", "f64", "f64x3", "flag", "i32", "u16", "u32", "u8"}  # in one table
NOT_NAMES = {"__version__"} | TYPES
REACHED = ["Ambient", "CameraEffects", "View", "Camera", "Sun", "Sky",
           "Fog", "Clouds", "Weather", "Moon", "Sea", "Wind", "Shadows", "Input", "Drawn",
           "Hit", "GroundHit", "LayerMemory", "Block", "Particles", "ShallowWater", "HeadlessHost", "Query", "Play",
           "AnimationGraph", "Net", "Prediction", "Rewound", "RewoundHit", "Chat", "ChatLine", "Reach", "Look", "Debug",
           "DebugUi", "Actions", "Action", "Axis",
           "Store", "Saves", "Files", "PickedFile", "Clipboard",
           "Ui", "Widget", "Text", "Button", "Control", "Slider", "Checkbox", "Select",
           "List", "Bar", "Image", "Markdown", "Row", "Column", "Grid", "Panel", "Dialog", "At",
           "Voice", "Track", "Audio", "Buses", "Bus", "Zone",
           "Physics", "EntityBody", "Joint", "RigidHit", "Water", "Vehicle", "Ragdoll", "Group",
           "Navigation", "Agents", "NotebookView", "Path", "Walk", "Drape", "Edits"]  # fmt: skip
OPTIONAL = {"physics.md": rigid, "navigation.md": navigation}  # pages about what a build may be without
PRELUDES = {
    "memory.md": "app = lw.App()\nvalues = np.zeros(100, np.float32)",
    "picking.md": "app = lw.App()\nworld = app.stream('worlds/small')\nbox = app.spawn(lw.Mesh.box())\n"
                  "for _ in range(60): app.host.step(app)",
}
PAGES = sorted(path for path in DOCS.rglob("*.md") if "adr" not in path.parts and snippets(path))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program's folder with the files that the pages name."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "models").mkdir()
    document = triangle(uri="box.bin")
    (folder / "models" / "box.bin").write_bytes(payload(document))
    (folder / "models" / "box.glb").write_bytes(glb(document))
    make = [sys.executable, ROOT / "examples" / "fox" / "animal.py", folder / "models" / "animal.glb"]
    subprocess.run(make, check=True)
    for sound in ("ding.wav", "theme.wav"):
        (folder / sound).write_bytes(encode_wav(np.zeros((4800, 1), np.int16), 48_000))
    splat = struct.pack("<3I4B", 0x5053474E, 3, 1, 0, 12, 0, 0) + bytes(9) + b"\x80" * 7 + bytes(4)
    (folder / "scan.spz").write_bytes(gzip.compress(splat))
    (folder / "worlds").mkdir()
    (folder / "worlds" / "small").symlink_to(small_world(tmp_path_factory))
    return folder


def glb(document: dict[str, Any]) -> bytes:
    """A binary glTF of a document with one buffer."""
    import json

    body = payload(document)
    document = {**document, "buffers": [{"byteLength": len(body)}]}
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    size = 12 + 8 + len(text) + 8 + len(body)
    return (b"glTF" + (2).to_bytes(4, "little") + size.to_bytes(4, "little") + len(text).to_bytes(4, "little") + b"JSON"
            + text + len(body).to_bytes(4, "little") + b"BIN\0" + body)  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_examples_run(page: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = OPTIONAL.get(page.name)
    if module is not None and not module.is_built():
        pytest.skip(f"layerw was built without {page.stem}")
    monkeypatch.chdir(root)
    errors = run_page(page, root, PRELUDES.get(page.name, ""))
    assert errors == []


def reference() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted((DOCS / "reference").glob("*.md")))


def documented() -> set[str]:
    return {name.rsplit(".", 1)[-1] for name in re.findall(r"^::: (\S+)", reference(), re.MULTILINE)}


def test_the_reference_names_everything_public() -> None:
    assert (set(lw.__all__) - NOT_NAMES) | set(REACHED) <= documented()
    assert documented() <= set(lw.__all__) | set(REACHED), "what is documented exists"


def test_every_type_of_a_field_is_in_the_table() -> None:
    assert set(re.findall(r"`lw\.(\w+)`", (DOCS / "reference" / "components.md").read_text("utf-8"))) >= TYPES


def public_members(kind: type) -> dict[str, object]:
    shown = (property, classmethod)
    return {name: value for name, value in vars(kind).items() if not name.startswith("_")
            and (inspect.isfunction(value) or isinstance(value, shown))}  # fmt: skip


def classes() -> list[type]:
    found = [getattr(lw, name) for name in lw.__all__ if name not in NOT_NAMES | MODULES]
    for name in re.findall(r"^::: (layerw\.\S+)", reference(), re.MULTILINE):
        module, _, last = name.rpartition(".")
        if last in REACHED:
            found.append(getattr(__import__(module, fromlist=[last]), last))
    return [value for value in found if isinstance(value, type)]


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_every_public_member_says_what_it_is(kind: type) -> None:
    assert (kind.__doc__ or "").strip(), kind
    for name, value in public_members(kind).items():
        is_set_only = isinstance(value, property) and value.fget is None
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        text = inspect.getdoc(value if is_set_only else function) or ""
        assert text, f"{kind.__name__}.{name} has no docstring"
        if is_set_only:
            continue
        named = [p.name for p in inspect.signature(function).parameters.values()][1:]  # type: ignore[arg-type]
        if len(named) > 3:
            said = text + (inspect.getdoc(kind) or "")
            missing = [parameter for parameter in named if parameter not in said]
            assert not missing, f"{kind.__name__}.{name} does not say what {missing} are"


def limits() -> list[tuple[str, str]]:
    rows = re.findall(r"^\| ([^|]+) \| `([^`]+)` \|", (DOCS / "limits.md").read_text("utf-8"), re.MULTILINE)
    return [(what.strip(), code) for what, code in rows]


@pytest.mark.parametrize(("what", "code"), limits())
def test_what_it_cannot_do_yet_it_cannot(what: str, code: str, root: Path) -> None:
    app = lw.App(host=HeadlessHost(root=root))
    model = app.load("models/box.glb")
    app.host.step(app, 10)  # type: ignore[attr-defined]
    assert model.state == "ready"
    with pytest.raises((AttributeError, lw.LayerwError)):
        eval(code, {"lw": lw, "app": app, "model": model})
    Running.app = None


def test_the_pages_build(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path / "site")],
                          cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True,
                          timeout=170, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "site" / "reference" / "scene.html").read_text("utf-8")
    assert "radians" in page and 'id="layerw.Mesh.sphere"' in page
    outside = re.findall(r'(?:src|href)="(https?://[^"]+)"', (tmp_path / "site" / "index.html").read_text("utf-8"))
    assert [url for url in outside if "squidfunk" not in url] == [], "a page asks no other host"
