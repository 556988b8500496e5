/** Containers, hashes, image headers and mesh building, on real and on broken input. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { openModel, JSON_BYTES_MAX } from '../../web/transfer/decode/containers.js';
import { checkHash, sha256Slow } from '../../web/transfer/decode/hash.js';
import { imageSize } from '../../web/transfer/decode/image_header.js';
import { withoutOrientation } from '../../web/transfer/decode/orientation.js';
import { decodeImage } from '../../web/transfer/decode/images.js';
import { scaledSize } from '../../web/transfer/decode/scaled-size.js';
import { buildMesh } from '../../web/transfer/decode/mesh.js';
import { octahedral } from '../../web/transfer/decode/vertices.js';
import { descriptor, makeGlb, readShared, sharedReason } from './support.mjs';

const F32 = 5126, U8 = 5121, U16 = 5123, I16 = 5122, I8 = 5120, U32 = 5125;

/** Decodes the octahedral normal, as the shaders do. */
function decodeNormal(word) {
  const u = Math.max(-1, ((word << 16) >> 16) / 32767), v = Math.max(-1, (word >> 16) / 32767);
  let n = [u, v, 1 - Math.abs(u) - Math.abs(v)];
  if (n[2] < 0) n = [(1 - Math.abs(v)) * (u < 0 ? -1 : 1), (1 - Math.abs(u)) * (v < 0 ? -1 : 1), n[2]];
  const length = Math.hypot(...n);
  return n.map((x) => x / length);
}
const close = (a, b, limit = 1e-4) => assert.ok(a.every((x, i) => Math.abs(x - b[i]) <= limit), `${a} is not ${b}`);

test('octahedral normals survive within 0.01 degrees', () => {
  for (let i = 0; i < 1000; i += 1) {
    const z = 1 - (2 * i + 1) / 1000, r = Math.sqrt(1 - z * z), a = i * 2.39996;
    const n = [r * Math.cos(a), r * Math.sin(a), z];
    close(decodeNormal(octahedral(...n)), n, 1.5e-4);
  }
});

test('Fox.glb splits into JSON and BIN', { skip: sharedReason }, () => {
  const { json, bin, container } = openModel(readShared('models/Fox.glb'));
  const root = JSON.parse(new TextDecoder().decode(json));
  assert.equal(container, 1);
  assert.equal(root.asset.version, '2.0');
  assert.ok(bin.byteLength - root.buffers[0].byteLength < 4);
});

test('a b3dm splits, and its RTC_CENTER arrives in the JSON', { skip: sharedReason }, () => {
  const file = readShared('tilesets/TilesetWithDiscreteLOD/dragon_low.b3dm');
  const { json, bin, container } = openModel(file.slice(0));
  assert.equal(container, 2);
  const [part] = JSON.parse(new TextDecoder().decode(json)).layerw_parts;
  assert.deepEqual(part.bin, [0, part.gltf.buffers[0].byteLength]);
  assert.equal(bin.byteLength, part.bin[1]);
  const table = '{"BATCH_LENGTH":0,"RTC_CENTER":[1,2,3]}'.padEnd(44);
  const bytes = new Uint8Array(file.byteLength + table.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new Uint8Array(file, 0, 28));
  view.setUint32(8, file.byteLength - 20 + table.length, true);
  view.setUint32(12, table.length, true);
  bytes.set(new TextEncoder().encode(table), 28);
  bytes.set(new Uint8Array(file, 48), 28 + table.length);
  const moved = openModel(bytes.buffer);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(moved.json)).layerw_parts[0].feature.RTC_CENTER, [1, 2, 3]);
});

