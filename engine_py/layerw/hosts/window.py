"""A native window that draws spheres, for programs that run without a page: what a simulation looks like, no more.

Owns: wgpu-py's device, one pipeline, one buffer of spheres, the orbiting camera. Needs `pip install layerw[window]` and
a graphics adapter. Limits: spheres are quads that face the camera, with flat depth; no shadows, no engine frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError, ShapeError
from layerw.scene.camera import Camera

Floats = npt.NDArray[np.float32]
_VIEW_BYTES, _SPHERE_FLOATS, _DEPTH = 128, 8, "depth32float"
_SHADER = """
struct View { projection: mat4x4f, eye: vec4f, right: vec4f, up: vec4f, sun: vec4f }
struct Sphere { place: vec3f, radius: f32, color: vec4f }
@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> spheres: array<Sphere>;
struct Corner { @builtin(position) clip: vec4f, @location(0) at: vec2f, @location(1) color: vec3f }

@vertex fn corner(@builtin(vertex_index) vertex: u32, @builtin(instance_index) row: u32) -> Corner {
  let at = vec2f(f32(vertex & 1u), f32(vertex >> 1u)) * 2.0 - 1.0;
  let sphere = spheres[row];
  let offset = (view.right.xyz * at.x + view.up.xyz * at.y) * sphere.radius;
  let clip = view.projection * vec4f(sphere.place - view.eye.xyz + offset, 1.0);
  return Corner(clip, at, sphere.color.rgb);
}

