// @ts-check
/** @file Built-in functions that are not about textures (WGSL section 17): their types, and what they are in GLSL.
 *
 * Limits: a name in neither table is refused; OUTSIDE says why for those that WGSL has and WebGL2 can't do.
 */
import { checkExpression, convert } from './check-expression.js';
import { refuse } from './errors.js';
import {
  AFLOAT, AINT, BOOL, F32, I32, U32, concrete, element, fits, isAbstract, isBool, isFloat, isInteger, isNumeric, same, spoken, vec,
  withElement,
} from './types.js';

/** @typedef {import('./ast.js').Call} Call */
/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./types.js').Type} Type */
/** @typedef {(call: Call, context: Context) => Type} Builtin */
/** @typedef {(args: string[], call: Call) => string} Emit */
/** @typedef {(call: Call) => Type} Rule */

/** @type {Map<string, Builtin>} */
export const BUILTINS = new Map();

/** @param {Call} call @param {number} count */
function checkCount(call, count) {
  if (call.args.length !== count) {
    refuse(call.at, `\`${call.callee.name}\` takes ${count} arguments, not ${call.args.length}.`);
  }
}

/** @param {string} names in WGSL @param {number} count of arguments @param {Rule} rule @param {string | Emit} [glsl] */
function define(names, count, rule, glsl) {
  for (const name of names.split(' ')) {
    /** @type {Emit} */
    const emit = typeof glsl === 'function' ? glsl : (args) => `${glsl ?? name}(${args.join(', ')})`;
    BUILTINS.set(name, (call, context) => {
      checkCount(call, count);
      for (const arg of call.args) checkExpression(arg, context);
      call.meaning = { kind: 'builtin', emit };
      return rule(call);
    });
  }
}

/** @param {Call} call @returns {never} */
function unfit(call) {
  const given = call.args.map(({ type }) => spoken(type)).join(', ');
  return refuse(call.at, `\`${call.callee.name}\` has no form that takes (${given}).`);
}

/** All arguments get one type. @param {Call} call @param {(type: Type) => boolean} isFitting
 * @param {boolean} [isFloatOnly] abstract numbers become f32 @returns {Type} */
function alike(call, isFitting, isFloatOnly = true) {
  const decisive = call.args.find(({ type }) => !isAbstract(type)) ?? call.args.find(({ type }) => element(type) === AFLOAT);
  let type = decisive?.type ?? call.args[0].type;
  type = isFloatOnly && isAbstract(type) ? withElement(type, F32) : concrete(type);
  if (!isFitting(type) || call.args.some((arg) => !fits(arg.type, type))) unfit(call);
  for (const arg of call.args) convert(arg, type);
  return type;
}

/** @type {Rule} */
const floats = (call) => alike(call, isFloat);
/** Whole and other numbers. Of literals only, it is a literal itself: max(1, 2) may become any number type.
 * @param {(...values: number[]) => number} compute @returns {Rule} */
const numbers = (compute) => (call) => {
  const { args } = call;
  if (!args.every(({ type }) => isAbstract(type))) return alike(call, isNumeric, false);
  const scalar = args.some(({ type }) => element(type) === AFLOAT) ? AFLOAT : AINT;
  const type = withElement(args[0].type, scalar);
  if (args.some((arg) => !fits(arg.type, type))) unfit(call);
  for (const arg of args) convert(arg, type);
  if (type.kind === 'scalar') call.value = compute(...args.map(({ value }) => Number(value)));
  return type;
};
/** @type {Rule} */
const floatVectors = (call) => alike(call, (type) => type.kind === 'vec' && isFloat(type));
/** @type {Rule} */
const toScalar = (call) => /** @type {Type} */ (element(floats(call)));
/** @param {Type} wanted @param {Type} result @returns {Rule} */
const exactly = (wanted, result) => (call) => {
  if (!fits(call.args[0].type, wanted)) unfit(call);
  convert(call.args[0], wanted);
  return result;
};

