"""Messages between the program and the page: values to bytes and back; web/engine/message.js is the other half.

    u32 head_bytes | head: UTF-8 JSON {"name", "value", "arrays": [{"path", "dtype", "shape", "size"}]}
    zeros to a multiple of 8 | the arrays' bytes (C order, little-endian), each padded to a multiple of 8

Where an array lies, `value` has null. An array of shape () is a number that JSON has no word for (NaN, infinities).
Limits: MESSAGE_BYTES_MAX; DEPTH_MAX levels; DTYPES; integers that JavaScript holds exactly.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import LayerwError

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
DEPTH_MAX = 64
INTEGER_MAX = 2**53 - 1  # JavaScript's Number.MAX_SAFE_INTEGER
OWN_PREFIX = "layerw-"  # of the element's own events
DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
_NAMES = {np.dtype(name): name for name in DTYPES}  # asking numpy for one takes as long as all else
_ALIGN = 8
Array = npt.NDArray[np.generic]
Path = tuple[str | int, ...]
_Add = Callable[[Path, Array], None]


class MessageError(LayerwError, ValueError):
    """A value that can't be sent to the page, or a message that is none."""


def encode_message(name: str, value: object = None) -> bytes:
    """The bytes of one message.

    Args:
        name: of the event on the page; not empty, and none of the element's own ("layerw-…").
        value: None, booleans, numbers, texts, lists, tuples, dicts with text keys, numpy arrays and numbers.

    Raises:
        MessageError: what the page can't be given, with its place in the value.
    """
    check_name(name)
    return _encoded(name, value)


def encode_own(subsystem: str, value: object) -> bytes:
    """A message of the engine's own, to a subsystem's half of the page; value: as for encode_message."""
    return _encoded(OWN_PREFIX + subsystem, value)


def _encoded(name: str, value: object) -> bytes:
    arrays: list[Array] = []
    entries: list[dict[str, object]] = []

    def add(path: Path, array: Array) -> None:
        arrays.append(array)
        entries.append({"path": path, "dtype": _NAMES[array.dtype], "shape": array.shape, "size": array.nbytes})

    plain = _plain(value, (), add)
    head = json.dumps({"name": name, "value": plain, "arrays": entries}).encode()
    parts = [struct.pack("<I", len(head)), head, bytes(-(4 + len(head)) % _ALIGN)]
    for array in arrays:
        parts += [array.tobytes(), bytes(-array.nbytes % _ALIGN)]
    size = sum(map(len, parts))
    if size > MESSAGE_BYTES_MAX:
        raise MessageError(f"The message {name!r} takes {size} bytes; at most {MESSAGE_BYTES_MAX} are sent at once.")
    return b"".join(parts)


def decode_message(data: bytes) -> tuple[str, object]:
    """The name and the value of a message; arrays are numpy arrays of the program's own.

    Raises:
        MessageError: the bytes are no message.
    """
    try:
        (head_bytes,) = struct.unpack_from("<I", data)
        head = json.loads(data[4 : 4 + head_bytes])
        root = [head["value"]]
        at = 4 + head_bytes
        for entry in head["arrays"]:
            at += -at % _ALIGN
            array = _array(data[at : at + entry["size"]], entry["dtype"], entry["shape"])
            at += entry["size"]
            _place(root, (0, *entry["path"]), array if entry["shape"] else array.item())
        return head["name"], root[0]
    except (ValueError, KeyError, TypeError, IndexError, struct.error) as error:
        raise MessageError(f"A message of {len(data)} bytes from the page can't be read: {error}") from error


def check_name(name: str) -> None:
    """Raise KindError, ConfigError or MessageError unless the page may have events of this name."""
    checks.text("name", name)
    if name.startswith(OWN_PREFIX):
        raise MessageError(f'The name "{name}" begins with {OWN_PREFIX}, as only the element\'s own events do.')


def _plain(value: object, path: Path, add: _Add) -> object:
    """What JSON can hold of a value; `add` gets the rest."""
    if len(path) > DEPTH_MAX:
        raise MessageError(f"The value is deeper than {DEPTH_MAX} levels at {_where(path)}; does it hold itself?")
    if isinstance(value, np.ndarray):
        add(path, _sendable(value, path))
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise MessageError(f"The integer {value} at {_where(path)} is beyond the {INTEGER_MAX} that JavaScript "
                               "holds exactly; give it as a text or in an int64 array.")
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        add(path, np.array(value, np.float64))
        return None
    if isinstance(value, Mapping):
        return {_key(key, path): _plain(item, (*path, key), add) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_plain(item, (*path, index), add) for index, item in enumerate(value)]
    if isinstance(value, bytes | bytearray | memoryview):
        add(path, np.frombuffer(value, np.uint8))
        return None
    raise MessageError(f"The value at {_where(path)} is of the type {type(value).__name__}; None, booleans, numbers, "
                       "texts, lists, dicts and numpy arrays can be sent and kept.")


def _key(key: object, path: Path) -> str:
    if not isinstance(key, str):
        raise MessageError(f"The dict at {_where(path)} has the key {key!r}; keys are texts.")
    return key


def _sendable(array: Array, path: Path) -> Array:
    if array.dtype not in _NAMES and array.dtype.name not in DTYPES:
        raise MessageError(f"The array sent has the dtype {array.dtype} at {_where(path)}; JavaScript has arrays of "
                           f"{', '.join(DTYPES)}.")
    array = np.ascontiguousarray(array).reshape(array.shape)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _array(data: bytes, dtype: str, shape: list[int]) -> Array:
    if dtype not in DTYPES:
        raise MessageError(f"An array of the page has the dtype {dtype!r}; it is one of {', '.join(DTYPES)}.")
    return np.frombuffer(data, dtype).reshape(shape).copy()


def _place(root: list[object], path: Path, value: object) -> None:
    holder: object = root
    for key in path[:-1]:
        holder = holder[key]  # type: ignore[index]
    holder[path[-1]] = value  # type: ignore[index]


def _where(path: Path) -> str:
    return "".join(f"[{key!r}]" for key in path) or "its top"
