"""Compiles the kernels into layerw/_kernels: `python engine_py/kernels/build.py [--out FOLDER]`.

Owns: the variants (which folders, which flags) and the toolchain's command lines. The same sources give the same
bytes. Needs ziglang (clang and wasm-ld) and wasmtime (wat2wasm), nothing else; called by hatch_build.py when the
package is built or installed editable, and by make when a source changed.

    inplace.wasm   on Pyodide's own memory: a relocatable Python extension whose functions take numpy's bytes in place
    side.wasm      one thread, on a memory of its own that the host makes: Layer memory where nothing is shared
    worker.wasm    on shared memory, one instance a thread: Layer memory where it is
    horizon.wasm   that one kernel, on a memory that keeps the heights: for CPython, which starts it in milliseconds
    *.wat          the bridge between memories (bridge/), each its own module

Source: the flags are from the measurements in docs/memory.md; -ffp-contract=off keeps results bit-identical.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generate import stubs_c  # beside this file, also in a build hook
from headers import HERE, read_headers

OUT = HERE.parent / "layerw" / "_kernels"
MEMORY_BYTES_MAX = 4 * 1024**3 - 65536  # 65,535 wasm pages: an end address still fits in 32 bits
STACK_BYTES = 64 * 1024
# For tests: a function that would leave its thread's stack traps before it writes; see threads/stack_check.c.
STACK_CHECKED = ("-DLW_DEBUG", "-DLW_STACK_CHECK", "-finstrument-function-entry-bare")
COMPILE = ("-O3", "-ffreestanding", "-nostdlibinc", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden",
           "-g0", "-msimd128", "-mbulk-memory", "-mmutable-globals", "-mnontrapping-fptoint", "-msign-ext",
           "-std=c11", "-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True)
class Variant:
    """What one module is made of. A folder without C files yet is passed over."""

    name: str
    folders: tuple[str, ...]
    compile: tuple[str, ...]
    link: tuple[str, ...]


_LAYER = ("base", "geometry", "horizon", "lights", "animation", "net", "simulation", "memory", "threads", "layer")
VARIANTS = (
    Variant("inplace", ("base", "geometry", "horizon", "lights", "animation", "net", "inplace"),
            ("--target=wasm32-unknown-emscripten", "-fPIC", "-DLW_INPLACE"),
            ("-shared", "--experimental-pic", "--import-memory", "--unresolved-symbols=import-dynamic")),
    Variant("side", _LAYER, ("--target=wasm32-unknown-unknown", "-DLW_SIDE"),
            ("--import-memory=env,memory", "--export-memory", f"--max-memory={MEMORY_BYTES_MAX}", "--growable-table",
             "--export-table")),
    Variant("worker", _LAYER, ("--target=wasm32-unknown-unknown", "-matomics", "-DLW_WORKER"),
            ("--import-memory=env,memory", "--shared-memory", f"--max-memory={MEMORY_BYTES_MAX}",
             "--growable-table", "--export-table", "--export=__stack_pointer", "--export=__tls_size",
             "--export=__tls_align", "--export=__tls_base", "--export=__wasm_init_tls")),
    Variant("horizon", ("horizon",), ("--target=wasm32-unknown-unknown",),
            ("--import-memory=env,memory", f"--max-memory={MEMORY_BYTES_MAX}")),
)


class BuildError(RuntimeError):
    """The compiler said no; the text is its own."""


def _zig(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "ziglang", *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(Path(tempfile.gettempdir()) / "zig-cache")})
    if done.returncode:
        raise BuildError(f"ziglang {' '.join(arguments[:2])} ... failed:\n{done.stderr}")


def _zig_include() -> str:
    import ziglang

    return str(Path(ziglang.__file__).parent / "lib" / "include")


def sources(variant: Variant) -> list[Path]:
    """The C files of a variant, sorted."""
    return [path for folder in variant.folders for path in sorted((HERE / folder).glob("*.c"))]


def build_variant(variant: Variant, out: Path, defines: tuple[str, ...] = ()) -> Path:
    """Compile and link one module; returns its path."""
    with tempfile.TemporaryDirectory() as scratch:
        stubs = Path(scratch, "stubs.c")
        stubs.write_text(stubs_c(read_headers()), "utf-8")
        files = [*sources(variant), *([stubs] if variant.name == "inplace" else [])]
        include = [f"-I{HERE}", f"-I{HERE / 'include'}", *(f"-I{HERE / folder}" for folder in variant.folders)]
        objects = [str(Path(scratch, f"{number:02}.o")) for number in range(len(files))]

        def compile_one(number: int) -> None:
            _zig("clang", *COMPILE, *variant.compile, *defines, "-isystem", _zig_include(), *include,
                 f"-ffile-prefix-map={HERE}=kernels", f"-ffile-prefix-map={scratch}=build",
                 "-c", str(files[number]), "-o", objects[number])

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(compile_one, range(len(files))))
        target = out / f"{variant.name}.wasm"
        bounds = [] if variant.name == "inplace" else [
            "--export=__heap_base", "--export=__data_end", "-z", f"stack-size={STACK_BYTES}"]
        _zig("wasm-ld", *variant.link, *bounds, "--export-dynamic", "--no-entry", "--strip-all", *objects,
             "-o", str(target))
    return target


def build_wat(path: Path, out: Path) -> list[Path]:
    """Assemble one .wat file; where it has a memory that may be shared, a second module for that."""
    from wasmtime import wat2wasm

    text, made = path.read_text("utf-8"), []
    limits = {"": "", "_shared": f"{MEMORY_BYTES_MAX >> 16} shared"}
    for suffix in limits if "@SHARED@" in text else ("",):
        made.append(out / f"{path.stem}{suffix}.wasm")
        made[-1].write_bytes(bytes(wat2wasm(text.replace("@SHARED@", limits[suffix]))))
    return made


def build(out: Path = OUT) -> list[Path]:
    """Build everything; replaces what is in `out` only when all of it compiled."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        made = [build_variant(variant, Path(scratch)) for variant in VARIANTS]
        for path in sorted((HERE / "bridge").glob("*.wat")):
            made += build_wat(path, Path(scratch))
        for old in out.glob("*.wasm"):
            old.unlink()
        for path in made:
            path.chmod(0o644)
        return [Path(shutil.move(path, out / path.name)) for path in made]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compiles the kernels.")
    parser.add_argument("--out", type=Path, default=OUT)
    for built in build(parser.parse_args().out):
        print(f"built {built.name}: {built.stat().st_size} bytes")
