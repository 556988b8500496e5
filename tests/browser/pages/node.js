/** What tests/web/bridge_checks.mjs takes from node, in a page. */

const fail = (message) => { throw new Error(message); };
const text = (value) => JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));

const assert = {
  ok: (value, message = 'a falsy value') => value || fail(message),
  equal: (a, b, message = '') => Object.is(a, b) || fail(`${a} is not ${b}. ${message}`),
  deepEqual: (a, b, message = '') => text(a) === text(b) || fail(`${text(a)} is not ${text(b)}. ${message}`),
  throws(call, expected) {
    try {
      call();
    } catch (error) {
      if (expected instanceof RegExp ? expected.test(error.message) : error instanceof expected) return;
      throw error;
    }
    fail('Missing expected exception.');
  },
};
export default assert;

/** Synchronous, like node's; small files only. */
export function readFileSync(url) {
  const request = new XMLHttpRequest();
  request.open('GET', url, false);
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  if (request.status !== 200) fail(`${url} answered ${request.status}.`);
  return Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0) & 0xff);
}
