"""The rows of passes.py in JavaScript. See codegen.py."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from . import passes
from .codegen_common import MARK, camel
from .spec import MATERIAL_KINDS

TYPES = """/** @typedef {{ name: string, format: Format, samples: number, divide: number, side: number, images: number,
 *   outside: boolean }} Target */
/** @typedef {{ name: string, kind: 'draws' | 'fullscreen' | 'resolve', timer: string,
 *   reads: readonly string[], color: string, depth: string, shader: string,
 *   depthTest: '' | 'greater' | 'greater-equal', depthWrite: boolean, blend: '' | 'over', materials: string,
 *   when: string }} Pass */
"""


def _rows(name: str, type_name: str, rows: Iterable[Mapping[str, object]]) -> str:
    lines = "".join(f"  {json.dumps({camel(key): value for key, value in row.items()})},\n" for row in rows)
    return f"/** @type {{readonly {type_name}[]}} */\nexport const {name} = Object.freeze([\n{lines}]);\n"


def passes_js() -> str:
    """web/gen/passes.js."""
    formats = " | ".join(f"'{name}'" for name in passes.FORMAT_BYTES)
    warm = [[passes.DRAW_PASSES.index(row), MATERIAL_KINDS.index(kind), flags] for row, kind, flags in passes.WARM_UP]
    return (
        f"// @ts-check\n/** @file The passes of a frame and their targets.\n * {MARK}\n */\n\n"
        f"/** @typedef {{{formats}}} Format */\n{TYPES}\n"
        f"export const SHADOW_SIDE = {passes.SHADOW_SIDE};\n"
        f"/** @type {{Readonly<Record<Format, number>>}} */\n"
        f"export const FORMAT_BYTES = Object.freeze({json.dumps(passes.FORMAT_BYTES)});\n"
        f"export const VIEW_FLAGS = Object.freeze({json.dumps(list(passes.VIEW_FLAGS))});\n"
        f"{_rows('TARGETS', 'Target', (row._asdict() for row in passes.TARGETS))}"
        f"{_rows('PASSES', 'Pass', (row._asdict() for row in passes.PASSES))}"
        f"/** The draw lists, by draw_list.pass_id. */\n"
        f"export const DRAW_PASSES = Object.freeze({json.dumps(list(passes.DRAW_PASSES))});\n"
        f"/** Draw pass, material kind and flags of what is compiled at the start. */\n"
        f"export const WARM_UP = Object.freeze({json.dumps(warm)});\n"
    )
