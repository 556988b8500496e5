"""Dialogs of the system for a program in a window: which file to open, where to save.

Owns: the command that asks (zenity, or tkinter in a Python of its own, so that nobody's event loop meets another's) and
the thread that waits for it; frames go on meanwhile. Limits: kinds like "image/*" are not filtered by.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from layerw.base.errors import LayerwError

_TK = """
import json, sys, tkinter
from tkinter import filedialog
asked = json.loads(sys.argv[1])
root = tkinter.Tk()
root.withdraw()
root.attributes("-topmost", True)
if asked["do"] == "save":
    found = [filedialog.asksaveasfilename(initialfile=asked["name"])]
else:
    kinds = [("Files", asked["kinds"])] if asked["kinds"] else []
    ask = filedialog.askopenfilenames if asked["several"] else filedialog.askopenfilename
    found = ask(filetypes=[*kinds, ("All files", "*")])
    found = [found] if isinstance(found, str) else list(found)
print("\\n".join(one for one in found if one))
"""


def command(question: dict[str, Any]) -> list[str]:
    """What asks, and prints the paths. Raises LayerwError where nothing can."""
    kinds = [kind for kind in question.get("kinds", ()) if kind.startswith(".")]
    zenity = shutil.which("zenity")
    if zenity:
        if question["do"] == "save":
            return [zenity, "--file-selection", "--save", "--confirm-overwrite", f"--filename={question['name']}"]
        several = ["--multiple", "--separator=\n"] if question["several"] else []
        shown = [f"--file-filter={' '.join(f'*{kind}' for kind in kinds)}"] if kinds else []
        return [zenity, "--file-selection", *several, *shown]
    if find_spec("tkinter") and find_spec("_tkinter") and not getattr(sys, "frozen", False):
        told = {"do": question["do"], "name": question.get("name"), "kinds": kinds, "several": question.get("several")}
        return [sys.executable, "-c", _TK, json.dumps(told)]
    raise LayerwError("Files can't be chosen here: it takes zenity (Debian: apt install zenity) or Python's tkinter "
                      "(apt install python3-tk).")  # fmt: skip


def ask(question: dict[str, Any], answered: Callable[[Any], None]) -> None:
    """answered: gets, on another thread, what Desk's futures do, or an error. Raises LayerwError."""
    line = command(question)
    Thread(target=lambda: answered(_carried_out(line, question)), name="layerw-dialog", daemon=True).start()


def _carried_out(line: list[str], question: dict[str, Any]) -> Any:
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):  # 1: the user chose none
            return LayerwError(f"The dialog ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        paths = [Path(one) for one in done.stdout.splitlines() if one]
        if question["do"] == "save":
            for path in paths:
                path.write_bytes(question["data"].tobytes())
            return None
        return _read(paths, question["most"])
    except OSError as error:
        return LayerwError(f"The file can't be {'saved' if question['do'] == 'save' else 'read'}: {error}")


def _read(paths: list[Path], most: int) -> Any:
    size = sum(path.stat().st_size for path in paths)
    if size > most:
        return LayerwError(f"{size} bytes were chosen; {most} are taken at once.")
    return [{"name": path.name, "data": np.frombuffer(path.read_bytes(), np.uint8)} for path in paths]
