"""The store: `app.store`, values that are there again at the next visit.

    app.store["best"] = 12
    app.store.get("best", 0)

Owns: the bytes of all values, charged to the heap budget, and what could not be kept. Where they lie is records.py's.
Limits: VALUE_BYTES_MAX a value; a value that is changed is kept when it is assigned again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from layerw.base import checks
from layerw.base.errors import KeyMissing, SaveError
from layerw.base.settings import fixed_attributes
from layerw.frame.subsystems import SubsystemPort
from layerw.saves.packed import pack, unpack
from layerw.saves.records import FILE_CHARS_MAX, file_name, records

MAGIC = b"LWST"
VALUE_BYTES_MAX = 16 * 1024 * 1024
VALUE, SAVE = "v.", "s."  # how names of records begin


class Shelf:
    """Every record of the program, in memory; the subsystem "store" of the frame."""

    def __init__(self, port: SubsystemPort) -> None:
        self._port = port
        self.trouble = ""
        self._records = records(port.host, port.send, self._fail)
        self._data = self._records.read()
        self._charged = 0
        self._charge(sum(map(len, self._data.values())))

    def names(self, kind: str) -> list[str]:
        """In the order of the alphabet."""
        return sorted(name.removeprefix(kind) for name in self._data if name.startswith(kind))

    def find(self, kind: str, name: str) -> bytes | None:
        """A record, if there is one."""
        return self._data.get(kind + name)

    def put(self, kind: str, name: str, data: bytes | None) -> None:
        """Keeps a record from now on; None: no more. Raises BudgetError, and nothing is changed."""
        full, before = kind + name, self._data.get(kind + name)
        self._charge(len(data or b"") - len(before or b""))
        if data is None:
            self._data.pop(full, None)
        else:
            self._data[full] = data
        if data != before:
            self._records.write(full, data)

    def warn(self, text: str) -> None:
        self._port.log.warning(text)

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """For the frame: see frame/subsystems.py."""
        return {"after": lambda dt: self._records.flush(), "received": self._receive, "report": self._report}

    def close(self) -> None:
        """The program ended: what it wrote last is on its way."""
        self._records.flush()
        self._port.heap_ledger.release(self._charged)
        self._data.clear()

    def _charge(self, size_bytes: int) -> None:
        ledger = self._port.heap_ledger
        if size_bytes > 0:
            ledger.reserve(size_bytes, "What app.store and app.save keep")
        else:
            ledger.release(-size_bytes)
        self._charged += size_bytes

    def _receive(self, value: object) -> None:
        if isinstance(value, dict) and isinstance(value.get("failed"), str):
            self._fail(value["failed"])

    def _fail(self, text: str) -> None:
        """Told once for each text; the program goes on with what it has in memory."""
        if text != self.trouble:
            self.trouble = text
            self._port.log.error(f"{text} It is there until the program ends.")

    def _report(self) -> dict[str, Any]:
        return {"values": len(self.names(VALUE)), "saves": len(self.names(SAVE)), "bytes": self._charged,
                "trouble": self.trouble}  # fmt: skip


@fixed_attributes
class Store(MutableMapping[str, Any]):
    """`app.store`: a dict whose values are there again at the next visit.

    Values are what JSON has (None, True, numbers, texts, lists, dicts with texts as keys), and numpy arrays. Reading
    gives a new copy each time: to change a list, assign it again.

    In a page they lie in the browser (IndexedDB), by the program's address; without one in a folder of the user's data,
    or where LAYERW_STORE says. `del app.store["best"]` forgets one, `app.store.clear()` all of them.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    @property
    def trouble(self) -> str:
        """Why the last write could not be kept: no room, not allowed; "" where all is well. It is told as well."""
        return self._shelf.trouble

    @property
    def size_bytes(self) -> int:
        """What all values and saves take, packed."""
        return self._shelf._charged

    def __getitem__(self, name: str) -> Any:
        """The value of that name. Raises KeyMissing; one that is damaged is told and counts as missing."""
        name = checked_name("app.store", name)
        data = self._shelf.find(VALUE, name)
        if data is not None:
            try:
                return unpack(MAGIC, data, f"app.store[{name!r}]")
            except SaveError as error:
                self._shelf.warn(f"{error} It counts as missing.")
        raise KeyMissing(f"There is no app.store[{name!r}]; app.store.get({name!r}, 0) gives 0 then."
                         f"{checks.did_you_mean(name, self)}")  # fmt: skip

    def __setitem__(self, name: str, value: Any) -> None:
        """Keeps a value. Raises MessageError: what it can't keep; SaveError: too large; BudgetError: no room."""
        name = checked_name("app.store", name)
        data = pack(MAGIC, value)
        if len(data) > VALUE_BYTES_MAX:
            raise SaveError(f"app.store[{name!r}] takes {len(data)} bytes; at most {VALUE_BYTES_MAX} are kept of one.")
        self._shelf.put(VALUE, name, data)

    def __delitem__(self, name: str) -> None:
        name = checked_name("app.store", name)
        if self._shelf.find(VALUE, name) is None:
            raise KeyMissing(f"There is no app.store[{name!r}].{checks.did_you_mean(name, self)}")
        self._shelf.put(VALUE, name, None)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._shelf.find(VALUE, name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._shelf.names(VALUE))

    def __len__(self) -> int:
        return len(self._shelf.names(VALUE))

    def __repr__(self) -> str:
        return f"Store({', '.join(map(repr, self))})"


def checked_name(call: str, name: object) -> str:
    """A text that can name a file. Raises KindError, ConfigError, SaveError."""
    text = checks.text(f"{call} name", name)
    length = len(file_name(text))
    if length > FILE_CHARS_MAX:
        raise SaveError(f"{call}: the name {checks.shown(text)} takes {length} characters as a file's name; it may "
                        f"take {FILE_CHARS_MAX}.")  # fmt: skip
    return text
