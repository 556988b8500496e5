"""The exceptions that layerw raises. Each message is one sentence with the value, the limit and what to do."""

from __future__ import annotations


class LayerwError(Exception):
    """Base of everything that layerw raises on purpose."""


class ShapeError(LayerwError, ValueError):
    """An array has another shape, dtype or layout than is asked for."""


class KindError(LayerwError, TypeError):
    """A value of another type than is asked for."""


class AttributeMissing(LayerwError, AttributeError):
    """An attribute that there is not, or that cannot be set; the message names the nearest."""


class KeyMissing(LayerwError, KeyError):
    """A name that there is not among those of a kind (keys, nodes, animations)."""

    def __str__(self) -> str:
        """KeyError would show the message's repr."""
        return str(self.args[0]) if self.args else ""


class HandleError(LayerwError, LookupError):
    """A handle is 0, was never given out, or what it named has ended (its generation is over)."""


class OutsideError(LayerwError, IndexError):
    """An index is outside of what there is."""


class BudgetError(LayerwError, MemoryError):
    """A hard budget has no room; `needed_bytes` and `left_bytes` say by how much."""

    def __init__(self, message: str, *, needed_bytes: int = 0, left_bytes: int = 0) -> None:
        super().__init__(message)
        self.needed_bytes = needed_bytes
        self.left_bytes = left_bytes


class SaveError(LayerwError, ValueError):
    """What was kept can't be read, or can't be kept: cut, newer, of another program, too large; nothing was changed."""


class ConfigError(LayerwError, ValueError):
    """A setting is outside of its limits."""
