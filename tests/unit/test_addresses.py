"""Names of files as addresses, on disk and over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost, run_headless
from layerw.transfer.addresses import address


@pytest.mark.parametrize(("name", "expected"), [
    ("models/my  box.glb", "models/my  box.glb"), ("models/my%20box.glb", "models/my%20box.glb"),
    ("50% off.glb", "50%25 off.glb"), ("100%", "100%25"), ("a#b.glb", "a%23b.glb"), ("%zz", "%25zz"),
    ("x.glb?v=12", "x.glb?v=12"), ("data:text/plain,#%", "data:text/plain,#%"), ("кубик é.glb", "кубик é.glb"),
])
def test_what_is_no_escape_is_a_name(name: str, expected: str) -> None:
    assert address(name) == expected
    assert address(address(name)) == address(name), "escaping twice changes nothing"


EMPTY = b'{"asset":{"version":"2.0"},"scenes":[{"nodes":[]}],"scene":0}   '


@pytest.mark.parametrize("name", ["50% off.glb", "a#b.glb", "my  box.glb", "кубик é.glb"])
def test_odd_names_load_headless(tmp_path: Path, name: str) -> None:
    glb = (b"glTF" + (2).to_bytes(4, "little") + (20 + len(EMPTY)).to_bytes(4, "little")
           + len(EMPTY).to_bytes(4, "little") + b"JSON" + EMPTY)
    (tmp_path / name).write_bytes(glb)
    app = lw.App(host=HeadlessHost(tmp_path))
    model = app.load(name)
    run_headless(app, 20)
    assert (model.state, model.error) == ("ready", "")
