// @ts-check
/**
 * @file The scene as a tree of groups and entities, of which only the lines in sight exist, and the chosen one's fields.
 *
 * Owns: which groups are open, the search, the line with the cursor. Does not: hold the scene; every turn asks for the
 * lines in sight anew. Source: the tree pattern of the ARIA Authoring Practices, with aria-activedescendant.
 */
import { make } from './dom.js';
import { Fields } from './fields.js';

const LINE_PX = 22;
const BEYOND = 6; // lines above and below those in sight

/** @typedef {{ kind: 'group' | 'entity', name: string, at: number, row: number, birth: number, count: number,
 *   open: boolean, number: number, size: number, hidden: boolean }} Line */

export class Scene {
  title = 'Scene';
  /** @type {Set<string>} */
  #opened = new Set();
  /** @type {Line[]} */
  #lines = [];
  #total = 0;
  #drawn = '';
  #cursor = 0;
  /** The group's line and the entity's place there, to scroll to. @type {{ group: string, place: number } | null} */
  #sought = null;

  /** @param {import('./inspector.js').Inspector} inspector */
  constructor(inspector) {
    this.inspector = inspector;
    this.find = make('input', { type: 'search', placeholder: 'Find a name, a component, a number', ariaLabel: 'Find in the scene',
      oninput: () => this.#moved(0) });
    this.sizer = make('div');
    this.list = make('div', { className: 'list', role: 'tree', tabIndex: 0, ariaLabel: 'Entities', onscroll: () => this.refresh(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) }, this.sizer);
    this.fields = new Fields(inspector);
    this.count = make('div', { className: 'quiet', role: 'status' });
    this.element = make('div', { className: 'scene' }, this.find, this.list, this.count, this.fields.element);
  }

  async refresh() {
    await Promise.all([this.#askLines(), this.fields.refresh()]);
  }

  /** @param {{ group?: string, place?: number } | null} found */
  chosen(found) {
    if (found?.group !== undefined && found.place !== undefined) {
      this.find.value = '';
      this.#opened.add(found.group);
      this.#sought = { group: found.group, place: found.place };
    }
    this.refresh().catch(() => {});
  }

  async #askLines() {
    const sought = this.#sought;
    this.#sought = null;
    if (sought) await this.#scrollTo(sought);
    const first = Math.max(Math.floor(this.list.scrollTop / LINE_PX) - BEYOND, 0);
    const count = Math.ceil((this.list.clientHeight || 200) / LINE_PX) + 2 * BEYOND;
    const { total, entities, lines } = await this.#ask(first, count);
    this.#total = total;
    this.#lines = lines;
    this.sizer.style.height = `${total * LINE_PX}px`;
    this.count.textContent = `${entities} ${entities === 1 ? 'entity' : 'entities'}`;
    this.#draw();
  }

  /** @param {number} start @param {number} count */
  #ask(start, count) {
    return this.inspector.ask('lines', { start, count, open: [...this.#opened], find: this.find.value.trim() });
  }

  /** @param {{ group: string, place: number }} sought */
  async #scrollTo({ group, place }) {
    for (let start = 0, total = 1; start < total; start += 200) { // the groups' own lines, wherever they are
      const found = await this.inspector.ask('lines', { start, count: 200, open: [], find: '' });
      total = found.total;
      const line = found.lines.find((/** @type {Line} */ one) => one.name === group);
      if (!line) continue;
      let at = line.at + 1 + place;
      for (const one of found.lines) if (one.at < line.at && this.#opened.has(one.name)) at += one.count;
      this.#cursor = at;
      this.sizer.style.height = `${Math.max(this.#total, at + 1) * LINE_PX}px`;
      this.list.scrollTop = Math.max(at * LINE_PX - this.list.clientHeight / 2, 0);
      return;
    }
  }

  /** Only where something changed: an element that goes between press and release would lose the click. */
  #draw() {
    const { chosen } = this.inspector;
    const key = JSON.stringify([this.#lines, this.#cursor, chosen?.row, chosen?.birth]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.sizer.replaceChildren(...this.#lines.map((line) => {
      const isGroup = line.kind === 'group';
      const text = isGroup ? `${line.open ? '▾' : '▸'} ${line.name} ` : line.name;
      const element = make('div', {
        className: `line ${line.kind}${line.at === this.#cursor ? ' cursor' : ''}${line.hidden ? ' hidden' : ''}`, id: `inspector-line-${line.at}`,
        role: 'treeitem', 'aria-level': isGroup ? 1 : 2, onclick: () => this.#click(line),
      }, text);
      element.style.top = `${line.at * LINE_PX}px`;
      if (isGroup) {
        element.ariaExpanded = `${line.open}`;
        element.append(make('span', { className: 'quiet' }, `${line.count}`));
      } else {
        element.setAttribute('aria-posinset', `${line.number}`);
        element.setAttribute('aria-setsize', `${line.size}`);
        element.ariaSelected = `${chosen !== null && chosen.row === line.row && chosen.birth === line.birth}`;
      }
      return element;
    }));
    this.list.setAttribute('aria-activedescendant', `inspector-line-${this.#cursor}`);
  }

  /** @param {Line} line */
  #click(line) {
    this.#cursor = line.at;
    if (line.kind === 'entity') return this.inspector.choose({ row: line.row, birth: line.birth, name: line.name });
    this.#toggle(line, !line.open);
  }

  /** @param {Line} line @param {boolean} open */
  #toggle(line, open) {
    if (open) this.#opened.add(line.name);
    else this.#opened.delete(line.name);
    this.refresh().catch(() => {});
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const page = Math.max(Math.floor(this.list.clientHeight / LINE_PX) - 1, 1);
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity });
    const line = this.#lines.find((one) => one.at === this.#cursor);
    if (event.key in steps) this.#moved(this.#cursor + steps[event.key]);
    else if (line && (event.key === 'Enter' || event.key === ' ')) this.#click(line);
    else if (line?.kind === 'group' && event.key === 'ArrowRight') this.#toggle(line, true);
    else if (line?.kind === 'group' && event.key === 'ArrowLeft') this.#toggle(line, false);
    else if (line && event.key === 'ArrowLeft') this.#moved(line.at - line.number);
    else return;
    event.preventDefault();
  }

  /** The cursor has another line: it comes into sight, and an entity there is chosen. @param {number} at */
  async #moved(at) {
    this.#cursor = Math.min(Math.max(at, 0), Math.max(this.#total - 1, 0));
    const top = this.#cursor * LINE_PX;
    if (top < this.list.scrollTop) this.list.scrollTop = top;
    else if (top + LINE_PX > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = top + LINE_PX - this.list.clientHeight;
    await this.#askLines().catch(() => {});
    const line = this.#lines.find((one) => one.at === this.#cursor);
    if (line?.kind === 'entity' && this.list.matches(':focus')) this.#click(line);
  }
}
