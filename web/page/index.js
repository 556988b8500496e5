/**
 * The page around one program: `?backend=webgl2&thread=main&...` are attributes of the element, made here once they are
 * all known. Every other parameter reaches the program: app.host.options()["query"].
 *
 * Owns: the page's one element and its title. A file of its own, because a strict policy (script-src 'self') refuses
 * inline scripts.
 */
import '../layer-w.js';

const ATTRIBUTES = ['src', 'backend', 'thread', 'clock', 'quality', 'sound', 'frames', 'settled', 'budgets', 'wheel'];

const { offline, ...shown } = document.body.dataset; // an export's
if (offline !== undefined && isControlled()) await import('./offline.js').then(({ newestVersion }) => newestVersion());
const rest = new URLSearchParams();
const element = document.createElement('layer-w');
for (const [name, value] of Object.entries(shown)) element.setAttribute(name, value ?? '');
for (const [name, value] of new URLSearchParams(location.search)) {
  if (name === 'notebook') import('./notebook-frame.js').then(({ joinNotebook }) => joinNotebook(element, value));
  else if (name === 'offline' && offline !== undefined) continue; // page/offline.js
  else if (ATTRIBUTES.includes(name)) element.setAttribute(name, value);
  else rest.append(name, value);
}

function isControlled() {
  try {
    return Boolean(navigator.serviceWorker?.controller);
  } catch {
    return false; // a sandboxed frame
  }
}

element.setAttribute('query', rest.toString());
if (!new URLSearchParams(location.search).has('notebook')) element.setAttribute('autofocus', ''); // keys stay the notebook's
element.setAttribute('role', 'main'); // a screen reader's way to it
element.addEventListener('layerw-report', (event) => {
  const { title } = /** @type {CustomEvent} */ (event).detail;
  if (title) document.title = title;
});
if (offline !== undefined) {
  element.addEventListener('layerw-ready', () => import('./offline.js').then(({ keepForOffline }) => keepForOffline()), { once: true });
}
document.body.append(element);
