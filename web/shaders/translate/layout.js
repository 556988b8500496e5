// @ts-check
/** @file Where the members of a uniform lie: WGSL's rules (section 14.4) and GLSL's std140 (OpenGL ES 3.0, 2.12.6.4).
 *
 * One buffer serves both APIs, so a struct whose two layouts differ is refused. Sizes and offsets in bytes.
 */
import { refuse } from './errors.js';

/** @typedef {import('./types.js').Type} Type */
/** @typedef {import('./types.js').Struct} Struct */
/** @typedef {{ align: number, size: number }} Extent */
/** @typedef {'wgsl' | 'std140'} Rules */

/** @param {number} value @param {number} step */
const roundUp = (value, step) => Math.ceil(value / step) * step;

/** @param {Type} type @param {Rules} rules @param {Map<Struct, Extent>} known @returns {Extent} */
function extent(type, rules, known) {
  switch (type.kind) {
    case 'scalar': return { align: 4, size: 4 };
    case 'vec': return { align: type.size === 2 ? 8 : 16, size: 4 * type.size };
    case 'mat': {
      const align = rules === 'std140' || type.rows > 2 ? 16 : 8;
      return { align, size: type.columns * align };
    }
    case 'array': {
      const of = extent(type.of, rules, known);
      const align = rules === 'std140' ? roundUp(of.align, 16) : of.align;
      return { align, size: type.count * roundUp(of.size, align) };
    }
    case 'struct': {
      const found = known.get(type) ?? structExtent(type, rules, known);
      known.set(type, found);
      return found;
    }
    default: return { align: 4, size: 4 };
  }
}

/** @param {Struct} struct @param {Rules} rules @param {Map<Struct, Extent>} known @returns {Extent} */
function structExtent(struct, rules, known) {
  const { end, align } = offsets(struct, rules, known);
  const whole = rules === 'std140' ? roundUp(align, 16) : align;
  return { align: whole, size: roundUp(end, whole) };
}

/** @param {import('./types.js').Member} member @param {string} name @returns {number | undefined} */
function attribute({ decl }, name) {
  const found = decl.attributes.find((one) => one.name === name);
  if (!found) return undefined;
  const [arg] = found.args;
  const value = arg?.kind === 'literal' ? Number(arg.text.replace(/[iu]$/, '')) : NaN;
  if (!Number.isInteger(value) || value < 1 || value > 65536) refuse(found.at, `@${name} needs a whole number from 1 to 65536.`);
  return value;
}

/** @param {Struct} struct @param {Rules} rules @param {Map<Struct, Extent>} known */
function offsets(struct, rules, known) {
  let [end, align] = [0, 4];
  /** @type {number[]} */
  const list = [];
  for (const member of struct.members) {
    const own = extent(member.type, rules, known);
    const wanted = rules === 'wgsl' ? Math.max(attribute(member, 'align') ?? 0, own.align) : own.align;
    const offset = roundUp(end, wanted);
    list.push(offset);
    end = offset + (rules === 'wgsl' ? attribute(member, 'size') ?? own.size : own.size);
    align = Math.max(align, wanted);
  }
  return { list, end, align };
}

/** Arrays of a uniform: WGSL wants elements of 16 bytes. @param {Type} type @param {import('./errors.js').At} at */
function checkElements(type, at) {
  if (type.kind !== 'array') return;
  const { size } = extent(type.of, 'wgsl', new Map());
  if (size % 16 !== 0) {
    refuse(at, `Elements of ${type.name} have ${size} bytes; in a uniform it must be a multiple of 16: use vec4.`);
  }
}

/** @param {Struct} struct @param {Set<Struct>} seen */
function checkStruct(struct, seen) {
  if (seen.has(struct)) return;
  seen.add(struct);
  const [wgsl, std140] = [offsets(struct, 'wgsl', new Map()), offsets(struct, 'std140', new Map())];
  struct.members.forEach((member, index) => {
    checkElements(member.type, member.decl.at);
    const inner = member.type.kind === 'array' ? member.type.of : member.type;
    if (inner.kind === 'struct') checkStruct(inner, seen);
    const sizes = [extent(member.type, 'wgsl', new Map()).size, extent(member.type, 'std140', new Map()).size];
    if (inner.kind === 'scalar' && inner.name === 'bool') refuse(member.decl.at, 'A uniform can\'t hold bools; use u32.');
    if (wgsl.list[index] !== std140.list[index] || (sizes[0] !== sizes[1] && inner.kind !== 'struct')) {
      refuse(member.decl.at, `\`${member.name}\` lies at byte ${wgsl.list[index]} (${sizes[0]} bytes) in WGSL, but at byte `
        + `${std140.list[index]} (${sizes[1]} bytes) in GLSL's std140; use vec4 or reorder the members.`);
    }
  });
}

/** @param {import('./ast.js').GlobalDecl} decl @param {Type} type */
export function checkUniform(decl, type) {
  if (type.kind === 'struct') checkStruct(type, new Set());
  else if (type.kind === 'array' || type.kind === 'mat') {
    checkElements(type, decl.at);
    if (extent(type, 'wgsl', new Map()).size !== extent(type, 'std140', new Map()).size) {
      refuse(decl.at, `${type.name} has another layout in GLSL's std140; use vec4.`);
    }
    if (type.kind === 'array' && type.of.kind === 'struct') checkStruct(type.of, new Set());
  } else if (type.kind === 'scalar' && type.name === 'bool') refuse(decl.at, 'A uniform can\'t hold bools; use u32.');
}

/** Bytes of a uniform. @param {Type} type @returns {number} */
export const uniformBytes = (type) => roundUp(extent(type, 'wgsl', new Map()).size, 16);
