/** The members of a stored zip (web/engine/archive.js); Python's half is tests/unit/test_engine_archive.py. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { zipMembers } from '../../web/engine/archive.js';

/** @param {[string, string][]} members @param {number} [method] */
function zipOf(members, method = 0) {
  const text = new TextEncoder();
  const locals = [];
  const entries = [];
  let at = 0;
  for (const [name, content] of members) {
    const [nameBytes, data] = [text.encode(name), text.encode(content)];
    const local = new DataView(new ArrayBuffer(30 + nameBytes.length + 4)); // four bytes of an extra field
    local.setUint32(0, 0x04034b50, true);
    local.setUint16(26, nameBytes.length, true);
    local.setUint16(28, 4, true);
    new Uint8Array(local.buffer).set(nameBytes, 30);
    const entry = new DataView(new ArrayBuffer(46 + nameBytes.length));
    entry.setUint32(0, 0x02014b50, true);
    entry.setUint16(10, method, true);
    for (const place of [20, 24]) entry.setUint32(place, data.length, true);
    entry.setUint16(28, nameBytes.length, true);
    entry.setUint32(42, at, true);
    new Uint8Array(entry.buffer).set(nameBytes, 46);
    locals.push(new Uint8Array(local.buffer), data);
    entries.push(new Uint8Array(entry.buffer));
    at += local.byteLength + data.length;
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(10, members.length, true);
  end.setUint32(16, at, true);
  return Uint8Array.from([...locals, ...entries, new Uint8Array(end.buffer)].flatMap((part) => [...part])).buffer;
}

test('offsets lead to the content of each member', () => {
  const members = /** @type {[string, string][]} */ ([['layerw/app.py', 'x = 1\n'], ['layerw/empty.py', ''], ['layerw/é.py', 'y']]);
  const zip = zipOf(members);
  const found = zipMembers(zip);
  assert.deepEqual(Object.keys(found), members.map(([name]) => name));
  for (const [name, content] of members) assert.equal(new TextDecoder().decode(new Uint8Array(zip, ...found[name])), content);
});

test('other bytes are told', () => {
  assert.throws(() => zipMembers(new ArrayBuffer(0)), /do not end as a zip does/);
  assert.throws(() => zipMembers(new ArrayBuffer(100)), /do not end as a zip does/);
  assert.throws(() => zipMembers(zipOf([['a.py', 'x']], 8)), /a\.py is compressed/);
  const cut = zipOf([['a.py', 'x']]).slice(1);
  assert.throws(() => zipMembers(cut), /directory is damaged/);
});
