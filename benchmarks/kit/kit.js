/** Runs measure.py in Pyodide in this page and posts what it found. */
const post = (key, body) => fetch(`/result?k=${key}`, { method: 'POST', body });

try {
  const { loadPyodide } = await import('/runtime/pyodide.mjs');
  const pyodide = await loadPyodide({ indexURL: '/runtime/' });
  await pyodide.loadPackage(['numpy', 'layerw'], { messageCallback() {} });
  const engine = pyodide.runPython('import layerw, os; os.path.dirname(layerw.__file__)');
  for (const name of ['rigid', 'navigation']) { // which the engine's page fetches for programs that speak of them
    const kernel = await (await fetch(`/kernels/${name}/${name}.wasm`)).arrayBuffer();
    pyodide.FS.mkdirTree(`${engine}/_kernels/${name}`);
    pyodide.FS.writeFile(`${engine}/_kernels/${name}/${name}.wasm`, new Uint8Array(kernel));
  }
  pyodide.FS.writeFile('/home/measure.py', await (await fetch('measure.py')).text());
  await post('page', pyodide.runPython('import sys; sys.path.insert(0, "/home"); import measure; measure.main()'));
  await post('done', '');
} catch (error) {
  await post('failed', String(error));
}
