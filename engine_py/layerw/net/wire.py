"""Messages of the network: a byte that says what it is, then its own.

    HELLO, WELCOME, REFUSED, LOOKS, CALL, PLAYERS, NAME, SAY, LINES
              a value, as messages/codec.py has it
    BYE       nothing: the player does not come back
    PING      f64 the client's clock, seconds
    PONG      the same | f64 the server's
    INPUTS    u32 newest input | u32 checks of what it and the one before came to | u32 tick shown, in 1/1000 |
              u8 runs, each u8 how many, and the bytes of an input: the last one is the newest
    STATE     u32 tick | u32 newest input that counts in it | u8 entities, each u32 number | u16 bytes | its state
    ACK       u32 newest tick that was read whole | u32 tick shown, in 1/1000
    SNAPSHOT  u32 tick | u32 tick of the baseline, 0: none | u32 newest input that counts in it | u16 cells, then each
              u32 cell | u8 DELTA, WHOLE or DROPPED | u16 bytes | a block (packing.py)

Little-endian. Owns: lengths and limits; whatever does not fit raises Damaged. Does not: know what a value means.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from layerw.messages.codec import MessageError, decode_message, encode_message
from layerw.net.packing import Damaged

HELLO, WELCOME, REFUSED, LOOKS, CALL, ACK, SNAPSHOT, PLAYERS, INPUTS, STATE, PING, PONG, NAME, SAY, LINES = range(1, 16)
BYE = 16
DELTA, WHOLE, DROPPED = 0, 1, 2
CLIENT_BYTES_MAX = 16 * 1024  # of one message of a client
CELLS_MAX = 4096
BLOCK_BYTES_MAX = 65_535
INPUTS_MAX = 64  # in one message
_HEAD, _CELL, _ACK = struct.Struct("<BIIIH"), struct.Struct("<IBH"), struct.Struct("<BII")
_PING, _PONG = struct.Struct("<Bd"), struct.Struct("<Bdd")
_INPUTS, _STATE, _ENTITY = struct.Struct("<BIIIIB"), struct.Struct("<BIIB"), struct.Struct("<IH")


class CellBlock(NamedTuple):
    """What a snapshot says of a cell."""

    cell: int
    kind: int
    data: bytes


class SnapshotHead(NamedTuple):
    """tick: of the server. base: what it is a difference to. inputs: the newest input that was taken."""

    tick: int
    base: int
    inputs: int


class InputRun(NamedTuple):
    """A player's inputs, the last of which is number `newest`. checks: of what the newest came to, and the one before.
    shown: the tick that the player sees."""

    newest: int
    checks: tuple[int, int]
    shown: float
    inputs: list[bytes]


def value_message(kind: int, value: object) -> bytes:
    """One that holds a value."""
    return bytes([kind]) + encode_message("net", value)


def read_value(data: bytes) -> tuple[str, object]:
    """The name and the value of such a one. Raises Damaged."""
    try:
        return decode_message(data[1:])
    except (MessageError, RecursionError, OverflowError, MemoryError, AttributeError) as error:
        raise Damaged(f"A value can't be read: {error}") from error


def ping_message(now_s: float) -> bytes:
    """A client asks for the server's clock."""
    return _PING.pack(PING, now_s)


def pong_message(data: bytes, now_s: float) -> bytes:
    """The answer to such a message. Raises Damaged."""
    if len(data) != _PING.size:
        raise Damaged(f"A ping has {len(data)} bytes; it has {_PING.size}.")
    return _PONG.pack(PONG, _PING.unpack(data)[1], now_s)


def read_pong(data: bytes) -> tuple[float, float]:
    """The client's clock when it asked, and the server's. Raises Damaged."""
    if len(data) != _PONG.size:
        raise Damaged(f"A pong has {len(data)} bytes; it has {_PONG.size}.")
    _, asked, server = _PONG.unpack(data)
    return asked, server


def ack_message(tick: int, shown: float) -> bytes:
    """tick: the newest read. shown: the tick, with its part, that is on the screen."""
    return _ACK.pack(ACK, tick, _thousandths(shown))


def read_ack(data: bytes) -> tuple[int, float]:
    """Raises Damaged."""
    if len(data) != _ACK.size:
        raise Damaged(f"An acknowledgement has {len(data)} bytes; it has {_ACK.size}.")
    _, tick, shown = _ACK.unpack(data)
    return tick, shown / 1000


