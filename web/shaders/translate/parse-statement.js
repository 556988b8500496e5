// @ts-check
/** @file Statements of function bodies. */
import { parseExpression, parseType } from './parse-expression.js';
import { VOID } from './types.js';

/** @typedef {import('./ast.js').Statement} Statement */
/** @typedef {import('./ast.js').Block} Block */
/** @typedef {import('./ast.js').Expr} Expr */
/** @typedef {import('./cursor.js').Cursor} Cursor */

const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>='];

/** @param {Cursor} cursor @returns {Block} */
export function parseBlock(cursor) {
  const { at } = cursor;
  cursor.expect('{', 'before the statements');
  /** @type {Statement[]} */
  const body = [];
  while (!cursor.is('}')) {
    if (cursor.token.kind === 'end') cursor.refuse('The source ends inside of a block; a `}` is missing.');
    if (cursor.accept(';')) continue;
    body.push(parseStatement(cursor));
  }
  cursor.expect('}', 'after the statements');
  return { kind: 'block', body, at };
}

/** @param {Cursor} cursor @returns {Statement} */
function parseStatement(cursor) {
  return cursor.nested(() => {
    switch (cursor.token.text) {
      case '{': return parseBlock(cursor);
      case 'if': return parseIf(cursor);
      case 'for': return parseFor(cursor);
      case 'while': return parseWhile(cursor);
      case 'loop': return parseLoop(cursor);
      case 'switch': return parseSwitch(cursor);
      case '@': return cursor.refuse('Attributes of statements are outside of the subset.');
      default: {
        const statement = parseSimple(cursor);
        cursor.expect(';', 'at the end of the statement');
        return statement;
      }
    }
  });
}

/** Statements that end with a semicolon. @param {Cursor} cursor @returns {Statement} */
function parseSimple(cursor) {
  const { token, at } = cursor;
  switch (token.text) {
    case 'let': case 'var': case 'const': return parseLocal(cursor);
    case 'return':
      cursor.take();
      return { kind: 'return', value: cursor.is(';') ? undefined : parseExpression(cursor), at };
    case 'break': case 'continue': case 'discard':
      cursor.take();
      if (token.text === 'break' && cursor.is('if')) cursor.refuse('`break if` may only end a `continuing` block.');
      return { kind: 'jump', word: token.text, at };
    case 'const_assert':
      cursor.take();
      return { kind: 'assert', test: parseExpression(cursor), at };
    default: return parseUpdate(cursor);
  }
}

/** @param {Cursor} cursor @returns {Statement} */
function parseLocal(cursor) {
  const { at } = cursor;
  const role = /** @type {'let' | 'var' | 'const'} */ (cursor.take().text);
  if (role === 'var' && cursor.accept('<')) {
    if (!cursor.accept('function')) cursor.refuse(`A variable inside of a function can't be in \`${cursor.token.text}\`.`);
    cursor.closeTemplate();
  }
  const name = cursor.name('a variable');
  const declared = cursor.accept(':') ? parseType(cursor) : undefined;
  if (role !== 'var' && !cursor.is('=')) cursor.refuse(`\`${role} ${name}\` needs a value.`);
  const init = cursor.accept('=') ? parseExpression(cursor) : undefined;
  if (!declared && !init) cursor.refuse(`\`var ${name}\` needs a type or a value.`);
  return { kind: 'local', role, name, declared, init, variable: undefined, at };
}

/** Assignments, `i++`, calls. @param {Cursor} cursor @returns {Statement} */
function parseUpdate(cursor) {
  const { at } = cursor;
  if (cursor.is('_') && cursor.following.text === '=') {
    cursor.take();
    cursor.take();
    return { kind: 'assign', op: '=', target: undefined, value: parseExpression(cursor), at };
  }
  const target = parseExpression(cursor);
  const step = cursor.accept('++', '--');
  if (step) {
    /** @type {Expr} */
    const one = { kind: 'literal', text: '1', type: VOID, at, value: undefined, depth: 1 };
    return { kind: 'assign', op: `${step[0]}=`, target, value: one, at };
  }
  const op = cursor.accept(...ASSIGNMENTS);
  if (op) return { kind: 'assign', op, target, value: parseExpression(cursor), at };
  if (target.kind !== 'call') cursor.refuse(`An assignment is expected after this expression, not \`${cursor.token.text}\`.`);
  return { kind: 'run', call: target, at };
}

