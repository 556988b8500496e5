"""`layerw doctor` asks the browser what it draws with."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.browser


def test_the_browser_of_the_tests_draws_on_both_apis() -> None:
    done = subprocess.run([sys.executable, "-m", "layerw_server", "doctor", "--json"], capture_output=True, text=True,
                          timeout=300)  # fmt: skip
    found = {line["name"]: line for line in json.loads(done.stdout)}
    assert done.returncode == 0, done.stderr
    assert found["webgl2"]["state"] == found["webgpu"]["state"] == found["Chromium"]["state"] == "ok"
    assert "Chrome/" in found["version"]["text"]
