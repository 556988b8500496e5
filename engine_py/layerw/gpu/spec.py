"""The command stream, declared once.

Owns: every command (Python -> JavaScript), every event (JavaScript -> Python), and the binary
layouts they point at. `gpu/codegen.py` turns this table into the Python encoder, the JavaScript
decoder and the sink's type; a test fails when they are stale.

Wire format, both directions: little-endian 4-byte words; a header word `opcode (low 16) |
words (high 16)`, where `words` counts the header too. Opcodes and fields are append-only and
frozen by golden bytes. Field types:

    u32, i32, f32   one word
    h               a handle: index (low 20 bits, from 1) | generation (high 12 bits); 0 = none
    p               an address in the engine's wasm heap, valid only during the submit
    text            (events only, last field) u32 byte count, then UTF-8/bytes padded to 4

Limits: 65,535 words a command; 1,048,575 handles of a kind, 4,095 generations, then the slot retires.
"""

from __future__ import annotations

from typing import NamedTuple

HANDLE_INDEX_BITS = 20
WORDS_MAX = 0xFFFF


class Field(NamedTuple):
    """One word of a command: its name and its type (see the module docstring)."""

    name: str
    type: str


class Record(NamedTuple):
    """A command or an event: stable opcode, name, fields in order, and what it means."""

    opcode: int
    name: str
    fields: tuple[Field, ...]
    doc: str


def _record(opcode: int, name: str, fields: str, doc: str) -> Record:
    pairs = (item.split(":") for item in fields.split())
    return Record(opcode, name, tuple(Field(a, b) for a, b in pairs), doc)


