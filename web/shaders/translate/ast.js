// @ts-check
/** @file Types only: what the parser makes and the checker completes.
 *
 * The parser sets every `type` to VOID; the checker gives each expression its type, its number where it is a constant,
 * and what a name or a call means. The emitter reads nothing else.
 */

/** @typedef {import('./errors.js').At} At */
/** @typedef {import('./types.js').Type} Type */
/** @typedef {number | boolean} Value */

/** @typedef {{ kind: 'typeref', name: string, args: (TypeRef | Expr)[], at: At }} TypeRef */

/** @typedef {{ type: Type, at: At, value: Value | undefined, depth: number }} Checked */
/** @typedef {Checked & { kind: 'literal', text: string }} Literal */
/** @typedef {Checked & { kind: 'name', name: string, variable: Variable | undefined }} Name */
/** @typedef {Checked & { kind: 'unary', op: string, operand: Expr }} Unary */
/** @typedef {Checked & { kind: 'binary', op: string, left: Expr, right: Expr }} Binary */
/** @typedef {Checked & { kind: 'index', base: Expr, index: Expr }} Index */
/** @typedef {Checked & { kind: 'member', base: Expr, name: string, glsl: string }} MemberOf */
/** @typedef {Checked & { kind: 'call', callee: TypeRef, args: Expr[], meaning: Meaning | undefined }} Call */
/** @typedef {Literal | Name | Unary | Binary | Index | MemberOf | Call} Expr */

/**
 * What a call means: a function of the module, a constructor, or text made from the arguments' text.
 * @typedef {{ kind: 'function', decl: FunctionDecl } | { kind: 'construct' }
 *   | { kind: 'builtin', emit: (args: string[], call: Call) => string }} Meaning
 */

/**
 * A name that holds a value. `space` is '' for values of functions and constants.
 * @typedef {object} Variable
 * @property {'const' | 'override' | 'let' | 'var' | 'param'} kind
 * @property {'' | 'private' | 'uniform' | 'handle'} space
 * @property {string} name
 * @property {string} glsl
 * @property {Type} type
 * @property {Value | undefined} value
 * @property {GlobalDecl | undefined} decl
 */

/** @typedef {{ name: string, args: Expr[], at: At }} Attribute */
/** @typedef {{ name: string, type: TypeRef | undefined, attributes: Attribute[], at: At }} Declared */

/** @typedef {Declared & { kind: 'global', role: 'const' | 'override' | 'var', space: string, access: string,
 *   init: Expr | undefined, variable: Variable | undefined, uses: Set<Decl>, state: State }} GlobalDecl */
/** @typedef {{ kind: 'struct', name: string, members: Declared[], at: At, type: import('./types.js').Struct | undefined,
 *   uses: Set<Decl>, state: State }} StructDecl */
/** @typedef {{ kind: 'alias', name: string, to: TypeRef, at: At, type: Type | undefined, uses: Set<Decl>,
 *   state: State }} AliasDecl */
/** @typedef {{ kind: 'assert', test: Expr, at: At }} AssertDecl */
/** @typedef {{ kind: 'function', name: string, glsl: string, params: Declared[], variables: Variable[],
 *   result: TypeRef | undefined, resultAttributes: Attribute[], resultType: Type, attributes: Attribute[], body: Block,
 *   at: At, uses: Set<Decl>, state: State, pairs: Pairs,
 *   fragmentOnly: { what: string, at: At } | undefined }} FunctionDecl */
/** @typedef {'new' | 'busy' | 'done'} State */
/** @typedef {GlobalDecl | StructDecl | AliasDecl | FunctionDecl} Decl */

/** Which texture is read with which sampler: globals, or parameters of the function.
 * @typedef {Map<string, { texture: Variable, sampler: Variable, at: At }>} Pairs */

/** @typedef {{ kind: 'block', body: Statement[], at: At }} Block */
/** @typedef {{ kind: 'local', role: 'let' | 'var' | 'const', name: string, declared: TypeRef | undefined,
 *   init: Expr | undefined, variable: Variable | undefined, at: At }} Local */
/** @typedef {{ kind: 'assign', op: string, target: Expr | undefined, value: Expr, at: At }} Assign */
/** @typedef {{ kind: 'if', test: Expr, then: Block, otherwise: Block | If | undefined, at: At }} If */
/** @typedef {{ kind: 'for', init: Statement | undefined, test: Expr | undefined, step: Statement | undefined,
 *   body: Block, at: At }} For */
/** @typedef {{ kind: 'while', test: Expr, body: Block, at: At }} While */
/** @typedef {{ kind: 'loop', body: Block, continuing: Block | undefined, breakIf: Expr | undefined, at: At }} Loop */
/** @typedef {{ selectors: (Expr | undefined)[], body: Block }} Case undefined: default */
/** @typedef {{ kind: 'switch', value: Expr, cases: Case[], at: At }} Switch */
/** @typedef {{ kind: 'return', value: Expr | undefined, at: At }} Return */
/** @typedef {{ kind: 'jump', word: 'break' | 'continue' | 'discard', at: At }} Jump */
/** @typedef {{ kind: 'run', call: Expr, at: At }} Run */
/** @typedef {{ kind: 'assert', test: Expr, at: At }} LocalAssert */
/** @typedef {Block | Local | Assign | If | For | While | Loop | Switch | Return | Jump | Run | LocalAssert} Statement */

export {};
