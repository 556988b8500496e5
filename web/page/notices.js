/**
 * What the element shows around the canvas: progress bar, note, error panel, log strip.
 *
 * Owns: its DOM inside the element's shadow root. Does not: decide when; host.js calls it.
 * Limits: text only (textContent): a program's error can't inject markup.
 */
import { addStyle } from './styles.js';

/** As wide as its parent, as high as it; 16:9 where the parent's height follows its content. */
const STYLE = `
:host { display: block; position: relative; box-sizing: border-box; width: 100%; height: 100%; aspect-ratio: 16 / 9;
  overflow: hidden; background: #10141a; contain: strict; }
:host([hidden]) { display: none; }
.stage { position: absolute; inset: 0; outline: none; touch-action: none; isolation: isolate; }
.poster { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; pointer-events: none; }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.panel { inset: auto; z-index: 1; pointer-events: none; }
.progress { position: absolute; left: 50%; top: 50%; width: min(320px, 70%); transform: translate(-50%, -50%);
  font: 13px/1.6 system-ui, sans-serif; color: #cfd8e3; text-align: center; }
.bar { height: 4px; border-radius: 2px; background: #2a323d; overflow: hidden; }
.bar > i { display: block; height: 100%; width: 0; background: #5aa9e6; transition: width .2s; }
.error { position: absolute; inset: auto 0 0 0; max-height: 70%; overflow: auto; margin: 0; padding: 14px 44px 14px 16px;
  background: #2b1114ee; color: #ffd9d4; border-top: 3px solid #ff6b57; font: 13px/1.45 ui-monospace, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.error b { display: block; font: 600 14px/1.6 system-ui, sans-serif; color: #fff; }
.log { position: absolute; left: 8px; bottom: 8px; max-width: min(640px, 90%); padding: 6px 10px; border-radius: 4px;
  background: #2b1114dd; color: #ffd9d4; font: 12px/1.4 system-ui, sans-serif; overflow-wrap: anywhere; }
.note { position: absolute; right: 8px; bottom: 8px; padding: 4px 8px; border-radius: 4px; background: #10141acc;
  color: #cfd8e3; font: 12px/1.4 system-ui, sans-serif; max-height: 2.8em; overflow: hidden; pointer-events: none; }
button { position: absolute; right: 8px; top: 8px; border: 0; background: none; color: inherit; font-size: 20px; cursor: pointer; }
[hidden] { display: none !important; }
`;

const STAGES = {
  runtime: 'Loading Python',
  numpy: 'Loading numpy',
  engine: 'Loading the engine',
  program: 'Starting the program',
  running: '',
};
const NOTE_MS = 6000;
const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {HTMLElement | ShadowRoot} parent
 * @returns {HTMLElementTagNameMap[T]}
 */
export function append(tag, className, parent) {
  const element = document.createElement(tag);
  element.className = className;
  parent.append(element);
  return element;
}

/** The sheet of the element itself. @param {ShadowRoot} root */
export function addElementStyle(root) {
  addStyle(root, STYLE);
}

/** The layers above the canvas. */
export class Notices {
  /** @param {ShadowRoot} root */
  constructor(root) {
    addElementStyle(root);
    this.stage = append('div', 'stage', root);
    this.stage.tabIndex = 0;
    this.progress = append('div', 'progress', root);
    this.progress.setAttribute('role', 'status');
    this.progressText = append('div', '', this.progress);
    this.bar = append('i', '', append('div', 'bar', this.progress));
    this.note = append('div', 'note', root);
    this.log = append('div', 'log', root);
    this.error = append('div', 'error', root);
    this.error.setAttribute('role', 'alert');
    this.stage.part.add('stage');
    for (const part of [this.progress, this.note, this.log, this.error]) {
      part.part.add(part.className);
      part.hidden = true;
    }
  }

  /**
   * @param {string} stage
   * @param {number} fraction 0 to 1; 1 hides the bar
   * @param {[done: number, total: number]} [bytes]
   */
  setProgress(stage, fraction, bytes) {
    this.progress.hidden = fraction >= 1;
    const text = STAGES[/** @type {keyof typeof STAGES} */ (stage)] ?? stage;
    this.progressText.textContent = bytes ? `${text}, ${megabytes(bytes[0])} of ${megabytes(bytes[1])} MB` : text;
    this.bar.style.width = `${Math.round(fraction * 100)}%`;
  }

  /** @param {string} text the reason for the backend that was chosen; '' shows nothing */
  setNote(text) {
    this.note.textContent = text;
    this.note.hidden = text === '';
    setTimeout(() => (this.note.hidden = true), NOTE_MS);
  }

  /** @param {string} text the whole error with its traceback; a later one does not replace the first */
  showError(text) {
    this.progress.hidden = true;
    if (!this.error.hidden) return;
    this.error.hidden = false;
    const lines = text.trim().split('\n');
    append('b', '', this.error).textContent = lines[lines.length - 1];
    if (lines.length > 1) append('span', '', this.error).textContent = text.trim();
    const close = append('button', '', this.error);
    close.textContent = '×';
    close.ariaLabel = 'Hide the error';
    close.onclick = () => this.hideError();
  }

  hideError() {
    this.error.hidden = true;
    this.error.replaceChildren();
  }

  /** @param {string} text an error that the program survived */
  showLog(text) {
    this.log.textContent = text;
    this.log.hidden = false;
  }
}
