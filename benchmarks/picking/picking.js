/** Runs measure.py in Pyodide in this page and posts what it found. */
const post = (key, body) => fetch(`/result?k=${key}`, { method: 'POST', body });

try {
  const { loadPyodide } = await import('/runtime/pyodide.mjs');
  const pyodide = await loadPyodide({ indexURL: '/runtime/' });
  await pyodide.loadPackage(['numpy', 'layerw'], { messageCallback() {} });
  for (const name of ['measure.py', 'picking.py']) {
    pyodide.FS.writeFile(`/home/${name}`, await (await fetch(name)).text());
  }
  await post('page', pyodide.runPython('import sys; sys.path.insert(0, "/home"); import measure; measure.main("/home/picking.py")'));
  await post('done', '');
} catch (error) {
  await post('failed', String(error));
}
