// @ts-check
/** @file Expressions and type names, by WGSL's own grammar: what it refuses without parentheses is refused here as well. */
import { DEPTH_MAX } from './cursor.js';
import { refuse } from './errors.js';
import { VOID } from './types.js';

/** @typedef {import('./ast.js').Expr} Expr */
/** @typedef {import('./ast.js').TypeRef} TypeRef */
/** @typedef {import('./cursor.js').Cursor} Cursor */

const TEMPLATES = /^(vec[234]|mat[234]x[234]|array|ptr|bitcast|atomic|texture_\w+)$/;
const BITWISE = ['&', '|', '^'];
const RELATIONS = ['==', '!=', '<=', '>=', '<', '>'];

/** What the checker fills in. @param {import('./errors.js').At} at @param {...Expr} parts */
function unchecked(at, ...parts) {
  let depth = 1;
  for (const part of parts) depth = Math.max(depth, part.depth + 1);
  if (depth > 2 * DEPTH_MAX) refuse(at, `The expression is nested deeper than ${2 * DEPTH_MAX} levels; split it up.`);
  return { type: VOID, at, value: undefined, depth };
}

/** @param {Cursor} cursor @param {string[]} operators @param {(cursor: Cursor) => Expr} operand
 * @returns {Expr} a chain of operators of one level, from the left */
function chain(cursor, operators, operand) {
  let left = operand(cursor);
  for (;;) {
    const { at } = cursor;
    const op = cursor.accept(...operators);
    if (!op) return left;
    const right = operand(cursor);
    left = { kind: 'binary', op, left, right, ...unchecked(at, left, right) };
  }
}

/** Operators that may not follow the `first` operand's own without parentheses.
 * @param {Cursor} cursor @param {string} op */
function noMixture(cursor, op) {
  const { text, kind } = cursor.token;
  const operators = ['&&', '||', ...BITWISE, ...RELATIONS, '<<', '>>', '+', '-', '*', '/', '%'];
  if (kind === 'mark' && operators.includes(text)) {
    cursor.refuse(`\`${text}\` can't follow \`${op}\` without parentheses around one of them; WGSL has no precedence here.`);
  }
}

/** @param {Cursor} cursor @returns {Expr} */
export function parseExpression(cursor) {
  return cursor.nested(() => {
    const left = relation(cursor);
    const op = ['&&', '||', ...BITWISE].find((one) => cursor.is(one));
    if (!op) return left;
    const isBitwise = BITWISE.includes(op);
    let whole = left;
    while (cursor.is(op)) {
      const { at } = cursor.take();
      const right = isBitwise ? unary(cursor) : relation(cursor);
      whole = { kind: 'binary', op, left: whole, right, ...unchecked(at, whole, right) };
    }
    noMixture(cursor, op);
    return whole;
  });
}

/** @param {Cursor} cursor @returns {Expr} */
function relation(cursor) {
  const left = shift(cursor);
  const { at } = cursor;
  const op = cursor.accept(...RELATIONS);
  if (!op) return left;
  const right = shift(cursor);
  if (RELATIONS.some((one) => cursor.is(one))) noMixture(cursor, op);
  return { kind: 'binary', op, left, right, ...unchecked(at, left, right) };
}

/** @param {Cursor} cursor @returns {Expr} */
function shift(cursor) {
  const left = additive(cursor);
  const { at } = cursor;
  const op = cursor.accept('<<', '>>');
  if (!op) return left;
  if (left.kind === 'binary' && !isParenthesised.has(left)) refuse(at, `\`${op}\` needs parentheses around its left side.`);
  const right = unary(cursor);
  if (!RELATIONS.concat('&&', '||').some((one) => cursor.is(one))) noMixture(cursor, op);
  return { kind: 'binary', op, left, right, ...unchecked(at, left, right) };
}

/** Additive expressions (parseExpression's level below shifts); also what an array's size is.
 * @param {Cursor} cursor @returns {Expr} */
function additive(cursor) {
  return chain(cursor, ['+', '-'], (inner) => chain(inner, ['*', '/', '%'], unary));
}

/** @param {Cursor} cursor @returns {Expr} */
function unary(cursor) {
  return cursor.nested(() => {
    const { at } = cursor;
    const op = cursor.accept('-', '!', '~', '*', '&');
    if (!op) return postfix(cursor);
    const operand = unary(cursor);
    return { kind: 'unary', op, operand, ...unchecked(at, operand) };
  });
}

/** @param {Cursor} cursor @returns {Expr} */
function postfix(cursor) {
  let base = primary(cursor);
  for (;;) {
    const { at } = cursor;
    if (cursor.accept('[')) {
      const index = parseExpression(cursor);
      cursor.expect(']', 'after the index');
      base = { kind: 'index', base, index, ...unchecked(at, base, index) };
    } else if (cursor.accept('.')) {
      if (cursor.token.kind !== 'name') cursor.refuse(`A member is expected after the point, not \`${cursor.token.text}\`.`);
      base = { kind: 'member', base, name: cursor.take().text, glsl: '', ...unchecked(at, base) };
    } else return base;
  }
}

/** Binary expressions that stood in parentheses: shifts ask. @type {WeakSet<Expr>} */
const isParenthesised = new WeakSet();

/** @param {Cursor} cursor @returns {Expr} */
function primary(cursor) {
  const { token, at } = cursor;
  if (cursor.accept('(')) {
    const inner = parseExpression(cursor);
    cursor.expect(')', 'after the expression');
    isParenthesised.add(inner);
    return inner;
  }
  if (token.kind === 'number' || token.text === 'true' || token.text === 'false') {
    cursor.take();
    return { kind: 'literal', text: token.text, ...unchecked(at) };
  }
  if (token.kind !== 'name') cursor.refuse(`An expression is expected, not \`${token.text}\`.`);
  const callee = parseType(cursor);
  if (cursor.is('(')) {
    const args = parseArguments(cursor);
    return { kind: 'call', callee, args, meaning: undefined, ...unchecked(at, ...args) };
  }
  if (callee.args.length > 0) cursor.refuse(`\`${callee.name}<...>\` is a type; a value of it is made by \`(...)\`.`);
  return { kind: 'name', name: callee.name, variable: undefined, ...unchecked(at) };
}

/** Arguments in parentheses. @param {Cursor} cursor @returns {Expr[]} */
export function parseArguments(cursor) {
  cursor.expect('(', 'before the arguments');
  /** @type {Expr[]} */
  const args = [];
  while (!cursor.is(')')) {
    args.push(parseExpression(cursor));
    if (!cursor.accept(',')) break;
  }
  cursor.expect(')', 'after the arguments');
  return args;
}

/** A type, or the name that is called: its template list is read only where the name can have one, so that `a < b`
 * stays a comparison. @param {Cursor} cursor @returns {TypeRef} */
export function parseType(cursor) {
  return cursor.nested(() => {
    const { at } = cursor;
    const name = cursor.name('a type or value');
    /** @type {(TypeRef | Expr)[]} */
    const args = [];
    if (!TEMPLATES.test(name) || !cursor.accept('<')) return { kind: 'typeref', name, args, at };
    do {
      if (cursor.token.text.startsWith('>')) break;
      args.push(name === 'array' && args.length === 1 ? additive(cursor) : parseType(cursor));
    } while (cursor.accept(','));
    cursor.closeTemplate();
    return { kind: 'typeref', name, args, at };
  });
}
