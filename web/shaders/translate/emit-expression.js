// @ts-check
/** @file Checked expressions to GLSL, with parentheses only where GLSL's precedence needs them. */
import { refuse } from './errors.js';
import { numberText, typeText, zeroText } from './glsl-text.js';
import { U32, element, isAbstract, isBool, isFloat } from './types.js';

/** @typedef {import('./ast.js').Expr} Expr */
/** @typedef {import('./types.js').Type} Type */
/** @typedef {{ text: string, level: number }} Emitted level: precedence, higher binds stronger */

const TEXT_MAX = 1 << 16;
const UNARY = 14;
const POSTFIX = 15;
/** @type {Readonly<Record<string, number>>} */
const LEVELS = Object.freeze({
  '*': 13, '/': 13, '%': 13, '+': 12, '-': 12, '<<': 11, '>>': 11, '<': 10, '<=': 10, '>': 10, '>=': 10, '==': 9, '!=': 9,
  '&': 8, '^': 7, '|': 6, '&&': 5, '||': 3,
});
/** @type {Readonly<Record<string, string>>} */
const VECTOR_TESTS = Object.freeze({
  '<': 'lessThan', '<=': 'lessThanEqual', '>': 'greaterThan', '>=': 'greaterThanEqual', '==': 'equal', '!=': 'notEqual',
});

/** @param {Expr} node @param {number} [level] what surrounds it binds as strongly @returns {string} */
export function emitExpression(node, level = 0) {
  const emitted = emit(node);
  if (emitted.text.length > TEXT_MAX) refuse(node.at, `The expression has more than ${TEXT_MAX} characters in GLSL; split it up.`);
  return emitted.level < level ? `(${emitted.text})` : emitted.text;
}

/** @param {string} text @returns {Emitted} */
const call = (text) => ({ text, level: POSTFIX });

/** @param {Expr} node @returns {Emitted} */
function emit(node) {
  const isNamed = node.kind === 'name' && node.variable && !isAbstract(node.variable.type);
  if (node.value !== undefined && node.type.kind === 'scalar' && !isNamed) return emitNumber(node, node.value);
  switch (node.kind) {
    case 'name': return call(node.variable?.glsl ?? node.name);
    case 'unary': return emitUnary(node);
    case 'binary': return emitBinary(node);
    case 'index': return call(`${emitExpression(node.base, POSTFIX)}[${emitExpression(node.index)}]`);
    case 'member': return call(`${emitExpression(node.base, POSTFIX)}.${node.glsl}`);
    case 'call': return emitCall(node);
    default: return refuse(node.at, 'This literal has no value.');
  }
}

/** @param {Expr} node @param {import('./ast.js').Value} value @returns {Emitted} */
function emitNumber(node, value) {
  const isHex = node.kind === 'literal' && /^0x[\da-f]+u$/i.test(node.text);
  const isDecimal = node.kind === 'literal' && isFloat(node.type) && /^(\d+\.\d+|\d+(\.\d+)?e-?\d+)$/.test(node.text);
  const text = isHex || isDecimal ? node.text : numberText(value, node.type);
  return { text, level: text.startsWith('-') ? UNARY : POSTFIX };
}

/** @param {Expr & { kind: 'unary' }} node @returns {Emitted} */
function emitUnary({ op, operand, type }) {
  if (op === '*' || op === '&') return emit(operand);
  if (op === '!' && type.kind === 'vec') return call(`not(${emitExpression(operand)})`);
  const text = emitExpression(operand, UNARY);
  return { text: `${op}${text.startsWith('-') ? `(${text})` : text}`, level: UNARY };
}

/** @param {Expr & { kind: 'binary' }} node @returns {Emitted} */
function emitBinary(node) {
  const { op, left, right, type } = node;
  if (VECTOR_TESTS[op] && left.type.kind === 'vec') {
    return call(`${VECTOR_TESTS[op]}(${emitExpression(left)}, ${emitExpression(right)})`);
  }
  if (op === '%' && element(type) !== U32) return emitRemainder(node);
  if ((op === '&' || op === '|') && isBool(type)) {
    if (type.kind !== 'vec') return infix(op + op, left, right);
    const [a, b] = [left, right].map((side) => `ivec${type.size}(${emitExpression(side)})`);
    return call(`bvec${type.size}(${a} ${op} ${b})`);
  }
  return infix(op, left, right);
}

/** @param {string} op @param {Expr} left @param {Expr} right @returns {Emitted} */
function infix(op, left, right) {
  const level = LEVELS[op];
  const isMixed = op === '<<' || op === '>>' || op === '&' || op === '|' || op === '^' || op === '||';
  const inner = isMixed ? UNARY : level;
  const first = left.kind === 'binary' && left.op === op ? level : inner;
  return { text: `${emitExpression(left, first)} ${op} ${emitExpression(right, isMixed ? UNARY : level + 1)}`, level };
}

/** WGSL's remainder has the sign of the first number; GLSL's mod has the second's, and its % is undefined for negative ones.
 * @param {Expr & { kind: 'binary' }} node @returns {Emitted} */
function emitRemainder({ left, right, type }) {
  const wide = (/** @type {Expr} */ side) => (
    type.kind === 'vec' && side.type.kind === 'scalar' ? `${typeText(type)}(${emitExpression(side)})` : emitExpression(side));
  return call(`${remainderName}(${wide(left)}, ${wide(right)})`);
}

/** The function that emitted remainders call; the module's text begins with it where one is used. */
export const remainderName = 'lw_remainder';
export const REMAINDER = ['float', 'vec2', 'vec3', 'vec4', 'int', 'ivec2', 'ivec3', 'ivec4'].map((type) => {
  const quotient = type.startsWith('i') ? '(a / b)' : 'trunc(a / b)';
  return `${type} ${remainderName}(${type} a, ${type} b) { return a - b * ${quotient}; }`;
}).join('\n');

/** @param {import('./ast.js').Call} node @returns {Emitted} */
function emitCall(node) {
  const { meaning, args, type } = node;
  if (meaning?.kind === 'builtin') return call(meaning.emit(args.map((arg) => emitExpression(arg)), node));
  if (meaning?.kind === 'function') {
    const { decl } = meaning;
    const handed = args.filter((_, index) => decl.variables[index].type.kind !== 'sampler');
    return call(`${decl.glsl}(${handed.map((arg) => emitExpression(arg)).join(', ')})`);
  }
  if (args.length === 0) return call(zeroText(type, node.at));
  return call(`${typeText(type)}(${args.map((arg) => emitExpression(arg)).join(', ')})`);
}
