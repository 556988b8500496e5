/**
 * @file Prints what the page's transcoder makes of KTX2 files where a GPU has no compressed formats: ktx2_texels.json.
 * `node tests/unit/ktx2_texels.mjs FOLDER < files.json`, FOLDER with basis_transcoder.mjs and .wasm of the runtime;
 * files.json: {name: base64}. Of each file the levels from the largest to the smallest, each [width, height, base64].
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { transcode } from '../../web/transfer/decode/ktx2.js';

const folder = process.argv[2];
Object.assign(globalThis, { require: createRequire(import.meta.url), __filename: folder, __dirname: folder }); // Emscripten looks
const { default: load } = await import(pathToFileURL(`${folder}/basis_transcoder.mjs`).href);
const module = await load({ wasmBinary: readFileSync(`${folder}/basis_transcoder.wasm`) });
module.initializeBasis();
const found = {};
for (const [name, data] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  found[name] = [];
  for (let side = 1 << 14; side > 0; side >>= 1) {
    const { bytes: texels, width, height } = transcode(module, bytes, 1 << 24, side, 0);
    const last = found[name].at(-1);
    if (!last || last[0] !== width || last[1] !== height) found[name].push([width, height, Buffer.from(texels).toString('base64')]);
  }
}
console.log(JSON.stringify(found));
