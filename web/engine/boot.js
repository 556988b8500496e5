/**
 * The start order: Pyodide with numpy (runtime.js) -> layerw -> the user's program; again (restart.js) only the last.
 *
 * Owns: what is fetched when (everything at once), and the messages when something is missing.
 * Does not: know what a program is made of (program-parts.js), draw, or know commands. engine.js gives it the glue and
 * waits for `run`.
 */
import { zipMembers } from './archive.js';
import { BusyClock } from './busy.js';
import { bytesNow } from './fetch-now.js';
import { BootError, fetchBytes, fetchOk } from './fetch-ok.js';
import { ProgramParts } from './program-parts.js';
import { Runtime } from './runtime.js';

/**
 * @typedef {object} BootOptions
 * @property {string} runtimeUrl folder of Pyodide, ends with /
 * @property {string} appUrl folder of the program, ends with /
 * @property {string} engineUrl the engine's sources as a zip, for a development server
 * @property {string} kernelsUrl folder of the compiled modules, ends with /
 * @property {string} program file to run; empty: the manifest says
 * @property {string | null} [text] of that file, in place of what lies there
 * @property {boolean} [isolated] memory can be shared
 * @property {string} [thread] where Python runs
 * @property {Record<string, any>} [kept] what the start before kept
 *
 * @typedef {import('./runtime.js').RuntimeHooks} RuntimeHooks
 */

/** Where the engine's modules say that they come from, as in runtime/prepare.py; nothing lies there. */
const ENGINE_ROOT = '/lib/layerw.whl';
const IMPORTER = 'layerw/hosts/archive.py';
const REST_INDEX = 'layerw/rest.json';

const RUN_PY = `
import sys
if "/app" not in sys.path:
    sys.path.insert(0, "/app")
from layerw.hosts import browser, program
browser.watch_busy()
lambda path: program.run(path, browser.start)
`;

const REST_PY = `
from layerw.hosts.rest import install
lambda index, fetch, say: install(index, lambda name: fetch(name).to_bytes(), say)
`;

/** Python in the page, from its first byte to a running program. */
export class PythonBoot {
  /** @type {Runtime} */
  #runtime;
  /** @type {ProgramParts} */
  #parts;
  /** @type {Promise<ArrayBuffer>} */
  #engine;
  /** @type {RuntimeHooks} */
  #hooks;
  /** Of the start before: where the camera was, and the program's time. @type {string} JSON, '': there was none */
  #before = '';

  /**
   * Starts every download at once.
   * @param {BootOptions} options
   * @param {RuntimeHooks} hooks
   * @param {Runtime | null} runtime where it has begun already
   */
  constructor(options, hooks, runtime) {
    this.#hooks = hooks;
    this.#runtime = runtime ?? new Runtime(options.runtimeUrl);
    this.#runtime.listen(hooks);
    this.#keepBefore(options);
    this.#parts = new ProgramParts(options, hooks.log);
    this.#engine = this.#parts.manifest.then(({ engine }) => (engine === 'zip'
      ? fetchBytes(options.engineUrl, 'The engine\'s sources') : fetchEngine(options.runtimeUrl, this.#runtime.folder)));
    this.#engine.catch(() => {});
  }

  /**
   * Another start in the same Python: what the program is made of is fetched anew; `run` follows.
   * @param {BootOptions} options
   */
  async again(options) {
    this.#keepBefore(options);
    this.#parts = new ProgramParts(options, this.#hooks.log, this.#parts.unpacked);
    await this.#parts.whole();
  }

  /** @param {BootOptions} options */
  #keepBefore({ kept: { camera, time_s } = {} }) {
    this.#before = camera || time_s ? JSON.stringify({ camera, time_s }) : '';
  }

  /** The manifest, once it is here. */
  manifest() {
    return this.#parts.manifest;
  }

  /** Shows what was printed without a newline. */
  flushOutput() {
    this.#runtime.flushOutput();
  }

