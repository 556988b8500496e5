"""Materials by handle: numbers, and the handles of textures and a shader. See store.py, whose part they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from layerw.base.handles import HandlePool
from layerw.base.ports import MaterialDesc
from layerw.gpu import packing
from layerw.gpu.records import MaterialRecord, TextureRecord
from layerw.gpu.submission import Submission


class Materials:
    """`pools`: of every kind of resource, by name."""

    def __init__(self, submission: Submission, pools: Mapping[str, HandlePool]) -> None:
        self._submission, self._pools = submission, pools
        self.records: dict[int, MaterialRecord] = {}
        self.glass: set[int] = set()  # those that let light through

    def create(self, desc: MaterialDesc) -> int:
        """A material; its textures and its shader must be live handles or 0."""
        self._check(desc)
        material = self._pools["material"].alloc()
        self.records[material] = MaterialRecord(desc)
        self._count(material, desc)
        self._send(material)
        return material

    def write(self, material: int, desc: MaterialDesc) -> None:
        """Replaces a material's numbers, and makes it anew where anything else differs."""
        self._pools["material"].check(material)
        self._check(desc)
        record = self.records[material]
        before, record.desc = record.desc, desc
        self._count(material, desc)
        if record.lost or _made_of(before) != _made_of(desc):
            record.lost = False  # its owner knows which textures there are
            self._send(material)
            return
        params = packing.pack_material(desc)
        self._submission.encoder.material_write(material, self._submission.keep(params), params.nbytes)

    def destroy(self, material: int) -> None:
        """Ends the handle."""
        self._pools["material"].free(material)
        self.glass.discard(material)
        if not self.records.pop(material).lost:
            self._submission.encoder.material_destroy(material)

    def restore(self, textures: Mapping[int, TextureRecord]) -> None:
        """Makes those again whose textures came back; the rest is lost with them."""
        for material, record in self.records.items():
            record.lost = any(t and (t not in textures or textures[t].lost) for t in record.desc.textures)
            if not record.lost:
                self._send(material)

    def _count(self, material: int, desc: MaterialDesc) -> None:
        (self.glass.add if desc.kind == "glass" else self.glass.discard)(material)

    def _check(self, desc: MaterialDesc) -> None:
        packing.material_kind(desc)
        for texture in desc.textures:
            if texture:
                self._pools["texture"].check(texture)
        if desc.shader:
            self._pools["shader"].check(desc.shader)

    def _send(self, material: int) -> None:
        desc = self.records[material].desc
        params, textures = packing.pack_material(desc), np.array(desc.textures, np.uint32)
        keep = self._submission.keep
        self._submission.encoder.material_create(
            material, packing.material_kind(desc), desc.flags, desc.shader, keep(textures), len(textures), keep(params),
            params.nbytes)  # fmt: skip


def _made_of(desc: MaterialDesc) -> tuple[object, ...]:
    """What a backend can't write: it makes the material anew."""
    return desc.kind, desc.flags, desc.shader, desc.textures, len(desc.params)
