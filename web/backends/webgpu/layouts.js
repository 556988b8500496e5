// @ts-check
/** @file Bind group layouts of the WebGPU backend: of a view (group 0), a material (1), a draw (2), what a pass reads (3). */
import { COLUMNS } from '../../gen/layouts.js';
import { READ_BINDINGS, TARGETS } from '../../gen/passes.js';
import { PARAMS_BINDING, samplerBinding, textureBinding } from '../common/bindings.js';
import { sampleType } from './formats.js';

/** In group 0, as shaders/posed.wgsl has it. */
export const POSES_BINDING = 12;
const VERTEX_STAGE = 1;
export const FRAGMENT_STAGE = 2;
const BOTH_STAGES = VERTEX_STAGE | FRAGMENT_STAGE;

/** @param {string} name @returns {import('../../gen/passes.js').Target} */
export const target = (name) => (
  /** @type {import('../../gen/passes.js').Target} */ (TARGETS.find((one) => one.name === name)));

/** What every material has: the bind group layouts of shaders/frame.wgsl. @param {GPUDevice} device */
export function makeLayouts(device) {
  /** @type {GPUBindGroupLayoutEntry[]} */
  const rows = COLUMNS.map((_, column) => ({
    binding: 1 + column, visibility: VERTEX_STAGE, buffer: { type: 'read-only-storage' },
  }));
  const uniform = { binding: 0, visibility: BOTH_STAGES, buffer: {} };
  /** @type {GPUBindGroupLayoutEntry} */
  const lights = { binding: 1 + COLUMNS.length, visibility: FRAGMENT_STAGE, texture: { sampleType: 'uint' } };
  /** @type {GPUBindGroupLayoutEntry} */
  const poses = { binding: POSES_BINDING, visibility: VERTEX_STAGE, texture: { sampleType: 'unfilterable-float' } };
  return {
    frame: device.createBindGroupLayout({ label: 'frame', entries: [uniform, ...rows, lights, poses] }),
    draw: device.createBindGroupLayout({
      label: 'draw', entries: [{ binding: 0, visibility: VERTEX_STAGE, buffer: {} }],
    }),
  };
}

/** A material's group: its block, its textures with their samplers, and of a program's shader its parameters.
 * @param {GPUDevice} device @param {number} textures those of a program's shader included @param {boolean} isOwn
 * @param {boolean} hasWords they hold whole numbers, which the vertex stage reads @returns {GPUBindGroupLayout} */
export function makeMaterialLayout(device, textures, isOwn, hasWords) {
  const block = (/** @type {number} */ binding) => ({ binding, visibility: BOTH_STAGES, buffer: {} });
  const images = Array.from({ length: textures }, (_, slot) => [
    hasWords ? { binding: textureBinding(slot), visibility: VERTEX_STAGE, texture: { sampleType: /** @type {const} */ ('uint') } }
      : { binding: textureBinding(slot), visibility: FRAGMENT_STAGE, texture: {} },
    { binding: samplerBinding(slot), visibility: FRAGMENT_STAGE, sampler: {} },
  ]).flat();
  return device.createBindGroupLayout({
    label: 'material', entries: [block(0), ...images, ...(isOwn ? [block(PARAMS_BINDING)] : [])],
  });
}

/** The layout of what a pass reads, and the samplers. @param {GPUDevice} device
 * @param {import('../../gen/passes.js').Pass} row */
export function makeInputLayout(device, { name, kind, reads, names, vertex }) {
  /** @type {GPUBindGroupLayoutEntry[]} */
  const entries = reads.map((read, index) => ({
    binding: READ_BINDINGS[names[index]],
    visibility: kind === 'draws' && vertex.includes(read) ? VERTEX_STAGE : FRAGMENT_STAGE,
    texture: { sampleType: sampleType(target(read).format) },
  }));
  entries.push(
    { binding: READ_BINDINGS.linear_sampler, visibility: kind === 'draws' ? BOTH_STAGES : FRAGMENT_STAGE, sampler: { type: 'filtering' } },
    { binding: READ_BINDINGS.shadow_sampler, visibility: FRAGMENT_STAGE, sampler: { type: 'comparison' } });
  return device.createBindGroupLayout({ label: `inputs of ${name}`, entries });
}
