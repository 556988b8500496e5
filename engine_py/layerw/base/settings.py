"""Classes of plain settings whose attributes are checked when they are set (app.sun, app.fog, ...).

Owns: the decorator. A setting that is wrong raises at the program's line; a name that there is not, too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

from layerw.base import checks
from layerw.base.colors import Rgb, radiance

T = TypeVar("T")
Check = Callable[[str, Any], Any]  # (the setting's full name, what was given) -> what is kept


@dataclass_transform()
def settings(**fields: Check) -> Callable[[type[T]], type[T]]:
    """Decorator: a dataclass with slots whose fields have these checks; every public field needs one."""

    def decorate(kind: type[T]) -> type[T]:
        made: Any = dataclasses.dataclass(slots=True)(kind)
        named = {field.name for field in dataclasses.fields(made) if not field.name.startswith("_")}
        assert named == set(fields), f"{kind.__name__}: fields {sorted(named)}, checks {sorted(fields)}"
        store = object.__setattr__

        def set_checked(self: object, name: str, value: Any) -> None:
            check = fields.get(name)
            if check is not None:
                value = check(f"{kind.__name__}.{name}", value)
            elif not name.startswith("_"):
                raise checks.unknown_attribute(self, name, fields)
            store(self, name, value)

        made.__setattr__ = set_checked
        return made  # type: ignore[no-any-return]

    return decorate


def number(low: float = -float("inf"), high: float = float("inf"), *, above: bool = False) -> Check:
    """A number within limits."""
    return lambda name, value: checks.number(name, value, low, high, above=above)


def optional_number(low: float = -float("inf"), high: float = float("inf")) -> Check:
    """A number within limits, or None."""
    return lambda name, value: None if value is None else checks.number(name, value, low, high)


def flag() -> Check:
    """True or False."""
    return checks.flag


def light() -> Callable[[str, Any], Rgb]:
    """Linear light, or a colour by name."""
    return radiance
