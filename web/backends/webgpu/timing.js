// @ts-check
/** @file GPU time of the main pass by timestamp queries, where the device has them; else nothing.
 *
 * Owns: the query set and a ring of readback buffers; a frame whose buffers are all still in flight is not measured.
 */
const RING = 3;

export class GpuTimer {
  /** Milliseconds of the last measured frame, or null. @type {number | null} */
  gpuMs = null;

  /** @param {GPUDevice} device */
  constructor(device) {
    this.active = false;
    if (!device.features.has('timestamp-query')) return;
    this.queries = device.createQuerySet({ type: 'timestamp', count: 2 });
    this.resolved = device.createBuffer({ size: 16, usage: 0x200 | 0x4 });
    this.free = Array.from({ length: RING }, () => device.createBuffer({ size: 16, usage: 0x1 | 0x8 }));
  }

  /** @param {GPURenderPassDescriptor} pass @returns {GPURenderPassDescriptor} */
  attach(pass) {
    this.active = this.queries !== undefined && this.free !== undefined && this.free.length > 0;
    if (!this.active || !this.queries) return pass;
    return {
      ...pass,
      timestampWrites: { querySet: this.queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    };
  }

  /** @param {GPUCommandEncoder} encoder */
  resolve(encoder) {
    if (!this.active || !this.queries || !this.resolved || !this.free) return;
    encoder.resolveQuerySet(this.queries, 0, 2, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, this.free[this.free.length - 1], 0, 16);
  }

  read() {
    if (!this.active || !this.free) return;
    const buffer = /** @type {GPUBuffer} */ (this.free.pop());
    buffer.mapAsync(1).then(() => {
      const [begin, end] = new BigUint64Array(buffer.getMappedRange());
      this.gpuMs = Number(end - begin) / 1e6;
      buffer.unmap();
      this.free?.push(buffer);
    }, () => {}); // the device was lost
  }
}
