// @ts-check
/**
 * @file Reaches a DecodeService: in a worker, or on the same thread where the browser allows no worker.
 *
 * Owns: the worker and the messages that wait for it. Does not: know what the messages mean.
 */
import { makeWorker } from '../../engine/module-worker.js';

/** @typedef {import('./service.js').Request} Request */
/** @typedef {import('./service.js').Answer} Answer */
/** @typedef {{ post: (request: Request, transfer?: Transferable[]) => void, close: () => void }} Port */
/** @typedef {(onAnswer: (answer: Answer) => void, onDead: (reason: string) => void) => Port} PortMaker */

const SCRIPT = new URL('../decode-worker.js', import.meta.url);

/** A worker; falls back to this thread when it can't start. @type {PortMaker} */
export function workerPort(onAnswer, onDead) {
  /** @type {[Request, Transferable[]][] | null} */
  let waiting = [];
  /** @type {Port | null} */
  let fallback = null;
  /** @type {Worker | null} */
  let worker = null;
  const useThisThread = () => {
    worker?.terminate();
    worker = null;
    import('./local-port.js').then(({ localPort }) => { // elsewhere only workers load what decodes
      if (waiting === null) return; // closed
      fallback = localPort(onAnswer);
      for (const [request] of waiting) fallback.post(request);
      waiting = null;
    }, (error) => onDead(String(error)));
  };
  /** @param {Request} request @param {Transferable[]} transfer */
  const send = (request, transfer) => {
    try {
      worker?.postMessage(request, transfer);
    } catch (error) { // WebKit gives no worker the memory of a WebAssembly module: the mesh comes back as a message
      if (/** @type {Error} */ (error).name !== 'DataCloneError' || !('target' in request)) throw error;
      worker?.postMessage({ ...request, target: undefined }, transfer);
    }
  };
  const started = () => {
    for (const [request, transfer] of waiting ?? []) send(request, transfer);
    waiting = null;
  };
  try {
    worker = makeWorker(SCRIPT, 'layerw-decode');
    worker.onmessage = (event) => (event.data.op === 'ready' ? started() : onAnswer(event.data));
    worker.onerror = (event) => {
      event.preventDefault();
      if (waiting) useThisThread();
      else onDead(event.message || 'it ended without a reason');
    };
  } catch {
    useThisThread();
  }
  return {
    post(request, transfer = []) {
      if (waiting) waiting.push([request, transfer]);
      else if (worker) send(request, transfer);
      else fallback?.post(request);
    },
    close() {
      worker?.terminate();
      fallback?.close();
      waiting = null;
    },
  };
}
