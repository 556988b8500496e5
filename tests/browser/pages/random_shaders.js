/** @file Random, well-typed WGSL: what the translator makes of it must draw what WebGPU draws.
 *
 * Types are written short: f i u b, with a size for vectors (f3), m and both sizes for matrices (m23). Values stay small and
 * finite, as APIs may differ in infinities and in whole numbers made of huge floats.
 */

const SCALARS = { f: 'f32', i: 'i32', u: 'u32', b: 'bool' };
const TYPES = ['f', 'i', 'u', 'b', 'f2', 'f3', 'f4', 'i2', 'i3', 'u2', 'u4', 'b2', 'b3', 'm22', 'm23', 'm33'];
const LEAVES = {
  f: ['q.x', 'q.y', '0.5', '.25', '1e-1', '0.75f'], i: ['i.x', 'i.y', '3i', '12i', '5i', '0x1Fi'],
  u: ['u32(i.x)', 'u32(i.y)', '2u', '0xffu', '9u'], b: ['(i.x > 7)', '(q.y < 0.5)', 'true'],
  f2: ['q', 'q.yx', 'vec2(1, 2)', 'vec2(q.x, 1)'], i2: ['i', 'i.yx', 'vec2(3, 4)'],
};
const NAMES = ['a', 'b', 'sample', 'distance', 'input', 'helper', 'mix_', 'v_location0', 'result'];
const WGSL = (type) => (type[0] === 'm' ? `mat${type[1]}x${type[2]}f` : type.length > 1 ? `vec${type[1]}<${SCALARS[type[0]]}>` : SCALARS[type]);

