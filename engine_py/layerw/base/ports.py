"""The seams between stages: what one stage asks of another, as protocols and plain data.

Stages are siblings that never import each other; `engine.py` hands each the objects it needs, which
satisfy these protocols. Data classes here cross stages; they hold no behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from layerw.base.healing import Failure
from layerw.base.material_desc import MaterialDesc as MaterialDesc
from layerw.base.material_desc import UvMatrix as UvMatrix

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U32 = npt.NDArray[np.uint32]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TransferDone:
    """A transfer that ended well; see the `transfer_done` event in gpu/spec.py."""

    transfer: int
    held_bytes: int
    a: int
    b: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """A transfer that failed; `code` is one of gpu/spec.py's FAIL_*."""

    transfer: int
    code: int
    a: int
    b: int
    message: str


OnDone = Callable[[TransferDone], None]
OnFailed = Callable[[TransferFailed], None]


class Transfers(Protocol):
    """Asynchronous work done in JavaScript; results arrive at the start of a later frame.

    The caller reserves the bytes in a ledger first and releases every handle it was given.
    Implemented by net/transfers.py.
    """

    def fetch(self, url: str, kind: int, *, max_bytes: int, priority: float, on_done: OnDone,
              on_failed: OnFailed, sha256: str = "", flags: int = 0) -> int: ...
    def build_mesh(self, descriptor: U32, *, block: int = 0, on_done: OnDone, on_failed: OnFailed) -> int: ...
    def decode_image(self, source: int, *, offset: int, size_bytes: int, max_bytes: int, max_side: int,
                     on_done: OnDone, on_failed: OnFailed, directions: bool = False) -> int: ...
    def read(self, ranges: U32, *, on_done: OnDone, on_failed: OnFailed) -> int: ...
    def unpack(self, words: U32, *, on_done: OnDone, on_failed: OnFailed) -> int: ...
    def set_priority(self, transfer: int, priority: float) -> None: ...
    def release(self, transfer: int) -> None: ...


class Ledger(Protocol):
    """Bytes against a hard budget. Implemented by memory/ledger.py."""

    budget_bytes: int
    fixed_bytes: int  # of the budget, that never come back
    used_bytes: int  # besides those
    claimed_bytes: int  # that plans leave free for somebody who waits for them

    @property
    def open_bytes(self) -> int: ...
    @property
    def left_bytes(self) -> int: ...
    def try_reserve(self, size_bytes: int) -> bool: ...
    def release(self, size_bytes: int) -> None: ...


@dataclass(slots=True)
class MeshData:
    """A mesh made in Python: float32 positions and normals (n, 3), uvs (n, 2), uint8 colours (n, 4), indices (m,)."""

    positions: F32
    normals: F32
    indices: U32
    uvs: F32 | None = None
    colors: npt.NDArray[np.uint8] | None = None
    radius: float = 0.0  # of the bounding sphere around the local origin; 0 = compute it
    uvs1: F32 | None = None  # a second set, (n, 2)


NO_TRANSFORM: UvMatrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class GpuStore(Protocol):
    """GPU resources by handle, charged to the GPU ledger. `try_` returns 0 where the budget has no room.

    Uploads are limited per frame: `upload_left_bytes` says how many more bytes this frame takes, and a
    `try_` that would pass it returns 0 as well (the first one of a frame always passes it), so that callers
    just ask again next frame. Implemented by gpu/store.py.
    """

    upload_left_bytes: int

    def try_mesh_from_transfer(self, transfer: int, vertex_count: int, index_count: int, topology: int = 0, *,
                               uv1: bool = False, posed: bool = False) -> int: ...
    def try_texture_from_transfer(self, transfer: int, width: int, height: int, *, srgb: bool, sampler: int,
                                  family: int = 0, levels: int = 0,
                                  done: Callable[[], None] | None = None) -> int: ...
    @property
    def spreads(self) -> Container[int]: ...  # textures that come over several frames, whose transfers are still read
    def create_mesh(self, data: MeshData) -> int: ...
    def create_texture(self, rgba: npt.NDArray[np.uint8], *, srgb: bool, sampler: int = 0) -> int: ...
    def create_material(self, desc: MaterialDesc) -> int: ...
    def write_material(self, material: int, desc: MaterialDesc) -> None: ...
    def destroy_mesh(self, mesh: int) -> None: ...
    def destroy_texture(self, texture: int) -> None: ...
    def destroy_material(self, material: int) -> None: ...
    def mesh_bytes(self, vertex_count: int, index_count: int, topology: int = 0, *, uv1: bool = False,
                   posed: bool = False) -> int: ...
    def texture_bytes(self, width: int, height: int) -> int: ...
    def compressed_bytes(self, width: int, height: int, family: int, levels: int) -> int: ...


