// @ts-check
/** @file Numbers that are known before the shader runs: literals, and what operators make of them. */
import { refuse } from './errors.js';
import { AFLOAT, AINT, BOOL, F32, I32, U32 } from './types.js';

/** @typedef {import('./ast.js').Value} Value */
/** @typedef {import('./types.js').Scalar} Scalar */
/** @typedef {import('./errors.js').At} At */

const F32_MAX = 3.4028234663852886e38;
/** @type {Readonly<Record<string, [number, number]>>} */
const RANGES = Object.freeze({ i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1], f32: [-F32_MAX, F32_MAX] });

/** @param {string} text of a literal @param {At} at @returns {{ type: Scalar, value: Value }} */
export function readLiteral(text, at) {
  if (text === 'true' || text === 'false') return { type: BOOL, value: text === 'true' };
  const isHex = /^0x/i.test(text);
  const isFloat = isHex ? /[.p]/i.test(text) : /[.ef]/i.test(text);
  if (/h$/.test(text)) refuse(at, `\`${text}\` has 16 bits, which WebGL2 does not have; use f32.`);
  const suffix = /[iu]$/.test(text) || (isFloat && text.endsWith('f')) ? text.slice(-1) : '';
  const digits = suffix ? text.slice(0, -1) : text;
  if (!isHex && !isFloat && /^0\d/.test(digits)) refuse(at, `\`${text}\` starts with 0; WGSL has no octal numbers.`);
  const value = isHex && isFloat ? hexFloat(digits) : Number(digits);
  if (suffix === 'i') return { type: I32, value: checked(value, I32, at) };
  if (suffix === 'u') return { type: U32, value: checked(value, U32, at) };
  if (suffix === 'f') return { type: F32, value: checked(value, F32, at) };
  return { type: isFloat ? AFLOAT : AINT, value };
}

/** @param {string} text 0x1.8p3 @returns {number} */
function hexFloat(text) {
  const [mantissa, exponent = '0'] = text.slice(2).split(/[pP]/);
  const [whole, fraction = ''] = mantissa.split('.');
  const digits = Number(`0x${whole || '0'}`) + (fraction ? Number(`0x${fraction}`) / 16 ** fraction.length : 0);
  return digits * 2 ** Number(exponent);
}

/** @template {Value} T @param {T} value @param {Scalar} type @param {At} at @returns {T} that a GPU's number can hold it */
export function checked(value, type, at) {
  const range = RANGES[type.name];
  if (typeof value === 'number' && range && !(value >= range[0] && value <= range[1])) {
    refuse(at, `${value} is no ${type.name}; the range is ${range[0]} to ${range[1]}.`);
  }
  return value;
}

/** @type {Readonly<Record<string, (a: number, b: number) => number>>} */
const INTEGERS = Object.freeze({
  '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => Math.trunc(a / b), '%': (a, b) => a % b,
  '&': (a, b) => Number(BigInt(a) & BigInt(b)), '|': (a, b) => Number(BigInt(a) | BigInt(b)),
  '^': (a, b) => Number(BigInt(a) ^ BigInt(b)),
  '<<': (a, b) => a * 2 ** b, '>>': (a, b) => Math.floor(a / 2 ** b),
});
/** @type {Readonly<Record<string, (a: Value, b: Value) => boolean>>} */
const TESTS = Object.freeze({
  '==': (a, b) => a === b, '!=': (a, b) => a !== b, '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b,
  '>=': (a, b) => a >= b, '&&': (a, b) => a === true && b === true, '||': (a, b) => a === true || b === true,
});

/** The value of `a op b`, or undefined where it is only known to the GPU (concrete floats keep the GPU's rounding).
 * @param {string} op @param {Value | undefined} a @param {Value | undefined} b @param {Scalar} type of both
 * @param {At} at @returns {Value | undefined} */
export function fold(op, a, b, type, at) {
  if (a === undefined || b === undefined) return undefined;
  if (Object.hasOwn(TESTS, op)) return TESTS[op](a, b);
  if (typeof a !== 'number' || typeof b !== 'number' || type === F32) return undefined;
  if ((op === '/' || op === '%') && b === 0) refuse(at, 'This constant is divided by 0.');
  if (type === AFLOAT) return op === '/' ? a / b : INTEGERS[op](a, b);
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) refuse(at, `${a} ${op} ${b} has more than 53 bits.`);
  const value = INTEGERS[op](a, b);
  if (type === AINT && !Number.isSafeInteger(value)) refuse(at, `${a} ${op} ${b} has more than 53 bits.`);
  return type === AINT ? value : wrapped(value, type);
}

/** @param {number} value @param {Scalar} type @returns {number | undefined} undefined where WGSL would not compile it */
function wrapped(value, type) {
  const [low, high] = RANGES[type.name] ?? [0, 0];
  return value >= low && value <= high ? value : undefined;
}

/** @param {string} op @param {Value | undefined} value @param {Scalar} type @returns {Value | undefined} */
export function foldUnary(op, value, type) {
  if (typeof value === 'boolean') return op === '!' ? !value : undefined;
  if (value === undefined) return undefined;
  if (op === '-') return -value;
  return op === '~' && Number.isSafeInteger(value) ? (type === U32 ? (~value) >>> 0 : -value - 1) : undefined;
}
