/** A file that a start needs and does not get: why, in the server's own words where it has some. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchOk } from '../../web/engine/fetch-ok.js';

const answers = async (body, init) => {
  globalThis.fetch = async () => new Response(body, init);
  return fetchOk('/app/manifest.json', 'The list').then(() => '', (error) => error.message);
};
const plain = { 'content-type': 'text/plain; charset=utf-8' };

test('what a server that failed says is told, and no page of a proxy', async () => {
  const full = await answers('The folder /tmp holds more than 500 Python files.', { status: 500, headers: plain });
  assert.match(full, /The list is missing: .* answered 500.*\. The folder \/tmp holds more than 500 Python files\./);
  assert.doesNotMatch(await answers('<html>', { status: 502, headers: { 'content-type': 'text/html' } }), /html/);
  assert.doesNotMatch(await answers('There is no such file.', { status: 404, headers: plain }), /no such/);
  assert.ok((await answers('x'.repeat(5000), { status: 500, headers: plain })).length < 500);
  assert.equal(await answers('fine', { status: 200 }), '');
});