class SplatParts(Protocol):
    """Gaussian splats of a file: what assets/gaussians.py plans."""

    degree: int  # of their harmonics
    is_linear: bool  # of their colours
    matrix: F64 | None  # brings them to the axes of their tile

    @property
    def count(self) -> int: ...


class MadeSplats(NamedTuple):
    """What layerw.splats made of them."""

    mesh: int
    material: int
    center: tuple[float, float, float]
    radius: float
    gpu_bytes: int
    end: Callable[[], None]


# Of the values by name (position, rotation, scale, opacity, color, "1 0" ...: harmonics). Raises LayerwError.
MakeSplats = Callable[[Any, Callable[[str], F32]], MadeSplats]


class Placements(NamedTuple):
    """Where a mesh is drawn many times: (n, 3) metres, (n, 4) xyzw, (n, 3)."""

    translation: F64
    rotation: F32
    scale: F32


@dataclass(slots=True)
class Primitive:
    """One drawable of a loaded model: GPU handles, its node, and a bounding sphere in the node's space."""

    mesh: int
    material: int
    node: int  # index in ContentResult.nodes; -1 when the node transform is baked into the vertices
    center: tuple[float, float, float]
    radius: float
    blend: bool = False
    half: tuple[float, float, float] = (0.0, 0.0, 0.0)  # half the sides of the box around it; 0 = not known
    skin: int = -1  # of Rig.skins; -1: no joints move it
    morph: int = -1  # of Rig.morphs
    reach: F32 | None = None  # of each joint: how far from it what follows it lies, -1 = nothing does; None: not known
    variants: dict[int, tuple[int, bool]] = field(default_factory=dict)  # other materials, and whether they blend
    places: Placements | None = None  # of a tile: it is drawn there, each relative to the tile's origin; None: once


class TrackDesc(NamedTuple):
    """What one channel of a clip does: to which node's translation, rotation, scale or weights, `width` floats a key.
    mode: 0 linear, 1 step, 2 cubic spline (then `values` has in-tangent, value and out-tangent of each key).
    kind: "node"; "shown", "light" or "camera": of what stands at a node; "material" or "texture" (its transform):
    `node` is the file's number of a material, `path` the name in MaterialDesc, or of the texture and "offset",
    "rotation" or "scale". first: of morph weights. rest: of a transform: offset, rotation, scale without clips."""

    node: int
    path: str
    mode: int
    width: int
    times: F32  # seconds, rising
    values: F32  # flat
    kind: str = "node"
    first: int = 0
    rest: tuple[float, ...] = ()


class ClipDesc(NamedTuple):
    """An animation of a file."""

    name: str
    duration_s: float
    tracks: tuple[TrackDesc, ...]


class SkinDesc(NamedTuple):
    """Joints as indices in Content.nodes (-1: not in the scene, at the origin), and (n, 12) inverse bind matrices,
    3x4 row by row."""

    joints: tuple[int, ...]
    inverse: F32


class FeatureIds(NamedTuple):
    """Which feature each vertex of a primitive belongs to (EXT_mesh_features). table: of Model.tables, "" = none."""

    node: int
    primitive: int
    label: str
    table: str
    feature_count: int
    ids: I64


class IdTexels(NamedTuple):
    """Features by texels; (n, 2) uvs of the points that show them, SAMPLER_* bits, and the id that says of none
    (-1: none does)."""

    ids: npt.NDArray[np.uint32]
    uvs: F64
    sampler: int
    null_id: int


class Surface(NamedTuple):
    """A part of a tile as Python reads it: (n, 3) points in the tile's frame, the corners of its triangles (or its
    points), the feature of each point, of instances where they stand and which features they are, and the columns."""

    points: F64
    corners: I64
    is_points: bool
    ids: I64 | None
    matrices: F64 | None
    instance_ids: I64 | None
    columns: dict[str, Any]
    id_texels: IdTexels | None = None  # which say it, not `ids`


