/**
 * A file at once, by a synchronous request: what open() and import can wait for. In a worker only the program waits, on
 * the page's thread the page does.
 */

/** @typedef {{status: number, statusText: string, bytes: () => Uint8Array}} AnswerNow */

/**
 * @param {string} url
 * @returns {AnswerNow}
 * @throws {unknown} where the host can't be reached
 */
export function fetchNow(url) {
  const request = new XMLHttpRequest();
  const inWorker = typeof document === 'undefined';
  request.open('GET', url, false);
  if (inWorker) request.responseType = 'arraybuffer';
  else request.overrideMimeType('text/plain; charset=x-user-defined'); // the only way to bytes on a page's thread
  request.send();
  const bytes = () => (inWorker ? new Uint8Array(request.response) : Uint8Array.from(request.responseText, (c) => c.charCodeAt(0) & 255));
  return { status: request.status, statusText: request.statusText, bytes };
}

/** Bytes of a file that is there. @param {string} url @throws {Error} with a sentence */
export function bytesNow(url) {
  const answer = fetchNow(url);
  if (answer.status < 200 || answer.status > 299) throw new Error(`${url} answered ${answer.status} ${answer.statusText}.`);
  return answer.bytes();
}
