/**
 * The start order: runtime files -> Pyodide -> numpy -> layerw -> the user's program.
 *
 * Owns: what is fetched when (everything at once), and the messages when something is missing.
 * Does not: draw, or know commands. engine.js gives it the glue and waits for `run`.
 * Limits: a program is the folder that `manifest.json` lists.
 */
import { zipMembers } from './archive.js';
import { BusyClock } from './busy.js';
import { LineOutput } from './output.js';
import { ProgramFiles } from './program-files.js';
import { watchWasm } from './runtime-wasm.js';
import { fetchWheels, unpackWheels } from './wheels.js';

/**
 * @typedef {object} Manifest
 * @property {string} program file to run, relative to the app folder
 * @property {string[]} modules every .py file of the app folder, relative to it
 * @property {Record<string, number>} [files] every other file that open() reaches, and its bytes
 * @property {import('./wheels.js').Wheel[]} [wheels] further packages, in the folder wheels/ beside the app folder
 * @property {'zip' | 'wheel'} [engine] zip: a development server with the engine's sources (and a reload socket)
 *
 * @typedef {object} BootOptions
 * @property {string} runtimeUrl folder of Pyodide, ends with /
 * @property {string} appUrl folder of the program, ends with /
 * @property {string} engineUrl the engine's sources as a zip, for a development server
 * @property {string} program file to run; empty: the manifest says
 *
 * @typedef {object} BootHooks
 * @property {(stage: string, fraction: number) => void} progress
 * @property {(name: string) => void} mark
 * @property {(level: number, text: string) => void} log
 */

/** Where the engine's modules say that they come from, as in runtime/prepare.py; nothing lies there. */
const ENGINE_ROOT = '/lib/layerw.whl';
const IMPORTER = 'layerw/hosts/archive.py';
const RUNTIME_FILES = ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'pyodide-lock.json', 'python_stdlib.zip'];

/** A start error whose message is meant for the person in front of the page. */
export class BootError extends Error {
  /** @override */
  name = 'BootError';
}

/**
 * @param {string} url
 * @param {string} what
 * @param {RequestInit} [init]
 */
async function fetchOk(url, what, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    throw new BootError(`${what} could not be fetched from ${url} (${error}). Is the server still running?`);
  }
  if (!response.ok) {
    throw new BootError(`${what} is missing: ${url} answered ${response.status} ${response.statusText}.`);
  }
  return response;
}

/** @param {string} url @param {string} what @param {RequestInit} [init] @returns {Promise<ArrayBuffer>} */
const fetchBytes = async (url, what, init) => (await fetchOk(url, what, init)).arrayBuffer();

/**
 * Says which runtime file is missing; Pyodide itself would wait for ever.
 * @param {string} runtimeUrl
 */
async function checkRuntime(runtimeUrl) {
  const check = (/** @type {string} */ name) =>
    fetchOk(runtimeUrl + name, `The runtime file ${name}`, { method: 'HEAD' });
  await Promise.all(RUNTIME_FILES.map(check));
}

/**
 * @param {BootOptions} options
 * @returns {Promise<Manifest>}
 */
async function fetchManifest({ appUrl, program }) {
  if (appUrl === '') throw new BootError('The element has no app: give <layer-w> a src.');
  const response = await fetchOk(`${appUrl}manifest.json`, 'The list of the program\'s files');
  const manifest = await response.json();
  if (program !== '') manifest.program = program;
  if (!manifest.modules.includes(manifest.program)) manifest.modules.push(manifest.program);
  return manifest;
}

const RUN_PY = `
import sys
sys.path.insert(0, "/app")
from layerw.hosts import browser, program
browser.watch_busy()
lambda path: program.run(path, browser.start)
`;
/** The smallest module: no content security policy that allows WebAssembly refuses it. */
const EMPTY_WASM = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

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

/** Python in the page, from its first byte to a running program. */
export class PythonBoot {
  /** @type {LineOutput[]} */
  #outputs;
  /** @type {Promise<any>} */
  #pyodide;
  /** @type {Promise<Manifest>} */
  #manifest;
  /** @type {Promise<ProgramFiles>} */
  #files;
  /** @type {Promise<ArrayBuffer[]>} */
  #wheels;
  /** @type {Promise<ArrayBuffer>} */
  #engine;
  /** @type {BootHooks} */
  #hooks;