define('sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp log exp2 log2 sqrt floor ceil fract trunc', 1, floats);
define('degrees radians', 1, floats);
define('inverseSqrt', 1, floats, 'inversesqrt');
define('round', 1, floats, 'roundEven');
define('saturate', 1, floats, ([x]) => `clamp(${x}, 0.0, 1.0)`);
define('pow step', 2, floats);
define('atan2', 2, floats, 'atan');
define('smoothstep', 3, floats);
define('fma', 3, floats, ([a, b, c]) => `((${a}) * (${b}) + (${c}))`);
define('dpdx dpdxCoarse dpdxFine', 1, floats, 'dFdx');
define('dpdy dpdyCoarse dpdyFine', 1, floats, 'dFdy');
define('fwidth fwidthCoarse fwidthFine', 1, floats, 'fwidth');
define('abs', 1, numbers(Math.abs), ([x], call) => (element(call.type) === U32 ? `(${x})` : `abs(${x})`));
define('sign', 1, (call) => (element(call.args[0].type) === U32 ? unfit(call) : numbers(Math.sign)(call)));
define('min', 2, numbers(Math.min));
define('max', 2, numbers(Math.max));
define('clamp', 3, numbers((x, low, high) => Math.min(Math.max(x, low), high)));
define('length', 1, toScalar);
define('distance', 2, toScalar);
define('dot', 2, (call) => {
  const scalar = element(alike(call, (type) => type.kind === 'vec' && isFloat(type)));
  return scalar ?? unfit(call);
});
define('cross', 2, (call) => alike(call, (type) => same(type, vec(3, F32))));
define('normalize', 1, floatVectors);
define('reflect', 2, floatVectors);
define('faceForward', 3, floatVectors, 'faceforward');
define('any all', 1, (call) => (isBool(call.args[0].type) ? BOOL : unfit(call)),
  ([x], call) => (call.args[0].type.kind === 'vec' ? `${call.callee.name}(${x})` : `(${x})`));
define('ldexp', 2, (call) => {
  const [x, e] = call.args;
  if (!isNumeric(x.type) || isInteger(concrete(x.type)) || !fits(e.type, withElement(x.type, I32))) unfit(call);
  convert(x, concrete(x.type));
  convert(e, withElement(x.type, I32));
  return x.type;
}, ([x, e], call) => `((${x}) * exp2(${call.type.kind === 'vec' ? `vec${call.type.size}` : 'float'}(${e})))`);

/** The last argument may be a number where the others are vectors. @param {Call} call @param {boolean} mustBeNumber */
function withFactor(call, mustBeNumber) {
  const [a, b, factor] = call.args;
  const isNumber = factor.type.kind === 'scalar';
  const type = alike({ ...call, args: isNumber ? [a, b] : [a, b, factor] }, isFloat);
  if (isNumber && !fits(factor.type, F32)) unfit(call);
  if (mustBeNumber && (!isNumber || type.kind !== 'vec')) unfit(call);
  if (isNumber) convert(factor, F32);
  return type;
}
define('mix', 3, (call) => withFactor(call, false));
define('refract', 3, (call) => withFactor(call, true));

define('determinant', 1, (call) => {
  const { type } = call.args[0];
  return type.kind === 'mat' && type.rows === type.columns ? F32 : unfit(call);
});
define('transpose', 1, (call) => {
  const { type } = call.args[0];
  if (type.kind !== 'mat') unfit(call);
  return { kind: 'mat', name: `mat${type.rows}x${type.columns}<f32>`, columns: type.rows, rows: type.columns };
});

/** WGSL computes both sides of select; so does GLSL's mix with bools, which exists for floats only. Products with 0 and 1
 * do the same for whole numbers. @type {Emit} */
function emitSelect([no, yes, test], { type, args }) {
  const isVectorTest = args[2].type.kind === 'vec';
  if (isFloat(type)) {
    const isSplat = type.kind === 'vec' && !isVectorTest;
    return `mix(${no}, ${yes}, ${isSplat ? `bvec${type.size}(${test})` : test})`;
  }
  if (type.kind !== 'vec' || !isVectorTest) return `((${test}) ? (${yes}) : (${no}))`;
  const ints = `${element(type) === U32 ? 'u' : 'i'}vec${type.size}`;
  const one = element(type) === U32 ? '1u' : '1';
  const sum = `${ints}(${test}) * ${ints}(${yes}) + (${one} - ${ints}(${test})) * ${ints}(${no})`;
  return isBool(type) ? `bvec${type.size}(${sum})` : `(${sum})`;
}
define('select', 3, (call) => {
  const [no, yes, test] = call.args;
  const type = alike({ ...call, args: [no, yes] }, (one) => element(one) !== undefined, false);
  if (test.type !== BOOL && !same(test.type, withElement(type, BOOL))) unfit(call);
  return type;
}, emitSelect);

