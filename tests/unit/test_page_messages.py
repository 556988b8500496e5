"""`app.page`: values to the page and back, on the headless host."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base.errors import LayerwError
from layerw.hosts.headless import HeadlessHost
from layerw.messages.codec import DTYPES, MessageError, decode_message, encode_message

VALUES: list[Any] = [
    None, True, 0, -3, 2**53 - 1, 1.5, "", "größe ☃", [], {}, [1, [2, None]], {"a": {"b": [False, "x"]}},
    {"__proto__": 1},
]  # fmt: skip


@pytest.fixture
def app() -> lw.App:
    app = lw.App(host=HeadlessHost())
    app.host.step(app, 2)
    return app


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_arrive_as_they_were_sent(value: Any) -> None:
    assert decode_message(encode_message("name", value)) == ("name", value)


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_keep_dtype_and_shape(dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    _, value = decode_message(encode_message("name", {"deep": [1, array, array[::2, ::-1]], "empty": array[:0]}))
    first, second = value["deep"][1:]  # type: ignore[index]
    assert first.dtype == array.dtype and np.array_equal(first, array) and first.flags.writeable
    assert np.array_equal(second, array[::2, ::-1])
    assert value["empty"].shape == (0, 3)  # type: ignore[index]


def test_numbers_that_json_lacks_and_numpy_numbers_are_plain_numbers() -> None:
    _, value = decode_message(encode_message("name", [math.inf, math.nan, np.float32(0.5), np.int64(7), (1, 2)]))
    assert value[0] == math.inf and math.isnan(value[1]) and value[2:] == [0.5, 7, [1, 2]]  # type: ignore[index]
    assert type(value[3]) is int  # type: ignore[index]


def test_what_the_page_cannot_be_given_is_named_with_its_place() -> None:
    loop: list[Any] = []
    loop.append(loop)
    for value, text in [
        ({"a": [1, object()]}, r"at \['a'\]\[1\] is of the type object"), ({1: 2}, "its top has the key 1"),
        (2**53, "9007199254740992"),
        (np.zeros(2, complex), "complex128"), (np.array(["a"]), "dtype <U1"), (loop, "64 levels"),
    ]:  # fmt: skip
        with pytest.raises(MessageError, match=text):
            encode_message("name", value)
    for name in ("", "layerw-report", 3):
        with pytest.raises(LayerwError, match="name"):
            encode_message(name)  # type: ignore[arg-type]


def test_the_program_and_the_page_hear_each_other(app: lw.App) -> None:
    heard: list[Any] = []
    app.page.on("restart", lambda: heard.append("restart"))

    @app.page.on("level")
    def level(value: Any) -> None:
        heard.append(value)

    app.host.page_send("restart")
    app.host.page_send("level", {"map": np.arange(3, dtype=np.uint8)})
    app.page.send("score", 12)
    app.page.send("points", np.ones((2, 2), np.float32))
    crossings = app.host.submits
    app.host.step(app)
    assert app.host.submits == crossings + 1
    assert heard[0] == "restart" and np.array_equal(heard[1]["map"], [0, 1, 2])
    assert app.host.page_sent[0] == ("score", 12) and app.host.page_sent[1][1].shape == (2, 2)
    app.page.off("level", level)
    app.host.page_send("level", 5)
    app.host.step(app)
    assert len(heard) == 2


def test_a_value_is_copied_when_it_is_sent(app: lw.App) -> None:
    array = np.zeros(3, np.float32)
    app.page.send("points", array)
    array[:] = 7
    app.host.step(app)
    assert app.host.page_sent[0][1].tolist() == [0, 0, 0]


def test_a_message_nobody_hears_is_one_warning_and_a_mistake_in_one_ends_nothing(app: lw.App) -> None:
    heard = []
    app.page.on("bad", lambda value: [][1])
    app.page.on("bad", heard.append)
    app.host.page_send("bad", 1)
    for _ in range(2):
        app.host.page_send("restrat")
    app.host.send("page_message", b"\xff\xff\xff\xff{")
    app.host.step(app)
    assert heard == [1] and len(app.host.errors) == 1 and "IndexError" in app.host.errors[0]
    warnings = [text for _, text in app.host.logs]
    assert sum("'restrat'" in text for text in warnings) == 1
    assert sum("can't be read" in text for text in warnings) == 1


def test_a_large_message_crosses_whole(app: lw.App) -> None:
    heard: list[Any] = []
    app.page.on("points", heard.append)
    array = np.arange(500_000, dtype=np.float32)
    app.host.page_send("points", array)
    app.host.step(app, 3)
    assert np.array_equal(heard[0], array)
