"""What a program gave a material: checked, kept as it was given, and whom a change concerns.

Owns: the values by their names in gpu/kinds.py. lw.Material (generated) is the face of it; frame/resources.py listens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from layerw.base import checks
from layerw.base.colors import Color, linear_rgba
from layerw.base.errors import ConfigError
from layerw.base.material_desc import MaterialDesc
from layerw.gpu import kinds, spec
from layerw.scene.shaders import Given, Params, Shader, shader_textures
from layerw.scene.textures import Texture

__all__ = ["Given", "Values"]
_BY_PUBLIC = {row.public: row for row in kinds.PARAMETERS if row.public}
_SHADER_TEXTURES = tuple(f"{name}_texture" for name in kinds.SHADER_SLOTS)
_FLAGS = {flag.name: flag.bit for flag in kinds.FLAGS}


def _check_room(shader: Shader | None, names: Iterable[str]) -> None:
    """Raises ConfigError where a shader would not see one of the textures."""
    unseen = [name for name in names if name not in _SHADER_TEXTURES]
    if shader is not None and unseen:
        raise ConfigError(f"Material {unseen[0]} is not seen by a shader, which has {', '.join(_SHADER_TEXTURES)}; "
                          f"give it among the shader's own textures instead.")


def _check_places(textures: Mapping[str, Texture]) -> None:
    """Raises ConfigError where a material has more textures of layers than both APIs bind; one for two is one."""
    layers = sorted(name for name in textures if name.removesuffix("_texture") in kinds.LAYER_TEXTURES)
    if len({id(textures[name]) for name in layers}) > len(kinds.LAYER_PLACES):
        raise ConfigError(f"A material has {', '.join(layers)}; of these {len(layers)} it takes at most "
                          f"{len(kinds.LAYER_PLACES)}, so that both APIs can bind them. Set one of them to None first.")


class Values:
    """Of one material. `changed` is called by whoever writes a value; everyone who listens hears of it."""

    drawn_in: tuple[str, int] | None = None  # a draw list of its own, and the order there

    def __init__(self, kind: str) -> None:
        self.kind = checks.one_of("Material kind", kind, (row.name for row in kinds.KINDS if row.public))
        self.unlit = kind == "unlit"
        self.shader: Shader | None = None
        self.params = Params("Material", {})
        self.shader_textures: dict[str, Texture] = {}
        self.textures: dict[str, Texture] = {}
        self._colors: dict[str, Color] = {}
        self._numbers: dict[str, float] = {}
        self._flags: dict[str, bool] = {}
        self._linear: dict[str, tuple[float, ...]] = {}
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Have a function called after each change. It must be quick, and must not keep the material alive."""
        self._listeners.append(listener)

    def changed(self) -> None:
        """A value is another one now."""
        for listener in self._listeners:
            listener()

    def color(self, name: str) -> Color:
        """As it was given."""
        return self._colors[name]

    def set_color(self, name: str, value: Color) -> None:
        """Raises ShapeError."""
        row = _BY_PUBLIC[name]
        self._linear[row.name] = linear_rgba(value, f"Material {name}")[: 4 if row.type == "rgba" else 3]
        self._colors[name] = value
        self.changed()

    def number(self, name: str) -> float:
        """As it was given."""
        return self._numbers[name]

    def set_number(self, name: str, value: float) -> None:
        """Raises KindError, ConfigError."""
        row = _BY_PUBLIC[name]
        self._numbers[name] = checks.number(f"Material {name}", value, row.low, row.high)
        self.changed()

    def flag(self, name: str) -> bool:
        """As it was given."""
        return self._flags[name]

    def set_flag(self, name: str, value: bool) -> None:
        """Raises KindError."""
        self._flags[name] = checks.flag(f"Material {name}", value)
        self.changed()

    def set_unlit(self, value: bool) -> None:
        """Raises KindError."""
        self.unlit = checks.flag("Material unlit", value) or self.kind == "unlit"
        self.changed()

    def texture(self, name: str) -> Texture | None:
        """As it was given."""
        return self.textures.get(name)

    def set_texture(self, name: str, value: Texture | None) -> None:
        """Raises KindError."""
        if value is None:
            self.textures.pop(name, None)
        else:
            checks.instance(f"Material {name}", value, Texture, "a lw.Texture")
            _check_room(self.shader, [name])
            _check_places({**self.textures, name: value})
            self.textures[name] = value.check_live()
        self.changed()

    def set_shader(self, shader: Shader | None, params: Mapping[str, Given] | None,
                   textures: Mapping[str, Texture] | None) -> None:  # fmt: skip
        """A shader with its parameters and textures. Raises KindError, ConfigError, KeyMissing."""
        given, images = checks.mapping("Material params", params), checks.mapping("Material textures", textures)
        if shader is None and (given or images):
            raise ConfigError("Material params and textures belong to a shader; give shader=lw.Shader(...) as well.")
        if shader is not None:
            checks.instance("Material shader", shader, Shader, "a lw.Shader")
        _check_room(shader, self.textures)
        defaults = None if shader is None else shader.params
        own = Params("Material", {} if defaults is None else defaults.layout, self.changed, defaults)
        own.update(given)
        found = {} if shader is None else shader_textures("Material textures", shader.texture_names, images)
        if shader is not None:
            shader.users.add(self)
            found = {**shader.textures, **found}
        self.shader, self.params, self.shader_textures = shader, own, found
        self.changed()

    @property
    def blend(self) -> bool:
        """Whether it lets through what is behind."""
        return self._blends or self._drawn_as() == "glass"

    @property
    def _blends(self) -> bool:
        """Whether alpha, or a shader's glass, which has no thickness, mixes it with what is behind."""
        clear = self._linear["base_color"][3] < 1 or (self.shader is not None and self._numbers["transmission"] > 0)
        return clear and not self._flags.get("masked", False)

    @property
    def opaque(self) -> bool:
        """Whether alpha does nothing."""
        return not self.blend and not self._flags.get("masked", False)

    def _drawn_as(self) -> str:
        """The kind for the GPU. A shader brings its own textures, and has the numbers of layers anyway."""
        if self.unlit or self.kind != "pbr" or self.shader is not None:
            return "unlit" if self.unlit else self.kind
        slots = {name.removesuffix("_texture") for name in self.textures}
        return kinds.drawn_as({**self._named(), **self._linear}, slots)

    def _named(self) -> dict[str, float]:
        return {_BY_PUBLIC[name].name: value for name, value in self._numbers.items()}

    def desc(self, texture: Callable[[Texture], int] = lambda _: 0,
             shader: Callable[[Shader], int] = lambda _: 0) -> MaterialDesc:  # fmt: skip
        """For the GPU; the functions give handles."""
        numbers = self._named()
        flags = spec.MATERIAL_BLEND if self._blends else 0
        flags |= sum(_FLAGS[name] for name, is_set in self._flags.items() if is_set)
        flags |= sum(row.flag for row in _BY_PUBLIC.values() if row.flag and numbers[row.name] > 0)
        made = MaterialDesc(
            kind=self._drawn_as(), flags=flags, params=self.params.packed(),
            shader=0 if self.shader is None else shader(self.shader),
            shader_textures=() if self.shader is None else tuple(
                texture(self.shader_textures[name]) for name in self.shader.texture_names),
        )  # fmt: skip
        for name, value in (numbers | self._linear).items():
            setattr(made, name, value)
        for name, one in self.textures.items():
            setattr(made, name, texture(one))
        return made
