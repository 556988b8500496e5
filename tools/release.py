"""Gives the next release its version: `python tools/release.py 0.2.0`; docs/releasing.md has the rest of the list.

Owns: every place where the version stands, and the changelog's heading. Does not: commit, tag or upload.
"""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACES = {  # file: the line that holds the version, as (before)(version)(after)
    "pyproject.toml": r'(?m)^(version = ")([^"]+)(")',
    "server/layerw_server/__init__.py": r'(?m)^(__version__ = ")([^"]+)(")',
    "CITATION.cff": r"(?m)^(version: )(\S+)()",
}
VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
UNRELEASED = "## Unreleased\n"


class ReleaseError(Exception):
    """The version can't be given; the text says why."""


def versions(root: Path = ROOT) -> dict[str, str]:
    """What each place says now."""
    found = {}
    for name, pattern in PLACES.items():
        match = re.search(pattern, (root / name).read_text("utf-8"))
        if match is None:
            raise ReleaseError(f"{name} has no version any more; mend PLACES in {__file__}.")
        found[name] = match.group(2)
    return found


def release(version: str, day: datetime.date, root: Path = ROOT) -> None:
    """Writes `version` everywhere, and the changelog's heading.

    Raises:
        ReleaseError: it is no version, not newer than the last one, or nothing changed since.
    """
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"The version is {version!r}, expected MAJOR.MINOR.PATCH, for example 0.2.0.")
    changes = (root / "CHANGELOG.md").read_text("utf-8")
    last = released(changes)
    if last and key(version) <= key(last[0]):
        raise ReleaseError(f"The version is {version}, but {last[0]} was released; give a newer one.")
    before, found, after = changes.partition(UNRELEASED)
    if not found or not after.partition("\n## ")[0].strip():
        raise ReleaseError("CHANGELOG.md has nothing under Unreleased; write what users will notice first.")
    texts = {name: re.sub(pattern, rf"\g<1>{version}\g<3>", (root / name).read_text("utf-8"), count=1)
             for name, pattern in PLACES.items()}  # fmt: skip
    texts["CHANGELOG.md"] = f"{before}{UNRELEASED}\n## {version} - {day.isoformat()}\n{after}"
    for name, text in texts.items():
        (root / name).write_text(text, "utf-8", newline="\n")


def released(changes: str) -> list[str]:
    """The versions with a heading of their own, as they stand: the newest first."""
    return re.findall(r"(?m)^## (\d+\.\d+\.\d+) - \d{4}-\d{2}-\d{2}$", changes)


def key(version: str) -> tuple[int, ...]:
    """For comparing."""
    return tuple(int(part) for part in version.split("."))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        release(sys.argv[1], datetime.datetime.now(datetime.UTC).date())
    except ReleaseError as error:
        sys.exit(f"error: {error}")
    print("Now read the changelog, then: make dist")
