"""Models in files of their own that a tile names: those of i3dm.

Owns: which files a tile names, and their documents once they are here; their binary chunks are sources of the tile's
meshes. Does not: fetch. Limits: a glb or glTF each; OUTER_MAX of a tile; each time that one is named again its JSON is
copied, COPIES_BYTES_MAX of it in a tile.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

from layerw.assets.gltf import NESTING_MAX, PARTS, PARTS_BEGIN, Outer, parse
from layerw.assets.items import GltfError, Item, shown
from layerw.assets.jobs import Source
from layerw.assets.plan import SourcePlan
from layerw.assets.uris import resolve_uri
from layerw.base.nesting import json_nesting
from layerw.gpu.spec import FETCH_MODEL

OUTER_MAX = 64
COPIES_BYTES_MAX = 8 * 1024 * 1024


class OuterModels:
    """`sources` by address, to be fetched; `documents` for gltf.parse once all are here."""

    def __init__(self, url: str, payload: bytes, guess_bytes: int) -> None:
        """payload: the JSON of a tile at `url`. Raises GltfError."""
        self.sources: dict[str, Source] = {}
        self._by_uri: dict[str, str] = {}
        self._named: list[str] = []  # by each part
        self._payloads: dict[str, bytes] = {}
        if not payload.startswith(PARTS_BEGIN) or b'"uri":"' not in payload:
            return
        if json_nesting(payload, NESTING_MAX) > NESTING_MAX:
            return  # gltf.parse says so
        try:
            tile = json.loads(payload)
        except ValueError:
            return  # so here
        for part in Item(tile).objects(PARTS):
            if part.raw("uri") is None:
                continue
            address = self._by_uri[part.text("uri")] = resolve_uri(url, part)
            self._named.append(address)
            self.sources[address] = Source(plan=SourcePlan(address, 0), kind=FETCH_MODEL, need_bytes=guess_bytes)
        if len(self.sources) > OUTER_MAX:
            raise GltfError(f"The tile names {len(self.sources)} models in other files; at most {OUTER_MAX} are read.")

    def take(self, source: Source, payload: bytes) -> None:
        """A document came."""
        self._payloads[source.plan.url] = payload

    def documents(self) -> Outer:
        """Raises GltfError."""
        copied = sum(len(self._payloads[url]) for url in self._named)
        copied -= sum(map(len, self._payloads.values()))
        if copied > COPIES_BYTES_MAX:
            raise GltfError(f"The tile names {len(self._payloads)} models in other files {len(self._named)} times; "
                            f"{copied} bytes of JSON would be copied, at most {COPIES_BYTES_MAX} are.")  # fmt: skip
        return {uri: self._document(url) for uri, url in self._by_uri.items()}

    def _document(self, url: str) -> dict[str, Any]:
        payload = self._payloads[url]
        if payload.startswith(PARTS_BEGIN):
            raise GltfError(f"The model {url[:80]!r} of an i3dm is a tile; a glb or glTF is expected.")
        parse(payload, self.sources[url].held_bytes or -1)  # refuses what is none
        found: dict[str, Any] = json.loads(payload)
        try:
            for kind in ("buffers", "images"):
                for number, item in enumerate(Item(found).array(kind)):
                    if not isinstance(item, dict):
                        raise GltfError(f"{kind}[{number}] is {shown(item)}; it must be a JSON object.")
                    if "uri" in item:
                        item["uri"] = _joined(url, item["uri"])
                    elif kind == "buffers" and number == 0:
                        item["uri"] = url  # its binary chunk
        except GltfError as error:
            raise GltfError(f"The model {url[:80]!r}: {error}") from error
        return found


def _joined(url: str, uri: Any) -> Any:
    """As seen from the model; what is no text is refused where it is read."""
    if not isinstance(uri, str) or uri.startswith("data:"):
        return uri
    try:
        return urljoin(url, uri)
    except ValueError as error:
        raise GltfError(f"it names {shown(uri)}, which is no URL: {error}.") from error
