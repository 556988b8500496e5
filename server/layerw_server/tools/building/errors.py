"""What building raises."""

from __future__ import annotations


class BuildError(Exception):
    """The folder can't be made; the text says why and what to do."""