COMMANDS: tuple[Record, ...] = (
    # -- the frame: once each, in this order -------------------------------------------------
    _record(1, "frame_begin", "frame:u32", "Starts frame number `frame`."),
    _record(2, "frame_block", "data:p size_bytes:u32", "The frame's uniforms, FRAME_BLOCK below."),
    _record(3, "rows_capacity", "rows:u32",
            "Makes the instance columns hold `rows` rows (a multiple of 1024); contents are lost."),
    _record(4, "rows_write", "column:u32 first_row:u32 rows:u32 data:p",
            "Copies rows of one instance column (COLUMNS); both numbers are multiples of 1024."),
    _record(5, "visible_rows", "data:p count:u32", "The row numbers (u32) that draws index from now on."),
    _record(6, "draw_list", "pass_id:u32 data:p count:u32",
            "`count` DRAW_RECORDs of one pass (passes.DRAW_PASSES), drawn in the order given."),
    _record(7, "frame_end", "", "Draws and presents the frame."),
    _record(8, "targets", "width:u32 height:u32",
            "Before frame_begin: canvas and render targets have this size in pixels from now on; 1 x 1 until then, and "
            "after a lost device."),
    _record(10, "view", "view:u32 texture:h x:u32 y:u32 width:u32 height:u32 drawn_width:u32 drawn_height:u32 "
            "flags:u32",
            "After the rows: the frame_block and draw_lists that follow are this view's. It fills a rectangle (pixels, "
            "from the upper left) of the picture, or a texture; 0 = the picture. drawn_*: pixels that are drawn, fewer "
            "with the flag upscaled. flags: VIEW_FLAGS."),
    _record(11, "view_lut", "texture:h",
            "The current view's colours go through this texture: 32 x 32 x 32 as 1024 x 32, blue by blocks of 32."),
    _record(70, "view_panorama", "texture:h",
            "In the current view this texture, a panorama of linear light with all its levels, is the sky: the frame "
            "block's air says whether it is looked at."),
    _record(12, "still_rows", "data:p count:u32",
            "The row numbers (u32) that draws with DRAW_STILL index, until the next still_rows or a lost device."),
    _record(13, "view_lights", "rows:p count:u32 lists:p words:u32",
            "The current view's lights from now on: `count` LIGHT_ROWs, and its cluster lists, a multiple of "
            "LIGHT_LIST_WIDTH words: CLUSTERS_ACROSS * _DOWN * _DEEP heads (start | length << 24), then row numbers of "
            "16 bits."),
    _record(14, "view_pick", "pick:u32",
            "What the current view (VIEW_FLAGS picking, one pixel) draws is read: picked or pick_failed follows some "
            "frames later."),
    _record(65, "shadow_atlas", "width:u32 height:u32",
            "Before frame_begin: the shadow atlas has so many texels from now on (0 x 0: there is none); what was in "
            "it is lost."),
    _record(66, "shadow_tile", "x:u32 y:u32 side:u32 matrix:u32 clear:u32 data:p count:u32",
            "Of the current view: before it is drawn, a square of the atlas is cleared (1) and `count` DRAW_RECORDs "
            "are drawn there through the frame block's shadow_matrices[matrix]."),
    _record(67, "probe_lines", "lines:u32",
            "Before frame_begin: below the tables of the air are so many lines of texels for probes from now on; what "
            "was in all of it is lost."),
    _record(68, "probe_write", "first_line:u32 lines:u32 data:p",
            "Before frame_begin, after probe_lines: lines of texels for probes, as baked; the first one lies right "
            "below the tables. A texel is four float16."),
    _record(80, "poses", "lines:u32 first_line:u32 count:u32 data:p",
            "Before the views: what moves vertices (shaders/posed.wgsl) are `lines` lines of POSE_LINE texels of four "
            "floats; where that is another number than before, all are zero. `count` lines from `first_line` on are "
            "written."),
    _record(81, "splats_sort", "mesh:h texture:h count:u32 texels:u32 data:p",
            "Before the views, where there is compute: the mesh's numbers become an order of `count` Gaussians of the "
            "texture, of so many texels each, from the farthest to the nearest. data: 14 float32: three rows that "
            "bring a place to metres from the eye, log2 of the farthest distance squared, steps of the order an octave "
            "of that."),
    _record(9, "readback", "readback:u32",
            "Inside of a frame: reads the finished picture back; readback_done or readback_failed follows some frames "
            "later."),
    # -- resources -----------------------------------------------------------------------------
    _record(16, "buffer_create", "buffer:h size_bytes:u32 usage:u32",
            "usage: 1 vertex, 2 index (never both: WebGL2 forbids it). size is a multiple of 4."),
    _record(17, "buffer_destroy", "buffer:h", ""),
    _record(18, "buffer_write", "buffer:h offset:u32 data:p size_bytes:u32", "From the heap; multiples of 4."),
    _record(19, "buffer_upload", "buffer:h offset:u32 transfer:h source_offset:u32 size_bytes:u32",
            "From a finished transfer's bytes, which never enter the heap; multiples of 4."),
    _record(20, "texture_create", "texture:h width:u32 height:u32 levels:u32 format:u32 sampler:u32",
            "format: 0 rgba8 sRGB, 1 rgba8 linear, 2 rgba8 sRGB that views draw, one level, black at first, 3 "
            "rgba16float, 4 rgba32uint of one level; from COMPRESSED_FIRST on: TEXTURE_FAMILIES. sampler: SAMPLER_* "
            "bits. levels 1 or the full chain, of a compressed one any number."),
    _record(21, "texture_destroy", "texture:h", ""),
    _record(22, "texture_write", "texture:h data:p size_bytes:u32",
            "Level 0, tight, from the heap; further levels are generated."),
    _record(23, "texture_upload", "texture:h transfer:h",
            "Level 0 from a decoded image of the same size, further levels are generated; of a compressed format all "
            "levels, the largest first."),
    _record(15, "texture_update", "texture:h x:u32 y:u32 width:u32 height:u32 data:p size_bytes:u32",
            "A rectangle of level 0 of a texture that was written, tight; further levels are generated."),
    _record(24, "mesh_create",
            "mesh:h vertex_buffer:h vertex_offset:u32 vertex_count:u32 index_buffer:h index_offset:u32 "
            "index_count:u32 index_bytes:u32 topology:u32 streams:u32",
            "topology: of TOPOLOGIES; LAYOUTS says what its vertices are. Indices take 2 or 4 bytes; elements have "
            "none. streams: STREAM_UV1 where a second set of uvs (UV1_BYTES each) follows the last vertex, else it is "
            "the first set; STREAM_POSED where a POSED stream follows those."),
    _record(25, "mesh_destroy", "mesh:h", ""),
    _record(26, "device_begin", "",
            "Answers device_restored: what follows fills the new device. Resource and frame commands between the loss "
            "and this one were meant for the lost device and are passed over."),
    _record(27, "material_destroy", "material:h", ""),
    _record(28, "material_write", "material:h params:p size_bytes:u32",
            "Replaces its numbers; see material_create."),
    _record(29, "material_create",
            "material:h kind:u32 flags:u32 shader:h textures:p texture_count:u32 params:p size_bytes:u32",
            "Makes it, or all of it anew. kind: MATERIAL_KINDS; flags: MATERIAL_*; shader: 0 = the kind's. "
            "textures: handles (u32, 0 = none), those of the kind (MATERIAL_SLOTS), or of pbr and the "
            "shader's. params: kinds.py's "
            "MATERIAL_BLOCK; from SHADER_PARAMS_BYTES on the shader's own."),
    _record(30, "shader_create", "shader:h data:p size_bytes:u32",
            "Makes a program's own shader, or replaces its text: what draws with it goes on with the last one that "
            "compiled. data: JSON (UTF-8) with wgsl, params (WGSL, '' = none), textures (names), displaces."),
    _record(31, "shader_destroy", "shader:h", ""),
    # -- transfers: asynchronous work in JavaScript that ends with bytes or an image there -------
    _record(32, "fetch", "transfer:h kind:u32 priority:f32 max_bytes:u32 url:p url_bytes:u32 sha256:p sha256_bytes:u32",
            "kind: FETCH_*. Larger than max_bytes fails with TOO_LARGE before it is held. A higher priority "
            "starts first. sha256: expected lowercase hex prefix, or 0 bytes for none."),
    _record(33, "mesh_build", "transfer:h data:p size_bytes:u32",
            "Builds VERTEX vertices, then indices, from accessors of finished transfers: MESH_BUILD below."),
    _record(34, "image_decode", "transfer:h source:h offset:u32 size_bytes:u32 max_bytes:u32 max_side:u32 "
            "directions:u32",
            "Decodes an image inside a finished transfer (size 0 = all of it). Reads the header first: larger than "
            "8,192 on a side, or over max_bytes at full size (plus the copy where it is scaled down to max_side), "
            "fails with TOO_LARGE (a, b = size). Of a KTX2 file the levels that max_side lets are kept, and "
            "transfer_done's payload is an IMAGE_RESULT. directions 1: it is a normal map, of which two channels do."),
    _record(35, "transfer_priority", "transfer:h priority:f32", "Of a fetch that has not started."),
    _record(36, "transfer_release", "transfer:h", "Aborts it or frees what it holds; the handle ends."),
    _record(37, "mesh_build_in", "transfer:h data:p size_bytes:u32 block:u32",
            "As mesh_build, in a block of Layer memory (the allocator's handle) as large as the result. It is the "
            "transfer's: freed when that is released, once nothing writes to it any more."),
    _record(38, "fetch_limits", "lanes:u32 first_byte_ms:f32 stall_ms:f32 bytes_per_s_min:f32",
            "Of every fetch from now on: how many at a time, how long to wait for an answer's head and for a byte, and "
            "the rate below which a body counts as stalled. What passes a limit is aborted and fails with TIMEOUT."),
    _record(39, "bytes_read", "transfer:h data:p size_bytes:u32",
            "Bytes of finished transfers for Python: data are READ_RANGEs, and transfer_done's payload is what they "
            "name, one after another."),
    _record(40, "unpack", "transfer:h data:p size_bytes:u32",
            "Makes plain bytes of packed ones in finished transfers, UNPACK below; they stay there, as a BLOB's do."),
    # -- the page --------------------------------------------------------------------------------
    _record(48, "report", "data:p size_bytes:u32", "A JSON object (UTF-8) for the overlay and for `layerw shot`."),
    _record(49, "log", "level:u32 data:p size_bytes:u32",
            "level: 0 info, 1 warning, 2 error, 3 an exception that the page shows whole, 4 a note; UTF-8."),
    _record(50, "input_mode", "pointer_lock:u32", "1: a click on the canvas locks the pointer."),
    _record(51, "inbox", "data:p size_bytes:u32", "Where JavaScript writes the events before each frame call."),
    _record(52, "readback_file", "readback:u32 name:p name_bytes:u32",
            "A PNG of this readback's picture is for the page, under this name (UTF-8, relative, ends with .png); "
            "readback_saved follows."),
    _record(53, "panel_show",
            "panel:u32 address:u32 width:u32 height:u32 left:f32 top:f32 scale:f32 smooth:u32",
            "Shows width * height RGBA8 pixels (sRGB, upper row first, read now) at an address in Layer memory above "
            "the canvas, a pixel `scale` CSS pixels wide. left and top in CSS pixels; below 0: from right and bottom."),
    _record(54, "panel_hide", "panel:u32", ""),
    _record(55, "page_send", "data:p size_bytes:u32", "A message (messages/codec.py) for the page around the element."),
    _record(56, "feed_open", "feed:u32 data:p size_bytes:u32",
            "The page sends pictures from now on: feed_picture tells of each, and texture_feed takes it before the "
            "next one is made. data: JSON (UTF-8) with max_side and either name (of element.textures) or url, loop, "
            "muted, playing (a video). Of a feed that is open the newest picture comes again."),
    _record(57, "feed_close", "feed:u32", "No picture comes any more; the number ends."),
    _record(58, "feed_play", "feed:u32 playing:u32", "Of a video: plays it, or holds it where it is."),
    # -- resources again: what had no number left below 32 ------------------------------------------
    _record(64, "texture_feed", "texture:h feed:u32",
            "Level 0 from the picture that waits in a feed, of the same size (else nothing happens: a newer event is "
            "on its way); further levels are generated. 0: the picture is dropped."),
    _record(69, "texture_part", "texture:h transfer:h level:u32 first:u32 rows:u32",
            "Some rows of a level, as texture_upload: large textures come over several frames. rows 0: the level and "
            "all smaller ones, with which it begins (of a plain image a small copy, made here). A level is read once "
            "its last row came; rows of a compressed level are blocks of four but at its end, and of a plain image "
            "level 0 comes alone, from which further levels are generated."),
)

