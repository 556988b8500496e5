// @ts-check
/** @file Gives every expression its type and, where it is a constant, its value. */
import { checkCall } from './check-call.js';
import { checked, fold, foldUnary, readLiteral } from './constants.js';
import { refuse } from './errors.js';
import {
  AFLOAT, AINT, BOOL, F32, I32, U32, concrete, element, fits, isAbstract, isBool, isFloat, isInteger, isNumeric, same, spoken, vec,
  withElement,
} from './types.js';

/** @typedef {import('./ast.js').Expr} Expr */
/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./types.js').Type} Type */
/** @typedef {import('./types.js').Scalar} Scalar */

const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
/** What floats and whole numbers compute alike. */
const EXACT = ['+', '-', '*', '==', '!=', '<', '<=', '>', '>='];
const SWIZZLE = /^(?:[xyzw]{1,4}|[rgba]{1,4})$/;

/** Checks an expression that stands for a value. @param {Expr} node @param {Context} context @returns {Type} its type */
export function checkExpression(node, context) {
  switch (node.kind) {
    case 'literal': Object.assign(node, readLiteral(node.text, node.at)); break;
    case 'name': checkName(node, context); break;
    case 'unary': checkUnary(node, context); break;
    case 'binary': checkBinary(node, context); break;
    case 'index': checkIndex(node, context); break;
    case 'member': checkMember(node, context); break;
    case 'call': node.type = checkCall(node, context); break;
  }
  return node.type;
}

/** Checks an expression and gives it a type that the GPU has. @param {Expr} node @param {Context} context
 * @param {Type} [wanted] else its own @param {string} [what] it is, for the message @returns {Type} */
export function checkValue(node, context, wanted, what = 'This value') {
  const type = checkExpression(node, context);
  if (type.kind === 'void') refuse(node.at, `${what} is a call that gives nothing.`);
  convert(node, wanted ?? concrete(type), what);
  return node.type;
}

/** Gives an abstract expression the type of its surroundings. @param {Expr} node @param {Type} to @param {string} [what] */
export function convert(node, to, what = 'This value') {
  const from = node.type;
  if (same(from, to)) return;
  if (!fits(from, to)) {
    refuse(node.at, `${what} is ${spoken(from)}, but ${to.name} is needed.`);
  }
  node.type = to;
  const scalar = /** @type {Scalar} */ (element(to));
  if (to.kind === 'scalar' && node.value !== undefined) checked(node.value, to, node.at);
  else if (node.kind === 'unary') convert(node.operand, to);
  else if (node.kind === 'member') convert(node.base, withElement(node.base.type, scalar));
  else if (node.kind === 'binary') {
    for (const side of [node.left, node.right]) convert(side, withElement(side.type, scalar));
  } else if (node.kind === 'call') for (const arg of node.args) convert(arg, withElement(arg.type, scalar));
}

/** @param {Expr & { kind: 'name' }} node @param {Context} context */
function checkName(node, context) {
  const variable = context.local(node.name) ?? context.module.globalVariable(node.name, node.at, context.uses);
  Object.assign(node, { variable, type: variable.type, value: variable.value });
}

/** @param {Expr & { kind: 'unary' }} node @param {Context} context */
function checkUnary(node, context) {
  const type = checkExpression(node.operand, context);
  if (node.op === '*') {
    if (type.kind !== 'pointer') refuse(node.at, `\`*\` needs a pointer, but this is ${spoken(type)}.`);
    node.type = type.to;
    return;
  }
  if (node.op === '&') refuse(node.at, '`&` may only make an argument for a pointer parameter.');
  const isFitting = node.op === '!' ? isBool(type) : node.op === '~' ? isInteger(type)
    : isNumeric(type) && element(type) !== U32;
  if (!isFitting) refuse(node.at, `\`${node.op}\` can't be applied to ${spoken(type)}.`);
  if (node.op === '~') settleVector(node.operand);
  node.type = node.operand.type;
  if (type.kind === 'scalar') node.value = foldUnary(node.op, node.operand.value, type);
}

