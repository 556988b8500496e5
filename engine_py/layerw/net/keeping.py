"""What of a room outlives its process: who plays and what is whose, beside the entities of a save (saves/snapshot.py).

Owns: the value, and an authority as it says. A player who was kept comes back with the token that was given before, as
after a lost connection. Does not: say where it is kept, or when (layerw_server/net).
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from layerw.base import checks
from layerw.base.errors import ConfigError, SaveError
from layerw.net.authority import Authority
from layerw.net.chat import ChatLine

MAIN_ROOM = "main"
ROOM_NAME = re.compile(r"[a-z0-9_-]{1,32}")


def checked_room(call: str, name: object) -> str:
    """A room's name. Raises KindError, ConfigError."""
    text = checks.text(call, name)
    if not ROOM_NAME.fullmatch(text):
        raise ConfigError(f"{call} is {text!r}; it takes 1 to 32 of a to z, 0 to 9, - and _.")
    return text


def kept(room: Authority) -> dict[str, Any]:
    """JSON and arrays."""
    table = room._port.table
    rows = np.flatnonzero(room._owned())
    return {"tick": room.tick, "guests": room._guests.kept(), "owned": table.serial[rows], "owners": room.owners[rows],
            "chat": [list(line) for line in room.chat.lines]}  # fmt: skip


def restore(room: Authority, value: object) -> None:
    """After the entities are there again. Raises SaveError."""
    try:
        assert isinstance(value, dict)
        room.tick = int(value["tick"])
        room._guests.restore(value["guests"], room._port.now_s())
        room.chat._lines.extend(ChatLine(int(number), str(name), str(text)) for number, name, text in value["chat"])
        table = room._port.table
        used = table.serial[: table.rows_used]
        ids, owners = np.asarray(value["owned"], np.uint32), np.asarray(value["owners"], np.uint16)
        order = np.argsort(used, kind="stable")
        at = np.minimum(np.searchsorted(used[order], ids), max(len(order) - 1, 0))
        there = used[order][at] == ids if len(order) else np.zeros(len(ids), np.bool_)
        rows = order[at[there]]
        room.owners[rows], room._births[rows] = owners[there], table.birth[rows]
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise SaveError("The state of the room is damaged.") from error
