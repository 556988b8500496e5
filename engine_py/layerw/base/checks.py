"""Checks of what a program gives: each returns the value as the engine keeps it, or raises at the program's own line.

Owns: the words of those errors (what was given, what it takes). Does not know what the values are for.
Every public call uses these at its first lines; `name` is what the program called the value ("Material roughness").
Cost: about half a microsecond for a number, two for a vector.
"""

from __future__ import annotations

import inspect
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from types import GetSetDescriptorType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from layerw.base.errors import AttributeMissing, ConfigError, KindError, ShapeError
from layerw.base.ports import F64

T = TypeVar("T")
NO_NUMBERS = (TypeError, ValueError, OverflowError)  # what numpy raises for values that are none
LISTED_MAX = 24  # names in a sentence
TURN = 2 * math.pi
HALF_TURN = 3.2  # and a little: what flips an angle by pi has not jumped
NEAR_ENOUGH = 0.6  # of difflib's ratio: "positon" is near "position", "x" is near nothing


def number(name: str, value: object, low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> float:
    """A finite float within [low, high]; `above`: more than `low`. Raises KindError, ConfigError."""
    kept = value
    if type(kept) is not float:
        kept = _float(value)
        if kept is None:
            raise KindError(f"{name} is {shown(value)}; it takes a number{_range(low, high, above)}.")
    if not low <= kept <= high or not math.isfinite(kept) or (above and kept == low):
        span = _range(low, high, above) or " that is finite"
        raise ConfigError(f"{name} is {shown(value)}; it takes a number{span}.")
    return kept


def _float(value: object) -> float | None:
    """None where it is no number."""
    if isinstance(value, (bool, np.bool_, str, bytes)) or not hasattr(value, "__float__"):
        return None
    try:
        return None if np.ndim(value) else float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):  # an array of something else
        return None


def angle(name: str, value: object, before: float) -> float:
    """A finite number of radians, never guessed: one beyond a turn that lies far from what was there before is kept and
    told, because degrees were meant. What turns on and on passes a turn in small steps. Raises KindError, ConfigError.

    before: what the setting is now.
    """
    kept = number(name, value)
    if abs(kept) > TURN and abs(kept - before) > HALF_TURN:
        tell_degrees(f"{name} = {kept:g}")
    return kept


def tell_degrees(given: str) -> None:
    """Warns that radians are taken, at the program's line, as Python's warnings are: once for each."""
    depth, frame = 1, sys._getframe()
    folder = frame.f_code.co_filename.rsplit("/", 2)[0] + "/"  # of the engine, as its code was compiled
    while frame.f_back is not None and frame.f_code.co_filename.startswith(folder):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(f"{given} takes radians; degrees are math.radians(...) of it.", stacklevel=depth)


def whole(name: str, value: object, low: int | None = None, high: int | None = None) -> int:
    """An int within [low, high]. Raises KindError, ConfigError."""
    span = _range(-math.inf if low is None else low, math.inf if high is None else high, False)
    if isinstance(value, (bool, np.bool_, np.timedelta64)) or not isinstance(value, (int, np.integer)):
        raise KindError(f"{name} is {shown(value)}; it takes a whole number{span}.")
    if (low is not None and value < low) or (high is not None and value > high):
        raise ConfigError(f"{name} is {int(value)}; it takes a whole number{span}.")
    return int(value)


def flag(name: str, value: object) -> bool:
    """True or False; no other value stands for them. Raises KindError."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise KindError(f"{name} is {shown(value)}; it takes True or False.")


def mapping(name: str, value: object) -> Mapping[str, Any]:
    """A dict or another mapping; None is an empty one. Raises KindError."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    raise KindError(f"{name} is {shown(value)}; it takes a dict.")


