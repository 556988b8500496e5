"""Modules that stand alone: sources from elsewhere, fetched once, compiled with a folder of ours into layerw/_kernels.

Owns: what rigid.py and navigation.py have in common: the archive in the user's cache (nothing of it is in git), the two
modules of each, NAME.wasm on Pyodide's own memory and NAME_side.wasm on a memory of its own, and the words where it
can't be had. Both come out of the cache where sources, flags and the archive are the same as the last time. The
licence's text lies beside them.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "server"))

from build import COMPILE, OUT, BuildError, _zig, _zig_include  # beside this file, also in a build hook
from far import far_c
from generate import stubs_c
from headers import HERE, read_header

from layerw_server.runtime import cache  # the standard library is all that it needs
from layerw_server.runtime.errors import RuntimeUnavailable
from layerw_server.runtime.pins import Pin

STACK_BYTES = 1 << 20
TRIES, PAUSE_S = 3, 2.0
SHARED = HERE / "alone"
FLAGS = (*(flag for flag in COMPILE if flag not in ("-Wall", "-Wextra", "-Werror", "-std=c11", "-ffreestanding")),
         "-w", "-flax-vector-conversions=all", "-DNDEBUG", "-D__wasi__", "-D__wasm_basics___struct_timespec_h")
IN_PLACE = (("--target=wasm32-unknown-emscripten", "-fPIC", "-DLW_INPLACE"),
            ("-shared", "--experimental-pic", "--import-memory", "--unresolved-symbols=import-dynamic"))
SIDE = (("--target=wasm32-unknown-unknown",),
        ("--export-memory", "--max-memory=2147483648", "--export=__heap_base", "-z", f"stack-size={STACK_BYTES}"))
SHARED_MEMORY = (("--target=wasm32-unknown-unknown", "-matomics", "-DLW_SHARED"),
                 ("--import-memory=env,memory", "--shared-memory", "--max-memory=2147483648", "--export-table",
                  "--export=__stack_pointer", "--export=__wasm_init_tls", "-z", f"stack-size={STACK_BYTES}"))
LANGUAGES = {".c": ("-std=c17",),
             ".cpp": ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-nostdinc++")}


@dataclass(frozen=True)
class Module:
    """name: of the folder, its header and the modules. inside: the archive's folder. wanted: what of it is unpacked.
    sources: globs there; left_out: not these. fetch(is_last): the archive from where it is published, or None.
    variable: of the environment, names the archive. absent: what to say without it. patches: (file, what it says, what
    it shall say). has_threads: there are NAME_shared.wasm, for memory that threads share, and NAME_far.wasm, by which
    Python calls it there."""

    name: str
    archive: Pin
    inside: str
    wanted: tuple[str, ...]
    sources: tuple[str, ...]
    includes: tuple[str, ...]
    defines: tuple[str, ...]
    licence: str
    licence_as: str
    variable: str
    origin: str
    fetch: Callable[[bool], bytes | None]
    absent: str
    left_out: tuple[str, ...] = ()
    patches: tuple[tuple[str, str, str], ...] = ()
    has_threads: bool = False

    @property
    def folder(self) -> Path:
        """Ours."""
        return HERE / self.name

    @property
    def variants(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Flags of the compiler and of the linker by module."""
        both = {self.name: IN_PLACE, f"{self.name}_side": SIDE}
        return both | {f"{self.name}_shared": SHARED_MEMORY, f"{self.name}_far": IN_PLACE} if self.has_threads else both

    @property
    def names(self) -> list[str]:
        """Of the files that are made."""
        return [*(f"{name}.wasm" for name in self.variants), self.licence_as]


def archive(module: Module) -> bytes:
    """The pinned one: from the environment's variable, the cache, or where it is published.

    Raises:
        RuntimeUnavailable: nobody has it, or it is not what was pinned.
    """
    pin = module.archive
    if named := os.environ.get(module.variable):
        return cache.check(pin, Path(named).expanduser().read_bytes(), f"{module.variable} ({named})")
    if cached := cache.try_load(pin):
        return cached.read_bytes()
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_S * attempt)
        data = module.fetch(attempt == TRIES - 1)
        if data is not None:
            cache.write(cache.file_path(pin), cache.check(pin, data, module.origin))
            return data
    raise RuntimeUnavailable(f"{pin.name} could not be fetched from {module.origin}")