test('broken containers say what is wrong', () => {
  const glb = makeGlb('{"asset":{"version":"2.0"}}', new Uint8Array(16));
  const edit = (change) => {
    const copy = glb.slice();
    change(new DataView(copy.buffer));
    return copy.buffer;
  };
  const cases = [
    [glb.slice(0, 30).buffer, /cut off/],
    [glb.slice(0, 10).buffer, /headers alone need 20/],
    [edit((v) => v.setUint32(4, 1, true)), /version 1; only version 2/],
    [edit((v) => v.setUint32(8, 1000, true)), /says that it has 1000 bytes, but only \d+ arrived/],
    [edit((v) => v.setUint32(12, 0xfffffff0, true)), /chunk at byte 12 has 4294967280 bytes, but only/],
    [edit((v) => v.setUint32(16, 7, true)), /first chunk of the glb is not JSON/],
    [new TextEncoder().encode('<html>').buffer, /starts with "<htm" and is neither/],
    [new ArrayBuffer(0), /neither glTF JSON nor glb/],
    [new TextEncoder().encode('i3dm1234').buffer, /"i3dm"/],
  ];
  for (const [buffer, message] of cases) assert.throws(() => openModel(buffer), message);
  const large = new Uint8Array(JSON_BYTES_MAX + 1).fill(32);
  large[0] = 0x7b;
  assert.throws(() => openModel(large.buffer), /JSON has 16777217 bytes; at most 16777216/);
});

test('both sha256 agree and a wrong prefix is refused', async () => {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 1000]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255);
    const hex = createHash('sha256').update(bytes).digest('hex');
    assert.equal(sha256Slow(bytes.buffer), hex);
    await checkHash(bytes.buffer, hex.slice(0, 16), 'x');
  }
  await assert.rejects(checkHash(new ArrayBuffer(3), 'abcd', 'tile.glb'), /tile.glb has sha256 [0-9a-f]{16}, but abcd was expected/);
});

test('image headers', { skip: sharedReason }, () => {
  const png = new Uint8Array(readShared('models/FlightHelmet/FlightHelmet_Materials_LensesMat_Normal.png'));
  const { width, height, type } = imageSize(png);
  assert.equal(type, 'image/png');
  assert.ok(width > 0 && width === height);
});

test('JPEG and WebP headers, and what is no image', () => {
  const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xff, 0xc2, 0, 11, 8, 1, 2, 3, 4, 1);
  assert.deepEqual(imageSize(jpeg), { type: 'image/jpeg', width: 0x304, height: 0x102 });
  assert.throws(() => imageSize(jpeg.slice(0, 12)), /no frame header/);
  const webp = new Uint8Array(30);
  webp.set(new TextEncoder().encode('RIFF....WEBPVP8X'));
  webp.set([9, 0, 0, 19, 0, 0], 24);
  assert.deepEqual(imageSize(webp), { type: 'image/webp', width: 10, height: 20 });
  const avif = new Uint8Array(64);
  avif.set(new TextEncoder().encode('    ftypavif'), 0);
  for (const [at, side] of [[24, 7], [44, 300]]) {
    avif.set(new TextEncoder().encode('ispe'), at);
    avif.set([0, 0, side >> 8, side & 255, 0, 0, 0, 9], at + 8);
  }
  assert.deepEqual(imageSize(avif), { type: 'image/avif', width: 300, height: 9 });
  assert.throws(() => imageSize(avif.slice(0, 24)), /AVIF image of 24 bytes ends inside of its header/);
  assert.throws(() => imageSize(new Uint8Array(40)), /neither PNG nor JPEG nor WebP nor AVIF/);
  assert.throws(() => imageSize(new Uint8Array(0)), /image of 0 bytes/);
});

test('a texture of 65,536 x 65,536 is refused before it is decoded', async () => {
  const png = new Uint8Array(64);
  const view = new DataView(png.buffer);
  view.setUint32(0, 0x89504e47);
  view.setUint32(16, 65536);
  view.setUint32(20, 65536);
  const decode = () => assert.fail('decoded');
  await assert.rejects(decodeImage(png, 2 ** 32 - 1, 1024, decode), (error) => {
    assert.match(error.message, /65536 x 65536 pixels; at most 8192/);
    return error.code === 2 && error.a === 65536 && error.b === 65536;
  });
});

