"""How surfaces look: materials and shaders of programs, and when they can be drawn.

The twin of web/backends/common/looks.js. Owns their handles and what each waits for. A record stays the same for good,
also where all behind it is made anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.gpu import kinds, spec
from layerw.hosts.native.bindings import engine_slots
from layerw.hosts.native.device import Driver
from layerw.hosts.native.handles import HandleTable
from layerw.hosts.native.own_shaders import OwnShaderError
from layerw.hosts.native.records import (
    U8,
    CommandError,
    MaterialRecord,
    ShaderRecord,
    TextureRecord,
)

_BLOCK_BYTES = spec.block_bytes(kinds.MATERIAL_BLOCK)
_BOUND = next(member.word for member in spec.members(kinds.MATERIAL_BLOCK) if member.name == "bound")


class Looks:
    """failed: told of kind, handle and what is wrong."""

    def __init__(self, textures: HandleTable[TextureRecord], failed: Callable[[str, int, str], None]) -> None:
        self._textures, self._failed = textures, failed
        self.materials: HandleTable[MaterialRecord] = HandleTable("material")
        self.shaders: HandleTable[ShaderRecord] = HandleTable("shader")

    def create(self, driver: Driver, handle: int, kind: int, flags: int, shader: int, textures: list[int],
               params: memoryview) -> None:  # fmt: skip
        """A material, or all of one that is anew."""
        own = self.shaders.get(shader) if shader else None
        padded = textures + [0] * (engine_slots(kind, own) - len(textures))
        made = [self._textures.live.get(one) if one else None for one in padded]
        record = self.materials.live.get(handle)
        block = _block(params, made)
        if record is None:
            record = MaterialRecord(handle, kind, flags, made, own, block)
            self.materials.create(record)
        else:
            self._empty(record)
            record.kind, record.flags, record.textures, record.shader, record.block = kind, flags, made, own, block
        if kind >= len(spec.MATERIAL_KINDS) or any(one and found is None for one, found in zip(padded, made,
                                                                                             strict=True)):
            return self._failed("material", handle, f"Its kind is {kind}, or one of its textures does not exist.")
        for texture in made:
            if texture is not None:
                texture.users.add(record)
        if own is not None:
            own.users.add(record)
        self.refresh(record, driver)

    def refresh(self, record: MaterialRecord, driver: Driver | None) -> None:
        """Drawable once every texture and its shader are."""
        textures = all(texture is None or texture.state == "ready" for texture in record.textures)
        record.ready = textures and (record.shader is None or record.shader.state != "pending")
        if record.ready and record.native is None and driver is not None:
            record.native = driver.pipelines.create_material(record)

    def _empty(self, record: MaterialRecord) -> None:
        record.ready = False
        for texture in record.textures:
            if texture is not None:
                texture.users.discard(record)
        if record.shader is not None:
            record.shader.users.discard(record)
        self._drop(record)

    @staticmethod
    def _drop(record: MaterialRecord) -> None:
        if record.native is not None:
            record.native.buffer.destroy()
        record.native = None
        record.pipelines = {}

    def destroy(self, handle: int) -> None:
        """A material ends."""
        self._empty(self.materials.remove(handle))

    def write(self, driver: Driver, handle: int, params: memoryview) -> None:
        """Replaces its numbers."""
        record = self.materials.get(handle)
        record.block = _block(params, record.textures)
        if record.native is not None:
            driver.pipelines.write_material(record)

    def create_shader(self, driver: Driver, handle: int, source: dict[str, Any]) -> None:
        """Makes a shader, or replaces its text: what draws with it goes on with the last one that compiled."""
        record = self.shaders.live.get(handle)
        if record is None:
            record = ShaderRecord(handle, source)
            self.shaders.create(record)
        record.source = source
        try:
            record.native = driver.pipelines.compile_shader(source)
            record.state = "ready"
        except OwnShaderError as error:
            if record.native is None:
                record.state = "failed"
            self._failed("shader", handle, str(error))
        for material in record.users:
            self._drop(material)
            self.refresh(material, driver)

    def destroy_shader(self, handle: int) -> None:
        """A shader ends."""
        self.shaders.remove(handle).state = "failed"


def _block(params: memoryview, textures: list[TextureRecord | None]) -> U8:
    if len(params) < _BLOCK_BYTES:
        raise CommandError(f"A material's block has {len(params)} bytes, expected at least {_BLOCK_BYTES}.")
    block = np.frombuffer(params, np.uint8).copy()
    block.view(np.uint32)[_BOUND] = sum(1 << n for n, texture in enumerate(textures) if texture is not None)
    return block
