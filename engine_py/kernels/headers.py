"""Reads the declarations of kernels from their C headers, the one place where they are written.

Owns: the grammar that include/lw.h describes. Does not generate anything (generate.py) or compile (build.py).
Limits: one declaration ends at its semicolon; arguments are named; types are those of C_TYPES or pointers.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
C_TYPES = {"uint32_t": "u32", "int32_t": "i32", "float": "f32", "double": "f64", "uint64_t": "u64", "void": "void"}
_DECLARATION = re.compile(
    r"(?P<doc>(?:^//[^\n]*\n)*)^(?P<mark>LW_KERNEL|LW_LAYER|LW_EPHEMERAL\((?P<kind>\w+)\))\s+"
    r"(?P<result>[\w ]+?\**)\s*(?P<name>\w+)\s*\((?P<arguments>[^)]*)\)\s*;", re.MULTILINE)


class HeaderError(ValueError):
    """A declaration that the grammar does not know; the text says where and what is wanted."""


@dataclass(frozen=True)
class Argument:
    """kind: a value of C_TYPES, or "in"/"out" for a pointer to const or to writable memory. main: see bridge.h."""

    name: str
    kind: str
    c_type: str
    main: bool = False


@dataclass(frozen=True)
class Kernel:
    """One exported function. layer: it needs Layer memory; ephemeral: "", "blob" or "text"."""

    name: str
    arguments: tuple[Argument, ...]
    result: str
    layer: bool
    ephemeral: str
    doc: str
    header: str


OWN_MODULES = ("rigid", "navigation")  # each compiled by itself, with sources from elsewhere: alone.py


def read_own(name: str) -> list[Kernel]:
    """The kernels of one of OWN_MODULES."""
    where = f"{name}/{name}.h"
    return list(read_header((HERE / where).read_text("utf-8"), where))


def read_headers(folder: Path = HERE) -> list[Kernel]:
    """Every declared kernel but those of OWN_MODULES, by header and then in the order of the file."""
    found: list[Kernel] = []
    for path in sorted(folder.glob("*/*.h")):
        if path.parent.name not in ("include", *OWN_MODULES):
            found += read_header(path.read_text("utf-8"), path.relative_to(folder).as_posix())
    names = [kernel.name for kernel in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise HeaderError(f"Declared more than once: {', '.join(twice)}; a kernel has one header.")
    return found


def read_header(text: str, where: str) -> Iterator[Kernel]:
    """The kernels that one header declares."""
    for match in _DECLARATION.finditer(text):
        name, result = match["name"], match["result"].strip()
        ephemeral = match["kind"] or ""
        if ephemeral not in ("", "blob", "text"):
            raise HeaderError(f"{where}: {name} is LW_EPHEMERAL({ephemeral}); use blob or text.")
        if not ephemeral and result not in C_TYPES:
            raise HeaderError(f"{where}: {name} returns {result}; use one of {', '.join(C_TYPES)}.")
        if name.endswith(("_ptr", "_ref")):
            raise HeaderError(f"{where}: {name} ends with _ptr or _ref; name what it gives, not how.")
        doc = " ".join(line.lstrip("/ ").rstrip() for line in match["doc"].splitlines())
        if not doc:
            raise HeaderError(f"{where}: {name} has no documentation; write // lines directly above it.")
        yield Kernel(name, tuple(_arguments(match["arguments"], f"{where}: {name}")),
                     "u32" if ephemeral else C_TYPES[result], match["mark"] != "LW_KERNEL", ephemeral, doc, where)


def _arguments(text: str, where: str) -> Iterator[Argument]:
    text = text.strip()
    for part in [] if text in ("", "void") else text.split(","):
        match = re.fullmatch(r"\s*(?P<type>.+?[\s*])(?P<name>\w+)\s*", part, re.DOTALL)
        if match is None:
            raise HeaderError(f"{where}: the argument {part.strip()!r} needs a type and a name.")
        if keyword.iskeyword(match["name"]):
            raise HeaderError(f"{where}: {match['name']} is a word of Python; name the argument otherwise.")
        c_type = " ".join(match["type"].split())
        if c_type.endswith("*"):
            main = "LW_MAIN " in c_type
            yield Argument(match["name"], "in" if c_type.startswith("const ") else "out",
                           c_type.replace("LW_MAIN ", ""), main)
        elif c_type in C_TYPES:
            yield Argument(match["name"], C_TYPES[c_type], c_type)
        else:
            raise HeaderError(f"{where}: {match['name']} is a {c_type}; use one of {', '.join(C_TYPES)} or a pointer.")
