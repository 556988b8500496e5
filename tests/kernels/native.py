"""A native build of the kernels of FOLDERS with gcc, under sanitizers: it runs calls from a file.

Every array gets an allocation of exactly its size, so that a read or write beside it is found. A file is compiled once
for each text that the preprocessor makes of it: a planted fault compiles only what it changes.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
from atexit import register
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .vectors import Call, Out, Same, digest

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "engine_py" / "kernels"
FOLDERS = ("geometry", "horizon", "lights", "animation", "net")
FLAGS = ("-O1", "-g", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Werror", "-DLW_DEBUG",
         "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { void *at; void *block; uint32_t kind, size; } argument;
static void *exact(uint32_t size, uint32_t skew, void **block) {
    *block = malloc(size + skew);
    if (*block == NULL) exit(3);
    return (char *)*block + skew;
}
static uint32_t word(void) { uint32_t value; if (fread(&value, 4, 1, stdin) != 1) exit(0); return value; }
int main(void) {
    for (;;) {
        uint32_t name = word(), skew = word(), count = word();
        argument a[16];
        uint64_t v[16] = {0};
        for (uint32_t i = 0; i < count; i++) {
            a[i].kind = word();
            a[i].size = word();
            if (a[i].kind == 3) {
                a[i] = (argument){a[word()].at, NULL, 3, 0};
                continue;
            }
            a[i].at = exact(a[i].size, a[i].kind == 0 ? 0 : skew, &a[i].block);
            if (a[i].size && fread(a[i].at, 1, a[i].size, stdin) != a[i].size) return 2;
            if (a[i].kind == 0) {
                memcpy(&v[i], a[i].at, 8);
                a[i].at = NULL; /* where an array is asked for, None was given */
            }
        }
        uint64_t result = 0;
        switch (name) {
%s
        }
        fwrite(&result, 8, 1, stdout);
        for (uint32_t i = 0; i < count; i++) {
            if (a[i].kind == 2) fwrite(a[i].at, 1, a[i].size, stdout);
            free(a[i].block);
        }
    }
}
"""


def build(headers: ModuleType, folder: Path, *defines: str, vectors: str = "-msse4.2") -> Path:
    """Make the program; `headers` is the module that reads the kernels' headers."""
    kernels = [k for k in headers.read_headers() if not k.layer and k.header.split("/")[0] in FOLDERS]
    cases = []
    for number, kernel in enumerate(kernels):
        args = ", ".join(f"({a.c_type})a[{i}].at" if a.kind in ("in", "out") else f"({a.c_type})v[{i}]"
                         for i, a in enumerate(kernel.arguments))
        take = "" if kernel.result == "void" else "result = "
        cases.append(f"        case {number}: {take}{kernel.name}({args}); break;")
    names = {kernel.name: number for number, kernel in enumerate(kernels)}
    includes = "".join(f'#include "{name}"\n' for name in sorted({k.header for k in kernels}))
    main = _objects() / "main.c"
    main.write_text(includes + MAIN % "\n".join(cases))
    program = folder / "native"
    files = [*(path for folder in FOLDERS for path in sorted((SOURCES / folder).glob("*.c"))), main]
    objects = [_compiled(path, (*FLAGS, vectors, *defines)) for path in files]
    _gcc(*FLAGS, *objects, "-o", program, "-lm")
    program.with_suffix(".names").write_text("\n".join(sorted(names, key=lambda name: names[name])))
    return program


@cache
def _objects() -> Path:
    """Objects that the tests of this process share."""
    folder = tempfile.TemporaryDirectory(prefix="layerw-native-")
    register(folder.cleanup)
    return Path(folder.name)


@cache
def _compiled(path: Path, flags: tuple[str, ...]) -> Path:
    include = [f"-I{SOURCES}", *(f"-I{SOURCES / folder}" for folder in ("include", *FOLDERS))]
    text = _gcc(*flags, *include, "-E", path)
    key = sha256("\0".join([text, *(flag for flag in flags if not flag.startswith("-D"))]).encode()).hexdigest()
    made = _objects() / f"{path.stem}-{key[:16]}.o"
    if not made.exists():
        _gcc(*flags, *include, "-c", path, "-o", made)
    return made


def _gcc(*arguments: str | Path) -> str:
    done = subprocess.run(["gcc", *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(program: Path, calls: list[Call]) -> list[str]:
    """Digests of the calls; a sanitizer's report fails."""
    names = program.with_suffix(".names").read_text().split()
    done = subprocess.run([program], input=b"".join(_encode(call, names) for call in calls), capture_output=True,
                          timeout=120, check=False, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr.decode()[-3000:]}"
    out, at, found = done.stdout, 0, []
    for call in calls:
        result = struct.unpack_from("<Q", out, at)[0]
        at += 8
        outs = []
        for arg in call.args:
            if isinstance(arg, Out):
                outs.append(np.frombuffer(out, arg.array.dtype, arg.array.size, at).reshape(arg.array.shape))
                at += arg.array.nbytes
        found.append(digest(call, result, outs))
    assert at == len(out)
    return found


def _encode(call: Call, names: list[str]) -> bytes:
    parts = [struct.pack("<III", names.index(call.name), call.skew, len(call.args))]
    for arg in call.args:
        parts.append(_encode_argument(arg))
    return b"".join(parts)


def _encode_argument(arg: Any) -> bytes:
    if isinstance(arg, Same):
        return struct.pack("<III", 3, 0, arg.argument)
    if isinstance(arg, Out):
        return struct.pack("<II", 2, arg.array.nbytes) + arg.array.tobytes()
    if isinstance(arg, np.ndarray):
        return struct.pack("<II", 1, arg.nbytes) + arg.tobytes()
    return struct.pack("<IIQ", 0, 8, arg or 0)  # None is a null pointer


if sys.byteorder != "little":
    raise ImportError("the kernels' tests are written for little-endian machines")
