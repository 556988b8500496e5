"""The one error that obtaining and preparing the runtime raises for reasons outside of the program."""

from __future__ import annotations


class RuntimeUnavailable(Exception):
    """The runtime can't be obtained or prepared; the message is one sentence for the command line."""


class SumMismatch(RuntimeUnavailable):
    """A file's bytes differ from its pinned sha256 sum."""

    def __init__(self, name: str, origin: str, expected: str, found: str) -> None:
        super().__init__(f"{name} from {origin} has sha256 {found}, expected {expected}; "
                         "the file is damaged or not the pinned version, and it was not used.")
        self.name = name
        self.expected = expected
        self.found = found


class PackagesUnavailable(RuntimeUnavailable):
    """Packages that a program asks for can't be brought into the page."""
