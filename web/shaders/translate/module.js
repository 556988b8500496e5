// @ts-check
/** @file The declarations of one module, resolved on demand: types, structs, globals, signatures.
 *
 * Limits: DEPTH_MAX declarations that need one another in a row.
 */
import { Bindings } from './bindings.js';
import { checkExpression, checkValue, convert } from './check-expression.js';
import { Context, Names } from './context.js';
import { DEPTH_MAX } from './cursor.js';
import { refuse } from './errors.js';
import { checkUniform } from './layout.js';
import { LIBRARY } from './library.js';
import { parseModule } from './parse-module.js';
import { tokenize } from './tokens.js';
import { SCALARS, VOID, array, concrete, isAbstract, mat, predeclared, texture, vec } from './types.js';

/** @typedef {import('./ast.js').Decl} Decl */
/** @typedef {import('./ast.js').GlobalDecl} GlobalDecl */
/** @typedef {import('./ast.js').FunctionDecl} FunctionDecl */
/** @typedef {import('./ast.js').StructDecl} StructDecl */
/** @typedef {import('./ast.js').TypeRef} TypeRef */
/** @typedef {import('./ast.js').Variable} Variable */
/** @typedef {import('./errors.js').At} At */
/** @typedef {import('./types.js').Type} Type */

const ELEMENTS_MAX = 1 << 16;
const STRUCT_DEPTH_MAX = 16;

export class Module {
  #depth = 0;

  /** @param {(Decl | import('./ast.js').AssertDecl)[]} list @param {Iterable<string>} spellings */
  constructor(list, spellings) {
    /** @type {Map<string, Decl>} */
    this.decls = new Map();
    this.list = list;
    this.names = new Names(spellings);
    this.bindings = new Bindings();
    for (const decl of list) {
      if (decl.kind === 'assert') continue;
      const known = this.decls.get(decl.name);
      if (known) refuse(decl.at, `\`${decl.name}\` is declared already, at ${known.at.piece}:${known.at.line}.`);
      if (predeclared(decl.name)) refuse(decl.at, `\`${decl.name}\` is a type of WGSL; use another name.`);
      this.decls.set(decl.name, decl);
    }
  }

  /** Resolves a declaration that others need, once. @template T @param {Decl} decl @param {() => T} make */
  #resolve(decl, make) {
    if (decl.state === 'busy') refuse(decl.at, `\`${decl.name}\` needs itself.`);
    if (decl.state === 'done') return;
    if (this.#depth >= DEPTH_MAX) refuse(decl.at, `More than ${DEPTH_MAX} declarations need one another in a row.`);
    this.#depth += 1;
    decl.state = 'busy';
    make();
    decl.state = 'done';
    this.#depth -= 1;
  }

  /** Resolves everything but the bodies of functions. */
  resolve() {
    for (const decl of this.list) {
      if (decl.kind === 'assert') this.assert(decl.test, new Context(this, new Set()));
      else if (decl.kind === 'struct') this.struct(decl);
      else if (decl.kind === 'global') this.global(decl);
      else if (decl.kind === 'function') this.signature(decl);
      else this.type({ kind: 'typeref', name: decl.name, args: [], at: decl.at }, new Set());
    }
  }

  /** @param {import('./ast.js').Expr} test @param {Context} context */
  assert(test, context) {
    checkValue(test, context, SCALARS.bool, 'What const_assert tests');
    if (test.value === undefined) refuse(test.at, 'The translator can only test whole numbers and bools in const_assert.');
    if (test.value !== true) refuse(test.at, 'This const_assert does not hold.');
  }

  /** What a call's name declares, if the module declares it. @param {string} name @param {At} at */
  callable(name, at) {
    const decl = this.decls.get(name) ?? this.#fromLibrary(name);
    if (decl?.kind === 'function' && decl.state === 'busy') refuse(at, `\`${name}\` needs itself.`);
    return decl;
  }

