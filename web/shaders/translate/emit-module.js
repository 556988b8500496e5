// @ts-check
/** @file One stage of a checked module to GLSL ES 3.00: only what its entry point reaches, in an order that GLSL takes. */
import { samplersOf } from './bindings.js';
import { EntryWriter, attributeNumber } from './emit-entry.js';
import { REMAINDER, emitExpression, remainderName } from './emit-expression.js';
import { StatementWriter } from './emit-statement.js';
import { refuse } from './errors.js';
import { numberText, typeText, zeroText } from './glsl-text.js';
import { uniformBytes } from './layout.js';
import { samplerType } from './textures.js';
import { isAbstract } from './types.js';

/** @typedef {import('./ast.js').Decl} Decl */
/** @typedef {import('./ast.js').FunctionDecl} FunctionDecl */
/** @typedef {import('./ast.js').GlobalDecl} GlobalDecl */
/** @typedef {import('./ast.js').Variable} Variable */
/** @typedef {import('./emit-entry.js').Stage} Stage */
/** @typedef {{ group: number, binding: number }} Place */
/** @typedef {{ name: string, type: string, sampler: string } & Place} TextureUse name in GLSL, sampler in WGSL or '' */
/** @typedef {{ name: string, sizeBytes: number } & Place} BlockUse name of the block in GLSL */
/** @typedef {{ glsl: string, textures: TextureUse[], blocks: BlockUse[], overrides: string[] }} StageOutput */

/** What the entry point reaches, each after what it needs. @param {FunctionDecl} entry @returns {Decl[]} */
function reached(entry) {
  /** @type {Decl[]} */
  const order = [];
  /** @type {Set<Decl>} */
  const done = new Set();
  /** @type {{ decl: Decl, rest: Decl[] }[]} */
  const path = [{ decl: entry, rest: [...entry.uses].reverse() }];
  const open = new Set([entry]);
  while (path.length > 0) {
    const top = path[path.length - 1];
    const next = top.rest.pop();
    if (!next) {
      path.pop();
      open.delete(/** @type {FunctionDecl} */ (top.decl));
      done.add(top.decl);
      order.push(top.decl);
    } else if (open.has(/** @type {FunctionDecl} */ (next))) {
      refuse(next.at, `\`${next.name}\` calls itself, which WGSL forbids.`);
    } else if (!done.has(next)) {
      open.add(/** @type {FunctionDecl} */ (next));
      path.push({ decl: next, rest: needs(next).reverse() });
    }
  }
  return order;
}

/** A uniform's own struct becomes its block, so only the structs inside are needed. @param {Decl} decl @returns {Decl[]} */
function needs(decl) {
  if (decl.kind !== 'global' || decl.variable?.space !== 'uniform') return [...decl.uses];
  const { type } = decl.variable;
  return [...decl.uses].flatMap((use) => (use.kind === 'struct' && use.type === type ? [...use.uses] : [use]));
}

/** Writes one stage. */
export class StageWriter {
  /** @type {string[]} */
  #structs = [];
  /** @type {string[]} */
  #globals = [];
  /** @type {string[]} */
  #functions = [];
  /** @type {string[]} */
  #macros = [];
  /** @type {Set<string>} */
  #precisions = new Set();
  /** @type {TextureUse[]} */
  #textures = [];
  /** @type {BlockUse[]} */
  #blocks = [];
  /** @type {string[]} */
  #overrides = [];

  /** @param {import('./module.js').Module} module @param {FunctionDecl} entry @param {Stage} stage */
  constructor(module, entry, stage) {
    this.module = module;
    this.entry = entry;
    this.stage = stage;
    this.samplers = samplersOf(entry);
    this.makeName = (/** @type {string} */ name) => module.names.make(name, false);
  }

