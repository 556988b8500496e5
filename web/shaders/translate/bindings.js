// @ts-check
/** @file How textures are used across calls: with which sampler, compared or read.
 *
 * Owns: one record a call and use while the module is checked; `settle` carries them from parameters to globals.
 */
import { refuse } from './errors.js';

/** @typedef {import('./ast.js').Variable} Variable */
/** @typedef {import('./ast.js').FunctionDecl} FunctionDecl */
/** @typedef {import('./ast.js').Call} Call */
/** @typedef {import('./errors.js').At} At */

export class Bindings {
  /** @type {{ caller: FunctionDecl, callee: FunctionDecl, handed: Map<Variable, Variable>, at: At }[]} */
  #calls = [];
  /** @type {Map<Variable, At>} */
  #read = new Map();
  /** @type {Map<Variable, At>} */
  #compared = new Map();

  /** @param {FunctionDecl | undefined} fn @param {Variable} texture @param {Variable} sampler @param {At} at */
  sampled(fn, texture, sampler, at) {
    fn?.pairs.set(`${texture.glsl} ${sampler.glsl}`, { texture, sampler, at });
  }

  /** @param {Variable} texture @param {At} at */
  read(texture, at) {
    if (texture.type.kind === 'texture' && texture.type.of === 'depth') this.#read.set(texture, at);
  }

  /** @param {Variable} texture @param {At} at */
  compared(texture, at) {
    this.#compared.set(texture, at);
  }

  /** @param {Variable} texture */
  isCompared(texture) {
    return this.#compared.has(texture);
  }

  /** @param {FunctionDecl | undefined} caller @param {FunctionDecl} callee @param {Call} call */
  called(caller, callee, { args, at }) {
    if (!caller) return;
    /** @type {Map<Variable, Variable>} */
    const handed = new Map();
    callee.variables.forEach((param, index) => {
      const arg = args[index];
      if (param.space === 'handle' && arg?.kind === 'name' && arg.variable) handed.set(param, arg.variable);
    });
    this.#calls.push({ caller, callee, handed, at });
  }

  /** Carries what callees do to their parameters over to what they were given, until nothing is new. */
  settle() {
    for (let isNew = true; isNew;) {
      isNew = false;
      for (const call of this.#calls) isNew = this.#carry(call) || isNew;
    }
    for (const [texture, at] of this.#read) {
      if (this.#compared.has(texture)) {
        refuse(at, `\`${texture.name}\` is compared elsewhere, so it can't be read here: bind the texture twice.`);
      }
    }
  }

  /** @param {{ caller: FunctionDecl, callee: FunctionDecl, handed: Map<Variable, Variable>, at: At }} call */
  #carry({ caller, callee, handed, at }) {
    let isNew = false;
    for (const { texture, sampler } of [...callee.pairs.values()]) {
      const [outer, filter] = [handed.get(texture) ?? texture, handed.get(sampler) ?? sampler];
      const key = `${outer.glsl} ${filter.glsl}`;
      if (caller.pairs.has(key)) continue;
      caller.pairs.set(key, { texture: outer, sampler: filter, at });
      isNew = true;
    }
    for (const uses of [this.#read, this.#compared]) {
      for (const [param, arg] of handed) {
        for (const [from, to] of uses === this.#compared ? [[param, arg], [arg, param]] : [[param, arg]]) {
          if (!uses.has(from) || uses.has(to)) continue;
          uses.set(to, at);
          isNew = true;
        }
      }
    }
    return isNew;
  }
}

/** The sampler of each texture that an entry point reads. @param {FunctionDecl} entry @returns {Map<Variable, Variable>} */
export function samplersOf(entry) {
  /** @type {Map<Variable, Variable>} */
  const found = new Map();
  for (const { texture, sampler, at } of entry.pairs.values()) {
    const known = found.get(texture);
    if (known && known !== sampler) {
      refuse(at, `\`${texture.name}\` is read with \`${known.name}\` and with \`${sampler.name}\`; WebGL2 binds one sampler a texture.`);
    }
    found.set(texture, sampler);
  }
  return found;
}
