/**
 * Further Python packages of a program, as wheels that the server resolved before: fetched while Python starts, checked
 * by the browser against their sums, unpacked before the program runs.
 *
 * Does not: resolve or install anything else; no package index is asked by the page.
 */

const FOLDER = '/packages';

/** @typedef {{name: string, file: string, integrity: string}} Wheel */

/**
 * @param {string} appUrl folder of the program; the wheels are in a folder beside it
 * @param {Wheel[]} wheels
 * @param {(url: string, what: string, init?: RequestInit) => Promise<Response>} fetchOk
 * @returns {Promise<ArrayBuffer[]>}
 */
export function fetchWheels(appUrl, wheels, fetchOk) {
  return Promise.all(wheels.map(async ({ name, file, integrity }) => {
    const url = new URL(`../wheels/${encodeURIComponent(file)}`, appUrl).href;
    const response = await fetchOk(url, `The package ${name}`, { integrity });
    return response.arrayBuffer();
  }));
}

/**
 * @param {any} pyodide
 * @param {ArrayBuffer[]} wheels
 */
export function unpackWheels(pyodide, wheels) {
  if (wheels.length === 0) return;
  pyodide.FS.mkdirTree(FOLDER);
  for (const bytes of wheels) pyodide.unpackArchive(bytes, 'zip', { extractDir: FOLDER });
  pyodide.runPython(`import sys; sys.path.append("${FOLDER}")`); // after the standard library and numpy
}
