// @ts-check
/** @file Statements of function bodies: scopes, assignments, what is returned. */
import { rootOf } from './check-call.js';
import { checkExpression, checkValue, convert } from './check-expression.js';
import { Context } from './context.js';
import { refuse } from './errors.js';
import { BOOL, I32, U32, concrete, isAbstract, isInteger, same } from './types.js';

/** @typedef {import('./ast.js').Statement} Statement */
/** @typedef {import('./ast.js').Block} Block */
/** @typedef {import('./ast.js').FunctionDecl} FunctionDecl */

/** What surrounds a statement. @typedef {{ context: Context, fn: FunctionDecl, loops: number, breaks: number }} Place */

/** @param {FunctionDecl} fn @param {import('./module.js').Module} module */
export function checkBody(fn, module) {
  const context = new Context(module, fn.uses, fn);
  context.scopes.push(new Map(fn.variables.map((variable) => [variable.name, variable])));
  const place = { context, fn, loops: 0, breaks: 0 };
  for (const statement of fn.body.body) checkStatement(statement, place);
  if (fn.resultType.kind !== 'void' && !ends(fn.body)) {
    refuse(fn.at, `\`${fn.name}\` returns ${fn.resultType.name}, but its end can be reached without a return.`);
  }
}

/** @param {Block} block @param {Place} place */
function checkBlock(block, place) {
  place.context.scoped(() => {
    for (const statement of block.body) checkStatement(statement, place);
  });
}

/** @param {Statement} statement @param {Place} place @returns {void} */
function checkStatement(statement, place) {
  const { context } = place;
  switch (statement.kind) {
    case 'block': return checkBlock(statement, place);
    case 'local': return checkLocal(statement, place);
    case 'assign': return checkAssign(statement, place);
    case 'if':
      checkValue(statement.test, context, BOOL, 'A condition');
      checkBlock(statement.then, place);
      return statement.otherwise && checkStatement(statement.otherwise, place);
    case 'while':
      checkValue(statement.test, context, BOOL, 'A condition');
      return checkBlock(statement.body, inLoop(place));
    case 'for': return checkFor(statement, place);
    case 'loop': return checkLoop(statement, place);
    case 'switch': return checkSwitch(statement, place);
    case 'return': return checkReturn(statement, place);
    case 'jump': return checkJump(statement, place);
    case 'run': {
      const type = checkExpression(statement.call, context);
      if (type.kind !== 'void' && statement.call.kind === 'call' && statement.call.meaning?.kind !== 'function') {
        refuse(statement.at, 'The result of this call is not used.');
      }
      return undefined;
    }
    case 'assert': return context.module.assert(statement.test, context);
  }
}

/** @param {Place} place @returns {Place} */
const inLoop = (place) => ({ ...place, loops: place.loops + 1, breaks: place.breaks + 1 });

/** @param {import('./ast.js').Local} local @param {Place} place */
function checkLocal(local, { context }) {
  const declared = local.declared && context.module.type(local.declared, context.uses);
  const what = `The value of \`${local.name}\``;
  let type = declared;
  if (local.init) {
    const found = checkExpression(local.init, context);
    const staysAbstract = local.role === 'const' && !declared && found.kind === 'scalar' && isAbstract(found);
    if (found.kind === 'void') refuse(local.init.at, `${what} is a call that gives nothing.`);
    if (!staysAbstract) convert(local.init, declared ?? concrete(found), what);
    type = local.init.type;
  }
  if (!type || ['texture', 'sampler', 'pointer'].includes(type.kind)) {
    refuse(local.at, `\`${local.name}\` can't hold ${type?.name ?? 'nothing'}; only parameters can.`);
  }
  const value = local.role === 'const' ? local.init?.value : undefined;
  local.variable = context.declare({ kind: local.role, name: local.name, type, value }, local.at);
}

/** @param {import('./ast.js').Assign} assign @param {Place} place */
function checkAssign({ op, target, value, at }, { context }) {
  if (!target) {
    checkValue(value, context);
    return;
  }
  const type = checkExpression(target, context);
  const root = rootOf(target);
  const isPointer = root?.type.kind === 'pointer';
  if (!root || !(isPointer || root.kind === 'var') || root.space === 'uniform' || root.space === 'handle') {
    refuse(target.at, root ? `\`${root.name}\` can't be changed; only a var can.` : 'This can\'t be assigned to.');
  }
  if (target.kind === 'name' && isPointer) refuse(target.at, `\`${root.name}\` is a pointer; write \`*${root.name}\`.`);
  if (target.kind === 'member' && target.base.type.kind === 'vec' && target.name.length > 1) {
    refuse(target.at, `WGSL can't assign to several components at once (\`.${target.name}\`).`);
  }
  if (op === '=') {
    checkValue(value, context, type, 'What is assigned');
    return;
  }
  /** @type {import('./ast.js').Expr} */
  const sum = { kind: 'binary', op: op.slice(0, -1), left: target, right: value, type, at, value: undefined, depth: 1 };
  checkExpression(sum, context);
  if (!same(sum.type, type)) refuse(at, `\`${op}\` would make ${sum.type.name} of ${type.name}.`);
}