test('an image over max_bytes tells its size; options keep texels as they are', async () => {
  const png = new Uint8Array(64);
  const view = new DataView(png.buffer);
  view.setUint32(0, 0x89504e47);
  view.setUint32(16, 2000);
  view.setUint32(20, 1000);
  const PEAK = (2000 * 1000 + 1024 * 512) * 4; // at full size and scaled
  let seen;
  const decode = async (blob, options) => { seen = options; return { width: 1024, height: 512 }; };
  await assert.rejects(decodeImage(png, PEAK - 1, 1024, decode), (e) => e.code === 2 && e.a === 2000 && e.b === 1000);
  await decodeImage(png, PEAK, 1024, decode);
  assert.deepEqual(seen, { premultiplyAlpha: 'none', colorSpaceConversion: 'none', resizeWidth: 1024, resizeHeight: 512, resizeQuality: 'high' });
  assert.deepEqual(scaledSize(3, 4096, 1024), [1, 1024]);
  assert.deepEqual(scaledSize(512, 256, 1024), [512, 256]);
});

// -- meshes ----------------------------------------------------------------------------------------------------------
const QUAD = Float32Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0);
const quadBuffer = (indices) => {
  const buffer = new ArrayBuffer(48 + 16);
  new Float32Array(buffer).set(QUAD);
  new Uint16Array(buffer, 48).set(indices);
  return buffer;
};
const POSITIONS = [1, 7, 0, 0, F32, 3, 0, 4];
const build = (options, buffer) => buildMesh(descriptor(options), () => buffer);
const listOf = (mesh) => [...new Uint16Array(mesh.bytes.buffer, mesh.vertexCount * 32, mesh.indexCount)];

test('strips, fans, loops and lists become lists', () => {
  const buffer = quadBuffer([0, 1, 3, 2]);
  const index = [0, 7, 48, 0, U16, 1, 0, 4];
  const list = (topology, indices, extra = {}) => listOf(build({ vertices: 4, indices, topology, index, attributes: [POSITIONS], ...extra }, buffer));
  assert.deepEqual(list(0, 4), [0, 1, 3, 2]);
  assert.deepEqual(list(1, 4), [0, 1, 3, 2]);
  assert.deepEqual(list(2, 8), [0, 1, 1, 3, 3, 2, 2, 0]);
  assert.deepEqual(list(3, 6), [0, 1, 1, 3, 3, 2]);
  assert.deepEqual(list(4, 3), [0, 1, 3]);
  assert.deepEqual(list(5, 6), [0, 1, 3, 1, 2, 3]);
  assert.deepEqual(list(6, 6), [1, 3, 0, 3, 2, 0]);
  assert.deepEqual(list(5, 6, { index: undefined }), [0, 1, 2, 1, 3, 2]);
});

test('flat normals, with u8 and u32 indices', () => {
  for (const [type, Type] of [[U8, Uint8Array], [U32, Uint32Array]]) {
    const buffer = new ArrayBuffer(48 + 24);
    new Float32Array(buffer).set(QUAD);
    new Type(buffer, 48).set([0, 1, 2, 0, 2, 3]);
    const mesh = build({ vertices: 6, indices: 6, flags: 1, index: [0, 7, 48, 0, type, 1, 0, 6], attributes: [POSITIONS] }, buffer);
    assert.deepEqual(listOf(mesh), [0, 1, 2, 3, 4, 5]);
    const words = new Int32Array(mesh.bytes.buffer);
    for (let v = 0; v < 6; v += 1) close(decodeNormal(words[8 * v + 3]), [0, 0, 1]);
    assert.deepEqual([...new Float32Array(mesh.bytes.buffer).subarray(24, 27)], [0, 0, 0]);
  }
});

test('payload of the result; the default colour is white', () => {
  const mesh = build({ vertices: 4, indices: 3, attributes: [POSITIONS] }, quadBuffer([]));
  assert.deepEqual([...mesh.payload], [0, 0, 0, 1, 1, 0, Math.fround(Math.SQRT1_2)]);
  assert.equal(new Uint32Array(mesh.bytes.buffer)[7], 0xffffffff);
});

