"""Reads the names of C types quickly: cffi parses all typedefs of a header again for each name that it first meets.

wgpu-py's header has over 400 of them, and a first picture asks for some 75 types: over a second of a core. Here a name
is parsed with those typedefs only that stand in it, which gives the same type. Limits: it takes the place of a method
of cffi's parser, and leaves everything as it was where that looks otherwise.
"""

from __future__ import annotations

import re

from layerw.hosts.native.records import Gpu

_WORD = re.compile(r"\w+")


def read_quickly(ffi: Gpu) -> None:
    """ffi: a cffi.FFI whose header has been read."""
    whole: Gpu = getattr(ffi, "_parser", None)
    known: Gpu = getattr(whole, "_declarations", None)
    if not isinstance(known, dict) or not hasattr(whole, "parse_type") or "parse_type" in vars(whole):
        return
    slowly = whole.parse_type

    def parse_type(name: str) -> Gpu:
        small = type(whole)()
        for word in _WORD.findall(name):
            for kind in ("typedef", "struct", "union", "enum"):
                if f"{kind} {word}" in known:
                    small._declarations[f"{kind} {word}"] = known[f"{kind} {word}"]
        declared = dict(small._declarations)
        try:
            found = small.parse_type(name)
        except Exception:  # cffi's own error tells more
            return slowly(name)
        # A type that the header does not know would be another one each time.
        return found if small._declarations == declared else slowly(name)

    whole.parse_type = parse_type
