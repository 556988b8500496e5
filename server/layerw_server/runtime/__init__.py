"""The Pyodide runtime in the user's cache: obtained, checked, precompiled, ready to serve as /runtime/."""

from .build import Progress, check, clear, ensure, is_precompiled
from .errors import RuntimeUnavailable, SumMismatch

__all__ = ["Progress", "RuntimeUnavailable", "SumMismatch", "check", "clear", "ensure", "is_precompiled"]
