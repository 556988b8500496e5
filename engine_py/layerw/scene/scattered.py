"""Values of rows that do not follow each other: copies that write themselves back.

Owns: one gathered copy and the way back. numpy cannot view such rows, so `group[mask].position` is a copy of now; what
is written to it (an item, a slice, `+=`, `out=`) is done on values gathered anew and goes to the rows, after the group
was checked. What numpy cannot tell us about is refused: the array is read-only to it. Results of arithmetic are plain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from layerw.scene.entity import Entities


class Home(Protocol):
    """Where the values live: both raise HandleError when the rows are gone."""

    def gather(self) -> npt.NDArray[Any]: ...
    def scatter(self, values: npt.NDArray[Any]) -> None: ...


class Scattered(np.ndarray[Any, np.dtype[Any]]):
    """See the module. `Scattered.of(home)` makes one; slices of it write back as well."""

    _home: Home | None = None
    _root: npt.NDArray[Any] | None = None

    @classmethod
    def of(cls, home: Home) -> Scattered:
        """The values as they are now."""
        root = home.gather()
        found: Scattered = root.view(cls)
        found._home, found._root = home, root
        found.flags.writeable = False
        return found

    def __array_finalize__(self, source: npt.NDArray[Any] | None) -> None:
        if isinstance(source, Scattered):
            self._home, self._root = source._home, source._root

    def _open(self) -> npt.NDArray[Any]:
        """The same place in the root, writable and as the rows are now; a copy's own memory is its own matter."""
        root, home = self._root, self._home
        if root is None or home is None or not np.may_share_memory(self, root):
            return self.view(np.ndarray)
        root[...] = home.gather()
        offset = self.ctypes.data - root.ctypes.data
        return np.ndarray(self.shape, self.dtype, root, offset, self.strides)

    def _close(self) -> None:
        root, home = self._root, self._home
        if root is not None and home is not None and np.may_share_memory(self, root):
            home.scatter(root)

    def __setitem__(self, key: Any, value: Any) -> None:
        value = value.view(np.ndarray).copy() if isinstance(value, Scattered) else value
        self._open()[key] = value
        self._close()

    def fill(self, value: Any) -> None:
        """See numpy."""
        self[...] = value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.get("out", ())
        opened = tuple(one._open() if isinstance(one, Scattered) else one for one in out)
        if out:
            kwargs["out"] = opened
        plain = [one.view(np.ndarray) if isinstance(one, Scattered) else one for one in inputs]
        result = getattr(ufunc, method)(*plain, **kwargs)
        for one in out:
            if isinstance(one, Scattered):
                one._close()
        return out[0] if len(out) == 1 and isinstance(out[0], Scattered) else result


class ColumnHome:
    """Where one attribute of a group lives, of the table. Colours are (n, 4) uint8."""

    def __init__(self, group: Entities, name: str) -> None:
        self._group, self._name = group, name

    def gather(self) -> npt.NDArray[Any]:
        group = self._group
        group._check()
        values: npt.NDArray[Any] = group._table.columns[self._name].array[group._key]
        channels: npt.NDArray[Any] = values.view(np.uint8).reshape(-1, 4) if self._name == "color" else values
        return channels

    def scatter(self, values: npt.NDArray[Any]) -> None:
        self._group._write(self._name, values if self._name != "color" else values.view(np.uint32).reshape(-1))