const VEC2 = vec(2, F32);
const VEC4 = vec(4, F32);
for (const [kind, glsl] of [['unorm', 'Unorm'], ['snorm', 'Snorm'], ['float', 'Half']]) {
  const suffix = glsl === 'Half' ? 'Half2x16' : `${glsl}2x16`;
  define(`pack2x16${kind}`, 1, exactly(VEC2, U32), `pack${suffix}`);
  define(`unpack2x16${kind}`, 1, exactly(U32, VEC2), `unpack${suffix}`);
}
const BYTES = 'uvec4(0u, 8u, 16u, 24u)';
define('unpack4x8unorm', 1, exactly(U32, VEC4), ([x]) => `(vec4((uvec4(${x}) >> ${BYTES}) & uvec4(255u)) / 255.0)`);
define('unpack4x8snorm', 1, exactly(U32, VEC4),
  ([x]) => `max(vec4(ivec4(uvec4(${x}) << uvec4(24u, 16u, 8u, 0u)) >> 24) / 127.0, vec4(-1.0))`);

/** Names of the bit patterns' functions by from and to. @type {Readonly<Record<string, string>>} */
const BITCASTS = Object.freeze({
  'f32 i32': 'floatBitsToInt', 'f32 u32': 'floatBitsToUint', 'i32 f32': 'intBitsToFloat', 'u32 f32': 'uintBitsToFloat',
});
BUILTINS.set('bitcast', (call, context) => {
  checkCount(call, 1);
  const [arg] = call.args;
  checkExpression(arg, context);
  if (isAbstract(arg.type)) convert(arg, concrete(arg.type));
  const [ref] = call.callee.args;
  if (call.callee.args.length !== 1 || ref.kind !== 'typeref') refuse(call.at, '`bitcast` needs one type: bitcast<f32>(x).');
  const type = context.module.type(ref, context.uses);
  const [from, to] = [element(arg.type), element(type)];
  if (!from || !to || !same(withElement(arg.type, F32), withElement(type, F32)) || isBool(arg.type) || isBool(type)) {
    refuse(call.at, `\`bitcast\` can't turn ${arg.type.name} into ${type.name}.`);
  }
  const convertInts = type.kind === 'vec' ? `${to === I32 ? 'i' : 'u'}vec${type.size}` : to === I32 ? 'int' : 'uint';
  const glsl = from === to ? '' : BITCASTS[`${from.name} ${to.name}`] ?? convertInts;
  call.meaning = { kind: 'builtin', emit: ([x]) => `${glsl}(${x})` };
  return type;
});

/** Names that only a fragment stage may call. */
export const FRAGMENT_ONLY = /^(dpdx|dpdy|fwidth|textureSample$|textureSampleBias$|textureSampleCompare$)/;

/** What WGSL has and the subset does not, with the reason. @type {ReadonlyMap<string, string>} */
export const OUTSIDE = new Map([
  ...['textureStore', 'arrayLength', 'atomicAdd', 'atomicLoad', 'atomicStore', 'atomicMax', 'atomicMin', 'workgroupBarrier',
    'storageBarrier'].map((name) => [name, `\`${name}\` needs storage, which WebGL2 does not have.`]),
  ...['textureGather', 'textureGatherCompare', 'textureNumLevels', 'textureNumSamples', 'textureSampleBaseClampToEdge',
    'frexp', 'modf', 'quantizeToF16', 'dot4U8Packed', 'dot4I8Packed',
  ].map((name) => [name, `\`${name}\` is outside of the subset: GLSL ES 3.00 has no such function.`]),
].map(([name, reason]) => /** @type {[string, string]} */ ([name, reason])));

