"""Packs side.wasm as a component of the Wasm component model: `python engine_py/kernels/component.py [--out FOLDER]`.

Owns: the WIT description `layerw:kernel` (wit/kernel.wit, written by generate.py) and the component of that type, named
by its hash. Every header is an interface. Kernels take addresses in the component's own memory, as everywhere; the
interface `memory` moves bytes in and out, which is the only copy that there is.
Does not: serve the engine. A page and the native host link side.wasm itself, whose memory they see without a copy.
Limits: one thread. The bridge between two memories (bridge.h) has no place in it.
Source: component-model/design/mvp (WIT.md, CanonicalABI.md, Explainer.md).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from headers import HERE, Kernel, read_headers  # beside this file, also in a build hook

PACKAGE, VERSION = "layerw:kernel", "0.1.0"  # of the contract: raised when a kernel's arguments change
WORLD = "kernels"
SIDE = HERE.parent / "layerw" / "_kernels" / "side.wasm"
OUT = HERE.parents[1] / "dist" / "components"
TYPES = {"u32": "u32", "i32": "s32", "f32": "f32", "f64": "f64", "u64": "u64", "in": "u32", "out": "u32"}
# The words that WIT keeps for itself, as far as C has names like them.
KEYWORDS = frozenset(("as", "async", "bool", "borrow", "char", "constructor", "enum", "export", "f32", "f64", "flags",
                      "from", "func", "future", "import", "include", "interface", "list", "option", "own", "package",
                      "record", "resource", "result", "s16", "s32", "s64", "s8", "static", "stream", "string", "tuple",
                      "type", "u16", "u32", "u64", "u8", "use", "variant", "with", "world"))
_MEMORY_WIT = """\
/// The memory that addresses are of. What lies below `heap-base` is the kernels' own.
interface memory {
  /// The first address that is the caller's.
  heap-base: func() -> u32;
  /// How large the memory is, in pages of 65,536 bytes.
  pages: func() -> u32;
  /// Makes it larger; how large it was, or -1 where there is no more.
  grow: func(pages: u32) -> s32;
  /// Copies bytes in; false, and nothing is written, where they would leave the memory.
  write: func(address: u32, bytes: list<u8>) -> bool;
  /// Copies bytes out; none where they leave the memory.
  read: func(address: u32, size-bytes: u32) -> option<list<u8>>;
}
"""
# Lists are passed in a memory of their own, so that no kernel's data has to make room for them. One argument at a time
# is a list, and its place is free when the call has ended: realloc always gives the same one.
_MEMORY_WAT = """\
(module
  (memory $kernels (export "memory") 32 65535)
  (memory $lists (export "lists") 1)
  (func $reach (param $end i64) (result i32)
    (local $pages i64)
    (local.set $pages (i64.shr_u (i64.add (local.get $end) (i64.const 65535)) (i64.const 16)))
    (if (i64.le_u (local.get $pages) (i64.extend_i32_u (memory.size $lists))) (then (return (i32.const 1))))
    (if (i64.gt_u (local.get $pages) (i64.const 65536)) (then (return (i32.const 0))))
    (i32.ne (i32.const -1) (memory.grow $lists
      (i32.sub (i32.wrap_i64 (local.get $pages)) (memory.size $lists)))))
  (func $inside (param $address i32) (param $size i32) (result i32)
    (i64.le_u (i64.add (i64.extend_i32_u (local.get $address)) (i64.extend_i32_u (local.get $size)))
              (i64.shl (i64.extend_i32_u (memory.size $kernels)) (i64.const 16))))
  (func (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (if (i32.eqz (call $reach (i64.add (i64.extend_i32_u (local.get $size)) (i64.const 16)))) (then (unreachable)))
    (i32.const 16))
  (func (export "pages") (result i32) (memory.size $kernels))
  (func (export "grow") (param $pages i32) (result i32) (memory.grow $kernels (local.get $pages)))
  (func (export "write") (param $address i32) (param $from i32) (param $size i32) (result i32)
    (if (i32.eqz (call $inside (local.get $address) (local.get $size))) (then (return (i32.const 0))))
    (memory.copy $kernels $lists (local.get $address) (local.get $from) (local.get $size))
    (i32.const 1))
  (func (export "read") (param $address i32) (param $size i32) (result i32)
    (i32.store $lists (i32.const 0) (i32.const 0))
    (if (i32.and (call $inside (local.get $address) (local.get $size))
                 (call $reach (i64.add (i64.extend_i32_u (local.get $size)) (i64.const 16))))
      (then
        (memory.copy $lists $kernels (i32.const 16) (local.get $address) (local.get $size))
        (i32.store $lists (i32.const 0) (i32.const 1))
        (i32.store $lists (i32.const 4) (i32.const 16))
        (i32.store $lists (i32.const 8) (local.get $size))))
    (i32.const 0)))"""
_BASE_WAT = """\
(module
  (import "kernels" "__heap_base" (global $base i32))
  (func (export "heap_base") (result i32) (global.get $base)))"""


def interfaces(kernels: list[Kernel]) -> dict[str, list[Kernel]]:
    """Kernels by the name of their interface, which is their header's; without those of two memories."""
    found: dict[str, list[Kernel]] = {}
    for kernel in kernels:
        if not any(argument.main for argument in kernel.arguments):
            found.setdefault(_label(Path(kernel.header).stem), []).append(kernel)
    return found


def _label(name: str) -> str:
    return name.removeprefix("lw_").replace("_", "-")


def _written(label: str) -> str:
    return f"%{label}" if label in KEYWORDS else label


def wit(kernels: list[Kernel], mark: str) -> str:
    """wit/kernel.wit."""
    found = interfaces(kernels)
    lines = [f"// {mark}", f"package {PACKAGE}@{VERSION};", "", _MEMORY_WIT]
    for name, members in found.items():
        lines += [f"/// {members[0].header}", f"interface {_written(name)} {{"]
        for kernel in members:
            pointers = [f"{a.name}: {a.c_type}" for a in kernel.arguments if a.kind in ("in", "out")]
            arguments = ", ".join(f"{_written(_label(a.name))}: {TYPES[a.kind]}" for a in kernel.arguments)
            result = "" if kernel.result == "void" else f" -> {TYPES[kernel.result]}"
            lines += [f"  /// {kernel.doc}", *([f"  /// Addresses: {', '.join(pointers)}."] if pointers else []),
                      f"  {_written(_label(kernel.name))}: func({arguments}){result};"]
        lines += ["}", ""]
    exports = [f"  export {_written(name)};" for name in ("memory", *found)]
    return "\n".join([*lines, f"world {WORLD} {{", *exports, "}", ""])


def component_text(kernels: list[Kernel]) -> str:
    """The component, as text: three core modules, that of the kernels empty, and a lifted function for each kernel."""
    lines = ["(component", f"(core module $Memory {_MEMORY_WAT.removeprefix('(module')}",
             "(core module $Kernels)", f"(core module $Base {_BASE_WAT.removeprefix('(module')}",
             "(core instance $memory (instantiate $Memory))",
             '(core instance $env (export "memory" (memory $memory "memory")))',
             '(core instance $kernels (instantiate $Kernels (with "env" (instance $env))))',
             '(core instance $base (instantiate $Base (with "kernels" (instance $kernels))))',
             '(func $heap_base (result u32) (canon lift (core func $base "heap_base")))',
             '(func $pages (result u32) (canon lift (core func $memory "pages")))',
             '(func $grow (param "pages" u32) (result s32) (canon lift (core func $memory "grow")))',
             '(alias core export $memory "lists" (core memory $lists))',
             '(func $write (param "address" u32) (param "bytes" (list u8)) (result bool)',
             '  (canon lift (core func $memory "write") (memory $lists) (realloc (core func $memory "realloc"))))',
             '(func $read (param "address" u32) (param "size-bytes" u32) (result (option (list u8)))',
             '  (canon lift (core func $memory "read") (memory $lists)))',
             '(instance $i_memory (export "heap-base" (func $heap_base)) (export "pages" (func $pages))',
             '  (export "grow" (func $grow)) (export "write" (func $write)) (export "read" (func $read)))',
             f'(export "{PACKAGE}/memory@{VERSION}" (instance $i_memory))']
    for number, (name, members) in enumerate(interfaces(kernels).items()):
        for kernel in members:
            arguments = " ".join(f'(param "{_label(a.name)}" {TYPES[a.kind]})' for a in kernel.arguments)
            result = "" if kernel.result == "void" else f"(result {TYPES[kernel.result]})"
            lines.append(f"(func ${kernel.name} {arguments} {result}"
                         f' (canon lift (core func $kernels "{kernel.name}")))')  # fmt: skip
        exports = " ".join(f'(export "{_label(kernel.name)}" (func ${kernel.name}))' for kernel in members)
        lines += [f"(instance $i{number} {exports})", f'(export "{PACKAGE}/{name}@{VERSION}" (instance $i{number}))']
    return "\n".join([*lines, ")"])


def _with_module(component: bytes, module: bytes) -> bytes:
    """Put a core module in the place of the empty one: its section is 1, its size, its bytes."""
    empty, at = b"\0asm\x01\0\0\0", 8
    while at < len(component):
        start, kind = at, component[at]
        size, at = _leb(component, at + 1)
        inside = component[at : at + size]
        if kind == 1 and inside.startswith(empty) and inside[8:9] in (b"", b"\0"):  # nothing, or only its name
            return component[:start] + b"\x01" + _as_leb(len(module)) + module + component[at + size :]
        at += size
    raise ValueError("The component has no empty core module.")


def _leb(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


def _as_leb(value: int) -> bytes:
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def pack(out: Path = OUT, side: Path = SIDE) -> Path:
    """Write the component as layerw-kernel-VERSION-HASH.wasm, its WIT beside it, and sums.json; gives its path."""
    from wasmtime import wat2wasm

    kernels = read_headers()
    data = _with_module(bytes(wat2wasm(component_text(kernels))), side.read_bytes())
    digest = hashlib.sha256(data).hexdigest()
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("layerw-kernel-*.wasm"):
        old.unlink()
    path = out / f"layerw-kernel-{VERSION}-{digest[:16]}.wasm"
    path.write_bytes(data)
    (out / "kernel.wit").write_text(wit(kernels, "Of the component beside this file."), "utf-8")
    (out / "sums.json").write_text(json.dumps({path.name: f"sha256:{digest}"}, indent=1) + "\n", "utf-8")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Packs the kernels as a component.")
    parser.add_argument("--out", type=Path, default=OUT)
    print(pack(parser.parse_args().out))
