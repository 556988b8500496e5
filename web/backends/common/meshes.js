// @ts-check
/** @file Meshes by handle: what parts of which buffers they are, and whether they can be drawn.
 *
 * Owns: the table, and the checks. Does not: own the buffers; a mesh whose buffer goes is not drawn any more.
 */
import { HandleTable } from '../../engine/handles.js';
import { checkMesh, trianglesOf } from './resources.js';

/** @typedef {import('./driver.js').Driver} Driver */
/** @typedef {import('./resources.js').BufferRecord} BufferRecord */
/** @typedef {import('./resources.js').MeshRecord} MeshRecord */
/** @typedef {Pick<MeshRecord, 'handle' | 'vertexOffset' | 'vertexCount' | 'indexOffset' | 'indexCount' | 'indexBytes' | 'topology' | 'streams'>
 *   & { vertexBuffer: number, indexBuffer: number }} Given handles of buffers, 0 = no indices */

export class Meshes {
  /** @type {HandleTable<MeshRecord>} */
  table = new HandleTable('mesh');

  /** @param {(handle: number, problem: string) => void} failed told what can't be made */
  constructor(failed) {
    this.failed = failed;
  }

  /** @param {Driver} driver @param {HandleTable<BufferRecord>} buffers @param {Given} given */
  create(driver, buffers, given) {
    const { handle, topology, indexBuffer, indexCount, vertexCount } = given;
    const elements = indexBuffer ? indexCount : vertexCount;
    /** @type {MeshRecord} */
    const record = {
      ...given, elements, triangles: trianglesOf(topology, elements), ready: false, native: null,
      vertexBuffer: buffers.tryGet(given.vertexBuffer), indexBuffer: buffers.tryGet(indexBuffer),
    };
    this.table.create(record);
    let problem = checkMesh(record);
    if (!problem && indexBuffer && !record.indexBuffer) problem = 'Its index buffer does not exist.';
    if (problem) return this.failed(handle, problem);
    const used = [record.vertexBuffer, record.indexBuffer];
    // A failed buffer has been reported; the mesh just stays not ready.
    if (used.some((buffer) => buffer && buffer.state === 'failed')) return;
    for (const buffer of used) buffer?.users.add(record);
    record.native = driver.buffers.createMesh(record);
    record.ready = elements > 0;
  }

  /** @param {Driver} driver @param {number} handle */
  destroy(driver, handle) {
    const record = this.table.remove(handle);
    record.ready = false;
    record.vertexBuffer?.users.delete(record);
    record.indexBuffer?.users.delete(record);
    if (record.native !== null) driver.buffers.destroyMesh(record.native);
  }
}
