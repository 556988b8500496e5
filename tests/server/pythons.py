"""The Pythons on which the wheel is tried: those of the machine, those that LAYERW_PYTHONS names, and a CPython 3.13
from Maven's registry, which is fetched once where mvn is there.

That one is JavaCPP's: a whole CPython without a launcher that knows where its libraries are, hence LD_LIBRARY_PATH.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")
ARTIFACT = "org.bytedeco:cpython:3.13.0-1.5.11:jar:linux-x86_64"
INSIDE = "org/bytedeco/cpython/linux-x86_64"
FOLDER = Path.home() / ".cache/layerw-tests/python3.13"
VERSION_CODE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True)
class Python:
    """An interpreter, and the variables that it needs."""

    path: str
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """This process's, without what would lead out of a clean one."""
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("PYTHON", "LAYERW_", "VIRTUAL_ENV", "PYTEST"))}
        return kept | self.variables


@cache
def pythons() -> dict[str, Python]:
    """By version, those that can make a virtual environment."""
    named = [one for one in os.environ.get("LAYERW_PYTHONS", "").split(os.pathsep) if one]
    found: dict[str, Python] = {}
    for path in [*named, *(shutil.which(f"python{version}") for version in VERSIONS)]:
        if path and (version := _version(Python(path))):
            found.setdefault(version, Python(path))
    if "3.13" not in found and (fetched := _fetched()) and _version(fetched) == "3.13":
        found["3.13"] = fetched
    return found


def _version(python: Python) -> str:
    done = subprocess.run([python.path, "-c", VERSION_CODE], capture_output=True, text=True, timeout=60, check=False,
                          env=python.environment())
    return done.stdout.strip() if done.returncode == 0 else ""


def _fetched() -> Python | None:
    root = FOLDER / INSIDE
    if not (root / "bin/python3.13").is_file():
        if not shutil.which("mvn") or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            return None
        command = ["mvn", "-q", "-B", "dependency:get", f"-Dartifact={ARTIFACT}", "-Dtransitive=false"]
        if subprocess.run(command, capture_output=True, timeout=300, check=False).returncode != 0:
            return None
        group, name, version, kind, system = ARTIFACT.split(":")
        folder = Path.home() / ".m2/repository" / group.replace(".", "/") / name / version
        part = FOLDER.with_name(f"{FOLDER.name}.{os.getpid()}")
        with zipfile.ZipFile(folder / f"{name}-{version}-{system}.{kind}") as archive:
            archive.extractall(part, [one for one in archive.namelist() if one.startswith(INSIDE)])
        (part / INSIDE / "bin/python3.13").chmod(0o755)
        shutil.rmtree(FOLDER, ignore_errors=True)
        part.rename(FOLDER)
    return Python(str(root / "bin/python3.13"), {"LD_LIBRARY_PATH": f"{root}:{root / 'lib'}"})
