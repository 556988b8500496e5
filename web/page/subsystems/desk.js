// @ts-check
/**
 * @file The page's half of the desk (layerw/saves/desk.py): file pickers, downloads and the clipboard.
 *
 * Owns: one hidden <input type=file> while it is open. Every question is answered, with `answer` or with `failed`.
 */

/** @typedef {{ number: number, do: string, kinds: string[], several: boolean, most: number, name: string, data: Uint8Array, text: string }} Question */

/** @type {import('../subsystems.js').Start} */
export function start({ stage, send, signal }) {
  return {
    receive: (/** @type {Question} */ question) => {
      const { number } = question;
      carryOut(question, stage, signal).then(
        (answer) => send({ number, answer }),
        (error) => send({ number, failed: `The browser refused to ${WORDS[question.do] ?? question.do} (${error.message ?? error}).` }),
      );
    },
  };
}

/** @type {Record<string, string>} */
const WORDS = {
  open: 'hand over a file', save: 'save a file', read: 'read the clipboard', write: 'write to the clipboard',
};

/** @param {Question} question @param {HTMLElement} stage @param {AbortSignal} signal @returns {Promise<unknown>} */
async function carryOut(question, stage, signal) {
  switch (question.do) {
    case 'open': return pick(question, stage, signal);
    case 'save': return download(question.name, question.data);
    case 'read': return navigator.clipboard.readText();
    case 'write': return navigator.clipboard.writeText(question.text);
    default: throw new Error('there is no such thing');
  }
}

/** @param {Question} question @param {HTMLElement} stage @param {AbortSignal} signal */
async function pick({ kinds, several, most }, stage, signal) {
  const input = Object.assign(document.createElement('input'), { type: 'file', accept: kinds.join(','), multiple: several });
  input.hidden = true;
  stage.append(input);
  try {
    const files = await new Promise((/** @type {(files: File[]) => void} */ resolve) => {
      input.addEventListener('change', () => resolve([...input.files ?? []]), { signal });
      input.addEventListener('cancel', () => resolve([]), { signal });
      signal.addEventListener('abort', () => resolve([]));
      input.click();
    });
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (size > most) throw new Error(`${size} bytes were chosen; ${most} are taken at once`);
    return Promise.all(files.map(async (file) => ({ name: file.name, data: new Uint8Array(await file.arrayBuffer()) })));
  } finally {
    input.remove();
  }
}

/** @param {string} name @param {Uint8Array} data */
async function download(name, data) {
  const url = URL.createObjectURL(new Blob([new Uint8Array(data)]));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
