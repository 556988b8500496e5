"""Firefox and WebKitGTK, where Debian has them: start, draw, input, messages, a model and a streamed world.

Software rasterisers are slow: one browser, one page and 160 x 120 pixels for all checks of each. They build on each
other in the order given.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.http.web import web_folder
from tests.unit.gltf_support import triangle

from .drivers.display import DriverMissing
from .drivers.firefox import firefox
from .drivers.session import Session, keys, mouse, wait_for
from .drivers.webkit import webkit
from .harness import HOST_JS, write_program
from .worlds import copy_world

pytestmark = pytest.mark.timeout(900)
WIDTH, HEIGHT = 160, 120
SMALL = f"{{ width: '{WIDTH}px', height: '{HEIGHT}px' }}"  # no browser's window is as small
BROWSERS = {"firefox": firefox, "webkit": webkit}
PROGRAM = """
import numpy as np
import layerw as lw
app = lw.App()
app.shadows.enabled = False
app.camera.position = (0.0, 60.0, 3.0)
app.camera.look_at((0.0, 60.0, 0.0))
cube = app.spawn(lw.Mesh.box(), lw.Material(color="tomato"),
                 position=(0, 60, 0))
seen = {"keys": [], "drag": [], "taps": 0}
model = world = None

@app.frame
def update(dt):
    if app.input.pressed("KeyW"):
        seen["keys"].append("KeyW")
    if app.input.button(0):
        seen["drag"].append(app.input.pointer[0])

@app.page.on("ask")
def ask(value):
    app.page.send("answer", {
        "seen": seen, "echo": value, "squares": np.arange(4, dtype=np.float32) ** 2,
        "model": model and model.state, "world": world and [app.settled, app.report()["tiles"]],
        "memory": app.memory is not None,
    })

@app.page.on("model")
def load():
    global model
    model = app.load("model.gltf", position=(0, 60, 0))

@app.page.on("world")
def stream():
    global world
    world = app.stream("world")
"""
ASK = """new Promise((resolve) => {{
    document.querySelector('layer-w').addEventListener('answer', ({{ detail }}) => {{
        resolve({{ ...detail, squares: [detail.squares.constructor.name, ...detail.squares] }}) }}, {{ once: true }});
    document.querySelector('layer-w').send('ask', {value}) }})"""


@dataclass
class Open:
    """One program in one browser."""

    session: Session
    address: str

    def ask(self, value: Any = None) -> dict[str, Any]:
        """The program's own answer."""
        return dict(self.session.evaluate(ASK.format(value=json.dumps(value))))

    def start(self, query: str) -> None:
        """Open the page and wait for its first frame."""
        self.session.goto(f"{self.address}?{query}")
        wait_for(self.session, "document.querySelector('layer-w') !== null")
        self.session.evaluate(f"Object.assign(document.querySelector('layer-w').style, {SMALL})")
        wait_for(self.session, f"{HOST_JS}?.drawn || {HOST_JS}?.errors.length > 0")
        assert self.session.evaluate(f"{HOST_JS}.errors") == []

    def picture(self) -> np.ndarray[Any, np.dtype[np.int16]]:
        """The element, (height, width, 3), without the note on the backend, which lies over it for some seconds."""
        self.session.evaluate(f"({HOST_JS}.notices.note.hidden = true)")
        image = Image.open(io.BytesIO(self.session.screenshot())).convert("RGB")
        return np.asarray(image, np.int16)[:HEIGHT, :WIDTH]


@pytest.fixture(scope="module", params=list(BROWSERS))
def opened(request: pytest.FixtureRequest, runtime_dir: Path,
           tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The browser with the program in it."""
    folder = tmp_path_factory.mktemp(f"other_{request.param}")
    program = write_program(folder, PROGRAM)
    (folder / "model.gltf").write_text(json.dumps(triangle(uri="model.bin")))
    (folder / "model.bin").write_bytes(bytes(12) + b"\0\0\x80?" + bytes(20) + bytes([0, 0, 1, 0, 2, 0, 0, 0]))
    copy_world(tmp_path_factory, folder)
    app = create_app(program=program, runtime=runtime_dir, web=web_folder(), dev=True)
    with ExitStack() as stack:
        address = stack.enter_context(background_server(app))
        try:
            session = stack.enter_context(BROWSERS[request.param]())
        except DriverMissing as error:
            pytest.skip(str(error))
        found = Open(session, address)
        found.start("thread=worker")
        yield found


def is_tomato(pixel: np.ndarray[Any, Any]) -> bool:
    red, green, blue = pixel
    return bool(red > 90 and red > 1.5 * green and red > 1.5 * blue)


def test_it_starts_and_draws(opened: Open) -> None:
    report = opened.session.evaluate(f"{HOST_JS}.request('report', 0)")
    assert report["backend"] in ("webgpu", "webgl2")
    if opened.session.name == "WebKitGTK" and report["thread"] == "main":
        assert "On the page's thread: A worker can draw with neither" in report["backend_note"]
    else:
        assert report["thread"] == "worker"
    picture = opened.picture()
    assert is_tomato(picture[HEIGHT // 2, WIDTH // 2])
    assert not is_tomato(picture[4, 4]), "the sky"


def test_messages_and_arrays(opened: Open) -> None:
    answer = opened.ask({"a": [1, "größe"]})
    assert answer["echo"] == {"a": [1, "größe"]}
    assert answer["squares"] == ["Float32Array", 0, 1, 4, 9]
    assert answer["memory"] is True


def test_keys_and_a_drag_that_leaves_the_element(opened: Open) -> None:
    opened.session.evaluate(f"{HOST_JS}.notices.stage.focus()")
    opened.session.act([keys(("keyDown", "w"), ("keyUp", "w"))])
    opened.session.act([mouse(("move", 30, 40), ("down",), ("move", 60, 40), ("move", 190, 40))])
    wait_for(opened.session, f"({ASK.format(value=0)}).then(({{ seen }}) => seen.drag.some((x) => x > 180))", 20)
    opened.session.act([mouse(("up",))])
    assert opened.ask()["seen"]["keys"] == ["KeyW"]


def test_a_model(opened: Open) -> None:
    opened.session.evaluate("document.querySelector('layer-w').send('model')")
    wait_for(opened.session, f"({ASK.format(value=0)}).then(({{ model }}) => model !== 'loading')")
    assert opened.ask()["model"] == "ready"
    assert opened.session.evaluate(f"{HOST_JS}.errors") == []


def test_a_streamed_world(opened: Open) -> None:
    opened.session.evaluate("document.querySelector('layer-w').send('world')")
    wait_for(opened.session, f"({ASK.format(value=0)}).then(({{ world }}) => world?.[0])")
    settled, tiles = opened.ask()["world"]
    assert settled and tiles["resident"] > 0 and tiles["failed"] == 0
    assert opened.session.evaluate(f"{HOST_JS}.errors") == []


def test_it_starts_on_the_page_s_thread(opened: Open) -> None:
    if opened.session.evaluate(f"{HOST_JS}.options.thread") == "main":
        return  # as the tests above saw
    opened.start("thread=main&backend=webgl2")
    assert opened.session.evaluate(f"{HOST_JS}.request('report', 0)")["thread"] == "main"
    assert is_tomato(opened.picture()[HEIGHT // 2, WIDTH // 2])