/** @param {import('./ast.js').For} loop @param {Place} place */
function checkFor({ init, test, step, body }, place) {
  place.context.scoped(() => {
    if (init) checkStatement(init, place);
    if (test) checkValue(test, place.context, BOOL, 'A condition');
    if (step) checkStatement(step, place);
    checkBlock(body, inLoop(place));
  });
}

/** Names of a loop's body are known in its continuing block. @param {import('./ast.js').Loop} loop @param {Place} place */
function checkLoop({ body, continuing, breakIf, at }, place) {
  const hasExit = breakIf || body.body.some((statement) => leaves(statement));
  if (!hasExit) refuse(at, 'This loop has no break and no return, so it never ends.');
  place.context.scoped(() => {
    for (const statement of body.body) checkStatement(statement, inLoop(place));
    place.context.scoped(() => {
      for (const statement of continuing?.body ?? []) checkStatement(statement, { ...place, loops: 0, breaks: 0 });
      if (breakIf) checkValue(breakIf, place.context, BOOL, 'A condition');
    });
  });
}

/** Whether a statement may leave the loop that it stands in. @param {Statement} statement @returns {boolean} */
function leaves(statement) {
  switch (statement.kind) {
    case 'return': return true;
    case 'jump': return statement.word !== 'continue';
    case 'block': return statement.body.some(leaves);
    case 'if': return leaves(statement.then) || (statement.otherwise !== undefined && leaves(statement.otherwise));
    case 'switch': return statement.cases.some(({ body }) => body.body.some((one) => one.kind !== 'jump' && leaves(one)));
    case 'for': case 'while': case 'loop': return statement.body.body.some((one) => one.kind !== 'jump' && leaves(one));
    default: return false;
  }
}

/** @param {import('./ast.js').Switch} node @param {Place} place */
function checkSwitch({ value, cases, at }, place) {
  const type = checkValue(value, place.context);
  if (type !== I32 && type !== U32) refuse(value.at, `\`switch\` needs i32 or u32, not ${type.name}.`);
  const seen = new Set();
  for (const { selectors, body } of cases) {
    for (const selector of selectors) {
      if (selector) checkValue(selector, place.context, type, 'A case');
      const key = selector ? selector.value : 'default';
      if (key === undefined || !(selector === undefined || isInteger(selector.type))) {
        refuse(selector?.at ?? at, 'A case must be a constant whole number.');
      }
      if (seen.has(key)) refuse(selector?.at ?? at, `The case ${key} is there twice.`);
      seen.add(key);
    }
    checkBlock(body, { ...place, breaks: place.breaks + 1 });
  }
  if (!seen.has('default')) refuse(at, '`switch` needs a default case.');
}

/** @param {import('./ast.js').Return} node @param {Place} place */
function checkReturn({ value, at }, { context, fn }) {
  if (fn.resultType.kind === 'void') {
    if (value) refuse(value.at, `\`${fn.name}\` returns nothing.`);
  } else if (value) checkValue(value, context, fn.resultType, `What \`${fn.name}\` returns`);
  else refuse(at, `\`${fn.name}\` must return ${fn.resultType.name}.`);
}

/** @param {import('./ast.js').Jump} jump @param {Place} place */
function checkJump({ word, at }, { loops, breaks, fn, context }) {
  if (word === 'break' && breaks === 0) refuse(at, '`break` stands in no loop or switch.');
  if (word === 'continue' && loops === 0) refuse(at, '`continue` stands in no loop.');
  if (word === 'discard') context.module.fragmentOnly(fn, 'discard', at);
}

/** Whether the end of a block can't be reached. @param {Block} block @returns {boolean} */
function ends(block) {
  const last = block.body.findLast((statement) => statement.kind !== 'assert');
  switch (last?.kind) {
    case 'return': return true;
    case 'block': return ends(last);
    case 'if': return ends(last.then) && last.otherwise !== undefined
      && (last.otherwise.kind === 'if' ? ends({ ...last.then, body: [last.otherwise] }) : ends(last.otherwise));
    case 'switch': return last.cases.every(({ body }) => ends(body));
    case 'loop': return last.breakIf === undefined && !last.body.body.some(breaksOut);
    case 'while': case 'for': return false;
    default: return false;
  }
}

/** Whether a statement breaks out of the loop around it. @param {Statement} statement @returns {boolean} */
function breaksOut(statement) {
  switch (statement.kind) {
    case 'jump': return statement.word === 'break';
    case 'block': return statement.body.some(breaksOut);
    case 'if': return breaksOut(statement.then) || (statement.otherwise !== undefined && breaksOut(statement.otherwise));
    default: return false;
  }
}
