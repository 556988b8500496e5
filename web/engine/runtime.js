/**
 * Pyodide with numpy, from its first byte: what a start waits for longest, and so begins first, in a worker while the
 * engine's own modules still load.
 *
 * Owns: the runtime's files, and the messages where one is missing, damaged or forbidden: Pyodide itself would wait for ever.
 * Does not: know layerw, the program or the page; what happens before somebody listens is told when they do.
 */
import { BootError, fetchOk } from './fetch-ok.js';
import { LineOutput } from './output.js';
import { PackedFolder } from './packed.js';
import { watchWasm } from './runtime-wasm.js';

/**
 * @typedef {object} RuntimeHooks
 * @property {(stage: string, fraction: number, bytes?: [done: number, total: number]) => void} progress
 * @property {(name: string, now: number) => void} mark now: as performance.now()
 * @property {(level: number, text: string) => void} log
 */

const RUNTIME_FILES = ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'pyodide-lock.json', 'python_stdlib.zip'];
/** What share of the bar is Python's download. */
const FETCHING = [0.05, 0.55];
/** The smallest module: no content security policy that allows WebAssembly refuses it. */
const EMPTY_WASM = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** One start of Python. */
export class Runtime {
  /** @type {RuntimeHooks | null} */
  #hooks = null;
  /** @type {((hooks: RuntimeHooks) => void)[]} */
  #untold = [];
  #stage = '';
  #outputs = [0, 1].map((level) => new LineOutput((text) => this.#tell(({ log }) => log(level, text))));

  /** @param {string} url folder of Pyodide, ends with / */
  constructor(url) {
    this.folder = new PackedFolder(url, (done, total) => this.#arrived(done, total));
    /** Its API object, with numpy imported. Rejects with a BootError. @type {Promise<any>} */
    this.pyodide = this.#start(url);
    this.pyodide.catch(() => {}); // whoever listens is told when they ask
  }

  /** @param {RuntimeHooks} hooks */
  listen(hooks) {
    this.#hooks = hooks;
    for (const tell of this.#untold.splice(0)) tell(hooks);
  }

  /** Shows what was printed without a newline. */
  flushOutput() {
    for (const output of this.#outputs) output.flush();
  }

  /** @param {(hooks: RuntimeHooks) => void} tell */
  #tell(tell) {
    if (this.#hooks === null) this.#untold.push(tell);
    else tell(this.#hooks);
  }

  /** @param {string} name of a step that ended now */
  #mark(name) {
    const now = performance.now();
    this.#tell(({ mark }) => mark(name, now));
  }

  /** @param {string} stage @param {number} fraction */
  #progress(stage, fraction) {
    this.#stage = stage;
    this.#tell(({ progress }) => progress(stage, fraction));
  }

  /** @param {number} done @param {number} total bytes */
  #arrived(done, total) {
    if (this.#stage !== 'runtime') return;
    const [from, to] = FETCHING;
    this.#tell(({ progress }) => progress('runtime', from + (to - from) * (done / total), [done, total]));
  }

  /** @param {string} runtimeUrl */
  async #start(runtimeUrl) {
    this.#progress('runtime', FETCHING[0]);
    checkWasm();
    const missing = checkRuntime(runtimeUrl).then(() => new Promise(() => {}));
    const url = new URL(`${runtimeUrl}pyodide.asm.wasm`, location.href).href;
    const giveBack = this.folder.listen();
    const wasm = watchWasm(url, (error) => new BootError(`The runtime file pyodide.asm.wasm from ${url} is damaged: ${error}`));
    try {
      return await Promise.race([missing, strayFailure(), wasm.failed, this.#load(runtimeUrl)]);
    } finally {
      wasm.end();
      giveBack();
    }
  }

  /** @param {string} runtimeUrl */
  async #load(runtimeUrl) {
    const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([
      importRuntime(`${runtimeUrl}pyodide.mjs`),
      importRuntime(`${runtimeUrl}pyodide.asm.mjs`),
    ]);
    this.#mark('modules');
    const [stdout, stderr] = this.#outputs;
    const pyodide = await loadPyodide({
      indexURL: runtimeUrl,
      createPyodideModule,
      packages: ['numpy'], // downloads while Python starts
      stdout: (/** @type {string} */ text) => stdout.show(text),
      stderr: (/** @type {string} */ text) => stderr.show(text),
    }).catch((/** @type {unknown} */ error) => {
      throw damaged(error);
    });
    if (!('numpy' in pyodide.loadedPackages)) {
      throw new BootError(`The runtime's package numpy did not load from ${runtimeUrl}; the console says why.`);
    }
    pyodide.setStdin({ stdin: () => undefined }); // input() ends at once with EOFError: a page has no terminal
    pyodide.setStdout({ write: (/** @type {Uint8Array} */ bytes) => stdout.write(bytes) });
    pyodide.setStderr({ write: (/** @type {Uint8Array} */ bytes) => stderr.write(bytes) });
    this.#mark('pyodide');
    this.#progress('numpy', 0.6);
    pyodide.runPython('import numpy');
    this.#mark('numpy');
    return pyodide;
  }
}

/**
 * Says which runtime file is missing; Pyodide itself would wait for ever.
 * @param {string} runtimeUrl
 */
async function checkRuntime(runtimeUrl) {
  const check = (/** @type {string} */ name) =>
    fetchOk(runtimeUrl + name, `The runtime file ${name}`, { method: 'HEAD' });
  await Promise.all(RUNTIME_FILES.map(check));
}

/** Says which rule is missing where the page may not compile WebAssembly; Pyodide itself would wait for ever. */
function checkWasm() {
  try {
    new WebAssembly.Module(EMPTY_WASM);
  } catch (error) {
    throw new BootError('Python runs as WebAssembly, which the Content-Security-Policy header of this page\'s server forbids: its '
      + `script-src (or default-src) rule needs 'wasm-unsafe-eval', for example script-src 'self' 'wasm-unsafe-eval'. (${error})`);
  }
}

/** @param {unknown} reason what Pyodide failed with: an Error, or an object of its own without words */
const damaged = (reason) => new BootError('Python could not start: a file of the runtime is missing or damaged '
  + `(${reason instanceof Error ? reason : JSON.stringify(reason) ?? reason}).`);

/**
 * Rejects with what failed in this worker and nobody awaited: after some failures of its files Pyodide waits for ever.
 * @returns {Promise<never>}
 */
function strayFailure() {
  return new Promise((_, reject) => {
    if (typeof document !== 'undefined') return; // the page has promises of its own
    const stop = (/** @type {PromiseRejectionEvent} */ { reason }) =>
      reject(damaged(reason));
    addEventListener('unhandledrejection', stop, { once: true });
  });
}

/** @param {string} url */
async function importRuntime(url) {
  try {
    return await import(url);
  } catch (error) {
    throw new BootError(`The runtime file ${url.slice(url.lastIndexOf('/') + 1)} could not be loaded from ${url} (${error}).`);
  }
}
