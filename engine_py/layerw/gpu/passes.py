"""The frame as rows: the passes that draw a view, and the targets that they hand to each other.

Owns: PASSES and TARGETS, their checks, and which pipelines are compiled at the start (WARM_UP). codegen.py writes them
into web/gen/passes.js; web/backends/common/graph.js walks them. A pass runs when its flag is set on the view and
somebody reads what it writes. The first pass that writes a target clears it. Adding a pass: a row here, a shader in
web/shaders (full screen: it finds what the row reads under the same names), a test.
"""

from __future__ import annotations

from typing import NamedTuple

from layerw.gpu.spec import MATERIAL_BLEND, MATERIAL_DOUBLE_SIDED, MATERIAL_KINDS, MATERIAL_MASK, MATERIAL_WIND

SHADOW_SIDE = 2048  # texels of the shadow map's side
# Bytes of a sample. picture: sRGB in the order of the canvas's channels.
FORMAT_BYTES = {"depth32float": 4, "picture": 4}
# Bits of `view`'s flags; a pass with `when` runs only where its bit is set.
VIEW_FLAGS = ("shadows",)


class Target(NamedTuple):
    """What passes draw into and read, as large as the view where `side` is 0.

    divide: of the view's sides. side: texels of a target of its own size. samples: 4 is resolved, never read. images:
    how many of them the API keeps. From `outside` ones the graph allocates nothing.
    """

    name: str
    format: str
    samples: int = 1
    divide: int = 1
    side: int = 0
    images: int = 1
    outside: bool = False


class Pass(NamedTuple):
    """One row.

    kind: draws (a draw list of that name), fullscreen (a triangle with `shader`), resolve (samples to one), present.
    reads: targets. color, depth: what is drawn into, or "". shader: of draws, "" = the material's own. depth_test: "" =
    always. blend: "", "over". materials: of draws, which take part: all, solid or see_through. when: a flag of the
    view, or "". timer: what the report calls it, with others of that name.
    """

    name: str
    kind: str
    timer: str
    reads: tuple[str, ...] = ()
    color: str = ""
    depth: str = ""
    shader: str = ""
    depth_test: str = ""
    depth_write: bool = False
    blend: str = ""
    materials: str = ""
    when: str = ""


TARGETS: tuple[Target, ...] = (
    Target("shadow_map", "depth32float", side=SHADOW_SIDE),
    Target("scene", "picture", samples=4),
    Target("scene_depth", "depth32float", samples=4),
    Target("picture", "picture", outside=True),
    Target("canvas", "picture", images=3, outside=True),
)

PASSES: tuple[Pass, ...] = (
    Pass("shadow", "draws", "shadow", depth="shadow_map", shader="depth", depth_test="greater", depth_write=True,
         materials="all", when="shadows"),
    Pass("opaque", "draws", "opaque", reads=("shadow_map",), color="scene", depth="scene_depth", depth_test="greater",
         depth_write=True, materials="solid"),
    Pass("sky", "fullscreen", "sky", color="scene", depth="scene_depth", shader="skypass",
         depth_test="greater-equal"),
    Pass("blend", "draws", "blend", reads=("shadow_map",), color="scene", depth="scene_depth", depth_test="greater",
         blend="over", materials="see_through"),
    Pass("resolve", "resolve", "resolve", reads=("scene",), color="picture"),
)  # fmt: skip

DRAW_PASSES = tuple(row.name for row in PASSES if row.kind == "draws")  # draw_list.pass_id

# (pass, kind, flags) of the pipelines that nearly every program needs; any other is compiled with its first material.
WARM_UP = (
    ("opaque", "pbr", 0), ("shadow", "pbr", 0), ("opaque", "pbr", MATERIAL_DOUBLE_SIDED), ("opaque", "terrain", 0),
    ("blend", "water", MATERIAL_BLEND), ("opaque", "pbr", MATERIAL_WIND), ("shadow", "pbr", MATERIAL_WIND),
    ("opaque", "pbr", MATERIAL_MASK | MATERIAL_DOUBLE_SIDED),
)  # fmt: skip


def flag(name: str) -> int:
    """The bit of a view's flag."""
    return 1 << VIEW_FLAGS.index(name)


def validate(passes: tuple[Pass, ...] = PASSES, targets: tuple[Target, ...] = TARGETS) -> None:
    """Raises ValueError where the rows contradict each other."""
    known = {target.name: target for target in targets}
    written: set[str] = set()
    for row in passes:
        for name in (*row.reads, *filter(None, (row.color, row.depth))):
            if name not in known:
                raise ValueError(f"Pass {row.name} names the target {name}, which is not in TARGETS.")
        for name in row.reads:
            if name not in written:
                raise ValueError(f"Pass {row.name} reads {name} before any pass writes it.")
            if known[name].samples > 1 and row.kind != "resolve":
                raise ValueError(f"Pass {row.name} reads {name}, whose samples must be resolved first.")
        if row.when and row.when not in VIEW_FLAGS:
            raise ValueError(f"Pass {row.name} waits for the flag {row.when}; the flags are {', '.join(VIEW_FLAGS)}.")
        written.update(filter(None, (row.color, row.depth)))
    for pass_name, kind, _ in WARM_UP:
        if pass_name not in DRAW_PASSES or kind not in MATERIAL_KINDS:
            raise ValueError(f"WARM_UP names pass {pass_name} and kind {kind}; one of them does not exist.")
