"""Physics: fetches Box3D's sources once and compiles them with engine_py/kernels/rigid into layerw/_kernels/rigid.

    python engine_py/kernels/rigid.py            builds, or says in a sentence why there is none; exit status 0
    python engine_py/kernels/rigid.py --strict   the same, with status 1 then

Owns: the pinned sdist that carries Box3D (nothing of it is in git), its place in the user's cache, and the two modules:
rigid.wasm on Pyodide's own memory, rigid_side.wasm on a memory of its own. Both come out of the cache where sources,
flags and the sdist are the same as the last time. Its licence text lies beside them.
LAYERW_BOX3D names the sdist for machines that reach no registry.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "server"))

from build import COMPILE, OUT, BuildError, _zig, _zig_include  # beside this file, also in a build hook
from generate import stubs_c
from headers import HERE, read_header

from layerw_server.runtime import cache  # the standard library is all that it needs
from layerw_server.runtime.errors import RuntimeUnavailable
from layerw_server.runtime.pins import Pin
from layerw_server.runtime.ranges import open_url
from layerw_server.runtime.sources import run_tool

REQUIREMENT = "robox3d==0.1.0"
SDIST = Pin("robox3d-0.1.0.tar.gz", 10871830, "b63b0a53857a80693415c1c1b3c9211209b9bfaa7758a01132114e4248b6dfc9")
INSIDE = "robox3d-0.1.0/external/box3d/"  # src, include, LICENSE
LEFT_OUT = ("timer.c",)  # threads and clocks; rigid/libc.c has the rest of it
FOLDER = HERE / "rigid"
TARGET = OUT / "rigid"
LICENCE = "LICENSE-Box3D.txt"
STACK_BYTES = 1 << 20
TRIES, PAUSE_S, FETCH_TIMEOUT_S = 3, 2.0, 60.0
PATIENCE = ("--retries", "1", "--timeout", "15")  # of pip: an install without a network must not wait for long
FLAGS = (*(flag for flag in COMPILE if flag not in ("-Wall", "-Wextra", "-Werror", "-std=c11", "-ffreestanding")),
         "-std=c17", "-w", "-flax-vector-conversions=all", "-DNDEBUG", "-DB3_CPU_WASM", "-D__wasi__",
         "-D__wasm_basics___struct_timespec_h")
VARIANTS = {
    "rigid": (("--target=wasm32-unknown-emscripten", "-fPIC", "-DLW_INPLACE"),
              ("-shared", "--experimental-pic", "--import-memory", "--unresolved-symbols=import-dynamic")),
    "rigid_side": (("--target=wasm32-unknown-unknown",),
                   ("--export-memory", "--max-memory=2147483648", "--export=__heap_base", "-z",
                    f"stack-size={STACK_BYTES}")),
}


def sdist() -> bytes:
    """The pinned archive: from LAYERW_BOX3D, the cache, or the package registry through pip.

    Raises:
        RuntimeUnavailable: nobody has it, or it is not what was pinned.
    """
    if named := os.environ.get("LAYERW_BOX3D"):
        return cache.check(SDIST, Path(named).expanduser().read_bytes(), f"LAYERW_BOX3D ({named})")
    if cached := cache.try_load(SDIST):
        return cached.read_bytes()
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_S * attempt)
        data = _by_address() or (_by_pip() if attempt == TRIES - 1 else None)
        if data is not None:
            cache.write(cache.file_path(SDIST), cache.check(SDIST, data, f"PyPI {REQUIREMENT}"))
            return data
    raise RuntimeUnavailable(f"{SDIST.name} could not be fetched from the package registry")


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


def key() -> str:
    """Changes with everything that the modules are made of."""
    digest = hashlib.sha256(f"{SDIST.sha256} {FLAGS} {VARIANTS}".encode())
    ours = [*FOLDER.rglob("*.[ch]"), HERE / "generate.py", HERE / "include" / "lw.h", *(HERE / "inplace").glob("*.h")]
    for path in sorted(ours):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:24]


def _unpack(data: bytes, target: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for info in archive:
            name = info.name.removeprefix(INSIDE)
            if info.isfile() and info.name.startswith((INSIDE + "src/", INSIDE + "include/", INSIDE + "LICENSE")):
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                member = archive.extractfile(info)
                assert member is not None
                path.write_bytes(member.read())


def _headers() -> list[str]:
    import ziglang

    libc = Path(ziglang.__file__).parent / "lib" / "libc" / "include"
    folders = (_zig_include(), str(libc / "wasm-wasi-musl"), str(libc / "generic-musl"))
    return [part for folder in folders for part in ("-isystem", folder)]


def _compile(box3d: Path, name: str, out: Path) -> None:
    compile_flags, link_flags = VARIANTS[name]
    with tempfile.TemporaryDirectory() as scratch:
        files = [path for path in sorted((box3d / "src").glob("*.c")) if path.name not in LEFT_OUT]
        files += sorted(FOLDER.glob("*.c"))
        if name == "rigid":
            stubs = Path(scratch, "stubs.c")
            header = FOLDER / "rigid.h"
            stubs.write_text(stubs_c(list(read_header(header.read_text("utf-8"), "rigid/rigid.h")), "rigid"), "utf-8")
            files.append(stubs)
        include = [f"-I{box3d / 'include'}", f"-I{box3d / 'src'}", f"-I{FOLDER}", f"-I{FOLDER / 'shim'}", f"-I{HERE}",
                   f"-I{HERE / 'include'}", f"-I{HERE / 'inplace'}"]
        objects = [str(Path(scratch, f"{number:02}.o")) for number in range(len(files))]

        def one(number: int) -> None:
            own = ("-ffreestanding",) if files[number].name == "libc.c" else ()  # else memcpy would call itself
            _zig("clang", *FLAGS, *own, *compile_flags, *_headers(), *include, f"-ffile-prefix-map={box3d}=box3d",
                 f"-ffile-prefix-map={HERE}=kernels", f"-ffile-prefix-map={scratch}=build",
                 "-c", str(files[number]), "-o", objects[number])

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(one, range(len(files))))
        _zig("wasm-ld", *link_flags, "--export-dynamic", "--no-entry", "--strip-all", "--gc-sections", *objects,
             "-o", str(out / f"{name}.wasm"))


def build(target: Path = TARGET) -> list[Path]:
    """The modules in `target`, compiled or out of the cache.

    Raises:
        RuntimeUnavailable: the sources are not to be had. BuildError: the compiler said no.
    """
    kept = cache.root() / "prepared" / f"rigid-{key()}"
    names = [*(f"{name}.wasm" for name in VARIANTS), LICENCE]
    if not all((kept / name).is_file() for name in names):
        with cache.lock(), tempfile.TemporaryDirectory() as scratch:
            box3d = Path(scratch)
            _unpack(sdist(), box3d)
            with cache.new_folder(kept) as part:
                for name in VARIANTS:
                    _compile(box3d, name, part)
                shutil.copyfile(box3d / "LICENSE", part / LICENCE)
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        handle, temporary = tempfile.mkstemp(dir=target)
        os.close(handle)
        shutil.copyfile(kept / name, temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target / name)
    return [target / name for name in names]


def main(arguments: list[str]) -> int:
    """Builds, and says what came of it."""
    try:
        for path in build():
            print(f"built {path.name}: {path.stat().st_size} bytes")
        return 0
    except (RuntimeUnavailable, BuildError, OSError, subprocess.SubprocessError) as error:
        print(f"Built without physics: {error}. Everything else works; `make physics` tries again, LAYERW_BOX3D=FILE "
              f"names {SDIST.name} where no registry is reached.", file=sys.stderr)  # fmt: skip
        return 1 if "--strict" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