def text(name: str, value: object) -> str:
    """A str that is not empty. Raises KindError, ConfigError."""
    if not isinstance(value, str):
        raise KindError(f"{name} is {shown(value)}; it takes a text (str).")
    if not value:
        raise ConfigError(f"{name} is an empty text; it takes at least one character.")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ConfigError(f"{name} is {shown(value)}; half of a surrogate pair is no character.")
    return value


def function(name: str, value: object) -> Callable[..., Any]:
    """Something that can be called. Raises KindError."""
    if callable(value):
        return value
    raise KindError(f"{name} is {shown(value)}; it takes a function, for example `def update(dt): ...`.")


def callback(name: str, value: object, *given: str, or_nothing: bool = False) -> Callable[..., Any]:
    """A function that can be called with these values, by their names for people; where Python knows no signature of
    it, that is believed. or_nothing: one that takes none of them will do as well. Raises KindError."""
    found = function(name, value)
    try:
        takes = inspect.signature(found)
    except (TypeError, ValueError):  # a function in C
        return found
    if _takes(takes, len(given)) or (or_nothing and _takes(takes, 0)):
        return found
    own = getattr(found, "__name__", "")
    own = own if own.isidentifier() else "function"
    raise KindError(f"{name} is {shown(f'{own}{takes}', bare=True)}, but it is called as {own}({', '.join(given)}); "
                    f"write `def {own}({', '.join(given)}): ...`.")  # fmt: skip


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def instance(name: str, value: object, kind: type[T] | tuple[type[T], ...], says: str) -> T:
    """A value of a class; `says` names it for people ("an Entity"). Raises KindError."""
    if isinstance(value, kind):
        return value
    hint = " Its root is one: give `.root`." if isinstance(_root(value), kind) else ""
    raise KindError(f"{name} is {shown(value)}; it takes {says}.{hint}")


def one_of(name: str, value: object, options: Iterable[str]) -> str:
    """One of some words. Raises KindError, ConfigError with the nearest."""
    known = list(options)
    if not isinstance(value, str):
        raise KindError(f"{name} is {shown(value)}; it is one of {_listed(known)}.")
    if value not in known:
        raise ConfigError(f"{name} is {value!r}; it is one of {_listed(known)}.{did_you_mean(value, known)}")
    return value


def vector(name: str, value: npt.ArrayLike, width: int = 3) -> F64:
    """`width` finite numbers as a new float64 array: never tied to what was given. Raises ShapeError."""
    try:
        found = np.array(value, np.float64)
    except NO_NUMBERS:
        found = np.zeros(0)
    if found.shape != (width,) or not np.isfinite(found).all():
        raise ShapeError(f"{name} is {shown(value)}; it takes {width} finite numbers.{_numbers_of(value, width)}")
    return found


def _numbers_of(thing: object, width: int) -> str:
    """Where an entity, a model or an axis that was given for its numbers has them, as a sentence; else nothing."""
    for path in ("position", "root.position", "value"):
        try:
            if np.shape(attrgetter(path)(thing)) == (width,):
                return f" Give its `.{path}`."
        except Exception:  # none there, or that of an entity that is gone
            continue
    return ""


def quaternion(name: str, value: npt.ArrayLike) -> F64:
    """A unit quaternion xyzw of 4 numbers that are not all 0. Raises ShapeError."""
    found = vector(name, value, 4)
    length = float(np.abs(found).max())
    if length == 0:
        raise ShapeError(f"{name} is (0, 0, 0, 0), which is no rotation; (0, 0, 0, 1) turns nothing.")
    found /= length
    turned: F64 = found / np.sqrt((found**2).sum())
    return turned


