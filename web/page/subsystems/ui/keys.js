// @ts-check
/**
 * @file Who hears what: events on a widget are its own, all others the program's.
 *
 * Tab goes from the picture into the widgets where there are some to go to, Escape back. A click with the pointer leaves
 * the keyboard where it was, so that whoever steers goes on steering; fields that are typed into keep it.
 */

/** What a widget's event does not tell the program (page/input.js listens on the stage). */
const OWN = ['mousedown', 'pointerdown', 'pointermove', 'touchend', 'contextmenu', 'wheel', 'click', 'dblclick'];
const FOCUSABLE = 'button, input, select, textarea, a[href], [tabindex]:not([tabindex="-1"])';
const TYPED = 'input:not([type="range"], [type="checkbox"]), select, textarea';

/** Those that Tab reaches. @param {ParentNode} within */
export function focusable(within) {
  return [...within.querySelectorAll(FOCUSABLE)].filter((one) => !one.matches(':disabled') && one.checkVisibility({ visibilityProperty: true }) && !one.closest('[inert]'));
}

/**
 * @param {HTMLElement} host of the layer
 * @param {ShadowRoot} root
 * @param {HTMLElement} stage
 * @param {AbortSignal} signal
 */
export function guard(host, root, stage, signal) {
  for (const type of OWN) host.addEventListener(type, (event) => event.stopPropagation(), { signal });
  host.addEventListener('keydown', (event) => {
    if (/^F\d/.test(event.key)) return;
    event.stopPropagation();
    if (event.key === 'Escape' && !event.defaultPrevented) stage.focus({ preventScroll: true });
  }, { signal });
  stage.addEventListener('keydown', (event) => {
    const leaves = event.key === 'Tab' && event.target === stage && (event.shiftKey || focusable(root).length > 0);
    if (leaves) event.stopImmediatePropagation(); // and the browser moves the focus
  }, { signal, capture: true });
  keepKeyboard(host, root, stage, signal);
}

/** @param {HTMLElement} host @param {ShadowRoot} root @param {HTMLElement} stage @param {AbortSignal} signal */
function keepKeyboard(host, root, stage, signal) {
  let steers = false;
  root.addEventListener('pointerdown', (event) => {
    const target = /** @type {Element} */ (event.target);
    steers = target.closest(TYPED) === null && /** @type {ShadowRoot} */ (stage.getRootNode()).activeElement !== host;
    const isTyped = target.closest(TYPED) !== null;
    if (!isTyped && root.activeElement?.matches(TYPED)) /** @type {HTMLElement} */ (root.activeElement).blur();
  }, { signal });
  // A slider takes the keyboard with the press, so it is given back when the pointer goes up.
  addEventListener('pointerup', () => {
    if (!steers) return;
    steers = false;
    if (root.activeElement !== null) stage.focus({ preventScroll: true });
  }, { signal });
  root.addEventListener('mousedown', (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target.closest('input, select, textarea') === null) event.preventDefault(); // the keyboard stays where it is
  }, { signal });
}
