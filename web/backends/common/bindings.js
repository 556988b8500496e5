// @ts-check
/** @file Where what a material reads is bound, in its group: its block at 0, each texture with its sampler, and behind the
 * last texture that there may be the parameters of a program's shader.
 */
import { MATERIAL_SLOTS, TEXTURES_MAX } from '../../gen/layouts.js';

/** @param {number} slot of the kind's textures and then the shader's own */
export const textureBinding = (slot) => 1 + 2 * slot;
/** @param {number} slot */
export const samplerBinding = (slot) => 2 + 2 * slot;
export const PARAMS_BINDING = 1 + 2 * TEXTURES_MAX;

/** How many textures of the engine's a material has. @param {{ kind: number, shader: object | null }} material
 * @returns {number} */
export const engineSlots = ({ kind, shader }) => (MATERIAL_SLOTS[shader === null ? kind : 0] ?? []).length;
