// Boots the runtime folder given as argument, loads layerw and prints what test_runtime_boot.py looks at, as JSON.
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: folder });
await pyodide.loadPackage("layerw", { messageCallback() {} });
console.log(pyodide.runPython(`
import json, pathlib, traceback
import numpy
import layerw.base

def engine_traceback():
    from layerw.base import mathx
    path = pathlib.Path(mathx.__file__)
    line = path.read_text().count("\\n") + 1
    code = compile("\\n" * line + "raise ValueError('on purpose')", str(path), "exec")
    path.write_text(path.read_text() + "\\nraise ValueError('on purpose')\\n")
    try:
        exec(code)
    except ValueError:
        return traceback.format_exc()

json.dumps({
    "numpy": numpy.__version__,
    "numpy_file": numpy.__file__,
    "engine_cached": getattr(layerw.base, "__cached__", "") or "",
    "engine_traceback": engine_traceback(),
})
`));
