"""`app.page`: what the program and the page around it say to each other.

Owns: which functions hear which names, and what is sent with this frame. Does not: cross; the engine hands bytes on.
Limits: see codec.py; a frame's messages cross with its one submit, in order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

from layerw.base import checks
from layerw.base.errors import LayerwError
from layerw.base.settings import fixed_attributes
from layerw.messages.codec import check_name, decode_message, encode_message

Listener = TypeVar("Listener", bound=Callable[..., Any])
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD,
               inspect.Parameter.VAR_POSITIONAL)  # fmt: skip


@fixed_attributes
class Page:
    """The page around the element. In JavaScript: `element.send(name, value)`, `element.addEventListener(name, ...)`.

    Args:
        call: calls a function of the program with values; a mistake in it is shown and ends nothing.
        warn: shows one sentence.
    """

    def __init__(self, call: Callable[..., object], warn: Callable[[str], None]) -> None:
        self._call, self._warn = call, warn
        self._listeners: dict[str, list[tuple[Callable[..., Any], bool]]] = {}
        self._waiting: list[bytes] = []
        self._unheard: set[str] = set()
        self._take_own: Callable[[str, object], bool] = lambda name, value: False  # what is not the program's
        self._own: Callable[[Callable[[], object]], None] = lambda end: None  # whose it is that something is heard

    @overload
    def on(self, name: str) -> Callable[[Listener], Listener]: ...
    @overload
    def on(self, name: str, function: Listener) -> Listener: ...
    def on(self, name: str, function: Listener | None = None) -> Any:
        """Calls a function with the value of each message of a name that the page sends; also a decorator.

        Args:
            name: as in `element.send(name, value)`.
            function: takes the value (None, numbers, texts, lists, dicts, numpy arrays), or nothing.

        Raises:
            ConfigError, MessageError: the name is empty or one of the element's own.
        """
        check_name(name)
        if function is None:
            return lambda found: self.on(name, found)
        checks.callback("page.on function", function, "value", or_nothing=True)
        self._listeners.setdefault(name, []).append((function, _takes_a_value(function)))
        self._own(lambda: self.off(name, function) if name in self._listeners else None)
        return function

    def off(self, name: str, function: Callable[..., Any] | None = None) -> None:
        """Ends what `on` began: of this function, or of all that hear the name.

        Raises:
            ConfigError, MessageError: the name is empty or one of the element's own.
        """
        check_name(name)
        if function is not None:
            checks.function("function", function)
        kept = [pair for pair in self._listeners.get(name, []) if function is not None and pair[0] != function]
        self._listeners[name] = kept
        if not kept:
            del self._listeners[name]

    def send(self, name: str, value: object = None) -> None:
        """Sends a value to the page with this frame: a CustomEvent of that name on the element, `detail` is the value.

        Args:
            name: of the event; not one of the element's own ("layerw-…").
            value: None, booleans, numbers, texts, lists, dicts with text keys, bytes (Uint8Array there), numpy arrays
                (typed arrays, with numpy's `shape`); it is copied now.

        Raises:
            MessageError: a value that the page can't be given, with its place.
        """
        self._waiting.append(encode_message(name, value))

    def _receive(self, payload: bytes) -> None:
        """A message of the page, from the engine."""
        try:
            name, value = decode_message(payload)
        except LayerwError as error:
            return self._warn(str(error))
        if self._take_own(name, value):
            return None
        listeners = self._listeners.get(name)
        if listeners is None:
            return self._tell_unheard(name)
        for function, takes_a_value in list(listeners):
            self._call(function, *((value,) if takes_a_value else ()))

    def _take(self) -> list[bytes]:
        """What was sent since the last call, for the engine."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def _close(self) -> None:
        """Forgets every listener."""
        self._listeners.clear()
        self._waiting.clear()

    def _tell_unheard(self, name: str) -> None:
        if name in self._unheard or len(self._unheard) >= 64:
            return
        self._unheard.add(name)
        self._warn(f"The page sent {name!r}, which the program does not listen to; app.page.on({name!r}, function) "
                   "takes it.")


def _takes_a_value(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True  # a function in C without a signature
    return any(parameter.kind in _POSITIONAL for parameter in parameters)
