// @ts-check
/**
 * @file What a program is made of: its files, the packages beside it, kernels that it speaks of, records that it kept.
 *
 * Owns: that all of it is fetched at once, and where it lies in Pyodide's file system. Does not: run it (boot.js).
 * Limits: a program is the folder that `manifest.json` lists.
 */
import { BootError, fetchBytes, fetchOk } from './fetch-ok.js';
import { ProgramFiles } from './program-files.js';
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
 */

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

/** Of one start. */
export class ProgramParts {
  /**
   * @param {import('./boot.js').BootOptions} options
   * @param {(level: number, text: string) => void} log
   * @param {Set<string>} unpacked packages that are there already, as JSON
   */
  constructor(options, log, unpacked = new Set()) {
    this.unpacked = unpacked;
    this.manifest = fetchManifest(options);
    this.wheels = this.manifest.then((manifest) => fetchWheels(options.appUrl, this.#missing(manifest), fetchOk));
    this.files = this.manifest.then((manifest) => new ProgramFiles(options.appUrl, withText(manifest, options.text), fetchOk, log));
    /** What the program keeps, if it mentions that. */
    this.kept = Promise.all([this.manifest, this.files]).then(([manifest, files]) => readKept(options, manifest, files));
    this.optional = this.files.then((files) => fetchOptional(options, files));
    for (const promise of [this.files, this.wheels, this.kept, this.optional]) promise.catch(() => {});
  }

  /** When all of it is here. */
  async whole() {
    await Promise.all([this.files, this.wheels, this.kept, this.optional]);
  }

  /** Where Python finds it. @param {any} pyodide */
  async write(pyodide) {
    pyodide.FS.mkdirTree('/app');
    await (await this.files).write(pyodide.FS, '/app');
    unpackWheels(pyodide, await this.wheels);
    for (const wheel of this.#missing(await this.manifest)) this.unpacked.add(JSON.stringify(wheel));
    writeKept(pyodide.FS, await this.kept);
    writeOptional(pyodide.FS, await this.optional);
  }

  /** @param {Manifest} manifest @returns {import('./wheels.js').Wheel[]} */
  #missing({ wheels = [] }) {
    return wheels.filter((wheel) => !this.unpacked.has(JSON.stringify(wheel)));
  }
}

/**
 * @param {import('./boot.js').BootOptions} options
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

/** @typedef {{ program: string, records: [name: string, bytes: Uint8Array][], trouble: string }} Kept */

/**
 * @param {import('./boot.js').BootOptions} options
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
 * @param {import('./boot.js').BootOptions} options
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
