"""A program's own shader as a module: its text among the engine's pieces; the twin of web/backends/common/shaders.js.

Owns: where its parameters and textures are bound, and what an error says. Limits: what WebGL2's translator refuses is
taken here, if wgpu takes it.
"""

from __future__ import annotations

import re
from typing import Any

from layerw.base.errors import LayerwError
from layerw.hosts.native.bindings import PARAMS_BINDING, texture_binding
from layerw.hosts.native.programs import around_shader
from layerw.hosts.native.records import Gpu

_PLACE = re.compile(r"wgsl:(\d+):(\d+)")
_REASON = re.compile(r"(?:error|Parsing error|validation)[^:]*: *([^\n]+)", re.IGNORECASE)


class OwnShaderError(LayerwError):
    """The program's text is no shader; the message has its line."""


def compile_module(device: Gpu, source: dict[str, Any], first: int) -> Gpu:
    """source: as shader_create has it; first: slots of the engine's textures. Raises OwnShaderError."""
    before, after = around_shader(source["displaces"])
    head = f"{before}\n{_declarations(source, first)}"
    try:
        return device.create_shader_module(label="a program's own", code=f"{head}\n{source['wgsl']}\n{after}")
    except Exception as error:  # wgpu's own kinds of it
        raise OwnShaderError(_told(str(error), source["wgsl"], head.count("\n") + 1)) from error


def unfit(message: str) -> str:
    """What wgpu says of a module that compiles and makes no pipeline."""
    lines = [line.strip() for line in message.split("\n")]
    why = [line for line in lines if line and not line.startswith(("Validation Error", "Caused by", "In wgpu"))]
    return f"The shader does not fit what is bound beside it: {'; '.join(why)}."


def _declarations(source: dict[str, Any], first: int) -> str:
    text = ""
    if source["params"]:
        text = (f"struct Params {{\n{source['params']}}}\n"
                f"@group(1) @binding({PARAMS_BINDING}) var<uniform> params: Params;\n")  # fmt: skip
    for slot, name in enumerate(source["textures"], first):
        text += (f"@group(1) @binding({texture_binding(slot)}) var {name}: texture_2d<f32>;\n"
                 f"@group(1) @binding({texture_binding(slot) + 1}) var {name}_sampler: sampler;\n")  # fmt: skip
    return text


def _told(message: str, text: str, before: int) -> str:
    """What naga says, by the program's own line."""
    place, reason = _PLACE.search(message), _REASON.search(message)
    what = reason.group(1).strip() if reason else message.strip()
    if place is None:
        return what
    line, column = int(place.group(1)) - before, int(place.group(2))
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return f"{what} (in the engine's own text around it)"
    return f"Line {line}, column {column}: {what}\n{lines[line - 1]}\n{' ' * (column - 1)}^"
