"""GPU resources of the materials, textures and shaders that a program made.

Owns: one of each per object, made when first used and freed when neither the object nor a user needs it; and what was
written since the last frame (`flush`, once a frame): numbers, pixels, texts. Meshes and the rest: resources.py.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Protocol

from layerw.base.errors import BudgetError, ConfigError
from layerw.base.lifetimes import Life
from layerw.base.log import Log
from layerw.base.ports import MaterialDesc
from layerw.frame.kept import Kept, Record
from layerw.gpu.shaders import ShaderSource
from layerw.gpu.store import Store
from layerw.scene.material_values import Values
from layerw.scene.shaders import Shader
from layerw.scene.textures import Rectangle, Texture
from layerw.scene.uses import Uses

Make = Callable[[Callable[[], int]], int]  # calls it, and once more where the budget had no room


class HasLook(Protocol):
    """A material for the GPU."""

    @property
    def life(self) -> Life: ...
    @property
    def values(self) -> Values: ...


class Look:
    """What is known of one material: its values, whether they blend, and what they hold."""

    def __init__(self, values: Values) -> None:
        self.values, self.blend = values, False
        self.textures: list[Record[Shown]] = []
        self.shader: Record[int] | None = None


class Shown:
    """What is known of one texture: its GPU handle, its pixels, and how to give back what came from outside."""

    __slots__ = ("free", "handle", "image", "texture")

    def __init__(self, handle: int, texture: Texture, free: Callable[[], None] | None) -> None:
        self.handle, self.image, self.free = handle, texture.image, free
        self.texture = weakref.ref(texture)


class Painted(dict[int, Rectangle]):
    """Of textures by number: one rectangle around all that was written since the last frame."""

    def add(self, number: int, written: Rectangle) -> None:
        """What was written now."""
        left, top, width, height = written
        if number in self:
            x, y, w, h = self[number]
            right, bottom = max(left + width, x + w), max(top + height, y + h)
            left, top = min(left, x), min(top, y)
            width, height = right - left, bottom - top
        self[number] = (left, top, width, height)


def _no_files(_: Texture) -> None:
    raise ConfigError("This host opens no files.")


class Looks:
    """See the module. `open_origin`: begins to load a texture that comes from a file or the page."""

    def __init__(self, store: Store, uses: Uses, set_blend: Callable[[int, bool], None], log: Log,
                 set_list: Callable[[int, tuple[str, int] | None], None] = lambda *_: None) -> None:  # fmt: skip
        self._store, self._set_blend, self._log, self._set_list = store, set_blend, log, set_list
        self.materials: Kept[Look] = Kept(uses)
        self._textures: Kept[Shown] = Kept(Uses())  # by numbers: one file's handle is that of all textures of it
        self._numbers = count(1)
        self._asked: weakref.WeakSet[Texture] = weakref.WeakSet()  # for what comes from outside
        self.open_origin: Callable[[Texture], None] = _no_files
        self._shaders: Kept[int] = Kept(Uses())  # the revision of the text
        self.news = (*self.materials.news, *self._textures.news, *self._shaders.news)
        self._places: dict[int, str] = {}  # where a program made a shader, by handle
        self._written: set[int] = set()  # materials
        self._painted = Painted()
        self._short: dict[int, int] = {}  # materials that are drawn without a texture: bytes that it needs

    def material(self, material: HasLook, made: Make) -> int:
        """The GPU handle of a Material, or of what an effect makes of one."""
        found = self.materials.find(material.life)
        if found is None:
            look = Look(material.values)
            hold = partial(self._hold_texture, look, made)
            handle = made(lambda: self._store.create_material(self._desc(look, hold)))
            found = self.materials.add(material.life, handle, look)
            material.values.listen(partial(self._written.add, handle))
            self._show_blend(found)
            if look.values.drawn_in is not None:
                self._set_list(handle, look.values.drawn_in)
        return found.handle

    def ignores_alpha(self, handle: int) -> bool:
        """Whether it is a material of the program that draws things whole, whatever alpha their colours have."""
        found = self.materials.by_handle.get(handle)
        return found is not None and found.value.values.opaque

    def texture(self, texture: Texture, made: Make) -> int:
        """The GPU handle of a Texture; 0 while what it comes from is not there, and once it was destroyed."""
        found = self._texture(texture, made)
        return 0 if found is None else found.value.handle

    def _texture(self, texture: Texture, made: Make) -> Record[Shown] | None:
        if texture.life.destroyed:
            return None
        found = self._textures.find(texture.life)
        if found is None and texture.origin is not None:
            if texture not in self._asked:
                self._asked.add(texture)
                self.open_origin(texture)
        elif found is None:
            image = texture.image
            handle = made(lambda: self._create_texture(texture))
            found = self._textures.add(texture.life, next(self._numbers), Shown(handle, texture, None))
            image.listen(partial(self._painted.add, found.handle))
        return found

    def show(self, texture: Texture, picture: tuple[int, int, int], free: Callable[[], None]) -> None:
        """What a texture comes from is there: its handle, width and height, and how it is given back. In place of what
        it had before, see `hide`."""
        handle, width, height = picture
        texture.came(width, height)
        self._textures.add(texture.life, next(self._numbers), Shown(handle, texture, free))

    def hide(self, texture: Texture) -> None:
        """Gives back what a texture shows; materials do without it until `show`."""
        found = self._textures.find(texture.life)
        if found is not None:
            self._end_shown(found)
            self._asked.add(texture)  # what it comes from goes on

    def _end_shown(self, record: Record[Shown]) -> None:
        """Whoever shows it: what they are made of is written again with the next flush."""
        self._written.update(one.handle for one in self.materials.by_handle.values() if record in one.value.textures)
        self._end_texture(record, by_force=True)

    def reopen_lost(self) -> None:
        """Where a device took along what came from outside, it is loaded again; materials do without it meanwhile."""
        for record in list(self._textures.by_handle.values()):
            if record.value.free is not None and self._store.textures[record.value.handle].lost:
                self._end_shown(record)

    def _create_texture(self, texture: Texture) -> int:
        if texture.is_target:
            return self._store.create_target(texture.width, texture.height, texture.sampler)
        return self._store.create_texture(texture.image.pixels, srgb=texture.srgb, sampler=texture.sampler,
                                          mips=texture.mips)  # fmt: skip

    def _shader(self, shader: Shader) -> Record[int]:
        found = self._shaders.find(shader.life)
        if found is None:
            found = self._shaders.add(shader.life, self._store.shaders.create(_source(shader)), shader.revision)
        elif found.value != shader.revision:
            found.value = shader.revision
            self._store.shaders.write(found.handle, _source(shader))
        self._places[found.handle] = shader.place
        return found

    def refused(self, shader: int, reason: str) -> str:
        """What to tell where a shader does not compile."""
        place = self._places.get(shader, "")
        return f"The lw.Shader{f' of {place},' if place else ''} does not compile; what was drawn last stays. {reason}"

    def _desc(self, look: Look, hold: Callable[[Texture], int]) -> MaterialDesc:
        """With the handles of its textures and its shader, which it holds from now on; of what it held before where
        one of them can't be made."""
        textures, shader = look.textures, look.shader
        look.textures, look.shader = [], None
        try:
            desc = look.values.desc(hold, partial(self._hold_shader, look))
        except Exception:
            self._let_go(look.textures, look.shader)
            look.textures, look.shader = textures, shader
            raise
        self._let_go(textures, shader)
        return desc

    def _hold_texture(self, look: Look, made: Make, texture: Texture) -> int:
        if texture.origin is not None:
            texture.origin.users.add(look.values)
        record = self._texture(texture, made)
        if record is None:
            return 0
        record.holds += 1
        look.textures.append(record)
        return record.value.handle

    def _hold_fitting(self, material: int, was_short: bool, look: Look, made: Make, texture: Texture) -> int:
        """0 where it has no room, which is told once: the material is drawn without it until there is."""
        try:
            return self._hold_texture(look, made, texture)
        except BudgetError as error:
            if not was_short and material not in self._short:
                self._log.error(f"A material is drawn without a texture that has no room: {error}")
            self._short[material] = min(error.needed_bytes, self._short.get(material, error.needed_bytes))
            return 0

    def _hold_shader(self, look: Look, shader: Shader) -> int:
        look.shader = self._shader(shader)
        look.shader.holds += 1
        return look.shader.handle

    def _let_go(self, textures: list[Record[Shown]], shader: Record[int] | None) -> None:
        for record in textures:
            record.holds -= 1
        if shader is not None:
            shader.holds -= 1

    def _show_blend(self, record: Record[Look]) -> None:
        blend = record.value.values.blend
        if blend != record.value.blend:
            record.value.blend = blend
            self._set_blend(record.handle, blend)

    def materials_with(self, texture: int) -> list[int]:
        """The materials that show a texture, by handle."""
        return [handle for handle, one in self._store.materials.items() if texture in one.desc.textures]

    # -- once a frame ---------------------------------------------------------------------------

    def flush(self, made: Make) -> None:
        """Send what the program wrote since the last frame."""
        self._written.update(one for one, needed in self._short.items() if needed <= self._store.left_bytes)
        while self._written:
            record = self.materials.by_handle.get(self._written.pop())
            if record is not None:
                self._write(record, made)
        while self._painted:
            number, (x, y, width, height) = self._painted.popitem()
            painted = self._textures.by_handle.get(number)
            if painted is not None:
                pixels = painted.value.image.pixels[y : y + height, x : x + width]
                self._store.update_texture(painted.value.handle, x, y, pixels)

    def _write(self, record: Record[Look], made: Make) -> None:
        look, was_short = record.value, self._short.pop(record.handle, None) is not None
        hold = partial(self._hold_fitting, record.handle, was_short, look, made)
        self._store.write_material(record.handle, self._desc(look, hold))
        self._show_blend(record)

    def sweep(self) -> None:
        """Free textures and shaders that nobody needs, and textures that the program destroyed."""
        for texture, destroyed in self._textures.take_over():
            if destroyed:
                self._tell_destroyed(texture)
                self._end_shown(texture)
            else:
                self._end_texture(texture)
        for shader, _ in self._shaders.take_over():
            self._end_shader(shader)

    def _tell_destroyed(self, texture: Record[Shown]) -> None:
        count = sum(texture in one.value.textures for one in self.materials.by_handle.values())
        if count:
            materials = "1 material shows" if count == 1 else f"{count} materials show"
            self._log.warning(f"A texture that {materials} was destroyed; it is drawn without it from now on.")

    def end_material(self, record: Record[Look], *, by_force: bool = False) -> None:
        """Free it where nobody needs it, and then what only it held."""
        if not self.materials.try_end(record, by_force=by_force):
            return
        look = record.value
        self._short.pop(record.handle, None)
        if look.blend:
            self._set_blend(record.handle, False)
        if look.values.drawn_in is not None:
            self._set_list(record.handle, None)
        self._store.destroy_material(record.handle)
        textures, shader = look.textures, look.shader
        look.textures, look.shader = [], None
        self._let_go(textures, shader)
        for texture in textures:
            self._end_texture(texture)
        if shader is not None:
            self._end_shader(shader)

    def _end_texture(self, record: Record[Shown], *, by_force: bool = False) -> None:
        if self._textures.try_end(record, by_force=by_force):
            if record.value.free is None:
                self._store.destroy_texture(record.value.handle)
                return
            record.value.free()
            texture = record.value.texture()
            if texture is not None:
                self._asked.discard(texture)
                texture.gone()

    def _end_shader(self, record: Record[int], *, by_force: bool = False) -> None:
        if self._shaders.try_end(record, by_force=by_force):
            self._places.pop(record.handle, None)
            self._store.shaders.destroy(record.handle)

    def close(self) -> None:
        """Frees everything."""
        for material in list(self.materials.by_handle.values()):
            self.end_material(material, by_force=True)
        for texture in list(self._textures.by_handle.values()):
            self._end_texture(texture, by_force=True)
        for shader in list(self._shaders.by_handle.values()):
            self._end_shader(shader, by_force=True)


def _source(shader: Shader) -> ShaderSource:
    return ShaderSource(shader.wgsl, shader.params_wgsl(), shader.texture_names, shader.displaces)
