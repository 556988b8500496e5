"""Makes the zips that are served: slimmed, and precompiled by this very Pyodide under node where there is one.

Owns what is left out of numpy and the node run. Limits: COMPILE_TIMEOUT_S. Without a node the standard library and
numpy stay as shipped, which boots 2 to 3 times slower.
"""

from __future__ import annotations

import fnmatch
import io
import json
import subprocess
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import RuntimeUnavailable
from .pins import PYTHON_DIR, STDLIB_MOUNT

COMPILE_TIMEOUT_S = 180
SITE_PACKAGES = f"/lib/{PYTHON_DIR}/site-packages"
ENGINE_MOUNT = "/lib/layerw.whl"  # what tracebacks name; as ENGINE_ROOT in web/engine/boot.js
STAMP = (1980, 1, 1, 0, 0, 0)
HERE = Path(__file__).parent

# Not needed to run programs: type stubs, headers, tests, the Fortran wrapper.
NUMPY_LEFT_OUT = ("*.pyi", "*.pxd", "*.h", "*.a", "*.c", "*.pyx", "*.rst", "*.build", "*.md", "*/tests/*",
                  "numpy/f2py/*", "numpy/_pyinstaller/*", "numpy/conftest.py", "numpy/random/_examples/*",
                  "numpy/_configtool.py", "*.dist-info/entry_points.txt")
STDLIB_LEFT_OUT = ("_pyrepl/windows*", "asyncio/windows_*", "*.bat")


@dataclass(frozen=True, slots=True)
class Job:
    """One zip to compile. `beside` keeps the sources (see compile_zip.py), `expand` writes classes out (expand.py),
    `strip` leaves the docstrings out."""

    source: str
    target: str
    root: str
    beside: bool
    expand: bool = False
    strip: bool = False


def slim(data: bytes, left_out: tuple[str, ...]) -> bytes:
    """The zip without the members that match, stored, with fixed dates."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for info in source.infolist():
            if not info.is_dir() and not any(fnmatch.fnmatchcase(info.filename, pattern) for pattern in left_out):
                target.writestr(zipfile.ZipInfo(info.filename, STAMP), source.read(info))
    return out.getvalue()


def compile_zips(node: Path, pyodide_folder: Path, jobs: list[Job]) -> None:
    """Run node once over all jobs; RuntimeUnavailable with node's last line where it fails."""
    scripts = [str(HERE / name) for name in ("compile_zip.py", "expand.py")]
    run_node(node, "compile.mjs", pyodide_folder, {"scripts": scripts, "zips": [asdict(job) for job in jobs]})


def run_node(node: Path, script: str, pyodide_folder: Path, job: dict[str, object]) -> None:
    """Run one of the scripts beside this file in node; RuntimeUnavailable with node's last line where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        job_path = Path(folder) / "job.json"
        job_path.write_text(json.dumps(job), encoding="utf-8")
        command = [node, HERE / script, pyodide_folder, job_path]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_TIMEOUT_S, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            raise RuntimeUnavailable(f"{node} could not precompile the runtime: {error}.") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise RuntimeUnavailable(f"{node} could not precompile the runtime, exit status {done.returncode}: "
                                 f"{' / '.join(lines[-3:]) or 'it printed nothing'}.")


def precompile_core(node: Path, core: Path, numpy_wheel: Path, target: Path) -> None:
    """Write python_stdlib.zip and the numpy wheel into `target`, precompiled. `core` is a bootable folder."""
    stdlib, wheel = target / "python_stdlib.zip", target / numpy_wheel.name
    sources = [target / "stdlib.slim", target / "numpy.slim"]
    sources[0].write_bytes(slim((core / "python_stdlib.zip").read_bytes(), STDLIB_LEFT_OUT))
    sources[1].write_bytes(slim(numpy_wheel.read_bytes(), NUMPY_LEFT_OUT))
    compile_zips(node, core, [Job(str(sources[0]), str(stdlib), STDLIB_MOUNT, False),
                              Job(str(sources[1]), str(wheel), SITE_PACKAGES, False)])
    for path in sources:
        path.unlink()
