// @ts-check
/**
 * @file The kinds of widgets as HTML: each makes its elements, takes values, and tells what a person did.
 *
 * Owns: which tags and attributes there are (controls.js has those with a value, containers.js those that hold others). A
 * kind sets no other attribute than those written here, and no text as markup.
 */
import { containers } from './containers.js';
import { controls } from './controls.js';
import { make, widget } from './make.js';

/** @typedef {import('./make.js').Tell} Tell */
/** @typedef {import('./make.js').Widget} Widget */
/** @typedef {import('./make.js').Around} Around */
/** As markdown.py makes them. @typedef {string | [tag: 'b' | 'i' | 'code' | 'a', text: string, address?: string]} Inline */
/** @typedef {[tag: 'h1' | 'h2' | 'h3' | 'p' | 'pre' | 'li' | 'ol', ...inlines: Inline[]]} Block */

const BLOCK_TAGS = /** @type {const} */ ({ h1: 'h2', h2: 'h3', h3: 'h4', p: 'p', pre: 'pre' });
const INLINE_TAGS = /** @type {const} */ ({ b: 'strong', i: 'em', code: 'code' });

/** @returns {Widget} */
function text() {
  const element = make('p', 'text');
  return widget(element, {
    text: (value) => { element.textContent = value; },
    look: (value) => { element.className = `text ${value}`; },
    live: (value) => { element.ariaLive = value ? 'polite' : null; },
  });
}

/** @returns {Widget} */
function markdown() {
  const element = make('div', 'panel markdown');
  return widget(element, { text: (/** @type {Block[]} */ value) => element.replaceChildren(...blocks(value)) });
}

/** Items one after the other become one list. @param {Block[]} found */
function blocks(found) {
  /** @type {HTMLElement[]} */
  const made = [];
  let before = '';
  for (const [tag, ...rest] of found) {
    if (tag === 'li' || tag === 'ol') {
      if (before !== tag) made.push(make(tag === 'li' ? 'ul' : 'ol', ''));
      made[made.length - 1].append(make('li', '', ...rest.map(inline)));
    } else made.push(make(BLOCK_TAGS[tag], '', ...rest.map(inline)));
    before = tag;
  }
  return made;
}

/** @param {Inline} found @returns {Node | string} */
function inline(found) {
  if (typeof found === 'string') return found;
  const [tag, words, address = ''] = found;
  if (tag !== 'a') return make(INLINE_TAGS[tag], '', words);
  const link = make('a', '', words);
  link.href = address;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  return link;
}

/** @param {Tell} _ @param {Around} around @returns {Widget} */
function image(_, { files }) {
  const element = make('div', 'image');
  let words = '';
  const show = (/** @type {HTMLImageElement | HTMLCanvasElement} */ picture) => {
    element.replaceChildren(picture);
    say(words);
  };
  const say = (/** @type {string} */ value) => {
    words = value;
    const picture = element.firstElementChild;
    if (picture instanceof HTMLImageElement) picture.alt = words;
    else if (picture !== null && words !== '') {
      picture.setAttribute('role', 'img');
      picture.ariaLabel = words;
    }
  };
  return {
    ...widget(element, {
      text: say,
      source: (value) => {
        if (value === '') return;
        const picture = make('img', '');
        picture.src = new URL(value, files).href;
        show(picture);
      },
    }),
    pixels: (/** @type {Uint8Array & { shape: number[] }} */ pixels) => {
      const [height, width] = pixels.shape;
      const canvas = Object.assign(make('canvas', ''), { width, height });
      canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
      show(canvas);
    },
  };
}

/** @returns {Widget} */
function bar() {
  const name = make('span', 'name');
  const fill = make('i', 'fill');
  const track = make('div', 'track', fill);
  const element = make('div', 'bar', name, track);
  const now = { high: 1, value: 0 };
  track.setAttribute('role', 'meter');
  track.ariaValueMin = '0';
  const show = () => {
    fill.style.setProperty('width', `${(100 * now.value) / now.high}%`);
    track.ariaValueMax = String(now.high);
    track.ariaValueNow = String(now.value);
  };
  return widget(element, {
    text: (value) => { name.textContent = track.ariaLabel = value; },
    high: (value) => { now.high = value; show(); },
    value: (value) => { now.value = value; show(); },
  });
}

/** @param {Tell} tell @returns {Widget} */
function button(tell) {
  const element = make('button', 'button');
  element.type = 'button';
  element.addEventListener('click', () => tell('click'));
  return widget(element, {
    text: (value) => { element.textContent = value; },
    enabled: (value) => { element.disabled = !value; },
  });
}

/** @type {Record<string, (tell: Tell, around: Around) => Widget>} */
export const KINDS = { text, markdown, image, bar, button, ...controls, ...containers };
