"""The glTF 2.0 document: JSON in, checked items out.

Owns: parsing, versions, extensions, and lookups that fail with a sentence naming the item. Items are checked when
they are used, so that what a model doesn't need (animations) can't break it.
Does not: fetch, or touch a buffer's bytes.
Limits: NODES_MAX nodes; JSON nested NESTING_MAX deep; the JSON's size is limited where it arrives
(web/transfer/decode/containers.js).
Source: the glTF 2.0 specification and the KHR extensions named below.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from layerw.base.errors import LayerwError
from layerw.base.nesting import json_nesting

SUPPORTED_EXTENSIONS = frozenset({
    "KHR_mesh_quantization", "KHR_texture_transform", "KHR_materials_unlit", "KHR_materials_emissive_strength",
    "CESIUM_RTC",  # how web/transfer/decode/containers.js hands over a b3dm's RTC_CENTER
})
NODES_MAX = 65_536
NESTING_MAX = 600  # deeper would end Pyodide
Json = Mapping[str, Any]


class GltfError(LayerwError, ValueError):
    """The file breaks a rule of glTF 2.0, or needs something that layerw doesn't do."""


class Document:
    """A parsed document; `bin_bytes` is the size of the glb's BIN chunk, -1 where there is none."""

    def __init__(self, root: Json, bin_bytes: int = -1) -> None:
        self.root = root
        self.bin_bytes = bin_bytes
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        """Keep a remark that doesn't stop the model, once."""
        if text not in self.warnings and len(self.warnings) < 32:
            self.warnings.append(text)

    def count(self, kind: str) -> int:
        """How many items of a top-level array there are."""
        return len(array(self.root, kind, "The document"))

    def item(self, kind: str, index: object, user: str) -> Json:
        """Item `index` of a top-level array; `user` names who asks, for the message."""
        items = array(self.root, kind, "The document")
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(items):
            raise GltfError(f"{user} names item {index!r} of {kind}, which has {len(items)} items.")
        item = items[index]
        if not isinstance(item, dict):
            raise GltfError(f"Item {index} of {kind} is no JSON object.")
        return item


def parse(payload: bytes, bin_bytes: int = -1) -> Document:
    """Read the JSON and refuse what can't be shown.

    Raises:
        GltfError: no JSON, another version, or a required extension that is not supported.
    """
    if json_nesting(payload, NESTING_MAX) > NESTING_MAX:
        raise GltfError(f"The glTF JSON of {len(payload)} bytes is nested too deeply: over {NESTING_MAX} levels.")
    try:
        root = json.loads(payload.decode("utf-8"), parse_constant=_refuse_constant)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise GltfError(f"The glTF JSON of {len(payload)} bytes can't be read: {error}.") from error
    except RecursionError as error:
        raise GltfError(f"The glTF JSON of {len(payload)} bytes is nested too deeply.") from error
    if not isinstance(root, dict):
        raise GltfError("The glTF JSON is no object.")
    _check_version(root)
    _check_extensions(root)
    doc = Document(root, bin_bytes)
    for name in array(root, "extensionsUsed", "The document"):
        if isinstance(name, str) and name not in SUPPORTED_EXTENSIONS:
            doc.warn(f"The extension {name} is not supported yet; what it adds is left out.")
    return doc


def _refuse_constant(name: str) -> float:
    raise GltfError(f"The glTF JSON holds {name}, which is no JSON number.")


def _check_version(root: Json) -> None:
    asset = root.get("asset")
    version = asset.get("version") if isinstance(asset, dict) else None
    if not isinstance(version, str):
        raise GltfError("The document has no asset.version; it is no glTF 2.0.")
    needed = asset.get("minVersion", version) if isinstance(asset, dict) else version
    if not version.startswith("2.") or needed not in ("2.0", version):
        raise GltfError(f"The document is glTF {needed}; only 2.0 is read.")


def _check_extensions(root: Json) -> None:
    required = array(root, "extensionsRequired", "The document")
    unknown = sorted(str(name) for name in required if name not in SUPPORTED_EXTENSIONS)
    if unknown:
        raise GltfError(f"The model requires {', '.join(unknown)}, which layerw doesn't support; export it without.")


def array(item: Json, name: str, user: str) -> Sequence[Any]:
    """A member that is an array; absent = empty."""
    value = item.get(name, [])
    if not isinstance(value, list):
        raise GltfError(f"{user} has a member {name} that is no array.")
    return value


def integer(item: Json, name: str, user: str, default: int | None = None, *, low: int = 0) -> int:
    """A member that is an integer of `low` or more; no default = required."""
    value = item.get(name, default)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise GltfError(f"{user} has {name} {value!r}; it must be an integer of {low} or more.")
    return value


def number(item: Json, name: str, user: str, default: float) -> float:
    """A member that is a finite number."""
    value = item.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise GltfError(f"{user} has {name} {value!r}; it must be a finite number.")
    return float(value)


def numbers(item: Json, name: str, user: str, default: Sequence[float]) -> tuple[float, ...]:
    """A member that is as many finite numbers as the default."""
    value = item.get(name)
    if value is None:
        return tuple(default)
    good = isinstance(value, list) and len(value) == len(default) and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in value)
    if not good:
        raise GltfError(f"{user} has {name} {str(value)[:80]}; it must be {len(default)} finite numbers.")
    return tuple(float(v) for v in value)


def member(item: Json, name: str, user: str) -> Json:
    """A member that is an object; absent = empty."""
    value = item.get(name, {})
    if not isinstance(value, dict):
        raise GltfError(f"{user} has a member {name} that is no object.")
    return value


def extension(item: Json, name: str, user: str) -> Json | None:
    """An extension's object, or None where it isn't used."""
    extensions = member(item, "extensions", user)
    return member(extensions, name, user) if name in extensions else None
