/** @file Builds the meshes that test_native_meshes.py describes: one line of hexadecimal each, bytes and payload. */
import { readFileSync } from 'node:fs';
import { buildMesh } from '../../web/transfer/decode/mesh.js';

for (const { words, data } of JSON.parse(readFileSync(0, 'utf8'))) {
  const buffer = new Uint8Array(Buffer.from(data, 'hex')).buffer;
  const { bytes, payload } = buildMesh(new Uint32Array(words), () => buffer);
  console.log(Buffer.from(bytes).toString('hex'), Buffer.from(payload.buffer).toString('hex'));
}
