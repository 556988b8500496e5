"""What can be said of Windows without one: no module needs POSIX to be imported, and every dependency has a wheel."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
POSIX_ONLY = {"fcntl", "termios", "pwd", "grp", "resource", "pty", "tty", "syslog", "posix", "uvloop", "crypt", "spwd"}
NOT_THERE = {"SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "fork", "forkpty", "getuid", "geteuid", "killpg", "setsid",
             "sched_getaffinity", "sched_setaffinity", "SO_REUSEPORT", "AF_UNIX"}  # fmt: skip


def sources() -> Iterator[Path]:
    for folder in ("engine_py/layerw", "server/layerw_server"):
        yield from (ROOT / folder).rglob("*.py")


def at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs when a module is imported: not the bodies of functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def posix_uses(text: str) -> list[str]:
    found = []
    for node in at_import(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in POSIX_ONLY]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in POSIX_ONLY:
            found.append(str(node.module))
        elif isinstance(node, ast.Attribute) and node.attr in NOT_THERE:
            found.append(node.attr)
    return found


def test_no_module_needs_posix_to_be_imported() -> None:
    wrong = {str(path.relative_to(ROOT)): uses for path in sources() if (uses := posix_uses(path.read_text("utf-8")))}
    assert wrong == {}


@pytest.mark.parametrize(("text", "uses"), [
    ("import fcntl", ["fcntl"]), ("from pwd import getpwuid", ["pwd"]), ("X = signal.SIGKILL", ["SIGKILL"]),
    ("class A:\n    import resource", ["resource"]), ("def f():\n    import fcntl", []),
    ("import socket", [])])  # fmt: skip
def test_the_walk_finds_what_is_planted(text: str, uses: list[str]) -> None:
    assert posix_uses(text) == uses


@pytest.mark.network
def test_every_dependency_of_the_native_host_has_a_wheel_for_windows(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["headless"], *extras["sound"], *extras["window"]]
    named = [one.partition(";")[0] for one in wanted if "win32" not in one and not one.startswith("layerw")]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--only-binary=:all:",
               "--platform", "win_amd64", "--python-version", "3.11", "--target", str(tmp_path), *named]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
