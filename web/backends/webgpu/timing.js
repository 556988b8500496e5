// @ts-check
/** @file GPU time of each pass by timestamp queries, where the device has them.
 *
 * Owns: the query set and a ring of readback buffers; a frame whose buffers are all still in flight is not timed.
 */
import { PassTimes, isTimed } from '../common/timing.js';

const RING = 3;
const GROUPS_MAX = 64; // of one timer, with several views; more are not timed
const BYTES = GROUPS_MAX * 2 * 8;

export class GpuTimer {
  /** The timer that this frame measures, '' = none. */
  #timed = '';
  /** The timers of the groups that it measured. @type {string[]} */
  #names = [];

  /** @param {GPUDevice} device */
  constructor(device) {
    const isAble = device.features.has('timestamp-query');
    this.times = new PassTimes(isAble);
    if (!isAble) return;
    this.queries = device.createQuerySet({ type: 'timestamp', count: GROUPS_MAX * 2 });
    this.resolved = device.createBuffer({ size: BYTES, usage: 0x200 | 0x4 });
    this.free = Array.from({ length: RING }, () => device.createBuffer({ size: BYTES, usage: 0x1 | 0x8 }));
  }

  /** @param {string} timed the timer that this frame measures, '' = none */
  beginFrame(timed) {
    this.#timed = this.free && this.free.length > 0 ? timed : '';
    this.#names = [];
  }

  /** What a render pass has to write. @param {string} name @returns {GPURenderPassTimestampWrites | undefined} */
  writes(name) {
    if (!isTimed(this.#timed, name) || !this.queries || this.#names.length >= GROUPS_MAX) return undefined;
    const at = 2 * this.#names.length;
    this.#names.push(name);
    return { querySet: this.queries, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
  }

  /** @param {GPUCommandEncoder} encoder */
  resolve(encoder) {
    if (this.#names.length === 0 || !this.queries || !this.resolved || !this.free) return;
    const count = 2 * this.#names.length;
    encoder.resolveQuerySet(this.queries, 0, count, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, this.free[this.free.length - 1], 0, 8 * count);
  }

  /** After the submit. */
  read() {
    const names = this.#names;
    this.#names = [];
    if (names.length === 0 || !this.free) return;
    const buffer = /** @type {GPUBuffer} */ (this.free.pop());
    buffer.mapAsync(1).then(() => {
      const at = new BigUint64Array(buffer.getMappedRange());
      this.times.addEach(names, names.map((_, index) => Math.max(Number(at[2 * index + 1] - at[2 * index]) / 1e6, 0)));
      buffer.unmap();
      this.free?.push(buffer);
    }, () => {}); // the device was lost
  }
}
