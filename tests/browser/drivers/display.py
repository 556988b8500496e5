"""Xvfb: a display in software for browsers that want one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

START_TIMEOUT_S = 20.0


class DriverMissing(Exception):
    """A program is not installed; the text says which package brings it."""


def require(name: str, package: str, *others: str) -> str:
    """The path of a program, or DriverMissing."""
    for candidate in (name, *others):
        found = shutil.which(candidate)
        if found:
            return found
    raise DriverMissing(f"{name} is not installed; on Debian `apt-get install {package}` brings it.")


@contextmanager
def display() -> Iterator[dict[str, str]]:
    """Run an X server on a free number; yields the environment for its clients, which draw in software."""
    read, write = os.pipe()
    server = subprocess.Popen([require("Xvfb", "xvfb"), "-displayfd", str(write), "-screen", "0", "800x600x24",
                               "-nolisten", "tcp"], pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as answers:
            number = answers.readline().strip()
        if not number:
            raise DriverMissing("Xvfb ended before it had a display.")
        yield os.environ | {"DISPLAY": f":{number}", "LIBGL_ALWAYS_SOFTWARE": "1", "NO_AT_BRIDGE": "1"}
    finally:
        server.terminate()
        server.wait(10)