@fragment fn shade(in: Corner) -> @location(0) vec4f {
  let left = 1.0 - dot(in.at, in.at);
  if (left < 0.0) { discard; }
  let toward = cross(view.right.xyz, view.up.xyz);
  let normal = view.right.xyz * in.at.x + view.up.xyz * in.at.y + toward * sqrt(left);
  return vec4f(in.color * (0.45 + 0.55 * max(dot(normal, view.sun.xyz), 0.0)), 1.0);
}
"""


class Window:
    """Opens a window, or takes a canvas of rendercanvas (tests draw off the screen).

    Args:
        title: of the window.
        spheres_max: most spheres a picture, > 0.
        target, distance: what the camera goes around, metres. Drag turns it, the wheel comes closer.

    Raises:
        LayerwError: wgpu-py is missing, there is no display or no graphics adapter; the message says what to do.
    """

    def __init__(self, title: str, *, spheres_max: int, target: npt.ArrayLike = (0, 0, 0), distance: float = 5.0,
                 canvas: Any = None) -> None:  # fmt: skip
        self.target, self.distance, self.yaw, self.pitch = np.asarray(target, np.float64), float(distance), 0.62, 0.42
        self.background = (0.75, 0.84, 0.92, 1.0)
        self._dragging, self._pointer = False, (0.0, 0.0)
        self._wgpu = _import_wgpu()
        self._canvas = _open_canvas(title) if canvas is None else canvas
        adapter = _find_adapter(self._wgpu, self._canvas)
        self.adapter_name = str(adapter.info["device"])
        self._device = adapter.request_device_sync()
        self._context = self._canvas.get_wgpu_context()
        self._format = self._context.get_preferred_format(adapter).removesuffix("-srgb")  # colours are as they look
        self._context.configure(device=self._device, format=self._format)
        self._spheres_max = spheres_max
        self._depth: Any = None
        self._make_pipeline()
        self._canvas.add_event_handler(self._on_event, "pointer_move", "wheel")

    def draw(self, spheres: Floats) -> None:
        """Draws (n, 8) float32: x, y, z, radius in metres, red, green, blue from 0 to 1, and one that is not used."""
        if spheres.ndim != 2 or spheres.shape[1] != _SPHERE_FLOATS or len(spheres) > self._spheres_max:
            raise ShapeError(f"Spheres have the shape {spheres.shape}; draw takes (n, {_SPHERE_FLOATS}) with at most "
                             f"{self._spheres_max} rows.")
        texture = self._context.get_current_texture()
        width, height = texture.size[:2]
        queue = self._device.queue
        queue.write_buffer(self._view, 0, self._view_of(width, height))
        if len(spheres):
            queue.write_buffer(self._spheres, 0, np.ascontiguousarray(spheres, np.float32))
        if self._depth is None or self._depth.size[:2] != (width, height):
            self._depth = self._device.create_texture(size=(width, height, 1), format=_DEPTH,
                                                      usage=self._wgpu.TextureUsage.RENDER_ATTACHMENT)
        encoder = self._device.create_command_encoder()
        drawing = encoder.begin_render_pass(
            color_attachments=[{"view": texture.create_view(), "clear_value": self.background, "load_op": "clear",
                                "store_op": "store"}],
            depth_stencil_attachment={"view": self._depth.create_view(), "depth_clear_value": 0.0,
                                      "depth_load_op": "clear", "depth_store_op": "discard"})
        drawing.set_pipeline(self._pipeline)
        drawing.set_bind_group(0, self._bindings)
        drawing.draw(4, len(spheres))
        drawing.end()
        queue.submit([encoder.finish()])

    def run(self, picture: Callable[[], Floats]) -> None:
        """Draws what `picture()` returns, until the window is closed."""
        from rendercanvas.auto import loop

        def draw() -> None:
            self.draw(picture())
            self._canvas.request_draw()

        self._canvas.request_draw(draw)
        loop.run()

    def _make_pipeline(self) -> None:
        usage, device = self._wgpu.BufferUsage, self._device
        self._view = device.create_buffer(size=_VIEW_BYTES, usage=usage.UNIFORM | usage.COPY_DST)
        self._spheres = device.create_buffer(size=4 * _SPHERE_FLOATS * self._spheres_max,
                                             usage=usage.STORAGE | usage.COPY_DST)
        shader = device.create_shader_module(code=_SHADER)
        self._pipeline = device.create_render_pipeline(
            layout="auto", vertex={"module": shader, "entry_point": "corner"},
            primitive={"topology": "triangle-strip"},
            depth_stencil={"format": _DEPTH, "depth_write_enabled": True, "depth_compare": "greater"},
            fragment={"module": shader, "entry_point": "shade", "targets": [{"format": self._format}]})
        self._bindings = device.create_bind_group(layout=self._pipeline.get_bind_group_layout(0), entries=[
            {"binding": number, "resource": {"buffer": buffer, "offset": 0, "size": buffer.size}}
            for number, buffer in enumerate((self._view, self._spheres))])

    def _view_of(self, width: int, height: int) -> Floats:
        """The shader's View: 4 x 4 and four rows of 4 floats."""
        camera, level = Camera(), math.cos(self.pitch) * self.distance
        up = math.sin(self.pitch) * self.distance
        camera.position = self.target + np.array((math.sin(self.yaw) * level, up, math.cos(self.yaw) * level))
        camera.look_at(self.target)
        frame = camera.frame(width, height)
        view = np.zeros((8, 4), np.float32)
        view[:4] = frame.view_projection.T
        view[4:, :3] = frame.position, frame.right, frame.up, np.array((0.36, 0.8, 0.48))
        return view

    def _on_event(self, event: dict[str, Any]) -> None:
        if event["event_type"] == "wheel":
            self.distance *= math.exp(event["dy"] * 0.001)
        elif 1 in event["buttons"]:
            x, y = self._pointer if self._dragging else (event["x"], event["y"])
            self.yaw -= (event["x"] - x) * 0.008
            self.pitch = min(max(self.pitch + (event["y"] - y) * 0.008, 0.05), 1.5)
        self._dragging = event["event_type"] == "pointer_move" and 1 in event["buttons"]
        self._pointer = event["x"], event["y"]


def _import_wgpu() -> Any:
    try:
        import rendercanvas  # noqa: F401
        import wgpu
    except ImportError as error:
        raise LayerwError(f"A native window needs wgpu-py ({error}); `pip install layerw[window]` brings it.") from None
    return wgpu


def _open_canvas(title: str) -> Any:
    try:
        from rendercanvas.auto import RenderCanvas

        return RenderCanvas(title=title, size=(1080, 720), max_fps=60, update_mode="ondemand")
    except Exception as error:
        raise LayerwError(f"No window could be opened ({type(error).__name__}: {error}); it takes a display, and "
                          "glfw of `pip install layerw[window]`.") from error


def _find_adapter(wgpu: Any, canvas: Any) -> Any:
    try:
        return wgpu.gpu.request_adapter_sync(canvas=canvas, power_preference="high-performance")
    except Exception as error:
        raise LayerwError(f"No graphics adapter was found ({error}). Install the graphics card's driver, or one in "
                          "software (Debian: mesa-vulkan-drivers); the program's headless mode needs none.") from error
