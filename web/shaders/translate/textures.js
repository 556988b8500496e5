// @ts-check
/** @file Textures: a WGSL texture and its sampler are one sampler in GLSL.
 *
 * Owns: the texture functions, and what a module's textures turn into. Limits: a texture is read with one sampler; a depth
 * texture is either compared or read (two bindings of one texture do both).
 */
import { checkExpression, checkValue, convert } from './check-expression.js';
import { refuse } from './errors.js';
import { F32, I32, U32, element, isAbstract, spoken, vec } from './types.js';

/** @typedef {import('./ast.js').Call} Call */
/** @typedef {import('./ast.js').Expr} Expr */
/** @typedef {import('./ast.js').Variable} Variable */
/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./types.js').Type} Type */
/** @typedef {import('./types.js').Texture} Texture */

/** @type {Map<string, (call: Call, context: Context) => Type>} */
export const TEXTURE_BUILTINS = new Map();

/** GLSL's type of a texture. @param {Texture} texture @param {boolean} isCompared @returns {string} */
export function samplerType({ dimension, of }, isCompared) {
  const prefix = of === 'i32' ? 'i' : of === 'u32' ? 'u' : '';
  const shape = { '2d': '2D', '2d_array': '2DArray', '3d': '3D', cube: 'Cube' }[dimension];
  return `${prefix}sampler${shape}${isCompared ? 'Shadow' : ''}`;
}

/** Reads the arguments of a texture function one after the other. */
class Arguments {
  /** @param {Call} call @param {Context} context */
  constructor(call, context) {
    this.call = call;
    this.context = context;
    this.next = 0;
  }

  /** @returns {Expr} */
  take() {
    const arg = this.call.args[this.next];
    if (!arg) refuse(this.call.at, `\`${this.call.callee.name}\` needs more than ${this.next} arguments.`);
    this.next += 1;
    return arg;
  }

  /** @param {'texture' | 'sampler'} kind @returns {Variable & { type: Type }} */
  handle(kind) {
    const arg = this.take();
    checkExpression(arg, this.context);
    if (arg.kind !== 'name' || !arg.variable || arg.type.kind !== kind) {
      refuse(arg.at, `\`${this.call.callee.name}\` needs a ${kind} here, not ${spoken(arg.type)}.`);
    }
    return arg.variable;
  }

  /** @param {Type} type @returns {Expr} */
  value(type) {
    const arg = this.take();
    checkValue(arg, this.context, type, `Argument ${this.next} of \`${this.call.callee.name}\``);
    return arg;
  }

  /** i32 or u32, a number or a vector. @param {number} size @returns {Expr} */
  integer(size) {
    const arg = this.take();
    const type = checkExpression(arg, this.context);
    const wanted = (/** @type {import('./types.js').Scalar} */ of) => (size === 1 ? of : vec(size, of));
    if (isAbstract(type)) convert(arg, wanted(I32));
    else if (![wanted(I32).name, wanted(U32).name].includes(type.name)) {
      refuse(arg.at, `\`${this.call.callee.name}\` needs ${wanted(I32).name} or ${wanted(U32).name} here, not ${type.name}.`);
    }
    return arg;
  }

  get isDone() {
    return this.next >= this.call.args.length;
  }

  end() {
    if (!this.isDone) {
      refuse(this.call.at, `\`${this.call.callee.name}\` takes ${this.next} arguments here, not ${this.call.args.length}.`);
    }
  }
}

/** Constant offsets in texels, where the dimension has them. @param {Arguments} args @param {Texture} texture
 * @returns {boolean} whether one is given */
function offset(args, texture) {
  if (args.isDone) return false;
  if (texture.dimension === 'cube') args.end();
  const arg = args.value(vec(texture.dimension === '3d' ? 3 : 2, I32));
  const isConstant = arg.kind === 'call' && arg.args.every(({ value }) => value !== undefined);
  if (!isConstant) refuse(arg.at, 'The offset of a texture function must be written as numbers: vec2<i32>(1, 0).');
  return true;
}

/** @param {Texture} texture @returns {number} components of a place in it, layers aside */
const dimensions = (texture) => (texture.dimension === '3d' || texture.dimension === 'cube' ? 3 : 2);
/** @param {Texture} texture @returns {Type} what a read gives */
const texel = (texture) => (texture.of === 'depth' ? F32 : vec(4, texture.of === 'f32' ? F32 : texture.of === 'i32' ? I32 : U32));
/** @param {string} text @param {Type} type */
const asInt = (text, type) => (element(type) === I32 ? text : type.kind === 'vec' ? `ivec${type.size}(${text})` : `int(${text})`);
/** @param {Texture} texture */
const component = (texture) => (texture.of === 'depth' ? '.r' : '');

