// @ts-check
/** @file The decode worker's entry: a DecodeService behind postMessage. Owns nothing else. */
import { DecodeService } from './decode/service.js';

/** @typedef {{ postMessage: (message: unknown, transfer?: Transferable[]) => void, onmessage: ((event: MessageEvent) => void) | null }} Scope */

const scope = /** @type {Scope} */ (/** @type {unknown} */ (self));
const service = new DecodeService((answer, transfer) => scope.postMessage(answer, transfer));
scope.onmessage = (event) => void service.handle(event.data);
scope.postMessage({ op: 'ready', id: 0 });
