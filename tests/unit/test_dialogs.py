"""Files of a program in a window: chosen in the system's dialog, here by a command that is called as zenity is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.saves import dialogs


class Asking:
    """An App whose files are asked for, and what came."""

    def __init__(self) -> None:
        self.host = HeadlessHost(options={"dialogs": True})
        self.app = lw.App(host=self.host)

    def result(self, work: Any) -> Any:
        found: list[Any] = []

        async def wait() -> None:
            try:
                found.append(await work)
            except lw.LayerwError as error:
                found.append(error)

        self.app.start(wait())
        end = time.monotonic() + 20
        while not found:
            assert time.monotonic() < end, self.host.errors
            self.host.step(self.app)
            time.sleep(0.005)
        return found[0]


@pytest.fixture
def zenity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Prints what choice says, ends with what status says, and notes how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "zenity"
    script.write_text(f'#!/bin/sh\necho "$@" >>{folder}/called\ncat {folder}/choice\nexit $(cat {folder}/status)\n')
    script.chmod(0o755)
    (folder / "status").write_text("0")
    (folder / "choice").write_text("")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def asking() -> Any:
    made = Asking()
    yield made
    made.app.close()


def test_what_is_chosen_is_handed_over(zenity: Path, asking: Asking, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("Grüße")
    (tmp_path / "b.json").write_bytes(b"{}")
    (zenity / "choice").write_text(f"{tmp_path}/a.json\n")
    file = asking.result(asking.app.files.open(".json", "image/*"))
    assert (file.name, file.text) == ("a.json", "Grüße")
    (zenity / "choice").write_text(f"{tmp_path}/a.json\n{tmp_path}/b.json\n")
    assert [one.name for one in asking.result(asking.app.files.open_several())] == ["a.json", "b.json"]
    (zenity / "choice").write_text(f"{tmp_path}/out.txt\n")
    assert asking.result(asking.app.files.save("level.txt", "kept")) is None
    assert (tmp_path / "out.txt").read_text() == "kept"
    called = (zenity / "called").read_text().splitlines()
    assert "--file-filter=*.json" in called[0] and "--multiple" in called[1] and "--filename=level.txt" in called[-1]


def test_nothing_is_chosen_and_what_goes_wrong_is_told(zenity: Path, asking: Asking, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    (zenity / "status").write_text("1")
    assert asking.result(asking.app.files.open()) is None
    (zenity / "status").write_text("0")
    (zenity / "choice").write_text(f"{tmp_path}/missing\n")
    assert "can't be read" in str(asking.result(asking.app.files.open()))
    (zenity / "status").write_text("5")
    assert "ended with 5" in str(asking.result(asking.app.files.open()))
    (zenity / "zenity").unlink()
    monkeypatch.setattr(dialogs, "find_spec", lambda name: None)
    assert "apt install zenity" in str(asking.result(asking.app.files.open()))
