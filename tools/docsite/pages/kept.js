/**
 * The whole site for a visit without a network, by the service worker that exports have: from the first program that ran
 * on, because it has fetched the most of it.
 *
 * Limits: not on localhost, whose ports projects share (`?offline=1` tries it there), and not without https.
 */

const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

/** Keeps it, once. */
export async function keepForOffline() {
  const asked = new URLSearchParams(location.search).get('offline');
  if (asked === '0' || (LOCAL.includes(location.hostname) && asked !== '1')) return;
  try {
    await navigator.serviceWorker?.register(new URL('../sw.js', import.meta.url), { updateViaCache: 'none' });
  } catch (error) {
    console.log(`This site is not kept for a visit without a network: ${error}`);
  }
}
