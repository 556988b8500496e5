// @ts-check
/** @file Orders of Gaussians by compute (shaders/splats_sort.wgsl): written where draws read them.
 *
 * Owns: the pipelines, made with the first order that is asked for, and scratch as large as the largest cloud's, which stays.
 */
import { nextNumber } from './textures.js';

/** @typedef {import('../common/resources.js').MeshRecord} MeshRecord */
/** @typedef {import('../common/resources.js').TextureRecord} TextureRecord */

const BLOCK = 4096; // ROUNDS * THREADS of the shader
const DIGITS = 256;
const PARAMS_BYTES = 80;
const STEPS = /** @type {const} */ (['make_keys', 'sum_up', 'move_low', 'count_high', 'sum_up', 'move_high']);
const COMPUTE_STAGE = 4;
const STORAGE = 0x80;
const UNIFORM = 0x40;
const COPY_DST = 0x8;

/** What sorting so many takes. @param {number} count @returns {number} bytes */
export const scratchBytes = (count) => 12 * count + 4 * DIGITS * (Math.ceil(count / BLOCK) + 1);

export class WebgpuSorts {
  sizeBytes = 0;
  /** @type {{ layout: GPUBindGroupLayout, steps: Record<string, GPUComputePipeline> } | null} */
  #made = null;
  /** @type {GPUBuffer[]} */
  #scratch = [];
  #room = 0;
  /** By texture and buffer. @type {Map<string, { group: GPUBindGroup, params: GPUBuffer }>} */
  #groups = new Map();
  /** @type {WeakMap<GPUBuffer, number>} */
  #numbers = new WeakMap();

  /** @param {GPUDevice} device @param {string} code WGSL */
  constructor(device, code) {
    this.device = device;
    this.code = code;
  }

  #pipelines() {
    if (this.#made) return this.#made;
    const { device } = this;
    const module = device.createShaderModule({ label: 'splats sort', code: this.code });
    const storage = (/** @type {number} */ binding) => (
      { binding, visibility: COMPUTE_STAGE, buffer: { type: /** @type {const} */ ('storage') } });
    const layout = device.createBindGroupLayout({
      label: 'splats sort',
      entries: [
        { binding: 0, visibility: COMPUTE_STAGE, buffer: {} },
        { binding: 1, visibility: COMPUTE_STAGE, texture: { sampleType: 'uint' } },
        ...[2, 3, 4, 5, 6].map(storage),
      ],
    });
    const all = device.createPipelineLayout({ bindGroupLayouts: [layout] });
    const steps = Object.fromEntries([...new Set(STEPS)].map((entryPoint) => [entryPoint, device.createComputePipeline({
      label: `splats ${entryPoint}`, layout: all, compute: { module, entryPoint },
    })]));
    return (this.#made = { layout, steps });
  }

  /** @param {number} count */
  #reserve(count) {
    if (count <= this.#room) return;
    for (const buffer of this.#scratch) buffer.destroy();
    this.forget();
    this.#room = count;
    this.sizeBytes = scratchBytes(count);
    const sizes = [4 * count, 4 * count, 4 * count, scratchBytes(count) - 12 * count];
    this.#scratch = sizes.map((size) => this.device.createBuffer({ label: 'splats sort', size, usage: STORAGE }));
  }

  /** Textures or buffers ended: what holds them goes. */
  forget() {
    for (const { params } of this.#groups.values()) params.destroy();
    this.#groups.clear();
  }

  /** @param {MeshRecord} mesh @param {TextureRecord} texture @param {GPUBindGroupLayout} layout */
  #group(mesh, texture, layout) {
    const buffer = /** @type {GPUBuffer} */ (mesh.native.vertex);
    if (!this.#numbers.has(buffer)) this.#numbers.set(buffer, nextNumber());
    const key = `${texture.native.number} ${this.#numbers.get(buffer)} ${mesh.vertexOffset}`;
    let found = this.#groups.get(key);
    if (!found) {
      if (this.#groups.size >= 256) this.forget();
      const params = this.device.createBuffer({ label: 'splats sort', size: PARAMS_BYTES, usage: UNIFORM | COPY_DST });
      const buffers = [...this.#scratch, buffer];
      const group = this.device.createBindGroup({
        label: 'splats sort', layout,
        entries: [
          { binding: 0, resource: { buffer: params } }, { binding: 1, resource: texture.native.view },
          ...buffers.map((one, index) => ({ binding: 2 + index, resource: { buffer: one } })),
        ],
      });
      this.#groups.set(key, found = { group, params });
    }
    return found;
  }

  /** @param {MeshRecord} mesh whose elements are numbers @param {TextureRecord} texture @param {Float32Array} given rows of the
   * matrix, the farthest and steps, as the shader has them @param {number} count of them @param {number} texels of a Gaussian */
  sort(mesh, texture, given, count, texels) {
    const { device } = this;
    const blocks = Math.ceil(count / BLOCK);
    const { layout, steps } = this.#pipelines();
    this.#reserve(count);
    const { group, params } = this.#group(mesh, texture, layout);
    const data = new ArrayBuffer(PARAMS_BYTES);
    new Float32Array(data).set(given);
    new Uint32Array(data).set([count, texels, mesh.vertexOffset / 4, blocks], given.length);
    device.queue.writeBuffer(params, 0, data);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass({ label: 'splats sort' });
    pass.setBindGroup(0, group);
    for (const step of STEPS) {
      pass.setPipeline(steps[step]);
      pass.dispatchWorkgroups(step === 'sum_up' ? 1 : blocks);
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
  }
}
