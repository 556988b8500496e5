"""The engine's modules in the page: found by one look into a dict, read out of its zip's bytes, compiled ones first.

Owns: the importer that web/engine/boot.js puts before all others. Python's own for zips takes three times as long: it
lists the members in Python and reads every module twice. Imports nothing of layerw: the rest is imported through it.
Source: the importer protocol, "The import system" in Python's language reference.
"""

from __future__ import annotations

import importlib.util
import json
import marshal
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder, ResourceLoader
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType

PYC_HEAD_BYTES = 16  # magic, flags, and the source's sum: PEP 552


class Archive(MetaPathFinder, ResourceLoader):
    """Imports what lies in a stored zip.

    Args:
        data: the zip's bytes.
        members: offset and size of each member's bytes in `data`, by its name, say "layerw/app.pyc".
        root: the folder that modules say they come from; nothing needs to be there.
    """

    def __init__(self, data: bytes, members: Mapping[str, Sequence[int]], root: str) -> None:
        self._data, self._members, self._root = memoryview(data), members, root

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        place = name.replace(".", "/")
        if self._has(f"{place}/__init__"):
            spec = ModuleSpec(name, self, origin=f"{self._root}/{place}/__init__.py", is_package=True)
            spec.submodule_search_locations = [f"{self._root}/{place}"]
            return spec
        return ModuleSpec(name, self, origin=f"{self._root}/{place}.py") if self._has(place) else None

    def create_module(self, spec: ModuleSpec) -> None:
        """See importlib.abc.Loader: a module like any other."""

    def exec_module(self, module: ModuleType) -> None:
        """See importlib.abc.Loader."""
        assert module.__spec__ is not None and module.__spec__.origin is not None
        module.__file__ = module.__spec__.origin
        exec(self._code(self._stem(module.__file__)), module.__dict__)

    def get_source(self, name: str) -> str | None:
        """See importlib.abc.InspectLoader: tracebacks show lines of it."""
        spec = self.find_spec(name)
        if spec is None or spec.origin is None or self._stem(spec.origin) + ".py" not in self._members:
            return None
        return str(self._bytes(self._stem(spec.origin) + ".py"), "utf-8")

    def get_data(self, path: str) -> bytes:
        """See importlib.abc.ResourceLoader: the bytes of a file below the root."""
        member = path.removeprefix(self._root + "/")
        if member not in self._members:
            raise FileNotFoundError(path)
        return bytes(self._bytes(member))

    def _has(self, stem: str) -> bool:
        return stem + ".pyc" in self._members or stem + ".py" in self._members

    def _stem(self, origin: str) -> str:
        return origin[len(self._root) + 1:-len(".py")]

    def _code(self, stem: str) -> CodeType:
        if stem + ".pyc" in self._members:
            compiled = self._bytes(stem + ".pyc")
            if compiled[:4] == importlib.util.MAGIC_NUMBER:
                code: CodeType = marshal.loads(compiled[PYC_HEAD_BYTES:])
                return code
        found = compile(self._bytes(stem + ".py"), f"{self._root}/{stem}.py", "exec", dont_inherit=True)
        return found

    def _bytes(self, member: str) -> memoryview:
        start, size = self._members[member]
        return self._data[start:start + size]


def install(data: bytes, members: str, root: str) -> None:
    """Imports go through the archive from here on, and what is not in it on to the others; `members` is JSON."""
    sys.meta_path.insert(0, Archive(data, json.loads(members), root))