/** @param {Cursor} cursor @returns {import('./ast.js').If} */
function parseIf(cursor) {
  const { at } = cursor.take();
  const test = parseExpression(cursor);
  const then = parseBlock(cursor);
  if (!cursor.accept('else')) return { kind: 'if', test, then, otherwise: undefined, at };
  const otherwise = cursor.is('if') ? cursor.nested(() => parseIf(cursor)) : parseBlock(cursor);
  return { kind: 'if', test, then, otherwise, at };
}

/** @param {Cursor} cursor @returns {Statement} */
function parseFor(cursor) {
  const { at } = cursor.take();
  cursor.expect('(', 'after `for`');
  const init = cursor.is(';') ? undefined : parseSimple(cursor);
  cursor.expect(';', 'after the first part of `for`');
  const test = cursor.is(';') ? undefined : parseExpression(cursor);
  cursor.expect(';', 'after the condition of `for`');
  const step = cursor.is(')') ? undefined : parseUpdate(cursor);
  cursor.expect(')', 'at the end of the head of `for`');
  return { kind: 'for', init, test, step, body: parseBlock(cursor), at };
}

/** @param {Cursor} cursor @returns {Statement} */
function parseWhile(cursor) {
  const { at } = cursor.take();
  const test = parseExpression(cursor);
  return { kind: 'while', test, body: parseBlock(cursor), at };
}

/** @param {Cursor} cursor @returns {Statement} */
function parseLoop(cursor) {
  const { at } = cursor.take();
  const body = { kind: /** @type {const} */ ('block'), body: /** @type {Statement[]} */ ([]), at: cursor.at };
  cursor.expect('{', 'after `loop`');
  while (!cursor.is('}') && !cursor.is('continuing')) {
    if (cursor.token.kind === 'end') cursor.refuse('The source ends inside of a loop; a `}` is missing.');
    if (!cursor.accept(';')) body.body.push(parseStatement(cursor));
  }
  const tail = cursor.accept('continuing') ? parseContinuing(cursor) : { continuing: undefined, breakIf: undefined };
  cursor.expect('}', 'at the end of the loop');
  return { kind: 'loop', body, ...tail, at };
}

/** @param {Cursor} cursor @returns {{ continuing: Block, breakIf: Expr | undefined }} */
function parseContinuing(cursor) {
  const { at } = cursor;
  cursor.expect('{', 'after `continuing`');
  /** @type {Statement[]} */
  const body = [];
  let breakIf;
  while (!cursor.is('}')) {
    if (cursor.token.kind === 'end') cursor.refuse('The source ends inside of a loop; a `}` is missing.');
    if (cursor.is('break') && cursor.following.text === 'if') {
      cursor.take();
      cursor.take();
      breakIf = parseExpression(cursor);
      cursor.expect(';', 'after `break if`');
      break;
    }
    if (!cursor.accept(';')) body.push(parseStatement(cursor));
  }
  cursor.expect('}', 'at the end of `continuing`');
  return { continuing: { kind: 'block', body, at }, breakIf };
}

/** @param {Cursor} cursor @returns {Statement} */
function parseSwitch(cursor) {
  const { at } = cursor.take();
  const value = parseExpression(cursor);
  /** @type {import('./ast.js').Case[]} */
  const cases = [];
  cursor.expect('{', 'after the value of `switch`');
  while (!cursor.accept('}')) {
    /** @type {(Expr | undefined)[]} */
    const selectors = [];
    if (cursor.accept('default')) selectors.push(undefined);
    else {
      cursor.expect('case', 'inside of `switch`');
      do {
        if (cursor.is(':') || cursor.is('{')) break;
        selectors.push(cursor.accept('default') ? undefined : parseExpression(cursor));
      } while (cursor.accept(','));
    }
    cursor.accept(':');
    cases.push({ selectors, body: parseBlock(cursor) });
  }
  return { kind: 'switch', value, cases, at };
}

