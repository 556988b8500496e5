// @ts-check
/**
 * @file Elements in one call, and sizes in words.
 *
 * Owns: nothing. Limits: text only; nothing of a program is ever markup.
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties] of the element; `role` and names with a dash are attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'role' || name.includes('-')) element.setAttribute(name, `${value}`);
    else /** @type {any} */ (element)[name] = value;
  }
  element.append(...children);
  return element;
}

/** @param {string} text @param {() => void} onclick @param {Record<string, any>} [properties] */
export function button(text, onclick, properties = {}) {
  return make('button', { type: 'button', onclick, ...properties }, text);
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** @param {unknown} error */
export const words = (error) => (error instanceof Error ? error.message : String(error));

/** A part of the panel that is shown while its tab is chosen.
 * @typedef {{ title: string, element: HTMLElement, refresh: () => Promise<void> | void }} Part */
