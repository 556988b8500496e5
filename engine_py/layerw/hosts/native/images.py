"""Textures by handle: when they have pixels, and what they take; the twin of web/backends/common/images.js."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from layerw.gpu import spec
from layerw.hosts.native.device import Driver
from layerw.hosts.native.handles import HandleTable
from layerw.hosts.native.records import (
    TARGET_FORMAT,
    CommandError,
    TextureRecord,
    check_texture,
    family_of,
    texel_bytes,
    texture_bytes,
)


class Sources(Protocol):
    """What transfers hold."""

    def bytes_of(self, handle: int) -> memoryview: ...


class Images:
    """failed: told of one that could not be made; is_ready: of one that has its pixels."""

    def __init__(self, failed: Callable[[int, str], None], is_ready: Callable[[TextureRecord], None]) -> None:
        self._failed, self._is_ready = failed, is_ready
        self.size_bytes = 0
        self.table: HandleTable[TextureRecord] = HandleTable("texture")

    def create(self, driver: Driver, record: TextureRecord) -> None:
        """It waits for its pixels."""
        self.table.create(record)
        sides = record.width, record.height, record.levels, record.format
        problem = check_texture(*sides, driver.limits)
        if problem:
            return self._failed(record.handle, problem)
        try:
            record.native = driver.textures.create(record)
        except Exception as error:  # of wgpu: no room
            return self._failed(record.handle, str(error))
        record.state = "ready" if record.format == TARGET_FORMAT else "pending"
        record.size_bytes = texture_bytes(*sides)
        self.size_bytes += record.size_bytes

    def destroy(self, handle: int) -> None:
        """Materials that use it are not drawn any more."""
        record = self.table.remove(handle)
        record.state = "failed"
        for material in record.users:
            material.ready = False
        if record.native is not None:
            record.native.texture.destroy()
            self.size_bytes -= record.size_bytes

    def write(self, driver: Driver, handle: int, data: memoryview) -> None:
        """All of level 0."""
        record = self.table.get(handle)
        if record.state == "failed":
            return
        if len(data) != record.width * record.height * texel_bytes(record.format):
            raise CommandError(f"{len(data)} bytes are written to a texture of {record.width} x {record.height}.")
        driver.textures.update(record, (0, 0, record.width, record.height), data)
        self._has_pixels(record)

    def update(self, driver: Driver, handle: int, place: tuple[int, int, int, int], data: memoryview) -> None:
        """A rectangle: x, y, width, height."""
        record = self.table.get(handle)
        x, y, width, height = place
        if record.state == "failed":
            return
        fits = x + width <= record.width and y + height <= record.height
        if not fits or len(data) != width * height * texel_bytes(record.format):
            raise CommandError(f"{len(data)} bytes of {width} x {height} texels are written at ({x}, {y}) of a texture "
                               f"of {record.width} x {record.height}.")
        driver.textures.update(record, place, data)

    def upload(self, driver: Driver, handle: int, transfer: int, sources: Sources) -> None:
        """From a decoded image; of a compressed format all levels."""
        record = self.table.get(handle)
        if record.state == "failed":
            return
        data = sources.bytes_of(transfer)
        if family_of(record.format) == 0:
            return self.write(driver, handle, data)
        if len(data) != record.size_bytes:
            raise CommandError(f"The {len(data)} bytes of transfer {transfer} are not the {record.size_bytes} of the "
                               f"compressed texture ({spec.TEXTURE_FAMILIES[family_of(record.format)]}).")
        driver.textures.write_compressed(record, data)
        self._has_pixels(record)

    def _has_pixels(self, record: TextureRecord) -> None:
        record.state = "ready"
        self._is_ready(record)
