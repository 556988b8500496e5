"""Run in Pyodide by test_debugger.py: small programs under the debugger, and what it says, as JSON on the last line."""

import json
import sys
import textwrap
from pathlib import Path

import numpy as np

import layerw as lw
from layerw.base.stopped import ProgramStopped
from layerw.debugging.debugger import Debugger
from layerw.hosts.headless import HeadlessHost

ROOT = "/app/"
result: dict[str, object] = {}


def tools() -> list[object]:
    return [sys.monitoring.get_tool(number) for number in range(6)]


result["idle"] = tools()


class Page:
    """The other end: at each stop it gives the next commands and keeps what is said."""

    def __init__(self, *stops: list[tuple[str, dict]]) -> None:
        self.stops = list(stops)
        self.waiting: list[tuple[str, dict]] = []
        self.said: list[dict] = []

    def send(self, text: str) -> None:
        message = json.loads(text)
        self.said.append(message)
        if message.get("event") == "stopped":
            self.waiting = list(self.stops.pop(0)) if self.stops else [("continue", {})]

    def wait(self) -> str:
        command, arguments = self.waiting.pop(0)
        return json.dumps({"id": command, "command": command, "arguments": arguments})

    def take(self) -> str:
        return self.wait() if self.waiting else ""

    def stopped(self) -> list[str]:
        return [f"{one['body']['reason']} {one['body']['frames'][0]['name']}:{one['body']['frames'][0]['line']}"
                for one in self.said if one.get("event") == "stopped"]

    def answers(self, command: str) -> list:
        return [one.get("body", one.get("error")) for one in self.said if one.get("id") == command]


def program(text: str) -> str:
    path = Path(ROOT, "main.py")
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return str(path)


def run(text: str, page: Page, breakpoints: list[dict] = (), filters: list[str] = (), names: dict | None = None
        ) -> dict:  # fmt: skip
    path = program(text)
    debugger = Debugger(page)
    page.waiting = [("setExceptionBreakpoints", {"filters": list(filters)}),
                    ("setBreakpoints", {"source": {"path": "main.py"}, "breakpoints": list(breakpoints)})]
    debugger.poll()
    sys.breakpointhook = lambda: debugger.here(sys._getframe(1))
    names = {"__name__": "__main__"} | (names or {})
    try:
        exec(compile(Path(path).read_text(), path, "exec"), names)
    except Exception as error:
        names["raised"] = repr(error)
    except ProgramStopped as stopped:
        names["killed"] = str(stopped)
    result["armed"] = result.get("armed") or sys.monitoring.get_tool(0)
    page.waiting = [("leave", {})]
    debugger.poll()
    result["left"] = tools()
    assert sys.monitoring.get_tool(0) is None
    return names


LOOP = """
    def add(a, b):
        total = a + b
        return total

    def loop():
        found = []
        for i in range(5):
            found.append(add(i, 1))
        return found

    found = loop()
    """

page = Page([("stackTrace", {}), ("scopes", {"frameId": 1}), ("variables", {"variablesReference": 1}),
             ("evaluate", {"expression": "a * 100 + b"}), ("evaluate", {"expression": "[a for _ in range(2)]"}),
             ("evaluate", {"expression": "nothing"}), ("evaluate", {"expression": "a = 41", "context": "repl"}),
             ("next", {})], [("stepOut", {})], [("continue", {})])
names = run(LOOP, page, [{"line": 3}])
result["steps"] = page.stopped()
result["found"] = names["found"]
result["stack"] = [f"{one['name']}:{one['line']}" for one in page.answers("stackTrace")[0]["stackFrames"]]
result["evaluated"] = page.answers("evaluate")
result["variables"] = page.answers("variables")[0]
result["placed"] = page.answers("setBreakpoints")

page = Page()
run(LOOP, page, [{"line": 3, "condition": "a == 2"}])
result["conditional"] = page.stopped()
page = Page()
run(LOOP, page, [{"line": 3, "hitCondition": "% 2"}])
result["hits"] = len(page.stopped())
page = Page()
run(LOOP, page, [{"line": 3, "logMessage": "a is {a:02d} of {'x'}"}])
result["logged"] = [one["body"]["output"] for one in page.said if one.get("event") == "output"], page.stopped()
page = Page()
run(LOOP, page, [{"line": 3, "condition": "a =="}, {"line": 99}, {"line": 5, "hitCondition": "often"}])
result["refused"] = page.answers("setBreakpoints")[0]["breakpoints"]

