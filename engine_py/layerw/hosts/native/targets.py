"""What passes draw into, as wgpu has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from layerw.gpu.passes import FORMAT_BYTES
from layerw.hosts.native.records import Gpu
from layerw.hosts.native.textures import SampledTexture

_numbers = count(1)


class Image(NamedTuple):
    """A target's image. copied: written and read by the CPU as well."""

    format: str
    samples: int
    width: int
    height: int
    levels: int = 1
    copied: bool = False

    @property
    def size_bytes(self) -> int:
        """Of all levels."""
        sides = ((max(self.width >> n, 1), max(self.height >> n, 1)) for n in range(self.levels))
        return FORMAT_BYTES[self.format] * self.samples * sum(wide * high for wide, high in sides)


@dataclass(slots=True, eq=False)
class Native:
    """drawn: the view of its first level. number: tells images apart in the keys of bind groups."""

    texture: Gpu
    view: Gpu
    drawn: Gpu
    image: Image
    number: int = field(default_factory=lambda: next(_numbers))


Drawn = Native | SampledTexture


class Natives(NamedTuple):
    """Of a group; None: there is none."""

    colors: list[Drawn | None]
    depth: Drawn | None
    resolves: list[Drawn | None]
