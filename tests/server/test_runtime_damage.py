"""A cache that is damaged, half-made or not to be written: a start repairs it, or says what to do in a sentence."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from layerw_server import runtime
from layerw_server.runtime import RuntimeUnavailable, cache, node, sums


@pytest.fixture(scope="module")
def obtained() -> Path:
    """The pinned files, as the machine's cache has them."""
    runtime.ensure()
    return cache.root() / "files"


@pytest.fixture
def made(obtained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime in a cache of its own; without a node, because compiling is not what is tested here."""
    names = tmp_path / "names"
    names.mkdir()
    for path in obtained.glob("*/*"):
        shutil.copyfile(path, names / path.name)
    monkeypatch.setenv("LAYERW_RUNTIME_DIR", str(names))  # a source that needs no network
    monkeypatch.setenv("LAYERW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(node, "try_node", lambda: None)
    monkeypatch.setattr(node, "ensure_node", lambda: None)
    return runtime.ensure()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != sums.SUMS}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1000)


DAMAGES: list[tuple[str, Callable[[Path], None]]] = [
    ("pyodide.asm.mjs", flip), ("pyodide.asm.wasm", cut), ("layerw-*.whl", Path.unlink), ("numpy-*.whl", flip),
    (sums.SUMS, Path.unlink), (sums.SUMS, cut), ("pyodide-lock.json", lambda path: path.write_bytes(b"")),
]


@pytest.mark.parametrize(("name", "harm"), DAMAGES)
def test_a_damaged_runtime_is_made_anew(name: str, harm: Callable[[Path], None], made: Path) -> None:
    before, said = contents(made), []
    harm(next(made.glob(name)))
    again = runtime.ensure(lambda text, _done: said.append(text))
    assert again == made and contents(again) == before
    assert any("is damaged and made anew" in text for text in said), said


def test_damage_in_every_layer_is_obtained_again(made: Path) -> None:
    before = contents(made)
    for path in cache.root().rglob("pyodide.asm.mjs"):
        flip(path)
    assert contents(runtime.ensure()) == before
    assert sums.damage(made, thorough=True) == ""


def test_a_byte_that_no_time_tells_of_is_found_by_check(made: Path) -> None:
    path = made / "pyodide.asm.wasm"
    status = path.stat()
    flip(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert sums.damage(made) == "" and runtime.check() == 1
    assert sums.damage(runtime.ensure(), thorough=True) == ""


def test_what_a_killed_process_left_is_removed(made: Path) -> None:
    left = [made.parent / ".part-abc", cache.root() / "prepared" / ".part-def"]
    for folder in left:
        folder.mkdir()
        (folder / "half").write_bytes(b"x")
    part = next((cache.root() / "files").iterdir()) / ".part-ghi"
    part.write_bytes(b"half")
    runtime.ensure()
    assert not any(path.exists() for path in (*left, part))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_cache_that_cannot_be_written_is_a_sentence(code: int, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code), str(made))

    shutil.rmtree(made)
    monkeypatch.setattr("layerw_server.runtime.build.shutil.copyfile", refuse)
    with pytest.raises(RuntimeUnavailable, match=rf"{os.strerror(code)}.*LAYERW_CACHE"):
        runtime.ensure()


def test_a_file_in_the_caches_place_is_a_sentence(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("LAYERW_CACHE", str(tmp_path / "file"))
    with pytest.raises(RuntimeUnavailable, match="LAYERW_CACHE"):
        runtime.ensure()


def test_a_node_that_hangs_costs_one_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "node"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    calls = []
    run = node.subprocess.run

    def counted(*args: object, **options: object) -> object:
        calls.append(args)
        return run(*args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(node, "VERSION_TIMEOUT_S", 0.2)
    monkeypatch.setattr(node.subprocess, "run", counted)
    began = time.monotonic()
    assert [node.major_version(hanging) for _ in range(4)] == [0, 0, 0, 0]
    assert len(calls) == 1 and time.monotonic() - began < 30
