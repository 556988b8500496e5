// @ts-check
/** @file The last ten seconds: drag back and the scene is as it was then; resume, and the program goes on from there. */
import { button, make, words } from './dom.js';

export class TimeBar {
  #asked = false;
  /** Where the slider was dragged to, until it is asked for. @type {number | null} */
  #wanted = null;

  /** @param {import('./inspector.js').Inspector} inspector */
  constructor(inspector) {
    this.inspector = inspector;
    this.pause = button('Pause', () => this.#toggle());
    this.slider = make('input', { type: 'range', min: '-10', max: '0', step: '0.033', value: '0', ariaLabel: 'Seconds back', oninput: () => this.#scrub() });
    this.label = make('span', { className: 'quiet' });
    this.element = make('div', { className: 'time' }, this.pause, this.slider, this.label);
  }

  async refresh() {
    if (!this.#asked) this.#show(await this.inspector.ask('time'));
  }

  /** @param {{ span: number, at: number | null, paused: boolean }} time */
  #show({ span, at, paused }) {
    this.isBack = at !== null;
    this.isPaused = paused;
    this.pause.textContent = this.isBack ? 'Resume' : paused ? 'Go on' : 'Pause';
    this.slider.min = `${-Math.max(span, 0.1)}`;
    if (!this.slider.matches(':active')) this.slider.value = `${at === null ? 0 : -at}`;
    this.label.textContent = at === null ? `${span.toFixed(1)} s kept` : `${at.toFixed(1)} s back`;
  }

  async #scrub() {
    this.#wanted = -this.slider.valueAsNumber;
    if (this.#asked) return;
    this.#asked = true;
    while (this.#wanted !== null) {
      const back = this.#wanted;
      this.#wanted = null;
      await this.#do('go', { back });
    }
    this.#asked = false;
  }

  #toggle() {
    if (this.isBack) this.#do('resume');
    else this.#do('pause', { paused: !this.isPaused });
  }

  /** @param {string} what @param {object} [more] */
  async #do(what, more) {
    try {
      this.#show(await this.inspector.ask(what, more));
    } catch (error) {
      this.inspector.status.textContent = words(error);
    }
  }
}
