"""What the engine asks of the machine it runs on: the browser host and the headless host satisfy this."""

from __future__ import annotations

from typing import Any, Protocol

import numpy.typing as npt

AnyArray = npt.NDArray[Any]


class AddressPort(Protocol):
    """Turns arrays into the addresses that commands carry; they are read during the submit only."""

    def address(self, array: AnyArray) -> int: ...


class FrameReceiver(Protocol):
    """What a host drives: implemented by App."""

    def frame_step(self, time_s: float, dt_s: float, inbox_bytes: int, inbox_needed_bytes: int) -> None: ...


class HostPort(AddressPort, Protocol):
    """The machine: takes one submit a frame and fills the inbox between them."""

    name: str

    def options(self) -> dict[str, Any]:
        """Boot options: base URL, backend, clock, frames, budgets."""
        ...

    def submit(self, address: int, words: int) -> None:
        """Carries out the command words at this address; everything that they point at is read now."""
        ...


class MemoryHost(HostPort, Protocol):
    """A machine that opens Layer memory. `Any`: the class is a layer above this one."""

    def open_layer(self, budget_bytes: int) -> Any: ...


class Running:
    """The App that the program made last: how a host finds what to drive."""

    app: FrameReceiver | None = None
