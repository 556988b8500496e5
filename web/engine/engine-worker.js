/**
 * The worker's entry: takes the first message and becomes the engine.
 *
 * Owns: that Python starts while the engine's modules still load; importing engine.js statically would put one after the
 * other. Does not: anything else that thread="main" would not do too (that calls startEngine itself).
 */
import { preload } from './modules.js';
import { Runtime } from './runtime.js';

const engine = import('./engine.js');
// host.js hears of it as an error of the worker, as of any other script that can't be loaded.
engine.catch(reportError);
preload('engine');

addEventListener('message', ({ data }) => {
  const { backend, runtimeUrl } = data.options;
  // Without navigator.gpu the engine first sees whether this worker can draw at all: else there is no Python to throw away.
  const runtime = navigator.gpu ? new Runtime(runtimeUrl) : null;
  if (backend === 'webgl2' || !navigator.gpu) preload('webgl2');
  else if (backend !== 'null') preload('webgpu');
  engine.then(({ startEngine }) => startEngine({ ...data, runtime }), () => {});
}, { once: true });
