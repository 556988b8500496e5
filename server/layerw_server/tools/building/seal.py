"""Sums of a built folder, and the author's signature under them.

Owns: SHA256SUMS (what `sha256sum --check` reads), SHA256SUMS.sig (what `ssh-keygen -Y verify` reads). The key is an SSH
key, ed25519 as a rule: authors have one, agents and hardware keys work, and OpenSSH is on every system that builds.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ..replace import LISTS, sums
from .errors import BuildError

SUMS, SIGNATURE = LISTS[-2:]
NAMESPACE = "layerw"  # a signature for this can't be shown as one for something else
SIGN_S = 120  # a person may have to type a passphrase or touch a key


def check_key(key: Path | None) -> None:
    """Refuse a key that can't sign, before anything is built."""
    if key is None:
        return
    if shutil.which("ssh-keygen") is None:
        raise BuildError("Signing takes ssh-keygen, which is not installed (Debian: apt install openssh-client).")
    if not key.is_file():
        raise BuildError(f"There is no key {key}; give an SSH key, which ssh-keygen -t ed25519 makes.")


def seal(folder: Path, key: Path | None) -> None:
    """Write the sums of all files of a folder, and sign them."""
    for name in (SUMS, SIGNATURE):
        (folder / name).unlink(missing_ok=True)
    lines = [f"{digest}  {name}\n" for name, digest in sums(folder).items()]
    odd = next((line for line in lines if "\n" in line[:-1] or "\\" in line), None)
    if odd is not None:
        raise BuildError(f"The file name {odd[66:-1]!r} can't stand in a list of sums; rename it.")
    (folder / SUMS).write_bytes("".join(lines).encode())
    if key is not None:
        _sign(folder / SUMS, key)


def _sign(file: Path, key: Path) -> None:
    command = ["ssh-keygen", "-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE, str(file)]
    try:
        done = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, timeout=SIGN_S,
                              check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BuildError(f"ssh-keygen signed nothing within {SIGN_S} s; did it wait for a passphrase?") from None
    if done.returncode != 0 or not file.with_name(SIGNATURE).is_file():
        raise BuildError(f"{key} signed nothing: {done.stderr.strip() or 'ssh-keygen gave no reason'}")
