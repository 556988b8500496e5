"""The shaders of programs by handle. Does not: know what is in their text; the page compiles it and tells later."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from layerw.base.handles import HandlePool
from layerw.gpu.submission import Submission


@dataclass(frozen=True, slots=True)
class ShaderSource:
    """A program's own shader, as spec's shader_create sends it."""

    wgsl: str
    params: str
    textures: tuple[str, ...]
    displaces: bool


class Shaders:
    """`sources`: by handle, which is all that a lost device needs."""

    def __init__(self, submission: Submission, pool: HandlePool) -> None:
        self._submission, self._pool = submission, pool
        self.sources: dict[int, ShaderSource] = {}

    def create(self, source: ShaderSource) -> int:
        """A shader; whether it compiles is told later, by resource_failed."""
        shader = self._pool.alloc()
        self.sources[shader] = source
        self._send(shader)
        return shader

    def write(self, shader: int, source: ShaderSource) -> None:
        """Another text; the last one that compiled is drawn until this one does."""
        self._pool.check(shader)
        self.sources[shader] = source
        self._send(shader)

    def destroy(self, shader: int) -> None:
        """Ends the handle; no material may have it any more."""
        self._pool.free(shader)
        del self.sources[shader]
        self._submission.encoder.shader_destroy(shader)

    def restore(self) -> None:
        """Makes all of them again on a new device."""
        for shader in self.sources:
            self._send(shader)

    def _send(self, shader: int) -> None:
        source = self.sources[shader]
        text = json.dumps({name: getattr(source, name) for name in source.__match_args__})
        data = np.frombuffer(text.encode(), np.uint8)
        self._submission.encoder.shader_create(shader, self._submission.keep(data), data.nbytes)
