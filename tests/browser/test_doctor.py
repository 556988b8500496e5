"""`layerw doctor` asks the browser what it draws with."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.browser


def test_the_browser_of_this_machine_draws_and_says_with_what() -> None:
    done = subprocess.run([sys.executable, "-m", "layerw_server", "doctor", "--json"], capture_output=True, text=True,
                          timeout=300)  # fmt: skip
    found = {line["name"]: line for line in json.loads(done.stdout)}
    assert done.returncode == 0, done.stderr
    assert found["Chromium"]["state"] == found["version"]["state"] == "ok" and "drawing" not in found
    assert "Chrome/" in found["version"]["text"]
    assert found["webgl2"]["state"] == "ok" and len(found["webgl2"]["text"]) > 3
    assert found["webgpu"]["state"] == "ok" or found["webgpu"]["text"] == "no device; WebGL2 draws"
