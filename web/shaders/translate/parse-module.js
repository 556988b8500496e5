// @ts-check
/** @file Module-scope declarations. */
import { Cursor } from './cursor.js';
import { parseArguments, parseExpression, parseType } from './parse-expression.js';
import { parseBlock } from './parse-statement.js';
import { VOID } from './types.js';

/** @typedef {import('./ast.js').Attribute} Attribute */
/** @typedef {import('./ast.js').Declared} Declared */
/** @typedef {import('./ast.js').Decl} Decl */
/** @typedef {import('./ast.js').AssertDecl} AssertDecl */

/** @param {import('./tokens.js').Token[]} tokens @returns {(Decl | AssertDecl)[]} in the source's order */
export function parseModule(tokens) {
  const cursor = new Cursor(tokens);
  /** @type {(Decl | AssertDecl)[]} */
  const decls = [];
  while (cursor.token.kind !== 'end') {
    if (cursor.accept(';') || skipDirective(cursor)) continue;
    decls.push(parseDecl(cursor));
  }
  return decls;
}

/** `diagnostic(off, ...)` means nothing to GLSL; other directives ask for more than the subset has.
 * @param {Cursor} cursor @returns {boolean} */
function skipDirective(cursor) {
  if (cursor.is('enable') || cursor.is('requires')) {
    cursor.refuse(`\`${cursor.token.text} ${cursor.following.text}\` asks for a feature outside of the subset.`);
  }
  if (!cursor.accept('diagnostic')) return false;
  parseArguments(cursor);
  cursor.expect(';', 'at the end of the directive');
  return true;
}

/** @param {Cursor} cursor @returns {Decl | AssertDecl} */
function parseDecl(cursor) {
  const attributes = parseAttributes(cursor);
  const { at, token } = cursor;
  switch (token.text) {
    case 'fn': return parseFunction(cursor, attributes);
    case 'struct': return parseStruct(cursor);
    case 'const': case 'override': case 'var': return parseGlobal(cursor, attributes);
    case 'alias': {
      cursor.take();
      const name = cursor.name('an alias');
      cursor.expect('=', 'after the name of the alias');
      const to = parseType(cursor);
      cursor.expect(';', 'at the end of the declaration');
      return { kind: 'alias', name, to, at, type: undefined, uses: new Set(), state: 'new' };
    }
    case 'const_assert': {
      cursor.take();
      const test = parseExpression(cursor);
      cursor.expect(';', 'at the end of the declaration');
      return { kind: 'assert', test, at };
    }
    default: return cursor.refuse(`A declaration (fn, struct, const, override, var, alias) is expected, not \`${token.text}\`.`);
  }
}

/** @param {Cursor} cursor @returns {Attribute[]} */
function parseAttributes(cursor) {
  /** @type {Attribute[]} */
  const attributes = [];
  while (cursor.accept('@')) {
    const { at, token } = cursor;
    if (token.kind !== 'name') cursor.refuse(`The name of an attribute is expected after \`@\`, not \`${token.text}\`.`);
    cursor.take();
    attributes.push({ name: token.text, args: cursor.is('(') ? parseArguments(cursor) : [], at });
  }
  return attributes;
}

/** @param {Cursor} cursor @param {Attribute[]} attributes @returns {Decl} */
function parseGlobal(cursor, attributes) {
  const role = /** @type {'const' | 'override' | 'var'} */ (cursor.take().text);
  let space = '';
  let access = '';
  if (role === 'var' && cursor.accept('<')) {
    space = cursor.take().text;
    if (cursor.accept(',')) access = cursor.take().text;
    cursor.closeTemplate();
  }
  const { at } = cursor;
  const name = cursor.name('a variable');
  const type = cursor.accept(':') ? parseType(cursor) : undefined;
  const init = cursor.accept('=') ? parseExpression(cursor) : undefined;
  if (!type && !init) cursor.refuse(`\`${role} ${name}\` needs a type or a value.`);
  if (role === 'const' && !init) cursor.refuse(`\`const ${name}\` needs a value.`);
  cursor.expect(';', 'at the end of the declaration');
  return {
    kind: 'global', role, space, access, name, type, init, attributes, at, variable: undefined, uses: new Set(), state: 'new',
  };
}

/** Parameters or members: `@attribute name: type`. @param {Cursor} cursor @param {string} end @param {string} what
 * @returns {Declared[]} */
function parseMembers(cursor, end, what) {
  /** @type {Declared[]} */
  const members = [];
  while (!cursor.is(end)) {
    const attributes = parseAttributes(cursor);
    const { at } = cursor;
    const name = cursor.name(what);
    cursor.expect(':', `after the name of ${what}`);
    members.push({ name, type: parseType(cursor), attributes, at });
    if (!cursor.accept(',')) break;
  }
  cursor.expect(end, `after the last one or \`,\` before the next`);
  return members;
}

/** @param {Cursor} cursor @returns {Decl} */
function parseStruct(cursor) {
  cursor.take();
  const { at } = cursor;
  const name = cursor.name('a struct');
  cursor.expect('{', 'after the name of the struct');
  const members = parseMembers(cursor, '}', 'a member');
  if (members.length === 0) cursor.refuse(`The struct \`${name}\` has no member.`);
  return { kind: 'struct', name, members, at, type: undefined, uses: new Set(), state: 'new' };
}

/** @param {Cursor} cursor @param {Attribute[]} attributes @returns {Decl} */
function parseFunction(cursor, attributes) {
  cursor.take();
  const { at } = cursor;
  const name = cursor.name('a function');
  cursor.expect('(', 'after the name of the function');
  const params = parseMembers(cursor, ')', 'a parameter');
  const hasResult = cursor.accept('->') !== '';
  const resultAttributes = hasResult ? parseAttributes(cursor) : [];
  const result = hasResult ? parseType(cursor) : undefined;
  return {
    kind: 'function', name, glsl: name, params, variables: [], result, resultAttributes, resultType: VOID, attributes,
    body: parseBlock(cursor), at, uses: new Set(), state: 'new', pairs: new Map(), fragmentOnly: undefined,
  };
}