def inputs_message(run: InputRun) -> bytes:
    """At most INPUTS_MAX inputs, of one length."""
    parts, runs, last = [b""], 0, 0
    for place, data in enumerate(run.inputs):
        if place + 1 == len(run.inputs) or run.inputs[place + 1] != data:
            parts.append(bytes([place + 1 - last]) + data)
            runs, last = runs + 1, place + 1
    parts[0] = _INPUTS.pack(INPUTS, run.newest & 0xFFFFFFFF, *run.checks, _thousandths(run.shown), runs)
    return b"".join(parts)


def read_inputs(data: bytes, size: int) -> InputRun:
    """size: bytes of one input. Raises Damaged."""
    if len(data) < _INPUTS.size:
        raise Damaged("Inputs are cut.")
    _, newest, check, before, shown, runs = _INPUTS.unpack_from(data)
    if len(data) != _INPUTS.size + runs * (1 + size):
        raise Damaged(f"Inputs have {len(data)} bytes, which are not {runs} runs of {size}.")
    inputs: list[bytes] = []
    for at in range(_INPUTS.size, len(data), 1 + size):
        inputs += [data[at + 1 : at + 1 + size]] * data[at]
    if not 0 < len(inputs) <= min(INPUTS_MAX, newest):
        raise Damaged(f"A message has {len(inputs)} inputs up to number {newest}; 1 to {INPUTS_MAX} are taken.")
    return InputRun(newest, (check, before), shown / 1000, inputs)


def state_message(tick: int, newest: int, states: dict[int, bytes]) -> bytes:
    """states: by the numbers of entities, at most 255."""
    parts = [_STATE.pack(STATE, tick, newest, len(states))]
    for number, state in states.items():
        parts.append(_ENTITY.pack(number, len(state)) + state)
    return b"".join(parts)


def read_state(data: bytes) -> tuple[int, dict[int, bytes]]:
    """The newest input that counts in it, and the states. Raises Damaged."""
    try:
        _, _, newest, count = _STATE.unpack_from(data)
        states, at = {}, _STATE.size
        for _ in range(count):
            number, size = _ENTITY.unpack_from(data, at)
            at += _ENTITY.size
            states[number] = data[at : at + size]
            at += size
    except struct.error as error:
        raise Damaged("A state is cut.") from error
    if at != len(data):
        raise Damaged("A state has another length than its entities.")
    return newest, states


def snapshot_message(head: SnapshotHead, cells: list[CellBlock]) -> bytes:
    """At most CELLS_MAX cells."""
    return packed_snapshot(head, [packed_cell(*one) for one in cells])


def packed_cell(cell: int, kind: int, data: bytes) -> bytes:
    """One of `packed_snapshot`'s: many players get the same."""
    return _CELL.pack(cell, kind, len(data)) + data


def packed_snapshot(head: SnapshotHead, cells: list[bytes]) -> bytes:
    """As snapshot_message, of cells that are packed."""
    return _HEAD.pack(SNAPSHOT, *head, len(cells)) + b"".join(cells)


def read_snapshot(data: bytes) -> tuple[SnapshotHead, list[CellBlock]]:
    """Raises Damaged."""
    if len(data) < _HEAD.size:
        raise Damaged("A snapshot is cut.")
    _, tick, base, inputs, count = _HEAD.unpack_from(data)
    if count > CELLS_MAX:
        raise Damaged(f"A snapshot has {count} cells; at most {CELLS_MAX} are taken.")
    return SnapshotHead(tick, base, inputs), list(_cells(data, count))


def _thousandths(shown: float) -> int:
    return max(0, min(int(shown * 1000), 0xFFFFFFFF))


def _cells(data: bytes, count: int) -> Iterator[CellBlock]:
    at = _HEAD.size
    for _ in range(count):
        if at + _CELL.size > len(data):
            raise Damaged("A snapshot is cut.")
        cell, kind, size = _CELL.unpack_from(data, at)
        at += _CELL.size
        if at + size > len(data) or kind > DROPPED:
            raise Damaged("A snapshot is cut.")
        yield CellBlock(cell, kind, data[at : at + size])
        at += size
    if at != len(data):
        raise Damaged("A snapshot has more bytes than cells.")