class Rig(NamedTuple):
    """What moves a model. skins, morphs: by the numbers that its primitives name; a morph is (targets, vertices, 9):
    what is added to position, normal and tangent. weights: of morph targets at first, by node. owners: the node of a
    mesh that is shown by a node of its own. instances: (n, 10) translation, rotation, scale, of the mesh of a node.
    tables, features: what assets/metadata.py read. solids: (n, 3) points and (m,) corners of triangles of meshes that
    bodies lie around. surfaces: of a tile that was opened for them."""

    clips: list[ClipDesc]
    skins: dict[int, SkinDesc]
    morphs: dict[int, F32]
    weights: dict[int, F32]
    owners: dict[int, int]
    instances: dict[int, F32]
    tables: dict[str, dict[str, npt.NDArray[Any]]]
    features: list[FeatureIds]
    solids: list[tuple[F32, U32]]
    surfaces: list[Surface]


class LightDesc(NamedTuple):
    """A light of a glTF file: kind, linear colour, candela or lux, metres, radians; None: the kind's own, or none."""

    kind: str
    color: tuple[float, float, float]
    intensity: float
    range: float | None = None
    inner_angle: float | None = None
    outer_angle: float | None = None


class CameraDesc(NamedTuple):
    """A camera of a glTF file. size: vertical field of view, radians, or height, metres."""

    name: str
    kind: str  # "perspective" or "orthographic"
    size: float
    near: float


class FileFacts(NamedTuple):
    """What a file says of itself. scene: the number of the one that is shown, -1: none. xmp: packets, as JSON."""

    scenes: list[str]
    scene: int
    variants: list[str]
    extras: object
    scene_extras: object
    asset: dict[str, object]
    xmp: list[object]


class ColliderDesc(NamedTuple):
    """A shape of a body of a file. shape, size: as of lw.Body; mesh: of Rig.solids, that it lies around, -1: none.
    friction, bounce: None: lw.Body's own. sensor: it only notices. takes: settings of lw.Body, instead of a shape."""

    shape: str
    size: tuple[float, ...] | None = None
    mesh: int = -1
    friction: float | None = None
    bounce: float | None = None
    sensor: bool = False
    takes: dict[str, Any] | None = None


class SolidDesc(NamedTuple):
    """What a node of a file is among bodies. kind: of lw.Body; "": part of the body above, or static without one.
    velocity, spin: in the node's own axes."""

    kind: str
    colliders: tuple[ColliderDesc, ...]
    mass: float | None = None
    gravity: float = 1.0
    velocity: tuple[float, ...] = (0.0, 0.0, 0.0)
    spin: tuple[float, ...] = (0.0, 0.0, 0.0)


@dataclass(slots=True)
class NodeDesc:
    """A glTF node: local transform, parent's index (-1 = root) and name. Parents come before children."""

    parent: int
    translation: tuple[float, float, float]
    rotation: tuple[float, float, float, float]  # xyzw
    scale: tuple[float, float, float]
    name: str = ""
    light: LightDesc | None = None
    camera: CameraDesc | None = None
    extras: object = None
    solid: SolidDesc | None = None
    visible: bool = True  # with all below it


class Content(Protocol):
    """A model on its way from a URL to the GPU. Implemented by assets/content.py.

    States: "loading" (fetching, decoding: bytes reserved in the Layer ledger), "uploading" (all here, waits
    for GPU room and for this frame's upload allowance), "ready", "failed" (see `error`). `step()` is called
    once a frame and never blocks; `release()` frees everything at any time, in any state, once.
    """

    state: str
    error: str
    warnings: list[str]  # what it is shown without, and why
    failure: Failure  # failed: why, and so whether it may heal
    primitives: list[Primitive]
    nodes: list[NodeDesc]
    rig: Rig | None  # ready: what moves it; of a tile: those of its primitives that stand on a node
    waits_for_gpu: int  # bytes of an upload that was refused in this step

    @property
    def asset(self) -> int: ...  # its row among the assets that have backups; -1 = none
    @property
    def gpu_bytes(self) -> int: ...  # charged to the GPU ledger now
    @property
    def layer_bytes(self) -> int: ...  # reserved in the Layer ledger now
    def step(self) -> None: ...
    def set_priority(self, priority: float) -> None: ...
    def release(self) -> None: ...