def key(module: Module) -> str:
    """Changes with everything that the modules are made of."""
    made_of = (module.archive.sha256, FLAGS, LANGUAGES, module.defines, module.left_out, module.variants,
               module.patches)
    digest = hashlib.sha256(repr(made_of).encode())
    ours = [path for path in (*module.folder.rglob("*"), *SHARED.glob("*"), *(HERE / "inplace").glob("*.h"))
            if path.is_file()]
    for path in sorted([*ours, HERE / "far.py", HERE / "generate.py", HERE / "include" / "lw.h"]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:24]


def _unpack(module: Module, target: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive(module))) as members:
        for info in members:
            name = info.name.removeprefix(module.inside)
            if info.isfile() and name != info.name and name.startswith(module.wanted) and ".." not in name:
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                member = members.extractfile(info)
                assert member is not None
                path.write_bytes(member.read())
    for name, old, new in module.patches:
        text = (target / name).read_text("utf-8")
        if text.count(old) != 1:
            raise BuildError(f"{name} of {module.origin} does not say {old!r} once.")
        (target / name).write_text(text.replace(old, new), "utf-8")


def _headers() -> list[str]:
    import ziglang

    libc = Path(ziglang.__file__).parent / "lib" / "libc" / "include"
    folders = (_zig_include(), str(libc / "wasm-wasi-musl"), str(libc / "generic-musl"))
    return [part for folder in folders for part in ("-isystem", folder)]


def _compile(module: Module, root: Path, name: str, out: Path) -> None:
    compile_flags, link_flags = module.variants[name]
    with tempfile.TemporaryDirectory() as scratch:
        files = [path for pattern in module.sources for path in sorted(root.glob(pattern))
                 if path.name not in module.left_out]
        files += sorted(path for folder in (module.folder, SHARED) for path in folder.glob("*.c*"))
        if link_flags is IN_PLACE[1]:
            stubs, where = Path(scratch, "stubs.c"), f"{module.name}/{module.name}.h"
            kernels = list(read_header((HERE / where).read_text("utf-8"), where))
            stubs.write_text(stubs_c(kernels, name) if name == module.name else far_c(kernels, name), "utf-8")
            files = [*files, stubs] if name == module.name else [stubs]
        include = [*(f"-I{root / folder}" for folder in module.includes), f"-I{module.folder}",
                   f"-I{module.folder / 'shim'}", f"-I{SHARED}", f"-I{HERE}", f"-I{HERE / 'include'}",
                   f"-I{HERE / 'inplace'}"]
        objects = [str(Path(scratch, f"{number:02}.o")) for number in range(len(files))]

        def one(number: int) -> None:
            own = ("-ffreestanding",) if files[number].name == "libc.c" else ()  # else memcpy would call itself
            _zig("clang", *FLAGS, *module.defines, *LANGUAGES[files[number].suffix], *own, *compile_flags, *_headers(),
                 *include, f"-ffile-prefix-map={root}={module.name}", f"-ffile-prefix-map={HERE}=kernels",
                 f"-ffile-prefix-map={scratch}=build", "-c", str(files[number]), "-o", objects[number])

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(one, range(len(files))))
        _zig("wasm-ld", *link_flags, "--export-dynamic", "--no-entry", "--strip-all", "--gc-sections", *objects,
             "-o", str(out / f"{name}.wasm"))


def build(module: Module, target: Path | None = None) -> list[Path]:
    """The modules in `target`, compiled or out of the cache.

    Raises:
        RuntimeUnavailable: the sources are not to be had. BuildError: the compiler said no.
    """
    kept, target = cache.root() / "prepared" / f"{module.name}-{key(module)}", target or OUT / module.name
    if not all((kept / name).is_file() for name in module.names):
        with cache.lock(), tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch)
            _unpack(module, root)
            with cache.new_folder(kept) as part:
                for name in module.variants:
                    _compile(module, root, name, part)
                shutil.copyfile(root / module.licence, part / module.licence_as)
    target.mkdir(parents=True, exist_ok=True)
    for name in module.names:
        handle, temporary = tempfile.mkstemp(dir=target)
        os.close(handle)
        shutil.copyfile(kept / name, temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target / name)
    return [target / name for name in module.names]


def main(module: Module, arguments: list[str]) -> int:
    """Builds, and says what came of it; --strict: with status 1 where nothing did."""
    try:
        for path in build(module):
            print(f"built {path.name}: {path.stat().st_size} bytes")
        return 0
    except (RuntimeUnavailable, BuildError, OSError, subprocess.SubprocessError) as error:
        print(f"{module.absent.format(error=error)} {module.variable}=FILE names {module.archive.name} where it is not "
              "reached.", file=sys.stderr)  # fmt: skip
        return 1 if "--strict" in arguments else 0
