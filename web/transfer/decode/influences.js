// @ts-check
/**
 * @file Which joints a vertex follows: of up to eight the strongest four, and none that its skin has not.
 *
 * Owns: the choice. Their weights are made to sum to one where they are used (posed.js, skin.js).
 */
import { FAIL_FORMAT } from '../../gen/layouts.js';
import { Failure } from './failure.js';
import { asFloats } from './vertices.js';

/** @typedef {import('./descriptor.js').Source} Source */

const LANES = [0, 1, 2, 3];

/** @param {Float32Array<ArrayBuffer>} items @returns {Source} four a vertex */
const made = (items) => ({ items, stride: 4, components: 4, normalized: false, count: items.length / 4 });

/** Makes one set of four of two. @param {Map<string, Source>} attributes */
export function chooseStrongest(attributes) {
  const names = ['joints', 'joints1', 'weights', 'weights1'];
  const sources = names.map((name) => attributes.get(name));
  if (!sources[1] && !sources[3]) return;
  if (sources.some((source) => source?.components !== 4)) {
    throw new Failure(FAIL_FORMAT, 'A mesh with a second set of joints has no four accessors of four components for both sets.');
  }
  const [first, second, firstWeights, secondWeights] = sources.map((source) => asFloats(/** @type {Source} */ (source)));
  const { count } = /** @type {Source} */ (sources[0]);
  const joints = new Float32Array(4 * count);
  const weights = new Float32Array(4 * count);
  const share = new Float32Array(8);
  for (let i = 0; i < count; i += 1) {
    for (let k = 0; k < 4; k += 1) {
      share[k] = Math.max(0, firstWeights.data[i * firstWeights.stride + k]) || 0;
      share[k + 4] = Math.max(0, secondWeights.data[i * secondWeights.stride + k]) || 0;
    }
    for (let k = 0; k < 4; k += 1) {
      let best = 0;
      for (let n = 1; n < 8; n += 1) if (share[n] > share[best]) best = n; // of equal ones the first
      const of = best < 4 ? first : second;
      joints[4 * i + k] = share[best] > 0 || k === 0 ? of.data[i * of.stride + (best & 3)] : 0;
      weights[4 * i + k] = share[best];
      share[best] = 0;
    }
  }
  attributes.set('joints', made(joints)).set('weights', made(weights));
  attributes.delete('joints1');
  attributes.delete('weights1');
}

/**
 * Takes the weights of joints that the skin has not; a vertex that has no others follows the first joint.
 * @param {Map<string, Source>} attributes with joints and weights of four components @param {number} jointCount
 * @returns {number[]} the first such vertex, the joint that it names, and how many such vertices there are; or nothing
 */
export function leaveOutStrays(attributes, jointCount) {
  const sources = ['joints', 'weights'].map((name) => /** @type {Source} */ (attributes.get(name)));
  const [joints, weights] = sources.map(asFloats);
  const isStray = (/** @type {number} */ i, /** @type {number} */ k) =>
    weights.data[i * weights.stride + k] > 0 && !(joints.data[i * joints.stride + k] < jointCount);
  let first = -1, named = 0, strays = 0;
  for (let i = 0; i < sources[0].count; i += 1) {
    const wrong = LANES.find((k) => isStray(i, k));
    if (wrong === undefined) continue;
    if (strays === 0) [first, named] = [i, joints.data[i * joints.stride + wrong]];
    strays += 1;
  }
  if (strays === 0) return [];
  const kept = { joints: new Float32Array(4 * sources[0].count), weights: new Float32Array(4 * sources[0].count) };
  for (let i = 0; i < sources[0].count; i += 1) {
    for (let k = 0; k < 4; k += 1) {
      if (!(joints.data[i * joints.stride + k] < jointCount)) continue;
      kept.joints[4 * i + k] = joints.data[i * joints.stride + k];
      kept.weights[4 * i + k] = weights.data[i * weights.stride + k];
    }
  }
  attributes.set('joints', made(kept.joints)).set('weights', made(kept.weights));
  return [first, named, strays];
}
