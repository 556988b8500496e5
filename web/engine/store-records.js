// @ts-check
/**
 * @file What programs keep in IndexedDB: bytes by program and name.
 *
 * Owns: the database. boot.js reads a program's records before it starts, where its files mention them; the page's half
 * (page/subsystems/store.js) writes. Does not: know what the bytes mean; layerw/saves/ does.
 * Limits: as the browser's quota; a program is the address of its folder and its file.
 */
import { mentions } from './mentions.js';

const DATABASE = 'layerw';
const RECORDS = 'records';
/** A program that says none of these has no store, and its start waits for nothing. */
const MENTIONS = /\.\s*(store|saves?|restore)\b/;

/** @param {Iterable<Uint8Array>} modules the program's Python files */
export const mentionsStore = (modules) => mentions(MENTIONS, modules);

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** @returns {Promise<IDBDatabase>} */
export function openRecords() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(RECORDS);
  return done(request);
}

/** @param {string} program */
const allOf = (program) => IDBKeyRange.bound([program], [program, []]);

/**
 * @param {string} program
 * @returns {Promise<{ records: [name: string, bytes: Uint8Array][], trouble: string }>} trouble: why there are none
 */
export async function readRecords(program) {
  try {
    const database = await openRecords();
    try {
      const records = database.transaction(RECORDS).objectStore(RECORDS);
      const [keys, values] = await Promise.all([done(records.getAllKeys(allOf(program))), done(records.getAll(allOf(program)))]);
      return { records: keys.map((key, number) => [/** @type {string[]} */ (key)[1], values[number]]), trouble: '' };
    } finally {
      database.close();
    }
  } catch (error) {
    return { records: [], trouble: `The browser does not let this page keep anything (${error}).` };
  }
}

/**
 * Writes all or nothing.
 * @param {IDBDatabase} database
 * @param {string} program
 * @param {Record<string, Uint8Array | null>} changes null: no more
 * @returns {Promise<void>}
 */
export function writeRecords(database, program, changes) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(RECORDS, 'readwrite');
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    const records = transaction.objectStore(RECORDS);
    for (const [name, bytes] of Object.entries(changes)) {
      if (bytes === null) records.delete([program, name]);
      else records.put(bytes, [program, name]);
    }
  });
}
