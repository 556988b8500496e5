/**
 * A development server's changed files into the running program: fetched, then handed to layerw/live between two frames.
 *
 * Owns: nothing. Does not: decide what can stay; Python does.
 */
import { fileUrl } from './program-files.js';

const ROOT = '/app';
const LOAD_PY = 'from layerw.live.reload import run\nrun';

/**
 * @param {import('./engine.js').Engine} engine
 * @param {string[]} names beneath the program's folder
 * @returns {Promise<import('../page/live.js').Outcome>}
 */
export async function reload(engine, names) {
  const modules = names.filter((name) => name.endsWith('.py'));
  const data = names.filter((name) => !name.endsWith('.py'));
  const texts = await Promise.all(modules.map((name) => fetchText(fileUrl(engine.options.appUrl, name))));
  const run = engine.pyodide.runPython(LOAD_PY);
  try {
    return JSON.parse(run(ROOT, JSON.stringify(Object.fromEntries(modules.map((name, i) => [name, texts[i]]))),
      JSON.stringify(data)));
  } finally {
    run.destroy();
  }
}

/** @param {string} url @returns {Promise<string | null>} null: it is not there */
async function fetchText(url) {
  const response = await fetch(url, { cache: 'no-store' });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${response.statusText}`);
  return response.text();
}
