/** The worker's port where the browser gives a worker no shared memory, as WebKit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerPort } from '../../web/transfer/decode/ports.js';

test('a mesh comes back as a message where shared memory can not be sent', () => {
  const got = [];
  let made;
  globalThis.location = { origin: 'null' }; // as this file's: the worker needs no blob, whose timer keeps node for a minute
  globalThis.Worker = class {
    constructor() { made = this; }
    postMessage(request) {
      if (request.target?.memory !== undefined) throw new DOMException('The object can not be cloned.', 'DataCloneError');
      got.push(request);
    }
    terminate() {}
  };
  try {
    const port = workerPort(() => {}, assert.fail);
    const descriptor = new Uint32Array(4);
    const target = { memory: new SharedArrayBuffer(8), address: 0, sizeBytes: 8 };
    port.post({ op: 'mesh', id: 1, descriptor, target }, [descriptor.buffer]); // waits
    made.onmessage({ data: { op: 'ready', id: 0 } });
    port.post({ op: 'mesh', id: 2, descriptor, target }, []);
    port.post({ op: 'release', id: 1 });
    assert.deepEqual(got.map(({ op, id, target }) => [op, id, target]),
      [['mesh', 1, undefined], ['mesh', 2, undefined], ['release', 1, undefined]]);
    assert.equal(got[0].descriptor, descriptor);
  } finally {
    delete globalThis.Worker;
    delete globalThis.location;
  }
});
