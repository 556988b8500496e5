"""Loads a model when the page says so, and tells how long it took: until it is shown, and until it is whole."""

import time

import layerw as lw

app = lw.App(budgets=lw.Budgets(gpu_mib=2048, layer_mib=1024, heap_mib=512))
app.camera.position = (0.0, 0.35, 1.2)
app.camera.look_at((0.0, 0.3, 0.0))
app.spawn(lw.Mesh.box(0.01, 0.01, 0.01), position=(0, 0, -5))
found = {}
state = {}


def load(url, side):
    """From now on; one at a time."""
    found.clear()
    state.update(begin=time.perf_counter(), model=app.load(url, max_texture_side=side), frames=0)


def unload():
    """Before the next."""
    state.pop("model").close()


@app.frame
def watch(dt):
    model = state.get("model")
    if model is None or model.state == "loading":
        return
    if model.state == "failed" or model.warnings:
        found["error"] = f"{model.error} {model.warnings}"
    state["frames"] += 1
    if state["frames"] == 2:  # the frame before this one drew it
        found["shown_ms"] = 1000 * (time.perf_counter() - state["begin"])
    if state["frames"] >= 2 and "whole_ms" not in found and not app._engine.store.spreads:
        found["whole_ms"] = 1000 * (time.perf_counter() - state["begin"])