/** Literal vectors keep no numbers, so what floats would compute otherwise (a division, say) makes i32 of them.
 * @param {Expr} node */
function settleVector(node) {
  if (node.type.kind === 'vec' && element(node.type) === AINT) convert(node, withElement(node.type, I32));
}

/** The numbers of a vector that is written as literals. @param {Expr} node @returns {Expr[] | undefined} */
function literalParts(node) {
  if (node.type.kind === 'scalar') return node.value === undefined ? undefined : [node];
  if (node.kind === 'member') {
    const parts = literalParts(node.base);
    return parts && [...node.name].map((c) => parts[componentIndex(c)]);
  }
  if (node.kind !== 'call' || node.meaning?.kind !== 'construct' || node.type.kind !== 'vec') return undefined;
  const parts = node.args.map(literalParts);
  if (parts.includes(undefined)) return undefined;
  const flat = /** @type {Expr[]} */ (parts.flat());
  return flat.length === 1 ? Array(node.type.size).fill(flat[0]) : flat;
}

/** Gives both sides one scalar type. @param {Expr & { kind: 'binary' }} node @returns {Scalar | undefined} */
function unify(node) {
  const [a, b] = [element(node.left.type), element(node.right.type)];
  if (!a || !b) return undefined;
  const [isA, isB] = [isAbstract(a), isAbstract(b)];
  const scalar = isA && isB ? (a === AFLOAT || b === AFLOAT ? AFLOAT : AINT) : isA ? b : a;
  for (const side of [node.left, node.right]) {
    if (!fits(/** @type {Scalar} */ (element(side.type)), scalar)) return undefined;
    convert(side, withElement(side.type, scalar));
  }
  return scalar;
}

/** @param {Expr & { kind: 'binary' }} node @param {Context} context */
function checkBinary(node, context) {
  const { op, left, right } = node;
  checkExpression(left, context);
  checkExpression(right, context);
  const type = binaryType(node);
  if (!type) {
    refuse(node.at, `\`${op}\` can't join ${spoken(left.type)} and ${spoken(right.type)}.`);
  }
  node.type = type;
  const scalar = element(left.type);
  if (type.kind === 'scalar' && scalar) node.value = fold(op, left.value, right.value, scalar, node.at);
}

/** @param {Expr & { kind: 'binary' }} node @returns {Type | undefined} */
function binaryType(node) {
  const { op, left, right } = node;
  if (op === '<<' || op === '>>') return shiftType(node);
  if (left.type.kind === 'mat' || right.type.kind === 'mat') return matrixType(node);
  const scalar = unify(node);
  if (!scalar) return undefined;
  if (scalar === AINT && !EXACT.includes(op)) for (const side of [left, right]) settleVector(side);
  const [a, b] = [left.type, right.type];
  if (op === '&&' || op === '||') return a === BOOL && b === BOOL ? BOOL : undefined;
  if (COMPARISONS.includes(op)) {
    const isOrdered = op === '==' || op === '!=' || scalar !== BOOL;
    return same(a, b) && isOrdered ? withElement(a, BOOL) : undefined;
  }
  if (op === '&' || op === '|' || op === '^') {
    return same(a, b) && (isInteger(a) || (isBool(a) && op !== '^')) ? a : undefined;
  }
  if (scalar === BOOL) return undefined;
  if (same(a, b)) return a;
  return a.kind === 'scalar' ? b : b.kind === 'scalar' ? a : undefined;
}

/** @param {Expr & { kind: 'binary' }} node @returns {Type | undefined} */
function shiftType({ left, right }) {
  if (!isInteger(left.type) || !fits(right.type, withElement(left.type, U32))) return undefined;
  settleVector(left);
  if (element(left.type) === AINT && right.value === undefined) convert(left, I32);
  if (element(right.type) !== AINT || element(left.type) !== AINT) convert(right, withElement(left.type, U32));
  return left.type;
}

