/**
 * The start order: Pyodide with numpy (runtime.js) -> layerw -> the user's program.
 *
 * Owns: what is fetched when (everything at once), and the messages when something is missing.
 * Does not: draw, or know commands. engine.js gives it the glue and waits for `run`.
 * Limits: a program is the folder that `manifest.json` lists.
 */
import { zipMembers } from './archive.js';
import { BusyClock } from './busy.js';
import { bytesNow } from './fetch-now.js';
import { BootError, fetchBytes, fetchOk } from './fetch-ok.js';
import { ProgramFiles } from './program-files.js';
import { Runtime } from './runtime.js';
import { mentions } from './mentions.js';
import { mentionsStore, readRecords } from './store-records.js';
import { fetchWheels, unpackWheels } from './wheels.js';

/**
 * @typedef {object} Manifest
 * @property {string} program file to run, relative to the app folder
 * @property {string[]} modules every .py file of the app folder, relative to it
 * @property {Record<string, number>} [files] every other file that open() reaches, and its bytes
 * @property {import('./wheels.js').Wheel[]} [wheels] further packages, in the folder wheels/ beside the app folder
 * @property {string} [place] where a development server found the program: tells those of one name apart
 * @property {'zip' | 'wheel'} [engine] zip: a development server with the engine's sources (and a reload socket)
 *
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

/** @param {Manifest} manifest @param {string | null} [text] @returns {import('./program-files.js').Listing} */
function withText(manifest, text = null) {
  return text === null ? manifest : { ...manifest, texts: { [manifest.program]: text } };
}

/** Where layerw/saves/records.py finds what the program keeps. */
const STORE_ROOT = '/store';
/** Where layerw/kernels/files.py looks for modules that only some programs need. */
const KERNELS_ROOT = '/kernels';
/** Modules that only some programs need, and what those say. */
const OPTIONAL = [
  { name: 'Physics', file: 'rigid/rigid.wasm', words: /\b(physics|Body|Character)\b/, threads: false },
  ...['rigid/rigid_shared.wasm', 'rigid/rigid_far.wasm'].map((file) => (
    { name: 'Physics', file, words: /\bphysics\.threads\b/, threads: true })), // steps on several of them
  { name: 'Navigation', file: 'navigation/navigation.wasm', words: /\bnavigation\b/, threads: false },
];

const RUN_PY = `
import sys
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
  /** @type {Promise<Manifest>} */
  #manifest;
  /** @type {Promise<ProgramFiles>} */
  #files;
  /** What the program keeps, if it mentions that. @type {Promise<Kept | null>} */
  #kept;
  /** @type {Promise<Optional[]>} */
  #optional;
  /** @type {Promise<ArrayBuffer[]>} */
  #wheels;
  /** @type {Promise<ArrayBuffer>} */
  #engine;
  /** @type {RuntimeHooks} */
  #hooks;
  /** Of the start before. @type {number[] | undefined} */
  #keptCamera;

  /**
   * Starts every download at once.
   * @param {BootOptions} options
   * @param {RuntimeHooks} hooks
   * @param {Runtime | null} runtime where it has begun already
   */
  constructor(options, hooks, runtime) {
    this.#hooks = hooks;
    this.#keptCamera = options.kept?.camera?.map(Number);
    this.#runtime = runtime ?? new Runtime(options.runtimeUrl);
    this.#runtime.listen(hooks);
    this.#manifest = fetchManifest(options);
    this.#wheels = this.#manifest.then((manifest) => fetchWheels(options.appUrl, manifest.wheels ?? [], fetchOk));
    this.#files = this.#manifest.then((manifest) => new ProgramFiles(options.appUrl, withText(manifest, options.text), fetchOk, hooks.log));
    this.#engine = this.#manifest.then(({ engine }) => (engine === 'zip'
      ? fetchBytes(options.engineUrl, 'The engine\'s sources') : fetchEngine(options.runtimeUrl, this.#runtime.folder)));
    this.#kept = Promise.all([this.#manifest, this.#files]).then(([manifest, files]) => readKept(options, manifest, files));
    this.#kept.catch(() => {});
    this.#optional = this.#files.then((files) => fetchOptional(options, files));
    this.#optional.catch(() => {});
    for (const promise of [this.#files, this.#wheels, this.#engine]) promise.catch(() => {});
  }

  /** The manifest, once it is here. */
  manifest() {
    return this.#manifest;
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
    const { program } = await this.#manifest;
    pyodide.FS.mkdirTree('/app');
    await (await this.#files).write(pyodide.FS, '/app');
    unpackWheels(pyodide, await this.#wheels);
    writeKept(pyodide.FS, await this.#kept);
    writeOptional(pyodide.FS, await this.#optional);
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
      if (traceback === '' && this.#keptCamera) {
        pyodide.runPython(`from layerw.live.reload import restore; restore(${JSON.stringify(this.#keptCamera)})`);
      }
      return traceback;
    } finally {
      pyodide.setInterruptBuffer(signal);
      run.destroy();
      this.flushOutput();
    }
  }
}

/** @typedef {{ program: string, records: [name: string, bytes: Uint8Array][], trouble: string }} Kept */

/**
 * @param {BootOptions} options
 * @param {Manifest} manifest
 * @param {ProgramFiles} files
 * @returns {Promise<Kept | null>}
 */
async function readKept({ appUrl }, manifest, files) {
  if (!mentionsStore(await files.modules())) return null;
  const program = new URL(appUrl, globalThis.location?.href).pathname + manifest.program + (manifest.place ?? '');
  return { program, ...await readRecords(program) };
}

/** @typedef {{ file: string, bytes: ArrayBuffer }} Optional */

/**
 * The modules that the program speaks of; without one Python says so where it is used.
 * @param {BootOptions} options
 * @param {ProgramFiles} files
 * @returns {Promise<Optional[]>}
 */
async function fetchOptional({ kernelsUrl, isolated, thread }, files) {
  const modules = await files.modules();
  const wanted = OPTIONAL.filter(({ words, threads }) => mentions(words, modules) && (!threads || (isolated && thread === 'worker')));
  const found = await Promise.all(wanted.map(({ name, file }) => fetchBytes(kernelsUrl + file, name)
    .then((bytes) => [{ file, bytes }], () => [])));
  return found.flat();
}

/** @param {any} FS of Pyodide @param {Optional[]} modules */
function writeOptional(FS, modules) {
  for (const { file, bytes } of modules) {
    const path = `${KERNELS_ROOT}/${file}`;
    FS.mkdirTree(path.slice(0, path.lastIndexOf('/')));
    FS.writeFile(path, new Uint8Array(bytes));
  }
}

/** @param {any} FS of Pyodide @param {Kept | null} kept */
function writeKept(FS, kept) {
  if (kept === null) return;
  FS.mkdirTree(STORE_ROOT);
  FS.writeFile(`${STORE_ROOT}/.program`, kept.program);
  if (kept.trouble !== '') FS.writeFile(`${STORE_ROOT}/.trouble`, kept.trouble);
  for (const [name, bytes] of kept.records) FS.writeFile(`${STORE_ROOT}/${encodeURIComponent(name)}.lw`, bytes);
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
