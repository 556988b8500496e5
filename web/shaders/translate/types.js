// @ts-check
/** @file The types of the subset. A type's name is its WGSL spelling, and two types with one name are one type.
 *
 * `aint` and `afloat` are WGSL's AbstractInt and AbstractFloat: literals that take the type of their surroundings.
 */

/** @typedef {'f32' | 'i32' | 'u32' | 'bool' | 'aint' | 'afloat'} ScalarName */
/** @typedef {{ kind: 'scalar', name: ScalarName }} Scalar */
/** @typedef {{ kind: 'vec', name: string, size: number, of: Scalar }} Vec */
/** @typedef {{ kind: 'mat', name: string, columns: number, rows: number }} Mat */
/** @typedef {{ kind: 'array', name: string, of: Type, count: number }} Arr */
/** @typedef {{ name: string, glsl: string, type: Type, decl: import('./ast.js').Declared }} Member */
/** @typedef {{ kind: 'struct', name: string, glsl: string, members: Member[], depth: number }} Struct */
/** @typedef {'2d' | '2d_array' | '3d' | 'cube'} Dimension */
/** @typedef {{ kind: 'texture', name: string, dimension: Dimension, of: 'f32' | 'i32' | 'u32' | 'depth' }} Texture */
/** @typedef {{ kind: 'sampler', name: string, comparison: boolean }} Sampler */
/** @typedef {{ kind: 'pointer', name: string, to: Type, space: string }} Pointer */
/** @typedef {{ kind: 'void', name: string }} Nothing */
/** @typedef {Scalar | Vec | Mat | Arr | Struct | Texture | Sampler | Pointer | Nothing} Type */

/** @param {ScalarName} name @returns {Scalar} */
const scalar = (name) => Object.freeze({ kind: 'scalar', name });
export const F32 = scalar('f32');
export const I32 = scalar('i32');
export const U32 = scalar('u32');
export const BOOL = scalar('bool');
export const AINT = scalar('aint');
export const AFLOAT = scalar('afloat');
/** @type {Nothing} */
export const VOID = Object.freeze({ kind: 'void', name: 'nothing' });
/** @type {Readonly<Record<string, Scalar>>} */
export const SCALARS = Object.freeze({ f32: F32, i32: I32, u32: U32, bool: BOOL });

/** @param {number} size @param {Scalar} of @returns {Vec} */
export const vec = (size, of) => ({ kind: 'vec', name: `vec${size}<${of.name}>`, size, of });
/** @param {number} columns @param {number} rows @returns {Mat} */
export const mat = (columns, rows) => ({ kind: 'mat', name: `mat${columns}x${rows}<f32>`, columns, rows });
/** @param {Type} of @param {number} count @returns {Arr} */
export const array = (of, count) => ({ kind: 'array', name: `array<${of.name}, ${count}>`, of, count });
/** @param {boolean} comparison @returns {Sampler} */
export const sampler = (comparison) => (
  { kind: 'sampler', name: comparison ? 'sampler_comparison' : 'sampler', comparison });

/** A type of the same shape with other components. @param {Type} shape @param {Scalar} of @returns {Scalar | Vec} */
export const withElement = (shape, of) => (shape.kind === 'vec' ? vec(shape.size, of) : of);

/** The scalar of a scalar or vector. @param {Type} type @returns {Scalar | undefined} */
export const element = (type) => (type.kind === 'scalar' ? type : type.kind === 'vec' ? type.of : undefined);

/** @param {Type} a @param {Type} b */
export const same = (a, b) => a.name === b.name;
/** @param {Type} type */
export const isAbstract = (type) => element(type) === AINT || element(type) === AFLOAT;
/** @param {Type} type */
export const isFloat = (type) => element(type) === F32 || element(type) === AFLOAT;
/** @param {Type} type */
export const isInteger = (type) => [I32, U32, AINT].some((one) => one === element(type));
/** @param {Type} type */
export const isNumeric = (type) => isFloat(type) || isInteger(type);
/** @param {Type} type */
export const isBool = (type) => element(type) === BOOL;

/** What an abstract type becomes where nothing says otherwise. @param {Type} type @returns {Type} */
export function concrete(type) {
  if (element(type) === AINT) return withElement(type, I32);
  return element(type) === AFLOAT ? withElement(type, F32) : type;
}

/** The name of a type in a message. @param {Type} type */
export const spoken = (type) => concrete(type).name;

/** Whether a value of one type may stand where the other is wanted. @param {Type} from @param {Type} to */
export function fits(from, to) {
  if (same(from, to)) return true;
  const [a, b] = [element(from), element(to)];
  if (!a || !b || !same(withElement(from, F32), withElement(to, F32))) return false;
  return a === AINT ? b !== BOOL : a === AFLOAT && b === F32;
}

/** The type that a name spells without `<...>` (vec3f, mat4x4f, sampler), if any. @param {string} name
 * @returns {Type | undefined} */
export function predeclared(name) {
  if (Object.hasOwn(SCALARS, name)) return SCALARS[name];
  if (name === 'sampler' || name === 'sampler_comparison') return sampler(name !== 'sampler');
  const short = /^vec([234])([fiu])$/.exec(name);
  if (short) return vec(Number(short[1]), { f: F32, i: I32, u: U32 }[short[2]] ?? F32);
  const matrix = /^mat([234])x([234])f$/.exec(name);
  if (matrix) return mat(Number(matrix[1]), Number(matrix[2]));
  const depth = /^texture_depth_(2d|2d_array|cube)$/.exec(name);
  return depth ? texture(/** @type {Dimension} */ (depth[1]), 'depth') : undefined;
}

/** @param {Dimension} dimension @param {Texture['of']} of @returns {Texture} */
export function texture(dimension, of) {
  const name = of === 'depth' ? `texture_depth_${dimension}` : `texture_${dimension}<${of}>`;
  return { kind: 'texture', name, dimension, of };
}
