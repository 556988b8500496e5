"""The command table, the generated code, and the shaders agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from layerw.gpu import codegen, codegen_common, codegen_passes, kinds, spec
from layerw.gpu.spec import Field, Record

ROOT = Path(__file__).resolve().parents[2]
SHADERS = ROOT / "web" / "shaders"
BINDING = re.compile(r"@group\((\d)\) @binding\((\d+)\) var(?:<([\w, ]+)>)? (\w+): ([^;]+);")


def test_generated_files_are_current() -> None:
    assert codegen.stale() == []


def test_check_notices_a_stale_file(tmp_path: Path) -> None:
    for name, make in codegen.OUTPUTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(make(), "utf-8")
    assert codegen.stale(tmp_path) == []
    victim = tmp_path / "web/gen/commands.js"
    victim.write_text(victim.read_text("utf-8").replace("frameEnd", "frameStop"), "utf-8")
    assert codegen.stale(tmp_path) == ["web/gen/commands.js"]


def test_table_rules_are_checked() -> None:
    codegen_common.validate(spec.COMMANDS)
    codegen_common.validate(spec.EVENTS)
    with pytest.raises(ValueError, match="Opcode 7 of again"):
        codegen_common.validate([Record(7, "once", (), ""), Record(7, "again", (), "")])
    with pytest.raises(ValueError, match="Field x of a has type u64"):
        codegen_common.validate([Record(1, "a", (Field("x", "u64"),), "")])
    with pytest.raises(ValueError, match="has type text"):
        codegen_common.validate([Record(1, "a", (Field("t", "text"), Field("x", "u32")), "")])


def wgsl_text(*names: str) -> str:
    return "".join((SHADERS / f"{name}.wgsl").read_text("utf-8") for name in names)


def test_uniform_blocks_are_written_in_wgsl() -> None:
    text = wgsl_text("gen/blocks")
    assert "  irradiance: array<vec4<f32>, 9>,\n" in text
    for name, block in (("FrameBlock", spec.FRAME_BLOCK), ("MaterialBlock", kinds.MATERIAL_BLOCK),
                        ("DrawBlock", spec.DRAW_BLOCK)):
        body = re.search(rf"struct {name} \{{(.*?)\n\}}", text, re.S)
        assert body and re.findall(r"(\w+): ", body[1]) == [member for member, _ in block]


@pytest.mark.parametrize(("type_", "count"), [("vec4", 1), ("mat4x4", 4), ("vec4[9]", 9), ("mat4x4[4]", 16)])
def test_members_of_blocks_are_counted_in_vec4s(type_: str, count: int) -> None:
    assert spec.block_bytes((("one", type_),)) == 16 * count


def test_members_lie_where_wgsl_and_std140_put_them() -> None:
    block = (("a", "vec3"), ("b", "f32"), ("c", "f32"), ("d", "vec2"), ("e", "vec4[2]"), ("f", "u32"))
    assert [one.word for one in spec.members(block)] == [0, 3, 4, 6, 8, 16]
    assert spec.block_bytes(block) == 80
    with pytest.raises(ValueError, match="array of f32"):
        spec.members((("x", "f32[4]"),))


@pytest.mark.parametrize("rows", ["rows", "rows.webgl2"])
@pytest.mark.parametrize("kind", kinds.slot_lists())
def test_no_binding_is_used_twice(rows: str, kind: str) -> None:
    bound = BINDING.findall(wgsl_text("gen/blocks", "gen/targets", "frame", rows, "lights", f"gen/slots_{kind}"))
    others = 9 + len(codegen_passes.bindings())  # blocks, columns, lights; what passes read
    assert len({(group, binding) for group, binding, *_ in bound}) == len(bound) == others + 2 * len(kinds.slots(kind))
    columns = [name for _, _, space, name, _ in bound if space.startswith("storage") or name.startswith("row_")]
    assert columns == [f"row_{name}" for name, *_ in spec.COLUMNS]


def test_both_bodies_of_the_rows_have_the_same_functions() -> None:
    heads = [re.findall(r"^fn \w+\(.*\{$", wgsl_text(name), re.M) for name in ("rows", "rows.webgl2")]
    assert set(heads[0]) == {head for head in heads[1] if "fn texel_of(" not in head}
    assert len(heads[0]) == len(spec.COLUMNS)


def test_vertex_locations_match_the_spec() -> None:
    for piece, layout in (("vertex", "triangles"), ("discs", "discs"), ("strokes", "strokes"), ("splats", "splats")):
        head = wgsl_text(piece).partition("@vertex")[0]
        for location, (name, *_) in enumerate(spec.LAYOUTS[layout].attributes):
            assert f"@location({location}) {name}: " in head
        assert f"@location({spec.ROW_LOCATION}) row: u32" in head


FORMAT_BYTES = {"float32x3": 12, "float32x2": 8, "float32": 4, "snorm16x2": 4, "snorm8x4": 4, "unorm8x4": 4,
                "uint32x4": 16}


def test_layouts_have_no_holes() -> None:
    for layout in spec.LAYOUTS.values():
        offset = 0
        for _, at, format_ in layout.attributes:
            assert at == offset
            offset += FORMAT_BYTES[format_]
        assert offset == layout.stride_bytes
