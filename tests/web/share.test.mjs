/** A program in a link of the gallery (tools/docsite/pages/share.js), and its element's text among the files of a program. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { LINK_CHARS_MAX, TEXT_BYTES_MAX, linkOf, textOf } from '../../tools/docsite/pages/share.js';
import { ProgramFiles } from '../../web/engine/program-files.js';

const PAGE = 'https://example.org/docs/gallery/hello.html?backend=webgl2';
const hashOf = (/** @type {string} */ link) => new URL(link).hash;

test('a program comes back as it was', async () => {
  const program = 'import layerw as lw\n\nprint("größer 🦊")\n' + '# more\n'.repeat(500);
  const link = await linkOf(program, PAGE);
  assert.ok(link.startsWith(`${PAGE}#code=`) && link.length < 300);
  assert.match(hashOf(link), /^#code=[\w-]+$/); // nothing that a mail or a chat would break
  assert.equal(await textOf(hashOf(link)), program);
  assert.equal(await textOf('#a-heading'), null);
});

test('what is too long is refused with its length, and what is damaged in words', async () => {
  await assert.rejects(linkOf(randomBytes(9000).toString('hex'), PAGE), new RegExp(`and ${LINK_CHARS_MAX} is the most`));
  const link = await linkOf('import layerw as lw\n'.repeat(20), PAGE);
  await assert.rejects(textOf(hashOf(link).slice(0, -6)), /damaged/);
  await assert.rejects(textOf('#code=%%%'), /damaged/);
  const large = ' '.repeat(TEXT_BYTES_MAX + 1); // its link would be short, and open nowhere
  await assert.rejects(linkOf(large, PAGE), /262145 bytes, and 262144 is the most/);
  await assert.rejects(textOf(`#code=${deflateRawSync(large).toString('base64url')}`), /larger than 256 KiB/);
});

test('a text stands for its file, and the others are fetched', async () => {
  /** @type {string[]} */
  const asked = [];
  const fetchOk = async (/** @type {string} */ url) => {
    asked.push(url);
    return new Response('other');
  };
  const listing = { program: 'main.py', modules: ['main.py', 'other.py'], texts: { 'main.py': 'print("ä")' } };
  const files = new ProgramFiles('https://example.org/app/', listing, fetchOk, () => {});
  const texts = (await files.modules()).map((bytes) => new TextDecoder().decode(bytes));
  assert.deepEqual(texts, ['print("ä")', 'other']);
  assert.deepEqual(asked, ['https://example.org/app/other.py']);
});
