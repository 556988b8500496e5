"""The headless host: the whole engine on CPython with the null backend, local files and a virtual clock.

Owns: pretended addresses, the inbox, the null sink and the file transfers. Draws no picture. Every unit test
that needs "the other side" uses it. Limits: one thread; 1/60 s a frame.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from weakref import proxy

import numpy as np

from layerw.base import checks
from layerw.base.errors import LayerwError
from layerw.base.host_port import AnyArray, FrameReceiver
from layerw.base.log import EXCEPTION
from layerw.base.weak import weakly
from layerw.gpu import spec
from layerw.gpu.gen.decoder import decode
from layerw.hosts.event_writer import encode_event
from layerw.hosts.faults import Fault
from layerw.hosts.file_transfers import FileTransfers, Settings
from layerw.hosts.local_files import NO_FOLDERS, Folders
from layerw.hosts.null_sink import NullSink
from layerw.memory import LayerMemory, open_native
from layerw.messages.codec import decode_message, encode_message

FRAME_S = 1.0 / 60.0


class _Memory:
    """Pretended addresses: 32 bits, valid until the next submit ends."""

    def __init__(self) -> None:
        self._arrays: dict[int, AnyArray] = {}
        self._next = 16

    def address(self, array: AnyArray) -> int:
        at = self._next
        self._next += (array.nbytes + 31) & ~15
        self._arrays[at] = array
        return at

    def array(self, address: int) -> AnyArray:
        return self._arrays[address]

    def raw(self, address: int, size_bytes: int) -> bytes:
        data = self._arrays[address].tobytes()
        assert len(data) == size_bytes, (len(data), size_bytes)
        return data

    def forget(self) -> None:
        self._arrays.clear()
        self._next = 16


class Backend(Protocol):
    """What takes the GPU's commands: the null sink, or what draws (hosts/native/core.py). It has a method for each of
    those commands besides. commands: counts by name; picks: that wait for an answer of the host's; pictures: width and
    height of what waits in feeds."""

    commands: dict[str, int]
    picks: list[int]
    pictures: dict[int, tuple[int, int]]
    draws: int  # of the last frame
    triangles: int
    is_watched: bool  # whether somebody looks at every frame; else those are drawn whose picture is asked for

    @property
    def gpu_bytes(self) -> int: ...
    def passes_over(self, name: str) -> bool: ...
    def lose(self) -> None: ...
    def look(self) -> None: ...
    def picture(self) -> AnyArray | None: ...


class Parts(NamedTuple):
    """What a backend is made from: the arrays at addresses, what transfers hold, and how events are sent."""

    read: Callable[[int], AnyArray]
    transfers: FileTransfers
    send: Callable[..., None]


class HeadlessHost:
    """See base.host_port.HostPort.

    Args:
        root: the folder that relative URLs start from.
        options: boot options, as the page would give them.
        size: of the pretended canvas, pixels.
        lanes, latency_frames, decode_frames, fault: the pretended network, see file_transfers.Settings.
        folders: others that URLs reach, by their first part.
        draw: makes what takes the GPU's commands in place of the null sink (hosts/native); meshes and images are built
            then.
    """

    def __init__(self, root: Path | str = ".", *, options: dict[str, Any] | None = None,
                 size: tuple[int, int] = (1080, 720), lanes: int = 0, latency_frames: int = 1, decode_frames: int = 1,
                 fault: Callable[[str, int], Fault | None] | None = None,
                 draw: Callable[[Parts], Backend] | None = None, folders: Folders = NO_FOLDERS) -> None:  # fmt: skip
        self.name = "headless" if draw is None else "native"
        self._memory = _Memory()
        self.address = self._memory.address
        settings = Settings(Path(root), lanes, latency_frames, decode_frames, fault, draw is not None, folders)
        self.transfers = FileTransfers(settings, self._memory.raw, weakly(self._free_block),
                                       weakly(self._view_block) if draw is not None else None)
        self.sink: Backend = (
            NullSink(self._memory.array, self.transfers.held_bytes, self.transfers.image) if draw is None
            else draw(Parts(self._memory.array, self.transfers, weakly(self.send))))
        self.errors: list[str] = []  # what the page would show
        self.logs: list[tuple[int, str]] = []
        self.report: dict[str, Any] | None = None
        self.submits = 0
        self.frame = 0
        self.pointer_lock = self._is_stepping = False
        self.picture: AnyArray | None = None  # (height, width, 4) uint8: what readbacks give; None: they fail
        self.picked: tuple[int, float] = (spec.PICK_UNDRAWN, 0.0)  # row + 1 and depth: what every pick gives
        self.files: dict[str, AnyArray] = {}  # what the page would save
        self.shown: dict[int, AnyArray] = {}  # panels above the canvas, by number
        self.page_sent: list[tuple[str, Any]] = []  # what app.page.send told the page
        self.feeds: dict[int, dict[str, Any]] = {}  # what textures asked the page for, by number
        self.connector: Callable[[str | None], Any] | None = None  # how app.connect(url) gets a net.transport.Transport
        self._readbacks: list[tuple[int, AnyArray | None]] = []  # with their pictures
        self._asked: list[int] = []  # readbacks of this submit
        self._names: dict[int, str] = {}
        self._layer: LayerMemory | None = None
        self._options = {"backend": "null", **(options or {})}
        self._inbox: AnyArray | None = None
        self._events: list[bytes] = [encode_event("resize", *size, 1.0)]
        self._sink = _Routes(self)

    def open_layer(self, budget_bytes: int) -> LayerMemory:
        """Layer memory under wasmtime."""
        self._layer = open_native(budget_bytes)
        return self._layer

    def open_far(self, module: AnyArray, names: list[str]) -> None:
        """No threads but those of Layer memory."""

    def _free_block(self, block: int) -> None:
        if self._layer is not None and not self._layer.kernels.lw_free(block, 255):
            self.errors.append(f"A mesh's block was not freed: {self._layer.error()}")

    def _view_block(self, block: int, size_bytes: int) -> memoryview:
        """The bytes of a block of Layer memory, where they lie now."""
        assert self._layer is not None
        view = self._layer.port.try_view(self._layer.kernels.lw_address(block), size_bytes)
        assert view is not None, "wasmtime's memory has views"
        return memoryview(view.data)

    def options(self, *, again: bool = False) -> dict[str, Any]:
        """The boot options."""
        return self._options

    def submit(self, address: int, words: int) -> None:
        """Decodes the words at a real address; what they point at has pretended ones."""
        self.submits += 1
        view = np.ctypeslib.as_array((ctypes.c_uint32 * words).from_address(address))
        try:
            decode(view, self._sink)
        finally:
            self._memory.forget()
        if self._asked:
            drawn = self.sink.picture()
            self._readbacks += [(readback, drawn) for readback in self._asked]
            self._asked.clear()

    def send(self, name: str, *values: int | float | str | bytes) -> None:
        """Queues an event for the next frame (a key press, say)."""
        self._events.append(encode_event(name, *values))

    def key(self, code: str, down: bool = True) -> None:
        """A key goes down, or up, with the next frame, the second at the earliest: `host.key("Space")`."""
        known = checks.one_of("HeadlessHost.key code", code, spec.KEYS)
        self.send("key", spec.KEYS.index(known), int(checks.flag("HeadlessHost.key down", down)))

    def page_send(self, name: str, value: object = None) -> None:
        """Sends a value to the program as a page's element.send does."""
        self.send("page_message", encode_message(name, value))

    @property
    def recorded(self) -> AnyArray:
        """(n, 2) int16, 48 kHz: what was heard until now; with the option sound="record"."""
        told = [value for name, value in self.page_sent if name == "layerw-audio"]
        blocks = [value["recorded"] for value in told if "recorded" in value]
        silent = sum(value["silent"] for value in told if "silent" in value)
        return np.concatenate([np.zeros(2 * silent, np.int16), *blocks]).reshape(-1, 2)

    def give_picture(self, feed: int, width: int, height: int) -> None:
        """A picture of this size comes for one of `feeds`, as if there were a page."""
        self.sink.pictures[feed] = (width, height)
        self.send("feed_picture", feed, width, height)

    def lose_device(self) -> None:
        """The GPU is gone now and back in the next frame."""
        for readback, _ in self._readbacks:
            self.send("readback_failed", readback, "The GPU was lost.")
        self._readbacks.clear()
        for pick in self._picks():
            self.send("pick_failed", pick, "The GPU was lost.")
        self.send("device_lost", "planted by lose_device()")
        self.send("device_restored")
        self.sink.lose()

    def step(self, app: FrameReceiver, frames: int = 1, *, seen: bool = True) -> None:
        """Runs frames of the app; seen: whether they have pictures, see App.step."""
        for _ in range(frames):
            self.advance(app, self.frame * FRAME_S, FRAME_S, seen=seen)

    def advance(self, app: FrameReceiver, time_s: float, dt_s: float, *, seen: bool = True) -> None:
        """Runs one frame of the app at time_s, dt_s after the last one, in seconds; without `seen`, none of what only
        makes pictures. Raises LayerwError within one."""
        if self._is_stepping:
            raise LayerwError("A step was asked for by a function that runs in one; only what is outside of the "
                              "program's functions may move it.")
        self._is_stepping = True
        try:
            self._advance(app, time_s, dt_s, seen)
        finally:
            self._is_stepping = False

    def _advance(self, app: FrameReceiver, time_s: float, dt_s: float, seen: bool) -> None:
        for name, values in self.transfers.step(self.frame):
            self.send(name, *values)
        self._deliver_picture()
        for pick in self._picks():
            self.send("picked", pick, *self.picked)
        sent, needed = self._fill_inbox()
        app.frame_step(time_s, dt_s, sent, needed, seen=seen)
        self.frame += 1

    def _picks(self) -> list[int]:
        """Those that wait, once."""
        picks, self.sink.picks = self.sink.picks, []
        return picks

    def _deliver_picture(self) -> None:
        """One a frame, as in the page: its pixels are an ephemeral result in Layer memory."""
        if not self._readbacks:
            return
        readback, drawn = self._readbacks.pop(0)
        name, picture = self._names.pop(readback, ""), self.picture if drawn is None else drawn
        if picture is None or self._layer is None:
            self.send("readback_failed", readback, "The picture could not be read back: the headless host draws none.")
            return
        payload = self._layer.kernels.lw_result_room(spec.READBACK_CONTEXT, picture.nbytes)
        self._layer.write(payload, np.ascontiguousarray(picture))
        self.send("readback_done", readback, payload, picture.shape[1], picture.shape[0])
        if name:
            self.files[name] = picture
            self.send("readback_saved", readback, picture.nbytes)

    def _fill_inbox(self) -> tuple[int, int]:
        """Copies whole events while they fit; says how many bytes were sent and how many the next needs."""
        if self._inbox is None:
            return 0, 0
        sent = 0
        while self._events and sent + len(self._events[0]) <= self._inbox.nbytes:
            event = self._events.pop(0)
            self._inbox[sent : sent + len(event)] = np.frombuffer(event, np.uint8)
            sent += len(event)
        return sent, len(self._events[0]) if self._events else 0

    def set_inbox(self, array: AnyArray) -> None:
        """Where the events go from now on."""
        self._inbox = array

    def request_report(self, app: FrameReceiver, *, state_hash: bool = True) -> dict[str, Any]:
        """Runs one frame and returns the report that it sends."""
        self.report = None
        self.send("report_request", 1 if state_hash else 0)
        self.step(app, 2 if self._inbox is None else 1)
        assert self.report is not None, "the app sent no report"
        return self.report


