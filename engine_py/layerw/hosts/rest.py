"""Modules that an export left out of what a page fetches at its start: fetched when something imports them.

Owns: the importer that comes first, since it knows exactly what is not there, and its one line in the log. Which
modules lie where is `rest.json` beside the engine's; server/layerw_server/tools/slim.py writes it, and chose. Imports
nothing of layerw.
Limits: the fetch is synchronous, as an import is: the program waits for it, on the page's thread the page too.
"""

from __future__ import annotations

import importlib
import io
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from zipimport import zipimporter

FOLDER = "/lib"
SITE = f"/lib/python3.{sys.version_info[1]}/site-packages"


class Rest(MetaPathFinder):
    """Imports what lies in the zips that were left out.

    Args:
        places: a zip's name by module.
        fetch: brings a zip's bytes.
        say: takes a sentence for the log.
    """

    def __init__(self, places: Mapping[str, str], fetch: Callable[[str], bytes], say: Callable[[str], None]) -> None:
        self._places, self._fetch, self._say = places, fetch, say
        self._here: set[str] = set()

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        zip_name = self._places.get(name)
        if zip_name is None:
            return None
        if zip_name not in self._here:
            data = self._fetch(zip_name)
            self._say(f"{name} is imported, which this export left out of its start: {zip_name} "
                      f"({len(data) / 1e6:.1f} MB) was fetched. `--whole` exports everything at once.")
            self._place(zip_name, data)
        if zip_name == "rest-numpy.zip":  # it holds compiled modules, which are loaded from files
            return PathFinder.find_spec(name, path)
        folder = "/".join([f"{FOLDER}/{zip_name}", *name.split(".")[:-1]])
        return zipimporter(folder).find_spec(name)

    def _place(self, zip_name: str, data: bytes) -> None:
        if zip_name == "rest-numpy.zip":
            zipfile.ZipFile(io.BytesIO(data)).extractall(SITE)
        else:
            with open(f"{FOLDER}/{zip_name}", "wb") as file:
                file.write(data)
        importlib.invalidate_caches()
        self._here.add(zip_name)


def install(index: Mapping[str, str], fetch: Callable[[str], bytes], say: Callable[[str], None]) -> None:
    """From here on imports look into the zips first; `index`: names of modules by zip."""
    places = {name: zip_name for zip_name, names in index.items() for name in names.split()}
    sys.meta_path.insert(0, Rest(places, fetch, say))
