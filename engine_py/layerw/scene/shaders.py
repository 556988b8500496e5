"""lw.Shader: how a surface looks, written by a program in WGSL.

Owns: the text, its parameters' names, types, defaults and layout, and the names of its textures. Does not compile: the
backends do, on both APIs (web/backends/common/shaders.js); what they find wrong is told with the program's own line.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING
from weakref import WeakMethod, WeakSet

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import linear_rgba
from layerw.base.errors import AttributeMissing, ConfigError, KeyMissing, KindError, ShapeError
from layerw.base.lifetimes import Life
from layerw.base.settings import fixed_attributes
from layerw.gpu import kinds
from layerw.scene.textures import Texture

if TYPE_CHECKING:
    from layerw.scene.material_values import Values

Given = float | str | Sequence[float] | npt.NDArray[np.number]
PARAMS_MAX = 64
WGSL_MAX = 1 << 20  # characters
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SURFACE = re.compile(r"\bfn\s+surface\s*\(")
_DISPLACE = re.compile(r"\bfn\s+displace\s*\(")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_TYPES = {1: "f32", 2: "vec2<f32>", 3: "vec3<f32>", 4: "vec4<f32>"}
Layout = dict[str, tuple[int, int]]  # name -> first float, floats


def _floats(owner: str, name: str, value: object) -> tuple[float, ...]:
    """1 to 4 floats of what was given: a number, a few of them, or a colour's name (linear rgba)."""
    what = f"{owner} params[{name!r}]"
    if isinstance(value, str):
        return linear_rgba(value, what)
    if isinstance(value, (bool, np.bool_)):
        return (float(value),)
    if isinstance(value, (int, float, np.integer, np.floating)):
        return (checks.number(what, value),)
    try:
        given = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        given = np.zeros(0)
    if given.ndim != 1 or not 2 <= given.size <= 4 or not np.isfinite(given).all():
        raise KindError(f"{what} is {checks.shown(value)}; it takes a number, 2 to 4 of them, or a colour's name.")
    return tuple(given.tolist())


