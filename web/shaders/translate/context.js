// @ts-check
/** @file What an expression is checked in: the module, the declaration that it belongs to, and the local names. */
import { refuse } from './errors.js';
import { isGlslWord } from './words.js';

/** @typedef {import('./ast.js').Variable} Variable */
/** @typedef {import('./ast.js').FunctionDecl} FunctionDecl */
/** @typedef {import('./errors.js').At} At */

/** Gives out names that GLSL takes and that nothing else in the module has. */
export class Names {
  /** @param {Iterable<string>} spellings every name of the source */
  constructor(spellings) {
    this.taken = new Set(spellings);
  }

  /** @param {string} name @param {boolean} [isFree] false: something visible has it @returns {string} */
  make(name, isFree = true) {
    if (isFree && !isGlslWord(name)) return name;
    const clean = [...name].map((c) => (/\w/.test(c) ? c : `u${(c.codePointAt(0) ?? 0).toString(16)}`)).join('')
      .replace(/_+/g, '_').replace(/^(_|$)/, 'x$1').replace(/_$/, '');
    for (let number = 1; ; number += 1) {
      const made = `${clean}_${number}`;
      if (this.taken.has(made)) continue;
      this.taken.add(made);
      return made;
    }
  }
}

export class Context {
  /** @param {import('./module.js').Module} module @param {Set<import('./ast.js').Decl>} uses what the declaration needs
   * @param {FunctionDecl} [fn] the function whose body this is */
  constructor(module, uses, fn) {
    this.module = module;
    this.uses = uses;
    this.fn = fn;
    /** @type {Map<string, Variable>[]} */
    this.scopes = [];
  }

  /** @template T @param {() => T} inside @returns {T} */
  scoped(inside) {
    this.scopes.push(new Map());
    const made = inside();
    this.scopes.pop();
    return made;
  }

  /** @param {string} name @returns {Variable | undefined} */
  local(name) {
    for (let i = this.scopes.length - 1; i >= 0; i -= 1) {
      const found = this.scopes[i].get(name);
      if (found) return found;
    }
    return undefined;
  }

  /** @param {Pick<Variable, 'kind' | 'name' | 'type' | 'value'>} made @param {At} at @returns {Variable} */
  declare({ kind, name, type, value }, at) {
    const scope = this.scopes[this.scopes.length - 1];
    if (scope.has(name)) refuse(at, `\`${name}\` is declared twice in the same block.`);
    const isFree = !this.local(name) && !this.module.decls.has(name);
    const glsl = this.module.names.make(name, isFree);
    /** @type {Variable} */
    const variable = { kind, space: '', name, glsl, type, value, decl: undefined };
    scope.set(name, variable);
    return variable;
  }
}