class _Routes:
    """The sink of the decoder: the null backend, the transfers, and the page's own commands."""

    def __init__(self, host: HeadlessHost) -> None:
        self._host = proxy(host)  # which owns this

    def __getattr__(self, name: str) -> Any:
        host = self._host
        found = getattr(host.sink, name, None) or getattr(host.transfers, name)
        host.sink.commands[name] = host.sink.commands.get(name, 0)

        def counted(*values: Any) -> None:
            if host.sink.passes_over(name):
                return
            host.sink.commands[name] += 1
            found(*values)

        setattr(self, name, counted)
        return counted

    def report(self, data: int, size_bytes: int) -> None:
        self._host.report = json.loads(self._host._memory.raw(data, size_bytes))

    def log(self, level: int, data: int, size_bytes: int) -> None:
        text = self._host._memory.raw(data, size_bytes).decode()
        self._host.logs.append((level, text))
        if level == EXCEPTION:
            self._host.errors.append(text)

    def readback(self, readback: int) -> None:
        self._host._asked.append(readback)
        self._host.sink.look()

    def readback_file(self, readback: int, name: int, name_bytes: int) -> None:
        self._host._names[readback] = self._host._memory.raw(name, name_bytes).decode()

    def panel_show(self, panel: int, address: int, width: int, height: int, *_place: float) -> None:
        pixels = np.empty((height, width, 4), np.uint8)
        assert self._host._layer is not None
        self._host._layer.read(address, pixels)
        self._host.shown[panel] = pixels

    def panel_hide(self, panel: int) -> None:
        self._host.shown.pop(panel, None)

    def page_send(self, data: int, size_bytes: int) -> None:
        self._host.page_sent.append(decode_message(self._host._memory.raw(data, size_bytes)))

    def feed_open(self, feed: int, data: int, size_bytes: int) -> None:
        self._host.feeds[feed] = json.loads(self._host._memory.raw(data, size_bytes))

    def feed_play(self, feed: int, playing: int) -> None:
        self._host.feeds[feed]["playing"] = bool(playing)

    def feed_close(self, feed: int) -> None:
        del self._host.feeds[feed]
        self._host.sink.pictures.pop(feed, None)

    def input_mode(self, pointer_lock: int) -> None:
        self._host.pointer_lock = bool(pointer_lock)

    def inbox(self, data: int, size_bytes: int) -> None:
        self._host.set_inbox(self._host._memory.array(data))


class HostedApp(FrameReceiver, Protocol):
    """An App with its host."""

    host: Any


def run_headless(app: HostedApp, frames: int) -> dict[str, Any]:
    """Runs `frames` frames of an App on its headless host and returns its report, with the sink's figures."""
    host: HeadlessHost = app.host
    host.step(app, max(frames - 1, 0))
    report = host.request_report(app)
    backend = "wgpu" if host.name == "native" else "null"
    return {**report, "backend": backend, "draws": host.sink.draws, "triangles": host.sink.triangles,
            "crossings_per_frame": {"py_to_js": host.submits / max(host.frame, 1), "js_to_py": 1}}  # fmt: skip
