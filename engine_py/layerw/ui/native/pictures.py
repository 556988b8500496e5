"""What is painted, on the GPU: meshes of quads, a material for the letters and one for each picture.

Owns: those, and the textures of pictures. A mesh is rewritten where its quads changed; what lies between two pictures
is one draw.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError
from layerw.base.ports import MaterialDesc
from layerw.frame.subsystems import SubsystemPort
from layerw.gpu import spec
from layerw.scene.textures import Texture
from layerw.ui.native.paint import QUAD, Letters, Part, Quads

FLAGS = spec.MATERIAL_BLEND | spec.MATERIAL_NO_SHADOW | spec.MATERIAL_NO_FOG | spec.MATERIAL_DOUBLE_SIDED
TOPOLOGY = spec.TOPOLOGIES.index("ui")
LEAST = 64  # quads of a mesh


class _Mesh:
    """Quads on the GPU; those behind the last are nothing."""

    def __init__(self, port: SubsystemPort, quads: Quads) -> None:
        self._store = port.resources.store
        self.data = np.zeros(max(LEAST, 1 << (len(quads) - 1).bit_length()), QUAD)
        self.data[: len(quads)] = quads
        self._count = len(quads)
        self.handle = self._store.create_packed((self.data.view(np.uint8), np.zeros(0, np.uint8)), len(self.data), 0,
                                                TOPOLOGY)  # fmt: skip

    def write(self, quads: Quads) -> bool:
        """Whether they fit."""
        count = len(quads)
        if count > len(self.data) or (len(self.data) > LEAST and count < len(self.data) // 8):
            return False
        self.data[:count] = quads
        self.data[count : self._count] = 0
        written, self._count = max(count, self._count), count
        self._store.rewrite_mesh(self.handle, written * QUAD.itemsize)
        return True

    def end(self) -> None:
        self._store.destroy_mesh(self.handle)


class Pictures:
    """`show` what was painted; `load` and `paint` pictures by their widgets' numbers."""

    def __init__(self, port: SubsystemPort, letters: Letters, sized: Callable[[int, tuple[int, int]], None]) -> None:
        """sized: hears how large a picture is, pixels."""
        self._port, self._letters, self._sized = port, letters, sized
        self._meshes: list[_Mesh] = []
        self._materials: dict[int, tuple[int, int]] = {}  # by picture: the texture that it shows, the material
        self._textures: dict[int, Texture] = {}
        self._sources: dict[int, str] = {}

    def load(self, number: int, source: str) -> None:
        """The picture of this number is a file."""
        if not source or self._sources.get(number) == source:
            return
        self._sources[number] = source
        try:
            texture = Texture.load(source, wrap="clamp", srgb=False)
        except LayerwError as error:
            return self._port.log.warning(f"app.ui.image: {error}")
        self._textures[number] = texture

        def ready() -> None:
            if self._textures.get(number) is texture:  # else a newer one has taken its place
                self._sized(number, (texture.width, texture.height))

        texture.on_ready(ready)
        texture.on_failed(lambda: self._port.log.warning(f"app.ui.image can't be shown: {texture.error}"))
        self._port.resources.texture(texture)

    def paint(self, number: int, pixels: npt.NDArray[np.uint8]) -> None:
        """The picture of this number has these pixels, (height, width, 4)."""
        before = self._textures.get(number)
        size = pixels.shape[1], pixels.shape[0]
        if before is not None and before.origin is None and (before.width, before.height) == size:
            before.pixels = pixels
        else:
            self._textures[number] = Texture(pixels, wrap="clamp", srgb=False, mips=False)
        self._sources.pop(number, None)
        self._sized(number, size)

    def drop(self, number: int) -> None:
        """Nobody shows the picture of this number any more."""
        self._sources.pop(number, None)
        self._textures.pop(number, None)
        self._end_material(number)

    def show(self, parts: list[Part]) -> None:
        """Draws them from now on."""
        batches = [(part.picture, part.quads) for part in _joined(parts)]
        draws = []
        for place, (picture, quads) in enumerate(batches):
            material = self._material(picture)
            if place == len(self._meshes):
                self._meshes.append(_Mesh(self._port, quads))
            elif not self._meshes[place].write(quads):
                self._meshes[place].end()
                self._meshes[place] = _Mesh(self._port, quads)
            if material:
                draws.append((self._meshes[place].handle, material))
        for mesh in self._meshes[len(batches) :]:
            mesh.end()
        del self._meshes[len(batches) :]
        self._port.overlay.show(draws)

    def close(self) -> None:
        """Ends everything."""
        self._port.overlay.show([])
        for mesh in self._meshes:
            mesh.end()
        self._meshes.clear()
        for number in list(self._materials):
            self._end_material(number)
        self._textures.clear()

    def _material(self, picture: int) -> int:
        """0 while its texture is not there."""
        shown = self._textures.get(picture) if picture else self._letters.glyphs.texture
        texture = self._port.resources.texture(shown) if shown is not None else 0
        known = self._materials.get(picture)
        if known is not None and known[0] == texture:
            return known[1]
        self._end_material(picture)
        if not texture:
            return 0
        made = self._port.resources.store.create_material(MaterialDesc("ui", flags=FLAGS, base_color_texture=texture))
        self._materials[picture] = texture, made
        return made

    def _end_material(self, picture: int) -> None:
        known = self._materials.pop(picture, None)
        if known is not None:
            self._port.resources.store.destroy_material(known[1])


def _joined(parts: list[Part]) -> list[Part]:
    """Neighbours of one picture together."""
    found: list[Part] = []
    waiting: list[Part] = []
    for part in [*parts, Part(-1, np.zeros(0, QUAD))]:
        if waiting and part.picture != waiting[0].picture:
            quads = waiting[0].quads
            if len(waiting) > 1:  # as bytes: numpy looks at every field of two types else
                quads = np.concatenate([one.quads.view(np.uint8) for one in waiting]).view(QUAD)
            found.append(Part(waiting[0].picture, quads))
            waiting = []
        waiting.append(part)
    return found