page = Page([("stepIn", {})], [("stepIn", {})], [("stepOut", {})], [("continue", {})])
run(LOOP.replace("found = loop()", "breakpoint(); found = loop()\n    found.sort()"), page)
result["here"] = page.stopped()

RAISES = """
    def inner(n):
        return 1 / n

    def outer():
        try:
            inner(0)
        except ZeroDivisionError:
            pass
        inner(0)

    outer()
    """
page = Page([("evaluate", {"expression": "n"}), ("exceptionInfo", {}), ("next", {})])
names = run(RAISES, page, filters=["uncaught"])
result["uncaught"] = page.stopped(), page.answers("evaluate")[0]["result"], names["raised"]
page = Page()
run(RAISES, page, filters=["raised"])
result["raised"] = page.stopped()

page = Page([("kill", {})])
result["killed"] = run(LOOP, page, [{"line": 3}])["killed"]
page = Page([("nonsense", {}), ("variables", {"variablesReference": "x"}), ("variables", {"variablesReference": 4000}),
             ("scopes", {"frameId": 99}), ("evaluate", {}), ("leave", {})])
run(LOOP, page, [{"line": 3}])
result["wrong"] = [one["error"] for one in page.said if "error" in one], page.stopped()

COROUTINE = """
    import asyncio

    async def wait():
        before = 1
        await later()
        after = 2

    def later():
        return Waits()

    class Waits:
        def __await__(self):
            yield
            beside()

    def beside():
        pass

    task = wait()
    task.send(None)
    beside()
    try:
        task.send(None)
    except StopIteration:
        pass
    """
page = Page([("next", {})], [("next", {})], [("continue", {})])
run(COROUTINE, page, [{"line": 5}])
result["await"] = page.stopped()

HOT = """
    import time
    def other():
        pass
    def hot():
        n = 0
        for i in range(300_000):
            n += i
        return n
    start = time.perf_counter()
    hot()
    took = time.perf_counter() - start
    """
result["ms"] = {}
for name, points in (("plain", []), ("elsewhere", [{"line": 4}])):
    result["ms"][name] = 1e3 * min(run(HOT, Page(), points)["took"] for _ in range(3))

TABLES = """
    class Liar:
        def __init__(self):
            self.x = 1
        def __repr__(self):
            raise ValueError("no")

    liar = Liar()
    breakpoint()
    """


@lw.component
class Health:
    hp: lw.f32 = 7.0


app = lw.App(host=HeadlessHost())
group = app.spawn_many(lw.Mesh.box(), 3, position=(1, 2, 3)).add(Health)
values = {"array": np.arange(12.0).reshape(4, 3), "large": np.zeros((1000, 2)), "group": group, "entity": group[1],
          "health": group[0][Health]}


class Looker(Page):
    """Opens what it is shown."""

    def wait(self) -> str:
        if not self.waiting:
            self.waiting.append(("continue", {}))
        return super().wait()


def opened(name: str, **arguments: object) -> tuple[dict, list]:
    """A variable as it is listed, and what it holds."""
    looker = Looker([("evaluate", {"expression": name}), ("variables", {"variablesReference": 0})])

    def send(text: str) -> None:
        message = json.loads(text)
        if message.get("id") == "evaluate":
            looker.waiting = [("variables", {"variablesReference": message["body"]["variablesReference"], **arguments})]
        Page.send(looker, text)

    looker.send = send
    run(TABLES, looker, names=values)
    found = looker.answers("evaluate")[0]
    return {"value": found.pop("result")} | found, (looker.answers("variables") or [{}])[0].get("variables", [])


tables = {"array": opened("array"), "large": opened("large", start=500, count=10), "group": opened("group")}
result["tables"] = {"array": tables["array"][0], "rows": tables["array"][1], "large": tables["large"][0],
                    "page": tables["large"][1], "group": tables["group"][0], "fields": tables["group"][1],
                    "entity": opened("entity")[0], "health": opened("health")[0], "liar": opened("liar")[0]}
print(json.dumps(result))
