"""Paths: canonicalise first, then authorise; the list of FACTS and docs/security.md."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerw_server.http.paths import PathNotFound, PathRefused, decode_path, printable, resolve


@pytest.mark.parametrize("raw", [
    b"/app/%00.py", b"/app/a%0d%0ab", b"/app/a\\b", b"/app/a%5cb", b"/app/..%5c..%5csecret.txt", b"/app/%2e%2e%2fx",
    b"/app/a%2fb", b"/app/%", b"/app/%4", b"/app/%zz", b"/app/%ff", b"/app/%c0%ae%c0%ae/secret.txt", b"/app/C:/x",
    b"/app/x::$DATA", b"app/x", b"", b"/" + b"a" * 3000, b"/app/%u002e", b"/app/%e2%80%a8",
])
def test_malformed_paths_are_refused(raw: bytes) -> None:
    with pytest.raises(PathRefused):
        decode_path(raw)


def test_decodes_once() -> None:
    assert decode_path(b"/app/%252e%252e/x") == "/app/%2e%2e/x"
    assert decode_path(b"/app/with%20space") == "/app/with space"
    assert decode_path("/app/ä".encode()) == "/app/ä"


@pytest.mark.parametrize("relative", ["..", "../secret.txt", "a/../../secret.txt", ".", "", "/etc/passwd", "a//b",
                                      "./hello.py", "hello.py/", "world/.."])
def test_dots_and_empty_segments_are_refused(tree: Path, relative: str) -> None:
    with pytest.raises(PathRefused):
        resolve(tree / "app", relative)


@pytest.mark.parametrize("relative", [".env", ".git/config", "__pycache__/hello.pyc", "missing.py", "world",
                                      "hello.py.", "hello.py ", "...", "hello.py/x", "%2e%2e"])
def test_hidden_missing_and_folders_are_not_found(tree: Path, relative: str) -> None:
    with pytest.raises(PathNotFound):
        resolve(tree / "app", relative)


def test_serves_what_is_inside(tree: Path) -> None:
    assert resolve(tree / "app", "world/tileset.json") == (tree / "app/world/tileset.json").resolve()


def test_symlinks_are_judged_by_their_target(tree: Path) -> None:
    app = tree / "app"
    (app / "out.txt").symlink_to(tree / "secret.txt")
    (app / "sibling").symlink_to(tree / "app_secret")  # the root's own name is a prefix of it
    (app / "hidden.txt").symlink_to(app / ".env")
    (app / "loop").symlink_to(app / "loop")
    (app / "inside.py").symlink_to(app / "util.py")
    for name in ("out.txt", "sibling/key.txt", "hidden.txt", "loop"):
        with pytest.raises(PathNotFound):
            resolve(app, name)
    assert resolve(app, "inside.py") == (app / "util.py").resolve()


def test_a_root_that_is_a_symlink_works(tree: Path) -> None:
    (tree / "link").symlink_to(tree / "app")
    assert resolve(tree / "link", "hello.py").name == "hello.py"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_special_files_are_not_found(tree: Path) -> None:
    os.mkfifo(tree / "app" / "pipe.txt")
    with pytest.raises(PathNotFound):
        resolve(tree / "app", "pipe.txt")


@given(raw=st.one_of(st.binary(max_size=60), st.text(alphabet="./\\%2eE5cCfF0:~ax", max_size=40).map(str.encode)))
def test_no_path_ever_leaves_the_root(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    root = _shared_root(tmp_path_factory)
    try:
        found = resolve(root / "app", decode_path(b"/" + raw)[1:])
    except (PathRefused, PathNotFound):
        return
    assert found.is_relative_to((root / "app").resolve())
    assert found.read_bytes() != b"SECRET"


_ROOT: list[Path] = []


def _shared_root(factory: pytest.TempPathFactory) -> Path:
    if not _ROOT:
        root = factory.mktemp("paths")
        (root / "app" / "a").mkdir(parents=True)
        for name in ("secret", "x", "e", ".x", "app/.x", "app/.e"):
            (root / name).write_bytes(b"SECRET")
        for name in ("app/x", "app/a/x"):
            (root / name).write_bytes(b"open")
        _ROOT.append(root)
    return _ROOT[0]


@given(st.one_of(st.text(), st.binary()))
def test_printable_is_one_plain_line(text: str | bytes) -> None:
    shown = printable(text)
    assert shown.isascii()
    assert shown.isprintable() or shown == ""
    assert len(shown) <= 120 * 10 + 3
