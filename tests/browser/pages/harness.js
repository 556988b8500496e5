/** @file Drives decoder and backends with streams made by hand; the tests call `window.harness`. */
import { chooseBackend } from '../../../web/backends/choose.js';
import { Decoder } from '../../../web/engine/decoder.js';
import { EventWriter } from '../../../web/gen/events.js';
import { HANDLES, create, destroy, frame, frameBlock } from './scene.js';
import { TestHeap, TestStream } from './stream.js';

const EYE = [0, 2.4, 7];
const LOOK = [0.02, -0.22, -1];
const HEAP_BYTES = 48 << 20;

class Harness {
  errors = [];
  events = [];
  frames = 0;
  expectedHandles = HANDLES;

  async start(name, { width = 320, height = 200, parts = {} } = {}) {
    this.heap = new TestHeap(HEAP_BYTES);
    this.stream = new TestStream();
    const canvas = document.getElementById('canvas');
    Object.assign(canvas, { width, height });
    this.size = { width, height };
    const choice = await chooseBackend(name);
    const writer = new EventWriter((words) => this.events.push({ opcode: words[0] & 0xffff, words }));
    this.images = new Map();
    this.bytes = new Map();
    const transfers = { bytes: (h) => this.bytes.get(h), image: (h) => this.images.get(h), texels: () => null };
    const onLost = (reason) => { this.lostReason = reason; };
    this.readbacks = []; // what came of each
    const pictures = {
      done: (number, picture) => {
        this.readbacks.push([number, picture.width, picture.height]);
        picture.close();
      },
      failed: (number, message) => this.readbacks.push([number, message]),
    };
    this.backend = await choice.create({ canvas, heap: this.heap, transfers, events: writer, onLost, pictures, ...parts });
    this.backend.resize(width, height);
    const sinks = { gpu: this.backend, transfers: {}, page: {} };
    this.decoder = new Decoder({ heap: this.heap, sinks, onError: (message) => this.errors.push(message) });
    return { name: choice.name, note: choice.note };
  }

  /** As after the start or a lost device. */
  create() {
    const { width, height } = this.size;
    this.run((stream) => create(stream.add('device_begin').add('targets', width, height), this.heap));
  }

  destroyAll() { this.run((stream) => destroy(stream)); }

  /** Runs what `fill` adds to a stream. */
  run(fill) {
    this.heap.end = 16;
    fill(this.stream);
    return this.stream.submit(this.heap, this.decoder);
  }

  frame(options = {}) {
    this.frames += 1;
    return this.run((stream) => frame(stream, this.heap, {
      eye: EYE, look: LOOK, ...this.size, frame: this.frames, ...options,
    }));
  }

  async pixels() {
    const { width, height, data } = await this.backend.readPixels();
    let text = '';
    for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
    return { width, height, data: btoa(text) };
  }

  async waitFor(test, timeoutMs = 60000) {
    const end = performance.now() + timeoutMs;
    while (!test()) {
      if (performance.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return true;
  }

  /** Microseconds that JavaScript spends per draw: `count` boxes that no draw can be shared by, best of `repeats`. */
  encodeCost(count = 10000, repeats = 15) {
    const rows = Math.ceil(count / 1024) * 1024;
    const block = frameBlock({ eye: EYE, look: LOOK, ...this.size, shadow: false });
    const far = Float32Array.from({ length: rows * 3 }, () => 1e5);
    const records = new Uint32Array(count * 8);
    // Every second record has the other material: state changes with every draw.
    for (let i = 0; i < count; i += 1) records.set([1, 1 + (i & 1), i, 1, 0, 0, 0, 0], i * 8);
    const times = [];
    for (let n = 0; n < repeats; n += 1) {
      this.run((stream) => stream
        .add('frame_begin', n)
        .add('rows_capacity', rows).add('rows_write', 0, 0, rows, this.heap.put(far))
        .add('visible_rows', this.heap.put(Uint32Array.from({ length: count }, (_, i) => i)), count)
        .add('view', 0, 0, 0, 0, this.size.width, this.size.height, this.size.width, this.size.height, 0)
        .add('frame_block', this.heap.put(block), block.byteLength)
        .add('draw_list', 1, this.heap.put(records), count));
      const start = performance.now();
      this.backend.frameEnd();
      times.push(performance.now() - start);
    }
    return { usPerDraw: Math.min(...times) * 1000 / count, draws: this.backend.stats().draws };
  }

  apiErrors() { return this.backend.apiErrors ?? []; }
}

window.harness = new Harness();
window.harnessReady = true;
