"""The frame as rows: the passes that draw a view, and the targets that they hand to each other.

Owns: PASSES and TARGETS, their checks, and which pipelines are compiled at the start (WARM_UP). codegen.py writes them
into web/gen/passes.js; web/backends/common/graph.js walks them. A pass runs when its flag is set on the view and
somebody reads what it writes. The first pass that writes a target clears it. Adding a pass: a row here, a shader in
web/shaders (full screen: it finds what the row reads under the same names), a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from layerw.gpu import air
from layerw.gpu.kinds import warm_up
from layerw.gpu.spec import MATERIAL_KINDS

BLOOM_LEVELS = 5  # from half the view's size on
PARTICLES_SIDE = 512  # texels of a side of what is known of particles, one each
LUMINANCE_SIDE = 16  # texels of the grid that automatic exposure looks at
# Bytes of a sample. picture: sRGB in the order of the canvas's channels. rgb10a2: radiance as web/shaders/radiance.wgsl
# writes it.
FORMAT_BYTES = {"depth32float": 4, "picture": 4, "rgb10a2": 4, "rgba16float": 8, "rg16float": 4, "r32float": 4,
                "rg32uint": 8, "rgba32float": 16}
# Bits of `view`'s flags; a pass with `when` runs only where its bit is set.
# single: one sample a pixel; temporal: the last frames are looked at as well; weighted: what blends needs no order;
# picking: the view is one pixel, and what is drawn there is read. flare, focus, motion: lens flare, depth of field,
# motion blur; particles: this view moves them; sprites: they, or rain, are drawn; ambient: occlusion of the sky's
# light, contact shadows; mirror: water mirrors what is opaque. upscaled: fewer pixels are drawn than shown.
# shafts: what stands between fog and the sun throws its shadow into the fog.
# wet: pools mirror. probe_face: the view is a side of a cube around a probe; probe_light, probe_mirror: this view makes
# of six sides what the probe knows.
# splats: Gaussians are drawn. clouds: there are some before the air.
# eye_dome: what lies behind its neighbours in the picture is darker.
# ui: this view draws what app.ui shows over the finished picture, and nothing else.
# glass: there is some, over a copy of the picture; thin_glass: without one.
VIEW_FLAGS = ("shadows", "bloom", "auto_exposure", "single", "temporal", "weighted", "picking", "flare",
              "focus", "motion", "particles", "ambient",
              "air_tables", "air_view", "mirror", "sprites", "upscaled", "shafts",
              "glass", "thin_glass", "wet", "probe_face", "probe_light", "probe_mirror", "eye_dome",
              "splats", "ui", "clouds")
TONE_MAPS = ("filmic", "agx", "neutral")  # view_look.y of the frame block


class Target(NamedTuple):
    """What passes draw into and read, as large as the view where `side` is 0.

    divide: of the view's sides. side: texels of a target of its own size; height: of its other side, where it is no
    square. samples: 4 is resolved, never read. images: how many of them the API keeps. From `outside` ones the graph
    allocates nothing. history: until this frame has written it, reading gives what the last frame of the same view
    wrote (at first zeros). kept: one image of its own size for all views, which is never cleared: what is drawn stays
    (zeros at first, after a frame in which no view's passes use it, and on a new device). sized: of kept ones, a
    command says its size (0: there is none), and it stays until that says another. clear: what the first pass that
    draws into it finds there. read: its first texel goes to the program, and a view with passes that draw into such a
    target draws what these need and nothing else. shown: as large as the view is shown, where fewer pixels are drawn
    (the flag upscaled). same: elsewhere it is that target. mips: it has all smaller levels as well; passes draw into
    the first, one of kind "mips" makes the rest. end: as read, but nothing is. grows: of kept ones, a command says how
    many lines it has below its own.
    """

    name: str
    format: str
    samples: int = 1
    divide: int = 1
    side: int = 0
    height: int = 0
    images: int = 1
    outside: bool = False
    history: bool = False
    kept: bool = False
    sized: bool = False
    clear: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    read: bool = False
    shown: bool = False
    same: str = ""
    mips: bool = False
    end: bool = False
    grows: bool = False

    @property
    def lasts(self) -> bool:
        """Whether what is drawn into it is seen after the view: nothing but it needs to read it."""
        return self.outside or self.history or self.kept

    def texels(self, wide: int, high: int) -> int:
        """Of all its levels, where the first has these sides."""
        levels = max(wide, high).bit_length() if self.mips else 1
        return sum(max(wide >> level, 1) * max(high >> level, 1) for level in range(levels))

    def sides(self, width: int, height: int) -> tuple[int, int]:
        """Its texels in a view of this size."""
        if self.side:
            return self.side, self.height or self.side
        return max(1, width // self.divide), max(1, height // self.divide)


class Pass(NamedTuple):
    """One row.

    kind: draws (a draw list of that name), fullscreen (a triangle with `shader`), resolve (samples to one: of colour by
    their mean, of depth the first), mips (the smaller levels of the target that it reads and draws). reads: targets,
    "target as name" where the shader calls it otherwise. colors, depth: what is drawn into: a target for each of the
    fragment stage's outputs, or "", all of one size. shader: of draws, "" = the material's own. depth_test: "" =
    always. blend: "", "over", "premultiplied" (over, alpha as well), "weighted" (colours add up, of what alphas let
    through the product), "shade" (what is there gets darker by the alpha). materials: of draws, which take part: all,
    solid, see_through, or a kind's. draws: of draws, whose list, where it is not its own. only: of draws, the one
    material kind of the list that is drawn; but: the one that is not. region: of fullscreen, the texels (x, y, width,
    height) of a kept target that it covers. tiled: of draws, regions of a kept target with a list each, in place of one
    list (gpu/spec.py shadow_tile). vertex: of draws, the targets that the vertex stage reads, and only it. when: flags
    of the view, "!flag" where one must not be set, or "". timer: what the report calls it, with others of that name.
    """

    name: str
    kind: str
    timer: str
    reads: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    depth: str = ""
    shader: str = ""
    depth_test: str = ""
    depth_write: bool = False
    blend: str = ""
    materials: str = ""
    when: str = ""
    draws: str = ""
    only: str = ""
    but: str = ""
    region: tuple[int, ...] = ()
    tiled: bool = False
    vertex: tuple[str, ...] = ("exposure",)

    def runs(self, flags: int) -> bool:
        """Whether it is drawn in a view with these flags, if somebody reads it."""
        return all(bool(flags & flag(word.removeprefix("!"))) is not word.startswith("!") for word in self.when.split())

    def joined(self, same: Mapping[str, str]) -> Pass:
        """With the targets in place of those that are the same."""
        if not same.keys() & {*self.targets_read, *self.targets_drawn}:
            return self
        reads = tuple(f"{same.get(name, name)} as {known}"
                      for name, known in zip(self.targets_read, self.names_read, strict=True))
        return self._replace(reads=reads, colors=tuple(same.get(name, name) for name in self.colors),
                             depth=same.get(self.depth, self.depth))

    @property
    def targets_read(self) -> tuple[str, ...]:
        """The targets of `reads`."""
        return tuple(read.partition(" as ")[0] for read in self.reads)

    @property
    def names_read(self) -> tuple[str, ...]:
        """What the shader calls them."""
        return tuple(read.rpartition(" as ")[2] for read in self.reads)

    @property
    def targets_drawn(self) -> tuple[str, ...]:
        """The targets that it draws into or tests against."""
        return tuple(filter(None, (*self.colors, self.depth)))


def _levels(name: str) -> tuple[Target, ...]:
    return tuple(Target(f"{name}_{n}", "rgba16float", divide=2**n, shown=True) for n in range(1, BLOOM_LEVELS + 1))


TARGETS: tuple[Target, ...] = (
    Target("shadow_atlas", "depth32float", kept=True, sized=True),  # tiles: gpu/spec.py shadow_tile
    Target("half_depth", "depth32float", divide=2),  # of what is opaque, before it is lit
    Target("occluded", "rgba16float", divide=2),  # by occlude.wgsl
    Target("screen", "rgba16float", divide=2),  # the same by screen_pack.wgsl, smooth
    Target("air_sunlight", "rgba16float", side=air.SUNLIGHT[0], height=air.SUNLIGHT[1], kept=True),
    Target("air_bounces", "rgba16float", side=air.BOUNCES[0], height=air.BOUNCES[1], kept=True),
    Target("air_view", "rgba16float", side=air.SKY[0], height=air.SKY[1], kept=True),
    Target("air", "rgba16float", side=air.AIR[0], height=air.AIR[1], kept=True, grows=True),  # and probes
    Target("probe_faces", "rgba16float", side=6 * air.FACE, height=air.FACE, kept=True, end=True),
    Target("mirror", "rgba16float", divide=2),  # by mirror.wgsl
    Target("mirror_depth", "depth32float", divide=2),
    Target("pools", "rgba16float", divide=2),  # by wet.wgsl
    Target("cloud_starts", "rgba16float", divide=2),  # light of clouds; alpha: what they leave of what is behind
    Target("clouds", "rgba16float", divide=2),  # the same, smooth
    Target("scene", "rgb10a2", samples=4),
    Target("scene_depth", "depth32float", samples=4),
    Target("resolved", "rgb10a2"),
    Target("depth", "depth32float"),
    Target("beams", "rgba16float", divide=2),  # the share of the sun that fog gets before a place; how far that is
    Target("shafts", "rgba16float", divide=2),  # the same, smooth
    Target("lit", "rgba16float"),  # exposed radiance
    Target("hdr", "rgba16float", shown=True, same="lit"),  # the same, as large as it is shown
    Target("behind", "rgba16float"),  # as lit, before what blends is laid over it
    Target("splats", "rgba16float"),  # sRGB of Gaussians over each other, how much they cover; laid over what is opaque
    Target("blended", "rgba16float", clear=(0, 0, 0, 1)),  # weighted sum of what blends; what all of it lets through
    Target("blend_weights", "rg16float"),  # their sum, and that of colours shown as given
    *_levels("bloom"),
    *_levels("glow")[:-1],
    Target("background", "rgba16float", mips=True),  # what glass is drawn over; alpha: metres of its depth
    Target("luminance", "r32float", side=LUMINANCE_SIDE),
    Target("past", "rgba16float", history=True, shown=True),  # the mean of the last frames, where it is still right
    # Half the size: light with the radius of its blur (texels, below 0 nearer than what is sharp); by tiles the largest
    # radius of what is near; what is behind and in front, blurred.
    Target("unfocused", "rgba16float", divide=2, shown=True),
    Target("near_tiles", "r32float", divide=32, shown=True),
    Target("far_blur", "rgba16float", divide=2, shown=True),
    Target("near_blur", "rgba16float", divide=2, shown=True),
    Target("moved", "rgba16float", shown=True),
    Target("flare", "rgba16float", side=1),  # colour of the sun and how much of it is seen
    Target("exposure", "r32float", side=1, history=True),  # EV on top of the view's own exposure
    # Where particles are, from the emitter's middle, with their age; how fast they go, with their number (0: none).
    Target("particle_place", "rgba32float", side=PARTICLES_SIDE, kept=True),
    Target("particle_motion", "rgba32float", side=PARTICLES_SIDE, kept=True),
    Target("next_place", "rgba32float", side=PARTICLES_SIDE),
    Target("next_motion", "rgba32float", side=PARTICLES_SIDE),
    Target("ids", "rg32uint", side=1, read=True),  # row + 1 (0: nothing), bits of the depth in metres
    Target("id_depth", "depth32float", side=1),
    Target("lut", "picture", images=0, outside=True),
    Target("panorama", "rgba16float", images=0, outside=True),  # lw.Environment's
    Target("picture", "picture", outside=True),
    Target("canvas", "picture", images=3, outside=True),
    Target("over", "picture", images=0, outside=True, end=True),  # the whole picture again, once all views have drawn
)

# What is lit is drawn with 4 samples, each encoded so that their mean in 4 bytes is a good edge (docs/adr/0012); what
# is blended follows over the resolved picture.
_LIT = ("shadow_atlas", "air", "exposure", "screen")
_CLEAR = (*_LIT[:-1], "mirror as screen")
_AIR = ("air_sunlight", "air_bounces")
_SKY = (*_AIR, "air_view", "air", "exposure", "panorama", "clouds")
_SHAFTS = ("resolved", "shafts", "air", "depth", "exposure")
_PARTICLES = ("particle_place", "particle_motion")
PASSES: tuple[Pass, ...] = (
    Pass("probe_light", "fullscreen", "probes", ("probe_faces",), ("air",), shader="probe_light", when="probe_light"),
    Pass("probe_mirror", "fullscreen", "probes", ("probe_faces",), ("air",), shader="probe_mirror",
         when="probe_mirror"),
    Pass("air_sunlight", "fullscreen", "transmittance", (), ("air_sunlight",), shader="air_sunlight",
         when="air_tables"),
    Pass("air_bounces", "fullscreen", "scattering", _AIR[:1], ("air_bounces",), shader="air_bounces",
         when="air_tables"),
    Pass("air_clouds", "fullscreen", "cloud pattern", (), ("air",), shader="air_clouds", when="air_tables",
         region=air.CLOUDS_AT),
    Pass("air_view", "fullscreen", "sky view", _AIR, ("air_view",), shader="air_view", when="air_view"),
    Pass("air_depths", "fullscreen", "aerial", _AIR, ("air",), shader="air_depths", when="air_view",
         region=air.DEPTHS_AT),
    Pass("air_mirror", "fullscreen", "ambient prefilter", ("air_view", "panorama"), ("air",), shader="air_mirror",
         when="air_view", region=air.MIRRORS_AT),
    Pass("shadow", "draws", "shadow", ("exposure",), depth="shadow_atlas", shader="depth", depth_test="greater",
         depth_write=True, materials="all", when="shadows", tiled=True),
    Pass("prepass", "draws", "ambient", ("exposure",), depth="half_depth", shader="depth", depth_test="greater",
         depth_write=True, materials="all", when="ambient", draws="opaque"),
    Pass("occlude", "fullscreen", "ambient", ("half_depth",), ("occluded",), shader="occlude", when="ambient"),
    Pass("denoise", "fullscreen", "ambient", ("half_depth", "occluded"), ("screen",), shader="denoise", when="ambient"),
    Pass("cloud_slab", "fullscreen", "clouds", ("air_sunlight", "air"), ("cloud_starts",), shader="cloud_slab",
         when="clouds"),
    Pass("smooth_clouds", "fullscreen", "clouds", ("cloud_starts",), ("clouds",), shader="smooth_clouds",
         when="clouds"),
    Pass("opaque", "draws", "opaque", _LIT, ("scene",), "scene_depth", depth_test="greater", depth_write=True,
         materials="solid", when="!single"),
    Pass("opaque_single", "draws", "opaque", _LIT, ("resolved",), "depth", depth_test="greater", depth_write=True,
         materials="solid", when="single", draws="opaque"),
    Pass("sky", "fullscreen", "sky", _SKY, ("scene",), "scene_depth", "skypass", "greater-equal",
         when="!single"),
    Pass("sky_single", "fullscreen", "sky", _SKY, ("resolved",), "depth", "skypass", "greater-equal",
         when="single"),
    Pass("resolve", "resolve", "resolve", ("scene",), ("resolved",), when="!single"),
    Pass("resolve_depth", "resolve", "resolve", ("scene_depth",), depth="depth", depth_write=True, when="!single"),
    Pass("beams", "fullscreen", "shafts", ("shadow_atlas", "air", "depth"), ("beams",), shader="beams", when="shafts"),
    Pass("smooth_beams", "fullscreen", "shafts", ("beams",), ("shafts",), shader="smooth_beams", when="shafts"),
    Pass("splats", "draws", "splats", ("exposure", "air"), ("splats",), "depth", depth_test="greater",
         blend="premultiplied", materials="splats", when="splats", vertex=("exposure", "air")),
    Pass("decode", "fullscreen", "resolve", ("resolved",), ("lit",), shader="decode", when="!weighted !shafts"),
    Pass("shafts", "fullscreen", "shafts", _SHAFTS, ("lit",), shader="shafts", when="!weighted shafts"),
    Pass("decal", "draws", "decal", (*_LIT, "depth"), ("lit",), blend="over", materials="decal", when="!weighted"),
    Pass("wet", "fullscreen", "reflections", ("shadow_atlas", "lit as hdr", "depth"), ("pools",), shader="wet",
         when="!weighted wet"),
    Pass("pools", "fullscreen", "reflections", (*_LIT[:-1], "depth", "pools"), ("lit",), shader="pools",
         blend="weighted", when="!weighted wet"),
    Pass("splats_low", "fullscreen", "splats", ("lit as source",), ("behind",), shader="copy", when="splats !weighted"),
    Pass("splats_over", "fullscreen", "splats", ("behind", "splats"), ("lit",), shader="splats_over",
         when="splats !weighted"),
    Pass("mirror", "draws", "reflections", ("exposure", "lit as hdr", "depth"), ("mirror",), "mirror_depth",
         shader="mirror", depth_test="greater", depth_write=True, materials="all", when="mirror", draws="blend",
         only="water"),
    Pass("blend", "draws", "blend", _CLEAR, ("lit",), "depth", depth_test="greater", blend="over",
         materials="see_through", when="!weighted", but="glass"),
    Pass("probe_face", "fullscreen", "probes", ("lit as hdr",), ("probe_faces",), shader="probe_face",
         when="probe_face"),
    Pass("decode_behind", "fullscreen", "resolve", ("resolved",), ("behind",), shader="decode",
         when="weighted !shafts"),
    Pass("shafts_behind", "fullscreen", "shafts", _SHAFTS, ("behind",), shader="shafts", when="weighted shafts"),
    Pass("decal_behind", "draws", "decal", (*_LIT, "depth"), ("behind",), blend="over", materials="decal",
         when="weighted", draws="decal"),
    Pass("splats_lit", "fullscreen", "splats", ("behind as source",), ("lit",), shader="copy", when="splats weighted"),
    Pass("splats_behind", "fullscreen", "splats", ("lit as behind", "splats"), ("behind",), shader="splats_over",
         when="splats weighted"),
    Pass("weigh", "draws", "blend", _CLEAR, ("blended", "blend_weights"), "depth", depth_test="greater",
         blend="weighted", materials="see_through", when="weighted", draws="blend", but="glass"),
    Pass("compose", "fullscreen", "blend", ("behind", "blended", "blend_weights"), ("lit",), shader="compose",
         when="weighted"),
    Pass("step", "draws", "particles", ("exposure", "depth", *_PARTICLES), ("next_place", "next_motion"),
         materials="step", when="particles"),
    Pass("settle", "draws", "particles", ("exposure", "next_place", "next_motion"), _PARTICLES, shader="settle",
         materials="step", when="particles", draws="step"),
    Pass("particles", "draws", "particles", (*_LIT, "depth", *_PARTICLES), ("lit",), blend="over",
         materials="particles", when="sprites", vertex=("exposure", *_PARTICLES)),
    Pass("eye_dome", "fullscreen", "eye dome", ("depth",), ("lit",), shader="eye_dome", blend="shade",
         when="eye_dome"),
    # Last of what is drawn: all the rest is seen through it.
    Pass("background", "fullscreen", "glass", ("lit as hdr", "depth"), ("background",), shader="background",
         when="glass"),
    Pass("background_mips", "mips", "glass", ("background",), ("background",), when="glass"),
    Pass("glass", "draws", "glass", (*_LIT[:-1], "background as screen"), ("lit",), "depth", depth_test="greater",
         depth_write=True, blend="over", materials="glass", when="glass", draws="blend", only="glass"),
    Pass("thin_glass", "draws", "glass", _CLEAR, ("lit",), "depth", depth_test="greater", blend="over",
         materials="glass", when="thin_glass", draws="blend", only="glass"),
    Pass("temporal", "fullscreen", "temporal", ("lit as hdr", "depth", "past"), ("past",), shader="temporal",
         when="temporal"),
    Pass("steady", "fullscreen", "temporal", ("past as source",), ("hdr",), shader="copy", when="temporal !upscaled"),
    Pass("sharpen", "fullscreen", "upscale", ("past as source",), ("hdr",), shader="sharpen",
         when="temporal upscaled"),
    Pass("stretch", "fullscreen", "upscale", ("lit as source",), ("hdr",), shader="stretch",
         when="!temporal upscaled"),
    Pass("flare", "fullscreen", "lens", ("hdr", "depth", "exposure"), ("flare",), shader="flare", when="flare"),
    Pass("focus", "fullscreen", "focus", ("hdr", "depth"), ("unfocused",), shader="focus", when="focus"),
    Pass("near_tiles", "fullscreen", "focus", ("unfocused",), ("near_tiles",), shader="near_tiles", when="focus"),
    Pass("bokeh", "fullscreen", "focus", ("unfocused", "near_tiles"), ("far_blur", "near_blur"), shader="bokeh",
         when="focus"),
    Pass("focused", "fullscreen", "focus", ("depth", "far_blur", "near_blur"), ("hdr",), shader="focused",
         blend="over", when="focus"),
    Pass("motion", "fullscreen", "motion", ("hdr", "depth"), ("moved",), shader="motion", when="motion"),
    Pass("motion_end", "fullscreen", "motion", ("moved as source",), ("hdr",), shader="copy", when="motion"),
    # Each level is read by the next, by the bloom and by the measuring of light: without both, nothing of it is drawn.
    *(Pass(f"bloom_down_{n}", "fullscreen", "bloom", (f"{f'bloom_{n - 1}' if n > 1 else 'hdr'} as source",),
           (f"bloom_{n}",), shader="bloom_down") for n in range(1, BLOOM_LEVELS + 1)),
    *(Pass(f"bloom_up_{n}", "fullscreen", "bloom",
           (f"bloom_{n} as source", f"{'glow' if n < BLOOM_LEVELS - 1 else 'bloom'}_{n + 1} as wider"), (f"glow_{n}",),
           shader="bloom_up", when="bloom") for n in range(BLOOM_LEVELS - 1, 0, -1)),
    Pass("luminance", "fullscreen", "exposure", (f"bloom_{BLOOM_LEVELS - 1} as source", "exposure"), ("luminance",),
         shader="luminance", when="auto_exposure"),
    Pass("exposure", "fullscreen", "exposure", ("luminance", "exposure"), ("exposure",), shader="exposure",
         when="auto_exposure"),
    Pass("tone", "fullscreen", "tone", ("hdr", "glow_1", "lut", "flare"), ("picture",), shader="tone"),
    Pass("ui", "draws", "ui", (), ("over",), blend="over", materials="ui", when="ui", vertex=()),
    *(Pass(f"ids_{part}", "draws", "picking", reads, ("", "", "ids"), "id_depth", depth_test="greater",
           depth_write=True, materials=part, when=when, draws=draws, vertex=vertex)
      for part, draws, when, reads, vertex in (
          ("solid", "opaque", "picking", _LIT, _LIT[2:3]), ("see_through", "blend", "picking", _LIT, _LIT[2:3]),
          ("splats", "splats", "picking splats", ("exposure", "air"), ("exposure", "air")))),
)  # fmt: skip

TIMERS = tuple(dict.fromkeys(row.timer for row in PASSES))  # pass_time.timer
# Of passes that only some frames draw: when what they depend on changed (frame/air.py).
RARE_FLAGS = ("air_tables", "air_view")
RARE_TIMERS = tuple(dict.fromkeys(row.timer for row in PASSES if row.when in RARE_FLAGS))
DRAW_PASSES = tuple(row.name for row in PASSES if row.kind == "draws" and not row.draws)  # draw_list.pass_id
# What visibility fills: tiles have lists of their own, and what lies over the picture is no part of the scene.
SEEN_LISTS = tuple(row.name for row in PASSES
                   if row.kind == "draws" and not row.draws and not row.tiled and row.colors != ("over",))
DRAW_ROWS = tuple(row.name for row in PASSES if row.kind == "draws")

# (pass, kind, flags) of the pipelines that nearly every program needs; any other is compiled with its first material.
WARM_UP = warm_up()


@cache
def flag(name: str) -> int:
    """The bit of a view's flag."""
    return 1 << VIEW_FLAGS.index(name)


def target(name: str) -> Target:
    """The row of a target."""
    return next(row for row in TARGETS if row.name == name)


def _size(target: Target) -> tuple[int, ...]:
    return target.divide, target.side, target.height, target.samples, target.shown


def validate(passes: tuple[Pass, ...] = PASSES, targets: tuple[Target, ...] = TARGETS) -> None:
    """Raises ValueError where the rows contradict each other."""
    known = {target.name: target for target in targets}
    written: set[str] = set()
    for one in targets:
        if one.kept and not one.side and not one.sized:
            raise ValueError(f"The kept target {one.name} has no size of its own.")
        if one.sized and not one.kept:
            raise ValueError(f"The target {one.name} gets its size from a command, but is not kept.")
        if one.same and one.same not in known:
            raise ValueError(f"The target {one.name} is the same as {one.same}, which is not in TARGETS.")
    for row in passes:
        for name in (*row.targets_read, *row.targets_drawn):
            if name not in known:
                raise ValueError(f"Pass {row.name} names the target {name}, which is not in TARGETS.")
        for name in row.targets_read:
            if name not in written and not known[name].lasts:
                raise ValueError(f"Pass {row.name} reads {name} before any pass writes it.")
            if known[name].samples > 1 and row.kind != "resolve":
                raise ValueError(f"Pass {row.name} reads {name}, whose samples must be resolved first.")
            if name in row.targets_drawn and known[name].kept:
                raise ValueError(f"Pass {row.name} reads {name} while it draws into it.")
        if row.region and not all(known[name].kept for name in row.targets_drawn):
            raise ValueError(f"Pass {row.name} covers a region of what is not kept.")
        if row.tiled and not all(known[name].sized for name in row.targets_drawn):
            raise ValueError(f"Pass {row.name} draws tiles of what gets no size from a command.")
        if len({_size(known[name]) for name in row.targets_drawn}) > 1:
            raise ValueError(f"Pass {row.name} draws into {', '.join(row.targets_drawn)}, whose sizes differ.")
        for word in row.when.split():
            if word.removeprefix("!") not in VIEW_FLAGS:
                raise ValueError(f"Pass {row.name} waits for the flag {word}; the flags are {', '.join(VIEW_FLAGS)}.")
        written.update(row.targets_drawn)
    for pass_name, kind, _ in WARM_UP:
        if pass_name not in DRAW_ROWS or kind not in MATERIAL_KINDS:
            raise ValueError(f"WARM_UP names pass {pass_name} and kind {kind}; one of them does not exist.")
