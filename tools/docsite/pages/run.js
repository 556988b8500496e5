/**
 * The page in the frame beside an editor: runs the program that the page around it sends, and says what becomes of it.
 *
 * All examples share this page and the runtime beside it. Only the window around this one is heard, and only of the same
 * origin.
 */
import './web/layer-w.js';

const element = /** @type {any} */ (document.createElement('layer-w'));
element.setAttribute('role', 'main');
element.setAttribute('autofocus', '');

/** @param {string} type @param {unknown} [value] */
const say = (type, value = null) => parent.postMessage({ layerw: type, value }, location.origin);

element.addEventListener('layerw-ready', (/** @type {CustomEvent} */ { detail }) => say('ready', detail.backend));
element.addEventListener('layerw-log', (/** @type {CustomEvent} */ { detail }) => say('log', detail));
element.addEventListener('layerw-error', (/** @type {CustomEvent} */ { detail }) => say('error', detail));

addEventListener('message', ({ data, source, origin }) => {
  if (source !== parent || origin !== location.origin) return;
  if (data?.layerw === 'stop') {
    element.stop();
  } else if (data?.layerw === 'run') {
    element.stop();
    for (const [name, value] of Object.entries(data.attributes)) element.setAttribute(name, value);
    element.text = data.text;
    if (element.isConnected) element.start();
    else document.body.append(element);
  }
});
say('hello');
