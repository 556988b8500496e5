"""A window that a program runs in, by rendercanvas and glfw; or off the screen, on a canvas that is given.

Owns: the frames by the clock, and what the user does. Limits: one window a process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from layerw.base.errors import LayerwError
from layerw.base.host_port import FrameReceiver
from layerw.hosts.begin import begin
from layerw.hosts.headless import HeadlessHost
from layerw.hosts.local_files import NO_FOLDERS, Folders
from layerw.hosts.native.canvas import Canvas
from layerw.hosts.native.device import import_wgpu
from layerw.hosts.native.host import native_host
from layerw.hosts.native.inputs import EVENTS, Inputs
from layerw.hosts.native.records import Gpu

DT_MAX_S = 0.1  # as web/engine/frame-loop.js
PADS_MAX = 4
_FRAMES_A_SECOND = 240  # more than any screen: the screen's own rate decides


class Window:
    """One program in a window. `canvas`: of rendercanvas, None = a window of glfw."""

    def __init__(self, program: Path, size: tuple[int, int], options: dict[str, Any], canvas: Gpu = None,
                 folders: Folders = NO_FOLDERS) -> None:  # fmt: skip
        import_wgpu()
        self.program = program
        self.canvas = open_canvas(program.stem, size) if canvas is None else canvas
        self.host: HeadlessHost = native_host(program.parent, self.canvas.get_physical_size(),
                                              {"clock": "real", "sound": "play", "dialogs": True, **options},
                                              Canvas(self.canvas), folders)
        self.inputs = Inputs(self.host.send)
        self.frames = 0
        self._time_s, self._last_s, self._shown_errors = 0.0, time.perf_counter(), 0
        self._locked, self._title = False, ""
        self.canvas.add_event_handler(self.inputs.handle, *EVENTS)
        self._app: FrameReceiver | None = None

    async def run(self, told: Callable[[str], None], frames: int | None = None) -> None:
        """Until the window is closed, or for so many frames. told: gets what goes wrong, as it happens. Raises
        ProgramFailed."""
        from rendercanvas.asyncio import loop

        self._app = app = await begin(self.program, self.host)
        self._last_s = time.perf_counter()

        def draw() -> None:
            self.frame()
            for text in self.host.errors[self._shown_errors :]:
                told(text)
            self._shown_errors = len(self.host.errors)
            if self.frames == frames:
                self.canvas.close()
            else:
                self.canvas.request_draw()

        self.canvas.request_draw(draw)
        try:
            await loop.run_async()
        finally:
            app.close()

    def frame(self) -> None:
        """One, by the clock."""
        now = time.perf_counter()
        dt_s = min(now - self._last_s, DT_MAX_S)
        self._last_s, self._time_s = now, self._time_s + dt_s
        self._poll()
        assert self._app is not None
        self.host.advance(self._app, self._time_s, dt_s)
        self.frames += 1
        title = str(getattr(self._app, "title", ""))
        if title and title != self._title:
            self._title = title
            self.canvas.set_title(title)

    def _poll(self) -> None:
        """Pads, the keyboard's focus and the pointer's lock, which rendercanvas knows nothing of."""
        window = getattr(self.canvas, "_window", None)
        if window is None:
            return
        import glfw

        for number in range(PADS_MAX):
            state = glfw.get_gamepad_state(number) if glfw.joystick_is_gamepad(number) else None
            if state is not None:
                self.inputs.pad(number, state.buttons, state.axes)
            else:
                self.inputs.pad_gone(number)
        if self.host.pointer_lock is not self._locked:
            self._locked = self.host.pointer_lock
            glfw.set_input_mode(window, glfw.CURSOR, glfw.CURSOR_DISABLED if self._locked else glfw.CURSOR_NORMAL)
            self.inputs.focus(True, self._locked)


def open_canvas(title: str, size: tuple[int, int]) -> Gpu:
    """Raises LayerwError where there is no display."""
    try:
        from rendercanvas.asyncio import loop
        from rendercanvas.glfw import RenderCanvas

        RenderCanvas.select_loop(loop)
        return RenderCanvas(title=title, size=size, max_fps=_FRAMES_A_SECOND, update_mode="ondemand", vsync=True)
    except Exception as error:
        raise LayerwError(f"No window could be opened ({type(error).__name__}: {error}); it takes a display, and glfw "
                          "of `pip install layerw[window]`.") from error
