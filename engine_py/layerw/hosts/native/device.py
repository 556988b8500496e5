"""The device and what it is made of; the twin of web/backends/webgpu/device.js."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from layerw.base.errors import LayerwError
from layerw.gpu import spec
from layerw.hosts.native.bindings import draw_layout, frame_layout
from layerw.hosts.native.buffers import Buffers
from layerw.hosts.native.canvas import Canvas
from layerw.hosts.native.graph import Graph
from layerw.hosts.native.passes import Executor
from layerw.hosts.native.pipelines import Pipelines
from layerw.hosts.native.records import Gpu, Limits
from layerw.hosts.native.textures import Textures
from layerw.hosts.native.type_names import read_quickly

_COMPRESSED = {"texture-compression-astc": spec.COMPRESSED_ASTC, "texture-compression-etc2": spec.COMPRESSED_ETC2,
               "texture-compression-bc": spec.COMPRESSED_BC | spec.COMPRESSED_BC5}  # fmt: skip
_LIMITS = ("max-buffer-size", "max-storage-buffer-binding-size", "max-texture-dimension-2d")


@dataclass(slots=True, eq=False)
class Driver:
    """What the core draws with."""

    limits: Limits
    buffers: Buffers
    textures: Textures
    pipelines: Pipelines
    graph: Graph
    device: Gpu

    def destroy(self) -> None:
        """With all that is on it."""
        self.device.destroy()


def find_adapter(canvas: Gpu = None) -> Gpu:
    """The best one. Raises LayerwError with what to do."""
    wgpu = import_wgpu()
    try:
        backend = import_module("wgpu.backends.wgpu_native")  # reads the header, which wgpu.gpu does when first asked
        read_quickly(getattr(backend, "ffi", None))
        return wgpu.gpu.request_adapter_sync(canvas=canvas, power_preference="high-performance")
    except Exception as error:
        raise LayerwError(f"No graphics adapter was found ({error}). Install the graphics card's driver, or one in "
                          "software (Debian: mesa-vulkan-drivers); --headless needs none.") from error


@cache
def import_wgpu() -> Gpu:
    """The module. Raises LayerwError where it is missing."""
    if sys.platform == "linux":  # else the OpenGL driver complains where there is no session
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    try:
        import wgpu
    except ImportError as error:
        raise LayerwError(f"Drawing natively needs wgpu-py ({error}); `pip install layerw[window]` brings it."
                          ) from None
    return wgpu


def make_driver(adapter: Gpu, canvas: Canvas | None) -> Driver:
    """A device of this adapter. Raises LayerwError where it can't draw what layerw draws into."""
    features = [name for name in _COMPRESSED if name in adapter.features]
    limits = {name: adapter.limits[name] for name in _LIMITS}
    device = adapter.request_device_sync(required_features=features, required_limits=limits)
    if adapter.info["backend_type"] == "OpenGL":
        _check_opengl(device, adapter)
    if canvas is not None:
        canvas.configure(device, adapter)
    frame, draw = frame_layout(device), draw_layout(device)
    textures, buffers = Textures(device), Buffers(device, frame)
    pipelines = Pipelines(device, frame, draw, textures)
    executor = Executor(device, buffers, pipelines, draw, canvas)
    buffer_bytes, binding_bytes, side = (int(limits[name]) for name in _LIMITS)
    rows = min(buffer_bytes, binding_bytes) // 16 // 1024 * 1024
    compressed = sum(_COMPRESSED[name] for name in features)
    return Driver(Limits(buffer_bytes, side, rows, compressed), buffers, textures, pipelines, Graph(executor), device)


def _check_opengl(device: Gpu, adapter: Gpu) -> None:
    """wgpu's OpenGL mostly draws into no 32-bit floats, which depths for occlusion are. Raises LayerwError."""
    try:
        device.create_texture(size=(1, 1, 1), format="r32float", usage="RENDER_ATTACHMENT").destroy()
    except Exception as error:
        name = adapter.info["device"] or adapter.info["description"]
        raise LayerwError(f"{name} is reached by OpenGL alone, which can't draw into 32-bit floats here. Install a "
                          "driver of Vulkan: the graphics card's, or one in software (Debian: apt install "
                          "mesa-vulkan-drivers); --headless needs none.") from error
