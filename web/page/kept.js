// @ts-check
/**
 * @file What a start of the page keeps from the one before it, in the session's storage.
 *
 * Owns: nothing. Limits: KEPT_CHARS_MAX; a frame without storage starts anew.
 */

const KEPT = 'layerw-kept ';
const KEPT_CHARS_MAX = 2_000_000;

/** @param {string} appUrl @param {object} state */
export function keep(appUrl, state) {
  const text = JSON.stringify(state);
  try {
    if (text.length <= KEPT_CHARS_MAX) sessionStorage.setItem(KEPT + appUrl, text);
  } catch { /* A frame without storage: it starts anew. */ }
}

/** What the page before kept for this start; it is given once. @param {string} appUrl @returns {Record<string, any>} */
export function takeKept(appUrl) {
  try {
    const text = sessionStorage.getItem(KEPT + appUrl);
    if (text === null) return {};
    sessionStorage.removeItem(KEPT + appUrl);
    return JSON.parse(text);
  } catch {
    return {};
  }
}
