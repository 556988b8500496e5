// @ts-check
/** @file Types only: what an API implements for the core, and what a backend is made from. */

/** @typedef {import('./resources.js').BufferRecord} BufferRecord */
/** @typedef {import('./resources.js').TextureRecord} TextureRecord */
/** @typedef {import('./resources.js').MeshRecord} MeshRecord */
/** @typedef {import('./resources.js').MaterialRecord} MaterialRecord */
/** @typedef {import('./runs.js').Runs} Runs */
/**
 * What an API implements. Natives are opaque to the core.
 * @typedef {object} Driver
 * @property {import('./resources.js').Limits} limits
 * @property {{ create(record: BufferRecord): any, destroy(native: any): void,
 *   write(native: any, offset: number, bytes: Uint8Array): void, createMesh(record: MeshRecord): any,
 *   destroyMesh(native: any): void, rowsCapacity(rows: number): void,
 *   rowsWrite(column: number, firstRow: number, rows: number, bytes: Uint8Array): void,
 *   visibleRows(bytes: Uint8Array): void, frameBlock(bytes: Uint8Array): void, readonly sizeBytes: number }} buffers
 * @property {{ create(record: TextureRecord): any, destroy(native: any): void,
 *   write(record: TextureRecord, bytes: Uint8Array): void, upload(record: TextureRecord, image: ImageBitmap): void }}
 *   textures
 * @property {{ createMaterial(record: MaterialRecord): any, writeMaterial(record: MaterialRecord): void,
 *   destroyMaterial(record: MaterialRecord): void }} pipelines
 * @property {{ resize(width: number, height: number): void, drawFrame(runs: Runs[], withShadow: boolean): number,
 *   read(): Promise<import('./readings.js').Picture>, readonly sizeBytes: number }} passes
 */
/**
 * @typedef {object} Parts
 * @property {any} heap
 * @property {{ bytes(handle: number): Uint8Array, image(handle: number): ImageBitmap }} transfers
 * @property {import('../../gen/events.js').EventWriter} events
 * @property {import('./readings.js').PictureSink} [pictures] who gets what `readback` asked for
 */

export {};
