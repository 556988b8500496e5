// @ts-check
/** @file Calls: functions of the module, constructors of types, built-in functions. */
import { BUILTINS, FRAGMENT_ONLY, OUTSIDE } from './builtins.js';
import { checkExpression, checkValue, convert } from './check-expression.js';
import { refuse } from './errors.js';
import { TEXTURE_BUILTINS } from './textures.js';
import { AFLOAT, AINT, BOOL, F32, array, concrete, element, isAbstract, mat, predeclared, same, spoken, vec } from './types.js';

/** @typedef {import('./ast.js').Call} Call */
/** @typedef {import('./ast.js').Expr} Expr */
/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./types.js').Type} Type */
/** @typedef {import('./types.js').Scalar} Scalar */

/** @param {Call} call @param {Context} context @returns {Type} */
export function checkCall(call, context) {
  const { name } = call.callee;
  if (context.local(name)) refuse(call.at, `\`${name}\` is a variable here and can't be called.`);
  const decl = context.module.callable(name, call.callee.at);
  if (decl?.kind === 'function') return checkFunctionCall(call, decl, context);
  if (decl?.kind === 'global') refuse(call.at, `\`${name}\` is a variable and can't be called.`);
  const constructed = decl ? context.module.type(call.callee, context.uses) : constructedType(call, context);
  if (constructed) return construct(call, constructed, context);
  const builtin = TEXTURE_BUILTINS.get(name) ?? BUILTINS.get(name);
  if (FRAGMENT_ONLY.test(name)) context.module.fragmentOnly(context.fn, name, call.at);
  if (builtin) return builtin(call, context);
  return refuse(call.at, OUTSIDE.get(name) ?? `There is no function \`${name}\` in the module or in the subset.`);
}

/** @param {Call} call @param {import('./ast.js').FunctionDecl} decl @param {Context} context @returns {Type} */
function checkFunctionCall(call, decl, context) {
  context.module.signature(decl);
  context.uses.add(decl);
  if (decl.attributes.some(({ name }) => name === 'vertex' || name === 'fragment')) {
    refuse(call.at, `\`${decl.name}\` is an entry point and can't be called.`);
  }
  if (call.args.length !== decl.params.length) {
    refuse(call.at, `\`${decl.name}\` takes ${decl.params.length} arguments, not ${call.args.length}.`);
  }
  call.args.forEach((arg, index) => {
    const param = decl.variables[index];
    const what = `Argument \`${param.name}\` of \`${decl.name}\``;
    if (param.type.kind === 'pointer') checkPointer(arg, param.type, what, context);
    else checkValue(arg, context, param.type, what);
  });
  context.module.bindings.called(context.fn, decl, call);
  call.meaning = { kind: 'function', decl };
  return decl.resultType;
}

/** `&variable`, or a pointer handed on. @param {Expr} arg @param {import('./types.js').Pointer} wanted
 * @param {string} what @param {Context} context */
function checkPointer(arg, wanted, what, context) {
  if (arg.kind === 'unary' && arg.op === '&') {
    const to = checkExpression(arg.operand, context);
    const root = rootOf(arg.operand);
    if (!root || (root.kind !== 'var' && root.type.kind !== 'pointer') || root.space === 'uniform') {
      refuse(arg.at, `${what} must point to a variable.`);
    }
    if (isComponent(arg.operand)) refuse(arg.at, `${what} can't point to a component of a vector; copy it to a variable.`);
    if (!same(to, wanted.to)) refuse(arg.at, `${what} points to ${to.name}, but ${wanted.to.name} is needed.`);
    arg.type = wanted;
    return;
  }
  checkExpression(arg, context);
  if (!same(arg.type, wanted)) refuse(arg.at, `${what} is ${arg.type.name}, but ${wanted.name} is needed.`);
}

/** @param {Expr} node */
const isComponent = (node) => (node.kind === 'member' || node.kind === 'index') && node.base.type.kind === 'vec';

/** The variable that an expression reaches into. @param {Expr} node @returns {import('./ast.js').Variable | undefined} */
export function rootOf(node) {
  let at = node;
  while (at.kind !== 'name') {
    if (at.kind === 'index' || at.kind === 'member') at = at.base;
    else if (at.kind === 'unary' && at.op === '*') at = at.operand;
    else return undefined;
  }
  return at.variable;
}

/** The type whose constructor a call names, where it names one; `vec3(...)` takes its component from the arguments.
 * @param {Call} call @param {Context} context @returns {Type | undefined} */
