// A notebook's view and the program's page in its frame, with windows that post to each other: arrays both ways, tokens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinNotebook } from '../../web/page/notebook-frame.js';
import view from '../../web/page/notebook.js';

const ORIGIN = 'http://127.0.0.1:5000';

/** A window, as far as messages go: `above` hears with addEventListener, `inner` is the frame's. */
function windows() {
  const listeners = { above: [], inner: [] };
  const copies = (to, source, origin) => (data, _target, moved = []) => {
    const copy = structuredClone(data, { transfer: moved });
    // structuredClone drops what a view was given by hand, as postMessage does
    for (const listener of [...listeners[to]]) listener({ data: copy, origin, source });
  };
  const frameWindow = {};
  const parent = {};
  frameWindow.postMessage = copies('inner', parent, 'http://localhost:8888');
  parent.postMessage = copies('above', frameWindow, ORIGIN);
  return { listeners, frameWindow, parent };
}

function notebook(state) {
  const { listeners, frameWindow, parent } = windows();
  const heard = new Map();
  const sent = [];
  const model = {
    get: (name) => ({ address: `${ORIGIN}/?notebook=secret`, token: 'secret', height: 100, error: '', listens: ['came'], ...state })[name],
    on: (name, call) => heard.set(name, call), off: (name) => heard.delete(name), send: (...given) => sent.push(given),
  };
  const made = [];
  globalThis.document = { createElement: (kind) => {
    const element = { kind, style: {}, children: [], append: (...more) => element.children.push(...more), remove() { element.gone = true; } };
    if (kind === 'iframe') element.contentWindow = frameWindow;
    made.push(element);
    return element;
  } };
  globalThis.addEventListener = (_name, call) => listeners.above.push(call);
  globalThis.removeEventListener = (_name, call) => listeners.above.splice(listeners.above.indexOf(call), 1);
  const el = { append() {} };
  const end = view.render({ model, el });
  const program = new EventTarget();
  const taken = [];
  program.send = (name, value) => taken.push([name, value]);
  const join = (token) => {
    globalThis.parent = parent;
    globalThis.addEventListener = (_name, call) => listeners.inner.push(call);
    joinNotebook(program, token);
  };
  return { model, heard, sent, made, end, program, taken, join, listeners, parent };
}

function said(program, name, detail) {
  program.dispatchEvent(Object.assign(new Event(name), { detail }));
}

test('what the kernel sends before the page listens waits, and arrays keep their kind and shape', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { heard, taken, join, made, end } = notebook({});
  const bytes = new Uint8Array([9, 9, 9, 9, ...new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer)]);
  const part = new DataView(bytes.buffer, 4, 24); // not aligned to anything, as they come in a larger buffer
  heard.get('msg:custom')({ name: 'points', value: { of: [{ $array: 0, dtype: 'float32', shape: [2, 3] }], level: 3 } }, [part]);
  assert.deepEqual(taken, []);
  join('secret');
  const [[name, value]] = taken;
  assert.equal(name, 'points');
  assert.deepEqual([...value.of[0]], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(value.of[0].shape, [2, 3]);
  assert.equal(value.level, 3);
  assert.ok(made.find((one) => one.kind === 'iframe').src.startsWith(ORIGIN));
  end();
});

test('what the program says comes to the kernel, of names that it listens to', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { program, sent, join, end } = notebook({});
  join('secret');
  const found = Object.assign(new Float64Array([1, 2, 3, 4]), { shape: [2, 2] });
  said(program, 'came', { rows: 2, found });
  said(program, 'other', 1);
  assert.equal(sent.length, 1);
  const [content, , parts] = sent[0];
  assert.deepEqual(content, { name: 'came', value: { rows: 2, found: { $array: 0, dtype: 'float64', shape: [2, 2] } } });
  assert.deepEqual([...new Float64Array(parts[0])], [1, 2, 3, 4]);
  end();
});

test('another token is not heard, by neither side', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { program, sent, taken, join, heard, end } = notebook({});
  join('guessed');
  heard.get('msg:custom')({ name: 'a', value: 1 }, []);
  said(program, 'came', 1);
  assert.deepEqual([taken, sent], [[], []]);
  end();
});

test('no answer, an error and an ended program are told', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const silent = notebook({});
  t.mock.timers.tick(20_000);
  assert.match(silent.made[1].textContent, /did not answer at http:\/\/127\.0\.0\.1:5000.*address=/);
  assert.equal(notebook({ error: 'No network.' }).made[1].textContent, 'No network.');
  assert.match(notebook({ address: '' }).made[1].textContent, /run its cell again/);
});
