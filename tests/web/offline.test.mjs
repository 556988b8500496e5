/** The page's half of an export's service worker (web/page/offline.js): one version at a time, also where the newer one is late. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { newestVersion } from '../../web/page/offline.js';

/** A page whose newer version waits. @param {import('node:test').TestContext} t */
function page(t) {
  const told = /** @type {string[]} */ ([]);
  const workers = Object.assign(new EventTarget(), {
    controller: {},
    getRegistration: async () => ({ waiting: { postMessage: (/** @type {string} */ text) => told.push(text) } }),
  });
  const plant = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    t.after(() => { if (before) Object.defineProperty(globalThis, name, before); else Reflect.deleteProperty(globalThis, name); });
  };
  plant('navigator', { serviceWorker: workers });
  plant('location', { search: '', hostname: 'play.example', reload: () => told.push('reload') });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return { told, replaced: () => workers.dispatchEvent(new Event('controllerchange')) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a newer version that takes over begins, and the page with the old one starts nothing', async (t) => {
  const { told, replaced } = page(t);
  let started = false;
  newestVersion().then(() => { started = true; });
  await turn();
  assert.deepEqual(told, ['take over']);
  replaced();
  await turn();
  t.mock.timers.tick(3000);
  await turn();
  assert.deepEqual([told, started], [['take over', 'reload'], false]);
});

test('one that is late lets the old one start, and ends it when it comes', async (t) => {
  const { told, replaced } = page(t);
  const start = newestVersion();
  await turn();
  t.mock.timers.tick(3000);
  await start;
  assert.deepEqual(told, ['take over']);
  replaced();
  await turn();
  assert.deepEqual(told, ['take over', 'reload']);
});
