"""WGSL modules from their pieces, and the constants that select a variant: the twin of web/shaders/loader.js.

Which pieces make a program says web/shaders/gen/programs.json, which tools/shaders.mjs writes. Limits: needs web/ of a
checkout, or of a wheel with the server.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from layerw.base.errors import LayerwError
from layerw.gpu import spec
from layerw.gpu.passes import PASSES, Pass, target

PIPELINE_FLAGS = (spec.MATERIAL_DOUBLE_SIDED | spec.MATERIAL_BLEND | spec.MATERIAL_MASK | spec.MATERIAL_WIND
                  | spec.MATERIAL_METRES | spec.MATERIAL_NO_FOG)  # fmt: skip
_PARTS = {row.materials for row in PASSES}
_GIVEN = ("discs", "strokes", "splats", "ui")
_LAYERED = ("layered", "glass")


@cache
def shaders_folder() -> Path:
    """Where WGSL lies."""
    package = Path(__file__).parents[2]
    places = package.parent / "layerw_server" / "web" / "shaders", package.parents[1] / "web" / "shaders"
    for place in places:
        if (place / "gen" / "programs.json").is_file():
            return place
    raise LayerwError(f"The shaders are neither in {places[0]} nor in {places[1]}; reinstall layerw.")


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads((shaders_folder() / "gen" / "programs.json").read_text("utf-8"))
    return table


@cache
def _piece(name: str) -> str:
    return (shaders_folder() / f"{name}.wgsl").read_text("utf-8")


def pieces_of(program: str, posed: bool = False) -> list[str]:
    """Names of its pieces. posed: whether joints and morphs move its vertices."""
    return [*_table()["programs"][program], *(_table()["posed"] if posed else ())]


def module_text(program: str, posed: bool = False) -> str:
    """WGSL of a program."""
    return "\n".join(_piece(name) for name in pieces_of(program, posed))


def around_shader(displaces: bool) -> tuple[str, str]:
    """WGSL before and after a program's own."""
    around = _table()["own"]["displaces" if displaces else "stays"]
    before, after = ("\n".join(_piece(name) for name in around[part]) for part in ("before", "after"))
    return before, after


def kind_name(kind: int) -> str:
    """Of MATERIAL_KINDS."""
    return spec.MATERIAL_KINDS[kind]


def part_of(kind: int, flags: int) -> str:
    """Which passes draw a material of a kind: those of its `materials`."""
    if kind_name(kind) in _PARTS:
        return kind_name(kind)
    return "see_through" if flags & spec.MATERIAL_BLEND else "solid"


def topology_of(kind: int) -> int:
    """What a kind draws: that of its name, for elements; else triangles and what else has vertices."""
    return spec.TOPOLOGIES.index(kind_name(kind)) if kind_name(kind) in spec.TOPOLOGIES else 0


def is_given(kind: int) -> bool:
    """Whether its colours are shown as given: without light, exposure and tone map."""
    return kind_name(kind) in _GIVEN


def uses_coverage(kind: int, flags: int, row: Pass) -> bool:
    """Whether alpha says how many of a pixel's samples are drawn."""
    takes = is_given(kind) or bool(flags & spec.MATERIAL_MASK)
    return takes and row.blend == "" and bool(row.colors and row.colors[0]) and target(row.colors[0]).samples > 1


def overrides(kind: int, flags: int, row: Pass, *, own: bool, fades: bool) -> dict[str, float]:
    """Values of the overrides in frame.wgsl. own: of a program's shader; fades: of DRAW_FADES."""
    values = {
        "LAYERED": own or kind_name(kind) in _LAYERED, "MASK": bool(flags & spec.MATERIAL_MASK),
        "BLEND": bool(flags & spec.MATERIAL_BLEND), "WIND": bool(flags & spec.MATERIAL_WIND),
        "METRES": bool(flags & spec.MATERIAL_METRES), "FOG": not flags & spec.MATERIAL_NO_FOG,
        "COVERAGE": uses_coverage(kind, flags, row), "FADES": fades, "SHADOW_PASS": row.timer == "shadow",
    }  # fmt: skip
    return {name: float(value) for name, value in values.items()} | pass_overrides(row)


def pass_overrides(row: Pass) -> dict[str, float]:
    """Values of the overrides in radiance.wgsl, where the pass's program has them."""
    if not row.colors or not (row.kind == "draws" or "radiance" in pieces_of(row.shader)):
        return {}
    formats = [target(color).format if color else "" for color in row.colors]
    values = {
        "ENCODED": formats[0] == "rgb10a2", "MIRRORED": bool({"mirror", "background"} & {*row.targets_read}),
        "COPIED": "background" in row.targets_read, "WEIGHTED": row.blend == "weighted",
        "PICKED": "rg32uint" in formats,
    }  # fmt: skip
    return {name: float(value) for name, value in values.items()}