  /**
   * Starts every download at once.
   * @param {BootOptions} options
   * @param {BootHooks} hooks
   */
  constructor(options, hooks) {
    this.#hooks = hooks;
    this.#outputs = [0, 1].map((level) => new LineOutput((text) => hooks.log(level, text)));
    this.#manifest = fetchManifest(options);
    this.#pyodide = this.#startPyodide(options.runtimeUrl);
    this.#wheels = this.#manifest.then((manifest) => fetchWheels(options.appUrl, manifest.wheels ?? [], fetchOk));
    this.#files = this.#manifest.then((manifest) => new ProgramFiles(options.appUrl, manifest, fetchOk, hooks.log));
    this.#engine = this.#manifest.then(({ engine }) => (engine === 'zip'
      ? fetchBytes(options.engineUrl, 'The engine\'s sources') : fetchEngine(options.runtimeUrl)));
    for (const promise of [this.#pyodide, this.#files, this.#wheels, this.#engine]) promise.catch(() => {});
  }

  /** The manifest, once it is here. */
  manifest() {
    return this.#manifest;
  }

  /** Shows what was printed without a newline. */
  flushOutput() {
    for (const output of this.#outputs) output.flush();
  }

  /**
   * Pyodide with numpy and layerw, before the program runs.
   * @param {object} glueModule
   */
  async python(glueModule) {
    const pyodide = await this.#pyodide;
    this.#hooks.progress('engine', 0.7);
    installEngine(pyodide, await this.#engine);
    pyodide.registerJsModule('layerw_glue', glueModule);
    pyodide.runPython('import layerw');
    this.#hooks.mark('layerw');
    return pyodide;
  }

  /**
   * Runs the program. Returns '' or the traceback of what it raised.
   * @param {any} pyodide
   * @returns {Promise<string>}
   */
  async run(pyodide) {
    const { program } = await this.#manifest;
    pyodide.FS.mkdirTree('/app');
    await (await this.#files).write(pyodide.FS, '/app');
    unpackWheels(pyodide, await this.#wheels);
    pyodide.FS.chdir('/app');
    this.#hooks.progress('program', 0.9);
    const run = pyodide.runPython(RUN_PY);
    pyodide.setInterruptBuffer(new BusyClock());
    try {
      return await run(`/app/${program}`);
    } finally {
      pyodide.setInterruptBuffer(undefined);
      run.destroy();
      this.flushOutput();
    }
  }

  /** @param {string} runtimeUrl */
  async #startPyodide(runtimeUrl) {
    this.#hooks.progress('runtime', 0.05);
    checkWasm();
    const missing = checkRuntime(runtimeUrl).then(() => new Promise(() => {}));
    const url = new URL(`${runtimeUrl}pyodide.asm.wasm`, location.href).href;
    const wasm = watchWasm(url, (error) => new BootError(`The runtime file pyodide.asm.wasm from ${url} is damaged: ${error}`));
    try {
      return await Promise.race([missing, strayFailure(), wasm.failed, this.#loadPyodide(runtimeUrl)]);
    } finally {
      wasm.end();
    }
  }

  /** @param {string} runtimeUrl */
  async #loadPyodide(runtimeUrl) {
    const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([
      importRuntime(`${runtimeUrl}pyodide.mjs`),
      importRuntime(`${runtimeUrl}pyodide.asm.mjs`),
    ]);
    this.#hooks.mark('modules');
    const pyodide = await loadPyodide({
      indexURL: runtimeUrl,
      createPyodideModule,
      packages: ['numpy'], // downloads while Python starts
      stdout: (/** @type {string} */ text) => this.#hooks.log(0, text),
      stderr: (/** @type {string} */ text) => this.#hooks.log(1, text),
    }).catch((/** @type {unknown} */ error) => {
      throw damaged(error);
    });
    if (!('numpy' in pyodide.loadedPackages)) {
      throw new BootError(`The runtime's package numpy did not load from ${runtimeUrl}; the console says why.`);
    }
    const [stdout, stderr] = this.#outputs;
    pyodide.setStdout({ write: (/** @type {Uint8Array} */ bytes) => stdout.write(bytes) });
    pyodide.setStderr({ write: (/** @type {Uint8Array} */ bytes) => stderr.write(bytes) });
    this.#hooks.mark('pyodide');
    this.#hooks.progress('numpy', 0.6);
    pyodide.runPython('import numpy');
    this.#hooks.mark('numpy');
    return pyodide;
  }
}

/**
 * Modules of the engine are imported from its zip as it is: see layerw/hosts/archive.py.
 * @param {any} pyodide
 * @param {ArrayBuffer} zip
 */
function installEngine(pyodide, zip) {
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
}

/**
 * The engine's wheel, checked by the browser against the sum in the lock file.
 * @param {string} runtimeUrl
 * @returns {Promise<ArrayBuffer>}
 */
async function fetchEngine(runtimeUrl) {
  const lock = await (await fetchOk(`${runtimeUrl}pyodide-lock.json`, 'The runtime file pyodide-lock.json')).json();
  const { file_name: name, sha256 } = lock.packages.layerw;
  const sum = btoa(String.fromCharCode(...sha256.match(/../g).map((/** @type {string} */ byte) => parseInt(byte, 16))));
  return fetchBytes(runtimeUrl + name, 'The engine', { integrity: `sha256-${sum}` });
}

/** @param {string} url */
async function importRuntime(url) {
  try {
    return await import(url);
  } catch (error) {
    throw new BootError(`The runtime file ${url.slice(url.lastIndexOf('/') + 1)} could not be loaded from ${url} (${error}).`);
  }
}
