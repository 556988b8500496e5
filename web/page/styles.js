/**
 * The element's style sheets: constructed ones, which a strict policy (style-src 'self') allows, shared by all elements.
 *
 * Owns: one CSSStyleSheet a text. Limits: a browser without constructable sheets (before 2023) gets <style> elements.
 */

/** @type {Map<string, CSSStyleSheet>} */
const sheets = new Map();

/** @param {ShadowRoot} root @param {string} text */
export function addStyle(root, text) {
  if (!('adoptedStyleSheets' in root)) return addElement(root, text);
  let sheet = sheets.get(text);
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    sheets.set(text, sheet);
  }
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}

/** @param {ShadowRoot} root @param {string} text */
function addElement(root, text) {
  const style = document.createElement('style');
  style.textContent = text;
  /** @type {ShadowRoot} */ (root).append(style);
}
