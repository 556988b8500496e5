// @ts-check
/** @file How types and numbers are spelled in GLSL ES 3.00. */
import { refuse } from './errors.js';

/** @typedef {import('./types.js').Type} Type */

const NUMBERS_MAX = 4096;
const PREFIXES = Object.freeze({ f32: '', i32: 'i', u32: 'u', bool: 'b', aint: 'i', afloat: '' });
const SCALAR_NAMES = Object.freeze({ f32: 'float', i32: 'int', u32: 'uint', bool: 'bool', aint: 'int', afloat: 'float' });

/** @param {Type} type @returns {string} */
export function typeText(type) {
  switch (type.kind) {
    case 'scalar': return SCALAR_NAMES[type.name];
    case 'vec': return `${PREFIXES[type.of.name]}vec${type.size}`;
    case 'mat': return type.columns === type.rows ? `mat${type.columns}` : `mat${type.columns}x${type.rows}`;
    case 'array': return `${typeText(type.of)}[${type.count}]`;
    case 'struct': return type.glsl;
    case 'pointer': return typeText(type.to);
    default: return 'void';
  }
}

/** @param {import('./ast.js').Value} value @param {Type} type @returns {string} */
export function numberText(value, type) {
  if (typeof value === 'boolean') return String(value);
  if (type.name === 'u32') return `${value}u`;
  if (type.name === 'i32' || type.name === 'aint') return value === -(2 ** 31) ? '(-2147483647 - 1)' : String(value);
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Numbers in a value of the type. @param {Type} type @returns {number} */
function count(type) {
  switch (type.kind) {
    case 'array': return type.count * count(type.of);
    case 'struct': return type.members.reduce((sum, member) => sum + count(member.type), 0);
    default: return 1;
  }
}

/** WGSL's zero value. @param {Type} type @param {import('./errors.js').At} at @returns {string} */
export function zeroText(type, at) {
  if (count(type) > NUMBERS_MAX) refuse(at, `The zero value of ${type.name} has ${count(type)} parts; the limit is ${NUMBERS_MAX}.`);
  switch (type.kind) {
    case 'scalar': return numberText(type.name === 'bool' ? false : 0, type);
    case 'array': return `${typeText(type)}(${Array(type.count).fill(zeroText(type.of, at)).join(', ')})`;
    case 'struct': return `${type.glsl}(${type.members.map((member) => zeroText(member.type, at)).join(', ')})`;
    case 'vec': return `${typeText(type)}(${zeroText(type.of, at)})`;
    default: return `${typeText(type)}(0.0)`;
  }
}
