"""What entities look like on the wire: each look has a number, and a client is told of it before it is first used.

Owns: the numbers, on the server; the handles made of them, on clients. The descriptions are those of saves. Limits:
looks are told once: a material that changes later keeps its first look elsewhere.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError
from layerw.frame.subsystems import SubsystemPort
from layerw.net import wire
from layerw.net.packing import Damaged
from layerw.saves.looks import Handles, Looks
from layerw.scene.table import Table

Rows = npt.NDArray[np.intp]


class LookNumbers:
    """The server's: `messages[n - 1]` tells clients of look n."""

    def __init__(self, port: SubsystemPort) -> None:
        self._table, self._looks = port.table, Looks(port.table, port.resources, port.visibility)
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._by_value: dict[str, int] = {}
        self.messages: list[bytes] = []

    def of(self, rows: Rows) -> npt.NDArray[np.uint32]:
        """(n,) 1 or more."""
        table = self._table
        key = np.stack([table.mesh[rows], table.material[rows], table.lods[rows].astype(np.uint32)], axis=1)
        if not len(rows):
            return np.zeros(0, np.uint32)
        whole = np.ascontiguousarray(key).view([("", np.uint32)] * 3).reshape(-1)
        _, first, which = np.unique(whole, return_index=True, return_inverse=True)
        numbers = np.zeros(len(first), np.uint32)
        for place, row in enumerate(first.tolist()):
            code = tuple(key[row].tolist())
            if code not in self._numbers:
                looks, meshes, _ = self._looks.describe(rows[row : row + 1])
                same = json.dumps(looks[0], sort_keys=True)  # each lw.Mesh.box() is another mesh, and looks the same
                if same not in self._by_value:
                    number = self._by_value[same] = len(self.messages) + 1
                    value = {"first": number, "looks": [{"look": looks[0], "meshes": meshes}]}
                    self.messages.append(wire.value_message(wire.LOOKS, value))
                self._numbers[code] = self._by_value[same]
            numbers[place] = self._numbers[code]
        found: npt.NDArray[np.uint32] = numbers[which]
        return found


class KnownLooks:
    """A client's."""

    def __init__(self, port: SubsystemPort) -> None:
        self._port, self._looks = port, Looks(port.table, port.resources, port.visibility)
        self._handles: dict[int, Handles | None] = {}
        self._finders: list[Any] = []  # they hold what they made

    def learn(self, value: object) -> None:
        """What the server told. Raises Damaged."""
        try:
            assert isinstance(value, dict)
            first = int(value["first"])
            for number, one in enumerate(value["looks"], first):
                if number in self._handles:
                    continue  # who comes back is told again
                find = self._looks.finder(one["meshes"], self._tell)
                self._handles[number] = find(one["look"])
                self._finders.append(find)
        except (AssertionError, KeyError, TypeError, ValueError, LayerwError) as error:
            raise Damaged(f"What things look like can't be read: {error}") from error

    def forget(self) -> None:
        """Another room has other numbers."""
        self._handles.clear()
        self._finders.clear()

    def knows(self, numbers: npt.NDArray[np.uint32]) -> bool:
        """Whether all of these were told."""
        return all(number in self._handles for number in np.unique(numbers).tolist())

    def spawn(self, table: Table, number: int, count: int) -> int:
        """The first of `count` new rows that look so; what can't be made is there without a mesh."""
        mesh, material, lods, radius = self._handles.get(number) or (0, 0, 0, 0.0)
        return table.spawn(count, mesh=mesh, material=material, radius=radius, lods=lods, static=False)

    def _tell(self, what: str) -> None:
        self._port.log.warning(f"An entity of the server is shown without {what}.")
