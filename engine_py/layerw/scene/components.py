"""Components, declared once: a class whose annotations say which columns it adds to entities.

    @lw.component
    class Health:
        hp: lw.f32 = 100.0
        team: lw.u8 = 0

Owns: the declarations: names, types and defaults of fields. Does not hold values (component_store.py does). The same
declaration serves handles (`entity[Health].hp`), queries (`app.each(Health)`), and whatever else needs to know a
component's fields.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, overload

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError

T = TypeVar("T")
BY_NAME: dict[str, Declaration] = {}  # the one that was declared last, for what knows components by name only
DECLARED = "__component__"  # the attribute that makes a class a component


class FieldType(NamedTuple):
    """One column: `width` numbers a row."""

    name: str
    dtype: type[np.generic]
    width: int = 1


Vector = tuple[float, ...] | npt.NDArray[Any]
f32 = Annotated[float, FieldType("f32", np.float32)]
f32x2 = Annotated[Vector, FieldType("f32x2", np.float32, 2)]
f32x3 = Annotated[Vector, FieldType("f32x3", np.float32, 3)]
f32x4 = Annotated[Vector, FieldType("f32x4", np.float32, 4)]
f64 = Annotated[float, FieldType("f64", np.float64)]
f64x3 = Annotated[Vector, FieldType("f64x3", np.float64, 3)]
i32 = Annotated[int, FieldType("i32", np.int32)]
u8 = Annotated[int, FieldType("u8", np.uint8)]
u16 = Annotated[int, FieldType("u16", np.uint16)]
u32 = Annotated[int, FieldType("u32", np.uint32)]
flag = Annotated[bool, FieldType("flag", np.bool_)]
TYPES: dict[str, FieldType] = {
    found.name: found
    for found in (get_args(kind)[1] for kind in (f32, f32x2, f32x3, f32x4, f64, f64x3, i32, u8, u16, u32, flag))
}
PLAIN: dict[type, FieldType] = {float: TYPES["f32"], int: TYPES["i32"], bool: TYPES["flag"]}
PLAYER = FieldType("player", np.uint16)  # a number, 0: nobody; lw.Player says so of itself as its FIELD_TYPE


@dataclass(frozen=True, slots=True)
class FieldOptions:
    """What `lw.field` says of a field beside its type."""

    default: Any = None
    precision: float | None = None
    interpolate: bool = False


class Field(NamedTuple):
    """One field of a component, with its default as a row of the column."""

    name: str
    type: FieldType
    default: npt.NDArray[Any]
    options: FieldOptions


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the decorator read from a class. `column` names the engine's own column, for its own components."""

    name: str
    fields: dict[str, Field]
    shared: bool = False
    column: str = ""

    @property
    def row_bytes(self) -> int:
        """Bytes of one entity, with the mark that it has the component."""
        return 1 + sum(field.default.nbytes for field in self.fields.values())


def field(default: Any = None, *, precision: float | None = None, interpolate: bool = False) -> Any:
    """The default of a component's field, with what the network may make of it.

    Args:
        default: a number, or as many as the type has; None: zeros.
        precision: smallest step that matters, in the field's unit, above 0; None: as it is.
        interpolate: values between two updates are made by blending.
    """
    if precision is not None:
        checks.number("field precision", precision, 0, above=True)
    return FieldOptions(default, precision, checks.flag("field interpolate", interpolate))


@overload
def component(kind: type[T]) -> type[T]: ...
@overload
def component(*, shared: bool = False) -> Callable[[type[T]], type[T]]: ...
def component(kind: type[T] | None = None, *, shared: bool = False) -> Any:
    """Decorator: makes a class a component. Its annotations are its fields: `hp: lw.f32 = 100.0`.

    Types: lw.f32, f32x2, f32x3, f32x4, f64, f64x3, i32, u8, u16, u32, flag; float, int and bool stand for f32, i32 and
    flag. A field without a default begins as zeros.

    Raises:
        KindError: a field's type is none of these, or it is no class.
        ConfigError: a default does not fit, or there is no field.
    """
    checks.flag("component shared", shared)
    frame = sys._getframe(1)  # annotations may be texts that name what is known where the class is written
    known = {**frame.f_globals, **frame.f_locals}
    if kind is None:
        return lambda real: component_of(real, shared, known)
    return component_of(kind, shared, known)


