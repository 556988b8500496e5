"""Which packages a program asks for: its PEP 723 block and `--with`.

Does not: obtain anything (packages.py does).
Limits: names with versions and extras, as PEP 508 has them, but no addresses and no options: a program that somebody
else wrote must not choose where its packages come from.
Source: PEP 723 (the regular expression is the specification's), PEP 508, PEP 503 (normalised names).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from .errors import PackagesUnavailable

PROVIDED = ("layerw", "numpy")  # by the runtime itself
REQUIREMENTS_MAX = 64
_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
_REQUIREMENT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[A-Za-z0-9._,\s-]*\])?"
                          r"\s*(?:\(?[<>=!~][A-Za-z0-9.*+!<>=~,\s-]*\)?)?(?:\s*;[^@\n]*)?")


def normalised(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(program: Path, extra: Iterable[str] = ()) -> list[str]:
    """What `program` asks for, then `extra`, without what the runtime has anyway.

    Raises:
        PackagesUnavailable: the block is no TOML, or a requirement is more than a name with a version.
    """
    asked = [*_declared(program), *extra]
    if len(asked) > REQUIREMENTS_MAX:
        raise PackagesUnavailable(f"{program} asks for {len(asked)} packages, but the limit is {REQUIREMENTS_MAX}.")
    kept = []
    for text in asked:
        if not isinstance(text, str) or not _REQUIREMENT.fullmatch(text.strip()):
            raise PackagesUnavailable(f"{text!r} is no requirement such as 'noise' or 'msgpack>=1.1'; addresses, files "
                                      "and options of pip are not taken from programs.")
        name = re.split(r"[^A-Za-z0-9._-]", text.strip(), maxsplit=1)[0]
        if normalised(name) not in PROVIDED and text.strip() not in kept:
            kept.append(text.strip())
    return kept


def _declared(program: Path) -> list[object]:
    """The `dependencies` of a `# /// script` block."""
    try:
        text = program.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError):
        return []  # running it says what is wrong
    blocks = [match for match in _BLOCK.finditer(text if text.endswith("\n") else text + "\n")
              if match["type"] == "script"]
    if not blocks:
        return []
    if len(blocks) > 1:
        raise PackagesUnavailable(f"{program} has {len(blocks)} `# /// script` blocks, but one is the limit.")
    content = "".join(line[2:] if line.startswith("# ") else line[1:]
                      for line in blocks[0]["content"].splitlines(keepends=True))
    try:
        found = tomllib.loads(content).get("dependencies", [])
    except tomllib.TOMLDecodeError as error:
        raise PackagesUnavailable(f"The `# /// script` block of {program} is no TOML: {error}.") from None
    if not isinstance(found, list):
        raise PackagesUnavailable(f"`dependencies` in {program} is {found!r}, expected a list of requirements.")
    return found
