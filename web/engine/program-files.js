/**
 * The files of the program's folder in Pyodide's file system, so that `open("level.json")` is plain Python.
 *
 * Owns: which files come before the program starts and which when they are opened first, and the wait for the latter.
 * Does not: fetch models, pictures and sounds for the engine (transfer/fetcher.js does).
 * Limits: what `manifest.json` lists. Modules always come first; data of EAGER_SUFFIXES too, the smallest first, up to
 * EAGER_BYTES_MAX together. Any other file is fetched whole by a synchronous request inside of open(): in a worker only
 * the program waits, on the page's thread (thread=main) the page does.
 */

import { fetchNow } from './fetch-now.js';

const EAGER_BYTES_MAX = 4 * 1024 * 1024;
const EAGER_SUFFIXES = new Set(['json', 'csv', 'tsv', 'txt', 'toml', 'yaml', 'yml', 'ini', 'xml', 'md', 'npy', 'npz', 'tmx',
  'sqlite', 'db', 'pickle', 'pkl', 'dat', 'map', 'level']);
const ENOENT = 44;
const EIO = 29;

/**
 * @typedef {{program: string, modules: string[], files?: Record<string, number>, files_left_out?: number,
 *   texts?: Record<string, string>}} Listing texts: of files that are not fetched
 * @typedef {(level: number, text: string) => void} Log
 */

/** The address of a file whose name may hold spaces, `#`, `%` and anything else. @param {string} base @param {string} name */
export function fileUrl(base, name) {
  return base + name.split('/').map(encodeURIComponent).join('/');
}

/**
 * The names to fetch before the program starts, modules left out.
 * @param {Record<string, number>} files sizes in bytes by name
 * @returns {string[]}
 */
export function eagerNames(files) {
  let left = EAGER_BYTES_MAX;
  return Object.entries(files)
    .filter(([name]) => EAGER_SUFFIXES.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase()))
    .sort(([, a], [, b]) => a - b)
    .filter(([, size]) => (left -= size) >= 0)
    .map(([name]) => name);
}

/** One program's files, from the list to the file system. */
export class ProgramFiles {
  /** @type {string} */
  #base;
  /** @type {Listing} */
  #listing;
  /** @type {Log} */
  #log;
  /** @type {Promise<{name: string, bytes: Uint8Array}[]>} */
  #fetched;

  /**
   * Starts every download at once.
   * @param {string} base folder of the program, ends with /
   * @param {Listing} listing
   * @param {(url: string, what: string) => Promise<Response>} fetchOk
   * @param {Log} log
   */
  constructor(base, listing, fetchOk, log) {
    this.#base = base;
    this.#listing = listing;
    this.#log = log;
    const one = async (/** @type {string} */ name) => {
      const text = listing.texts?.[name];
      if (text !== undefined) return { name, bytes: new TextEncoder().encode(text) };
      const response = await fetchOk(fileUrl(base, name), `The program's file ${name}`);
      return { name, bytes: new Uint8Array(await response.arrayBuffer()) };
    };
    const data = eagerNames(listing.files ?? {}).map((name) => one(name).catch(() => null)); // open() says what is wrong
    this.#fetched = Promise.all([...listing.modules.map(one), ...data])
      .then((all) => all.filter((file) => file !== null));
    this.#fetched.catch(() => {});
  }

  /** The Python files' bytes, once they are here. @returns {Promise<Uint8Array[]>} */
  async modules() {
    const modules = new Set(this.#listing.modules);
    return (await this.#fetched).filter(({ name }) => modules.has(name)).map(({ bytes }) => bytes);
  }

  /**
   * Writes what is here and makes a place for everything else.
   * @param {any} FS of Pyodide
   * @param {string} root
   */
  async write(FS, root) {
    const there = new Set();
    for (const { name, bytes } of await this.#fetched) {
      FS.mkdirTree(folderOf(`${root}/${name}`));
      FS.writeFile(`${root}/${name}`, bytes);
      there.add(name);
    }
    for (const [name, size] of Object.entries(this.#listing.files ?? {})) {
      if (!there.has(name)) this.#placeLater(FS, `${root}/${name}`, name, size);
    }
    const missed = this.#listing.files_left_out ?? 0;
    if (missed > 0) {
      this.#log(1, `The program's folder holds ${missed} files more than open() can reach (the limit is `
        + `${Object.keys(this.#listing.files ?? {}).length}); move what it does not read elsewhere.`);
    }
  }

  /**
   * A file with a size and no bytes; the first open() fetches them.
   * @param {any} FS
   * @param {string} path
   * @param {string} name
   * @param {number} size
   */
  #placeLater(FS, path, name, size) {
    FS.mkdirTree(folderOf(path));
    const node = FS.create(path, 0o644);
    const operations = node.stream_ops;
    node.usedBytes = size;
    node.stream_ops = {
      ...operations,
      open: (/** @type {any} */ stream) => {
        if (node.usedBytes === size) { // else it was opened to be written anew
          node.contents = this.#fetchNow(FS, name);
          node.usedBytes = node.contents.length;
        }
        node.stream_ops = stream.stream_ops = operations;
      },
    };
  }

  /**
   * @param {any} FS
   * @param {string} name
   * @returns {Uint8Array}
   */
  #fetchNow(FS, name) {
    const url = fileUrl(this.#base, name);
    let answer;
    try {
      answer = fetchNow(url);
    } catch (error) {
      this.#log(1, `open("${name}"): ${url} could not be fetched (${error}).`);
      throw new FS.ErrnoError(EIO);
    }
    if (answer.status < 200 || answer.status > 299) {
      this.#log(1, `open("${name}"): ${url} answered ${answer.status} ${answer.statusText}.`);
      throw new FS.ErrnoError(answer.status === 404 ? ENOENT : EIO);
    }
    return answer.bytes();
  }
}

/** @param {string} path */
function folderOf(path) {
  return path.slice(0, path.lastIndexOf('/'));
}