  /**
   * Pyodide with numpy and layerw, before the program runs.
   * @param {object} glueModule
   */
  async python(glueModule) {
    const pyodide = await this.#runtime.pyodide;
    this.#hooks.progress('engine', 0.7);
    installEngine(pyodide, await this.#engine, this.#runtime.folder, (text) => this.#hooks.log(0, text));
    pyodide.registerJsModule('layerw_glue', glueModule);
    pyodide.runPython('import layerw');
    this.#hooks.mark('layerw', performance.now());
    return pyodide;
  }

  /**
   * Runs the program. Returns '' or the traceback of what it raised.
   * @param {any} pyodide
   * @param {import('./debugging.js').Debugging | null} debugging
   * @returns {Promise<string>}
   */
  async run(pyodide, debugging) {
    const { program } = await this.#parts.manifest;
    await this.#parts.write(pyodide);
    pyodide.FS.chdir('/app');
    this.#hooks.progress('program', 0.9);
    if (debugging) pyodide.registerJsModule('layerw_debugger', debugging.module());
    const run = pyodide.runPython(RUN_PY);
    const signal = debugging?.signal; // shared with the page, which asks when it wants to know
    if (signal) debugging.poll(pyodide);
    if (debugging?.inspects) pyodide.runPython('from layerw.inspecting import begin; begin()');
    pyodide.setInterruptBuffer(signal ?? new BusyClock());
    try {
      const traceback = await run(`/app/${program}`);
      if (traceback === '' && this.#before !== '') {
        pyodide.runPython(`from layerw.live.reload import restore; restore(${JSON.stringify(this.#before)})`);
      }
      return traceback;
    } finally {
      pyodide.setInterruptBuffer(signal);
      run.destroy();
      this.flushOutput();
    }
  }
}

/**
 * Modules of the engine are imported from its zip as it is: see layerw/hosts/archive.py.
 * @param {any} pyodide
 * @param {ArrayBuffer} zip
 * @param {import('./packed.js').PackedFolder} folder
 * @param {(text: string) => void} say
 */
function installEngine(pyodide, zip, folder, say) {
  let members;
  try {
    members = zipMembers(zip);
  } catch (error) {
    throw new BootError(`The engine's modules are damaged: ${error}`);
  }
  if (!(IMPORTER in members)) throw new BootError(`The engine's modules are incomplete: ${IMPORTER} is not among them.`);
  const [start, size] = members[IMPORTER];
  const globals = pyodide.toPy({ __name__: 'layerw_archive' });
  const source = new TextDecoder().decode(new Uint8Array(zip, start, size));
  const install = pyodide.runPython(`${source}\ninstall`, { globals, filename: `${ENGINE_ROOT}/${IMPORTER}` });
  const bytes = pyodide.toPy(new Uint8Array(zip));
  install(bytes, JSON.stringify(members), ENGINE_ROOT);
  for (const proxy of [install, bytes, globals]) proxy.destroy();
  if (REST_INDEX in members) installRest(pyodide, zip, members[REST_INDEX], folder, say);
}

/**
 * What an export left out is fetched when it is imported: see layerw/hosts/rest.py.
 * @param {any} pyodide
 * @param {ArrayBuffer} zip
 * @param {[number, number]} place of the index
 * @param {import('./packed.js').PackedFolder} folder
 * @param {(text: string) => void} say
 */
function installRest(pyodide, zip, [start, size], folder, say) {
  const index = pyodide.toPy(JSON.parse(new TextDecoder().decode(new Uint8Array(zip, start, size))));
  const install = pyodide.runPython(REST_PY);
  const fetch = (/** @type {string} */ name) => bytesNow(folder.url + name);
  install(index, fetch, say);
  for (const proxy of [install, index]) proxy.destroy();
}

/**
 * The engine's wheel, checked by the browser against the sum in the lock file.
 * @param {string} runtimeUrl
 * @param {import('./packed.js').PackedFolder} folder
 * @returns {Promise<ArrayBuffer>}
 */
async function fetchEngine(runtimeUrl, folder) {
  const lock = await (await fetchOk(`${runtimeUrl}pyodide-lock.json`, 'The runtime file pyodide-lock.json')).json();
  const { file_name: name, sha256 } = lock.packages.layerw;
  const sum = btoa(String.fromCharCode(...sha256.match(/../g).map((/** @type {string} */ byte) => parseInt(byte, 16))));
  const response = await fetchOk(runtimeUrl + name, 'The engine', { integrity: `sha256-${sum}` }, (_, init) => folder.fetch(name, init));
  return response.arrayBuffer();
}
