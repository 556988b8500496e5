"""The one error that baking raises for bad input: a full sentence for a person."""

from __future__ import annotations


class BakeError(ValueError):
    """The source or the output folder can't be used; the message says which value broke which limit."""
