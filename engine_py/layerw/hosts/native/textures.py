"""Textures: creation, upload, mip chains (the API has none), samplers; the twin of web/backends/webgpu/textures.js."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from layerw.gpu import spec
from layerw.hosts.native.programs import module_text
from layerw.hosts.native.records import Gpu, TextureRecord, compressed_levels, family_of, texel_bytes

_FORMATS = (
    "rgba8unorm-srgb", "rgba8unorm", "rgba8unorm-srgb", "rgba16float", "rgba32uint",
    "astc-4x4-unorm-srgb", "astc-4x4-unorm",
    "bc7-rgba-unorm-srgb", "bc7-rgba-unorm", "etc2-rgba8unorm-srgb", "etc2-rgba8unorm", "etc2-rgb8unorm-srgb",
    "etc2-rgb8unorm", "bc1-rgba-unorm-srgb", "bc1-rgba-unorm", "bc5-rg-unorm", "bc5-rg-unorm", "eac-rg11unorm",
    "eac-rg11unorm")  # fmt: skip
_COPY_DST, _SAMPLED, _DRAWN = 0x02, 0x04, 0x10
_numbers = count(-1, -1)


@dataclass(slots=True, eq=False)
class SampledTexture:
    """number: tells images apart in the keys of bind groups; below 0, those of passes are above."""

    texture: Gpu
    view: Gpu
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def drawn(self) -> Gpu:
        """Of its first level, for views that draw into it: they have one."""
        return self.view


class Textures:
    """Of one device."""

    def __init__(self, device: Gpu) -> None:
        self.device = device
        self._module = device.create_shader_module(label="downsample", code=module_text("downsample"))
        self._samplers: dict[int, Gpu] = {}
        self._downsamplers: dict[str, Gpu] = {}
        white = device.create_texture(size=(1, 1, 1), format="rgba8unorm", usage=_SAMPLED | _COPY_DST)
        self._write(white, 0, (0, 0), (1, 1), 4, b"\xff\xff\xff\xff")
        self.white = white.create_view()

    def create(self, record: TextureRecord) -> SampledTexture:
        """Without pixels."""
        drawn = 0 if family_of(record.format) else _DRAWN
        texture = self.device.create_texture(
            label=f"texture {record.handle}", size=(record.width, record.height, 1), mip_level_count=record.levels,
            format=_FORMATS[record.format], usage=_COPY_DST | _SAMPLED | drawn)
        return SampledTexture(texture, texture.create_view())

    def update(self, record: TextureRecord, place: tuple[int, int, int, int], data: memoryview) -> None:
        """A rectangle (x, y, width, height) of level 0, tight; all further levels follow."""
        x, y, width, height = place
        self._write(record.native.texture, 0, (x, y), (width, height), width * texel_bytes(record.format), data)
        if record.levels > 1:
            encoder = self.device.create_command_encoder()
            self.draw_levels(encoder, record.native.texture)
            self.device.queue.submit([encoder.finish()])

    def write_compressed(self, record: TextureRecord, data: memoryview) -> None:
        """All levels."""
        for number, level in enumerate(compressed_levels(record)):
            part = data[level.offset : level.offset + level.size_bytes]
            self._write(record.native.texture, number, (0, 0), (level.width, level.height), level.row_bytes, part,
                        level.height // 4)

    def _write(self, texture: Gpu, level: int, origin: tuple[int, int], size: tuple[int, int], row_bytes: int,
               data: memoryview | bytes, rows: int = 0) -> None:  # fmt: skip
        self.device.queue.write_texture(
            {"texture": texture, "mip_level": level, "origin": (*origin, 0)}, data,
            {"offset": 0, "bytes_per_row": row_bytes, "rows_per_image": rows or size[1]}, (*size, 1))

    def draw_levels(self, encoder: Gpu, texture: Gpu) -> None:
        """Each level from the one before it."""
        pipeline = self._downsampler(texture.format)
        for level in range(1, texture.mip_level_count):
            source, view = (texture.create_view(base_mip_level=n, mip_level_count=1) for n in (level - 1, level))
            drawing = encoder.begin_render_pass(color_attachments=[
                {"view": view, "load_op": "clear", "store_op": "store", "clear_value": (0, 0, 0, 0)}])
            drawing.set_pipeline(pipeline)
            drawing.set_bind_group(0, self.device.create_bind_group(
                layout=pipeline.get_bind_group_layout(0), entries=[{"binding": 0, "resource": source}]))
            drawing.draw(3)
            drawing.end()

    def _downsampler(self, format_: str) -> Gpu:
        pipeline = self._downsamplers.get(format_)
        if pipeline is None:
            pipeline = self._downsamplers[format_] = self.device.create_render_pipeline(
                label=f"downsample {format_}", layout="auto", vertex={"module": self._module},
                fragment={"module": self._module, "targets": [{"format": format_}]})
        return pipeline

    def sampler(self, bits: int) -> Gpu:
        """SAMPLER_*."""
        found = self._samplers.get(bits)
        if found is None:
            near = "nearest" if bits & spec.SAMPLER_NEAREST else "linear"
            found = self._samplers[bits] = self.device.create_sampler(
                address_mode_u=_address(bits, spec.SAMPLER_CLAMP_S, spec.SAMPLER_MIRROR_S),
                address_mode_v=_address(bits, spec.SAMPLER_CLAMP_T, spec.SAMPLER_MIRROR_T),
                mag_filter=near, min_filter=near, mipmap_filter=near,
                max_anisotropy=(bits // spec.SAMPLER_ANISOTROPY or 8) if near == "linear" else 1)
        return found


def _address(bits: int, clamp: int, mirror: int) -> str:
    return "clamp-to-edge" if bits & clamp else "mirror-repeat" if bits & mirror else "repeat"