test('a transform moves positions, turns normals, and a mirror flips winding and bitangents', () => {
  const buffer = new ArrayBuffer(200);
  new Float32Array(buffer).set(QUAD);
  for (let v = 0; v < 4; v += 1) new Float32Array(buffer, 48).set([0.6, 0.8, 0, 1], v * 4);
  const attributes = [POSITIONS, [2, 7, 48, 16, F32, 3, 0, 4], [3, 7, 48, 0, F32, 4, 0, 4]];
  const scale = [2, 0, 0, 5, 0, 1, 0, 6, 0, 0, 1, 7];
  const plain = build({ vertices: 4, indices: 3, flags: 2, matrix: scale, attributes }, buffer);
  close([...new Float32Array(plain.bytes.buffer).subarray(8, 11)], [7, 6, 7]);
  const n = Math.hypot(0.3, 0.8);
  close(decodeNormal(new Int32Array(plain.bytes.buffer)[3]), [0.3 / n, 0.8 / n, 0]);
  const t = Math.hypot(1.2, 0.8);
  const tangent = (mesh) => [...new Int8Array(mesh.bytes.buffer, 16, 4)];
  assert.deepEqual(tangent(plain), [Math.round((1.2 / t) * 127), Math.round((0.8 / t) * 127), 0, 127]);
  const mirror = [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];
  const mirrored = build({ vertices: 4, indices: 3, flags: 2, matrix: mirror, attributes }, buffer);
  assert.deepEqual(listOf(mirrored), [0, 2, 1]);
  assert.equal(tangent(mirrored)[3], -127);
  close(decodeNormal(new Int32Array(mirrored.bytes.buffer)[3]), [-0.6, 0.8, 0]);
});

test('quantised attributes: every integer type, plain and normalised', () => {
  const types = [[I8, Int8Array, 127], [U8, Uint8Array, 255], [I16, Int16Array, 32767], [U16, Uint16Array, 65535]];
  for (const [type, Type, largest] of types) {
    const buffer = new ArrayBuffer(64);
    const size = Type.BYTES_PER_ELEMENT;
    new Type(buffer).set([0, largest, 1, 0, largest, 0, 0, 0, 1, 2, 3, 0]); // stride of 4 components
    const position = (normalized) => [1, 7, 0, 4 * size, type, 3, normalized, 3];
    const at = (normalized) => [...new Float32Array(build({ vertices: 3, indices: 3, attributes: [position(normalized)] }, buffer).bytes.buffer).subarray(0, 3)];
    assert.deepEqual(at(0), [0, largest, 1]);
    close(at(1), [0, 1, 1 / largest], 1e-6);
  }
  const low = new ArrayBuffer(64);
  new Int8Array(low).set([-128, 0, 0, 0]);
  const mesh = build({ vertices: 1, indices: 0, attributes: [[1, 7, 0, 4, I8, 3, 1, 1]] }, low);
  assert.equal(new Float32Array(mesh.bytes.buffer)[0], -1);
});

test('vertex colours of all types, and uv transforms', () => {
  const buffer = new ArrayBuffer(256);
  new Float32Array(buffer).set(QUAD);
  new Float32Array(buffer, 48).set([0.5, 2, -1]);
  new Uint16Array(buffer, 96).set([65535, 0, 32768, 65535]);
  new Uint8Array(buffer, 128).set([10, 20, 30, 40]);
  new Float32Array(buffer, 160).set([0.25, 0.5]);
  const color = (accessor) => [...new Uint8Array(build({ vertices: 1, indices: 0, attributes: [[1, 7, 0, 0, F32, 3, 0, 1], accessor] }, buffer).bytes.buffer, 28, 4)];
  assert.deepEqual(color([5, 7, 48, 0, F32, 3, 0, 1]), [128, 255, 0, 255]);
  assert.deepEqual(color([5, 7, 96, 0, U16, 4, 1, 1]), [255, 0, 128, 255]);
  assert.deepEqual(color([5, 7, 128, 0, U8, 4, 1, 1]), [10, 20, 30, 40]);
  const uv = build({ vertices: 1, indices: 0, flags: 8, uvMatrix: [2, 0, 0.5, 0, 3, 1],
    attributes: [[1, 7, 0, 0, F32, 3, 0, 1], [4, 7, 160, 0, F32, 2, 0, 1]] }, buffer);
  assert.deepEqual([...new Float32Array(uv.bytes.buffer).subarray(5, 7)], [1, 2.5]);
});