class ImageFile(NamedTuple):
    """That a file is an image, not a model: whether its numbers are sRGB, its SAMPLER_* bits, whether it is a normal
    map."""

    srgb: bool
    sampler: int
    directions: bool = False


class SharedImage(Protocol):
    """A share in an image that others may show too (content/shared.py). States: "loading", "ready", and "failed": for
    now where it `may_heal`, it turns "ready" later then."""

    @property
    def state(self) -> str: ...
    @property
    def error(self) -> str: ...
    @property
    def failure(self) -> Failure: ...
    @property
    def may_heal(self) -> bool: ...  # it is asked for again by itself
    @property
    def heals_soon(self) -> bool: ...
    @property
    def asks(self) -> bool: ...  # it is on its way now, or about to be
    @property
    def picture(self) -> tuple[int, int, int]: ...
    @property
    def gpu_bytes(self) -> int: ...
    def ask_again(self) -> None: ...  # now, whatever it failed of
    def step(self) -> None: ...
    def release(self) -> None: ...


Behind = Callable[[F64], npt.NDArray[np.bool_]]  # boxes (n, 6), low and high corners -> which need not be drawn

OpenImage = Callable[[str, ImageFile, int, float], SharedImage | None]  # address, use, largest side, priority


class GpuContent(Content, Protocol):
    """A Content that takes room on the GPU, and can be given up where there is none."""

    facts: FileFacts | None  # ready: what the file says of itself
    materials: dict[str, int]  # ready: handles by name, the first of each
    material_numbers: dict[int, list[int]]  # ready: by the file's number
    identity: str  # opened with FETCH_DIGEST: equal for equal files, once fetched; the step that sets it begins nothing

    @property
    def picture(self) -> tuple[int, int, int]: ...  # of an image that is ready: its texture's handle, width, height
    @property
    def progress(self) -> float: ...  # 0 to 1: the share of its files and of what is made of them that is here
    @property
    def missing(self) -> list[SharedImage]: ...  # what it is shown without
    def fail(self, error: str, failure: Failure) -> None: ...


class ContentLoader(Protocol):
    """Opens content. `flatten`: a 4x4 float64 matrix applied on top of the node transforms, which are then baked
    into the vertices (tiles); None keeps nodes (models). `size_bytes`: expected size of the file, 0 = unknown;
    `flags`: of its fetches, FETCH_* of gpu/spec.py; `open_image`: shares in images beside it; `only_surfaces`: Python
    reads it, and nothing is drawn. Returns None when the Layer ledger has no room for it now.
    Implemented by assets/content.py."""

    def try_open(self, url: str, *, priority: float, flatten: F64 | None = None, size_bytes: int = 0,
                 max_texture_side: int = 1024, sha256: str = "", flags: int = 0,
                 image: ImageFile | None = None, open_image: OpenImage | None = None,
                 scene: str | int | None = None, style: Any = None,
                 only_surfaces: bool = False) -> GpuContent | None: ...
    def place(self, assets: I64, distance_radii: F64, seen: Flags) -> None: ...


@dataclass(slots=True)
class TileDraw:
    """Tiles to draw this frame, one row a primitive: what stream/ gives and engine.py feeds to visibility/ and gpu/."""

    mesh: U32 = field(default_factory=lambda: np.zeros(0, np.uint32))
    material: U32 = field(default_factory=lambda: np.zeros(0, np.uint32))
    blend: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    origin: F64 = field(default_factory=lambda: np.zeros((0, 3), np.float64))  # world metres
    rotation: F32 = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    scale: F32 = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    center: F64 = field(default_factory=lambda: np.zeros((0, 3), np.float64))  # bounding sphere, world metres
    radius: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
    fade: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))  # stream/fades.py: 0 = whole

    def __post_init__(self) -> None:
        if len(self.fade) != len(self.mesh):
            self.fade = np.zeros(len(self.mesh), np.uint8)


NO_TILES = TileDraw()  # nobody writes to what is drawn


class PixelTarget(Protocol):
    """Width x height RGBA8 pixels at an address in Layer memory, which kernels draw into: a lw.Picture."""

    width: int
    height: int

    @property
    def address(self) -> int: ...
