// @ts-check
/** @file What a frame costs: stages by CPU time, passes by GPU time, and recordings for Perfetto. */
import { download } from '../page/download.js';
import { button, make, words } from './dom.js';

const SECONDS = 5;

export class Passes {
  title = 'Frame';

  /** @param {import('./inspector.js').Inspector} inspector */
  constructor(inspector) {
    this.inspector = inspector;
    this.passes = make('tbody');
    this.stages = make('tbody');
    this.told = make('div', { role: 'status' });
    this.record = button(`Record ${SECONDS} s`, () => this.#record());
    this.element = make('div', {}, this.record, this.told,
      make('h3', {}, 'Passes (GPU)'), make('table', {}, head('pass', 'ms'), this.passes),
      make('h3', {}, 'Stages (CPU, mean of the last frames)'), make('table', {}, head('stage', 'ms'), this.stages));
  }

  async refresh() {
    const { passes, stages } = await this.inspector.ask('passes');
    this.passes.replaceChildren(...passes.map((/** @type {any} */ { name, gpu_ms: ms }) => row(name, ms === null ? 'no timer' : ms.toFixed(3))));
    const sum = stages.reduce((/** @type {number} */ all, /** @type {any} */ one) => all + one.cpu_ms, 0);
    this.stages.replaceChildren(...[...stages].sort((a, b) => b.cpu_ms - a.cpu_ms).map(({ name, cpu_ms: ms }) => row(name, ms.toFixed(3))), row('all', sum.toFixed(3)));
  }

  async #record() {
    this.record.disabled = true;
    this.told.className = 'quiet';
    try {
      const { lacks } = await this.inspector.ask('record', { seconds: SECONDS });
      this.told.textContent = `Recording. ${lacks}`;
      let text = null;
      while (text === null) {
        await new Promise((resolve) => { setTimeout(resolve, 250); });
        text = await this.inspector.ask('recorded');
      }
      download('layerw-trace.json', new Blob([text], { type: 'application/json' }));
      this.told.textContent = `layerw-trace.json was saved: open it in ui.perfetto.dev. ${lacks}`;
    } catch (error) {
      this.told.className = 'trouble';
      this.told.textContent = words(error);
    }
    this.record.disabled = false;
  }
}

/** @param {string} name @param {string} ms */
const row = (name, ms) => make('tr', {}, make('td', {}, name), make('td', { className: 'number' }, ms));
/** @param {string} name @param {string} ms */
const head = (name, ms) => make('thead', {}, make('tr', {}, make('th', {}, name), make('th', { className: 'number' }, ms)));
