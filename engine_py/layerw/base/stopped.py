"""How a person ends a part of the program that does not come back."""

from __future__ import annotations


class ProgramStopped(BaseException):
    """Somebody stopped the function that runs, in the line that `str(error)` says. The callback that it belongs to is
    given up, everything else goes on. No Exception, so that a program does not catch it by accident."""
