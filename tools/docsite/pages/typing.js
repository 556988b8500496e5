/**
 * basedpyright in workers of its own: completion, what a name is, and what is wrong, of one text.
 *
 * Owns: the workers and the messages with them (the Language Server Protocol, posted as objects). It is fetched by
 * `start`: 3 MB packed. Does not: show anything (completing.js does), or run Python.
 */

const HERE = typeof document === 'undefined' ? '' : new URL('./typing/', import.meta.url).href;
const ROOT = 'file:///src';
const LIBRARIES = '/lib'; // as in typed.py
const STARTS_MS = 120_000;
const CLIENT = {
  processId: null, rootUri: ROOT, workspaceFolders: [{ uri: ROOT, name: 'src' }],
  capabilities: {
    textDocument: {
      completion: { completionItem: { documentationFormat: ['plaintext'], resolveSupport: { properties: ['documentation', 'detail'] } } },
      hover: { contentFormat: ['plaintext'] },
      publishDiagnostics: {},
    },
    workspace: { configuration: true, workspaceFolders: true },
  },
};
// Only what is surely a mistake: columns of numpy and components by attribute are beyond types without annotations.
const ANALYSIS = {
  autoImportCompletions: false, typeshedPaths: ['/typeshed'], extraPaths: [LIBRARIES], diagnosticMode: 'openFilesOnly',
  typeCheckingMode: 'off', diagnosticSeverityOverrides: { reportUndefinedVariable: 'error' },
};
const SEVERITY_MAX = 2; // hints of unused names are no mistakes

/** @typedef {{line: number, character: number}} Position from 0, in UTF-16 units */
/** @typedef {{start: Position, end: Position}} Range */
/** @typedef {{range: Range, severity: number, message: string}} Diagnostic severity: 1 error, 2 warning */

/** One program, known to basedpyright. */
export class Typing {
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #asked = new Map();
  /** @type {Worker[]} */
  #workers = [];
  #next = 1;
  #version = 1;
  #known = '';

  /**
   * @param {string} file the program's name
   * @param {(found: Diagnostic[]) => void} found what is wrong with the newest text
   * @param {string} [folder] where docsite/typed.py wrote
   */
  constructor(file, found, folder = HERE) {
    this.uri = `${ROOT}/${file}`;
    this.found = found;
    this.folder = folder;
  }

  /** Starts it: rejects where its files don't come, or the browser refuses such workers. @param {string} text */
  async start(text) {
    const files = JSON.parse(await inflated(`${this.folder}files.json.gz`));
    files[this.uri.slice('file://'.length)] = text;
    const worker = this.#worker({ mode: 'foreground' });
    worker.onmessage = ({ data }) => this.#heard(data);
    const failed = new Promise((_, reject) => {
      worker.onerror = (event) => reject(new Error(event.message || 'the worker did not start'));
      setTimeout(() => reject(new Error('no answer came')), STARTS_MS);
    });
    await Promise.race([failed, this.#ask('initialize', { ...CLIENT, initializationOptions: { files } })]);
    this.#tell('initialized', {});
    this.#known = text;
    this.#tell('textDocument/didOpen', { textDocument: { uri: this.uri, languageId: 'python', version: 1, text } });
  }

  /** @param {string} text the whole program, as it is now */
  update(text) {
    if (text === this.#known) return;
    this.#known = text;
    this.#version += 1;
    this.#tell('textDocument/didChange', { textDocument: { uri: this.uri, version: this.#version }, contentChanges: [{ text }] });
  }

  /** What can stand at a place. @param {Position} position @returns {Promise<any[]>} items of the protocol */
  async completions(position) {
    const found = await this.#ask('textDocument/completion', { textDocument: { uri: this.uri }, position, context: { triggerKind: 1 } });
    return found?.items ?? found ?? [];
  }

  /** Its documentation. @param {any} item one of `completions` @returns {Promise<string>} */
  async explain(item) {
    const { detail = '', documentation = '' } = await this.#ask('completionItem/resolve', item);
    return documentation.value ?? (documentation || detail);
  }

  /** What the name there is; '' where nothing is known. @param {Position} position @returns {Promise<string>} */
  async hover(position) {
    const found = await this.#ask('textDocument/hover', { textDocument: { uri: this.uri }, position });
    return found?.contents?.value ?? '';
  }

  /** Ends the workers. */
  stop() {
    for (const worker of this.#workers) worker.terminate();
    for (const { reject } of this.#asked.values()) reject(new Error('stopped'));
    this.#asked.clear();
  }

  /** @param {Record<string, unknown>} boot @param {Transferable[]} [given] */
  #worker(boot, given = []) {
    const worker = new Worker(`${this.folder}pyright.js`);
    this.#workers.push(worker);
    worker.postMessage({ type: 'browser/boot', ...boot }, given);
    return worker;
  }

  /** @param {string} method @param {unknown} params @returns {Promise<any>} */
  #ask(method, params) {
    return new Promise((resolve, reject) => {
      this.#asked.set(this.#next, { resolve, reject });
      this.#workers[0].postMessage({ jsonrpc: '2.0', id: this.#next, method, params });
      this.#next += 1;
    });
  }

  /** @param {string} method @param {unknown} params */
  #tell(method, params) {
    this.#workers[0].postMessage({ jsonrpc: '2.0', method, params });
  }

  /** @param {any} data */
  #heard(data) {
    if (data.type === 'browser/newWorker') {
      this.#worker({ mode: 'background', initialData: data.initialData, port: data.port }, [data.port]);
    } else if (data.method === undefined) {
      const waits = this.#asked.get(data.id);
      this.#asked.delete(data.id);
      if (data.error) waits?.reject(new Error(data.error.message));
      else waits?.resolve(data.result);
    } else if (data.method === 'textDocument/publishDiagnostics' && data.params.uri === this.uri) {
      if ((data.params.version ?? this.#version) === this.#version) {
        this.found(data.params.diagnostics.filter((/** @type {Diagnostic} */ one) => one.severity <= SEVERITY_MAX));
      }
    } else if (data.id !== undefined) { // it asks; all but the settings is only told
      const result = data.method === 'workspace/configuration' ? data.params.items.map(settings) : null;
      this.#workers[0].postMessage({ jsonrpc: '2.0', id: data.id, result });
    }
  }
}

/** @param {{section?: string}} item */
function settings({ section = '' }) {
  return section.endsWith('.analysis') ? ANALYSIS : section === 'python' ? { pythonPath: '' } : { analysis: ANALYSIS };
}

/** A packed text; some hosts unpack it on the way. @param {string} address */
async function inflated(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answers ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const stream = new Blob([bytes]).stream();
  return new Response(packed ? stream.pipeThrough(new DecompressionStream('gzip')) : stream).text();
}