def component_of(kind: type[T], shared: bool, known: dict[str, Any]) -> type[T]:
    """Declares the class; `known`: the names that its annotations may use."""
    checks.instance("component", kind, type, "a class")
    fields = {}
    for name, annotation in _annotations(kind, known).items():
        if name.startswith("_"):
            raise ConfigError(f"{kind.__name__}.{name} begins with an underscore; a field's name is public.")
        fields[name] = _field(f"{kind.__name__}.{name}", name, annotation, getattr(kind, name, None))
    if not fields:
        raise ConfigError(f"The component {kind.__name__} has no field; write for example `hp: lw.f32 = 100.0`.")
    declared = BY_NAME[kind.__name__] = Declaration(kind.__name__, fields, shared)
    setattr(kind, DECLARED, declared)
    return kind


def declaration(kind: object) -> Declaration:
    """What a component class declares. Raises KindError for anything else."""
    found = vars(kind).get(DECLARED) if isinstance(kind, type) else None
    if isinstance(found, Declaration):
        return found
    raise KindError(f"{checks.shown(kind)} is no component; put @lw.component on its class.")


def row_value(name: str, type_: FieldType, value: Any, rows: int) -> npt.NDArray[Any]:
    """A value for `rows` rows of a field, of its dtype, as (), (width,), (rows,) or (rows, width).

    Raises:
        ConfigError: another shape, numbers that the type does not hold, or not finite.
        KindError: no numbers.
    """
    wide = () if type_.width == 1 else (type_.width,)
    try:
        given = np.asarray(value)
    except ValueError:
        given = np.asarray(None)
    if given.dtype.kind not in ("b" if type_.dtype is np.bool_ else "iufb"):
        raise KindError(f"{name} is {checks.shown(value)}; it takes {_takes(type_)}.")
    if given.shape not in (wide, (rows, *wide)) and not (wide and given.shape == ()):
        raise ConfigError(f"{name} has shape {given.shape}; it takes {_takes(type_)}, or {rows} of them.")
    with np.errstate(over="ignore", invalid="ignore"):
        found = given.astype(type_.dtype)
    fits = np.isfinite(found).all() if found.dtype.kind == "f" else np.array_equal(found, given)
    if not fits:
        raise ConfigError(f"{name} is {checks.shown(value)}; it takes {_takes(type_)}.")
    return found


def _annotations(kind: type, known: dict[str, Any]) -> dict[str, Any]:
    import inspect  # only here: most programs declare none

    try:
        return inspect.get_annotations(kind, globals=known, eval_str=True)
    except Exception as error:
        raise KindError(f"The annotations of {kind.__name__} can't be read: {error}.") from error


def _field(full_name: str, name: str, annotation: Any, given: Any) -> Field:
    options = given if isinstance(given, FieldOptions) else FieldOptions(given)
    marks = [mark for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, FieldType)]
    plain = PLAIN.get(annotation, getattr(annotation, "FIELD_TYPE", None)) if isinstance(annotation, type) else None
    kind = marks[0] if marks else plain
    if kind is None:
        raise KindError(f"{full_name} is annotated {checks.shown(annotation)}; a field is one of "
                        f"{', '.join(f'lw.{known}' for known in TYPES)}, float, int, bool or lw.Player.")  # fmt: skip
    shape = () if kind.width == 1 else (kind.width,)
    value = 0 if options.default is None else options.default
    if kind.dtype is np.bool_:
        value = bool(value)
    default = np.broadcast_to(row_value(full_name, kind, value, 1), shape).copy()
    return Field(name, kind, default, options)


def _takes(kind: FieldType) -> str:
    number = "True or False" if kind.dtype is np.bool_ else "a finite number" if kind.dtype in (
        np.float32, np.float64) else f"a whole number from {np.iinfo(kind.dtype).min} to {np.iinfo(kind.dtype).max}"  # type: ignore[type-var]
    return number if kind.width == 1 else f"{kind.width} finite numbers"


def _own(name: str, column: str) -> type:
    """A component of the engine itself: one column that every entity has."""
    return type(name, (), {"__doc__": f"The column `{column}` that every entity has; see Entities.{column}.",
                           DECLARED: Declaration(name, {}, False, column), "__module__": __name__})  # fmt: skip


Position = _own("Position", "position")
Rotation = _own("Rotation", "rotation")
Scale = _own("Scale", "scale")
Color = _own("Color", "color")
