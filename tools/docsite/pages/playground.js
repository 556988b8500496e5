/**
 * An example's page: its program runs in a frame beside the editor, and what is changed there runs with the next Run.
 *
 * Owns: the buttons, the frame, what the program says. A program that came with a link runs only when somebody says so.
 * Does not: run Python (run.js in the frame does).
 */
import { download } from '../../../web/page/download.js';
import { keepForOffline, newestVersion } from '../../../web/page/offline.js';
import { Editor } from './editor.js';
import { linkOf, textOf } from './share.js';

const PLAY = new URL('../play/', import.meta.url); // this script lies in assets/
const SERVICE_WORKER = new URL('../sw.js', import.meta.url);
const SAID_MAX = 200; // lines that are kept on the page

/** @param {string} tag @param {string} name @param {Element} parent @param {string} [text] */
function append(tag, name, parent, text = '') {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  parent.append(made);
  return made;
}

/** One example on its page. */
class Playground {
  /** @type {HTMLIFrameElement | null} */
  #frame = null;
  #ready = false;

  /**
   * @param {HTMLElement} box
   * @param {string} original the example's own text
   * @param {string} text what is shown first
   */
  constructor(box, original, text) {
    this.original = original;
    this.src = `app/${box.dataset.name}/${box.dataset.program}`;
    this.file = String(box.dataset.program);
    this.stage = /** @type {HTMLElement} */ (box.querySelector('.lw-stage'));
    this.start = append('button', 'lw-start', this.stage, '▶');
    this.start.setAttribute('aria-label', 'Run the program');
    this.start.onclick = () => this.run();
    const right = append('div', 'lw-side', box);
    const bar = append('div', 'lw-bar', right);
    this.#button(bar, 'Run', 'Ctrl+Enter', () => this.run()).classList.add('lw-run');
    this.#button(bar, 'Stop', 'Ends the program', () => this.stop());
    this.#button(bar, 'Reset', 'The example as it was', () => (this.editor.text = original));
    this.#button(bar, 'Share', 'Copies a link with this program in it', () => this.share());
    this.#button(bar, 'Download', `Saves ${this.file}`, () => this.download());
    this.#button(bar, 'Full screen', 'The picture alone', () => this.stage.requestFullscreen?.());
    this.editor = new Editor(append('div', 'lw-editor', right), text, () => this.run(), this.file,
      (said) => this.say('warning', said));
    this.said = append('pre', 'lw-said', box);
    this.said.setAttribute('role', 'log');
    this.said.setAttribute('aria-label', 'What the program says');
    addEventListener('message', (event) => this.#heard(event));
  }

  /** Starts the program as it stands in the editor. */
  run() {
    this.said.replaceChildren();
    this.stage.dataset.state = 'running';
    if (this.#frame === null) {
      this.#frame = document.createElement('iframe');
      this.#frame.title = 'The running program';
      this.#frame.allow = 'autoplay; fullscreen; gamepad; clipboard-write; cross-origin-isolated';
      this.#frame.src = new URL('run.html', PLAY).href;
      this.stage.append(this.#frame);
    } else if (this.#ready) {
      this.#send();
    }
    this.#frame.focus();
  }

  /** Ends it, and shows the poster again. */
  stop() {
    this.#frame?.remove();
    this.#frame = null;
    this.#ready = false;
    delete this.stage.dataset.state;
  }

  async share() {
    try {
      const link = await linkOf(this.editor.text, location.href.split('#')[0]);
      history.replaceState(null, '', link);
      await navigator.clipboard.writeText(link).then(
        () => this.say('info', `The link is in the clipboard: ${link.length} characters.`),
        () => this.say('info', 'The link is in the address bar.'));
    } catch (error) {
      this.say('warning', /** @type {Error} */ (error).message);
    }
  }

  download() {
    download(this.file, new Blob([this.editor.text], { type: 'text/x-python' }));
  }

  /** @param {string} level @param {string} text */
  say(level, text) {
    append('div', `lw-${level}`, this.said, text);
    while (this.said.children.length > SAID_MAX) this.said.firstElementChild?.remove();
    this.said.scrollTop = this.said.scrollHeight;
  }

  /** @param {Element} bar @param {string} text @param {string} title @param {() => unknown} act */
  #button(bar, text, title, act) {
    const button = append('button', 'md-button', bar, text);
    button.title = title;
    button.onclick = act;
    return button;
  }

  #send() {
    const asked = new URLSearchParams(location.search);
    const attributes = { src: this.src, ...(asked.has('backend') ? { backend: asked.get('backend') } : {}) };
    const text = this.editor.text === this.original ? null : this.editor.text;
    this.#frame?.contentWindow?.postMessage({ layerw: 'run', attributes, text }, location.origin);
  }

  /** @param {MessageEvent} event */
  #heard({ data, source, origin }) {
    if (this.#frame === null || source !== this.#frame.contentWindow || origin !== location.origin) return;
    if (data.layerw === 'hello') {
      this.#ready = true;
      this.#send();
    } else if (data.layerw === 'ready') {
      this.stage.dataset.state = 'shown';
      this.say('info', `Drawn by ${data.value}.`);
      keepForOffline(SERVICE_WORKER); // the whole site, from here on: the most of it was fetched for this program
    } else if (data.layerw === 'log') {
      this.say(data.value.level, data.value.text);
    } else if (data.layerw === 'error') {
      this.stage.dataset.state = 'wrong';
      this.say('error', data.value);
      const line = data.value.match(new RegExp(`${this.file}", line (\\d+)`, 'g'))?.at(-1)?.match(/\d+$/);
      if (line) this.editor.show(Number(line[0]));
    }
  }
}

await newestVersion();
for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.lw-example'))) await begin(box);

/** @param {HTMLElement} box */
async function begin(box) {
  const address = new URL(`app/${box.dataset.name}/${box.dataset.program}`, PLAY);
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) return; // built without what runs it: the source below stays
  const original = await response.text();
  let text = null;
  let trouble = '';
  try {
    text = await textOf(location.hash);
  } catch (error) {
    trouble = /** @type {Error} */ (error).message;
  }
  const playground = new Playground(box, original, text ?? original);
  box.classList.add('lw-live');
  if (trouble !== '') playground.say('warning', trouble);
  if (text !== null) playground.say('warning', 'This program came with the link. Read it before you run it.');
}
