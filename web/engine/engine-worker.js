/**
 * The worker's entry: takes the first message and becomes the engine.
 *
 * Owns: that Python starts while the engine's modules still load; importing engine.js statically would put one after the
 * other. Does not: anything else that thread="main" would not do too (that calls startEngine itself).
 */
import { Runtime } from './runtime.js';

const engine = import('./engine.js');
engine.catch((error) => {
  reportError(error); // host.js hears of it as of any other script that can't be loaded
  close(); // else Python would load for nobody
});

addEventListener('message', ({ data }) => {
  // Without navigator.gpu the engine first sees whether this worker can draw at all: else there is no Python to throw away.
  const runtime = navigator.gpu ? new Runtime(data.options.runtimeUrl) : null;
  engine.then(({ startEngine }) => startEngine({ ...data, runtime }), () => {}).catch(reportError);
}, { once: true });
