// @ts-check
/**
 * @file The page's half of the store (layerw/saves/): writes what the program keeps into IndexedDB.
 *
 * Owns: the order of writes. Does not: read; boot.js does, before the program starts.
 */
import { openRecords, writeRecords } from '../../engine/store-records.js';

/** @type {import('../subsystems.js').Start} */
export function start({ send }) {
  /** @type {Promise<IDBDatabase> | null} */
  let opening = null;
  let last = Promise.resolve();
  /** @param {string} program @param {Record<string, Uint8Array | null>} records */
  const write = async (program, records) => {
    try {
      const database = await (opening ??= openRecords());
      await writeRecords(database, program, records);
    } catch (error) {
      opening = null;
      send({ failed: await reason(records, error) });
    }
  };
  return {
    receive: ({ program, records }) => {
      last = last.then(() => write(program, records));
    },
    close: () => {
      last.then(() => opening).then((database) => database?.close(), () => {});
    },
  };
}

/** @param {Record<string, Uint8Array | null>} records @param {any} error */
async function reason(records, error) {
  const names = Object.keys(records).map((name) => name.slice(2)).join(', ');
  const bytes = Object.values(records).reduce((sum, one) => sum + (one?.length ?? 0), 0);
  /** @type {StorageEstimate | undefined} */
  const estimate = await navigator.storage?.estimate?.().catch(() => undefined);
  const room = error?.name === 'QuotaExceededError' ? `, as ${estimate?.usage ?? 0} of the ${estimate?.quota ?? 0} bytes that this site may keep are taken` : '';
  return `The browser did not keep ${names} (${bytes} bytes)${room} (${error}).`;
}