test('broken meshes say what is wrong', () => {
  const buffer = quadBuffer([0, 1, 9]);
  const index = [0, 7, 48, 0, U16, 1, 0, 3];
  const base = { vertices: 4, indices: 3, index, attributes: [POSITIONS] };
  const cases = [
    [base, /Index 2 names vertex 9, but the mesh has only 4 vertices/],
    [{ ...base, attributes: [[1, 7, 0, 0, F32, 3, 0, 100]] }, /position accessor ends at byte 1200, outside of its buffer of 64/],
    [{ ...base, attributes: [[1, 7, 0xfffffff0, 0xfffffffc, F32, 3, 0, 0xffffffff]] }, /outside of its buffer/],
    [{ ...base, attributes: [[1, 7, 2, 0, F32, 3, 0, 4]] }, /multiples of 4/],
    [{ ...base, attributes: [POSITIONS, [2, 7, 0, 0, F32, 3, 0, 3]] }, /normal accessor has 3 elements, but there are 4/],
    [{ ...base, vertices: 5 }, /planned with 5 vertices and 3 indices/],
    [{ ...base, vertices: 2 ** 25 }, /33554432 vertices/],
    [{ ...base, attributes: [] }, /no position/],
    [{ ...base, topology: 9 }, /mode is 9/],
    [{ ...base, attributes: [[1, 7, 0, 0, 5124, 3, 0, 4]] }, /component type 5124/],
  ];
  for (const [options, message] of cases) assert.throws(() => build(options, buffer), message);
  const bad = QUAD.slice();
  bad[4] = NaN;
  assert.throws(() => build({ vertices: 4, indices: 3, attributes: [POSITIONS] }, bad.buffer), /position of vertex 1 is \(1, NaN, 0\)/);
});

test('a camera\'s orientation leaves the file, and nothing else does', () => {
  const text = (bytes) => String.fromCharCode(...bytes);  // TextDecoder's latin1 is windows-1252
  const kept = (file, type) => withoutOrientation(Uint8Array.from(file, (c) => c.charCodeAt(0)), type).map(text).join('');
  const app = (name, marker) => `\xff${marker}\x00\x0a${name}\x00\x00ab`;
  const jpeg = `\xff\xd8${app('JFIF', '\xe0')}\xff${app('Exif', '\xe1')}${app('http', '\xe1')}\xff\xda\x00\x02${app('Exif', '\xe1')}`;
  assert.equal(kept(jpeg, 'image/jpeg'), jpeg.replace(app('Exif', '\xe1'), ''));
  const chunk = (name, data) => `\0\0\0${String.fromCharCode(data.length)}${name}${data}crc_`;
  const png = `\x89PNG\r\n\x1a\n${chunk('IHDR', '0123')}${chunk('IDAT', 'eXIf')}${chunk('eXIf', 'MM')}${chunk('IEND', '')}`;
  assert.equal(kept(png, 'image/png'), png.replace(chunk('eXIf', 'MM'), ''));
  const webp = 'RIFF....WEBPVP8X\x03\0\0\0abc\0EXIF\x02\0\0\0MM';
  assert.equal(kept(webp, 'image/webp'), webp.replace('EXIF', 'none'));
  for (const type of ['image/jpeg', 'image/png', 'image/webp', 'image/avif']) {
    assert.equal(kept('EX', type), 'EX');
    assert.equal(kept('\xff\xd8\xff\xe1\xff\xffExif\0\0\0\0\0\0', type).length < 17, true);
  }
});