  /** @returns {StageOutput} */
  write() {
    const decls = reached(this.entry);
    for (const decl of decls) this.#decl(decl);
    this.#checkBlocks(decls);
    if (this.stage === 'vertex') this.#macro('CLIP_CONTROL', 'true');
    const writer = new EntryWriter(this.entry, this.stage, this.makeName);
    const main = writer.main();
    const precisions = ['float', 'int', ...this.#precisions].map((type) => `precision highp ${type};`);
    const functions = this.#functions.join('\n\n');
    const remainder = functions.includes(remainderName) ? [REMAINDER] : [];
    const parts = [
      ['#version 300 es', ...precisions, ...this.#macros].join('\n'), ...this.#structs,
      [...writer.declarations, ...this.#globals].join('\n'), ...remainder, functions, main.join('\n'),
    ];
    return {
      glsl: `${parts.filter((part) => part !== '').join('\n\n')}\n`,
      textures: this.#textures, blocks: this.#blocks, overrides: this.#overrides,
    };
  }

  /** @param {string} name @param {string} text */
  #macro(name, text) {
    this.#macros.push(`#ifndef ${name}`, `#define ${name} ${text}`, '#endif');
  }

  /** @param {Decl} decl */
  #decl(decl) {
    if (decl.kind === 'struct' && decl.type) {
      const members = decl.type.members.map(({ type, glsl }) => `  ${typeText(type)} ${glsl};`);
      this.#structs.push([`struct ${decl.type.glsl} {`, ...members, '};'].join('\n'));
    } else if (decl.kind === 'global' && decl.variable) this.#global(decl, decl.variable);
    else if (decl.kind === 'function') this.#function(decl);
  }

  /** @param {GlobalDecl} decl @param {Variable} variable */
  #global(decl, variable) {
    const { glsl, type, space } = variable;
    if (decl.role === 'override') {
      const value = decl.init?.value;
      if (value === undefined) refuse(decl.at, `The override \`${decl.name}\` needs a default.`);
      this.#macro(glsl, numberText(value, type));
      this.#overrides.push(glsl);
    } else if (decl.role === 'const') {
      if (isAbstract(type) || !decl.init) return;
      this.#globals.push(`const ${typeText(type)} ${glsl} = ${emitExpression(decl.init)};`);
    } else if (space === 'private') {
      const text = decl.init ? emitExpression(decl.init) : zeroText(type, decl.at);
      this.#globals.push(`${typeText(type)} ${glsl} = ${text};`);
    } else if (space === 'uniform') this.#block(decl, variable);
    else if (type.kind === 'texture') this.#texture(decl, variable, type);
  }

  /** @param {GlobalDecl} decl @returns {Place} */
  #place(decl) {
    const [group, binding] = ['group', 'binding'].map((name) => decl.attributes.find((one) => one.name === name));
    if (!group || !binding) return refuse(decl.at, `\`${decl.name}\` needs @group and @binding.`);
    return { group: attributeNumber(group), binding: attributeNumber(binding) };
  }

  /** @param {GlobalDecl} decl @param {Variable} variable */
  #block(decl, { glsl, type }) {
    const isStruct = type.kind === 'struct';
    const name = isStruct ? type.glsl : this.makeName(`${glsl}_block`);
    const members = isStruct ? type.members.map((member) => `  ${typeText(member.type)} ${member.glsl};`)
      : [`  ${typeText(type)} ${glsl};`];
    this.#globals.push(`layout(std140) uniform ${name} {`, ...members, isStruct ? `} ${glsl};` : '};');
    this.#blocks.push({ name, sizeBytes: uniformBytes(type), ...this.#place(decl) });
  }

  /** @param {GlobalDecl} decl @param {Variable} variable @param {import('./types.js').Texture} type */
  #texture(decl, variable, type) {
    const glslType = samplerType(type, this.module.bindings.isCompared(variable));
    this.#precisions.add(glslType);
    this.#globals.push(`uniform ${glslType} ${variable.glsl};`);
    const sampler = this.samplers.get(variable)?.name ?? '';
    this.#textures.push({ name: variable.glsl, type: glslType, sampler, ...this.#place(decl) });
  }

  /** @param {FunctionDecl} decl */
  #function(decl) {
    const { fragmentOnly } = decl;
    if (fragmentOnly && this.stage === 'vertex') {
      refuse(fragmentOnly.at, `\`${fragmentOnly.what}\` works in a fragment stage only, but a vertex stage reaches it.`);
    }
    const params = decl.variables.filter(({ type }) => type.kind !== 'sampler').map((variable) => {
      const { type, glsl } = variable;
      if (type.kind !== 'texture') return `${type.kind === 'pointer' ? 'inout ' : ''}${typeText(type)} ${glsl}`;
      const glslType = samplerType(type, this.module.bindings.isCompared(variable));
      this.#precisions.add(glslType);
      return `${glslType} ${glsl}`;
    });
    const writer = new StatementWriter(this.makeName);
    writer.body(decl.body.body);
    const head = `${typeText(decl.resultType)} ${decl.glsl}(${params.join(', ')}) {`;
    this.#functions.push([head, ...writer.lines, '}'].join('\n'));
  }

  /** A struct can't be a block and a value in one stage. @param {Decl[]} decls */
  #checkBlocks(decls) {
    const names = new Set();
    for (const { name } of this.#blocks) {
      const struct = decls.find((decl) => decl.kind === 'struct' && decl.type?.glsl === name);
      if (struct) refuse(struct.at, `\`${struct.name}\` is the layout of a uniform, so no value can have this type; copy its members.`);
      if (names.has(name)) refuse(this.entry.at, `Two uniforms have the struct \`${name}\`; give each its own.`);
      names.add(name);
    }
  }
}
