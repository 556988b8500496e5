"""What the engine asks of the machine it runs on: the browser host and the headless host satisfy this."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, runtime_checkable
from weakref import WeakKeyDictionary, ref

import numpy.typing as npt

from layerw.base.errors import LayerwError

AnyArray = npt.NDArray[Any]


class AddressPort(Protocol):
    """Turns arrays into the addresses that commands carry; they are read during the submit only."""

    def address(self, array: AnyArray) -> int: ...


class FrameReceiver(Protocol):
    """What a host drives: implemented by App."""

    def frame_step(self, time_s: float, dt_s: float, inbox_bytes: int, inbox_needed_bytes: int, *,
                   seen: bool = True) -> None: ...


class HostPort(AddressPort, Protocol):
    """The machine: takes one submit a frame and fills the inbox between them."""

    name: str

    def options(self, *, again: bool = False) -> dict[str, Any]:
        """Boot options: base URL, backend, clock, frames, budgets. again: as they are now, after a lost device."""
        ...

    def submit(self, address: int, words: int) -> None:
        """Carries out the command words at this address; everything that they point at is read now."""
        ...


class MemoryHost(HostPort, Protocol):
    """A machine that opens Layer memory. `Any`: the class is a layer above this one."""

    def open_layer(self, budget_bytes: int) -> Any: ...
    def open_far(self, module: AnyArray, names: list[str]) -> Any: ...


@runtime_checkable
class SteppedHost(Protocol):
    """A machine that moves when it is told to: it has no page."""

    def step(self, app: FrameReceiver, frames: int = 1, *, seen: bool = True) -> None:
        """Runs frames of 1/60 s; seen: whether pictures are made."""
        ...


class Running:
    """Which App a host drives. One at a time: two would send each other's resources to one GPU."""

    app: FrameReceiver | None = None  # the one that was made last
    _of_hosts: ClassVar[WeakKeyDictionary[HostPort, ref[FrameReceiver]]] = WeakKeyDictionary()

    @classmethod
    def check_free(cls, host: HostPort) -> None:
        """Raises LayerwError where the host has an App already."""
        taken = cls._of_hosts.get(host)
        if taken is not None and taken() is not None:
            raise LayerwError(f"A second lw.App() was made on this {host.name} host, which drives one: use the first "
                              "one (`from main import app`, or pass it on), or close() it before.")  # fmt: skip

    @classmethod
    def take(cls, host: HostPort, app: FrameReceiver) -> None:
        """From now on the host drives this App."""
        cls._of_hosts[host] = ref(app)
        cls.app = app

    @classmethod
    def leave(cls, host: HostPort) -> None:
        """The host is free for another App."""
        cls._of_hosts.pop(host, None)