  /** A function that GLSL does not have, added to the module. @param {string} name @returns {Decl | undefined} */
  #fromLibrary(name) {
    const text = LIBRARY.get(name);
    const [decl] = text === undefined ? [] : parseModule(tokenize([{ name: 'the library of the translator', text }]));
    if (decl?.kind !== 'function') return undefined;
    this.decls.set(name, decl);
    this.list.push(decl);
    return decl;
  }

  /** @param {string} name @param {At} at @param {Set<Decl>} uses @returns {Variable} */
  globalVariable(name, at, uses) {
    const decl = this.decls.get(name);
    if (!decl) refuse(at, `Nothing is named \`${name}\` here.`);
    if (decl.kind !== 'global') refuse(at, `\`${name}\` is a ${decl.kind === 'function' ? 'function' : 'type'}, no value.`);
    uses.add(decl);
    return this.global(decl);
  }

  /** @param {TypeRef} ref @param {Set<Decl>} uses gets the structs that are named @returns {Type} */
  type(ref, uses) {
    const decl = this.decls.get(ref.name);
    if (decl && ref.args.length > 0) refuse(ref.at, `\`${ref.name}\` takes no template list.`);
    if (decl?.kind === 'struct') {
      uses.add(decl);
      return this.struct(decl);
    }
    if (decl?.kind === 'alias') {
      this.#resolve(decl, () => { decl.type = this.type(decl.to, decl.uses); });
      for (const use of decl.uses) uses.add(use);
      return /** @type {Type} */ (decl.type);
    }
    if (decl) refuse(ref.at, `\`${ref.name}\` is no type.`);
    const known = ref.args.length === 0 ? predeclared(ref.name) : this.#template(ref, uses);
    return known ?? refuse(ref.at, unknownType(ref));
  }

  /** @param {TypeRef} ref @param {Set<Decl>} uses @returns {Type | undefined} */
  #template(ref, uses) {
    const [first, second] = ref.args;
    if (ref.name === 'array') return this.#arrayType(ref, uses);
    if (first.kind !== 'typeref') return undefined;
    if (ref.name === 'ptr') {
      if (second?.kind !== 'typeref' || ref.args.length !== 2 || !['function', 'private'].includes(first.name)) return undefined;
      const to = this.type(second, uses);
      return { kind: 'pointer', name: `ptr<${first.name}, ${to.name}>`, to, space: first.name };
    }
    const [scalar, size] = [SCALARS[first.name], /^(vec|mat)([234])(?:x([234]))?$/.exec(ref.name)];
    if (ref.args.length !== 1 || first.args.length > 0 || !Object.hasOwn(SCALARS, first.name)) return undefined;
    if (size) {
      if (!size[3]) return vec(Number(size[2]), scalar);
      return first.name === 'f32' ? mat(Number(size[2]), Number(size[3])) : undefined;
    }
    const image = /^texture_(2d|2d_array|3d|cube)$/.exec(ref.name);
    if (!image || first.name === 'bool') return undefined;
    return texture(/** @type {import('./types.js').Dimension} */ (image[1]), /** @type {'f32'} */ (first.name));
  }

  /** @param {TypeRef} ref @param {Set<Decl>} uses @returns {Type} */
  #arrayType(ref, uses) {
    const [of, count] = ref.args;
    if (of.kind !== 'typeref') refuse(ref.at, 'The first part of array<...> is a type.');
    const type = this.type(of, uses);
    if (!count) refuse(ref.at, 'An array without a size needs storage, which WebGL2 does not have.');
    if (type.kind === 'array') refuse(ref.at, 'GLSL ES 3.00 has no arrays of arrays; put the inner one into a struct.');
    if (!['scalar', 'vec', 'mat', 'struct'].includes(type.kind)) refuse(ref.at, `An array can't hold ${type.name}.`);
    if (count.kind === 'typeref') refuse(count.at, 'The size of an array is a whole number.');
    if (count.type === VOID) checkExpression(count, new Context(this, uses));
    const { value } = count;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > ELEMENTS_MAX) {
      refuse(count.at, `The size of an array is a constant whole number from 1 to ${ELEMENTS_MAX}.`);
    }
    return array(type, value);
  }

  /** @param {StructDecl} decl @returns {import('./types.js').Struct} */
  struct(decl) {
    this.#resolve(decl, () => {
      const names = new Set();
      const members = decl.members.map((member) => {
        if (names.has(member.name)) refuse(member.at, `\`${decl.name}\` has two members \`${member.name}\`.`);
        names.add(member.name);
        const type = this.type(/** @type {TypeRef} */ (member.type), decl.uses);
        if (['texture', 'sampler', 'pointer'].includes(type.kind)) refuse(member.at, `A struct can't hold ${type.name}.`);
        return { name: member.name, glsl: this.names.make(member.name, !this.#isMacro(member.name)), type, decl: member };
      });
      const depth = 1 + Math.max(...members.map(({ type }) => structDepth(type)));
      if (depth > STRUCT_DEPTH_MAX) refuse(decl.at, `Structs are nested ${depth} deep; the limit is ${STRUCT_DEPTH_MAX}.`);
      decl.type = { kind: 'struct', name: decl.name, glsl: this.names.make(decl.name), members, depth };
    });
    return /** @type {import('./types.js').Struct} */ (decl.type);
  }

  /** Overrides are macros in GLSL, and macros know no scopes. @param {string} name */
  #isMacro(name) {
    const decl = this.decls.get(name);
    return decl?.kind === 'global' && decl.role === 'override';
  }

  /** @param {GlobalDecl} decl @returns {Variable} */
  global(decl) {
    this.#resolve(decl, () => {
      const context = new Context(this, decl.uses);
      const declared = decl.type && this.type(decl.type, decl.uses);
      const inferred = decl.init && this.#initialType(decl, declared, context);
      const type = /** @type {Type} */ (declared ?? inferred);
      const space = spaceOf(decl, type);
      const value = decl.role === 'const' ? decl.init?.value : undefined;
      decl.variable = {
        kind: decl.role, space, name: decl.name, type, decl, value,
        glsl: decl.role === 'override' ? decl.name : this.names.make(decl.name),
      };
      if (decl.role === 'override') checkOverride(decl, type);
      if (space === 'uniform') checkUniform(decl, type);
    });
    return /** @type {Variable} */ (decl.variable);
  }

  /** Only scalar constants stay abstract. @param {GlobalDecl} decl @param {Type | undefined} declared
   * @param {Context} context */
  #initialType(decl, declared, context) {
    const init = /** @type {import('./ast.js').Expr} */ (decl.init);
    const type = checkExpression(init, context);
    if (decl.role === 'const' && !declared && type.kind === 'scalar' && isAbstract(type)) return type;
    convert(init, declared ?? concrete(type), `The value of \`${decl.name}\``);
    return init.type;
  }

  /** Notes that only a fragment stage may run a function. @param {FunctionDecl | undefined} fn @param {string} what
   * @param {At} at */
  fragmentOnly(fn, what, at) {
    if (fn) fn.fragmentOnly ??= { what, at };
  }

  /** @param {FunctionDecl} decl */
  signature(decl) {
    if (decl.variables.length > 0 || decl.state === 'done') return;
    const context = new Context(this, decl.uses, decl);
    context.scopes.push(new Map());
    decl.glsl = this.names.make(decl.name);
    decl.variables = decl.params.map((param) => {
      const type = this.type(/** @type {TypeRef} */ (param.type), decl.uses);
      const variable = context.declare({ kind: 'param', name: param.name, type, value: undefined }, param.at);
      if (type.kind === 'texture' || type.kind === 'sampler') variable.space = 'handle';
      return variable;
    });
    decl.resultType = decl.result ? this.type(decl.result, decl.uses) : VOID;
    if (['texture', 'sampler', 'pointer'].includes(decl.resultType.kind)) refuse(decl.at, `A function can't return ${decl.resultType.name}.`);
    decl.state = 'done';
  }
}

