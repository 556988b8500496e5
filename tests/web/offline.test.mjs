/** The page's half of an export's service worker (web/page/offline.js): one version at a time, also where the newer one is late. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { keepForOffline, newestVersion } from '../../web/page/offline.js';

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

test('a newer version that the browser found before the first frame is told as well', async (t) => {
  for (const state of ['waiting', 'installing']) {
    const said = t.mock.method(console, 'log', () => {});
    const worker = Object.assign(new EventTarget(), { state });
    const registration = Object.assign(new EventTarget(), { waiting: null, installing: null, [state]: worker });
    const register = t.mock.fn(async () => registration);
    const workers = Object.assign(new EventTarget(), { controller: {}, startMessages() {}, register });
    Object.defineProperty(globalThis, 'navigator', { value: { serviceWorker: workers }, configurable: true });
    Object.defineProperty(globalThis, 'location', { value: { search: '', hostname: 'play.example' }, configurable: true });
    await keepForOffline(state === 'waiting' ? undefined : '../sw.js'); // the pages of the documentation lie deeper
    if (state === 'installing') {
      assert.equal(said.mock.callCount(), 0);
      worker.state = 'installed';
      worker.dispatchEvent(new Event('statechange'));
    }
    assert.deepEqual(said.mock.calls.map((call) => call.arguments), [['A newer version of this page is here; the next start has it.']]);
    assert.equal(register.mock.calls[0].arguments.at(0), state === 'waiting' ? 'sw.js' : '../sw.js');
    said.mock.restore();
  }
});
