// @ts-check
/** @file The decode worker's entry: a DecodeService behind postMessage. Owns nothing else. */
import { DecodeService } from './decode/service.js';

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const service = new DecodeService((answer, transfer) => scope.postMessage(answer, transfer));
scope.onmessage = (event) => void service.handle(event.data);
scope.postMessage({ op: 'ready', id: 0 });