class Params(MutableMapping[str, Given]):
    """A shader's parameters by name. Each keeps its number of components; no name comes or goes."""

    def __init__(self, owner: str, layout: Layout, changed: Callable[[], None] | None = None,
                 defaults: Params | None = None) -> None:  # fmt: skip
        self._owner, self._defaults = owner, defaults
        self.layout = layout
        self._changed = None if changed is None else WeakMethod(changed)  # its owner holds this
        self._own: dict[str, tuple[float, ...]] = {}

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and name != "layout":
            raise AttributeMissing(f"{self._owner} params.{name} can't be assigned; write params[{name!r}] = ....")
        object.__setattr__(self, name, value)

    def floats(self, name: str) -> tuple[float, ...]:
        """Its value, else the shader's."""
        if name not in self.layout:
            known = ", ".join(self.layout) or "none"
            raise KeyMissing(f"{self._owner} params has no {name!r}; the shader's parameters are: {known}."
                             f"{checks.did_you_mean(name, self.layout)}")  # fmt: skip
        if name in self._own or self._defaults is None:
            return self._own[name]
        return self._defaults.floats(name)

    def __getitem__(self, name: str) -> Given:
        found = self.floats(name)
        return found[0] if len(found) == 1 else found

    def __setitem__(self, name: str, value: Given) -> None:
        wanted = self.layout[name][1] if name in self.layout else len(self.floats(name))
        given = _floats(self._owner, name, value)
        if wanted == 3 and isinstance(value, str):
            given = given[:3]
        if len(given) != wanted:
            raise ShapeError(f"{self._owner} params[{name!r}] is {checks.shown(value)}, {len(given)} numbers; the "
                             f"shader declares {wanted}.")  # fmt: skip
        self._own[name] = given
        changed = None if self._changed is None else self._changed()
        if changed is not None:
            changed()

    def __delitem__(self, name: str) -> None:
        raise ConfigError(f"{self._owner} params[{name!r}] can't be deleted; a shader's parameters stay.")

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout)

    def __len__(self) -> int:
        return len(self.layout)

    def packed(self) -> tuple[float, ...]:
        """As they lie in the uniform block."""
        out = [0.0] * (-(-max((at + count for at, count in self.layout.values()), default=0) // 4) * 4)
        for name, (at, count) in self.layout.items():
            out[at : at + count] = self.floats(name)
        return tuple(out)


@fixed_attributes
class Shader:
    """A surface written in WGSL; `lw.Material(shader=...)` shows it: lit, shadowed, fogged and instanced as others.

    Args:
        wgsl: has `fn surface(in: SurfaceIn) -> Surface`, and where vertices move `fn displace(in: DisplaceIn) ->
            vec3f` (a place in the mesh's own axes, metres). Their fields: docs/shaders-of-programs.md.
        params: name and default of each parameter, `params.NAME` in WGSL: a number (f32), 2 to 4 of them (vec2f to
            vec4f), or a colour's name (vec4f, linear).
        textures: name and default of each texture, at most 7; NAME and NAME_sampler in WGSL.

    Writing `wgsl` again is a hot reload: everything that has it is drawn with the new text once that compiles, until
    then (and where it never does) with the old one. What the compiler says is told with the line of `wgsl`.

    Raises:
        ConfigError, KindError, ShapeError: no `fn surface`, a name that WGSL does not take, a value of another type.
    """

    FIXED = ("life", "params", "place", "texture_names", "textures", "users")

    def __init__(self, wgsl: str, *, params: Mapping[str, Given] | None = None,
                 textures: Mapping[str, Texture] | None = None) -> None:  # fmt: skip
        values = {_name("Shader params", name): _floats("Shader", name, value)
                  for name, value in checks.mapping("Shader params", params).items()}  # fmt: skip
        if len(values) > PARAMS_MAX:
            raise ConfigError(f"Shader params has {len(values)} names; it takes at most {PARAMS_MAX}.")
        self.life = Life()
        self.users: WeakSet[Values] = WeakSet()
        self.params = Params("Shader", _layout(values), self._changed)
        self.params.update({name: _public(value) for name, value in values.items()})
        given = checks.mapping("Shader textures", textures)
        names = [_name("Shader textures", name) for name in given]
        room = kinds.SHADER_TEXTURES_MAX
        if len(names) > room:
            raise ConfigError(f"Shader textures has {len(names)} names; it takes at most {room}.")
        twice = set(names) & set(values)
        if twice:
            raise ConfigError(f"Shader textures and params both have {sorted(twice)[0]!r}; each name is given once.")
        self.texture_names = tuple(names)
        self.textures = MappingProxyType(shader_textures("Shader textures", self.texture_names, given))
        self.place = _caller()
        self._text = _checked(wgsl)
        self._revision = 0

    @property
    def wgsl(self) -> str:
        """The text; writing another one is a hot reload."""
        return self._text

    @wgsl.setter
    def wgsl(self, value: str) -> None:
        self._text = _checked(value)
        object.__setattr__(self, "place", _caller())
        self._revision += 1
        self._changed()

    @property
    def revision(self) -> int:
        """Of the text: counts hot reloads."""
        return self._revision

    @property
    def displaces(self) -> bool:
        """Whether it moves vertices."""
        return _DISPLACE.search(_COMMENT.sub("", self._text)) is not None

    def params_wgsl(self) -> str:
        """The struct of its parameters; '' without any."""
        rows = sorted(self.params.layout.items(), key=lambda row: row[1][0])
        return "".join(f"  {name}: {_TYPES[count]},\n" for name, (_, count) in rows)

    def _changed(self) -> None:
        for values in list(self.users):
            values.changed()


def shader_textures(what: str, names: Iterable[str], given: Mapping[str, Texture] | None) -> dict[str, Texture]:
    """Textures by the names that a shader declares. Raises KeyMissing, KindError."""
    known = tuple(names)
    found = {}
    for name, texture in checks.mapping(what, given).items():
        if name not in known:
            raise KeyMissing(f"{what} has {name!r}; the shader's textures are: {', '.join(known) or 'none'}."
                             f"{checks.did_you_mean(str(name), known)}")  # fmt: skip
        found[name] = checks.instance(f"{what}[{name!r}]", texture, Texture, "a lw.Texture").check_live()
    return found


def _public(value: tuple[float, ...]) -> Given:
    return value[0] if len(value) == 1 else value


def _layout(values: Mapping[str, tuple[float, ...]]) -> Layout:
    """Where each lies, the widest first, so that WGSL's layout and std140 agree."""
    found: Layout = {}
    at = 0
    for name, value in sorted(values.items(), key=lambda row: -len(row[1])):
        align = 4 if len(value) > 2 else len(value)
        at = -(-at // align) * align
        found[name] = (at, len(value))
        at += len(value)
    return {name: found[name] for name in values}


def _checked(wgsl: str) -> str:
    text = checks.text("Shader wgsl", wgsl)
    if len(text) > WGSL_MAX:
        raise ConfigError(f"Shader wgsl has {len(text)} characters; it takes at most {WGSL_MAX}.")
    if not _SURFACE.search(_COMMENT.sub("", text)):
        raise ConfigError("Shader wgsl has no `fn surface(in: SurfaceIn) -> Surface`; it takes one.")
    return text


def _name(what: str, name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _WORDS:
        raise ConfigError(f"{what} has the name {checks.shown(name)}; it takes a word that WGSL takes for a variable: "
                          f"letters, digits and _, from a letter on.")  # fmt: skip
    return name


def _caller() -> str:
    """The program's file and line that made it."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "layerw":
        frame = frame.f_back
    return "" if frame is None else f"{frame.f_code.co_filename.rpartition('/')[2]}, line {frame.f_lineno}"


# WGSL's keywords, and what the engine calls its own.
_WORDS = set(re.findall(r"\w+", """
    alias array bool break case const const_assert continue continuing default diagnostic discard displace draw else
    enable f32 false fn for frame i32 if let loop material override params requires return sampler struct surface
    switch true u32 var while
"""))