EVENTS: tuple[Record, ...] = (
    _record(1, "resize", "width:u32 height:u32 pixel_ratio:f32", "The surface in device pixels."),
    _record(2, "key", "key:u32 down:u32", "key: index in KEYS (KeyboardEvent.code)."),
    _record(3, "pointer_move", "x:f32 y:f32 dx:f32 dy:f32", "CSS pixels from the canvas's upper left."),
    _record(4, "pointer_button", "button:u32 down:u32 x:f32 y:f32", "button: 0 left, 1 middle, 2 right."),
    _record(5, "wheel", "dx:f32 dy:f32", "CSS pixels."),
    _record(6, "touch", "touch:u32 phase:u32 x:f32 y:f32", "phase: 0 start, 1 move, 2 end, 3 cancel."),
    _record(7, "focus", "focused:u32 pointer_locked:u32", "Focus lost also means that all keys are up."),
    _record(8, "gamepad_axis", "pad:u32 axis:u32 value:f32", "Standard mapping, -1 to 1."),
    _record(9, "gamepad_button", "pad:u32 button:u32 value:f32", "Standard mapping, 0 to 1."),
    _record(10, "typed", "text:text",
            "What a person typed, as keyboard or input method make it of keys; from hosts where app.ui is drawn."),
    _record(16, "transfer_done", "transfer:h held_bytes:u32 a:u32 b:u32 payload:text",
            "held_bytes: what JavaScript now holds for it. BYTES: payload is the body, nothing is held. MODEL: payload "
            "is "
            "the glTF JSON (with FETCH_DIGEST the file's sha256 before it), the BIN chunk is held, "
            "a = container (0 gltf, 1 glb, 2 b3dm). BLOB: all held. "
            "Mesh: a, b = vertex and index count. Image: a, b = width and height."),
    _record(17, "transfer_failed", "transfer:h code:u32 a:u32 b:u32 message:text",
            "code: FAIL_*. NETWORK: a = HTTP status or 0. TOO_LARGE: a = bytes needed (or image width, height)."),
    _record(18, "device_lost", "reason:text", "Every GPU resource is gone; nothing is drawn until device_restored."),
    _record(19, "device_restored", "", "All handles are empty: answer with device_begin, create every resource again."),
    _record(20, "resource_failed", "kind:u32 resource:h message:text",
            "kind: RESOURCE_KINDS. Draws that use it are skipped."),
    _record(21, "report_request", "flags:u32", "Send a `report` this frame; flags bit 0: with the state hash."),
    _record(22, "readback_done", "readback:u32 payload:u32 width:u32 height:u32",
            "payload: an ephemeral result in Layer memory, context READBACK_CONTEXT: RGBA8 sRGB, opaque, upper row "
            "first; it ends with this frame call."),
    _record(23, "readback_saved", "readback:u32 size_bytes:u32", "The page has the PNG."),
    _record(24, "readback_failed", "readback:u32 message:text", "Neither picture nor file will come."),
    _record(28, "picked", "pick:u32 row:u32 depth:f32",
            "row: of what is drawn there + 1; 0: nothing; PICK_UNDRAWN: nothing is drawn at all here. depth: along the "
            "line of sight, metres."),
    _record(29, "pick_failed", "pick:u32 message:text", "It will not come."),
    _record(27, "pass_time", "timer:u32 gpu_ms:f32",
            "What the passes of one timer (passes.TIMERS) took on the GPU in a recent frame, milliseconds."),
    _record(32, "upload_time", "size_bytes:u32 taken_ms:f32",
            "What buffer_upload and texture_upload of a frame took of the thread, milliseconds; not in virtual time."),
    _record(25, "online", "", "The browser is on a network again: what waits for a retry need not wait longer."),
    _record(26, "page_message", "payload:text", "A message (messages/codec.py) from the page around the element."),
    _record(30, "feed_picture", "feed:u32 width:u32 height:u32",
            "A picture waits for texture_feed; the newest of a feed, of this size."),
    _record(31, "feed_trouble", "feed:u32 failed:u32 message:text",
            "Why no picture comes. failed: 1 until another one comes; 0: it goes on, but the program is told."),
)

