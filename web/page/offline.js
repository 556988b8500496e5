/**
 * The page's half of an export's service worker (offline/worker.js): it begins after the first frame, and a newer version
 * begins with a start, never under a running program.
 *
 * Limits: not on localhost, whose ports programs share: another one's page would come up there (`?offline=1` tries it). Not
 * where the browser keeps nothing for a page in a foreign frame, or without https.
 */

const SCRIPT = 'sw.js'; // beside index.html: it may only answer for its folder
const TAKE_OVER_MS_MAX = 3000;
const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

/** @returns {ServiceWorkerContainer | null} */
function container() {
  try {
    const wanted = new URLSearchParams(location.search).get('offline');
    if (wanted === '0' || (LOCAL.includes(location.hostname) && wanted !== '1')) return null;
    return navigator.serviceWorker ?? null;
  } catch {
    return null; // a sandboxed frame
  }
}

/** Before anything starts: where a newer version waits, the page begins with it. */
export async function newestVersion() {
  const workers = container();
  if (!workers?.controller) return;
  const registration = await workers.getRegistration().catch(() => undefined);
  if (!registration?.waiting) return;
  const replaced = new Promise((resolve) => workers.addEventListener('controllerchange', () => resolve(true), { once: true }));
  registration.waiting.postMessage('take over');
  const late = new Promise((resolve) => setTimeout(resolve, TAKE_OVER_MS_MAX, false));
  if (!await Promise.race([replaced, late])) { // a busy device: the old one plays, and ends when its files do
    replaced.then(() => location.reload());
    return;
  }
  location.reload();
  await new Promise(() => {}); // this page starts nothing any more
}

/** Once the program is on the screen. @param {string | URL} script the service worker's */
export async function keepForOffline(script = SCRIPT) {
  const workers = container();
  if (workers === null) return;
  workers.addEventListener('message', ({ data }) => {
    if (data?.layerw === 'offline') (data.level === 'warning' ? console.warn : console.log)(data.text);
  });
  workers.startMessages();
  try {
    const registration = await workers.register(script, { updateViaCache: 'none' });
    const tell = () => console.log('A newer version of this page is here; the next start has it.');
    const watch = (/** @type {ServiceWorker | null} */ worker) => {
      worker?.addEventListener('statechange', () => { if (worker.state === 'installed') tell(); });
    };
    registration.addEventListener('updatefound', () => { if (workers.controller) watch(registration.installing); });
    if (!workers.controller) return;
    if (registration.waiting) tell(); // the browser looked for it before the first frame
    else watch(registration.installing);
  } catch (error) {
    console.log(`This page is not kept for a visit without a network: ${error}`);
  }
}
