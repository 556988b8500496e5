"""Physics: Box3D's sources, compiled with engine_py/kernels/rigid into layerw/_kernels/rigid.

    python engine_py/kernels/rigid.py            builds, or says in a sentence why there is none; exit status 0
    python engine_py/kernels/rigid.py --strict   the same, with status 1 then

Owns: the pinned sdist that carries Box3D, and how it is asked for. alone.py does the rest.
LAYERW_BOX3D names the sdist for machines that reach no registry.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import alone  # beside this file, also in a build hook

from layerw_server.runtime.pins import Pin
from layerw_server.runtime.ranges import open_url
from layerw_server.runtime.sources import run_tool

REQUIREMENT = "robox3d==0.1.0"
SDIST = Pin("robox3d-0.1.0.tar.gz", 10871830, "b63b0a53857a80693415c1c1b3c9211209b9bfaa7758a01132114e4248b6dfc9")
FETCH_TIMEOUT_S = 60.0
PATIENCE = ("--retries", "1", "--timeout", "15")  # of pip: an install without a network must not wait for long


def fetch(is_last: bool) -> bytes | None:
    """The sdist from the package registry, through pip."""
    return _by_address() or (_by_pip() if is_last else None)


def _by_address() -> bytes | None:
    """pip says where it is, in a second; to ask it for the file itself would prepare the package first, a minute."""
    name, version = REQUIREMENT.split("==")
    text = run_tool([sys.executable, "-m", "pip", "-vv", *PATIENCE, "index", "versions", name, "--no-binary", ":all:"])
    links = re.findall(r"Found link (\S+)", text or "")
    address = next((link for link in links if link.split("#")[0].endswith(f"/{name}-{version}.tar.gz")), None)
    try:
        if address is None:
            return None
        with open_url(address, timeout_s=FETCH_TIMEOUT_S) as answer:
            data: bytes = answer.read(SDIST.size_bytes + 1)
    except (OSError, ValueError):
        return None
    return data if len(data) == SDIST.size_bytes else None


def _by_pip() -> bytes | None:
    with tempfile.TemporaryDirectory() as folder:
        run_tool([sys.executable, "-m", "pip", *PATIENCE, "download", "-q", "--no-deps", "--no-binary", ":all:",
                  "-d", folder, REQUIREMENT])
        found = Path(folder, SDIST.name)
        return found.read_bytes() if found.is_file() else None


# What a thread that died was at is neither waited for nor read as it was left (rigid/threads.c).
PATCHES = (
    ("src/solver.c", "while ( b3AtomicLoadInt( &stage->completionCount ) != blockCount )",
     "extern bool lw_stage_waits( void* done, int wanted );\n"
     "\t\twhile ( b3AtomicLoadInt( &stage->completionCount ) != blockCount &&\n"
     "\t\t\t\tlw_stage_waits( &stage->completionCount, blockCount ) )"),
    # Whoever steps leads the solver, as it would where it came first: of a worker that led and died nobody would hear.
    ("src/solver.c", "\t\t\t\tchar buffer[16];\n\t\t\t\tsnprintf( buffer, sizeof( buffer ), \"solve[%d]\", i );",
     "\t\t\t\tworkerContext[i].userTask = NULL;\n\t\t\t\tif ( i == 0 )\n\t\t\t\t\tcontinue;\n"
     "\t\t\t\tchar buffer[16];\n\t\t\t\tsnprintf( buffer, sizeof( buffer ), \"solve[%d]\", i );"),
    ("src/arena_allocator.c", "\tstack->entries[stack->entryCount] = entry;\n",
     "\textern void lw_stack_taken( void* data, int size );\n\tlw_stack_taken( entry.data, size32 );\n"
     "\tstack->entries[stack->entryCount] = entry;\n"),
)

MODULE = alone.Module(
    name="rigid", archive=SDIST, inside="robox3d-0.1.0/external/box3d/", wanted=("src/", "include/", "LICENSE"),
    sources=("src/*.c",), includes=("include", "src"), defines=("-DB3_CPU_WASM",),
    left_out=("timer.c",),  # threads and clocks: rigid/platform.c
    has_threads=True, patches=PATCHES,
    licence="LICENSE", licence_as="LICENSE-Box3D.txt", variable="LAYERW_BOX3D", origin=f"PyPI {REQUIREMENT}",
    fetch=fetch, absent="Built without physics: {error}. Everything else works; `make physics` tries again.")

if __name__ == "__main__":
    sys.exit(alone.main(MODULE, sys.argv[1:]))