def array(name: str, value: npt.ArrayLike, dtype: npt.DTypeLike, widths: tuple[int, ...], *,
          rows: int | None = None) -> npt.NDArray[Any]:  # fmt: skip
    """(rows, width) finite numbers, C-contiguous, of `dtype`; rows None: any count. Raises ShapeError."""
    wanted = f"({'n' if rows is None else rows}, {' or '.join(map(str, widths))})"
    try:
        given = np.asarray(value)
    except ValueError as error:  # ragged
        raise ShapeError(f"{name} is ragged; it takes shape {wanted}.") from error
    if given.dtype.kind not in "iuf":
        raise ShapeError(f"{name} has dtype {given.dtype}; it takes numbers in shape {wanted}.")
    if given.ndim != 2 or given.shape[1] not in widths or (rows is not None and len(given) != rows):
        raise ShapeError(f"{name} has shape {given.shape}; it takes {wanted}.")
    with np.errstate(over="ignore"):
        found = np.ascontiguousarray(given, dtype)
    if not np.isfinite(found).all():
        raise ShapeError(f"{name} has NaN, infinity or a number too large for {found.dtype}; it takes finite numbers.")
    return found


def as_array(value: npt.ArrayLike) -> npt.NDArray[Any]:
    """What was given, of its own type and shape; an empty array of objects where it is ragged: no check takes that."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.zeros(0, object)


def unknown_attribute(owner: object, name: str, known: Iterable[str], purpose: str = " to set") -> AttributeMissing:
    """The error to raise for an attribute that is not there, with the nearest one that is; purpose: "" of reading."""
    names = sorted({other for other in known if not other.startswith("_") and not other.isupper()})
    kind = type(owner).__name__
    has = f" It has {_listed(names)}." if purpose or len(names) <= LISTED_MAX else " dir() of it lists what it has."
    has = has if names else " Nothing of it can be set."
    if not name.startswith("_") and hasattr(type(_root(owner)), name):
        near = f" Its root has one: `.root.{name}`."
    else:
        near = did_you_mean(name, names)
    return AttributeMissing(f"{_article(kind)} has no attribute {name!r}{purpose}.{near or has}")


def _root(thing: object) -> object:
    """The entity that a model stands in the scene by, as programs take the model for it; None of anything else."""
    return getattr(thing, "__dict__", {}).get("root")


def settable(kind: type) -> list[str]:
    """The attributes of a class that may be set: slots and properties with a setter."""
    found: list[str] = []
    for base in kind.__mro__:
        for name, value in vars(base).items():
            if name.startswith("_") or isinstance(value, GetSetDescriptorType):  # those are of classes in C
                continue
            if hasattr(value, "__set__") and getattr(value, "fset", value) is not None:
                found.append(name)
    return found


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """" Did you mean 'position'?", or nothing where no name is near."""
    from difflib import get_close_matches  # only where something went wrong

    spelt = {other.lower(): other for other in known}
    found = get_close_matches(name.lower(), list(spelt), 1, NEAR_ENOUGH)
    return f" Did you mean {spelt[found[0]]!r}?" if found else ""


def shown(value: object, length_max: int = 80, *, bare: bool = False) -> str:
    """What was given, short enough for a sentence; bare: a text without quotes."""
    if isinstance(value, np.ndarray) and value.size > 8:
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    try:
        words = str(value) if bare else repr(value)
    except Exception:  # a program's own __repr__
        words = f"a {type(value).__name__}"
    return words if len(words) <= length_max else words[:length_max] + "..."


def _range(low: float, high: float, above: bool) -> str:
    if math.isinf(low) and math.isinf(high):
        return ""
    least, most = _figure(low), _figure(high)
    if math.isinf(high):
        return f" above {least}" if above else f" of at least {least}"
    if math.isinf(low):
        return f" of at most {most}"
    return f" above {least}, at most {most}" if above else f" from {least} to {most}"


def _figure(limit: float) -> str:
    """As one reads it: 1,048,576, where six digits would round it."""
    return f"{limit:,.0f}" if 1e6 <= abs(limit) < 1e15 and limit == int(limit) else f"{limit:g}"


def _listed(names: list[str]) -> str:
    return ", ".join(names)


def _article(kind: str) -> str:
    return f"{'An' if kind[:1] in 'AEIOU' else 'A'} {kind}"