/** @param {Type} type @returns {number} */
const structDepth = (type) => (type.kind === 'struct' ? type.depth : type.kind === 'array' ? structDepth(type.of) : 0);

/** @param {TypeRef} ref */
function unknownType({ name, args }) {
  if (/^(f16|vec[234]h|mat[234]x[234]h)$/.test(name)) return `\`${name}\` has 16 bits, which WebGL2 does not have; use f32.`;
  if (/^(vec[234]|mat[234]x[234]|array|ptr|texture_(2d|2d_array|3d|cube))$/.test(name)) {
    return args.length === 0 ? `\`${name}\` needs a template list here, as in \`${name}<f32>\`.`
      : `\`${name}\` does not take this template list.`;
  }
  if (/^(texture_|atomic$)/.test(name)) return `\`${name}\` is outside of the subset: WebGL2 has no such resource.`;
  return `There is no type \`${name}\` in the module or in the subset.`;
}

/** @param {GlobalDecl} decl @param {Type} type @returns {Variable['space']} */
function spaceOf(decl, type) {
  const isHandle = type.kind === 'texture' || type.kind === 'sampler';
  if (decl.role !== 'var') return '';
  if (isHandle && decl.space === '' && !decl.init) return 'handle';
  if (isHandle || decl.space === '') refuse(decl.at, `\`var ${decl.name}\` needs an address space: var<uniform> or var<private>.`);
  if (decl.space === 'private' || (decl.space === 'uniform' && !decl.init)) return decl.space;
  if (decl.space === 'storage' || decl.space === 'workgroup') {
    refuse(decl.at, `\`${decl.name}\` is in ${decl.space} memory, which WebGL2 does not have; put what reads it into a `
      + 'function of its own and give that a second body in a .webgl2.wgsl file.');
  }
  return refuse(decl.at, `\`${decl.space}\` is no address space of the subset.`);
}

/** @param {GlobalDecl} decl @param {Type} type */
function checkOverride(decl, type) {
  if (type.kind !== 'scalar') refuse(decl.at, `The override \`${decl.name}\` is ${type.name}; it must be a number or bool.`);
  if (decl.init && decl.init.value === undefined) refuse(decl.init.at, 'The default of an override must be a plain number or bool.');
}
