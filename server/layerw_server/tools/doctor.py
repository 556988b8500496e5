"""`layerw doctor`: what this machine and its browser can do, a line each, and what to do about what is missing.

Owns: the checks and their sentences. Each is independent: one that fails says so and the others go on.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .browser import BASE_FLAGS, BrowserMissing, chromium, find_chromium

PAGE = "http://127.0.0.1/"  # never asked: Playwright answers
PROBE_JS = """async () => {
  const context = document.createElement('canvas').getContext('webgl2');
  const named = context?.getExtension('WEBGL_debug_renderer_info');
  let adapter = null;
  for (let k = 0; k < 5 && !adapter && navigator.gpu; k += 1) {
    adapter = await navigator.gpu.requestAdapter();
    if (!adapter) await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const info = adapter?.info ?? {};
  return {
    browser: navigator.userAgent.match(/(?:Headless)?Chrome\\/[0-9.]+/)?.[0] ?? navigator.userAgent,
    webgl2: context ? String(context.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : context.RENDERER)) : null,
    webgpu: adapter ? [info.vendor, info.architecture, info.description].filter(Boolean).join(' ') || 'yes' : null,
    timestamps: adapter?.features.has('timestamp-query') ?? false,
    textures: ['astc', 'bc', 'etc2'].filter((kind) => adapter?.features.has(`texture-compression-${kind}`)),
    cores: navigator.hardwareConcurrency,
  };
}"""
OWN_FLAGS = (*BASE_FLAGS, "--enable-unsafe-webgpu")  # the machine's GPU where there is one, as in its user's browser
PORT = 8000  # of `layerw run`
CACHE_MIB = 200
ADAPTER_S = 30.0
ADAPTER_CODE = """from layerw.hosts.native.device import find_adapter
info = find_adapter().info
print(info["device"], info["backend_type"])"""
SOFTWARE = ("swiftshader", "llvmpipe", "basic render")  # of names of what draws
PIECES = {  # module: (what it is for, the extra of layerw that brings it)
    "playwright": ("layerw shot", "shot"),
    "wasmtime": ("kernels outside of a browser", "headless"),
    "DracoPy": ("Draco models outside of a browser", "headless"),
    "meshoptimizer": ("layerw bake model.glb", "bake"),
    "alktx2": ("KTX2 textures in layerw bake", "bake"),
    "sounddevice": ("sound outside of a browser", "sound"),
    "wgpu": ("windows without a browser", "window"),
    "anywidget": ("lw.show in notebooks", "notebook"),
    "nats": ("rooms on several machines, by NATS", "net"),
    "redis": ("rooms on several machines, by Redis", "net"),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One line. state: "ok"; "missing", which something optional needs; or "fails", which `layerw run` needs."""

    name: str
    state: str
    text: str


