// Runs a Python file in Pyodide with numpy and the checkout's layerw: node run_pyodide.mjs RUNTIME LAYERW SCRIPT.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [runtime, engine, script] = process.argv.slice(2).map((name) => resolve(name));
const { loadPyodide } = await import(pathToFileURL(join(runtime, 'pyodide.mjs')).href);
const pyodide = await loadPyodide({ indexURL: runtime });
await pyodide.loadPackage('numpy', { messageCallback() {} });
pyodide.FS.mkdirTree('/engine/layerw');
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: engine }, '/engine/layerw');
pyodide.runPython('import sys; sys.path.insert(0, "/engine"); sys.dont_write_bytecode = True');
pyodide.runPython(readFileSync(script, 'utf8'));