# -- enumerations -----------------------------------------------------------------------------------
RESOURCE_KINDS = ("buffer", "texture", "mesh", "material", "shader")  # resource_failed.kind
# rows_write.column
COLUMNS = (("position", 3, "f32"), ("rotation", 4, "f32"), ("scale", 3, "f32"), ("color", 1, "u32"),
           ("shear", 3, "f32"))  # shear: xy, xz, yz of kernels/geometry/transform.h; written only where rows have any
READBACK_CONTEXT = 1  # of Layer memory's ephemeral results; nothing else uses it
PICK_UNDRAWN = 0xFFFFFFFF  # picked.row where there is no GPU that draws
POSE_LINE = 1024  # texels a line of poses
ROWS_STEP = 1024  # a WebGL2 column texture is 1024 texels wide
MATERIAL_KINDS = ("pbr", "unlit", "terrain", "water", "layered", "discs", "strokes", "decal", "particles",
                  "step", "glyphs", "glass", "splats", "ui")
MATERIAL_DOUBLE_SIDED, MATERIAL_BLEND, MATERIAL_MASK, MATERIAL_WIND, MATERIAL_NO_SHADOW = 1, 2, 4, 8, 16
MATERIAL_METRES, MATERIAL_NO_FOG = 32, 64  # of discs and strokes: sizes are metres, not pixels; distance hides nothing
# What a block of 4 x 4 texels of a compressed texture takes, by family. texture_create.format: COMPRESSED_FIRST + 2 *
# (its number - 1), + 1 where numbers are no colours. Family 0 is not compressed.
# bc5 and eac_rg11 hold the x and y of directions; shaders find z (surface.wgsl), whose texel is 0 in no other texture.
TEXTURE_FAMILIES = ("rgba8", "astc", "bc7", "etc2", "etc2_rgb", "bc1", "bc5", "eac_rg11")
TEXTURE_BLOCK_BYTES = (64, 16, 16, 16, 8, 8, 16, 16)
COMPRESSED_FIRST = 5
COMPRESSED_ASTC, COMPRESSED_BC, COMPRESSED_ETC2, COMPRESSED_BC5 = 1, 2, 4, 8  # what a GPU takes, bits
IMAGE_RESULT = ("family", "levels")  # u32
SHADER_PARAMS_BYTES = 768  # where a shader's own parameters begin: a multiple of every API's uniform offset
SAMPLER_CLAMP_S, SAMPLER_CLAMP_T, SAMPLER_MIRROR_S, SAMPLER_MIRROR_T, SAMPLER_NEAREST = 1, 2, 4, 8, 16
SAMPLER_ANISOTROPY = 256  # times the samples, 0 = 8
FETCH_BYTES, FETCH_MODEL, FETCH_BLOB = 0, 1, 2  # fetch.kind, low byte
# fetch.kind, flags: ask the server whether the cached copy is current; pass the cache over; wait four times as long;
# a model's payload begins with the sha256 of its file
FETCH_KIND_MASK, FETCH_REVALIDATE, FETCH_RELOAD, FETCH_PATIENT, FETCH_DIGEST = 0xFF, 0x100, 0x200, 0x400, 0x800
DIGEST_BYTES = 32
FAIL_NETWORK, FAIL_TOO_LARGE, FAIL_HASH, FAIL_FORMAT, FAIL_ABORTED, FAIL_TIMEOUT = 1, 2, 3, 4, 5, 6
DRAW_CAMERA_RELATIVE = 1  # draw flags: the row's position is already relative to the camera
DRAW_MIRRORED = 2  # the rows' scales make mirror images: front faces wind the other way round
DRAW_FADES = 8  # the row's alpha says in which pixels it is drawn: the code of stream/fades.py
FADE_ARRIVES, FADE_LEAVES, FADE_STEPS = 1, 129, 126
DRAW_STILL = 4  # `first` counts in still_rows, not in visible_rows
# Those after points are elements: each is one quad that its material kind, of the same name, spreads in the picture.
TOPOLOGIES = ("triangles", "lines", "points", "discs", "strokes", "particles", "step", "glyphs", "splats", "ui")
SPLAT_LINE = 4096  # texels a line of the texture of a cloud of Gaussians
ROW_LOCATION = 15  # of the instance's row number among the vertex attributes, whatever the layout
SHADOW_BLOCK = 512  # texels of a block of the atlas' cells (frame/shadow_atlas.py)
SHADOW_CASCADES, SHADOW_MATRICES = 6, 12  # of the sun; of all that a view draws or reads, as in FRAME_BLOCK
# Lights (lights/clusters.h): in a view, without a place, in a cluster's list; clusters of a view; texels of a texture
LIGHTS_MAX, LIGHTS_EVERYWHERE_MAX, CLUSTER_LIGHTS_MAX = 1024, 16, 64
CLUSTERS_ACROSS, CLUSTERS_DOWN, CLUSTERS_DEEP = 16, 9, 24
LIGHT_LIST_WIDTH = 128  # words a line
LIGHT_LIST_LINES = -(-(CLUSTERS_ACROSS * CLUSTERS_DOWN * CLUSTERS_DEEP * (2 + CLUSTER_LIGHTS_MAX)) // (2 * 128))

# -- layouts that commands point at: (name, words) or (name, type) -------------------------------
DRAW_RECORD = ("mesh", "material", "first_instance", "instance_count", "flags", "reserved0", "reserved1", "reserved2")

LIGHT_ROW = (  # floats of a light, as lights.wgsl reads them
    "place x", "y", "z", "1 / range^2, or -1: directional",  # the place is relative to the camera
    "red", "green", "blue", "cone offset",  # linear; candela or lux
    "direction x", "y", "z", "cone scale",  # saturate(cosine * scale + offset)^2 of a spot; 0 and 1 of others. The
    # direction of one that casts shadows is as long as 2 + 4 * its first cell of the shadow atlas + that one's level (a
    # point's is along x then)
)
LIGHT_TEXELS = len(LIGHT_ROW) // 4

VERTEX_BYTES = 32
VERTEX = (  # name, byte offset, format (WebGPU's names)
    ("position", 0, "float32x3"),
    ("normal", 12, "snorm16x2"),  # octahedral (Cigolle et al. 2014)
    ("tangent", 16, "snorm8x4"),  # xyz, w = bitangent sign; all zero: derive it in the fragment shader
    ("uv", 20, "float32x2"),
    ("color", 28, "unorm8x4"),  # linear, multiplies the base colour
)
DISC = (("position", 0, "float32x3"), ("color", 12, "unorm8x4"), ("size", 16, "float32"))  # sRGB; size: the diameter
STROKE = (  # from start to end; where previous is start, or next is end, nothing joins there
    ("previous", 0, "float32x3"), ("start", 12, "float32x3"), ("end", 24, "float32x3"), ("next", 36, "float32x3"),
    ("start_color", 48, "unorm8x4"), ("end_color", 52, "unorm8x4"),  # sRGB
    ("along", 56, "float32x2"),  # metres along the line, of start and end
    ("width", 64, "float32"),
    ("dash", 68, "float32x2"),  # metres drawn and left out; 0 = all is drawn
)
GLYPH = (  # em: heights of the font
    ("position", 0, "float32x3"), ("offset", 12, "float32x2"),  # of its label; of the glyph's origin from there, em
    ("low", 20, "float32x2"), ("high", 28, "float32x2"),  # its box from its origin, em
    ("color", 36, "unorm8x4"),  # sRGB
    ("size", 40, "float32"),  # of an em
    ("place", 44, "float32"),  # the first texel of its curves (drawing/glyphs.py)
    ("fixed", 48, "float32"),  # 1: it lies in the entity's XY plane; 0: it faces the picture
)
# Numbers of Gaussians of the material's texture, in the order in which they are drawn: SPLATS_EACH an element, so that
# the GPU's threads have enough to do; those that are missing at the end are NO_SPLAT.
SPLATS_EACH, NO_SPLAT = 16, 0xFFFFFFFF
SPLATS = tuple((f"numbers_{n}", 16 * n, "uint32x4") for n in range(SPLATS_EACH // 4))
UI_QUAD = (  # a piece of what app.ui shows, pixels from the picture's upper left; see ui.wgsl
    ("low", 0, "float32x2"), ("high", 8, "float32x2"),
    ("clip_low", 16, "float32x2"), ("clip_high", 24, "float32x2"),  # nothing of it is outside
    ("inner_low", 32, "float32x2"), ("inner_high", 40, "float32x2"),  # of a glyph its box, em; of a picture uv
    ("color", 48, "unorm8x4"), ("line_color", 52, "unorm8x4"),  # sRGB
    ("radius", 56, "float32"), ("line", 60, "float32"),  # of its corners; how wide its border is
    ("place", 64, "float32"),  # the first texel of a glyph's curves, or UI_*
)
UI_BOX, UI_PICTURE, UI_SHADOW = -1.0, -2.0, -3.0  # a shadow is as soft as `line`


class Layout(NamedTuple):
    """What a mesh's vertex buffer holds: `stride_bytes` a vertex, or an element."""

    stride_bytes: int
    is_element: bool
    attributes: tuple[tuple[str, int, str], ...]
    vertices: int = 4  # of an element: of a strip


_VERTICES = Layout(VERTEX_BYTES, False, VERTEX)
_NUMBERS = Layout(4, True, (("number", 0, "float32"),))  # of a particle, or of PARTICLE_UNIT of them
LAYOUTS = dict(zip(TOPOLOGIES, (_VERTICES, _VERTICES, _VERTICES, Layout(20, True, DISC), Layout(76, True, STROKE),
                                _NUMBERS, _NUMBERS, Layout(52, True, GLYPH),
                                Layout(4 * SPLATS_EACH, True, SPLATS, 6 * SPLATS_EACH), Layout(68, True, UI_QUAD)),
                   strict=True))  # fmt: skip
PARTICLE_UNIT = 64  # particles that follow each other in a line of their texture, which are moved by one quad

STREAM_UV1, STREAM_POSED = 1, 2  # mesh_create.streams
POSED_BYTES = 16  # what moves a vertex: behind the vertices and uvs of a mesh that is posed
POSED = (  # name, byte offset, format
    ("joints", 0, "uint16x4"),
    ("joint_weights", 8, "unorm8x4"),  # they add up to 255
    ("source", 12, "uint32"),  # its number among the file's vertices: whose morph it takes
)
UV1_BYTES = 8  # of a second set of uvs, float32x2: a stream of its own behind the vertices, where a mesh has one

# Uniform blocks: members by name and type, one of BLOCK_TYPES or an array of vec4s ("vec4[9]"), which lie at the same
# bytes in std140 and WGSL's uniform layout.
BLOCK_TYPES = {  # words, and what their first is a multiple of
    "f32": (1, 1), "u32": (1, 1), "vec2": (2, 2), "vec3": (3, 4), "vec4": (4, 4), "uvec4": (4, 4), "mat4x4": (16, 4),
}  # fmt: skip


class Member(NamedTuple):
    """Where a member of a uniform block lies."""

    name: str
    type: str
    word: int
    words: int


def members(block: tuple[tuple[str, str], ...]) -> tuple[Member, ...]:
    """A uniform block's layout."""
    found, at = [], 0
    for name, type_ in block:
        element, _, count = type_.rstrip("]").partition("[")
        words, align = BLOCK_TYPES[element]
        if count and words % 4:
            raise ValueError(f"The member {name} is an array of {element}; uniform blocks take arrays of vec4.")
        at = -(-at // align) * align
        found.append(Member(name, type_, at, words * int(count or 1)))
        at += found[-1].words
    return tuple(found)


def block_bytes(block: tuple[tuple[str, str], ...]) -> int:
    """Size of a uniform block."""
    last = members(block)[-1]
    return -(-(last.word + last.words) // 4) * 16


FRAME_BLOCK = (  # "world" below is relative to the camera
    ("view_projection", "mat4x4"),  # column-major, camera at the origin, reversed depth in [0, 1]
    ("inverse_view_projection", "mat4x4"),
    ("camera_hi", "vec4"),  # xyz = f32(camera - scene origin); w = time in seconds
    ("camera_lo", "vec4"),  # xyz = what camera_hi lost; w = exposure (multiplies radiance before the tone map)
    ("sun_direction", "vec4"),  # xyz towards the sun, unit; w = cosine of its angular radius
    ("sun_color", "vec4"),  # rgb irradiance on a surface that faces it; w = 1
    ("sky_zenith", "vec4"), ("sky_horizon", "vec4"), ("sky_ground", "vec4"),  # rgb radiance; zenith.w = exponent
    ("fog_color", "vec4"),  # rgb radiance; w = density per metre at height 0
    ("fog_params", "vec4"),  # x = height falloff per metre, y = start in metres, z = largest opacity, w = sea level
    ("viewport", "vec4"),  # width, height, 1/width, 1/height in pixels that are drawn
    ("irradiance", "vec4[9]"),  # SH coefficients (Ramamoorthi and Hanrahan 2001), already convolved; rgb
    ("wind", "vec4"),  # xz direction in x and y, z = strength, w = gust frequency
    ("shadow_matrices", "mat4x4[12]"),  # camera-relative world -> (u, v, depth) of a tile, each 0 to 1, times w; depth
    # reversed. The first SHADOW_CASCADES are the sun's, from near to far (zeros: there is none)
    ("shadow_tiles", "vec4[6]"),  # of the sun's, in uv of the atlas: x, y of the upper left corner, width, height
    ("shadow_steps", "vec4[6]"),  # x = metres of a texel; y = that in depth; z = by how many
    # texels a shadow's edge grows a unit of depth (0: it is as sharp as texels are), w = depth of a metre
    ("shadow_cells", "vec4"),  # of lamps: x = blocks of a row of the atlas; y = v where they begin; z, w = their size
    ("shadow_params", "vec4"),  # x, y = a texel of the atlas in uv; z = strength (0 = off); w = fade distance, m
    ("pattern_camera", "vec4"),  # xyz = f32(camera - an anchor near it): where noise by place is looked up; w = 1: rows
    # may have shear
    ("view_look", "vec4"),  # x = bloom's share, y = passes.TONE_MAPS, z = the LUT's share, w = dither in 8-bit codes
    ("view_exposure", "vec4"),  # seconds since the last frame, EV per second up and down; w = 1: at once, -1: fixed
    ("relative_origin", "vec4"),  # xyz = from this view's camera to where DRAW_CAMERA_RELATIVE rows count from; w =
    # pixels of the picture a pixel of the page
    ("previous_view_projection", "mat4x4"),  # the last frame's, for places relative to this frame's camera
    ("temporal", "vec4"),  # xy = how far this frame's picture is moved, pixels right, down; z = its share in the mean
    # (1: there is no past); w = standard deviations that the past may be away, 0: nothing moves
    ("light_view", "vec4"),  # xyz = line of sight; w = how many of the view's lights are everywhere: the first ones
    ("surroundings", "vec4"),  # x = times its light, y = turns about +Y, z = which one it is
    ("air", "vec4"),  # x = 1: the sky is the air, 0: a gradient, 2: a panorama; y = haze, z = Rayleigh's scattering,
    # times the usual; w = steps of a line of sight
    ("air_sun", "vec4"),  # xyz = towards the sun, also where the moon lights the scene; w = the air's height, km
    ("air_sun_light", "vec4"),  # rgb = irradiance above the air as the sky shows it; w = how bright stars are
    ("air_moon", "vec4"),  # as the sun's; w = cosine of the disc's angular radius
    ("air_moon_light", "vec4"),  # w = how bright the disc is
    ("air_stars", "vec4"),  # xyz = the pole that they turn about; w = how far they have, radians
    ("sun_radius", "vec4"),  # x = cosine of the disc's, whatever lights the scene
    ("shafts", "vec4"),  # x = how much of the sun's part of the fog its shadows take, y = steps of a line of sight
    ("upscale", "vec4"),  # x = the share of each side that is drawn; y = its binary logarithm: textures' levels follow
    # what is shown
    ("clouds", "vec4"),  # x = cover, y = height of their base, z = thickness, metres; w = density
    ("cloud_drift", "vec4"),  # xy = how far they have gone, metres; z = strength of their shadow, w = steps
    ("overcast", "vec4"),  # rgb = radiance straight up of clouds that close the sky, w = how much they do
    ("weather", "vec4"),  # x = wetness, y = rain, z = snow
    ("light_grid", "vec4"),  # x = slices a natural logarithm of depth / y; y = depth of the first slice; z = the others
    ("ambient", "vec4"),  # x = strength of occlusion, y = its radius, metres (0: there is none), z = how far contact
    # shadows reach, metres (0: there are none), w = 1: what blends mirrors the scene
    ("roof", "vec4"),  # what lies open to the sky: the atlas's tile of shadow_matrices[11], as shadow_tiles; z = 0: all
    ("probe_volumes", "vec4[12]"),  # of each three: xyz of its first probe, relative to the camera, w = strength; xyz =
    # 1 / metres between probes, w = its first line in `air`; xyz = how many along each axis, w = tiles of a line
    ("probe_mirrors", "vec4[8]"),  # of each two: xyz of the place, w = strength; half the sides of its box
    ("probe_state", "vec4"),  # x = volumes, y = mirrors; z = 1: what no probe was lit by is dark
    ("probe_job", "vec4"),  # x = side of the cube that is drawn; y = texels of its side; z, w = a place in `air`
    ("probe_places", "vec4"),  # of probe_light: x, y of green's and blue's texel; red's is probe_job's
    ("view_lens", "vec4"),  # x = vignette, y = chromatic aberration, z = lens flare, w = 1: colours are graded
    ("grade_lift", "vec4"),  # rgb; w = saturation
    ("grade_gamma", "vec4"),  # rgb; w = contrast
    ("grade_gain", "vec4"),  # rgb; w = strength of eye-dome lighting
    ("focus", "vec4"),  # x = metres that are sharp; texels of half the size: y = radius of what is infinitely far, z =
    # the largest one; w = share of a frame that the shutter is open
)

DRAW_BLOCK = (("flags", "uvec4"),)  # x = DRAW_* of the draw list's record; y = shadow_tile.matrix

MESH_BUILD_HEAD = (
    "attribute_count", "vertex_count", "index_count", "flags", "topology", "joint_count", "srgb_colors", "reserved2",
)
# then a 3x4 row-major f32 matrix, then one ACCESSOR for the indices (transfer 0 = none), then attribute_count ACCESSORs
MESH_BUILD_FLAT_NORMALS, MESH_BUILD_TRANSFORM = 1, 2  # flags. FLAT_NORMALS: unindexed, vertex_count == index_count
MESH_BUILD_SKIN, MESH_BUILD_UV_TRANSFORM, MESH_BUILD_POSED, MESH_BUILD_DISCS, MESH_BUILD_MIRRORED = 4, 8, 16, 32, 64
# UV_TRANSFORM: six f32 follow the last ACCESSOR, a row-major 2x3 matrix for the uvs (KHR_texture_transform).
# SKIN: joint_count row-major 3x4 f32 matrices come last, from each joint's space to where the mesh is built; vertices
# are posed by joints, weights and inverse_bind (none = identities).
# DISCS: DISC elements and no indices, of points; their size is how far they lie from each other, in metres.
# srgb_colors: 1 where the file's colours are sRGB, not linear; those of one component of 16 bits have 5, 6, 5 bits.
# POSED: vertices stay as they were modelled, and a POSED stream follows them; joint_count joints, or none.
# MIRRORED: of a POSED one, where the joints are mirror images as its node is none: unless inverse_bind undoes that,
# triangles are wound the other way round.
# vertex_count and index_count are those of the result. transfer_done's payload: f32 min xyz, max xyz, and the
# radius around their middle; of a POSED one also joint_count f32: how far from each joint's own place (by inverse_bind)
# vertices that follow it lie, -1 where none does.
ACCESSOR = ("semantic", "transfer", "byte_offset", "byte_stride", "component_type", "components", "normalized", "count")
SEMANTICS = ("index", "position", "normal", "tangent", "uv", "color", "joints", "weights", "inverse_bind", "uv1",
             "joints1", "weights1")  # fmt: skip
# ACCESSOR.transfer of an attribute 0: all zeros (an accessor without a buffer view)
# head.topology
GLTF_MODES = ("points", "lines", "line_loop", "line_strip", "triangles", "triangle_strip", "triangle_fan")
# the result: vertex_count * VERTEX_BYTES, with uv1 vertex_count * UV1_BYTES, posed vertex_count * POSED_BYTES,
# then the indices as lists (strips, fans and loops are unrolled):
# 2 bytes each where vertex_count <= 65,535, else 4, padded to 4

UNPACK_HEAD = ("kind", "transfer", "byte_offset", "size_bytes", "out_bytes", "a", "b", "c")
# kind: an index in UNPACK_KINDS; out_bytes: of the result, never more. What transfer, byte_offset, size_bytes name is
# meshopt: a = of MESHOPT_MODES, b = of MESHOPT_FILTERS, c = bytes an element
# draco: a = attributes, b = bytes an index (0: none), c = indices; DRACO_ATTRIBUTEs follow. The result has the indices
# first, then each attribute at its byte_offset, tightly packed
# sparse: elements that others replace (transfer 0: zeros), a = bytes an element, b = its stride, c = how many are
# replaced; a SPARSE follows
# palette: ids become colours, unorm8x4: a = the component type of the ids, b = their stride, c = how many; as many u32
# follow as there are colours, and ids without one are white
UNPACK_KINDS = ("meshopt", "draco", "sparse", "palette")
MESHOPT_MODES = ("ATTRIBUTES", "TRIANGLES", "INDICES")
MESHOPT_FILTERS = ("NONE", "OCTAHEDRAL", "QUATERNION", "EXPONENTIAL", "COLOR")
DRACO_ATTRIBUTE = ("unique_id", "component_type", "components", "count", "byte_offset")
SPARSE = ("index_transfer", "index_offset", "index_bytes", "value_transfer", "value_offset")

READ_RANGE = ("transfer", "byte_offset", "size_bytes")  # of bytes_read

KEYS = (
    *(f"Key{c}" for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), *(f"Digit{d}" for d in range(10)),
    "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Space", "Enter", "Escape", "Tab", "Backspace", "Delete",
    "ShiftLeft", "ShiftRight", "ControlLeft", "ControlRight", "AltLeft", "AltRight", "MetaLeft", "MetaRight",
    *(f"F{n}" for n in range(1, 13)), "Home", "End", "PageUp", "PageDown", "Insert", "Minus", "Equal",
    "BracketLeft", "BracketRight", "Backslash", "Semicolon", "Quote", "Backquote", "Comma", "Period", "Slash",
    *(f"Numpad{d}" for d in range(10)), "NumpadAdd", "NumpadSubtract", "NumpadMultiply", "NumpadDivide",
    "NumpadDecimal", "NumpadEnter",
)