/** @param {Expr & { kind: 'binary' }} node @returns {Type | undefined} */
function matrixType({ op, left, right }) {
  for (const side of [left, right]) if (isAbstract(side.type)) convert(side, withElement(side.type, F32));
  const [a, b] = [left.type, right.type];
  if (op === '+' || op === '-') return same(a, b) ? a : undefined;
  if (op !== '*') return undefined;
  if (a === F32) return b;
  if (b === F32) return a;
  if (a.kind === 'mat' && b.kind === 'mat') return matrixProduct(a, b);
  if (a.kind === 'mat' && b.kind === 'vec') return isFloat(b) && b.size === a.columns ? vec(a.rows, F32) : undefined;
  if (a.kind === 'vec' && b.kind === 'mat') return isFloat(a) && a.size === b.rows ? vec(b.columns, F32) : undefined;
  return undefined;
}

/** @param {import('./types.js').Mat} a @param {import('./types.js').Mat} b @returns {Type | undefined} */
function matrixProduct(a, b) {
  if (a.columns !== b.rows) return undefined;
  return { kind: 'mat', name: `mat${b.columns}x${a.rows}<f32>`, columns: b.columns, rows: a.rows };
}

/** @param {string} name x to w, or r to a */
const componentIndex = (name) => 'xyzwrgba'.indexOf(name) % 4;

/** The type behind a pointer. @param {Type} type */
const reached = (type) => (type.kind === 'pointer' ? type.to : type);

/** @param {Expr & { kind: 'index' }} node @param {Context} context */
function checkIndex(node, context) {
  checkExpression(node.base, context);
  if (isAbstract(node.base.type)) convert(node.base, concrete(node.base.type));
  const index = checkValue(node.index, context);
  if (index !== I32 && index !== U32) refuse(node.index.at, `An index is i32 or u32, but this is ${index.name}.`);
  const base = reached(node.base.type);
  const limit = base.kind === 'array' ? base.count : base.kind === 'vec' ? base.size : base.kind === 'mat' ? base.columns : 0;
  if (limit === 0) refuse(node.at, `${base.name} has no elements to index.`);
  if (typeof node.index.value === 'number' && !(node.index.value >= 0 && node.index.value < limit)) {
    refuse(node.index.at, `The index is ${node.index.value}, but ${base.name} has the elements 0 to ${limit - 1}.`);
  }
  node.type = base.kind === 'array' || base.kind === 'vec' ? base.of
    : vec(/** @type {import('./types.js').Mat} */ (base).rows, F32);
}

/** @param {Expr & { kind: 'member' }} node @param {Context} context */
function checkMember(node, context) {
  checkExpression(node.base, context);
  const parts = isAbstract(node.base.type) ? literalParts(node.base) : undefined;
  if (!parts && isAbstract(node.base.type)) convert(node.base, concrete(node.base.type));
  const base = reached(node.base.type);
  if (base.kind === 'struct') {
    const member = base.members.find(({ name }) => name === node.name);
    if (!member) {
      const known = base.members.map(({ name }) => name).join(', ');
      refuse(node.at, `The struct \`${base.name}\` has no member \`${node.name}\`; it has ${known}.`);
    }
    node.glsl = member.glsl;
    node.type = member.type;
    return;
  }
  if (base.kind !== 'vec' || !SWIZZLE.test(node.name)) refuse(node.at, `${base.name} has no member \`${node.name}\`.`);
  const highest = Math.max(...[...node.name].map(componentIndex));
  if (highest >= base.size) refuse(node.at, `${base.name} has ${base.size} components, so \`${node.name}\` leaves it.`);
  node.glsl = node.name;
  node.type = node.name.length === 1 ? base.of : vec(node.name.length, base.of);
  if (node.name.length === 1) node.value = parts?.[highest]?.value;
}