def examine(*, browser: bool = True) -> Iterator[Finding]:
    """Yield the findings, in the order in which they matter."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("Python", _python), ("kernels", _kernels), ("runtime", _runtime), ("node", _node), ("port", _port),
        ("packages", _packages), ("native", _native)]  # fmt: skip
    if browser:
        checks.append(("browser", _browser))
    for name, check in checks:
        try:
            yield from check()
        except Exception as error:  # whatever it is: the others are looked at too
            yield Finding(name, "fails", f"{type(error).__name__}: {error}")


def _python() -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}, "
                                  f"{os.cpu_count()} cores")  # fmt: skip


def _kernels() -> Iterator[Finding]:
    spec = find_spec("layerw")
    if spec is None or not spec.submodule_search_locations:
        yield Finding("kernels", "fails", "the package layerw is not installed")
        return
    folder = Path(spec.submodule_search_locations[0]) / "_kernels"
    built = sorted(path.stem for path in folder.rglob("*.wasm"))
    yield (Finding("kernels", "ok", f"{len(built)} are built") if built else
           Finding("kernels", "fails", "none is built; in a checkout `make kernels` does it"))  # fmt: skip
    for name in ("rigid", "navigation"):
        if not any((folder / name).glob("*.wasm")):
            yield Finding(name, "missing", f"the kernel of {'physics' if name == 'rigid' else name} is not built")


def _runtime() -> Iterator[Finding]:
    from ..runtime.build import is_obtained
    from ..runtime.cache import root

    folder = root()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
    free_mib = shutil.disk_usage(folder).free >> 20
    if free_mib < CACHE_MIB:
        yield Finding("disk", "fails", f"{free_mib} MiB are free in {folder}, the runtime takes {CACHE_MIB}; "
                                       "LAYERW_CACHE names another folder")  # fmt: skip
    if is_obtained():
        yield Finding("runtime", "ok", f"Pyodide is kept in {folder}")
    else:
        yield Finding("runtime", "ok", "Pyodide will be obtained from the registries at the first start; "
                                       f"`layerw runtime` does it now, into {folder}")  # fmt: skip


def _node() -> Iterator[Finding]:
    from ..runtime.node import major_version, try_node

    node = try_node()
    yield (Finding("node", "missing", "to compile the runtime ahead; pages start slower without: any, or LAYERW_NODE")
           if node is None else Finding("node", "ok", f"{node}, version {major_version(node)}"))  # fmt: skip


def _port() -> Iterator[Finding]:
    from ..http.serve import ServeError, bind

    try:
        bind("127.0.0.1", PORT).close()
    except ServeError as error:
        yield Finding("port", "missing", str(error))
    else:
        yield Finding("port", "ok", f"{PORT} is free on 127.0.0.1")


def _packages() -> Iterator[Finding]:
    for module, (purpose, extra) in PIECES.items():
        if find_spec(module) is None:
            yield Finding(module, "missing", f"for {purpose}: pip install 'layerw[{extra}]'")
        else:
            yield Finding(module, "ok", f"for {purpose}")


def _native() -> Iterator[Finding]:
    """What wgpu would draw with, asked in a process of its own: drivers that crash are told, not died of."""
    if find_spec("wgpu") is None:
        return
    done = subprocess.run([sys.executable, "-c", ADAPTER_CODE], capture_output=True, text=True, timeout=ADAPTER_S,
                          check=False)  # fmt: skip
    said = done.stdout.strip().splitlines()
    if done.returncode != 0 or not said:
        why = next(iter(done.stderr.strip().splitlines()[-1:]), f"exit status {done.returncode}")
        yield Finding("native", "missing", f"for --native and --host native: {why.partition(': ')[2] or why}")
        return
    software = any(mark in said[-1].lower() for mark in SOFTWARE)
    yield Finding("native", "ok", said[-1] + ("; in software, slowly: it found no GPU" if software else ""))


def _browser() -> Iterator[Finding]:
    try:
        yield Finding("Chromium", "ok", find_chromium())
        found = _probe()
    except BrowserMissing as error:  # a program that is served needs none of this machine
        yield Finding("browser", "missing", f"for layerw shot: {error}")
        return
    yield Finding("version", "ok", f"{found['browser']}, {found['cores']} cores")
    names = {"webgl2": "WebGL2", "webgpu": "WebGPU"}
    other = [name for api, name in names.items() if found[api]]
    for api in names:
        if found[api]:
            software = any(mark in found[api].lower() for mark in SOFTWARE)
            yield Finding(api, "ok", found[api] + ("; in software, slowly: it found no GPU" if software else ""))
        else:
            yield Finding(api, "missing", f"no device; {other[0]} draws" if other else "no device")
    if not other:
        yield Finding("drawing", "fails", "neither WebGPU nor WebGL2 has a device: nothing can be drawn")
    yield Finding("GPU times", "ok" if found["timestamps"] else "missing",
                  "are measured" if found["timestamps"] else "WebGPU has no timestamp queries here")  # fmt: skip
    yield Finding("textures", "ok", "compressed: " + (", ".join(found["textures"]) or "none, they become RGBA"))


def _probe() -> dict[str, Any]:
    with chromium(OWN_FLAGS) as browser:
        page = browser.new_page()
        page.route(PAGE, lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        page.goto(PAGE)  # WebGPU wants a page of a secure origin, which about:blank has not
        found: dict[str, Any] = page.evaluate(PROBE_JS)
    return found
