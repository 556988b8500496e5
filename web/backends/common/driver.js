// @ts-check
/** @file Types only: what an API implements for the core, and what a backend is made from. */

/** @typedef {import('./resources.js').BufferRecord} BufferRecord */
/** @typedef {import('./resources.js').TextureRecord} TextureRecord */
/** @typedef {import('./resources.js').MeshRecord} MeshRecord */
/** @typedef {import('./resources.js').MaterialRecord} MaterialRecord */
/** @typedef {import('./runs.js').Runs} Runs */
/** @typedef {import('./view.js').View} View */
/** @typedef {import('./plan.js').Group} Group */
/** @typedef {import('../../gen/passes.js').Pass} Pass */
/**
 * What an API implements. Natives are opaque to the core.
 * @typedef {object} Driver
 * @property {import('./resources.js').Limits} limits
 * @property {{ create(record: BufferRecord): any, destroy(native: any): void,
 *   write(native: any, offset: number, bytes: Uint8Array): void, createMesh(record: MeshRecord): any,
 *   destroyMesh(native: any): void, rowsCapacity(rows: number): void,
 *   rowsWrite(column: number, firstRow: number, rows: number, bytes: Uint8Array): void,
 *   poses(lines: number, firstLine: number, count: number, bytes: Uint8Array): void,
 *   visibleRows(bytes: Uint8Array): void, stillRows(bytes: Uint8Array): void,
 *   frameBlock(view: number, bytes: Uint8Array): void,
 *   lights(view: number, rows: Uint8Array, lists: Uint8Array): void, readonly sizeBytes: number }} buffers
 * @property {{ create(record: TextureRecord): any, destroy(native: any): void,
 *   write(record: TextureRecord, bytes: Uint8Array): void,
 *   update(record: TextureRecord, place: { x: number, y: number, width: number, height: number }, bytes: Uint8Array): void, upload(record: TextureRecord, image: ImageBitmap): void,
 *   writeCompressed(record: TextureRecord, bytes: Uint8Array): void,
 *   writeRows(record: TextureRecord, level: number, first: number, source: Uint8Array | ImageBitmap, rows?: number): void,
 *   refine(record: TextureRecord, level: number): void, showFrom(record: TextureRecord, level: number): boolean }}
 *   textures
 * @property {{ compileShader(source: import('./resources.js').ShaderSource): Promise<any>, createMaterial(record: MaterialRecord): any, writeMaterial(record: MaterialRecord): void,
 *   destroyMaterial(record: MaterialRecord): void }} pipelines
 * @property {Executor} executor
 * @property {{ sort(mesh: MeshRecord, texture: TextureRecord, given: Float32Array, count: number, texels: number): void,
 *   readonly sizeBytes: number }} [sorts] where there is compute
 * @property {import('./graph.js').Graph} graph
 */
/**
 * What draws the graph's groups. Natives are opaque to the graph; null = nobody drew that target.
 * @typedef {object} Executor
 * @property {(image: import('./graph.js').Image) => any} createTarget
 * @property {(native: any) => false} destroyTarget
 * @property {(width: number, height: number) => void} resize of the picture and the canvas
 * @property {(name: string, view: View) => any} outside the image of a target that the graph does not allocate
 * @property {(timed: string) => void} beginFrame
 * @property {(view: View, group: Group, natives: { colors: any[], depth: any, resolves: any[] }, clears: boolean[]) => void}
 *   beginGroup clears: which colours begin anew
 * @property {(pass: Pass, from: any, into: any) => void} resolveDepth
 * @property {(pass: Pass, target: any) => void} mips
 * @property {(pass: Pass, list: number, runs: Runs, reads: any[], matrix: number) => number} draws returns the draw calls;
 *   matrix: of a shadow tile
 * @property {(tile: import('./tiles.js').Tile) => void} beginTile of the group's depth: what is drawn goes there
 * @property {() => void} endTiles
 * @property {(pass: Pass, reads: any[]) => number} fullscreen
 * @property {() => void} endGroup
 * @property {(native: any) => any} copyTexel copies the first texel of a target of integers, in the middle of a frame
 * @property {(copy: any) => Promise<Uint32Array>} readTexel what copyTexel gave, once the frame has ended
 * @property {(native: any, width: number, y: number, lines: number, bytes: Uint8Array) => void} writeLines
 * @property {(native: any, width: number, height: number) => Promise<import('./readings.js').Lines>} readLines
 * @property {() => void} endFrame shows the picture on the canvas
 * @property {() => Promise<import('./readings.js').Picture>} read
 * @property {number} readingBytes of pictures on their way back
 * @property {import('./timing.js').PassTimes} times
 */
/**
 * @typedef {object} Parts
 * @property {any} heap
 * @property {{ bytes(handle: number): Uint8Array, image(handle: number): ImageBitmap, texels(handle: number): Uint8Array | null }} transfers
 * @property {import('../../gen/events.js').EventWriter} events
 * @property {import('./readings.js').PictureSink} [pictures] who gets what `readback` asked for
 * @property {{ picture(feed: number): ImageBitmap | null, taken(feed: number): void }} [feeds] pictures of the page
 * @property {boolean} [timesUploads] whether Python hears what uploads took
 */

export {};
