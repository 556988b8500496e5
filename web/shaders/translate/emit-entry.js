// @ts-check
/** @file An entry point's inputs and outputs: GLSL's `main` around the WGSL function. */
import { refuse } from './errors.js';
import { typeText } from './glsl-text.js';
import { isFloat, same, F32, BOOL, U32, vec } from './types.js';

/** @typedef {import('./ast.js').Attribute} Attribute */
/** @typedef {import('./ast.js').FunctionDecl} FunctionDecl */
/** @typedef {import('./types.js').Type} Type */
/** @typedef {'vertex' | 'fragment'} Stage */
/** @typedef {'in' | 'out'} Direction */
/** @typedef {{ type: Type, attributes: Attribute[], at: import('./errors.js').At }} Slot */

/** Built-in values by stage and direction: the type, and what it is in GLSL.
 * @type {Readonly<Record<string, { type: Type, glsl: string }>>} */
const BUILTIN_VALUES = Object.freeze({
  'vertex in vertex_index': { type: U32, glsl: 'uint(gl_VertexID)' },
  'vertex out position': { type: vec(4, F32), glsl: 'gl_Position' },
  'fragment in position': { type: vec(4, F32), glsl: 'gl_FragCoord' },
  'fragment in front_facing': { type: BOOL, glsl: 'gl_FrontFacing' },
  'fragment out frag_depth': { type: F32, glsl: 'gl_FragDepth' },
});
/** Clip space is WebGPU's; without EXT_clip_control it becomes OpenGL's, upside down. */
const TO_CLIP = (/** @type {string} */ p) => `CLIP_CONTROL ? ${p} : vec4(${p}.x, -${p}.y, 2.0 * ${p}.z - ${p}.w, ${p}.w)`;

/** @param {Attribute[]} attributes @param {string} name */
const find = (attributes, name) => attributes.find((one) => one.name === name);

/** The plain number in an attribute. @param {Attribute} attribute @returns {number} */
export function attributeNumber({ name, args, at }) {
  const [arg] = args;
  const value = args.length === 1 && arg.kind === 'literal' ? Number(arg.text.replace(/[iu]$/, '')) : NaN;
  if (!Number.isInteger(value) || value < 0) refuse(at, `@${name} needs one plain number.`);
  return value;
}

/** The name in an attribute. @param {Attribute | undefined} attribute @param {number} index */
function attributeName(attribute, index) {
  const arg = attribute?.args[index];
  return arg?.kind === 'name' ? arg.name : '';
}

/** Collects the globals and the text of one `main`. */
export class EntryWriter {
  /** @type {string[]} */
  declarations = [];
  #seen = new Set();

  /** @param {FunctionDecl} entry @param {Stage} stage @param {(name: string) => string} makeName */
  constructor(entry, stage, makeName) {
    this.entry = entry;
    this.stage = stage;
    this.makeName = makeName;
  }

  /** @returns {string[]} the lines of `main` */
  main() {
    const { entry } = this;
    const args = entry.variables.map(({ type }, index) => this.#input(type, entry.params[index]));
    const invocation = `${entry.glsl}(${args.join(', ')})`;
    const lines = this.stage === 'vertex' ? ['gl_PointSize = 1.0;'] : [];
    if (entry.resultType.kind === 'void') lines.unshift(`${invocation};`);
    else lines.unshift(...this.#results(invocation));
    if (this.stage === 'vertex' && !this.#seen.has('position')) {
      refuse(entry.at, 'A vertex stage must return @builtin(position).');
    }
    return ['void main() {', ...lines.map((line) => `  ${line}`), '}'];
  }

  /** The text of an argument. @param {Type} type @param {import('./ast.js').Declared} param @returns {string} */
  #input(type, { attributes, at }) {
    if (type.kind !== 'struct') return this.#slot({ type, attributes, at }, 'in');
    const parts = type.members.map((member) => this.#slot({ ...member.decl, type: member.type }, 'in'));
    return `${type.glsl}(${parts.join(', ')})`;
  }

  /** @param {string} invocation @returns {string[]} */
  #results(invocation) {
    const { resultType: type, resultAttributes: attributes, at } = this.entry;
    const result = this.makeName('result');
    const slots = type.kind === 'struct'
      ? type.members.map((member) => ({ from: `${result}.${member.glsl}`, slot: { ...member.decl, type: member.type } }))
      : [{ from: result, slot: { type, attributes, at } }];
    const lines = slots.map(({ from, slot }) => {
      const to = this.#slot(slot, 'out');
      return `${to} = ${to === 'gl_Position' ? TO_CLIP(from) : from};`;
    });
    return [`${typeText(type)} ${result} = ${invocation};`, ...lines];
  }

  /** What a value of the interface is called in GLSL. @param {Slot} slot @param {Direction} direction @returns {string} */
  #slot({ type, attributes, at }, direction) {
    const builtin = find(attributes, 'builtin');
    if (builtin) return this.#builtin(attributeName(builtin, 0), type, direction, builtin.at);
    const location = find(attributes, 'location');
    if (!location) refuse(at, 'What enters or leaves an entry point needs @location or @builtin.');
    const isPlain = (type.kind === 'scalar' || type.kind === 'vec') && !/bool/.test(type.name);
    if (!isPlain) refuse(at, `${type.name} can't enter or leave an entry point.`);
    const number = attributeNumber(location);
    const isVarying = (this.stage === 'vertex') === (direction === 'out');
    const name = `${isVarying ? 'v' : direction === 'in' ? 'a' : 'o'}_location${number}`;
    if (this.#seen.has(name)) refuse(location.at, `@location(${number}) is there twice.`);
    this.#seen.add(name);
    const how = isVarying ? interpolation(type, attributes, at) : `layout(location = ${number}) `;
    this.declarations.push(`${how}${direction} ${typeText(type)} ${name};`);
    return name;
  }

  /** @param {string} name @param {Type} type @param {Direction} direction @param {import('./errors.js').At} at */
  #builtin(name, type, direction, at) {
    const key = `${this.stage} ${direction} ${name}`;
    if (name === 'instance_index') {
      refuse(at, '@builtin(instance_index) counts from the draw\'s first instance in WebGPU and from 0 in WebGL2; read the row.');
    }
    if (!Object.hasOwn(BUILTIN_VALUES, key)) refuse(at, `@builtin(${name}) is outside of the subset for a ${this.stage} stage's ${direction}put.`);
    const { type: wanted, glsl } = BUILTIN_VALUES[key];
    if (!same(type, wanted)) refuse(at, `@builtin(${name}) is ${wanted.name}, not ${type.name}.`);
    if (direction === 'out') this.#seen.add(name);
    return glsl;
  }
}

/** @param {Type} type @param {Attribute[]} attributes @param {import('./errors.js').At} at @returns {string} */
function interpolation(type, attributes, at) {
  const given = find(attributes, 'interpolate');
  const [kind, sampling] = [attributeName(given, 0) || 'perspective', attributeName(given, 1)];
  if (kind === 'flat' && sampling !== 'first') return 'flat ';
  if (!isFloat(type)) refuse(at, `${type.name} can't be interpolated; it needs @interpolate(flat).`);
  if (kind !== 'perspective' || !['', 'center', 'centroid'].includes(sampling)) {
    refuse(given?.at ?? at, 'GLSL ES 3.00 interpolates flat, or perspective at the center or centroid.');
  }
  return sampling === 'centroid' ? 'centroid ' : '';
}
