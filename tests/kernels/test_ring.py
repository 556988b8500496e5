"""The ventilated ring under wasmtime against a model: no span is handed out while a frame on its way still reads it."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from layerw.kernels.wasmtime_host import WasmtimeModule

PROTECTED, TOO_LARGE = 7, 9


class Ring(RuleBasedStateMachine):
    """Frames with the spans that were taken in them."""

    @initialize(size=st.sampled_from([256, 4096, 10_000]))
    def start(self, size: int) -> None:
        self.module = WasmtimeModule()
        assert self.module.lw_memory_start(4 << 20) == 1
        self.size = (size + 15) // 16 * 16
        self.address = self.module.lw_ring_start(size)
        self.frame, self.last_ended = 1, 0
        self.spans: dict[int, list[tuple[int, int]]] = {1: []}

    @rule(data=st.data())
    def take(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(1, self.size + 32))
        address = self.module.lw_ring_take(size)
        protected = [span for spans in self.spans.values() for span in spans]
        if address == 0:
            assert self.module.lw_error_code() == (TOO_LARGE if size > self.size else PROTECTED)
            assert size > self.size or protected, "an empty ring has room for all that it can hold"
            return
        assert address % 16 == 0 and self.address <= address and address + size <= self.address + self.size
        assert all(address + size <= start or end <= address for start, end in protected)
        self.spans[self.frame].append((address, address + size))

    @precondition(lambda self: len(self.spans) < 64)
    @rule()
    def end_frame(self) -> None:
        assert self.module.lw_ring_end_frame(self.frame) == 1
        self.last_ended = self.frame
        self.frame += 1
        self.spans[self.frame] = []

    @precondition(lambda self: self.last_ended > 0)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        frame = data.draw(st.integers(1, self.last_ended))
        freed = self.module.lw_ring_done(frame)
        gone = [key for key in self.spans if key <= frame]
        assert freed >= sum(end - start for key in gone for start, end in self.spans.pop(key))

    @rule()
    def stop(self) -> None:
        protected = any(self.spans.values())
        if self.module.lw_ring_stop():
            assert not protected
            self.address = self.module.lw_ring_start(self.size)
            self.spans = {self.frame: []}
            self.last_ended = 0


TestRing = Ring.TestCase
TestRing.settings = settings(max_examples=40, stateful_step_count=60, deadline=None,
                             suppress_health_check=[HealthCheck.too_slow])


def test_starting_the_memory_anew_forgets_the_ring(side: WasmtimeModule) -> None:
    assert side.lw_memory_start(4 << 20) == 1 and side.lw_ring_start(4096)
    assert side.lw_memory_start(4 << 20) == 1
    assert side.lw_ring_take(16) == 0 and side.lw_error_code() == 13
