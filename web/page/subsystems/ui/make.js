// @ts-check
/** @file What makers of widgets share: elements with children, and setters by name. */

/** @typedef {(event: string, value?: unknown) => void} Tell */
/** @typedef {{ files: string, areas: Record<string, HTMLElement>, changed: () => void }} Around what is around a widget:
 *   the program's folder, where those that lie nowhere else go, and what hears that a dialog came or went */
/**
 * @typedef {object} Widget
 * @property {HTMLElement} element
 * @property {(name: string, value: any) => void} set
 * @property {HTMLElement} [inside] where those that lie in it go
 * @property {HTMLElement} [area] where it goes, whatever its anchor says
 * @property {(pixels: any) => void} [pixels]
 * @property {(visible: boolean) => void} [shown] after it was shown or hidden, and when it ends
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {...(Node | string)} children
 */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** @param {HTMLElement} element @param {Record<string, (value: any) => void>} setters @returns {Widget} */
export function widget(element, setters) {
  return { element, set: (name, value) => setters[name]?.(value) };
}
