"""Resources that were made for objects of the program: kept while the object lives or a row uses them.

Owns: which handle belongs to which object, and when it is over. Uses of rows are counted by the table (scene/uses.py),
uses by other resources (a LOD set has meshes) here. Does not make or free anything by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sized
from typing import Generic, TypeVar

from layerw.base.lifetimes import Life, Watch, watch
from layerw.scene.uses import Uses

Value = TypeVar("Value")


class Record(Generic[Value]):
    """`value` is what the owner wants to know of it; `holds`: how many other resources need it."""

    __slots__ = ("handle", "holds", "key", "value", "watch")

    def __init__(self, handle: int, value: Value, life: Life, over: deque[Watch]) -> None:
        self.handle, self.value, self.key = handle, value, id(life)
        self.watch = watch(life, handle, over)
        self.holds = 0


class Kept(Generic[Value]):
    """One kind of resource."""

    def __init__(self, uses: Uses) -> None:
        self.by_handle: dict[int, Record[Value]] = {}
        self._by_life: dict[int, Record[Value]] = {}
        self._uses = uses
        self._over: deque[Watch] = deque()
        self.news: tuple[Sized, ...] = (self._over, uses.ended)  # empty: nothing ended since the last calls

    def find(self, life: Life) -> Record[Value] | None:
        """What was made for an object."""
        found = self._by_life.get(id(life))
        return found if found is not None and found.watch() is life else None

    def add(self, life: Life, handle: int, value: Value) -> Record[Value]:
        """Keep a handle for an object."""
        record = Record(handle, value, life, self._over)
        self.by_handle[handle] = self._by_life[record.key] = record
        return record

    def take_over(self) -> list[tuple[Record[Value], bool]]:
        """Those whose object is gone since the last call, and whether the program destroyed it."""
        found = []
        while self._over:
            seen = self._over.popleft()
            record = self.by_handle.get(seen.handle)
            if record is not None and record.watch is seen:
                life = seen()
                found.append((record, life is not None and life.destroyed))
        return found

    def take_ended(self) -> list[Record[Value]]:
        """Those that lost their last use among rows since the last call."""
        return [self.by_handle[handle] for handle in self._uses.take_ended() if handle in self.by_handle]

    def try_end(self, record: Record[Value], *, by_force: bool = False) -> bool:
        """Forget it where neither its object nor a row nor another resource needs it; True: the caller frees it."""
        life = record.watch()
        needed = record.holds or record.handle in self._uses.rows or (life is not None and not life.destroyed)
        if record.handle not in self.by_handle or (needed and not by_force):
            return False
        del self.by_handle[record.handle]
        if self._by_life.get(record.key) is record:  # another object may have its id by now
            del self._by_life[record.key]
        if life is not None:
            life.watched_by.remove(record.watch)
        return True
