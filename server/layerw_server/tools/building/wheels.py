"""The Python packages of a native folder: wheels for the target's system and Python, put into packages/ by pip.

Owns: which packages the engine needs there, in the versions that are installed here; and those that only the target
asks for (`; sys_platform == "win32"`), which pip, asked for another system, judges by this one.
Does not: compile anything.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from .errors import BuildError

PLAIN = ("numpy", "pillow")  # of the project's own requirements, the engine's
EXTRAS = ("window", "sound")
TEXTURES = "alktx2"  # of the extra "bake", for programs with textures of Basis
GLIBC_MAX = 28  # 2.28, of 2018: what wheels for Linux may ask for
PIP_S = 900
ROUNDS_MAX = 4


@dataclass(frozen=True)
class Platform:
    """What wheels are asked for, and what their markers are told."""

    tags: tuple[str, ...]
    markers: dict[str, str]


def linux(machine: str) -> Platform:
    """glibc 2.5 to 2.28. machine: x86_64 or aarch64."""
    old = ("2014", "2010", "1")
    tags = (*(f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC_MAX, 4, -1)),
            *(f"manylinux{year}_{machine}" for year in old))
    return Platform(tags, {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix",
                           "platform_machine": machine})  # fmt: skip


WINDOWS = Platform(("win_amd64",), {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt",
                                    "platform_machine": "AMD64"})  # fmt: skip


def engine_requirements(textures: bool) -> list[str]:
    """What the engine needs natively, each in the version that is installed here, where it is."""
    chosen: dict[str, Requirement] = {}
    for text in metadata.requires("layerw") or []:
        one = Requirement(text)
        extras = EXTRAS if one.name != TEXTURES else ("bake",) if textures else ()
        plain = one.name in PLAIN and one.marker is None
        if plain or (one.marker and any(one.marker.evaluate({"extra": extra}) for extra in extras)
                     and not one.marker.evaluate({"extra": ""})):  # fmt: skip
            chosen[one.name] = one
    chosen.pop("layerw", None)
    return [_as_here(one) for one in chosen.values()]


def _as_here(one: Requirement) -> str:
    try:
        version = metadata.version(one.name)
    except metadata.PackageNotFoundError:
        return f"{one.name}{one.specifier}"
    is_wanted = one.specifier.contains(version, prereleases=True)
    return f"{one.name}=={version}" if is_wanted else f"{one.name}{one.specifier}"


def install(wanted: list[str], python: str, platform: Platform, target: Path) -> dict[str, str]:
    """Put packages and all that they need into a folder; their versions.

    Args:
        wanted: requirements.
        python: of the target, as 3.11.
        platform: see linux(), WINDOWS.

    Raises:
        BuildError: there is no wheel, or no network.
    """
    asked = list(wanted)
    for _ in range(ROUNDS_MAX):
        _pip(asked, python, platform, target)
        found = {_plain(one.name): one.version for one in metadata.distributions(path=[str(target)])}
        lacking = [text for text in _only_there(target, python, platform)
                   if _plain(Requirement(text).name) not in found]  # fmt: skip
        if not lacking:
            return dict(sorted(found.items()))
        asked += lacking
    raise BuildError(f"Packages ask for ever more packages; {', '.join(lacking)} are still lacking.")


def _only_there(target: Path, python: str, platform: Platform) -> list[str]:
    """Requirements whose marker holds on the target."""
    told = {**platform.markers, "python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    found = []
    for one in metadata.distributions(path=[str(target)]):
        for text in one.requires or []:
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            if requirement.marker is not None and requirement.marker.evaluate(told):
                found.append(f"{requirement.name}{requirement.specifier}")
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pip(wanted: list[str], python: str, platform: Platform, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet",
               "--retries", "1", "--timeout", "15", "--no-compile", "--upgrade", "--only-binary", ":all:",
               "--implementation", "cp", "--python-version", python, "--target", str(target),
               *(part for tag in platform.tags for part in ("--platform", tag)), "--", *wanted]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_S, check=False)
    except subprocess.TimeoutExpired:
        raise BuildError(f"pip found no packages within {PIP_S} s; is the network slow or away?") from None
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise BuildError("Packages are obtained by pip, which this Python does not have; python -m ensurepip adds it.")
    missing = re.search(r"No matching distribution found for ([^\s(]+)", done.stderr)
    if missing and "Retrying (" not in done.stderr:
        raise BuildError(f"{missing[1]} has no wheel for {platform.tags[0]} and Python {python}; another Python "
                         "(--python), another version (--with), or no such package.")  # fmt: skip
    lines = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    raise BuildError(f"pip could not obtain {', '.join(wanted)}: {(lines or ['it gave no reason'])[-1]}")
