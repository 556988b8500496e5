// @ts-check
/** @file How surfaces look, for every API: materials and the shaders of programs, and when they can be drawn.
 *
 * Owns: their handles, what each waits for (textures, a shader that compiles), and that draws know a record for good, even
 * where all behind it is made anew. Does not: call a GPU API; the driver that it is given does.
 */
import { MATERIAL_BLOCK, MATERIAL_BLOCK_BYTES, RESOURCE_KINDS } from '../../gen/layouts.js';
import { HandleTable } from '../../engine/handles.js';
import { engineSlots } from './bindings.js';
import { checkMaterial } from './resources.js';

/** @typedef {import('./resources.js').TextureRecord} TextureRecord */
/** @typedef {import('./resources.js').MaterialRecord} MaterialRecord */
/** @typedef {import('./resources.js').ShaderRecord} ShaderRecord */
/** @typedef {import('./resources.js').ShaderSource} ShaderSource */
/** @typedef {import('./driver.js').Driver} Driver */
/**
 * @typedef {object} LookParts
 * @property {import('./driver.js').Parts['heap']} heap
 * @property {import('./driver.js').Parts['events']} events
 * @property {HandleTable<TextureRecord>} textures
 * @property {(handle: number, problem: string) => void} failed tells of a material that could not be made
 */

const BOUND = MATERIAL_BLOCK.bound.offsetBytes / 4;

export class Looks {
  /** Shaders that are being compiled. */
  compiling = 0;
  /** @type {HandleTable<MaterialRecord>} */
  materials = new HandleTable('material');
  /** @type {HandleTable<ShaderRecord>} */
  shaders = new HandleTable('shader');

  /** @param {LookParts} parts */
  constructor({ heap, textures, events, failed }) {
    this.heap = heap;
    this.textures = textures;
    this.events = events;
    this.failed = failed;
  }

  get liveCount() {
    return this.materials.liveCount + this.shaders.liveCount;
  }

  /** The device is new: everything is gone. */
  clear() {
    this.materials.clear();
    this.shaders.clear();
  }

  /** Makes a material, or all of one that is anew. @param {Driver} driver
   * @param {{ handle: number, kind: number, flags: number }} what @param {number} shader @param {Uint32Array} textures
   * handles; those that are left out are none @param {number} params @param {number} sizeBytes */
  create(driver, what, shader, textures, params, sizeBytes) {
    const { handle } = what;
    const own = shader === 0 ? null : this.shaders.get(shader);
    const known = engineSlots({ kind: what.kind, shader: own });
    const made = Array.from({ length: Math.max(textures.length, known) }, (_, slot) => (
      textures[slot] ? this.textures.tryGet(textures[slot]) : null));
    const block = this.readBlock(params, sizeBytes, made);
    const live = this.materials.tryGet(handle);
    if (live) this.empty(live, driver);
    /** @type {MaterialRecord} */
    const record = Object.assign(live ?? {}, {
      ...what, textures: made, shader: own, block, ready: false, pipelines: [], native: null,
    });
    if (!live) this.materials.create(record);
    const problem = checkMaterial(record);
    if (problem) return this.failed(handle, problem);
    for (const texture of made) texture?.users.add(record);
    own?.users.add(record);
    this.refresh(record, driver);
  }

  /** Makes a material drawable once every texture and its shader are. @param {MaterialRecord} record
   * @param {Driver | null} driver */
  refresh(record, driver) {
    const { textures, shader } = record;
    record.ready = textures.every((texture) => texture === null || texture?.state === 'ready') && shader?.state !== 'pending';
    if (record.ready && record.native === null && driver) record.native = driver.pipelines.createMaterial(record);
  }

  /** One of its textures has other levels. @param {MaterialRecord} record @param {Driver | null} driver */
  bindAnew(record, driver) {
    if (record.native === null || !driver) return;
    driver.pipelines.destroyMaterial(record);
    Object.assign(record, { native: null, pipelines: [] });
    this.refresh(record, driver);
  }

  /** Lets go of what a material is made of. @param {MaterialRecord} record @param {Driver} driver */
  empty(record, driver) {
    record.ready = false;
    for (const texture of record.textures) texture?.users.delete(record);
    record.shader?.users.delete(record);
    if (record.native !== null) driver.pipelines.destroyMaterial(record);
    record.native = null;
    record.pipelines = [];
  }

  /** @param {number} params @param {number} sizeBytes @param {(TextureRecord | null | undefined)[]} textures
   * @returns {Float32Array<ArrayBuffer>} */
  readBlock(params, sizeBytes, textures) {
    if (sizeBytes < MATERIAL_BLOCK_BYTES) {
      throw new Error(`A material's block has ${sizeBytes} bytes, expected at least ${MATERIAL_BLOCK_BYTES}.`);
    }
    const block = new Float32Array(this.heap.f32(params, sizeBytes / 4));
    new Uint32Array(block.buffer)[BOUND] = textures.reduce((bits, texture, index) => bits | (texture ? 1 << index : 0), 0);
    return block;
  }

  /** @param {Driver} driver @param {number} handle */
  destroy(driver, handle) {
    this.empty(this.materials.remove(handle), driver);
  }

  /** @param {Driver} driver @param {number} handle @param {number} params @param {number} sizeBytes */
  write(driver, handle, params, sizeBytes) {
    const record = this.materials.get(handle);
    record.block = this.readBlock(params, sizeBytes, record.textures);
    if (record.native !== null) driver.pipelines.writeMaterial(record);
  }

  /** Makes a shader, or replaces its text. @param {number} handle @param {ShaderSource} source @param {Driver} driver
   * @param {() => Driver | null} current the driver as it is when the text has compiled */
  createShader(handle, source, driver, current) {
    const live = this.shaders.tryGet(handle);
    /** @type {ShaderRecord} */
    const record = live ?? { handle, source, state: 'pending', native: null, users: new Set() };
    if (!live) this.shaders.create(record);
    record.source = source;
    this.compile(record, driver, current);
  }

  /** What draws with it goes on with the last text that compiled, or with its kind's own look.
   * @param {ShaderRecord} record @param {Driver} driver @param {() => Driver | null} current */
  async compile(record, driver, current) {
    const { source, handle } = record;
    const isCurrent = () => record.source === source && current() === driver && this.shaders.tryGet(handle) === record;
    this.compiling += 1;
    try {
      const native = await driver.pipelines.compileShader(source);
      if (!isCurrent()) return;
      record.native = native;
      record.state = 'ready';
    } catch (error) {
      if (!isCurrent()) return;
      if (record.native === null) record.state = 'failed';
      this.events.resourceFailed(RESOURCE_KINDS.indexOf('shader'), handle, /** @type {Error} */ (error).message);
    } finally {
      this.compiling -= 1;
    }
    for (const material of record.users) {
      this.bindAnew(material, driver);
      this.refresh(material, driver);
    }
  }

  /** @param {number} handle */
  destroyShader(handle) {
    this.shaders.remove(handle).state = 'failed';
  }
}
