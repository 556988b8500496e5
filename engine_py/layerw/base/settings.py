"""Classes of plain settings whose attributes are checked when they are set (app.sun, app.fog, ...).

Owns: the decorator. A setting that is wrong raises at the program's line; a name that there is not, too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from layerw.base import checks
from layerw.base.colors import Rgb, radiance
from layerw.base.errors import AttributeMissing
from layerw.base.names import named

T = TypeVar("T")
Check = Callable[[str, Any], Any]  # (the setting's full name, what was given) -> what is kept


class Changes:
    """How often a setting was set, of any object: while the count stays, nothing has to be looked at again."""

    count = 0


def settings(**fields: Check) -> Callable[[type[T]], type[T]]:
    """Decorator of a dataclass with slots: its fields have these checks; every public field needs one."""

    def decorate(kind: type[T]) -> type[T]:
        made: Any = kind
        public = {name for name in made.__match_args__ if not name.startswith("_")}
        assert public == set(fields), f"{kind.__name__}: fields {sorted(public)}, checks {sorted(fields)}"
        store = object.__setattr__

        def set_checked(self: object, name: str, value: Any) -> None:
            if name in fields:
                value = _kept(self, name, value, fields[name])
            elif not name.startswith("_"):
                raise checks.unknown_attribute(self, name, fields)
            store(self, name, value)
            Changes.count += 1

        made.__setattr__ = set_checked
        return named(made)

    return decorate


def fixed_attributes(kind: type[T]) -> type[T]:
    """Decorator: once an object is made, only the attributes that it then has can be set, but for those of `FIXED`;
    others raise by name. Those of `CHECKS` (a Check each by name) are checked whenever they are set."""
    begin, fixed, checked = kind.__init__, getattr(kind, "FIXED", ()), getattr(kind, "CHECKS", {})

    def make(self: Any, *args: Any, **values: Any) -> None:
        begin(self, *args, **values)
        object.__setattr__(self, "_is_made", True)

    def set_known(self: Any, name: str, value: Any) -> None:
        own = self.__dict__
        if name not in own and "_is_made" in own and not hasattr(kind, name):
            raise checks.unknown_attribute(self, name, [*own, *checks.settable(kind)])
        if (name in fixed and "_is_made" in own) or getattr(getattr(kind, name, None), "fset", True) is None:
            raise AttributeMissing(f"{kind.__name__}.{name} cannot be assigned.")
        object.__setattr__(self, name, _kept(self, name, value, checked[name]) if name in checked else value)

    functools.update_wrapper(make, begin)
    setattr(kind, "__init__", make)  # noqa: B010  mypy has no word for it
    setattr(kind, "__setattr__", set_known)  # noqa: B010
    return named(kind)


def _kept(owner: object, name: str, value: Any, check: Check) -> Any:
    """The value of a setting as it is kept."""
    full = f"{type(owner).__name__}.{name}"
    return checks.angle(full, value, getattr(owner, name, 0.0)) if check is angle else check(full, value)


def number(low: float = -float("inf"), high: float = float("inf"), *, above: bool = False) -> Check:
    """A number within limits."""
    return lambda name, value: checks.number(name, value, low, high, above=above)


def optional_number(low: float = -float("inf"), high: float = float("inf"), *, above: bool = False) -> Check:
    """A number within limits, or None."""
    return lambda name, value: None if value is None else checks.number(name, value, low, high, above=above)


def angle(name: str, value: Any) -> float:
    """Radians; as a setting, degrees are told (checks.angle)."""
    return checks.number(name, value)


def flag() -> Check:
    """True or False."""
    return checks.flag


def optional_light() -> Check:
    """As `light`, or None."""
    return lambda name, value: None if value is None else radiance(name, value)


def light() -> Callable[[str, Any], Rgb]:
    """Linear light, or a colour by name."""
    return radiance
