"""The kernels that quantise and pack what goes over the network: in place where there is Pyodide, numpy elsewhere. As
geometry.py.

The contract is in engine_py/kernels/net/pack.h.
"""

from __future__ import annotations

from typing import Any, Protocol

from layerw.kernels import inplace

Address = Any
WORD_BYTES = 6  # room that a word takes at most, packed
DAMAGED = 0xFFFFFFFF  # lw_net_unpack: the bytes are no block


class NetKernels(Protocol):
    """The part of gen.api.Kernels that the network needs."""

    def lw_net_quantise(self, values: Address, count: int, per_unit: Address, words: Address) -> None: ...
    def lw_net_restore(self, words: Address, count: int, per_unit: Address, values: Address) -> None: ...
    def lw_net_delta(self, words: Address, base: Address, count: int, delta: Address) -> None: ...
    def lw_net_undelta(self, delta: Address, base: Address, count: int, words: Address) -> None: ...
    def lw_net_pack(self, words: Address, ends: Address, blocks: int, out: Address, out_ends: Address) -> int: ...
    def lw_net_unpack(self, bytes: Address, size: int, words: Address, room: int) -> int: ...


def _chosen() -> NetKernels:
    found = inplace.load()
    if found is not None:
        return found
    from layerw.kernels.twins.net import NumpyNetKernels

    return NumpyNetKernels()


NET: NetKernels = _chosen()