function constructedType(call, context) {
  const { name, args } = call.callee;
  if (args.length > 0 && name !== 'bitcast') return context.module.type(call.callee, context.uses);
  if (predeclared(name)) return predeclared(name);
  const shape = /^(vec([234])|mat([234])x([234])|array)$/.exec(name);
  if (!shape) return undefined;
  if (shape[3]) return mat(Number(shape[3]), Number(shape[4]));
  for (const arg of call.args) checkExpression(arg, context);
  if (name === 'array') return inferredArray(call);
  return vec(Number(shape[2]), commonElement(call.args) ?? refuse(call.at, `\`${name}\` can't be made from these arguments.`));
}

/** @param {Expr[]} args @returns {Scalar | undefined} the first concrete scalar; abstract where all are */
function commonElement(args) {
  /** @type {Scalar | undefined} */
  let found;
  for (const { type } of args) {
    const scalar = element(type);
    if (!scalar) return undefined;
    if (!isAbstract(scalar)) return scalar;
    if (found !== AFLOAT) found = scalar;
  }
  return found ?? AINT;
}

/** @param {Call} call @returns {Type} */
function inferredArray({ args, at }) {
  if (args.length === 0) refuse(at, '`array()` needs elements or a type.');
  const decisive = args.find(({ type }) => !isAbstract(type)) ?? args.find(({ type }) => element(type) === AFLOAT) ?? args[0];
  return array(concrete(decisive.type), args.length);
}

/** @param {Call} call @param {Type} type @param {Context} context @returns {Type} */
function construct(call, type, context) {
  call.meaning = { kind: 'construct' };
  for (const arg of call.args) if (arg.type.kind === 'void') checkExpression(arg, context);
  if (call.args.length === 0) return constructible(concrete(type), call);
  switch (type.kind) {
    case 'scalar': return constructScalar(call, type);
    case 'vec': return constructVector(call, type);
    case 'mat': return constructMatrix(call, type);
    case 'array': return constructParts(call, type, Array(Math.min(type.count, 1 << 16)).fill(type.of));
    case 'struct': return constructParts(call, type, type.members.map((member) => member.type));
    default: return refuse(call.at, `${type.name} can't be constructed.`);
  }
}

/** @param {Type} type @param {Call} call @returns {Type} */
function constructible(type, call) {
  return ['scalar', 'vec', 'mat', 'array', 'struct'].includes(type.kind) ? type
    : refuse(call.at, `${type.name} can't be constructed.`);
}

/** @param {Call} call @param {Scalar} type @returns {Type} */
function constructScalar(call, type) {
  const [arg] = call.args;
  if (call.args.length !== 1 || arg.type.kind !== 'scalar') {
    refuse(call.at, `${type.name}(...) takes one number or bool, not (${call.args.map((one) => spoken(one.type)).join(', ')}).`);
  }
  if (isAbstract(arg.type)) convert(arg, type === BOOL || (type !== F32 && arg.type === AFLOAT) ? concrete(arg.type) : type);
  if (same(arg.type, type)) call.value = arg.value;
  return type;
}

/** @param {Call} call @param {import('./types.js').Vec} type @returns {Type} */
function constructVector(call, type) {
  const { args } = call;
  const sizes = args.map((arg) => (arg.type.kind === 'vec' ? arg.type.size : arg.type.kind === 'scalar' ? 1 : 0));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const isConversion = args.length === 1 && sizes[0] === type.size;
  if (sizes.includes(0) || (total !== type.size && !(args.length === 1 && sizes[0] === 1))) {
    const given = args.map((arg) => spoken(arg.type)).join(', ');
    refuse(call.at, `${type.name}(...) needs ${type.size} components, not those of (${given}).`);
  }
  for (const arg of args) {
    if (isConversion && !isAbstract(arg.type)) continue;
    convert(arg, arg.type.kind === 'vec' ? vec(arg.type.size, type.of) : type.of, `A component of ${type.name}(...)`);
  }
  return type;
}

/** @param {Call} call @param {import('./types.js').Mat} type @returns {Type} */
function constructMatrix(call, type) {
  const { args } = call;
  const column = vec(type.rows, F32);
  if (args.length === 1 && same(args[0].type, type)) return type;
  const part = args.length === type.columns ? column : args.length === type.columns * type.rows ? F32 : undefined;
  if (!part) refuse(call.at, `${type.name}(...) needs ${type.columns} columns or ${type.columns * type.rows} numbers.`);
  for (const arg of args) convert(arg, part, `A part of ${type.name}(...)`);
  return type;
}

/** @param {Call} call @param {Type} type @param {Type[]} parts @returns {Type} */
function constructParts(call, type, parts) {
  if (call.args.length !== parts.length) {
    refuse(call.at, `${type.name}(...) needs ${parts.length} values, not ${call.args.length}.`);
  }
  call.args.forEach((arg, index) => convert(arg, parts[index], `Value ${index + 1} of ${type.name}(...)`));
  return type;
}
