"""Where a picture is shown: a canvas of rendercanvas, on the screen or off it."""

from __future__ import annotations

from layerw.hosts.native.records import Gpu
from layerw.hosts.native.targets import Native

_SAMPLED, _DRAWN = 0x04, 0x10
_BLIT = """
@group(0) @binding(0) var picture: texture_2d<f32>;
@vertex fn corner(@builtin(vertex_index) n: u32) -> @builtin(position) vec4f {
  return vec4f(f32(n & 1u) * 4.0 - 1.0, f32(n >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}
@fragment fn shown(@builtin(position) at: vec4f) -> @location(0) vec4f {
  return vec4f(textureLoad(picture, vec2i(at.xy), 0).rgb, 1.0);
}
"""


class Canvas:
    """canvas: of rendercanvas."""

    def __init__(self, canvas: Gpu) -> None:
        self.canvas = canvas
        self.context = canvas.get_wgpu_context()
        self._device: Gpu = None
        self._pipeline: Gpu = None

    def configure(self, device: Gpu, adapter: Gpu) -> None:
        """The device draws here from now on."""
        preferred = self.context.get_preferred_format(adapter).removesuffix("-srgb")
        format_ = f"{preferred}-srgb"  # the picture is read as light
        self.context.configure(device=device, format=format_)
        module = device.create_shader_module(label="window", code=_BLIT)
        self._device = device
        self._pipeline = device.create_render_pipeline(
            label="window", layout="auto", vertex={"module": module},
            fragment={"module": module, "targets": [{"format": format_}]})

    def show(self, encoder: Gpu, picture: Native) -> None:
        """At the end of a frame."""
        texture = self.context.get_current_texture()
        drawing = encoder.begin_render_pass(color_attachments=[
            {"view": texture.create_view(), "load_op": "clear", "store_op": "store", "clear_value": (0, 0, 0, 1)}])
        drawing.set_pipeline(self._pipeline)
        drawing.set_bind_group(0, self._device.create_bind_group(
            layout=self._pipeline.get_bind_group_layout(0), entries=[{"binding": 0, "resource": picture.view}]))
        drawing.draw(3)
        drawing.end()
