/** Runs measure.py in Pyodide in this page and posts what it found. */
const post = (key, body) => fetch(`/result?k=${key}`, { method: 'POST', body });

try {
  const { loadPyodide } = await import('/runtime/pyodide.mjs');
  const pyodide = await loadPyodide({ indexURL: '/runtime/' });
  await pyodide.loadPackage(['numpy', 'layerw'], { messageCallback() {} });
  pyodide.FS.writeFile('/home/measure.py', await (await fetch('measure.py')).text());
  await post('page', pyodide.runPython('import sys; sys.path.insert(0, "/home"); import measure; measure.main()'));
  await post('done', '');
} catch (error) {
  await post('failed', String(error));
}
