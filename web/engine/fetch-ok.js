/**
 * Fetches what the start needs, with a message for the person in front of the page where something is missing.
 */

const SAID_CHARS_MAX = 300;

/** A start error whose message is meant for the person in front of the page. */
export class BootError extends Error {
  /** @override */
  name = 'BootError';
}

/**
 * @param {string} url
 * @param {string} what
 * @param {RequestInit} [init]
 * @param {(url: string, init?: RequestInit) => Promise<Response>} [ask]
 * @throws {BootError}
 */
export async function fetchOk(url, what, init, ask = (...asked) => fetch(...asked)) {
  let response;
  try {
    response = await ask(url, init);
  } catch (error) {
    throw new BootError(`${what} could not be fetched from ${url} (${error}). Is the server still running?`);
  }
  if (!response.ok) {
    throw new BootError(`${what} is missing: ${url} answered ${response.status} ${response.statusText}.${await said(response)}`);
  }
  return response;
}

/** What a server that failed says of itself. @param {Response} response */
async function said(response) {
  const isText = response.headers.get('content-type')?.startsWith('text/plain');
  return response.status >= 500 && isText ? ` ${(await response.text()).slice(0, SAID_CHARS_MAX)}` : '';
}

/** @param {string} url @param {string} what @param {RequestInit} [init] @returns {Promise<ArrayBuffer>} */
export const fetchBytes = async (url, what, init) => (await fetchOk(url, what, init)).arrayBuffer();
