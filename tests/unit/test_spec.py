"""The command table, the generated code, and the shaders agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from layerw.gpu import codegen, codegen_common, spec
from layerw.gpu.spec import Field, Record

ROOT = Path(__file__).resolve().parents[2]
SHADERS = ROOT / "web" / "shaders"
PAIRS = sorted(path.stem for path in SHADERS.glob("*.wgsl"))
WGSL_VEC4S = {"mat4x4<f32>": 4, "vec4<f32>": 1, "vec4<u32>": 1, "array<vec4<f32>, 9>": 9}
GLSL_VEC4S = {"mat4": 4, "vec4": 1, "uvec4": 1}


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


def wgsl_struct(name: str) -> list[tuple[str, int]]:
    """Members of a WGSL struct in shaders/frame.wgsl, with their vec4 counts."""
    text = (SHADERS / "frame.wgsl").read_text("utf-8")
    body = re.search(rf"struct {name} \{{(.*?)\n\}}", text, re.S)
    assert body, name
    return [(m[1], WGSL_VEC4S[m[2]]) for m in re.finditer(r"^\s*(\w+): ([^;]+?),(?:\s*//.*)?$", body[1], re.M)]


def glsl_block(name: str) -> list[tuple[str, int]]:
    """Members of a GLSL uniform block in shaders/frame.glsl, with their vec4 counts."""
    text = (SHADERS / "frame.glsl").read_text("utf-8")
    body = re.search(rf"uniform {name} \{{(.*?)\n\}}", text, re.S)
    assert body, name
    return [(m[2], GLSL_VEC4S[m[1]] * int(m[3] or 1))
            for m in re.finditer(r"^\s*(\w+) (\w+)(?:\[(\d+)\])?;", body[1], re.M)]


@pytest.mark.parametrize(("name", "block"), [
    ("FrameBlock", spec.FRAME_BLOCK), ("MaterialBlock", spec.MATERIAL_BLOCK), ("DrawBlock", (("flags", 1),)),
])
def test_blocks_have_one_layout(name: str, block: tuple[tuple[str, int], ...]) -> None:
    assert wgsl_struct(name) == list(block)
    assert glsl_block(name) == list(block)


def test_bindings_of_both_languages_match() -> None:
    wgsl = (SHADERS / "frame.wgsl").read_text("utf-8")
    glsl = (SHADERS / "frame.glsl").read_text("utf-8")
    bound = re.findall(r"@group\((\d)\) @binding\((\d+)\) var(?:<([\w, ]+)>)? (\w+): ([^;]+);", wgsl)
    assert len({(group, binding) for group, binding, *_ in bound}) == len(bound) == 19
    textures = [name for *_, name, type_ in bound if type_.startswith("texture")]
    rows = [name for _, _, space, name, _ in bound if space.startswith("storage")]
    uniforms = [type_ for _, _, space, _, type_ in bound if space == "uniform"]
    assert sorted(re.findall(r"uniform sampler2D(?:Shadow)? (\w+);", glsl)) == sorted(textures + rows)
    assert sorted(re.findall(r"uniform (\w+Block) \{", glsl)) == sorted(uniforms)
    assert rows == [f"row_{name}" for name, *_ in spec.COLUMNS]
    units = (ROOT / "web/backends/webgl2/pipelines.js").read_text("utf-8")
    assert [name for name in textures + rows if not re.search(rf"\b{name}: ", units)] == []


def test_vertex_locations_match_the_spec() -> None:
    wgsl = (SHADERS / "vertex.wgsl").read_text("utf-8")
    glsl = (SHADERS / "vertex.glsl").read_text("utf-8")
    for location, name in enumerate([*(name for name, *_ in spec.VERTEX), "row"]):
        assert f"@location({location}) {name}:" in wgsl
        assert re.search(rf"layout\(location = {location}\) in \w+ in_{name};", glsl)


@pytest.mark.parametrize("name", PAIRS)
def test_each_wgsl_chunk_has_its_glsl(name: str) -> None:
    """Both define the same helper functions and constants; names that differ are the entry points."""
    wgsl = (SHADERS / f"{name}.wgsl").read_text("utf-8")
    glsl = (SHADERS / f"{name}.glsl").read_text("utf-8")
    functions = set(re.findall(r"^fn (\w+)\(", wgsl, re.M)) - {"vertex_main", "fragment_main"}
    ours = set(re.findall(r"^[a-z]\w* (\w+)\([^;]*\) \{", glsl, re.M) + re.findall(r"^Waves (\w+)\(", glsl, re.M))
    assert functions == ours - {"main", "saturate"}
    numbers = [set(re.findall(r"(?<![\w.])\d+\.\d+(?![\w.])", text)) for text in (wgsl, glsl)]
    assert numbers[0] ^ numbers[1] <= {"0.0", "1.0", "2.0", "1024.0"}
