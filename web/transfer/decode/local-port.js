// @ts-check
/** @file A DecodeService on this thread: where the browser allows no worker, and in tests. */
import { DecodeService } from './service.js';

/** @typedef {import('./service.js').Answer} Answer */
/** @typedef {import('./ports.js').Port} Port */

/** Answers arrive later, as from a worker. @param {(answer: Answer) => void} onAnswer
 * @param {ConstructorParameters<typeof DecodeService>[1]} [functions] @returns {Port} */
export function localPort(onAnswer, functions) {
  let open = true;
  const later = (/** @type {Answer} */ answer) => queueMicrotask(() => open && onAnswer(answer));
  const service = new DecodeService(later, functions);
  return {
    post: (request) => queueMicrotask(() => void service.handle(request)),
    close: () => {
      open = false;
      service.destroy();
    },
  };
}