/** @param {string} name @param {'none' | 'bias' | 'level' | 'gradient'} extra what follows the place @param {string} glsl */
function defineSample(name, extra, glsl) {
  TEXTURE_BUILTINS.set(name, (call, context) => {
    const args = new Arguments(call, context);
    const variable = args.handle('texture');
    const texture = /** @type {Texture} */ (variable.type);
    const sampler = args.handle('sampler');
    if (texture.of === 'i32' || texture.of === 'u32') refuse(call.at, `${texture.name} can't be filtered; use textureLoad.`);
    if (sampler.type.name !== 'sampler') refuse(call.at, `\`${name}\` needs a sampler, not a sampler_comparison.`);
    args.value(vec(dimensions(texture), F32));
    const isLayered = texture.dimension === '2d_array';
    const layer = isLayered ? args.integer(1) : undefined;
    const isDepthLevel = extra === 'level' && texture.of === 'depth';
    if (extra === 'level' || extra === 'bias') isDepthLevel ? args.integer(1) : args.value(F32);
    if (extra === 'gradient') for (let i = 0; i < 2; i += 1) args.value(vec(dimensions(texture), F32));
    const hasOffset = offset(args, texture);
    args.end();
    context.module.bindings.sampled(context.fn, variable, sampler, call.at);
    context.module.bindings.read(variable, call.at);
    call.meaning = { kind: 'builtin', emit: ([image, , place, ...rest]) => {
      const at = layer ? `vec3(${place}, float(${rest.shift()}))` : place;
      if (isDepthLevel) rest[0] = `float(${rest[0]})`;
      if (hasOffset && extra === 'bias') rest.reverse();
      return `${glsl}${hasOffset ? 'Offset' : ''}(${[image, at, ...rest].join(', ')})${component(texture)}`;
    } };
    return texel(texture);
  });
}
defineSample('textureSample', 'none', 'texture');
defineSample('textureSampleBias', 'bias', 'texture');
defineSample('textureSampleLevel', 'level', 'textureLod');
defineSample('textureSampleGrad', 'gradient', 'textureGrad');

/** Only 2D shadow samplers have textureLod in GLSL ES 3.00; the others ask for level 0 by a gradient of nothing.
 * @param {Texture} texture @param {boolean} isLevel @param {string} image @param {string} at @returns {string} */
function compareText({ dimension }, isLevel, image, at) {
  if (!isLevel) return `texture(${image}, ${at})`;
  if (dimension === '2d') return `textureLod(${image}, ${at}, 0.0)`;
  const none = dimension === 'cube' ? 'vec3(0.0)' : 'vec2(0.0)';
  return `textureGrad(${image}, ${at}, ${none}, ${none})`;
}

for (const name of ['textureSampleCompare', 'textureSampleCompareLevel']) {
  TEXTURE_BUILTINS.set(name, (call, context) => {
    const args = new Arguments(call, context);
    const variable = args.handle('texture');
    const texture = /** @type {Texture} */ (variable.type);
    const sampler = args.handle('sampler');
    if (texture.of !== 'depth' || sampler.type.name !== 'sampler_comparison') {
      refuse(call.at, `\`${name}\` needs a depth texture and a sampler_comparison.`);
    }
    args.value(vec(dimensions(texture), F32));
    const isLayered = texture.dimension === '2d_array';
    if (isLayered) args.integer(1);
    args.value(F32);
    args.end();
    context.module.bindings.sampled(context.fn, variable, sampler, call.at);
    context.module.bindings.compared(variable, call.at);
    call.meaning = { kind: 'builtin', emit: ([image, , place, ...rest]) => {
      const parts = isLayered ? [place, `float(${rest[0]})`, rest[1]] : [place, rest[0]];
      const at = `vec${texture.dimension === '2d' ? 3 : 4}(${parts.join(', ')})`;
      return compareText(texture, name.endsWith('Level'), image, at);
    } };
    return F32;
  });
}

TEXTURE_BUILTINS.set('textureLoad', (call, context) => {
  const args = new Arguments(call, context);
  const variable = args.handle('texture');
  const texture = /** @type {Texture} */ (variable.type);
  if (texture.dimension === 'cube') refuse(call.at, 'A cube texture has no texels that textureLoad could read.');
  const place = args.integer(dimensions(texture));
  const layer = texture.dimension === '2d_array' ? args.integer(1) : undefined;
  const level = args.integer(1);
  args.end();
  context.module.bindings.read(variable, call.at);
  call.meaning = { kind: 'builtin', emit: ([image, placeText, ...rest]) => {
    const at = asInt(placeText, place.type);
    const whole = layer ? `ivec3(${at}, ${asInt(/** @type {string} */ (rest.shift()), layer.type)})` : at;
    return `texelFetch(${image}, ${whole}, ${asInt(rest[0], level.type)})${component(texture)}`;
  } };
  return texel(texture);
});

TEXTURE_BUILTINS.set('textureDimensions', (call, context) => {
  const args = new Arguments(call, context);
  const texture = /** @type {Texture} */ (args.handle('texture').type);
  const level = args.isDone ? undefined : args.integer(1);
  args.end();
  const size = texture.dimension === '3d' ? 3 : 2;
  call.meaning = { kind: 'builtin', emit: ([image, levelText]) => (
    `u${`vec${size}`}(textureSize(${image}, ${level ? asInt(levelText, level.type) : '0'})`
    + `${texture.dimension === '2d_array' ? '.xy' : ''})`) };
  return vec(size, U32);
});

TEXTURE_BUILTINS.set('textureNumLayers', (call, context) => {
  const args = new Arguments(call, context);
  const texture = /** @type {Texture} */ (args.handle('texture').type);
  args.end();
  if (texture.dimension !== '2d_array') refuse(call.at, `${texture.name} has no layers.`);
  call.meaning = { kind: 'builtin', emit: ([image]) => `uint(textureSize(${image}, 0).z)` };
  return U32;
});

