"""wit/frame.wit: the command stream and its events as WIT, for those who read contracts there.

Owns: the text of `layerw:frame`. Nothing is routed through it: one frame is one packed list of words, as spec.py has
it, and a call a command would be lifted one by one. The interfaces say what the words of that list mean.
"""

from __future__ import annotations

from .codegen_common import MARK
from .spec import COMMANDS, EVENTS, Record

VERSION = "0.1.0"  # of the contract; opcodes and fields are append-only
_TYPES = {"u32": "u32", "i32": "s32", "f32": "f32", "h": "handle", "p": "address", "text": "string"}
_KEYWORDS = frozenset(("flags", "from", "func", "list", "option", "record", "resource", "result", "static", "stream",
                       "string", "type", "use"))
_HEAD = """\
/// What fields are made of.
interface types {
  /// Index (low 20 bits, from 1) and generation (high 12 bits); 0: none.
  type handle = u32;
  /// In the program's memory, and good only while `submit` runs.
  type address = u32;
}

/// What a host gives a program.
interface host {
  /// The commands of a frame: words, little-endian. A header of opcode (low 16 bits) and words (high 16 bits, with the
  /// header), then its fields as `commands` has them.
  submit: func(words: list<u32>);
}

/// What a program gives a host.
interface program {
  /// One frame. inbox: the events since the last one, in words as commands, with fields as `events` has them.
  frame: func(time-s: f64, dt-s: f64, inbox: list<u32>);
}
"""


def frame_wit() -> str:
    """The whole file."""
    return "\n".join([
        f"// {MARK}", f"package layerw:frame@{VERSION};", "", _HEAD,
        *_interface("commands", COMMANDS, "Program to host."), "",
        *_interface("events", EVENTS, "Host to program."), "",
        "/// A program on a host.", "world app {", "  import host;", "  export program;", "}", ""])  # fmt: skip


def _interface(name: str, records: tuple[Record, ...], doc: str) -> list[str]:
    used = {field.type for record in records for field in record.fields}
    types = [_TYPES[kind] for kind in ("h", "p") if kind in used]
    lines = [f"/// {doc} The numbers are opcodes.", f"interface {name} {{",
             *([f"  use types.{{{', '.join(types)}}};"] if types else [])]  # fmt: skip
    for record in records:
        fields = ", ".join(f"{_label(field.name)}: {_TYPES[field.type]}" for field in record.fields)
        lines += [f"  /// {record.opcode}: {record.doc}", f"  {_label(record.name)}: func({fields});"]
    return [*lines, "}"]


def _label(name: str) -> str:
    label = name.replace("_", "-")
    return f"%{label}" if label in _KEYWORDS else label
