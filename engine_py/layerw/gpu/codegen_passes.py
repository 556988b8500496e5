"""The rows of passes.py in JavaScript. See codegen.py."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from . import passes
from .codegen_common import MARK, camel
from .spec import MATERIAL_KINDS

TYPES = """/** @typedef {{ name: string, format: Format, samples: number, divide: number, side: number, height: number,
 *   images: number, outside: boolean, history: boolean, kept: boolean, sized: boolean, clear: readonly number[],
 *   read: boolean, mips: boolean, shown: boolean, same: string, end: boolean, grows: boolean }} Target */
/** @typedef {{ name: string, kind: 'draws' | 'fullscreen' | 'resolve' | 'mips', timer: string,
 *   reads: readonly string[], names: readonly string[], colors: readonly string[], depth: string, shader: string,
 *   depthTest: '' | 'greater' | 'greater-equal', depthWrite: boolean,
 *   blend: '' | 'over' | 'premultiplied' | 'weighted' | 'shade',
 *   materials: string, when: string, draws: string, only: string, but: string,
 *   region: readonly number[], tiled: boolean, vertex: readonly string[] }} Pass */
"""


READ_GROUP = 3
SAMPLERS = ("linear_sampler", "shadow_sampler")


def bindings() -> dict[str, int]:
    """The binding of each name that a shader reads, and of the samplers."""
    names = dict.fromkeys(name for row in passes.PASSES if row.kind not in ("resolve", "mips")
                          for name in row.names_read)
    return {name: number for number, name in enumerate((*SAMPLERS, *names))}


def targets_wgsl() -> str:
    """web/shaders/gen/targets.wgsl: what passes read, by name."""
    formats = {name: passes.target(read).format for row in passes.PASSES
               for name, read in zip(row.names_read, row.targets_read, strict=True)}
    sides = ("LUMINANCE_SIDE", "PARTICLES_SIDE")
    lines = [f"// {MARK}\n", *(f"const {name} = {getattr(passes, name)}u;\n" for name in sides)]
    for name, number in bindings().items():
        kind = {"linear_sampler": "sampler", "shadow_sampler": "sampler_comparison"}.get(name) or (
            "texture_depth_2d" if formats[name] == "depth32float" else "texture_2d<f32>")
        lines.append(f"@group({READ_GROUP}) @binding({number}) var {name}: {kind};\n")
    return "".join(lines)


def _pass(row: passes.Pass) -> dict[str, object]:
    return row._asdict() | {"reads": row.targets_read, "names": row.names_read}


def _rows(name: str, type_name: str, rows: Iterable[Mapping[str, object]]) -> str:
    lines = "".join(f"  {json.dumps({camel(key): value for key, value in row.items()})},\n" for row in rows)
    return f"/** @type {{readonly {type_name}[]}} */\nexport const {name} = Object.freeze([\n{lines}]);\n"


def passes_js() -> str:
    """web/gen/passes.js."""
    formats = " | ".join(f"'{name}'" for name in passes.FORMAT_BYTES)
    warm = [[passes.DRAW_ROWS.index(row), MATERIAL_KINDS.index(kind), flags] for row, kind, flags in passes.WARM_UP]
    return (
        f"// @ts-check\n/** @file The passes of a frame and their targets.\n * {MARK}\n */\n\n"
        f"/** @typedef {{{formats}}} Format */\n{TYPES}\n"
        f"/** @type {{Readonly<Record<Format, number>>}} */\n"
        f"export const FORMAT_BYTES = Object.freeze({json.dumps(passes.FORMAT_BYTES)});\n"
        f"export const VIEW_FLAGS = Object.freeze({json.dumps(list(passes.VIEW_FLAGS))});\n"
        f"{_rows('TARGETS', 'Target', (row._asdict() for row in passes.TARGETS))}"
        f"{_rows('PASSES', 'Pass', (_pass(row) for row in passes.PASSES))}"
        f"/** What reports call the passes, by pass_time.timer. */\n"
        f"export const TIMERS = Object.freeze({json.dumps(list(passes.TIMERS))});\n"
        f"/** Those of passes that only some frames draw. */\n"
        f"export const RARE_TIMERS = Object.freeze({json.dumps(list(passes.RARE_TIMERS))});\n"
        f"/** Where what passes read is bound in group READ_GROUP, by the names that shaders use. */\n"
        f"export const READ_GROUP = {READ_GROUP};\n"
        f"/** @type {{Readonly<Record<string, number>>}} */\n"
        f"export const READ_BINDINGS = Object.freeze({json.dumps(bindings())});\n"
        f"/** The draw lists, by draw_list.pass_id. */\n"
        f"export const DRAW_PASSES = Object.freeze({json.dumps(list(passes.DRAW_PASSES))});\n"
        f"/** Draw pass, material kind and flags of what is compiled at the start. */\n"
        f"export const WARM_UP = Object.freeze({json.dumps(warm)});\n"
    )