/** xorshift32. */
function randomNumbers(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Writes one program. */
class Writer {
  constructor(seed) {
    this.random = randomNumbers(seed);
    /** Visible variables. @type {{ name: string, type: string, isVar: boolean }[]} */
    this.visible = [];
  }

  pick(list) { return list[this.random(list.length)]; }
  chance(of) { return this.random(of) === 0; }

  leaf(type) {
    const known = this.visible.filter((one) => one.type === type);
    if (known.length > 0 && !this.chance(3)) return this.pick(known).name;
    return LEAVES[type] ? this.pick(LEAVES[type]) : this.construct(type, 0);
  }

  construct(type, depth) {
    const of = (part) => this.expression(part, depth - 1);
    if (type[0] === 'm') return `${WGSL(type)}(${Array.from({ length: Number(type[1]) }, () => of(`f${type[2]}`)).join(', ')})`;
    const [scalar, size] = [type[0], Number(type[1])];
    if (this.chance(4)) return `${WGSL(type)}(${of(scalar)})`;
    if (size === 3 && this.chance(2)) return `${WGSL(type)}(${of(`${scalar}2`)}, ${of(scalar)})`;
    return `${WGSL(type)}(${Array.from({ length: size }, () => of(scalar)).join(', ')})`;
  }

  /** An expression of a type. */
  expression(type, depth) {
    if (depth <= 0 || this.chance(8)) return this.leaf(type);
    const of = (other = type) => this.expression(other, depth - 1);
    const made = type[0] === 'm' ? this.matrix(type, of) : type[0] === 'b' ? this.bool(type, of)
      : [...this.number(type, of), ...(type[0] === 'f' ? this.float(type, of) : this.whole(type, of))];
    const shared = [() => `select(${of()}, ${of()}, ${of(type[1] && this.chance(2) ? `b${type[1]}` : 'b')})`];
    if (type[0] === 'm') shared.pop();
    if (type.length > 1) shared.push(() => this.construct(type, depth));
    else shared.push(() => `(${of(`${type}3`)})${this.pick(['.y', '.b', '[i.x & 1]', '[2]', '[u32(i.y) % 3u]'])}`);
    if (type.length === 2) shared.push(() => `(${of(`${type[0]}3`)}).${Array.from({ length: Number(type[1]) }, () => this.pick(['x', 'y', 'z'])).join('')}`);
    return this.pick([...made, ...shared])();
  }

  /** Two values of a type, or a vector and a number. */
  pair(type, of) {
    if (type.length === 1 || !this.chance(3)) return [of(), of()];
    return this.chance(2) ? [of(type[0]), of()] : [of(), of(type[0])];
  }

  number(type, of) {
    const infix = (operators) => () => `(${this.pair(type, of).join(` ${this.pick(operators)} `)})`;
    const signed = type[0] === 'u' ? [] : [() => `-(${of()})`, () => `sign(${of()})`, () => `abs(${of()})`];
    return [infix(['+', '-']), infix(['*', '+']), () => `(2 * ${of()} + 1)`, () => `${this.pick(['min', 'max'])}(${of()}, ${of()})`, ...signed];
  }

  float(type, of) {
    const made = [
      () => `${this.pick(['sin', 'cos', 'fract', 'floor', 'trunc', 'saturate', 'tanh', 'atan'])}(${of()})`,
      () => `mix(${of()}, ${of()}, 0.25)`, () => `sqrt(abs(${of()}))`, () => `(${of()} / (abs(${of()}) + 1.5))`,
      () => `fma(${of()}, ${of()}, ${of()})`, () => `(${of()} % ${WGSL(type)}(3.5))`,
    ];
    if (type === 'f') made.push(() => `f32(${of(this.pick(['i', 'u', 'b']))})`, () => `dot(${of('f3')}, ${of('f3')})`, () => `determinant(${of('m33')})`);
    if (type === 'f2') made.push(() => `(${of('m22')} * ${of()})`, () => `(${of('f3')} * ${of('m23')})`);
    if (type === 'f3') made.push(() => `(${of('m23')} * ${of('f2')})`, () => `cross(${of()}, ${of()})`);
    return made;
  }

  whole(type, of) {
    const size = type[1] ? `vec${type[1]}u` : 'u32';
    const made = [
      () => `(${of()} ${this.pick(['&', '|', '^'])} ${of()})`, () => `~(${of()})`,
      () => `((${of()}) ${this.pick(['<<', '>>'])} ${size}(${this.random(5)}u))`,
      () => `(${of()} ${this.pick(['/', '%'])} ${WGSL(type)}(${this.pick(['3', '7'])}))`,
    ];
    if (type === 'u') made.push(() => `u32(${of(this.pick(['i', 'b']))})`, () => `bitcast<u32>(${of('i')})`, () => `countOneBits(${of()})`);
    if (type === 'i') made.push(() => `i32(clamp(${of('f')}, -100.0, 100.0))`, () => `i32(${of('u')})`);
    return made;
  }

  bool(type, of) {
    const size = type[1] ?? '';
    const made = [
      () => `(${of(`i${size}`)} ${this.pick(['<', '>=', '==', '!='])} ${of(`i${size}`)})`,
      () => `(${of(`f${size}`)} ${this.pick(['<', '>'])} ${of(`f${size}`)})`,
      () => `(${of()} ${this.pick(['&', '|'])} ${of()})`, () => `!${of()}`,
    ];
    if (type === 'b') made.push(() => `(${of()} ${this.pick(['&&', '||', '=='])} ${of()})`, () => `${this.pick(['any', 'all'])}(${of('b3')})`);
    return made;
  }

  matrix(type, of) {
    const [, columns, rows] = type;
    const made = [() => `(${of()} ${this.pick(['+', '-'])} ${of()})`, () => `(${of()} * ${of('f')})`];
    if (columns === rows) made.push(() => `transpose(${of()})`, () => `(${of()} * ${of()})`);
    return made;
  }

  /** Statements that see what stands before them. */
  statements(depth) {
    const outer = this.visible;
    const made = [];
    const names = new Set();
    for (let left = 2 + this.random(4); left > 0; left -= 1) {
      const name = this.pick(NAMES);
      if (depth > 0 && this.chance(3)) made.push(this.control(depth));
      else if (this.chance(3)) made.push(this.change());
      else if (!names.has(name)) {
        names.add(name);
        made.push(this.declaration(name));
      }
    }
    this.visible = outer;
    return made.join('\n');
  }

  declaration(name) {
    const [type, isVar] = [this.pick(TYPES), this.chance(2)];
    const text = `${isVar ? 'var' : 'let'} ${name}: ${WGSL(type)} = ${this.expression(type, 3)};`;
    this.visible = [...this.visible.filter((one) => one.name !== name), { name, type, isVar }];
    return text;
  }

  change() {
    const variable = this.pick(this.visible.filter(({ isVar, type }) => isVar && type[0] !== 'm'));
    if (!variable) return '';
    const { name, type } = variable;
    if (type.length > 1 && this.chance(2)) return `${name}.${this.pick(['x', 'y'])} = ${this.expression(type[0], 2)};`;
    return `${name} ${type[0] === 'b' ? '=' : this.pick(['=', '+=', '-='])} ${this.expression(type, 2)};`;
  }

  control(depth) {
    const inner = () => `{\n${this.statements(depth - 1)}\n}`;
    return this.pick([
      () => `if ${this.expression('b', 2)} ${inner()} else ${inner()}`,
      () => `for (var n = 0; n < ${1 + this.random(4)}; n++) ${inner()}`,
      () => `switch ((${this.expression('i', 1)}) & 3) { case 0, 2: ${inner()} default: ${inner()} }`,
      () => `{ var n = 0; loop { if (n == ${this.random(3)}) { n += 2; continue; } ${this.statements(0)} continuing { n++; break if n > 3; } } }`,
    ])();
  }
}

/** The fragment stage of a random program. @param {number} seed */
export function randomShader(seed) {
  const writer = new Writer(seed * 2654435761 | 1);
  const body = `${writer.statements(2)}`;
  return `
@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
  let i = vec2<i32>(floor(in.clip.xy));
  let q = vec2<f32>(i) / 31.0;
  var seen = vec3<f32>(); var whole = 0; var is = false;
  {
    ${body}
    seen = ${writer.expression('f3', 4)}; whole = ${writer.expression('i', 4)}; is = ${writer.expression('b', 3)};
  }
  return vec4<f32>(saturate(seen.xy * 0.1 + 0.5), f32(whole & 255) / 255.0, select(0.25, 0.75, is));
}
`;
}
