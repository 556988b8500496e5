// @ts-check
/** @file Checked statements to GLSL. */
import { emitExpression } from './emit-expression.js';
import { typeText, zeroText } from './glsl-text.js';

/** @typedef {import('./ast.js').Statement} Statement */
/** @typedef {import('./ast.js').Block} Block */
/** @typedef {import('./ast.js').Variable} Variable */

/** Makes a name for something that the source does not have. @typedef {(name: string) => string} MakeName */

/** Writes the body of one function. */
export class StatementWriter {
  #indent = 1;
  /** Variables whose declaration stands above the loop. @type {Set<Statement>} */
  #hoisted = new Set();

  /** @param {MakeName} makeName */
  constructor(makeName) {
    this.makeName = makeName;
    /** @type {string[]} */
    this.lines = [];
  }

  /** @param {string} text */
  line(text) {
    this.lines.push('  '.repeat(this.#indent) + text);
  }

  /** @param {readonly Statement[]} body */
  body(body) {
    for (const statement of body) this.statement(statement);
  }

  /** Statements between `head {` and `}`. @param {string} head @param {() => void} inside */
  braced(head, inside) {
    this.line(`${head}{`);
    this.#indent += 1;
    inside();
    this.#indent -= 1;
    this.line('}');
  }

  /** @param {Statement} statement */
  statement(statement) {
    switch (statement.kind) {
      case 'block': return this.braced('', () => this.body(statement.body));
      case 'local': case 'assign': return this.#simple(statement);
      case 'if': return this.#if(statement, '');
      case 'while':
        return this.braced(`while (${emitExpression(statement.test)}) `, () => this.body(statement.body.body));
      case 'for': return this.#for(statement);
      case 'loop': return this.#loop(statement);
      case 'switch': return this.#switch(statement);
      case 'return': return this.line(statement.value ? `return ${emitExpression(statement.value)};` : 'return;');
      case 'jump': return this.line(`${statement.word};`);
      case 'run': return this.line(`${emitExpression(statement.call)};`);
      case 'assert': return undefined;
    }
  }

  /** @param {import('./ast.js').Local | import('./ast.js').Assign} statement */
  #simple(statement) {
    const text = simpleText(statement, this.#hoisted.has(statement));
    if (text) this.line(`${text};`);
  }

  /** @param {import('./ast.js').If} statement @param {string} before `} else ` where it goes on
   * @returns {void} */
  #if({ test, then, otherwise }, before) {
    this.line(`${before}if (${emitExpression(test)}) {`);
    this.#indented(then.body);
    if (otherwise?.kind === 'if') return this.#if(otherwise, '} else ');
    if (otherwise) {
      this.line('} else {');
      this.#indented(otherwise.body);
    }
    return this.line('}');
  }

  /** @param {readonly Statement[]} body */
  #indented(body) {
    this.#indent += 1;
    this.body(body);
    this.#indent -= 1;
  }

  /** @param {import('./ast.js').For} loop */
  #for({ init, test, step, body }) {
    const isPlain = init === undefined || init.kind === 'local' || init.kind === 'assign';
    const parts = [
      isPlain && init ? simpleText(init, false) : '', test ? emitExpression(test) : '',
      step?.kind === 'assign' ? simpleText(step, false) : step?.kind === 'run' ? emitExpression(step.call) : '',
    ];
    const write = () => this.braced(`for (${parts.join('; ')}) `, () => this.body(body.body));
    if (isPlain) return write();
    return this.braced('', () => {
      this.statement(init);
      write();
    });
  }

  /** WGSL's loop. `continue` must still run the continuing block: then that stands at the top, behind a flag, and what the
   * body declares stands above the loop, where both see it. @param {import('./ast.js').Loop} loop */
  #loop({ body, continuing, breakIf }) {
    const tail = () => {
      this.body(continuing?.body ?? []);
      if (breakIf) this.braced(`if (${emitExpression(breakIf)}) `, () => this.line('break;'));
    };
    if (!continuing || !body.body.some(continues)) {
      return this.braced('while (true) ', () => {
        this.body(body.body);
        if (continuing) tail();
      });
    }
    return this.braced('', () => {
      const again = this.makeName('again');
      this.line(`bool ${again} = false;`);
      for (const statement of body.body) this.#hoist(statement);
      this.braced('while (true) ', () => {
        this.braced(`if (${again}) `, tail);
        this.line(`${again} = true;`);
        this.body(body.body);
      });
    });
  }

  /** @param {Statement} statement */
  #hoist(statement) {
    if (statement.kind !== 'local' || !statement.variable) return;
    this.#hoisted.add(statement);
    if (isNumber(statement.variable)) return;
    this.line(`${typeText(statement.variable.type)} ${statement.variable.glsl};`);
  }

  /** @param {import('./ast.js').Switch} statement */
  #switch({ value, cases }) {
    this.braced(`switch (${emitExpression(value)}) `, () => {
      for (const { selectors, body } of cases) {
        const labels = selectors.map((one) => (one ? `case ${emitExpression(one)}:` : 'default:'));
        this.braced(`${labels.join(' ')} `, () => this.body(body.body));
        this.#indented([{ kind: 'jump', word: 'break', at: body.at }]);
      }
    });
  }
}

/** Constants whose value stands wherever they are named. @param {Variable} variable */
const isNumber = ({ type, value }) => value !== undefined && (type.name === 'aint' || type.name === 'afloat');

/** @param {import('./ast.js').Local | import('./ast.js').Assign} statement @param {boolean} isHoisted @returns {string} */
function simpleText(statement, isHoisted) {
  if (statement.kind === 'assign') {
    const { op, target, value } = statement;
    if (!target) return emitExpression(value);
    return assignText(op, target, value);
  }
  const { variable, init, at } = statement;
  if (!variable || isNumber(variable)) return '';
  const text = init ? emitExpression(init) : zeroText(variable.type, at);
  return `${isHoisted ? '' : `${typeText(variable.type)} `}${variable.glsl} = ${text}`;
}

/** `a %= b` on signed numbers and `a &= b` on bools have no operator in GLSL.
 * @param {string} op @param {import('./ast.js').Expr} target @param {import('./ast.js').Expr} value @returns {string} */
function assignText(op, target, value) {
  const place = emitExpression(target);
  const isSpecial = (op === '%=' && !/u32/.test(target.type.name)) || ((op === '&=' || op === '|=') && /bool/.test(target.type.name));
  if (!isSpecial) return `${place} ${op} ${emitExpression(value)}`;
  const { type, at } = target;
  return `${place} = ${emitExpression({
    kind: 'binary', op: op.slice(0, -1), left: target, right: value, type, at, value: undefined, depth: 1,
  })}`;
}

/** Whether a statement goes on with the loop around it. @param {Statement} statement @returns {boolean} */
function continues(statement) {
  switch (statement.kind) {
    case 'jump': return statement.word === 'continue';
    case 'block': return statement.body.some(continues);
    case 'if': return continues(statement.then) || (statement.otherwise !== undefined && continues(statement.otherwise));
    case 'switch': return statement.cases.some(({ body }) => body.body.some(continues));
    default: return false;
  }
}
